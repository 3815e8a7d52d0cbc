"""Sources of statuses as tests need them: scripted ones, for what stands before a source."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from lookup.source import Answers, SourceHealth, SourceUnavailableError
from lookup.status import TicketRecord, Wanted


class ScriptedSource:
    """Knows the tickets it is given; `failing` and `gate` make it refuse or wait, `always` makes
    it give the same tickets whatever is asked."""

    def __init__(self, name: str, *tickets: TicketRecord, kinds: Sequence[str] = ("*",)) -> None:
        self.name = name
        self.kinds = frozenset(kinds)
        self.tickets = list(tickets)
        self.failing: BaseException | None = None
        self.ill: Exception | None = None  # what asking for its health raises
        self.always: tuple[TicketRecord, ...] = ()
        self.gate: asyncio.Event | None = None
        self.entered = asyncio.Event()
        self.asked: list[list[Wanted]] = []
        self.in_flight = 0
        self.closed = 0

    def fail(self, reason: str = "down", answered: Answers | None = None) -> None:
        self.failing = SourceUnavailableError(self.name, reason, answered)

    async def find_many(self, wanted: Sequence[Wanted]) -> Answers:
        self.asked.append(list(wanted))
        self.in_flight += 1
        try:
            self.entered.set()
            if self.gate is not None:
                await self.gate.wait()
            if self.failing is not None:
                raise self.failing
            found = {item: self._of(item) for item in wanted}
            return {item: tickets for item, tickets in found.items() if tickets}
        finally:
            self.in_flight -= 1

    def _of(self, item: Wanted) -> tuple[TicketRecord, ...]:
        return self.always or tuple(
            ticket for ticket in self.tickets if ticket.number == item.number
        )

    async def health(self) -> SourceHealth:
        if self.gate is not None:
            await self.gate.wait()
        if self.ill is not None:
            raise self.ill
        return SourceHealth(self.name, self.failing is None, "scripted")

    async def close(self) -> None:
        self.closed += 1
