"""Telnyx's TeXML: TwiML, signed with Ed25519 over date and body. Pure, but for ivr.ed25519.

The signature does not cover the URL. The step is still safe: its nonce is known only to who got
the last document. A GET would leave everything unsigned, so it is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ivr import ed25519
from ivr.actions import Shown
from ivr.dialects.contract import (
    CallRequest,
    Document,
    Malformed,
    RawRequest,
    Refusal,
    RenderContext,
)
from ivr.dialects.dated import WINDOW_S
from ivr.dialects.response import write_response
from ivr.dialects.twiml import TEXML, read_request

TIMESTAMP_DIGITS_MAX = 12


class Telnyx(NamedTuple):
    """`secrets` are public keys of the account, base64."""

    name: str = "telnyx"
    echoes_nonce: bool = True  # the date alone leaves 300 s, and the URL is not signed
    knows_by_url: bool = True

    def verify(self, request: RawRequest, secrets: Sequence[str], now_s: int) -> Refusal | None:
        given = request.headers.get("telnyx-signature-ed25519", "")
        timestamp = request.headers.get("telnyx-timestamp", "")
        if not given or not timestamp:
            return Refusal("missing")
        signature = ed25519.octets(given, ed25519.SIGNATURE_OCTETS)
        dated = timestamp.isascii() and timestamp.isdigit()
        if signature is None or not dated or len(timestamp) > TIMESTAMP_DIGITS_MAX:
            return Refusal("malformed")
        if request.method != "POST":
            return Refusal("malformed")
        if abs(now_s - int(timestamp)) > WINDOW_S:
            return Refusal("stale")
        message = timestamp.encode() + b"|" + request.body
        right = [ed25519.is_signed(key, signature, message) for key in secrets]
        return None if any(right) else Refusal("mismatch")

    def parse(self, request: RawRequest) -> CallRequest | Malformed:
        return read_request(request)

    def render(self, actions: Sequence[Shown], context: RenderContext) -> Document:
        return write_response(actions, context, TEXML)
