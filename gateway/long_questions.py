"""Long questions: parts are stored and acknowledged one by one, and become a question when the last
has come, or when their time is over.

The store is the only place where parts wait: they may come over any bind, out of order, across a
restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog

from gateway.clock import Clock
from gateway.core.records import StoredPart
from gateway.desk import Desk
from gateway.keys import Keys
from gateway.outbox import Outbox
from gateway.reports import Reports
from gateway.store.journal import Journal, StoreUnavailableError
from smpp.messages import Inbound
from smpp.owner import Delivery

SWEEP_S = 10.0
SETS_MAX = 500  # sets a sweep

log = structlog.get_logger()


class LinkParts(Protocol):
    """What must be known of a link to join its parts."""

    operator: str
    parts_wait_s: int  # a message whose parts never complete is answered after this

    def join(self, parts: Sequence[StoredPart]) -> str | None: ...


class LongQuestions:
    """See the module."""

    def __init__(
        self,
        *,
        journal: Journal,
        desk: Desk,
        links: Mapping[str, LinkParts],
        reports: Reports,
        outbox: Outbox,
        keys: Keys,
        clock: Clock,
        next_id: Callable[[], int],
    ) -> None:
        self._journal = journal
        self._desk = desk
        self._links = links
        self._reports = reports
        self._outbox = outbox
        self._keys = keys
        self._clock = clock
        self._next_id = next_id

    async def store(
        self, batch: Sequence[tuple[Delivery, int]]
    ) -> Sequence[tuple[StoredPart, ...]]:
        """Store parts (with their times of arrival) and what receipts of ours they ask for, then
        acknowledge them; returns the sets that are complete now.

        Raises StoreUnavailableError: nothing is stored or acknowledged.
        """
        rows = [self._row(delivery, received_us) for delivery, received_us in batch]
        receipts = [
            receipt
            for (delivery, at_us), row in zip(batch, rows, strict=True)
            if (receipt := self._reports.make(delivery, row.id, at_us)) is not None
        ]
        taken = await self._journal.part(rows, receipts)
        originals = {duplicate.question_id: duplicate.original_id for duplicate in taken.duplicates}
        for (delivery, _), row in zip(batch, rows, strict=True):
            known_by = originals.get(row.id, row.id)
            delivery.respond(0, row.id, self._reports.message_id(delivery.link, known_by))
        for receipt in receipts:
            if receipt.question_id not in originals:
                self._outbox.dispatch((receipt,))
        return taken.complete

    async def serve(self, sets: Sequence[tuple[StoredPart, ...]]) -> None:
        """Make questions of sets, whole or what came of them; the sweep repeats what fails."""
        for parts in sets:
            first = parts[0]
            if first.link not in self._links:  # no longer in the settings: they wait for its return
                log.warning("parts_of_no_link", link=first.link, parts=len(parts))
                continue
            asking = self._desk.asking(
                link=first.link,
                operator=first.operator,
                session=first.session,
                identity=b"joined:" + b",".join(part.fingerprint.encode() for part in parts),
                msisdn=first.msisdn,
                short_code=first.short_code,
                channel="sms",
                text=self._links[first.link].join(parts),
                joined=tuple(part.id for part in parts),
                parts=first.total,
            )
            try:
                await self._desk.serve([asking])
            except StoreUnavailableError:
                log.warning("long_question_waits", reason="the store is away", parts=len(parts))
                return

    async def run(self) -> None:
        """Sweep for ever: sets that a stop or a missing part left behind."""
        wait_s = min((link.parts_wait_s for link in self._links.values()), default=0)
        while wait_s:
            try:
                before_us = self._clock.now_us() - wait_s * 1_000_000
                await self.serve(await self._journal.parts_before(before_us, SETS_MAX))
            except StoreUnavailableError:
                log.warning("parts_not_swept", reason="the store is away")
            await asyncio.sleep(min(SWEEP_S, wait_s))

    def _row(self, delivery: Delivery, received_us: int) -> StoredPart:
        message = delivery.message
        assert isinstance(message, Inbound)
        part = message.part
        assert part is not None
        return StoredPart(
            id=self._next_id(),
            link=delivery.link,
            operator=self._links[delivery.link].operator,
            session=delivery.session,
            fingerprint=self._keys.fingerprint(message.identity),
            party=self._keys.party(message.source),
            msisdn=message.source,
            short_code=message.destination,
            received_us=received_us,
            data_coding=message.data_coding,
            octets=message.octets,
            reference=part.reference,
            width=part.width,
            total=part.total,
            number=part.number,
        )
