"""SignalWire's compatibility XML: TwiML, signed under a header of its own. Pure."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import NamedTuple

from ivr.actions import Shown
from ivr.dialects.contract import (
    CallRequest,
    Document,
    Malformed,
    RawRequest,
    Refusal,
    RenderContext,
)
from ivr.dialects.forms import is_form, posted
from ivr.dialects.response import write_response
from ivr.dialects.twilio_signature import is_signed, spellings
from ivr.dialects.twiml import TWIML, read_request


def sign_body(secret: str, url: str, body: bytes) -> str:
    """The signature of a body that is no form: hex of HMAC-SHA1 over the URL and the body."""
    signed = url.encode("utf-8", "surrogateescape") + body
    return hmac.new(secret.encode(), signed, "sha1").hexdigest()


class SignalWire(NamedTuple):
    """`secrets` are signing keys of the project."""

    name: str = "signalwire"
    echoes_nonce: bool = True
    knows_by_url: bool = True

    def verify(self, request: RawRequest, secrets: Sequence[str], now_s: int) -> Refusal | None:
        del now_s  # nothing signed tells the time
        given = request.headers.get("x-signalwire-signature")
        if not given:
            return Refusal("missing")
        fields = posted(request)
        if fields is None:
            return Refusal("malformed")
        if is_form(request) or not request.body:
            right = [is_signed(given, secret, request.url, fields, "sha1") for secret in secrets]
        else:
            right = [_signs_body(given, secret, request) for secret in secrets]
        return None if any(right) else Refusal("mismatch")

    def parse(self, request: RawRequest) -> CallRequest | Malformed:
        return read_request(request)

    def render(self, actions: Sequence[Shown], context: RenderContext) -> Document:
        return write_response(actions, context, TWIML)


def _signs_body(given: str, secret: str, request: RawRequest) -> bool:
    right = False
    for url in spellings(request.url):
        expected = sign_body(secret, url, request.body)
        right |= hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
    return right
