"""TwiML: form fields in, XML out; Twilio and what speaks like it. Pure.

Requests carry no timestamp, so the URL of each next step holds the step's number and a nonce.
docs/reference/ivr-twiml.md describes what the platform must be told.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    is_form,
    keyed,
    one,
    posted,
    read_fields,
    seconds_of,
)
from ivr.dialects.response import Verbs, write_response
from ivr.dialects.twilio_signature import Digest, body_matches, is_signed

REFERENCE_HEADER = "X-Jauap-Call"  # by which an operator's SIP phone learns which call it is

_CONNECTED = frozenset({"completed", "answered"})


class Twiml(NamedTuple):
    """`digest` is that of the platform's key, by our settings: never by a header."""

    digest: Digest = "sha1"

    @property
    def name(self) -> str:
        return "twiml" if self.digest == "sha1" else f"twiml-{self.digest}"

    @property
    def echoes_nonce(self) -> bool:
        return True

    @property
    def knows_by_url(self) -> bool:
        return True

    def verify(self, request: RawRequest, secrets: Sequence[str], now_s: int) -> Refusal | None:
        del now_s  # nothing signed tells the time
        given = request.headers.get("x-twilio-signature")
        if not given:
            return Refusal("missing")
        fields = posted(request)
        if fields is None:
            return Refusal("malformed")
        if not is_form(request) and request.body and not body_matches(request.url, request.body):
            return Refusal("mismatch")
        right = [is_signed(given, secret, request.url, fields, self.digest) for secret in secrets]
        return None if any(right) else Refusal("mismatch")

    def parse(self, request: RawRequest) -> CallRequest | Malformed:
        return read_request(request)

    def render(self, actions: Sequence[Shown], context: RenderContext) -> Document:
        return write_response(actions, context, TWIML)


# -- in


def read_request(request: RawRequest) -> CallRequest | Malformed:
    """What a request of a platform that speaks TwiML says."""
    return read_fields(request, "CallSid", _event)


def _event(fields: Fields, step: int | None) -> Event | None:
    if has(fields, "DialCallStatus"):
        # Also where the caller has hung up meanwhile: a report of its own will follow, and has the
        # call's seconds, where this one has the operator's.
        connected = one(fields, "DialCallStatus") in _CONNECTED
        return TransferResult(connected, seconds_of(fields, "DialCallDuration"))
    status = one(fields, "CallStatus")
    reported = status in END_STATUSES or has(fields, "CallbackSource")
    if reported and one(fields, "ParentCallSid"):
        return None  # an operator's leg, under an id of its own
    if status in END_STATUSES:
        return CallEnded(status, seconds_of(fields, "CallDuration"))
    if reported:
        return None  # progress of a call, not a step of it
    if step is None:
        return CallStarted(None)
    return keyed(fields, complete=has(fields, "FinishedOnKey"))


# -- out


def _gather(gather: Gather, context: RenderContext) -> dict[str, str]:
    return {
        "action": context.next_url,
        "actionOnEmptyResult": "true",  # else silence falls through to the end of the call
        "finishOnKey": gather.finish,
        "input": "dtmf",
        "method": "POST",
        "numDigits": str(gather.max_keys),
        "timeout": str(gather.first_timeout_s),
    }


def _gather_or_go_on(gather: Gather, context: RenderContext) -> dict[str, str]:
    attributes = _gather(gather, context)
    del attributes["actionOnEmptyResult"]
    return attributes


def _dial(dial: Element, target: str, context: RenderContext) -> None:
    if not target.startswith("sip"):
        SubElement(dial, "Number").text = target
        return
    if context.reference:  # the platform sends a SIP address's query as headers of the INVITE
        joint = "&" if "?" in target else "?"
        target = f"{target}{joint}{REFERENCE_HEADER}={context.reference}"
    SubElement(dial, "Sip").text = target


TWIML = Verbs("Say", "Gather", _gather, _dial, tells_silence=True)
TEXML = Verbs("Say", "Gather", _gather_or_go_on, _dial, tells_silence=False)
