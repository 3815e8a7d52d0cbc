from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from lookup import flights
from lookup.flights import Flights
from lookup.source import Answers, SourceUnavailableError
from lookup.status import Wanted
from tests.support.records import ticket
from tests.support.sources import ScriptedSource

ONE = Wanted("1", ("appeal",))
TWO = Wanted("2", ("appeal",))
ABSENT = Wanted("9", ("appeal",))
FOUND_ONE = ticket(number="1")
FOUND_TWO = ticket(number="2")


class Airport:
    """Flights to one scripted source, and what they reported."""

    def __init__(self, at_once: int = flights.AT_ONCE) -> None:
        self.source = ScriptedSource("erap", FOUND_ONE, FOUND_TWO)
        self.now = 100.0
        self.faults: list[Exception] = []
        self.flights = Flights(
            "erap",
            self.source.find_many,
            clock=lambda: self.now,
            on_fault=self.faults.append,
            at_once=at_once,
        )

    def hold(self) -> asyncio.Event:
        self.source.gate = asyncio.Event()
        self.source.entered.clear()
        return self.source.gate


@asynccontextmanager
async def running(airport: Airport) -> AsyncIterator[asyncio.TaskGroup]:
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        home = group.create_task(airport.flights.run())
        await asyncio.sleep(0)
        yield group
        home.cancel()


async def turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def refused(airport: Airport, *wanted: Wanted) -> SourceUnavailableError:
    with pytest.raises(SourceUnavailableError) as raised:
        await airport.flights.ask(wanted)
    return raised.value


async def test_without_a_home_asks_are_made_on_the_spot() -> None:
    airport = Airport()
    assert not airport.flights.running
    assert await airport.flights.ask([ONE, ABSENT]) == {ONE: (FOUND_ONE,)}


async def test_an_ask_is_answered_as_the_source_answers() -> None:
    airport = Airport()
    async with running(airport):
        assert await airport.flights.ask([ONE, ONE, ABSENT]) == {ONE: (FOUND_ONE,)}
        assert airport.source.asked == [[ONE, ABSENT]]
        assert len(airport.flights) == 0


async def test_whoever_asks_for_what_is_on_its_way_waits_for_that() -> None:
    airport = Airport()
    gate = airport.hold()
    async with running(airport) as group:
        first = group.create_task(airport.flights.ask([ONE]))
        await airport.source.entered.wait()
        second = group.create_task(airport.flights.ask([ONE, TWO]))
        await turns()
        assert airport.source.asked == [[ONE], [TWO]]
        assert airport.flights.oldest_since() == 100.0
        gate.set()
        assert await first == {ONE: (FOUND_ONE,)}
        assert await second == {ONE: (FOUND_ONE,), TWO: (FOUND_TWO,)}


async def test_what_comes_when_nobody_waits_any_more_is_told_to_the_next_once() -> None:
    airport = Airport()
    gate = airport.hold()
    async with running(airport) as group:
        asking = group.create_task(airport.flights.ask([ONE, ABSENT]))
        await airport.source.entered.wait()
        asking.cancel()
        await turns()
        assert airport.source.in_flight == 1
        gate.set()
        await turns()
        assert await airport.flights.ask([ONE, ABSENT]) == {ONE: (FOUND_ONE,)}
        assert len(airport.source.asked) == 1
        await airport.flights.ask([ONE])
        assert len(airport.source.asked) == 2


async def test_what_nobody_fetched_is_soon_too_old() -> None:
    airport = Airport()
    async with running(airport):
        airport.flights.start([ONE])
        await turns()
        airport.now += flights.UNCLAIMED_S
        await airport.flights.ask([ONE])
        assert airport.source.asked == [[ONE], [ONE]]


async def test_what_nobody_fetched_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flights, "UNCLAIMED_MAX", 2)
    airport = Airport()
    async with running(airport):
        for number in range(5):
            airport.flights.start([Wanted(str(number), ("appeal",))])
            await turns()
        await airport.flights.ask([ONE])
        assert airport.source.asked[-1] == [ONE]


async def test_setting_out_twice_for_the_same_asks_once() -> None:
    airport = Airport()
    gate = airport.hold()
    async with running(airport):
        airport.flights.start([ONE])
        airport.flights.start([ONE])
        await turns()
        assert airport.source.asked == [[ONE]]
        gate.set()


async def test_a_refusal_tells_what_was_answered_by_all_asks_together() -> None:
    airport = Airport()
    gate = airport.hold()
    async with running(airport) as group:
        first = group.create_task(airport.flights.ask([ONE]))
        await airport.source.entered.wait()
        airport.source.failing = None
        gate.set()
        await first
        airport.source.fail("cut off", answered={TWO: (FOUND_TWO,), ABSENT: ()})
        with pytest.raises(SourceUnavailableError) as refused:
            await airport.flights.ask([ONE, TWO, ABSENT])
    assert refused.value.reason == "cut off"
    assert refused.value.answered == {TWO: (FOUND_TWO,), ABSENT: ()}
    assert not refused.value.alive


async def test_a_refusal_that_answered_all_this_one_wants_is_no_refusal_to_it() -> None:
    airport = Airport()
    gate = airport.hold()
    airport.source.fail("cut off", answered={ONE: (FOUND_ONE,)})
    async with running(airport) as group:
        both = group.create_task(refused(airport, ONE, TWO))
        await airport.source.entered.wait()
        one = group.create_task(airport.flights.ask([ONE]))
        await turns()
        gate.set()
        assert await one == {ONE: (FOUND_ONE,)}
        assert (await both).reason == "cut off"


async def test_a_fault_of_our_code_is_reported_and_silences_only_that_ask() -> None:
    airport = Airport()
    airport.source.failing = KeyError("a slip in our code")
    async with running(airport):
        with pytest.raises(SourceUnavailableError, match="could not be read"):
            await airport.flights.ask([ONE])
        assert [type(fault) for fault in airport.faults] == [KeyError]
        airport.source.failing = None
        assert await airport.flights.ask([ONE]) == {ONE: (FOUND_ONE,)}


async def test_numbers_beyond_the_limit_are_refused_beside_what_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flights, "NUMBERS_MAX", 2)
    airport = Airport()
    gate = airport.hold()
    async with running(airport) as group:
        first = group.create_task(airport.flights.ask([ONE]))
        await airport.source.entered.wait()
        asking = group.create_task(refused(airport, ONE, TWO, ABSENT))
        await turns()
        airport.flights.start([ABSENT])
        gate.set()
        await first
        refusal = await asking
        assert "on their way" in refusal.reason
        assert refusal.answered == {ONE: (FOUND_ONE,), TWO: (FOUND_TWO,)}
        assert airport.source.asked == [[ONE], [TWO]]
        assert await airport.flights.ask([ABSENT]) == {}


async def test_what_is_asked_while_the_source_is_busy_leaves_together_when_one_lands() -> None:
    airport = Airport(at_once=2)
    gate = airport.hold()
    numbers = [Wanted(str(number), ("appeal",)) for number in range(10, 20)]
    async with running(airport) as group:
        asking = [group.create_task(airport.flights.ask([item])) for item in numbers]
        again = group.create_task(airport.flights.ask([*numbers, ONE]))
        await turns()
        assert airport.source.in_flight == 2
        gate.set()
        assert [await task for task in asking] == [{}] * 10
        assert await again == {ONE: (FOUND_ONE,)}
        assert airport.source.asked == [numbers[:1], numbers[1:2], [*numbers[2:], ONE]]
        assert len(airport.flights) == 0


async def test_a_landing_that_fails_lets_the_gathered_leave_all_the_same() -> None:
    airport = Airport(at_once=1)
    gate = airport.hold()
    async with running(airport) as group:
        airport.source.failing = KeyError("a slip in our code")
        first = group.create_task(refused(airport, ONE))
        await airport.source.entered.wait()
        second = group.create_task(refused(airport, TWO))
        await turns()
        gate.set()
        assert "could not be read" in (await first).reason
        assert "could not be read" in (await second).reason
        assert airport.source.asked == [[ONE], [TWO]]


async def test_stopping_gives_up_what_has_gathered_too() -> None:
    airport = Airport(at_once=1)
    airport.hold()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        home = group.create_task(airport.flights.run())
        await asyncio.sleep(0)
        first = group.create_task(refused(airport, ONE))
        await airport.source.entered.wait()
        second = group.create_task(refused(airport, TWO))
        await turns()
        home.cancel()
        assert {(await first).reason, (await second).reason} == {"given up"}
    assert airport.source.asked == [[ONE]]


@pytest.mark.parametrize("begun", [False, True])
async def test_stopping_gives_up_what_is_on_its_way_and_says_so(begun: bool) -> None:
    airport = Airport()
    airport.hold()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        home = group.create_task(airport.flights.run())
        await asyncio.sleep(0)
        asking = group.create_task(refused(airport, ONE))
        await asyncio.sleep(0)
        if begun:
            await airport.source.entered.wait()
        home.cancel()
        assert (await asking).reason == "given up"
    assert airport.source.in_flight == 0
    assert not airport.flights.running


async def test_answers_do_not_depend_on_who_else_asks() -> None:
    airport = Airport()

    async def one_by_one(wanted: Sequence[Wanted]) -> Answers:
        return await airport.flights.ask(wanted)

    async with running(airport) as group:
        tasks = [group.create_task(one_by_one([item])) for item in (ONE, TWO, ABSENT, ONE)]
        told = [await task for task in tasks]
    assert told == [
        {ONE: (FOUND_ONE,)},
        {TWO: (FOUND_TWO,)},
        {},
        {ONE: (FOUND_ONE,)},
    ]
