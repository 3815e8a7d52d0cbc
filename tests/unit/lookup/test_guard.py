from __future__ import annotations

import asyncio

import pytest

from lookup.breaker import BreakerState
from lookup.guard import Guarded, GuardLimits
from lookup.source import SourceUnavailableError
from lookup.status import Wanted
from tests.support.records import ticket
from tests.support.sources import ScriptedSource

APPEAL = ticket(number="061200000012345678")
AN_APPEAL = Wanted("061200000012345678", ("appeal",))
OTHER = ticket(number="061200000012345686")
ANOTHER = Wanted("061200000012345686", ("appeal",))
ABSENT = Wanted("1", ("appeal",))
LONG_MS = 5_000  # a deadline that only a hung test meets
SHORT_MS = 20


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def guard(source: ScriptedSource, clock: Clock | None = None, **limits: float) -> Guarded:
    settings = {"deadline_ms": LONG_MS, "cache_ttl_s": 0, **limits}
    return Guarded(source, clock=clock or Clock(), limits=GuardLimits(**settings))  # type: ignore[arg-type]  # whole numbers where the fields are whole


async def reason(guarded: Guarded, *wanted: Wanted) -> str:
    with pytest.raises(SourceUnavailableError) as refused:
        await guarded.find_many(wanted or [AN_APPEAL])
    assert refused.value.source == guarded.name
    return refused.value.reason


async def open_breaker(guarded: Guarded, source: ScriptedSource, failures: int) -> None:
    source.fail()
    for _ in range(failures):
        await reason(guarded)
    source.failing = None
    source.asked.clear()


async def test_it_answers_as_the_source_does() -> None:
    source = ScriptedSource("erap", APPEAL, kinds=["appeal"])
    guarded = guard(source)
    assert await guarded.find_many([AN_APPEAL, ABSENT]) == {AN_APPEAL: (APPEAL,)}
    assert (guarded.name, guarded.kinds) == ("erap", frozenset({"appeal"}))
    assert (await guarded.health()).answering
    await guarded.close()
    assert source.closed == 1


async def test_a_source_that_takes_too_long_is_unavailable() -> None:
    source = ScriptedSource("erap", APPEAL)
    source.gate = asyncio.Event()
    guarded = guard(source, deadline_ms=SHORT_MS)
    assert await reason(guarded) == f"no answer in {SHORT_MS} ms"
    assert source.in_flight == 0


async def test_a_source_that_keeps_failing_is_left_alone_for_a_while() -> None:
    source, clock = ScriptedSource("erap", APPEAL), Clock()
    guarded = guard(source, clock, failures_max=3, open_s=10)
    await open_breaker(guarded, source, 3)
    assert guarded.state is BreakerState.OPEN
    assert await reason(guarded) == "left alone after repeated failures"
    assert source.asked == []
    clock.now += 10
    assert await guarded.find_many([AN_APPEAL]) == {AN_APPEAL: (APPEAL,)}
    assert guarded.state is BreakerState.CLOSED


async def test_time_running_out_counts_as_a_failure() -> None:
    source = ScriptedSource("erap")
    source.gate = asyncio.Event()
    guarded = guard(source, deadline_ms=SHORT_MS, failures_max=1)
    await reason(guarded)
    assert guarded.state is BreakerState.OPEN


async def test_after_the_pause_one_call_alone_tries_the_source() -> None:
    source, clock = ScriptedSource("erap", APPEAL), Clock()
    guarded = guard(source, clock, failures_max=1, open_s=10)
    await open_breaker(guarded, source, 1)
    clock.now += 10
    source.gate = asyncio.Event()
    source.entered.clear()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        probe = group.create_task(guarded.find_many([AN_APPEAL]))
        await source.entered.wait()
        assert await reason(guarded) == "left alone after repeated failures"
        source.gate.set()
    assert probe.result() == {AN_APPEAL: (APPEAL,)}
    assert len(source.asked) == 1


async def test_a_probe_given_up_leaves_the_next_one_a_try() -> None:
    source, clock = ScriptedSource("erap", APPEAL), Clock()
    guarded = guard(source, clock, failures_max=1, open_s=10)
    await open_breaker(guarded, source, 1)
    clock.now += 10
    source.gate = asyncio.Event()
    source.entered.clear()
    async with asyncio.TaskGroup() as group:
        probe = group.create_task(guarded.find_many([AN_APPEAL]))
        await source.entered.wait()
        probe.cancel()
    source.gate = None
    assert await guarded.find_many([AN_APPEAL]) == {AN_APPEAL: (APPEAL,)}


async def test_a_fault_of_ours_is_not_taken_for_the_source_s() -> None:
    source = ScriptedSource("erap")
    source.failing = KeyError("a slip in our code")
    guarded = guard(source, failures_max=1)
    with pytest.raises(KeyError):
        await guarded.find_many([AN_APPEAL])
    assert guarded.state is BreakerState.CLOSED


async def test_no_more_batches_than_allowed_reach_the_source_at_once() -> None:
    source = ScriptedSource("erap", APPEAL)
    source.gate = asyncio.Event()
    guarded = guard(source, in_flight_max=2)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        calls = [group.create_task(guarded.find_many([AN_APPEAL])) for _ in range(5)]
        for _ in range(10):
            await asyncio.sleep(0)
        assert source.in_flight == 2
        source.gate.set()
    assert [call.result() for call in calls] == [{AN_APPEAL: (APPEAL,)}] * 5


async def test_too_many_waiting_batches_are_refused_at_once() -> None:
    source = ScriptedSource("erap", APPEAL)
    source.gate = asyncio.Event()
    guarded = guard(source, in_flight_max=1, waiting_max=1, failures_max=1)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(guarded.find_many([AN_APPEAL]))
        await source.entered.wait()
        for _ in range(10):
            await asyncio.sleep(0)
        assert await reason(guarded) == "1 batches already wait for it"
        assert guarded.state is BreakerState.CLOSED
        source.gate.set()


async def test_what_was_just_found_is_told_without_asking() -> None:
    source, clock = ScriptedSource("erap", APPEAL, OTHER), Clock()
    guarded = guard(source, clock, cache_ttl_s=2)
    await guarded.find_many([AN_APPEAL, ABSENT])
    answers = await guarded.find_many([AN_APPEAL, ANOTHER, ABSENT])
    assert answers == {AN_APPEAL: (APPEAL,), ANOTHER: (OTHER,)}
    assert source.asked[1] == [ANOTHER, ABSENT]
    clock.now += 2
    await guarded.find_many([AN_APPEAL])
    assert source.asked[2] == [AN_APPEAL]


async def test_a_batch_wholly_remembered_asks_nobody() -> None:
    source = ScriptedSource("erap", APPEAL)
    guarded = guard(source, cache_ttl_s=2)
    await guarded.find_many([AN_APPEAL])
    source.fail()
    assert await guarded.find_many([AN_APPEAL]) == {AN_APPEAL: (APPEAL,)}
    assert len(source.asked) == 1


async def test_what_is_remembered_is_told_beside_the_refusal() -> None:
    source = ScriptedSource("erap", APPEAL)
    guarded = guard(source, cache_ttl_s=2)
    await guarded.find_many([AN_APPEAL])
    source.fail("cut off", answered={ANOTHER: (OTHER,)})
    with pytest.raises(SourceUnavailableError) as refused:
        await guarded.find_many([AN_APPEAL, ANOTHER, ABSENT])
    assert refused.value.reason == "cut off"
    assert refused.value.answered == {AN_APPEAL: (APPEAL,), ANOTHER: (OTHER,)}


async def test_a_source_that_answers_with_another_number_fails() -> None:
    source = ScriptedSource("erap")
    source.always = (OTHER,)
    guarded = guard(source, failures_max=1, cache_ttl_s=2)
    assert await reason(guarded) == "it answered for another number"
    assert guarded.state is BreakerState.OPEN


async def test_health_tells_of_the_breaker_and_of_silence() -> None:
    source, clock = ScriptedSource("erap"), Clock()
    guarded = guard(source, clock, failures_max=1, open_s=10, deadline_ms=SHORT_MS)
    source.gate = asyncio.Event()
    health = await guarded.health()
    assert (health.answering, health.detail) == (False, f"no answer in {SHORT_MS} ms")
    source.gate.set()
    await open_breaker(guarded, source, 1)
    health = await guarded.health()
    assert (health.answering, health.detail) == (False, "left alone after failures, open")
    clock.now += 10
    assert "half_open" in (await guarded.health()).detail
