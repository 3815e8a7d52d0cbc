"""Receipts on their way to their replies: a bounded queue, batches, then the acknowledgements.

Receipts are joined by the ids of the operator's choice, learnt where his profile leaves that open
(`smpp.message_ids`). What only reads like a receipt, without its flag, is one if it names a reply
of ours; else it is passed on as the question it is.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog

from gateway.core import delivery as deciding
from gateway.core.delivery import Policy
from gateway.core.records import ReceiptSeen, ReceiptsTaken
from gateway.store.journal import Journal, StoreUnavailableError
from smpp.message_ids import IdMatches
from smpp.messages import Inbound, Receipt
from smpp.operators import MessageIdForm
from smpp.owner import Delivery

QUEUE_MAX = 5_000  # receipts waiting, all links together; beyond it: busy
BATCH_MAX = 500  # receipts a commit

log = structlog.get_logger()

Arrival = tuple[Delivery, int]  # and when it came, UTC microseconds


class LinkFacts(Protocol):
    """What must be known of a link."""

    operator: str
    busy_status: int
    policy: Policy
    message_id_form: MessageIdForm


class Counters(Protocol):
    """What is counted here."""

    def received(self, link: str, what: str, count: int) -> None: ...
    def refused(self, link: str, count: int) -> None: ...
    def receipts_joined(self, joined: int, orphans: int) -> None: ...
    def receipt_match_ratio(self, link: str, ratio: float) -> None: ...


class Receipts:
    """See the module. `party` is the keyed hash of a phone."""

    def __init__(
        self,
        *,
        journal: Journal,
        links: Mapping[str, LinkFacts],
        counters: Counters,
        party: Callable[[str], str],
    ) -> None:
        self._journal = journal
        self._links = links
        self._counters = counters
        self._party = party
        self._matches: dict[str, IdMatches] = {}
        self._queue: deque[Arrival] = deque()
        self._wake = asyncio.Event()
        self._committing = False

    def put(self, delivery: Delivery, at_us: int) -> bool:
        """Take a receipt, or what reads like one, that came then (UTC microseconds); False: the
        queue is full."""
        if len(self._queue) >= QUEUE_MAX:
            return False
        self._queue.append((delivery, at_us))
        self._wake.set()
        return True

    @property
    def idle(self) -> bool:
        return not (self._queue or self._committing)

    async def run(self, pass_on: Callable[[Delivery, int], None]) -> None:
        """Join and acknowledge, a batch a commit, for ever. `pass_on` takes what was no receipt,
        unanswered, with its time of arrival."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                batch = [self._queue.popleft() for _ in range(min(len(self._queue), BATCH_MAX))]
                self._committing = True
                try:
                    await self._take(batch, pass_on)
                finally:
                    self._committing = False

    async def _take(
        self, batch: Sequence[Arrival], pass_on: Callable[[Delivery, int], None]
    ) -> None:
        rows = [self._row(delivery, at_us) for delivery, at_us in batch]
        try:
            taken = await self._journal.receipts(rows)
        except StoreUnavailableError:
            for delivery, _ in batch:
                delivery.respond(self._links[delivery.link].busy_status)
                self._counters.refused(delivery.link, 1)
            return
        received: Counter[str] = Counter()
        orphans = 0
        for place, (row, (delivery, at_us)) in enumerate(zip(rows, batch, strict=True)):
            if place in taken.unmatched and not row.keep:
                pass_on(delivery, at_us)
                continue
            delivery.respond(0)
            received[delivery.link] += 1
            orphans += place in taken.unmatched
            self._note(delivery, row, place, taken)
        for link, count in received.items():
            self._counters.received(link, "receipt", count)
            self._tell_rate(link)
        self._counters.receipts_joined(received.total() - orphans, orphans)

    def _row(self, delivery: Delivery, at_us: int) -> ReceiptSeen:
        receipt = _receipt(delivery)
        matches = self._matches.get(delivery.link)
        link = self._links[delivery.link]
        if matches is None:
            matches = self._matches[delivery.link] = IdMatches(link.message_id_form)
        preferred, others = matches.candidates(receipt.canonical_id)
        reference = receipt.user_message_reference
        state, charge = deciding.after_receipt(receipt.state, link.policy)
        # Only what is less sure than the believed id needs the proof that the subscriber fits.
        proof = bool(others) or reference is not None
        return ReceiptSeen(
            delivery.link,
            preferred,
            state,
            receipt.stat,
            receipt.error,
            charge,
            at_us,
            others,
            self._party(receipt.source) if proof and receipt.source else "",
            reference,
            delivery.message is receipt,
        )

    def _note(self, delivery: Delivery, row: ReceiptSeen, place: int, taken: ReceiptsTaken) -> None:
        """One receipt more for what is known of its link's ids."""
        matches = self._matches[delivery.link]
        matched = place not in taken.unmatched
        matches.note(matched=matched)
        if not (matched and row.others):
            return
        if place not in taken.otherwise:
            matches.believe()
            return
        before = matches.form
        form = matches.learn(_receipt(delivery).canonical_id, taken.otherwise[place])
        if form is not None:
            log.info(
                "receipt_ids_learnt",
                link=delivery.link,
                operator=self._links[delivery.link].operator,
                form=str(form),
                before=str(before),
            )

    def _tell_rate(self, link: str) -> None:
        matches = self._matches[link]
        rate = round(matches.rate, 3)
        self._counters.receipt_match_ratio(link, rate)
        if matches.fell():
            log.warning(
                "receipts_unmatched",
                link=link,
                operator=self._links[link].operator,
                rate=rate,
                remedy="compare an id of submit_sm_resp with that of its receipt (jauap capture), "
                "then set message_id_form in the profile",
            )


def _receipt(delivery: Delivery) -> Receipt:
    message = delivery.message
    receipt = message.unflagged if isinstance(message, Inbound) else message
    assert receipt is not None
    return receipt
