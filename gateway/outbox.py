"""Replies on their way out: claim, submit, settle; in order for each subscriber.

A `Parcel` is the replies of one question; a lane holds a subscriber's parcels, and only its head
moves. A parcel whose window slots were reserved before the answer was committed goes out right
after the commit; any other waits for `run` to claim it. What a crash leaves behind comes back
through the store: queued replies by `_refill`, unknown ones by `_resend` at the next bind.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from gateway.core import delivery
from gateway.core.records import Outcome, Reply, ReplyState
from gateway.store.journal import Journal, StoreUnavailableError
from smpp.messages import Submit, SubmitEnd, SubmitResult
from smpp.status import Action

HELD_MAX = 10_000  # replies kept in memory, all links together; the rest waits in the store
CLAIM_MAX = 500  # replies a claim
PAGE = 1_000  # rows a page when reading back from the store
STORE_RETRY_S = 0.2
IDLE_S = 1.0  # the longest the pump sleeps: a bound on any lost wake-up

log = structlog.get_logger()


class Port(Protocol):
    """A link as the outbox sees it."""

    name: str
    policy: delivery.Policy

    @property
    def room(self) -> int: ...
    def pack(self, reply: Reply) -> Submit: ...
    def submit(self, submit: Submit) -> None: ...
    def verdict(self, status: int, attempts: int) -> delivery.Verdict: ...


class Counters(Protocol):
    """What the outbox counts."""

    def submitted(self, link: str) -> None: ...
    def settled(self, link: str, state: ReplyState, count: int) -> None: ...


class Parcel:
    """The replies of one question on one link: `todo` not yet claimed, `open` with the link."""

    __slots__ = ("due_us", "link", "msisdn", "open", "todo")

    def __init__(self, link: str, msisdn: str, todo: deque[Reply], due_us: int = 0) -> None:
        self.link = link
        self.msisdn = msisdn
        self.todo = todo
        self.open = 0
        self.due_us = due_us


class _Line:
    """One link's share of the outbox."""

    __slots__ = ("last_id", "more", "port", "ready", "resend", "reserved")

    def __init__(self, port: Port) -> None:
        self.port = port
        self.reserved = 0  # window slots promised to answers that are being committed
        self.ready: deque[Parcel] = deque()
        self.more = True  # the store may hold queued replies that memory does not
        self.last_id = 0
        self.resend = False  # a new bind: replies of unknown fate may go again


class Outbox:
    """See the module. All methods run on the event loop."""

    def __init__(
        self,
        journal: Journal,
        ports: Sequence[Port],
        now_us: Callable[[], int],
        counters: Counters,
    ) -> None:
        self._journal = journal
        self._lines = {port.name: _Line(port) for port in ports}
        self._now_us = now_us
        self._counters = counters
        self._lanes: dict[str, deque[Parcel]] = {}
        self._open: dict[int, tuple[Reply, Parcel | None]] = {}
        self._held: set[int] = set()
        self._delayed: list[tuple[int, int, Parcel]] = []
        self._outcomes: list[Outcome] = []
        self._requeued: dict[int, tuple[Reply, Parcel]] = {}
        self._settling = False
        self._wake = asyncio.Event()
        self._settle_wake = asyncio.Event()

    # -- called by the desk

    def reserve(self, link: str, msisdn: str, segments: int) -> bool:
        """Promise window slots to an answer about to be committed as SUBMITTING."""
        line = self._lines[link]
        if line.ready or msisdn in self._lanes or line.port.room - line.reserved < segments:
            return False
        line.reserved += segments
        self._lanes[msisdn] = deque((Parcel(link, msisdn, deque()),))
        return True

    def cancel(self, link: str, msisdn: str, segments: int) -> None:
        """The answer was not committed: give the slots back."""
        self._lines[link].reserved -= segments
        self._finish(self._lanes[msisdn][0])

    def dispatch(self, replies: Sequence[Reply]) -> None:
        """Committed replies of one question: out with those reserved, in line with the rest."""
        first = replies[0]
        line = self._lines[first.link]
        if first.state is ReplyState.SUBMITTING:
            line.reserved -= len(replies)
            parcel = self._lanes[first.msisdn][0]
            for reply in replies:
                self._submit(line, reply, parcel)
        elif len(self._held) + len(replies) > HELD_MAX:
            line.more = True
            self._wake.set()
        else:
            self._enqueue(line, replies)

    # -- called by the link

    def on_submit_result(self, link: str, result: SubmitResult) -> None:
        line = self._lines[link]
        reply, parcel = self._open.pop(result.reply_id, (None, None))
        if reply is None:
            late = result.end is SubmitEnd.ANSWERED
            if late and line.port.verdict(result.status, 0).action is Action.SENT:
                self._settle_late(line, result)
            return
        verdict = line.port.verdict(result.status, reply.attempts)
        outcome = delivery.after_result(reply, result, verdict, line.port.policy, self._now_us())
        self._counters.settled(link, outcome.state, 1)
        self._outcomes.append(outcome)
        self._settle_wake.set()
        if parcel is None:
            return
        parcel.open -= 1
        if outcome.state is ReplyState.QUEUED:
            again = reply._replace(
                state=ReplyState.QUEUED,
                next_us=outcome.next_us,
                attempts=outcome.attempts,
                maybe_sent=outcome.maybe_sent,
            )
            self._requeued[reply.id] = (again, parcel)
        elif not parcel.open and not parcel.todo and not self._waits(parcel):
            self._finish(parcel)

    def on_room(self, link: str) -> None:
        line = self._lines[link]
        if line.ready or line.more or line.resend:
            self._wake.set()

    def on_bound(self, link: str) -> None:
        """A new bind: what the old one left unknown may be sent again."""
        self._lines[link].resend = True
        self._wake.set()

    @property
    def idle(self) -> bool:
        """Nothing is with a link and every outcome is on disk."""
        return not (self._open or self._outcomes or self._settling)

    # -- the loops

    async def run(self) -> None:
        """Claim and submit what waits, for ever."""
        while True:
            try:
                for line in self._lines.values():
                    if line.resend and self.settled:
                        await self._resend(line)
                    if line.more and len(self._held) < HELD_MAX // 2:
                        await self._refill(line)
                self._wake_delayed()
                for line in self._lines.values():
                    while line.ready and line.port.room - line.reserved > 0:
                        await self._claim(line)
            except StoreUnavailableError:
                await asyncio.sleep(STORE_RETRY_S)
            await self._nap()

    async def run_settling(self) -> None:
        """Write down outcomes, for ever; while the store is away they wait here, as many as the
        windows hold."""
        while True:
            await self._settle_wake.wait()
            self._settle_wake.clear()
            batch, self._outcomes = self._outcomes, []
            self._settling = True
            while batch:
                try:
                    await self._journal.settle(batch)
                except StoreUnavailableError:
                    await asyncio.sleep(STORE_RETRY_S)
                    continue
                self._after_settled(batch)
                batch, self._outcomes = self._outcomes, []
            self._settling = False
            if any(line.resend for line in self._lines.values()):
                self._wake.set()

    @property
    def settled(self) -> bool:
        return not (self._outcomes or self._settling)

    # -- inside

    def _submit(self, line: _Line, reply: Reply, parcel: Parcel) -> None:
        parcel.open += 1
        self._open[reply.id] = (reply, parcel)
        line.port.submit(line.port.pack(reply))
        self._counters.submitted(line.port.name)

    def _settle_late(self, line: _Line, result: SubmitResult) -> None:
        """A response that came after its timer: the reply was stored as unknown."""
        reply_id = result.reply_id
        self._outcomes.append(
            Outcome(
                reply_id,
                ReplyState.SUBMITTED,
                status=0,
                message_id=result.message_id or None,
                canonical_id=result.canonical_id or None,
                charge=delivery.CHARGED if line.port.policy.charge_on_submit else None,
                at_us=self._now_us(),
            )
        )
        self._settle_wake.set()

    def _enqueue(self, line: _Line, replies: Sequence[Reply]) -> None:
        first = replies[0]
        parcel = Parcel(line.port.name, first.msisdn, deque(replies), first.next_us)
        self._held.update(reply.id for reply in replies)
        lane = self._lanes.get(first.msisdn)
        if lane is None:
            self._lanes[first.msisdn] = deque((parcel,))
            self._put_in_line(parcel)
        else:
            lane.append(parcel)
        self._wake.set()

    def _put_in_line(self, parcel: Parcel) -> None:
        if parcel.due_us > self._now_us():
            heapq.heappush(self._delayed, (parcel.due_us, id(parcel), parcel))
        else:
            self._lines[parcel.link].ready.append(parcel)

    def _finish(self, parcel: Parcel) -> None:
        """The head of a lane is done: the subscriber's next parcel takes its place."""
        lane = self._lanes[parcel.msisdn]
        lane.popleft()
        if lane:
            self._put_in_line(lane[0])
            self._wake.set()
        else:
            del self._lanes[parcel.msisdn]

    def _waits(self, parcel: Parcel) -> bool:
        return any(waiting is parcel for _, waiting in self._requeued.values())

    def _after_settled(self, batch: Sequence[Outcome]) -> None:
        """Requeued replies may be claimed again now that the store knows them as queued."""
        for outcome in batch:
            reply, parcel = self._requeued.pop(outcome.reply_id, (None, None))
            if reply is None or parcel is None:
                continue
            self._held.add(reply.id)
            parcel.todo.append(reply)
            parcel.due_us = max(parcel.due_us, reply.next_us)
            if not parcel.open and not self._waits(parcel):
                parcel.todo = deque(sorted(parcel.todo, key=lambda r: (r.ordinal, r.seg)))
                self._put_in_line(parcel)
                self._wake.set()

    def _wake_delayed(self) -> None:
        now_us = self._now_us()
        while self._delayed and self._delayed[0][0] <= now_us:
            parcel = heapq.heappop(self._delayed)[2]
            self._lines[parcel.link].ready.append(parcel)

    async def _nap(self) -> None:
        seconds = IDLE_S
        if self._delayed:
            seconds = min(seconds, max(0.001, (self._delayed[0][0] - self._now_us()) / 1_000_000))
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    async def _claim(self, line: _Line) -> None:
        """Claim as many waiting replies as the window takes; submit those that are ours."""
        room = min(line.port.room - line.reserved, CLAIM_MAX)
        parcels: list[Parcel] = []
        wanted: list[Reply] = []
        while line.ready and room > 0:
            parcel = line.ready.popleft()
            parcels.append(parcel)
            wanted.extend(parcel.todo)
            room -= len(parcel.todo)
        line.reserved += len(wanted)
        now_us = self._now_us()
        try:
            claimed = await self._journal.claim([reply.id for reply in wanted], now_us)
        except StoreUnavailableError:
            line.ready.extendleft(reversed(parcels))
            raise
        finally:
            line.reserved -= len(wanted)
        for parcel in parcels:
            self._send_claimed(line, parcel, claimed, now_us)

    def _send_claimed(
        self, line: _Line, parcel: Parcel, claimed: frozenset[int], now_us: int
    ) -> None:
        todo, parcel.todo = parcel.todo, deque()
        for reply in todo:
            self._held.discard(reply.id)
            if reply.id not in claimed:
                continue
            if reply.expires_us <= now_us:
                self._outcomes.append(delivery.expired(reply, now_us))
                self._counters.settled(line.port.name, ReplyState.EXPIRED, 1)
                self._settle_wake.set()
            else:
                self._submit(line, reply, parcel)
        if not parcel.open:
            self._finish(parcel)

    async def _refill(self, line: _Line) -> None:
        """Read queued replies back from the store, a page a call."""
        page = await self._journal.queued(line.port.name, line.last_id, PAGE)
        line.more = len(page) == PAGE
        line.last_id = page[-1].id if line.more else 0
        whole: dict[int, list[Reply]] = {}
        for reply in page:
            if reply.id not in self._held and reply.id not in self._requeued:
                whole.setdefault(reply.question_id, []).append(reply)
        for replies in whole.values():
            self._enqueue(line, replies)

    async def _resend(self, line: _Line) -> None:
        """After a new bind: once more what the old one left unknown, by the link's policy."""
        line.resend = False
        after_id, again = 0, 0
        while True:
            page = await self._journal.unknown(line.port.name, after_id, PAGE)
            now_us = self._now_us()
            outcomes = [
                outcome
                for reply in page
                if reply.id not in self._open
                and (outcome := delivery.resend(reply, line.port.policy, now_us))
            ]
            if outcomes:
                await self._journal.settle(outcomes)
                again += len(outcomes)
            if len(page) < PAGE:
                break
            after_id = page[-1].id
        if again:
            line.more, line.last_id = True, 0
            log.info("replies_sent_again", link=line.port.name, count=again)
