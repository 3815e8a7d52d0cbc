"""What we owe to each link and account: how much, how old, and whom to call for it.

The store is asked every few seconds. An account that is away keeps its replies and receipts until
their time is over; one with an outbind address is called (`LiveAccount.call_out` knows how often).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

import structlog

from gateway.lines import Line
from gateway.outbox import Outbox
from gateway.store.journal import Journal, StoreUnavailableError

LOOK_S = 2.0
LATE_EVERY_LOOKS = 15  # how often what is past its time is looked for

log = structlog.get_logger()


class Counters(Protocol):
    """What is shown here."""

    def owed(self, link: str, count: int, oldest_s: float) -> None: ...


class Owing(NamedTuple):
    """What waits for one link or account; the age is that of the question behind the oldest."""

    replies: int
    oldest_s: float


class Waiting:
    """`callers` tell an account that is away to bind, by name; `queues` hold how many may wait for
    an account."""

    def __init__(
        self,
        *,
        journal: Journal,
        outbox: Outbox,
        now_us: Callable[[], int],
        callers: Mapping[str, Callable[[], object]],
        queues: Mapping[str, int],
        counters: Counters,
    ) -> None:
        self._journal = journal
        self._outbox = outbox
        self._now_us = now_us
        self._callers = callers
        self._queues = queues
        self._counters = counters
        self._full: set[str] = set()
        self._looks = 0

    async def run(self) -> None:
        """Look for ever; while the store is away, what was seen last stands."""
        while True:
            with contextlib.suppress(StoreUnavailableError):
                await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Count, give up what is late, call whom we owe. Raises StoreUnavailableError."""
        found = await self._journal.waiting()
        late = self._looks % LATE_EVERY_LOOKS == 0
        self._looks += 1
        for line in self._outbox.lines:
            name = line.port.name
            waits = found.get(name)
            line.owed = waits.replies if waits else 0
            line.oldest_us = waits.oldest_us if waits else None
            owing = self._owing(line)
            self._counters.owed(name, *owing)
            self._tell(name, owing)
            if line.owed and late and line.room <= 0:
                await self._outbox.give_up_late(line)
            if line.owed and name in self._callers and not line.port.bound:
                self._callers[name]()

    def owing(self) -> dict[str, Owing]:
        """Of links and accounts that something waits for."""
        return {line.port.name: self._owing(line) for line in self._outbox.lines if line.owed}

    def _owing(self, line: Line) -> Owing:
        if line.oldest_us is None:
            return Owing(line.owed, 0.0)
        return Owing(line.owed, max(0.0, (self._now_us() - line.oldest_us) / 1_000_000))

    def _tell(self, name: str, owing: Owing) -> None:
        """One line when a queue fills up, one when there is room again."""
        full = 0 < self._queues.get(name, 0) <= owing.replies
        if full and name not in self._full:
            self._full.add(name)
            log.warning(
                "account_queue_full",
                account=name,
                count=owing.replies,
                oldest_s=round(owing.oldest_s),
            )
        elif not full and name in self._full:
            self._full.discard(name)
            log.info("account_queue_drained", account=name, count=owing.replies)
