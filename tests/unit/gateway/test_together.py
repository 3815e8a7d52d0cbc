"""Lookups asked side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from gateway.together import Together
from lookup.federation import Lookup
from lookup.guard import Guarded, GuardLimits
from lookup.status import Found, NotFound, Status, Unavailable, Wanted
from tests.support.records import ticket
from tests.support.sources import ScriptedSource

WAIT_S = 10.0


class Source:
    """Answers each number with a status that names it; while `held` is cleared it keeps all."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.held = asyncio.Event()
        self.held.set()

    def at_hand(self, wanted: Sequence[Wanted]) -> bool:
        return bool(wanted)

    async def find_many(
        self, wanted: Sequence[Wanted], *, within_s: float, hurried: bool = False
    ) -> list[Status]:
        del hurried
        self.batches.append([one.number for one in wanted])
        await self.held.wait()
        return [Unavailable((f"{one.number} in {within_s}",)) for one in wanted]


def wanted(*numbers: str) -> list[Wanted]:
    return [Wanted(number, ("appeal",)) for number in numbers]


def told(*numbers: str, within_s: float = 2.0) -> list[Status]:
    return [Unavailable((f"{number} in {within_s}",)) for number in numbers]


async def test_what_is_asked_in_one_turn_is_one_batch_and_each_hears_its_own() -> None:
    source = Source()
    together = Together(source)
    asked = [wanted("1"), wanted("2", "3"), wanted("1")]
    found = await asyncio.gather(*(together.find_many(each, 2.0) for each in asked))
    assert found == [told("1"), told("2", "3"), told("1")]
    assert source.batches == [["1", "2", "3", "1"]]


async def test_who_comes_while_a_batch_is_asked_does_not_wait_for_it() -> None:
    source = Source()
    together = Together(source)
    source.held.clear()
    async with asyncio.TaskGroup() as askers:
        first = askers.create_task(together.find_many(wanted("1"), 2.0))
        while len(source.batches) < 1:
            await asyncio.sleep(0)
        second = askers.create_task(together.find_many(wanted("2"), 2.0))
        while len(source.batches) < 2:
            await asyncio.sleep(0)
        source.held.set()
    assert (first.result(), second.result()) == (told("1"), told("2"))


async def test_those_with_another_deadline_are_asked_apart() -> None:
    source = Source()
    together = Together(source)
    found = await asyncio.gather(
        together.find_many(wanted("1"), 2.0), together.find_many(wanted("2"), 0.5)
    )
    assert found == [told("1"), told("2", within_s=0.5)]


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
async def test_the_others_are_answered_though_the_first_gives_up(turns: int) -> None:
    source = Source()
    together = Together(source)
    source.held.clear()
    async with asyncio.TaskGroup() as askers:
        first = askers.create_task(together.find_many(wanted("1"), 2.0))
        other = askers.create_task(together.find_many(wanted("2"), 2.0))
        for _ in range(turns):
            await asyncio.sleep(0)
        first.cancel()
        source.held.set()
    assert (first.cancelled(), other.result()) == (True, told("2"))


async def test_the_first_is_answered_though_another_gives_up() -> None:
    source = Source()
    together = Together(source)
    async with asyncio.TaskGroup() as askers:
        first = askers.create_task(together.find_many(wanted("1"), 2.0))
        other = askers.create_task(together.find_many(wanted("2"), 2.0))
        await asyncio.sleep(0)
        other.cancel()
    assert (first.result(), other.cancelled()) == (told("1"), True)


class Failing(Source):
    """Breaks with the first batch."""

    async def find_many(
        self, wanted: Sequence[Wanted], *, within_s: float, hurried: bool = False
    ) -> list[Status]:
        if not self.batches:
            self.batches.append([])
            raise RuntimeError("ours")
        return [NotFound() for _ in wanted]


async def test_a_fault_is_told_to_one_and_the_others_ask_again() -> None:
    together = Together(Failing())
    first, other = await asyncio.gather(
        together.find_many(wanted("1"), 2.0),
        together.find_many(wanted("2"), 2.0),
        return_exceptions=True,
    )
    assert (type(first), other) == (RuntimeError, [NotFound()])


async def test_nobody_waits_for_a_number_that_is_asked_elsewhere() -> None:
    here = ScriptedSource("registry", ticket(number="1"), kinds=("appeal",))
    away = ScriptedSource("bailiffs", kinds=("fine",))
    away.gate = asyncio.Event()
    clock = asyncio.get_running_loop().time
    far = Guarded(away, clock=clock, limits=GuardLimits(apart=True))
    together = Together(Lookup([here, far]))
    async with asyncio.timeout(WAIT_S), asyncio.TaskGroup() as askers:
        slow = askers.create_task(together.find_many([Wanted("2", ("fine",))], WAIT_S))
        quick = askers.create_task(together.find_many(wanted("1"), WAIT_S))
        await away.entered.wait()
        (found,) = await quick
        assert not slow.done()
        away.gate.set()
    assert isinstance(found, Found)
    assert slow.result() == [NotFound()]
