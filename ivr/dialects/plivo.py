"""Plivo XML: TwiML's ideas under other names, signed with V3. Pure.

docs/reference/ivr-twiml.md has the map of tags and fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement

from ivr.actions import (
    CallEnded,
    CallStarted,
    Event,
    Gather,
    Shown,
    TransferResult,
)
from ivr.dialects.contract import (
    END_STATUSES,
    CallRequest,
    Document,
    Malformed,
    RawRequest,
    Refusal,
    RenderContext,
)
from ivr.dialects.forms import (
    Fields,
    has,
    keyed,
    one,
    posted,
    query_of,
    read_fields,
    seconds_of,
)
from ivr.dialects.plivo_signature import SIGNATURES_MAX, is_among, sign
from ivr.dialects.response import Verbs, write_response

# What GetInput takes.
DIGITS_MAX = 32
EXECUTION_S = (5, 60)
BETWEEN_DIGITS_S = (2, 10)

REFERENCE_HEADER = "JauapCall"  # the platform puts X-PH- before it
NONCE_SIGNS_MAX = 128

_STATUSES: Mapping[str, str] = {"timeout": "no-answer", "cancel": "canceled"}  # to ours
_CONNECTED = frozenset({"completed", "answer"})


class Plivo(NamedTuple):
    """`secrets` are auth tokens of the account, or of the subaccount that owns the number."""

    name: str = "plivo"
    echoes_nonce: bool = True  # their nonce is not kept: ours stands against replay
    knows_by_url: bool = True

    def verify(self, request: RawRequest, secrets: Sequence[str], now_s: int) -> Refusal | None:
        del now_s  # nothing signed tells the time
        given = request.headers.get("x-plivo-signature-v3", "").split(",")
        nonce = request.headers.get("x-plivo-signature-v3-nonce", "")
        if not given[0] or not nonce:
            # V2 signs the bare address and a nonce: whoever has seen one request could write any.
            older = "x-plivo-signature-v2" in request.headers
            return Refusal("weak" if older else "missing")
        fields, query = posted(request), query_of(request.url)
        if fields is None or query is None:
            return Refusal("malformed")
        if len(given) > SIGNATURES_MAX or len(nonce) > NONCE_SIGNS_MAX:
            return Refusal("malformed")
        expected = [sign(secret, request.url, query, fields, nonce) for secret in secrets]
        right = [is_among(signature, given) for signature in expected]
        return None if any(right) else Refusal("mismatch")

    def parse(self, request: RawRequest) -> CallRequest | Malformed:
        return read_fields(request, "CallUUID", _event)

    def render(self, actions: Sequence[Shown], context: RenderContext) -> Document:
        return write_response(actions, context, PLIVO)


# -- in


def _event(fields: Fields, step: int | None) -> Event | None:
    if has(fields, "DialStatus"):
        connected = one(fields, "DialStatus") in _CONNECTED
        return TransferResult(connected, seconds_of(fields, "DialBLegDuration"))
    status = one(fields, "CallStatus")
    status = _STATUSES.get(status, status)
    if one(fields, "Event") == "Hangup" or status in END_STATUSES:
        ended = status if status in END_STATUSES else "failed"
        return CallEnded(ended, seconds_of(fields, "Duration"))
    if step is None:
        return CallStarted(None)
    return keyed(fields, complete=False)  # which key ended the entry is not told


# -- out


def _within(seconds: int, limits: tuple[int, int]) -> str:
    return str(min(max(seconds, limits[0]), limits[1]))


def _get_input(gather: Gather, context: RenderContext) -> dict[str, str]:
    return {
        "action": context.next_url,
        "digitEndTimeout": _within(gather.inter_timeout_s, BETWEEN_DIGITS_S),
        "executionTimeout": _within(gather.first_timeout_s, EXECUTION_S),
        "finishOnKey": gather.finish or "none",
        "inputType": "dtmf",
        "method": "POST",
        "numDigits": str(min(gather.max_keys, DIGITS_MAX)),
        "redirect": "true",
    }


def _dial(dial: Element, target: str, context: RenderContext) -> None:
    is_sip = target.startswith("sip")
    if is_sip and context.reference:
        dial.set("sipHeaders", f"{REFERENCE_HEADER}={context.reference}")
    SubElement(dial, "User" if is_sip else "Number").text = target


PLIVO = Verbs("Speak", "GetInput", _get_input, _dial, tells_silence=False)
