"""jambonz: signed JSON in, a JSON list of verbs out. Pure.

The signature covers the body and its time, not the URL, so the URL of each next step holds a nonce
beside the step's number. docs/reference/ivr-jambonz.md describes what the platform must be told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ivr.actions import (
    CallEnded,
    CallStarted,
    Digits,
    Ending,
    Event,
    Gather,
    Phrase,
    Shown,
    Transfer,
    TransferResult,
)
from ivr.dialects import dated
from ivr.dialects.contract import (
    CALL_SECONDS_MAX,
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
from ivr.dialects.dated import text_of
from ivr.dialects.forms import one, query_of

DIAL_TIMEOUT_S = 30  # an operator's phone rings so long
REFERENCE_HEADER = "X-Jauap-Call"  # of the SIP call to the operators

# The customer's speech credentials speak where nothing is recorded: the one vendor of jambonz that
# has Kazakh.
_VENDOR = "microsoft"
_VOICES: Mapping[str, tuple[str, str]] = {
    "kk": ("kk-KZ", "kk-KZ-AigulNeural"),
    "ru": ("ru-RU", "ru-RU-SvetlanaNeural"),
    "en": ("en-US", "en-US-JennyNeural"),
}
_CONNECTED = frozenset({"completed", "in-progress"})
_DIAL = "dial"  # in the URL: which verb reports
_HANG_UP: dict[str, Any] = {"verb": "hangup"}


sign = dated.mac_of  # the v1 of a Jambonz-Signature


class Jambonz(NamedTuple):
    """See the module."""

    name: str = "jambonz"
    echoes_nonce: bool = True
    knows_by_url: bool = False  # the reference goes with every question

    def verify(self, request: RawRequest, secrets: Sequence[str], now_s: int) -> Refusal | None:
        header = request.headers.get("jambonz-signature", "")
        if not header:
            return Refusal("missing")
        parts = [part.strip().partition("=") for part in header.split(",")]
        times = [value for name, _, value in parts if name == "t"]
        given = [value for name, _, value in parts if name == "v1"]
        date = times[0] if len(times) == 1 else ""
        return dated.verify(date, given, request.body, secrets, now_s)

    def parse(self, request: RawRequest) -> CallRequest | Malformed:
        try:
            told = json.loads(request.body)
        except (ValueError, RecursionError):
            return Malformed("body")
        query = query_of(request.url)
        if not isinstance(told, dict) or query is None:
            return Malformed("body")
        of_leg = "parent_call_sid" in told
        call_id = sane_id(told.get("parent_call_sid" if of_leg else "call_sid"))
        if not call_id:
            return Malformed("call_sid")
        step = small_number(one(query, "step"), STEP_MAX)
        key = "start" if step is None else f"step {step}"
        return CallRequest(
            call_id,
            text_of(told, "from"),
            text_of(told, "to"),
            _leg_event(told) if of_leg else _event(told, step, one(query, "of")),
            key=f"leg {sane_id(told.get('call_sid'))}" if of_leg else key,
            step=step,
            nonce=one(query, "nonce"),
        )

    def render(self, actions: Sequence[Shown], context: RenderContext) -> Document:
        body = json.dumps(_verbs(actions, context), ensure_ascii=False).encode("utf-8", "replace")
        return Document("application/json", body)


# -- in


def _leg_event(told: Mapping[str, Any]) -> Event | None:
    """The status of an operator's leg, under an id of its own: of interest is the end of a
    conversation, as nothing else tells its seconds."""
    spoke = told.get("call_status") == "completed" and told.get("sip_status") == 200
    return TransferResult(True, _seconds(told)) if spoke else None


def _event(told: Mapping[str, Any], step: int | None, of: str) -> Event | None:
    if of == _DIAL:  # with no status at all where the dial was given up
        return TransferResult(text_of(told, "dial_call_status") in _CONNECTED)
    status = text_of(told, "call_status")
    if status in END_STATUSES:
        return CallEnded(status, _seconds(told))
    if step is None:
        # The call's hook, and its status of the same moment: either begins the call, once. What the
        # status hook tells later needs no reply.
        began = "sip" in told or "defaults" in told or status == "trying"
        return CallStarted(None) if began else None
    keys = text_of(told, "digits")[:KEYS_KEPT_MAX]
    if not keys:
        return Digits("", Ending.EMPTY)
    return Digits(keys, Ending.TIMEOUT if told.get("reason") == "timeout" else Ending.COMPLETE)


def _seconds(told: Mapping[str, Any]) -> int | None:
    seconds = told.get("duration")
    known = isinstance(seconds, int) and not isinstance(seconds, bool)
    return small_number(str(seconds), CALL_SECONDS_MAX) if known else None


# -- out


def _verbs(actions: Sequence[Shown], context: RenderContext) -> list[dict[str, Any]]:
    spoken: list[tuple[Phrase, dict[str, Any]]] = []
    verbs: list[dict[str, Any]] = []
    left = DOCUMENT_SIGNS_MAX
    for action in actions:
        if isinstance(action, Phrase):
            text = within_limits(action.text, left)
            if text:
                left -= len(text)
                spoken.append((action, _speech(action, text, context)))
        elif isinstance(action, Gather):
            before, within = _around(spoken)
            # People behind it: where its hook does not answer, the call would just end.
            verbs += [*before, _gather(action, within, context), *_people(context, "")]
            spoken = []
        else:
            verbs += [verb for _, verb in spoken]
            spoken = []
            hands_over = isinstance(action, Transfer)
            verbs += _people(context, context.next_url) if hands_over else [_HANG_UP]
    return [*verbs, *(verb for _, verb in spoken)]


def _speech(phrase: Phrase, text: str, context: RenderContext) -> dict[str, Any]:
    url = context.prompt_url(phrase)
    if url is not None:
        return {"verb": "play", "url": url}
    language, voice = _VOICES.get(phrase.language, _VOICES["en"])
    synthesizer = {"vendor": _VENDOR, "language": language, "voice": voice}
    return {"verb": "say", "text": text, "synthesizer": synthesizer}


def _around(
    spoken: Sequence[tuple[Phrase, dict[str, Any]]],
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """What is said before a gather, and the one thing that is said within it, where a key
    interrupts: all recordings, or all words of one voice, that come last."""
    if not spoken:
        return [], {}
    verbs = [verb for _, verb in spoken]
    last = len(spoken)
    while last and not spoken[last - 1][0].whole and _same_voice(verbs[last - 1], verbs[-1]):
        last -= 1
    before, within = verbs[:last], verbs[last:]
    if not within:
        return before, {}
    if within[0]["verb"] == "play":
        urls = [verb["url"] for verb in within]
        return before, {"play": {"url": urls[0] if len(urls) == 1 else urls}}
    text = " ".join(verb["text"] for verb in within)
    return before, {"say": {"text": text, "synthesizer": within[0]["synthesizer"]}}


def _same_voice(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return one["verb"] == other["verb"] and one.get("synthesizer") == other.get("synthesizer")


def _gather(gather: Gather, within: dict[str, Any], context: RenderContext) -> dict[str, Any]:
    verb: dict[str, Any] = {
        "verb": "gather",
        "input": ["digits"],
        "minDigits": gather.min_keys,  # without it the time between keys does not count
        "maxDigits": gather.max_keys,
        "timeout": gather.first_timeout_s,
        "interDigitTimeout": gather.inter_timeout_s,
        "dtmfBargein": True,
        "actionHook": context.next_url,
    }
    if gather.finish:
        verb["finishOnKey"] = gather.finish
    return verb | within


def _people(context: RenderContext, hook: str) -> list[dict[str, Any]]:
    """To the operators, where there are any; `hook` is told how that went, "" nobody."""
    target = context.operator_target
    if not target:
        return [_HANG_UP]
    sip = target.startswith("sip")
    verb: dict[str, Any] = {
        "verb": "dial",
        "target": [
            {"type": "sip", "sipUri": target} if sip else {"type": "phone", "number": target}
        ],
        "timeout": DIAL_TIMEOUT_S,
    }
    if hook:
        verb["actionHook"] = f"{hook}&of={_DIAL}"
    if context.reference:
        verb["headers"] = {REFERENCE_HEADER: context.reference}
    return [verb, _HANG_UP]
