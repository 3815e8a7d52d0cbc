"""TwiML: form posts in, XML out; Twilio and what speaks like it. Pure.

Requests carry no timestamp, so the URL of each next step holds the step's number and a nonce.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element, SubElement, tostring

from ivr.actions import (
    CallEnded,
    CallStarted,
    Digits,
    Ending,
    Event,
    Gather,
    HangUp,
    Phrase,
    Shown,
    Transfer,
    TransferResult,
)
from ivr.dialects.contract import (
    DOCUMENT_SIGNS_MAX,
    END_STATUSES,
    KEYS_KEPT_MAX,
    STEP_MAX,
    CallRequest,
    Document,
    Malformed,
    RawRequest,
    Refusal,
    RenderContext,
    sane_id,
    small_number,
    within_limits,
)
from ivr.dialects.twilio_signature import Digest, body_matches, is_signed

FIELDS_MAX = 200  # a genuine request has about thirty
CALL_SECONDS_MAX = 1_000_000
DIAL_TIMEOUT_S = 30  # an operator's phone rings so long
FORM = "application/x-www-form-urlencoded"

# The platform has no Kazakh voice: Kazakh is played, and where no recording can be had, a voice
# that knows Cyrillic reads it.
_VOICES: Mapping[str, str] = {"kk": "ru-RU", "ru": "ru-RU", "en": "en-US"}
_PLAYED = frozenset({"kk"})

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CONNECTED = frozenset({"completed", "answered"})

Fields = list[tuple[str, str]]


class Twiml(NamedTuple):
    """`digest` is that of the platform's key, by our settings: never by a header."""

    digest: Digest = "sha1"

    @property
    def name(self) -> str:
        return "twiml" if self.digest == "sha1" else f"twiml-{self.digest}"

    @property
    def echoes_nonce(self) -> bool:
        return True

    def verify(self, request: RawRequest, secrets: Sequence[str], now_s: int) -> Refusal | None:
        del now_s  # nothing signed tells the time
        given = request.headers.get("x-twilio-signature")
        if not given:
            return Refusal("missing")
        fields = _form(request)
        if fields is None:
            return Refusal("malformed")
        if not _is_form(request) and request.body and not body_matches(request.url, request.body):
            return Refusal("mismatch")
        right = [is_signed(given, secret, request.url, fields, self.digest) for secret in secrets]
        return None if any(right) else Refusal("mismatch")

    def parse(self, request: RawRequest) -> CallRequest | Malformed:
        query = _pairs(request.url.partition("?")[2].partition("#")[0])
        fields = query if request.method == "GET" else _form(request)
        if fields is None or query is None:
            return Malformed("fields")
        call_id = sane_id(_one(fields, "CallSid"))
        if not call_id:
            return Malformed("CallSid")
        step = small_number(_one(query, "step"), STEP_MAX)
        event = _event(fields, step)
        return CallRequest(
            call_id,
            _one(fields, "From"),
            _one(fields, "To"),
            event,
            key="start" if step is None else f"step {step}",
            step=step,
            nonce=_one(query, "nonce"),
        )

    def render(self, actions: Sequence[Shown], context: RenderContext) -> Document:
        root = Element("Response")
        gather = next((action for action in actions if isinstance(action, Gather)), None)
        # What is said inside Gather can be interrupted by a key.
        spoken_in = root if gather is None else _gather(root, gather, context)
        left = DOCUMENT_SIGNS_MAX
        for action in actions:
            if isinstance(action, Phrase):
                text = within_limits(_NOT_XML.sub("", action.text), left)
                left -= len(text)
                _say(spoken_in, action._replace(text=text), context)
            elif isinstance(action, Transfer):
                _dial(root, context)
            elif isinstance(action, HangUp):
                SubElement(root, "Hangup")
        xml = tostring(root, encoding="unicode", short_empty_elements=True)
        declared = '<?xml version="1.0" encoding="UTF-8"?>' + xml
        return Document("text/xml", declared.encode())


# -- in


def _is_form(request: RawRequest) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return request.method == "POST" and kind == FORM


def _pairs(text: str) -> Fields | None:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError:
        return None


def _form(request: RawRequest) -> Fields | None:
    """The posted fields, none for other bodies; None where there are absurdly many."""
    return _pairs(request.body.decode("utf-8", "replace")) if _is_form(request) else []


def _one(fields: Fields, name: str) -> str:
    """A field's value; "" where it is missing or contradicts itself."""
    values = {value for key, value in fields if key == name}
    return values.pop() if len(values) == 1 else ""


def _event(fields: Fields, step: int | None) -> Event | None:
    status = _one(fields, "CallStatus")
    if status in END_STATUSES:
        return CallEnded(status, small_number(_one(fields, "CallDuration"), CALL_SECONDS_MAX))
    if any(name == "CallbackSource" for name, _ in fields):
        return None  # progress of a call, not a step of it
    if any(name == "DialCallStatus" for name, _ in fields):
        return TransferResult(_one(fields, "DialCallStatus") in _CONNECTED)
    if step is None:
        return CallStarted(None)
    keys = _one(fields, "Digits")[:KEYS_KEPT_MAX]
    if not keys:
        return Digits("", Ending.EMPTY)
    finished = bool(_one(fields, "FinishedOnKey"))
    return Digits(keys, Ending.COMPLETE if finished else Ending.TIMEOUT)


# -- out


def _gather(root: Element, gather: Gather, context: RenderContext) -> Element:
    return SubElement(
        root,
        "Gather",
        {
            "action": context.next_url,
            "actionOnEmptyResult": "true",  # else silence falls through to the end of the call
            "finishOnKey": gather.finish,
            "input": "dtmf",
            "method": "POST",
            "numDigits": str(gather.max_keys),
            "timeout": str(gather.first_timeout_s),
        },
    )


def _say(parent: Element, phrase: Phrase, context: RenderContext) -> None:
    if not phrase.text:
        return
    if phrase.language in _PLAYED:
        url = context.prompt_url(phrase.text, phrase.language, phrase.private)
        if url is not None:
            SubElement(parent, "Play").text = url
            return
    voice = _VOICES.get(phrase.language, "en-US")
    SubElement(parent, "Say", {"language": voice}).text = phrase.text


def _dial(root: Element, context: RenderContext) -> None:
    target = context.operator_target
    if target:
        attributes = {"timeout": str(DIAL_TIMEOUT_S)}
        if context.next_url:
            attributes |= {"action": context.next_url, "method": "POST"}
        dial = SubElement(root, "Dial", attributes)
        SubElement(dial, "Sip" if target.startswith("sip") else "Number").text = target
    if not (target and context.next_url):
        SubElement(root, "Hangup")  # nobody will be asked what comes next
