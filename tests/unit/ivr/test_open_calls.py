from __future__ import annotations

from ivr.dialogue_state import new_call
from ivr.open_calls import CLOSED_KEPT_S, OpenCall, OpenCalls


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
