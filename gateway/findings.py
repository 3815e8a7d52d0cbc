"""Contradictions between systems, and complaints that circulate in systems elsewhere, as they show
while citizens ask: kept durably, off the message path.

A lookup only hands in what it saw. A task of its own writes batches into the journal, and asks
for what is open again, so that an entry is cleared once the systems agree.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

import structlog

from gateway.core.records import Finding, KeptFinding, WalkSeen
from gateway.store.journal import Journal, StoreUnavailableError
from lookup.circulation import CIRCULATING
from lookup.compare import Contradiction
from lookup.status import Found, NotFound, Status, TicketRecord, Wanted

WAITING_MAX: Final = 1_000  # findings not yet written; more are dropped and counted
BATCH_MAX: Final = 200  # written at once
TOLD_MAX: Final = 10_000  # remembered, so that one ticket asked for often is not written as often
TOLD_AGAIN_US: Final = 3_600_000_000
WRITE_PAUSE_S: Final = 1.0  # between batches: the journal is for messages first
RETRY_S: Final = 10.0
RECHECK_EVERY_S: Final = 30.0
RECHECK_MAX: Final = 10  # asked for at once: the systems are there for citizens first

Key = tuple[str, str, str]
FindMany = Callable[[Sequence[Wanted]], Awaitable[Sequence[Status]]]

log = structlog.get_logger()


class Counters(Protocol):
    def conflicts(self, count: int) -> None:
        """So many are open."""

    def findings_dropped(self, count: int) -> None: ...


class Findings:
    """See the module. `on_contradiction` is for the federation, `run` is one task for ever."""

    def __init__(self, journal: Journal, now_us: Callable[[], int], counters: Counters) -> None:
        self._journal = journal
        self._now_us = now_us
        self._counters = counters
        self._waiting: dict[Key, Finding] = {}
        self._told: dict[Key, int] = {}
        self._wake = asyncio.Event()
        self._after_id = 0  # where asking anew goes on

    def on_contradiction(self, found: Contradiction) -> None:
        """Take note. Never waits and never fails; what was noted within the hour costs nothing."""
        self._note(Finding(found.kind, found.number, found.rule, tuple(found.sources), 0))

    def on_walk(self, ticket: TicketRecord, sources: tuple[str, ...]) -> None:
        """The same of a ticket that goes from body to body, closed ones too: so it is known when
        one ends."""
        walk = WalkSeen(
            ticket.forward_count,
            ticket.first_filed_on or ticket.created_on,
            ticket.status,
            ticket.status_on,
            ticket.body.id if ticket.body is not None else None,
        )
        self._note(Finding(ticket.kind, ticket.number, CIRCULATING, sources, 0, walk))

    def _note(self, found: Finding) -> None:
        key = (found.kind, found.number, found.rule)
        now_us = self._now_us()
        told_us = self._told.get(key)
        if told_us is not None and now_us - told_us < TOLD_AGAIN_US:
            return
        if len(self._waiting) >= WAITING_MAX:
            self._counters.findings_dropped(1)
            return
        self._waiting[key] = found._replace(found_us=now_us)
        self._told.pop(key, None)  # so that the order is that of telling
        self._told[key] = now_us
        if len(self._told) > TOLD_MAX:
            del self._told[next(iter(self._told))]
        self._wake.set()

    async def run(self, find_many: FindMany) -> None:
        """Write what is found, and ask for open ones again, for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write())
            group.create_task(self._recheck(find_many))

    async def flush(self) -> bool:
        """Write all that waits; False where the journal cannot take it now, and it waits on."""
        try:
            while self._waiting:
                batch = list(itertools.islice(self._waiting.items(), BATCH_MAX))
                await self._journal.keep_findings([found for _, found in batch])
                for key, found in batch:
                    if self._waiting.get(key) is found:  # else another flush was faster
                        del self._waiting[key]
        except StoreUnavailableError:
            log.warning("findings_put_off", count=len(self._waiting))
            return False
        return True

    async def recheck(self, find_many: FindMany) -> int:
        """Ask for the next few open ones; returns how many the systems now agree about.

        Cleared is only what every system asked has answered for. One that still shows comes back
        by `on_contradiction`.
        """
        kept = await self._journal.findings(self._after_id, RECHECK_MAX, open_only=True)
        self._after_id = kept[-1].id if len(kept) == RECHECK_MAX else 0
        if not kept:
            return 0
        asked_us = self._now_us()
        statuses = await find_many([Wanted(each.number, (each.kind,)) for each in kept])
        agreed = [each for each, status in zip(kept, statuses, strict=True) if _agree(each, status)]
        for each in agreed:  # should it show again, that is news
            self._told.pop((each.kind, each.number, each.rule), None)
        return await self._journal.clear_findings([each.id for each in agreed], asked_us)

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if await self.flush():
                await asyncio.sleep(WRITE_PAUSE_S)
            else:
                self._wake.set()
                await asyncio.sleep(RETRY_S)

    async def _recheck(self, find_many: FindMany) -> None:
        while True:
            try:
                cleared = await self.recheck(find_many)
                if cleared:
                    log.info("findings_cleared", count=cleared)
                self._counters.conflicts(await self._journal.findings_left())
            except StoreUnavailableError:
                log.warning("findings_not_asked_again", reason="the store is away")
            await asyncio.sleep(RECHECK_EVERY_S)


def _agree(finding: KeptFinding, status: Status) -> bool:
    """Every system asked has answered, and the rule is kept; gone from all of them is one way."""
    if isinstance(status, NotFound):
        return True
    return isinstance(status, Found) and all(
        ticket.conflict != finding.rule for ticket in status.tickets
    )
