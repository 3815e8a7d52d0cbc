"""Asks that go on when those who asked have left.

A batch of messages waits for a source only so long. What is on its way then still arrives:
whoever asks for the same number meanwhile waits for that, and whoever asks soon after is told
what came, so that a slow source is not asked twice for one question.

A source works on so many batches at once and no more. What is asked while it is busy gathers, and
leaves as one batch when one lands: each of its numbers then has the whole deadline before it,
where in a queue of single asks all would reach the source with their time nearly over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from lookup.source import Answers, SourceUnavailableError
from lookup.status import TicketRecord, Wanted

AT_ONCE: Final = 8  # batches the source works on
NUMBERS_MAX: Final = 10_000  # on their way or gathered; those beyond are refused
UNCLAIMED_S: Final = 5.0  # so long what came when nobody waited any more is kept for the next
UNCLAIMED_MAX: Final = 10_000  # numbers

Ask = Callable[[Sequence[Wanted]], Awaitable[Answers]]
Told = dict[Wanted, tuple[TicketRecord, ...]]


class _Flight:
    """One ask: for what, since when (of the clock), who waits, and what came of it."""

    __slots__ = ("answers", "error", "items", "landed", "since", "waiting")

    def __init__(self, source: str, since: float) -> None:
        self.since = since
        self.items: list[Wanted] = []
        self.landed = asyncio.Event()
        self.waiting = 0
        self.answers: Answers = {}
        # until it has answered: one that is given up must not pass for "not there"
        self.error: SourceUnavailableError | None = SourceUnavailableError(source, "given up")


class Flights:
    """Asks by `ask`, each a task of `run`. `ask` has a deadline of its own.

    Until `run` runs, asks are made on the spot. `on_fault` is told of an error of our own code,
    which the askers see as a silent source: no answer may stop the process.
    """

    def __init__(
        self,
        source: str,
        ask: Ask,
        *,
        clock: Callable[[], float],
        on_fault: Callable[[Exception], None],
        at_once: int = AT_ONCE,
    ) -> None:
        self._source = source
        self._at_once = at_once
        self._ask = ask
        self._clock = clock
        self._on_fault = on_fault
        self._group: asyncio.TaskGroup | None = None
        self._by_item: dict[Wanted, _Flight] = {}
        self._flights: dict[_Flight, None] = {}  # on their way, and the one that gathers
        self._gathering: _Flight | None = None
        self._unclaimed: dict[Wanted, tuple[float, tuple[TicketRecord, ...]]] = {}

    @property
    def running(self) -> bool:
        return self._group is not None

    def __len__(self) -> int:
        return len(self._flights)

    def oldest_since(self) -> float | None:
        """When the oldest that is on its way began."""
        return next(iter(self._flights)).since if self._flights else None

    async def run(self) -> None:
        """The home of what is on its way, for ever; cancelling it gives all of it up."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                await asyncio.Event().wait()
            finally:
                self._group = None
                for flight in self._flights:  # also those whose task has not begun
                    flight.landed.set()
                self._flights.clear()
                self._by_item.clear()
                self._gathering = None

    async def ask(self, wanted: Sequence[Wanted]) -> Answers:
        """What the source says; may be cancelled at any time. Raises SourceUnavailableError."""
        if self._group is None:
            return await self._ask(wanted)
        told: Told = {}
        waits: dict[_Flight, list[Wanted]] = {}
        news: list[Wanted] = []
        for item in wanted:
            flight = self._by_item.get(item)
            if flight is not None:
                waits.setdefault(flight, []).append(item)
            elif (tickets := self._claim(item)) is not None:
                told[item] = tickets
            else:
                news.append(item)
        room = self._room()
        if news[:room]:
            waits.setdefault(self._start(self._group, news[:room]), []).extend(news[:room])
        for flight in waits:
            flight.waiting += 1
        try:
            for flight in waits:
                await flight.landed.wait()
        finally:
            for flight in waits:
                flight.waiting -= 1
        return self._together(told, waits, refused=bool(news[room:]))

    def start(self, wanted: Sequence[Wanted]) -> None:
        """Ask without waiting, for what is not on its way yet."""
        news = [item for item in wanted if item not in self._by_item][: self._room()]
        if news and self._group is not None:
            self._start(self._group, news)

    # -- inside

    def _room(self) -> int:
        return max(NUMBERS_MAX - len(self._by_item), 0)

    def _start(self, group: asyncio.TaskGroup, news: Sequence[Wanted]) -> _Flight:
        """The flight that asks for these, at once or when one lands."""
        flight = self._gathering
        if flight is None:
            flight = _Flight(self._source, self._clock())
            self._flights[flight] = None
        items = dict.fromkeys(news)
        flight.items.extend(items)
        self._by_item.update(dict.fromkeys(items, flight))
        if flight is not self._gathering:
            if len(self._flights) > self._at_once:
                self._gathering = flight
            else:
                group.create_task(self._fly(flight))
        return flight

    async def _fly(self, flight: _Flight) -> None:
        items = tuple(flight.items)
        try:
            flight.answers, flight.error = await self._ask(items), None
        except SourceUnavailableError as error:
            flight.answers, flight.error = error.answered, error
        except Exception as fault:
            self._on_fault(fault)
            flight.error = SourceUnavailableError(self._source, "its answer could not be read")
        finally:
            self._flights.pop(flight, None)
            for item in items:
                self._by_item.pop(item, None)
            flight.landed.set()
            next_, self._gathering = self._gathering, None
            if next_ is not None and self._group is not None:
                self._group.create_task(self._fly(next_))
        if not flight.waiting:
            self._keep(flight, items)

    def _keep(self, flight: _Flight, items: Sequence[Wanted]) -> None:
        now = self._clock()
        unclaimed = self._unclaimed
        while unclaimed:
            oldest = next(iter(unclaimed))
            if unclaimed[oldest][0] > now and len(unclaimed) <= UNCLAIMED_MAX - len(items):
                break
            del unclaimed[oldest]
        for item in items:
            tickets = flight.answers.get(item, () if flight.error is None else None)
            if tickets is not None:
                unclaimed.pop(item, None)
                unclaimed[item] = (now + UNCLAIMED_S, tickets)

    def _claim(self, item: Wanted) -> tuple[TicketRecord, ...] | None:
        kept = self._unclaimed.pop(item, None)
        return None if kept is None or kept[0] <= self._clock() else kept[1]

    def _together(
        self, told: Told, waits: dict[_Flight, list[Wanted]], *, refused: bool
    ) -> Answers:
        error: SourceUnavailableError | None = None
        if refused:
            error = SourceUnavailableError(
                self._source, f"{NUMBERS_MAX} numbers are on their way to it"
            )
        for flight, items in waits.items():
            silent = False
            for item in items:
                tickets = flight.answers.get(item, () if flight.error is None else None)
                if tickets is None:
                    silent = True
                else:
                    told[item] = tickets
            if silent and (error is None or error.alive):
                error = flight.error
        if error is not None:
            raise SourceUnavailableError(self._source, error.reason, told, alive=error.alive)
        return {item: tickets for item, tickets in told.items() if tickets}
