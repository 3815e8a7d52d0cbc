from __future__ import annotations

import asyncio

import pytest

from lookup.breaker import BreakerState
from lookup.guard import Guarded, GuardLimits
from lookup.source import SourceUnavailableError
from lookup.status import Wanted
from lookup.watch import Watch
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


def state(guarded: Guarded) -> BreakerState:
    return guarded.state


def slow(guarded: Guarded) -> bool:
    return guarded.slow


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
    assert state(guarded) is BreakerState.OPEN
    assert await reason(guarded) == "left alone after repeated failures"
    assert source.asked == []
    clock.now += 10
    assert await guarded.find_many([AN_APPEAL]) == {AN_APPEAL: (APPEAL,)}
    assert state(guarded) is BreakerState.CLOSED


async def test_time_running_out_counts_as_a_failure() -> None:
    source = ScriptedSource("erap")
    source.gate = asyncio.Event()
    guarded = guard(source, deadline_ms=SHORT_MS, failures_max=1)
    await reason(guarded)
    assert state(guarded) is BreakerState.OPEN


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
    assert state(guarded) is BreakerState.CLOSED


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
        assert state(guarded) is BreakerState.CLOSED
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
    assert state(guarded) is BreakerState.OPEN


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
    assert (await guarded.health()).answering  # nobody need ask about a ticket first


async def test_a_fault_while_health_is_asked_is_the_trouble_of_that_source_alone() -> None:
    source, seen = ScriptedSource("erap"), Seen()
    source.ill = KeyError("a slip in our code")
    guarded = Guarded(source, clock=Clock(), watch=Watch("erap", seen))
    health = await guarded.health()
    assert (health.answering, health.detail) == (False, "its answer could not be read")
    assert seen.events == ["fault"]


async def test_an_ask_that_its_asker_takes_along_is_never_called_slow() -> None:
    source, clock = ScriptedSource("tickets", APPEAL), Clock()
    source.gate = asyncio.Event()
    guarded = keeping(source, clock, Wall(), prompt_ms=100)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        home = group.create_task(guarded.run())
        await turns()
        asking = group.create_task(guarded.find_many([AN_APPEAL]))
        await turns()
        clock.now += 1
        source.gate.set()
        await asking
        assert not slow(guarded)
        home.cancel()


# -- old answers

HOUR_S = 3_600.0


class Wall:
    """UTC microseconds, moved by hand."""

    def __init__(self) -> None:
        self.us = 1_000_000_000

    def __call__(self) -> int:
        return self.us


def keeping(source: ScriptedSource, clock: Clock, wall: Wall, **limits: float) -> Guarded:
    settings = {"deadline_ms": LONG_MS, "cache_ttl_s": 2, "stale_s": HOUR_S, **limits}
    return Guarded(source, clock=clock, now_us=wall, limits=GuardLimits(**settings))  # type: ignore[arg-type]  # as above


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_an_old_answer_is_told_at_once_with_its_age_while_it_is_asked_anew() -> None:
    source, clock, wall = ScriptedSource("erap", APPEAL), Clock(), Wall()
    guarded = keeping(source, clock, wall)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        home = group.create_task(guarded.run())
        await turns()
        asked_us = wall.us
        assert await guarded.find_many([AN_APPEAL]) == {AN_APPEAL: (APPEAL,)}
        clock.now += 60
        wall.us += 60_000_000
        source.tickets = [APPEAL._replace(status="satisfied")]
        old = APPEAL._replace(as_of_us=asked_us)
        assert await guarded.find_many([AN_APPEAL]) == {AN_APPEAL: (old,)}
        await turns()
        assert len(source.asked) == 2
        (now,) = (await guarded.find_many([AN_APPEAL]))[AN_APPEAL]
        assert (now.status, now.as_of_us) == ("satisfied", None)
        assert len(source.asked) == 2
        assert (guarded.stats.asked, guarded.stats.answered, guarded.stats.stale) == (3, 3, 1)
        home.cancel()


@pytest.mark.parametrize("running", [False, True])
async def test_an_old_answer_is_told_while_the_source_is_silent_until_it_is_too_old(
    running: bool,
) -> None:
    source, clock, wall = ScriptedSource("erap", APPEAL), Clock(), Wall()
    guarded = keeping(source, clock, wall, failures_max=1)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        home = group.create_task(guarded.run()) if running else None
        await turns()
        asked_us = wall.us
        await guarded.find_many([AN_APPEAL])
        source.fail()
        for _ in range(2):  # refused, then left alone
            clock.now += 60
            assert await guarded.find_many([AN_APPEAL]) == {
                AN_APPEAL: (APPEAL._replace(as_of_us=asked_us),)
            }
            await turns()
        assert state(guarded) is BreakerState.OPEN
        with pytest.raises(SourceUnavailableError) as refused:
            await guarded.find_many([AN_APPEAL, ANOTHER])
        assert set(refused.value.answered) == {AN_APPEAL}
        assert guarded.stats.silent == 1
        clock.now += HOUR_S
        with pytest.raises(SourceUnavailableError):
            await guarded.find_many([AN_APPEAL])
        if home:
            home.cancel()


async def test_a_ticket_that_is_gone_is_not_told_from_memory() -> None:
    source, clock, wall = ScriptedSource("erap", APPEAL), Clock(), Wall()
    guarded = keeping(source, clock, wall)
    await guarded.find_many([AN_APPEAL])
    source.tickets = []
    clock.now += 60
    assert await guarded.find_many([AN_APPEAL]) == {}
    source.fail()
    with pytest.raises(SourceUnavailableError):
        await guarded.find_many([AN_APPEAL])


async def test_an_answer_already_old_keeps_its_own_age() -> None:
    source, clock, wall = ScriptedSource("erap", APPEAL._replace(as_of_us=5)), Clock(), Wall()
    guarded = keeping(source, clock, wall)
    await guarded.find_many([AN_APPEAL])
    clock.now += 60
    source.fail()
    (told,) = (await guarded.find_many([AN_APPEAL]))[AN_APPEAL]
    assert told.as_of_us == 5


# -- copies


@pytest.mark.parametrize(
    ("fed_ago_s", "young"), [(None, False), (0, True), (3_600, True), (3_601, False)]
)
async def test_only_a_young_copy_says_what_is_not_there(fed_ago_s: int | None, young: bool) -> None:
    wall = Wall()
    wall.us = 10_000_000_000
    fed_us = None if fed_ago_s is None else wall.us - fed_ago_s * 1_000_000
    source = ScriptedSource("ersop", APPEAL)
    guarded = Guarded(
        source,
        clock=Clock(),
        now_us=wall,
        fed_us=lambda: fed_us,
        limits=GuardLimits(copy_age_max_s=HOUR_S, cache_ttl_s=0, failures_max=1),
    )
    told = {AN_APPEAL: (APPEAL._replace(as_of_us=fed_us),)}
    assert await guarded.find_many([AN_APPEAL]) == told
    if young:
        assert await guarded.find_many([AN_APPEAL, ABSENT]) == told
        return
    with pytest.raises(SourceUnavailableError, match="too old") as refused:
        await guarded.find_many([AN_APPEAL, ABSENT])
    assert refused.value.answered == told
    assert state(guarded) is BreakerState.CLOSED


# -- the breaker, and who is told


async def test_one_bad_ticket_does_not_open_the_breaker() -> None:
    source = ScriptedSource("erap")
    source.failing = SourceUnavailableError("erap", "status: unknown", {}, alive=True)
    guarded = guard(source, failures_max=1)
    assert await reason(guarded) == "status: unknown"
    assert state(guarded) is BreakerState.CLOSED


async def test_a_batch_too_large_for_the_deadline_does_not_open_the_breaker() -> None:
    source = ScriptedSource("erap")
    guarded = guard(source, failures_max=1)
    source.fail("no answer in 1350 ms", answered={ABSENT: ()})
    assert await reason(guarded, ABSENT, AN_APPEAL) == "no answer in 1350 ms"
    assert state(guarded) is BreakerState.CLOSED  # a backlog would keep it open for ever
    source.fail("no answer in 1350 ms")
    await reason(guarded, ABSENT, AN_APPEAL)
    assert state(guarded) is BreakerState.OPEN


async def test_a_source_that_answers_others_meanwhile_is_not_left_alone() -> None:
    source, clock, seen = ScriptedSource("erap", APPEAL), Clock(), Seen()
    guarded = Guarded(
        source,
        clock=clock,
        limits=GuardLimits(cache_ttl_s=0, failures_max=1),
        watch=Watch("erap", seen),
    )
    gate = source.gate = asyncio.Event()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        late = group.create_task(reason(guarded, ANOTHER))
        await source.entered.wait()
        source.gate = None
        clock.now += 1
        await guarded.find_many([AN_APPEAL])
        source.fail("no answer in 1350 ms")
        gate.set()
        assert await late == "no answer in 1350 ms"
    assert state(guarded) is BreakerState.CLOSED
    assert seen.events == ["took", "took"]
    clock.now += 1
    await reason(guarded)  # nobody has been answered since this one began
    assert state(guarded) is BreakerState.OPEN


async def test_a_busy_source_is_asked_for_all_that_waits_as_one_batch() -> None:
    source = ScriptedSource("erap", APPEAL, OTHER)
    source.gate = asyncio.Event()
    guarded = guard(source, in_flight_max=1, apart=True)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        home = group.create_task(guarded.run())
        await asyncio.sleep(0)
        first = group.create_task(guarded.find_many([ABSENT]))
        await source.entered.wait()
        others = [group.create_task(guarded.find_many([item])) for item in (AN_APPEAL, ANOTHER)]
        await turns()
        source.gate.set()
        assert await first == {}
        assert [await task for task in others] == [{AN_APPEAL: (APPEAL,)}, {ANOTHER: (OTHER,)}]
        home.cancel()
    assert source.asked == [[ABSENT], [AN_APPEAL, ANOTHER]]


class Seen:
    """What an observer is told."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def took(self, source: str, seconds: float) -> None:
        self.events.append("took")

    def silent(self, source: str, reason: str) -> None:
        self.events.append(f"silent: {reason}")

    def left_alone(self, source: str, reason: str) -> None:
        self.events.append("left alone")

    def back(self, source: str) -> None:
        self.events.append("back")

    def fault(self, source: str, fault: Exception) -> None:
        self.events.append("fault")


async def test_changes_are_told_and_not_every_failure() -> None:
    source, clock, seen = ScriptedSource("erap", APPEAL), Clock(), Seen()
    guarded = Guarded(
        source,
        clock=clock,
        limits=GuardLimits(cache_ttl_s=0, failures_max=3, open_s=10),
        watch=Watch("erap", seen),
    )
    source.fail("down")
    for _ in range(4):
        await reason(guarded)
    clock.now += 10
    await reason(guarded)  # the probe fails too
    source.failing = None
    clock.now += 10
    await guarded.find_many([AN_APPEAL])
    await guarded.find_many([AN_APPEAL])
    assert [event for event in seen.events if event != "took"] == [
        "silent: down",
        "left alone",
        "back",
    ]
    assert seen.events.count("took") == 6


# -- asks that go on by themselves


async def test_a_source_that_hangs_is_counted_even_when_nobody_waits_for_it() -> None:
    source = ScriptedSource("erap", APPEAL)
    source.gate = asyncio.Event()
    loop = asyncio.get_running_loop()
    limits = GuardLimits(
        deadline_ms=SHORT_MS, cache_ttl_s=0, failures_max=1, prompt_ms=1, apart=True
    )
    guarded = Guarded(source, clock=loop.time, limits=limits)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        home = group.create_task(guarded.run())
        await asyncio.sleep(0)
        asking = group.create_task(guarded.find_many([AN_APPEAL]))
        await source.entered.wait()
        asking.cancel()
        await turns()
        assert source.in_flight == 1
        assert await reason(guarded, AN_APPEAL) == f"no answer in {SHORT_MS} ms"
        assert state(guarded) is BreakerState.OPEN
        assert not slow(guarded)  # it is not asked: its silence is known at once
        home.cancel()


async def test_it_is_slow_until_it_answers_promptly_again() -> None:
    source, clock = ScriptedSource("erap", APPEAL), Clock()
    guarded = guard(source, clock, prompt_ms=150, apart=True)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        assert not slow(guarded)
        home = group.create_task(guarded.run())
        await asyncio.sleep(0)
        source.gate = asyncio.Event()
        asking = group.create_task(guarded.find_many([AN_APPEAL]))
        await source.entered.wait()
        assert not slow(guarded)
        clock.now += 0.2
        assert slow(guarded)
        source.gate.set()
        await asking
        assert slow(guarded)
        await guarded.find_many([AN_APPEAL])
        assert not slow(guarded)
        home.cancel()
