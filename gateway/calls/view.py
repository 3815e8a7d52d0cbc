"""Calls as operators are shown them, in JSON. Pure.

A phone is shown masked; in full only to the operator who has taken it to call back. A number that
was keyed is in the context of its call, never in the stream that everybody reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.calls.floor import CallNow
from gateway.core.call_records import KeptCallBack
from gateway.core.kinds import Kinds
from gateway.core.spoken_number import SpokenNumber
from ivr.events import CallEvent, CallStage

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KAZAKH_DIGITS = 11


def masked(msisdn: str) -> str | None:
    """`+7 701 *** ** 01`; None for who hides."""
    if not msisdn:
        return None
    if len(msisdn) == _KAZAKH_DIGITS and msisdn[0] == "7":
        return f"+7 {msisdn[1:4]} *** ** {msisdn[-2:]}"
    return f"+{msisdn[:3]} *** {msisdn[-2:]}"


def moment(at_us: int) -> str:
    """RFC 3339, UTC, to the millisecond."""
    at = _EPOCH + timedelta(milliseconds=at_us // 1_000)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event_shown(event: CallEvent) -> dict[str, Any]:
    """One event of the stream."""
    shown = _call(event) | {
        "stage": event.stage.value,
        "at": moment(event.at_us),
        "tries": [tried.outcome for tried in event.tries],
    }
    if event.detail:
        shown["detail"] = event.detail
    if event.stage is CallStage.QUEUED:
        shown["place"] = event.place
    return shown


def context_shown(call: CallNow) -> dict[str, Any]:
    """A call for the operator who got it."""
    latest = call.latest
    return _call(latest) | {
        "stage": latest.stage.value,
        "at": moment(latest.at_us),
        "wish": call.wish or None,
        "tries": [
            {
                "number": tried.digits,
                "kind": tried.kind,
                "outcome": tried.outcome,
                "at": moment(tried.at_us),
            }
            for tried in latest.tries
        ],
    }


def call_back_shown(kept: KeptCallBack) -> dict[str, Any]:
    """An entry of the list of who wants to be called."""
    return {
        "id": str(kept.id),
        "link": kept.link,
        "caller": masked(kept.msisdn),
        "language": kept.language,
        "wish": kept.wish,
        "asked_at": moment(kept.asked_us),
        "state": kept.state.name.lower(),
        "taken_at": None if kept.taken_us is None else moment(kept.taken_us),
    }


def number_shown(number: SpokenNumber, kinds: Kinds, language: str) -> dict[str, Any]:
    """What has been taken down of a number."""
    return {
        "digits": number.digits,
        "groups": list(number.groups),
        "fits": [
            {
                "kind": fit.kind,
                "name": kinds.name(fit.kind)[language],
                "missing": fit.missing,
                "more": fit.more,
            }
            for fit in number.fits
        ],
        "say": number.say,
        "unread": list(number.unread),
    }


def calls_shown(calls: Sequence[CallNow]) -> dict[str, Any]:
    """The present state, for a console that begins or was away too long."""
    return {"calls": [event_shown(call.latest) for call in calls]}


def _call(event: CallEvent) -> dict[str, Any]:
    return {
        "call": event.reference,
        "link": event.link,
        "called": event.called,
        "caller": masked(event.caller),
        "language": event.language,
        "started_at": moment(event.started_us),
    }
