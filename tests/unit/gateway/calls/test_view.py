from __future__ import annotations

import json

import pytest

from gateway.calls.floor import CallNow
from gateway.calls.view import calls_shown, context_shown, event_shown, masked, moment
from ivr.events import CallEvent, CallStage, Tried

AT = 1_795_150_800_000_000
EVENT = CallEvent(
    CallStage.QUEUED, AT + 1_500, "ab12cd34ef56", "1414", "77011234567", "1414", "kk", AT,
    (Tried("750100000000431215", None, "found", AT),), "", 3,
)  # fmt: skip


@pytest.mark.parametrize(
    ("msisdn", "shown"),
    [
        ("77011234567", "+7 701 *** ** 67"),
        ("49301234567", "+493 *** 67"),
        ("4930123", "+493 *** 23"),
        ("", None),
    ],
)
def test_a_phone_is_masked(msisdn: str, shown: str | None) -> None:
    assert masked(msisdn) == shown


def test_times_are_utc_to_the_millisecond() -> None:
    assert moment(AT) == "2026-11-20T05:00:00.000Z"
    assert moment(AT + 1_500) == "2026-11-20T05:00:00.001Z"


def test_a_place_is_told_of_who_waits_alone() -> None:
    assert event_shown(EVENT)["place"] == 3
    assert "place" not in event_shown(EVENT._replace(stage=CallStage.TOLD))


def test_the_number_keyed_is_in_the_context_alone() -> None:
    call = CallNow(EVENT, "follow")
    assert "750100000000431215" in json.dumps(context_shown(call))
    assert "750100000000431215" not in json.dumps(calls_shown([call]))
    assert context_shown(call)["wish"] == "follow"
    assert context_shown(CallNow(EVENT))["wish"] is None
