from __future__ import annotations

from ivr.attendant.open_calls import (
    AGE_MAX_S,
    CLOSED_KEPT_S,
    HUNG_UP_S,
    LEG_KEPT_S,
    TALK_S,
    OpenCall,
    OpenCalls,
)
from ivr.dialogue.state import Phase, new_call


def call(call_id: str, touched_s: float = 0.0) -> OpenCall:
    return OpenCall(call_id, "", "1414", 0, new_call("kk", operator=True), touched_s)


def test_a_full_table_takes_no_more() -> None:
    calls = OpenCalls(calls_max=2)
    first = call("1")
    assert [calls.add(first), calls.add(call("2")), calls.add(call("3"))] == [True, True, False]
    calls.close(first, 1.0)
    assert calls.add(call("3"))
    assert len(calls) == 2


def test_a_closed_call_is_still_met_for_a_while() -> None:
    calls = OpenCalls()
    one = call("1")
    calls.add(one)
    calls.close(one, 10.0)
    assert calls.find("1", 20.0) is one
    assert one.closed
    assert calls.forgotten(10.0 + CLOSED_KEPT_S - 1) == []
    assert calls.find("1", 20.0) is one
    calls.forgotten(10.0 + CLOSED_KEPT_S)
    assert calls.find("1", 20.0) is None


def test_the_marks_of_closed_calls_are_bounded() -> None:
    calls = OpenCalls(calls_max=2)
    for number in range(5):
        each = call(str(number))
        assert calls.add(each)
        calls.close(each, 1.0)
    assert [calls.find(str(number), 1.0) is not None for number in range(5)] == [
        False, False, False, True, True,
    ]  # fmt: skip


async def test_only_idle_calls_are_forgotten() -> None:
    calls = OpenCalls(idle_s=100.0)
    idle, busy, fresh = call("1"), call("2"), call("3")
    for each in (idle, busy, fresh):
        calls.add(each)
    calls.find("3", 60.0)
    async with busy.lock:
        assert calls.forgotten(120.0) == [idle]
    assert calls.forgotten(120.0) == [idle, busy]
    assert calls.forgotten(160.0) == [idle, busy, fresh]


async def test_a_call_with_an_operator_may_be_silent_for_long() -> None:
    calls = OpenCalls(idle_s=100.0)
    talking = call("1")
    talking.ringing = True
    calls.add(talking)
    assert calls.forgotten(TALK_S - 1) == []
    assert calls.forgotten(TALK_S) == [talking]


async def test_a_call_that_we_hung_up_is_forgotten_soon() -> None:
    calls = OpenCalls(idle_s=100.0)
    over = call("1")
    over.state = over.state._replace(phase=Phase.DONE)
    calls.add(over)
    assert calls.forgotten(HUNG_UP_S - 1) == []
    assert calls.forgotten(HUNG_UP_S) == [over]


async def test_no_call_lasts_for_ever() -> None:
    calls = OpenCalls(idle_s=100.0)
    lively = call("1")
    calls.add(lively)
    calls.find("1", AGE_MAX_S - 1)
    assert calls.forgotten(AGE_MAX_S - 1) == []
    calls.find("1", AGE_MAX_S)
    assert calls.forgotten(AGE_MAX_S) == [lively]


def test_a_leg_that_is_left_open_is_told_of_and_holds_its_mark() -> None:
    calls = OpenCalls()
    one = call("1")
    one.leg_us = 5
    calls.add(one)
    calls.close(one, 10.0)
    assert calls.legs_left(10.0 + LEG_KEPT_S - 1) == []
    assert calls.legs_left(10.0 + LEG_KEPT_S) == [one]
    calls.forgotten(10.0 + CLOSED_KEPT_S)
    assert calls.find("1", 0.0) is one
    one.leg_us = None
    calls.forgotten(10.0 + CLOSED_KEPT_S)
    assert calls.find("1", 0.0) is None


def test_the_mark_that_goes_for_another_is_returned() -> None:
    calls = OpenCalls(calls_max=1)
    first, second = call("1"), call("2")
    calls.add(first)
    assert calls.close(first, 1.0) is None
    calls.add(second)
    assert calls.close(second, 2.0) is first
