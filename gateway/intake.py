"""What links hand in, on its way to the desk: bounded queues, batches, receipts.

The session calls in here from the event loop and never waits. Whole questions go to the desk,
parts of long ones to `gateway.long_questions`, receipts to `gateway.receipts`. Nothing is
acknowledged before it is on disk: a full queue or a store that refuses is answered with the
operator's busy status, and the SMSC keeps the message.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog

from gateway.clock import Clock
from gateway.core.records import Question, Reply
from gateway.desk import Asking, Desk
from gateway.long_questions import LongQuestions
from gateway.outbox import Outbox
from gateway.receipts import Receipts
from gateway.reports import Reports
from gateway.store.journal import Journal, StoreUnavailableError
from smpp import pdu
from smpp.messages import BindState, Inbound, Receipt, SubmitResult
from smpp.owner import BindEvent, Delivery

QUEUE_MAX = 5_000  # deliveries waiting, all links together; beyond it: busy
BATCH_MAX = 500  # parts a commit
QUESTIONS_MAX = 25  # a batch: so few that one is worded while another is being committed
BATCHES_OPEN_MAX = 4  # batches between lookup and commit at one time

log = structlog.get_logger()

Arrival = tuple[Delivery, int]  # and when it came, UTC microseconds


class LinkFacts(Protocol):
    """What the intake must know of a link."""

    operator: str
    busy_status: int
    queue_max: int  # replies that may wait for it; 0: as many as come


class Counters(Protocol):
    """What the intake counts."""

    def received(self, link: str, what: str, count: int) -> None: ...
    def took(self, seconds: float) -> None: ...
    def refused(self, link: str, count: int) -> None: ...


class Intake:
    """The owner of every SMPP link (smpp.owner.Owner)."""

    def __init__(
        self,
        *,
        journal: Journal,
        desk: Desk,
        outbox: Outbox,
        long_questions: LongQuestions,
        receipts: Receipts,
        reports: Reports,
        links: Mapping[str, LinkFacts],
        clock: Clock,
        counters: Counters,
    ) -> None:
        self._journal = journal
        self._desk = desk
        self._outbox = outbox
        self._long = long_questions
        self._receipts = receipts
        self._reports = reports
        self._links = links
        self._clock = clock
        self._counters = counters
        self._questions: deque[Arrival] = deque()
        self._parts: deque[Arrival] = deque()
        self._confirmed: dict[int, int] = {}
        self._question_wake = asyncio.Event()
        self._side_wake = asyncio.Event()
        self._open_batches = asyncio.Semaphore(BATCHES_OPEN_MAX)
        self._batches_open = 0
        self._being_answered: set[str] = set()  # subscribers with a question in an open batch
        self._closed = False

    # -- smpp.owner.Owner

    def on_delivery(self, delivery: Delivery) -> None:
        message = delivery.message
        now_us = self._clock.now_us()
        if isinstance(message, Receipt) or message.unflagged is not None:
            if self._closed or not self._receipts.put(delivery, now_us):
                self._refuse((delivery,))
            return
        queue_max = self._links[delivery.link].queue_max
        if queue_max and self._outbox.owed(delivery.link) >= queue_max:
            self._refuse((delivery,), pdu.RMSGQFUL)  # too much waits for it to fetch
        elif message.part is None:
            self._ask(delivery, now_us)
        elif self._closed or len(self._parts) >= QUEUE_MAX:
            self._refuse((delivery,))
        else:
            self._parts.append((delivery, now_us))
            self._side_wake.set()

    def on_submit_result(self, link: str, result: SubmitResult) -> None:
        self._outbox.on_submit_result(link, result)

    def on_room(self, link: str) -> None:
        self._outbox.on_room(link)

    def on_confirmed(self, session: int, through: int) -> None:
        self._confirmed[session] = through
        self._side_wake.set()

    def on_bind(self, event: BindEvent) -> None:
        if event.state is BindState.BOUND and event.sends:
            self._outbox.on_bound(event.link)

    # -- the loops

    async def run_questions(self) -> None:
        """Batches of whole questions to the desk, for ever; a few at a time, so that one is
        looked up while another is being committed."""
        async with asyncio.TaskGroup() as batches:
            while True:
                await self._question_wake.wait()
                await self._open_batches.acquire()
                self._question_wake.clear()
                batch = self._take_batch()
                if batch:
                    self._batches_open += 1
                    batches.create_task(self._serve(batch))
                    if self._questions:  # more than a batch takes
                        self._question_wake.set()
                else:
                    self._open_batches.release()

    async def run_side(self) -> None:
        """Receipts, parts and confirmations, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._long.run())
            tasks.create_task(self._receipts.run(self._ask))
            while True:
                await self._side_wake.wait()
                self._side_wake.clear()
                await self._take_parts()
                await self._confirm()

    def close(self) -> None:
        """From now on every delivery is answered busy."""
        self._closed = True

    @property
    def idle(self) -> bool:
        queued = self._questions or self._parts or self._batches_open
        return self._receipts.idle and not queued

    # -- inside

    def _ask(self, delivery: Delivery, at_us: int) -> None:
        """In line for the desk: a whole question, or what only looked like a receipt."""
        if self._closed or len(self._questions) >= QUEUE_MAX:
            self._refuse((delivery,))
            return
        self._questions.append((delivery, at_us))
        self._question_wake.set()

    def _take_batch(self) -> list[tuple[Delivery, Asking]]:
        """The oldest questions, at most one a subscriber in all open batches: the next one of the
        same subscriber must see what this one changes, and be answered after it."""
        batch: list[tuple[Delivery, Asking]] = []
        parties = self._being_answered
        later: list[Arrival] = []
        queue = self._questions
        while queue and len(batch) < QUESTIONS_MAX and len(later) < BATCH_MAX:
            arrival = queue.popleft()
            delivery, received_us = arrival
            message = delivery.message
            assert isinstance(message, Inbound)
            if message.source in parties:
                later.append(arrival)
                continue
            parties.add(message.source)
            batch.append((delivery, self._asking(delivery, message, received_us)))
        queue.extendleft(reversed(later))
        return batch

    def _asking(self, delivery: Delivery, message: Inbound, received_us: int) -> Asking:
        link = self._links[delivery.link]
        return self._desk.asking(
            link=delivery.link,
            operator=link.operator,
            session=delivery.session,
            identity=message.identity,
            msisdn=message.source,
            short_code=message.destination,
            channel="sms",
            text=message.text,
            received_us=received_us,
            answerable=message.answerable,
        )

    async def _serve(self, batch: list[tuple[Delivery, Asking]]) -> None:
        receipts = [
            receipt
            for delivery, asking in batch
            if (receipt := self._receipt(delivery, asking.question)) is not None
        ]
        try:
            await self._desk.serve(
                [asking for _, asking in batch],
                receipts,
                lambda originals: self._acknowledge(batch, originals),
            )
        except StoreUnavailableError:
            self._refuse([delivery for delivery, _ in batch])
        else:
            self._count(batch)
        finally:
            self._being_answered.difference_update(asking.question.msisdn for _, asking in batch)
            self._batches_open -= 1
            self._open_batches.release()
            if self._questions:
                self._question_wake.set()

    def _receipt(self, delivery: Delivery, question: Question) -> Reply | None:
        return self._reports.make(delivery, question.id, question.received_us)

    def _acknowledge(
        self, batch: Sequence[tuple[Delivery, Asking]], originals: Mapping[int, int]
    ) -> None:
        message_id = self._reports.message_id
        for delivery, asking in batch:
            id_ = asking.question.id
            delivery.respond(0, id_, message_id(delivery.link, originals.get(id_, id_)))

    def _count(self, batch: Sequence[tuple[Delivery, Asking]]) -> None:
        for link, count in Counter(delivery.link for delivery, _ in batch).items():
            self._counters.received(link, "question", count)
        oldest_us = min(asking.question.received_us for _, asking in batch)
        self._counters.took((self._clock.now_us() - oldest_us) / 1_000_000)

    def _refuse(self, deliveries: Sequence[Delivery], status: int = 0) -> None:
        """`status` 0: the busy one of the operator."""
        for delivery in deliveries:
            delivery.respond(status or self._links[delivery.link].busy_status)
            self._counters.refused(delivery.link, 1)

    async def _take_parts(self) -> None:
        while self._parts:
            batch = [self._parts.popleft() for _ in range(min(len(self._parts), BATCH_MAX))]
            try:
                complete = await self._long.store(batch)
            except StoreUnavailableError:
                self._refuse([delivery for delivery, _ in batch])
            else:
                await self._long.serve(complete)

    async def _confirm(self) -> None:
        confirmed, self._confirmed = self._confirmed, {}
        for session, through in confirmed.items():
            try:
                await self._journal.confirm(session, through)
            except StoreUnavailableError:
                return  # the fingerprints stay doubtful: a redelivery is still recognised
