from __future__ import annotations

import pytest

from gateway.calls import floor as module
from gateway.calls.floor import ENDED_KEPT_US, Floor
from gateway.calls.ring import EventRing
from ivr.events import CallEvent, CallStage

NOW_US = 1_795_150_800_000_000


def event(reference: str, stage: CallStage, detail: str = "", at_us: int = NOW_US) -> CallEvent:
    return CallEvent(
        stage, at_us, reference, "1414", "77010000001", "1414", "ru", NOW_US, (), detail
    )


def test_a_ring_tells_what_came_after() -> None:
    ring = EventRing(7, events_max=3)
    begin = ring.last_id
    for number in range(3):
        ring.add(event(str(number), CallStage.STARTED))
    missed = ring.after(begin)
    assert missed is not None
    assert [kept.event.reference for kept in missed] == ["0", "1", "2"]
    assert [kept.event.reference for kept in ring.after(missed[1].id) or []] == ["2"]
    assert ring.after(missed[2].id) == []


def test_what_is_gone_or_was_never_there_is_not_known() -> None:
    ring = EventRing(7, events_max=3)
    begin = ring.last_id
    for number in range(4):
        ring.add(event(str(number), CallStage.STARTED))
    for unknown in (
        begin,
        "",
        "7",
        "7-",
        "7-x",
        "7-5",
        "7--1",
        "8-3",
        "7-٣",
        "x" * 5_000,
        "7-" + "9" * 5_000,
    ):
        assert ring.after(unknown) is None
    assert ring.after("7-1") is not None


def test_a_call_is_known_by_its_latest_event_and_why_it_was_handed_over() -> None:
    floor = Floor(lambda: NOW_US)
    floor.on_call(event("a", CallStage.STARTED))
    assert (floor.call("a"), floor.call("b")) == (
        module.CallNow(event("a", CallStage.STARTED)), None,
    )  # fmt: skip
    floor.on_call(event("a", CallStage.HANDED_OVER, "complain"))
    floor.on_call(event("a", CallStage.QUEUED))
    call = floor.call("a")
    assert call is not None
    assert (call.latest.stage, call.wish) == (CallStage.QUEUED, "complain")
    assert [each.latest.reference for each in floor.going_on()] == ["a"]


def test_a_call_that_is_over_is_known_for_an_hour() -> None:
    now = [NOW_US]
    floor = Floor(lambda: now[0])
    floor.on_call(event("a", CallStage.HANDED_OVER, "operator"))
    floor.on_call(event("a", CallStage.ENDED, "transferred"))
    assert floor.going_on() == []
    now[0] += ENDED_KEPT_US - 1
    call = floor.call("a")
    assert call is not None
    assert call.wish == "operator"
    now[0] += 1
    assert floor.call("a") is None


def test_calls_are_bounded_and_those_that_are_over_go_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CALLS_MAX", 3)
    floor = Floor(lambda: NOW_US)
    for reference, stage in (
        ("a", CallStage.STARTED), ("b", CallStage.ENDED), ("c", CallStage.STARTED),
        ("d", CallStage.STARTED), ("e", CallStage.STARTED),
    ):  # fmt: skip
        floor.on_call(event(reference, stage))
    assert [reference for reference in "abcde" if floor.call(reference)] == ["c", "d", "e"]


def test_who_watches_is_woken() -> None:
    floor = Floor(lambda: NOW_US)
    with floor.watching() as one, floor.watching() as two:
        floor.on_call(event("a", CallStage.STARTED))
        assert (one.is_set(), two.is_set()) == (True, True)
        one.clear()
        floor.wake()
        assert one.is_set()
    one.clear()
    floor.wake()
    assert not one.is_set()
