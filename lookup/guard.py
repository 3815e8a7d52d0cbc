"""A source behind a deadline, a limit of calls in flight, a breaker and a memory of its answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from lookup.breaker import Breaker, BreakerState
from lookup.cache import FoundCache
from lookup.flights import Flights
from lookup.source import Answers, Source, SourceHealth, SourceUnavailableError
from lookup.status import TicketRecord, Wanted
from lookup.watch import SourceStats, Watch

REFRESHES_MAX: Final = 8  # batches of old answers being asked anew at one time


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """How far a source is trusted with our time."""

    deadline_ms: int = 1_500  # of one batch, waiting for a free slot included
    in_flight_max: int = 8  # batches the source works on at once
    waiting_max: int = 256  # batches waiting for a slot; more are refused at once
    failures_max: int = 5  # in a row, before the source is left alone
    open_s: float = 10.0  # how long it is left alone before one probe
    cache_ttl_s: float = 2.0  # an answer so old counts as if it were asked now
    stale_s: float = 0.0  # so old it is told with its age, while it is asked anew or silent
    cache_entries_max: int = 10_000  # numbers
    copy_age_max_s: float = 0.0  # an older copy is silent of what it does not have; 0: no copy
    prompt_ms: int = 150  # slower than this, it is not waited for by those in a hurry
    apart: bool = False  # its asks go on when their askers have left; needs `run`


class Guarded:
    """The same source, but one that always answers or refuses within its deadline.

    `clock`: monotonic seconds, e.g. the loop's `time`; `now_us`: UTC microseconds, for the age of
    what is told. `fed_us`: when a copy was last fed. While the breaker is open the source is not
    asked; what is remembered is told all the same. Answers told from memory or from a copy carry
    `as_of_us`.
    """

    def __init__(
        self,
        source: Source,
        *,
        clock: Callable[[], float],
        limits: GuardLimits | None = None,
        now_us: Callable[[], int] = lambda: 0,
        fed_us: Callable[[], int | None] = lambda: None,
        watch: Watch | None = None,
    ) -> None:
        limits = limits or GuardLimits()
        self._source = source
        self._clock = clock
        self._now_us = now_us
        self._fed_us = fed_us
        self._limits = limits
        self._watch = watch or Watch()
        self._slots = asyncio.Semaphore(limits.in_flight_max)
        self._waiting = 0
        self._breaker = Breaker(failures_max=limits.failures_max, open_s=limits.open_s)
        self._cache = FoundCache(
            ttl_s=limits.cache_ttl_s,
            stale_s=limits.stale_s,
            entries_max=limits.cache_entries_max,
        )
        at_once, on_fault = limits.in_flight_max, self._watch.fault
        self._flights = Flights(
            source.name, self._ask, clock=clock, on_fault=on_fault, at_once=at_once
        )
        self._took_s = 0.0  # the last batch
        self._answered_at = -inf  # the last batch of which it answered anything
        self.stats = SourceStats()

    @property
    def name(self) -> str:
        return self._source.name

    @property
    def kinds(self) -> frozenset[str]:
        return self._source.kinds

    @property
    def deadline_s(self) -> float:
        return self._limits.deadline_ms / 1_000

    @property
    def apart(self) -> bool:
        """Whether its asks go on when their askers have left: it is not on this machine."""
        return self._limits.apart

    @property
    def state(self) -> BreakerState:
        """Of the breaker, for metrics."""
        return self._breaker.state(self._clock())

    @property
    def slow(self) -> bool:
        """Whoever is in a hurry does better not to wait: its answers take longer than
        `prompt_ms`. Only of a source whose asks go on by themselves."""
        limits = self._limits
        if not (limits.apart and self._flights.running) or self.state is BreakerState.OPEN:
            return False
        prompt_s = limits.prompt_ms / 1_000
        since = self._flights.oldest_since()
        return self._took_s > prompt_s or (since is not None and self._clock() - since > prompt_s)

    async def run(self) -> None:
        """Home of what goes on without its askers, for ever; without any of it, it ends at once."""
        if self._limits.apart or self._limits.stale_s:
            await self._flights.run()

    async def find_many(self, wanted: Sequence[Wanted]) -> Answers:
        self.stats.asked += len(wanted)
        try:
            answers = await (self._remembered(wanted) if self._cache.keeps else self._get(wanted))
            if self._limits.copy_age_max_s:
                self._require_young_copy(wanted, answers)
        except SourceUnavailableError as error:
            silent = sum(item not in error.answered for item in wanted)
            self.stats.silent += silent
            self.stats.answered += len(wanted) - silent
            raise
        self.stats.answered += len(wanted)
        return answers

    async def health(self) -> SourceHealth:
        if self.state is BreakerState.OPEN:
            return SourceHealth(self.name, False, "left alone after failures, open")
        try:
            async with asyncio.timeout(self.deadline_s):
                return await self._source.health()
        except TimeoutError:
            return SourceHealth(self.name, False, f"no answer in {self._limits.deadline_ms} ms")
        except Exception as fault:  # told; that of one source must not hide all others
            self._watch.fault(fault)
            return SourceHealth(self.name, False, "its answer could not be read")

    async def close(self) -> None:
        await self._source.close()

    # -- what is remembered

    async def _remembered(self, wanted: Sequence[Wanted]) -> Answers:
        now = self._clock()
        known: dict[Wanted, tuple[TicketRecord, ...]] = {}
        old: dict[Wanted, tuple[TicketRecord, ...]] = {}
        asked: list[Wanted] = []
        for item in wanted:
            kept = self._cache.get(item, now)
            if kept is None:
                asked.append(item)
            elif kept.fresh:
                known[item] = kept.tickets
            else:
                old[item] = _as_of(kept.tickets, kept.at_us)
        if old and self._flights.running:
            if len(self._flights) < REFRESHES_MAX:
                self._flights.start(list(old))
            known |= old
            self.stats.stale += len(old)
            old = {}
        asked += old
        if not asked:
            return known
        try:
            answers = await self._get(asked)
        except SourceUnavailableError as error:
            told = {**old, **error.answered, **known}
            self.stats.stale += sum(item not in error.answered for item in old)
            if all(item in told for item in wanted):
                return {item: tickets for item, tickets in told.items() if tickets}
            raise SourceUnavailableError(
                self.name, error.reason, told, alive=error.alive
            ) from error
        return {**answers, **known} if known else answers

    def _remember(self, asked: Sequence[Wanted], answers: Answers, *, whole: bool) -> None:
        now, now_us = self._clock(), self._now_us()
        for item in asked:
            tickets = answers.get(item)
            if tickets:
                self._cache.put(item, tickets, now, now_us)
            elif whole or tickets is not None:
                self._cache.drop(item)

    # -- asking

    async def _get(self, wanted: Sequence[Wanted]) -> Answers:
        return await (self._flights.ask if self._limits.apart else self._ask)(wanted)

    async def _ask(self, asked: Sequence[Wanted]) -> Answers:
        """Ask the source itself, and remember what it says."""
        began = self._clock()
        permit = self._breaker.admit(began)
        if permit is None:
            raise SourceUnavailableError(self.name, "left alone after repeated failures")
        settled = False
        calling = False
        try:
            async with asyncio.timeout(self.deadline_s):
                await self._take_slot()
                calling = True
                try:
                    answers = await self._source.find_many(asked)
                finally:
                    self._slots.release()
            _require_own_numbers(self.name, answers)
            if self._limits.copy_age_max_s:
                answers = self._dated(answers)
            settled = True
            self._succeeded(permit, began)
        except (TimeoutError, SourceUnavailableError) as error:
            refusal = self._refusal(error)
            # A batch that never got a slot says nothing new of the source: those that hold the
            # slots run into their own deadlines.
            if calling:
                settled = True
                # Who answered some of it works: a batch was larger than the deadline, perhaps.
                if refusal.alive or refusal.answered:
                    self._succeeded(permit, began)
                else:
                    self._failed(permit, began, refusal.reason)
                self._remember(asked, refusal.answered, whole=False)
            raise refusal from error
        finally:
            if not settled:
                self._breaker.abandoned(permit)
        if self._cache.keeps:
            self._remember(asked, answers, whole=True)
        return answers

    def _refusal(self, error: TimeoutError | SourceUnavailableError) -> SourceUnavailableError:
        if isinstance(error, SourceUnavailableError):
            return error
        return SourceUnavailableError(self.name, f"no answer in {self._limits.deadline_ms} ms")

    def _succeeded(self, permit: int, began: float) -> None:
        self._answered_at = now = self._clock()
        self._took_s = now - began
        self._breaker.succeeded(permit)
        self._watch.answered(self._took_s)

    def _failed(self, permit: int, began: float, reason: str) -> None:
        now = self._clock()
        self._took_s = now - began
        if self._answered_at > began:  # others, meanwhile: it works, and is asked too much
            self._breaker.abandoned(permit)
            self._watch.late(self._took_s)
            return
        self._breaker.failed(permit, now)
        self._watch.failed(self._took_s, reason, self._breaker.state(now))

    async def _take_slot(self) -> None:
        if self._slots.locked() and self._waiting >= self._limits.waiting_max:
            raise SourceUnavailableError(self.name, f"{self._waiting} batches already wait for it")
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1

    def _dated(self, answers: Answers) -> Answers:
        """What a copy says is as old as the copy."""
        fed_us = self._fed_us()
        if fed_us is None:
            return answers
        return {item: _as_of(tickets, fed_us) for item, tickets in answers.items()}

    def _require_young_copy(self, wanted: Sequence[Wanted], answers: Answers) -> None:
        fed_us = self._fed_us()
        if fed_us is not None:
            age_us = self._now_us() - fed_us
            if age_us <= self._limits.copy_age_max_s * 1_000_000:
                return
        if not all(item in answers for item in wanted):
            reason = "its copy is too old to say what is not there"
            raise SourceUnavailableError(self.name, reason, answers, alive=True)


def _as_of(tickets: tuple[TicketRecord, ...], at_us: int) -> tuple[TicketRecord, ...]:
    return tuple(
        ticket
        if ticket.as_of_us is not None and ticket.as_of_us <= at_us
        else ticket._replace(as_of_us=at_us)
        for ticket in tickets
    )


def _require_own_numbers(source: str, answers: Mapping[Wanted, tuple[TicketRecord, ...]]) -> None:
    """A source that echoes another number than the one asked is broken: believe none of it."""
    for item, tickets in answers.items():
        for ticket in tickets:
            if ticket.number != item.number:
                raise SourceUnavailableError(source, "it answered for another number")
