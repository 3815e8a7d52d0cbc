"""Replies on their way out: claim, submit, settle.

An answer whose window slots were reserved before it was committed goes out right after the commit;
any other waits for `run` to claim it. What a crash leaves behind comes back through the store
(`gateway.readback`): queued replies at the start, unknown ones at the next bind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence

from gateway.core import delivery
from gateway.core.records import Outcome, Reply, ReplyState
from gateway.lanes import Lanes, Parcel
from gateway.lines import Counters, Line, Port
from gateway.readback import ReadBack
from gateway.store.journal import Journal, StoreUnavailableError
from smpp.messages import SubmitEnd, SubmitResult
from smpp.status import Action

HELD_MAX = 10_000  # replies of a link kept in memory; the rest waits in the store
CLAIM_MAX = 500  # replies a claim
STORE_RETRY_S = 0.2
IDLE_S = 1.0  # the longest the pump sleeps: a bound on any lost wake-up


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
        self._stored = ReadBack(journal, now_us)
        self._lines = {port.name: Line(port) for port in ports}
        self._lanes = Lanes(list(self._lines))
        self._now_us = now_us
        self._counters = counters
        self._open: dict[int, tuple[Reply, Parcel]] = {}
        self._outcomes: list[Outcome] = []
        self._requeued: dict[int, tuple[Reply, Parcel]] = {}
        self._settling = False
        self._wake = asyncio.Event()
        self._settle_wake = asyncio.Event()

    # -- called by the desk

    def reserve(self, link: str, msisdn: str, segments: int) -> bool:
        """Promise window slots to an answer about to be committed as SUBMITTING."""
        line = self._lines[link]
        if line.room < segments or not self._lanes.free(link, msisdn):
            return False
        line.reserved += segments
        self._lanes.reserve(link, msisdn)
        return True

    def cancel(self, link: str, msisdn: str, segments: int) -> None:
        """The answer was not committed: give the slots back."""
        self._lines[link].reserved -= segments
        self._go_on(self._lanes.head(link, msisdn))

    def dispatch(self, replies: Sequence[Reply]) -> None:
        """Committed replies of one question, or a receipt of ours: out with those reserved, in line
        with the rest."""
        first = replies[0]
        line = self._lines[first.link]
        line.owed += len(replies)
        if first.state is ReplyState.SUBMITTING:
            line.reserved -= len(replies)
            parcel = self._lanes.head(first.link, first.msisdn)
            for reply in replies:
                self._submit(line, reply, parcel)
            return
        if len(line.held) + len(replies) > HELD_MAX:
            line.more = True
            self._wake.set()
        else:
            self._enqueue(replies)

    def owed(self, link: str) -> int:
        """Replies that wait for a link to take them, about."""
        return self._lines[link].owed

    # -- called by the link

    def on_submit_result(self, link: str, result: SubmitResult) -> None:
        """A submit has ended; or an answer came after its timer."""
        line = self._lines[link]
        reply, parcel = self._open.pop(result.reply_id, (None, None))
        if reply is None or parcel is None:
            self._late(line, result)
            return
        verdict = line.port.verdict(result.status, reply.attempts)
        outcome = delivery.after_result(reply, result, verdict, line.port.policy, self._now_us())
        self._note(link, outcome)
        parcel.out -= 1
        if outcome.state is ReplyState.QUEUED:
            parcel.waiting += 1
            again = reply._replace(
                state=ReplyState.QUEUED,
                next_us=outcome.next_us,
                attempts=outcome.attempts,
                maybe_sent=outcome.maybe_sent,
            )
            self._requeued[reply.id] = (again, parcel)
        else:
            self._go_on(parcel)

    def on_room(self, link: str) -> None:
        """The link takes submits again."""
        line = self._lines[link]
        if self._lanes.ready(link) or line.more or line.resend:
            self._wake.set()

    def on_bound(self, link: str) -> None:
        """A new bind: what the old one left unknown may be sent again."""
        self._lines[link].resend = True
        self._wake.set()

    @property
    def lines(self) -> Collection[Line]:
        return self._lines.values()

    async def give_up_late(self, line: Line) -> None:
        """What waited too long for a peer that takes nothing. Raises StoreUnavailableError."""
        async for outcomes in self._stored.expired(line):
            for outcome in outcomes:
                self._note(line.port.name, outcome)

    @property
    def idle(self) -> bool:
        """Nothing is with a link and every outcome is on disk."""
        return not self._open and self._settled

    @property
    def _settled(self) -> bool:
        return not (self._outcomes or self._settling)

    # -- the loops

    async def run(self) -> None:
        """Claim and submit what waits, for ever."""
        while True:
            try:
                for line in self._lines.values():
                    if line.resend and self._settled:
                        await self._stored.resend(line)
                    if line.more and len(line.held) < HELD_MAX // 2:
                        for replies in await self._stored.queued(line, self._requeued):
                            self._enqueue(replies)
                due_us = self._lanes.wake(self._now_us())
                for line in self._lines.values():
                    while self._lanes.ready(line.port.name) and line.room > 0:
                        await self._claim(line)
            except StoreUnavailableError:
                await asyncio.sleep(STORE_RETRY_S)
                continue
            await self._nap(due_us)

    async def run_settling(self) -> None:
        """Write down outcomes, for ever; while the store is away they wait here, as many as the
        windows hold."""
        while True:
            await self._settle_wake.wait()
            self._settle_wake.clear()
            self._settling = True
            while self._outcomes:
                batch, self._outcomes = self._outcomes, []
                await self._write_down(batch)
            self._settling = False
            if any(line.resend for line in self._lines.values()):
                self._wake.set()

    # -- inside

    async def _write_down(self, batch: Sequence[Outcome]) -> None:
        """Settle a batch; then requeued replies may be claimed again, as the store knows them."""
        while True:
            try:
                await self._journal.settle(batch)
                break
            except StoreUnavailableError:
                await asyncio.sleep(STORE_RETRY_S)
        for outcome in batch:
            reply, parcel = self._requeued.pop(outcome.reply_id, (None, None))
            if reply is None or parcel is None:
                continue
            self._lines[reply.link].held.add(reply.id)
            parcel.waiting -= 1
            parcel.put_back(reply)
            self._go_on(parcel)

    def _submit(self, line: Line, reply: Reply, parcel: Parcel) -> None:
        parcel.out += 1
        self._open[reply.id] = (reply, parcel)
        line.port.submit(line.port.pack(reply))
        self._counters.submitted(line.port.name)

    def _note(self, link: str, outcome: Outcome) -> None:
        self._counters.settled(link, outcome.state, 1)
        line = self._lines[link]
        if outcome.state is not ReplyState.QUEUED and line.owed:
            line.owed -= 1
        self._outcomes.append(outcome)
        self._settle_wake.set()

    def _late(self, line: Line, result: SubmitResult) -> None:
        """A positive response after its timer: the reply was stored as unknown."""
        if result.end is not SubmitEnd.ANSWERED:
            return
        if line.port.verdict(result.status, 0).action is Action.SENT:
            self._note(
                line.port.name, delivery.answered_late(result, line.port.policy, self._now_us())
            )

    def _enqueue(self, replies: Sequence[Reply]) -> None:
        first = replies[0]
        self._lines[first.link].held.update(reply.id for reply in replies)
        self._lanes.open(Parcel(first.link, first.msisdn, replies, first.next_us), self._now_us())
        self._wake.set()

    def _go_on(self, parcel: Parcel) -> None:
        """A parcel with nothing under way: its rest in line again, or its subscriber's next."""
        if parcel.out or parcel.waiting:
            return
        if parcel.todo:
            self._lanes.line_up(parcel, self._now_us())
            self._wake.set()
        elif self._lanes.close(parcel, self._now_us()):
            self._wake.set()

    async def _nap(self, due_us: int | None) -> None:
        seconds = IDLE_S
        if due_us is not None:
            seconds = min(seconds, max(0.001, (due_us - self._now_us()) / 1_000_000))
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    async def _claim(self, line: Line) -> None:
        """Claim as many waiting replies as the window takes; submit those that are ours."""
        ready, room = self._lanes.ready(line.port.name), min(line.room, CLAIM_MAX)
        parcels: list[Parcel] = []
        count = 0
        while ready and count < room:
            parcels.append(ready.popleft())
            count += len(parcels[-1].todo)
        line.reserved += count
        now_us = self._now_us()
        try:
            ids = [reply.id for parcel in parcels for reply in parcel.todo]
            claimed = await self._journal.claim(ids, now_us)
        except StoreUnavailableError:
            ready.extendleft(reversed(parcels))
            raise
        finally:
            line.reserved -= count
        for parcel in parcels:
            self._send_claimed(line, parcel, claimed, now_us)

    def _send_claimed(
        self, line: Line, parcel: Parcel, claimed: frozenset[int], now_us: int
    ) -> None:
        while parcel.todo:
            reply = parcel.todo.popleft()
            line.held.discard(reply.id)
            if reply.id not in claimed:
                continue
            if reply.expires_us <= now_us:
                self._note(line.port.name, delivery.expired(reply, now_us))
            else:
                self._submit(line, reply, parcel)
        self._go_on(parcel)
