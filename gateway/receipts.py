"""Receipts on their way to their replies: a bounded queue, batches, then the acknowledgements."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Mapping
from typing import Protocol

from gateway.core import delivery as deciding
from gateway.core.records import ReceiptSeen
from gateway.store.journal import Journal, StoreUnavailableError
from smpp.messages import Receipt
from smpp.owner import Delivery

QUEUE_MAX = 5_000  # receipts waiting, all links together; beyond it: busy
BATCH_MAX = 500  # receipts a commit


class LinkFacts(Protocol):
    """What must be known of a link."""

    busy_status: int


class Counters(Protocol):
    """What is counted here."""

    def received(self, link: str, what: str, count: int) -> None: ...
    def refused(self, link: str, count: int) -> None: ...
    def receipts_joined(self, joined: int, orphans: int) -> None: ...


class Receipts:
    """See the module."""

    def __init__(
        self, *, journal: Journal, links: Mapping[str, LinkFacts], counters: Counters
    ) -> None:
        self._journal = journal
        self._links = links
        self._counters = counters
        self._queue: deque[tuple[Delivery, int]] = deque()
        self._wake = asyncio.Event()

    def put(self, delivery: Delivery, at_us: int) -> bool:
        """Take a receipt that came then (UTC microseconds); False: the queue is full."""
        if len(self._queue) >= QUEUE_MAX:
            return False
        self._queue.append((delivery, at_us))
        self._wake.set()
        return True

    @property
    def idle(self) -> bool:
        return not self._queue

    async def run(self) -> None:
        """Join and acknowledge, a batch a commit, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                await self._take()

    async def _take(self) -> None:
        queue = self._queue
        arrivals = [queue.popleft() for _ in range(min(len(queue), BATCH_MAX))]
        rows = [_row(delivery, at_us) for delivery, at_us in arrivals]
        batch = [delivery for delivery, _ in arrivals]
        try:
            joined = await self._journal.receipts(rows)
        except StoreUnavailableError:
            for delivery in batch:
                delivery.respond(self._links[delivery.link].busy_status)
                self._counters.refused(delivery.link, 1)
            return
        self._counters.receipts_joined(joined, len(rows) - joined)
        for link, count in Counter(delivery.link for delivery in batch).items():
            self._counters.received(link, "receipt", count)
        for delivery in batch:
            delivery.respond(0)


def _row(delivery: Delivery, at_us: int) -> ReceiptSeen:
    receipt = delivery.message
    assert isinstance(receipt, Receipt)
    state, charge = deciding.after_receipt(receipt.state)
    if receipt.intermediate:
        state, charge = None, None
    return ReceiptSeen(
        link=delivery.link,
        canonical_id=receipt.canonical_id,
        state=state,
        stat=receipt.stat,
        error=receipt.error,
        charge=charge,
        at_us=at_us,
    )
