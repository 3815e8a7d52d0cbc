"""Our own dialect: signed JSON events in, a JSON list of actions out. Pure.

docs/reference/ivr-json.md describes it for those who write the other side.
"""

from __future__ import annotations

import hashlib
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
    HangUp,
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

MARK = "v1="  # before a signature


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The X-Signature of a body: `v1=` and hex of HMAC-SHA256 over `timestamp.body`."""
    return MARK + dated.mac_of(secret, timestamp, body)


class JsonHmac(NamedTuple):
    """See the module."""

    name: str = "json"
    echoes_nonce: bool = False  # requests are dated instead
    knows_by_url: bool = False

    def verify(self, request: RawRequest, secrets: Sequence[str], now_s: int) -> Refusal | None:
        timestamp = request.headers.get("x-timestamp", "")
        given = [each.strip() for each in request.headers.get("x-signature", "").split(",")]
        if not timestamp or not given[0]:
            return Refusal("missing")
        # One without the mark is of another scheme, and no signature of ours.
        macs = [mac if not scheme else "" for scheme, _, mac in (e.partition(MARK) for e in given)]
        return dated.verify(timestamp, macs, request.body, secrets, now_s)

    def parse(self, request: RawRequest) -> CallRequest | Malformed:
        try:
            told = json.loads(request.body, object_pairs_hook=_without_repeats)
        except (ValueError, RecursionError):
            return Malformed("body")
        if not isinstance(told, dict):
            return Malformed("body")
        call_id = sane_id(told.get("call_id"))
        if not call_id:
            return Malformed("call_id")
        event = _event(told)
        if event is None:
            return Malformed("event")
        step = told.get("step")
        known = isinstance(step, int) and not isinstance(step, bool) and 0 <= step <= STEP_MAX
        return CallRequest(
            call_id,
            text_of(told, "from"),
            text_of(told, "to"),
            event,
            key=_key(told, request),
            step=step if known else None,
        )

    def render(self, actions: Sequence[Shown], context: RenderContext) -> Document:
        left = DOCUMENT_SIGNS_MAX
        shown: list[dict[str, Any]] = []
        for action in actions:
            if isinstance(action, Phrase):
                text = within_limits(action.text, left)
                left -= len(text)
                url = context.prompt_url(action)
                say = {"action": "say", "language": action.language, "text": text, "url": url}
                shown.append(say | {"whole": True} if action.whole else say)
            else:
                shown += _plain(action, context)
        body = json.dumps(shown, ensure_ascii=False).encode("utf-8", "replace")
        return Document("application/json", body)


# -- in


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A member that comes twice can be read in two ways: refuse it. Raises ValueError."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member comes twice")
    return members


def _key(told: Mapping[str, Any], request: RawRequest) -> str:
    """The event's id, else its fingerprint: a retry repeats date and body."""
    event_id = sane_id(told.get("event_id"))
    if event_id:
        return "event " + event_id
    dated = request.headers.get("x-timestamp", "").encode() + b"." + request.body
    return "body " + hashlib.sha256(dated).hexdigest()


def _event(told: Mapping[str, Any]) -> Event | None:
    name = told.get("event")
    if name == "call_started":
        return CallStarted(None)
    if name == "digits":
        keys = text_of(told, "digits")[:KEYS_KEPT_MAX]
        if not keys:
            return Digits("", Ending.EMPTY)
        timed_out = told.get("ending") == Ending.TIMEOUT
        return Digits(keys, Ending.TIMEOUT if timed_out else Ending.COMPLETE)
    if name == "transfer_result":
        connected = told.get("connected") is True
        return TransferResult(connected, _seconds(told) if connected else None)
    if name == "hangup":
        status = text_of(told, "status") or "completed"
        known = status if status in END_STATUSES else "failed"
        return CallEnded(known, _seconds(told), by="hangup")
    return None


def _seconds(told: Mapping[str, Any]) -> int | None:
    seconds = told.get("seconds")
    counted = isinstance(seconds, int) and not isinstance(seconds, bool)
    return small_number(str(seconds), CALL_SECONDS_MAX) if counted else None


# -- out


def _plain(action: Gather | Transfer | HangUp, context: RenderContext) -> list[dict[str, Any]]:
    if isinstance(action, Gather):
        return [
            {
                "action": "gather",
                "min": action.min_keys,
                "max": action.max_keys,
                "finish": action.finish,
                "first_timeout_s": action.first_timeout_s,
                "inter_timeout_s": action.inter_timeout_s,
                "barge_in": True,
                "step": context.step,
            }
        ]
    if isinstance(action, Transfer) and context.operator_target:
        return [
            {
                "action": "transfer",
                "queue": action.queue,
                "target": context.operator_target,
                "reference": context.reference,
                "step": context.step,
            }
        ]
    return [{"action": "hangup"}]
