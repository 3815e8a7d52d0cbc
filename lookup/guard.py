"""A source behind a deadline, a limit of calls in flight, a breaker and a short cache."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lookup.breaker import Breaker, BreakerState
from lookup.cache import FoundCache
from lookup.source import Answers, Source, SourceHealth, SourceUnavailableError
from lookup.status import TicketRecord, Wanted


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """How far a source is trusted with our time."""

    deadline_ms: int = 1_500  # of one batch, waiting for a free slot included
    in_flight_max: int = 8  # batches the source works on at once
    waiting_max: int = 256  # batches waiting for a slot; more are refused at once
    failures_max: int = 5  # in a row, before the source is left alone
    open_s: float = 10.0  # how long it is left alone before one probe
    cache_ttl_s: float = 2.0  # 0: no cache
    cache_entries_max: int = 10_000  # numbers


class Guarded:
    """The same source, but one that always answers or refuses within its deadline.

    `clock`: monotonic seconds, e.g. the loop's `time`. While the breaker is open the source is
    not asked; what the cache still holds is told all the same.
    """

    def __init__(
        self, source: Source, *, clock: Callable[[], float], limits: GuardLimits | None = None
    ) -> None:
        limits = limits or GuardLimits()
        self._source = source
        self._clock = clock
        self._deadline_ms = limits.deadline_ms
        self._slots = asyncio.Semaphore(limits.in_flight_max)
        self._waiting = 0
        self._waiting_max = limits.waiting_max
        self._breaker = Breaker(failures_max=limits.failures_max, open_s=limits.open_s)
        self._cache = FoundCache(ttl_s=limits.cache_ttl_s, entries_max=limits.cache_entries_max)

    @property
    def name(self) -> str:
        return self._source.name

    @property
    def kinds(self) -> frozenset[str]:
        return self._source.kinds

    @property
    def state(self) -> BreakerState:
        """Of the breaker, for metrics."""
        return self._breaker.state(self._clock())

    async def find_many(self, wanted: Sequence[Wanted]) -> Answers:
        now = self._clock()
        known: dict[Wanted, tuple[TicketRecord, ...]] = {}
        asked: list[Wanted] = []
        for item in wanted:
            tickets = self._cache.get(item, now)
            if tickets is None:
                asked.append(item)
            else:
                known[item] = tickets
        if not asked:
            return known
        try:
            answers = await self._ask(asked)
        except SourceUnavailableError as error:
            self._remember(error.answered)
            raise SourceUnavailableError(
                self.name, error.reason, {**error.answered, **known}
            ) from error
        self._remember(answers)
        return {**answers, **known} if known else answers

    async def health(self) -> SourceHealth:
        state = self.state
        if state is not BreakerState.CLOSED:
            return SourceHealth(self.name, False, f"left alone after failures, {state}")
        try:
            async with asyncio.timeout(self._deadline_ms / 1_000):
                return await self._source.health()
        except TimeoutError:
            return SourceHealth(self.name, False, f"no answer in {self._deadline_ms} ms")

    async def close(self) -> None:
        await self._source.close()

    async def _ask(self, asked: Sequence[Wanted]) -> Answers:
        permit = self._breaker.admit(self._clock())
        if permit is None:
            raise SourceUnavailableError(self.name, "left alone after repeated failures")
        settled = False
        calling = False
        try:
            async with asyncio.timeout(self._deadline_ms / 1_000):
                await self._take_slot()
                calling = True
                try:
                    answers = await self._source.find_many(asked)
                finally:
                    self._slots.release()
            _require_own_numbers(self.name, answers)
            settled = True
            self._breaker.succeeded(permit)
        except (TimeoutError, SourceUnavailableError) as error:
            # A batch that never got a slot says nothing new of the source: those that hold the
            # slots run into their own deadlines.
            if calling:
                settled = True
                self._breaker.failed(permit, self._clock())
            if isinstance(error, SourceUnavailableError):
                raise
            raise SourceUnavailableError(
                self.name, f"no answer in {self._deadline_ms} ms"
            ) from error
        finally:
            if not settled:
                self._breaker.abandoned(permit)
        return answers

    async def _take_slot(self) -> None:
        if self._slots.locked() and self._waiting >= self._waiting_max:
            raise SourceUnavailableError(self.name, f"{self._waiting} batches already wait for it")
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1

    def _remember(self, answers: Mapping[Wanted, tuple[TicketRecord, ...]]) -> None:
        now = self._clock()
        for item, tickets in answers.items():
            self._cache.put(item, tickets, now)


def _require_own_numbers(source: str, answers: Answers) -> None:
    """A source that echoes another number than the one asked is broken: believe none of it."""
    for item, tickets in answers.items():
        for ticket in tickets:
            if ticket.number != item.number:
                raise SourceUnavailableError(source, "it answered for another number")
