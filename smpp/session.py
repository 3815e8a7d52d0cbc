"""One SMPP session over one connection, in either role.

The reader never waits for the owner: what it reads is handed over at once, enquire_link is
answered at once, and the responses to deliveries leave as the owner gives them. How the session is
opened is an `opening.Opening`, what each end sends is a `context.Side`. It knows no rule of its
link or account; rate, statuses and the next bind belong to those that own it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from smpp import library, pdu, unserved
from smpp.alarm import Alarm
from smpp.context import Phase, SessionContext, SessionEnd
from smpp.deliveries import Deliveries
from smpp.messages import Submit
from smpp.opening import Opening
from smpp.status import BindAction
from smpp.submits import Submits
from smpp.timers import Due, Timers, limits_of
from smpp.writer import Writer


class Session(asyncio.Protocol):
    """`ended` resolves when the connection is gone; its socket is closed in the same step."""

    def __init__(self, context: SessionContext, opening: Opening) -> None:
        self.number = context.number
        self._context = context
        self._opening = opening
        self._loop = loop = asyncio.get_running_loop()
        self._timers = Timers(limits_of(context.profile), loop.time())
        self._alarm = Alarm(loop, self._tick, self._next_s, self._crash)
        self._framer = pdu.Framer()
        self._writer = Writer(loop, context.tap)
        self._deliveries = Deliveries(context, self._writer.put, self._proceed)
        self._submits = Submits(self, context, self._writer, self._deliveries)
        self._phase = Phase.OPENING
        self._confirmed = 0
        self._bound_at_s: float | None = None
        self._end = SessionEnd(BindAction.BACKOFF, "", 0.0)
        self.ended: asyncio.Future[SessionEnd] = loop.create_future()

    @property
    def room(self) -> int:
        """Submits it would take now."""
        if self._phase is not Phase.BOUND or self._writer.paused:
            return 0
        return self._submits.window.free

    @property
    def opening(self) -> bool:
        """Connected or about to be, and neither bound nor refused."""
        return self._phase is Phase.OPENING

    @property
    def heard_s(self) -> float:
        """When the peer last sent anything, by the loop's clock."""
        return self._timers.heard_s

    def submit(self, submit: Submit, now_s: float) -> None:
        """Write it. The caller checked `room`."""
        self._submits.submit(submit, now_s)
        self._alarm.by(now_s + self._context.profile.response_timer_s)

    def drain(self, drain_s: float) -> None:
        """Stop: refuse deliveries, wait so long for what is open, unbind, close."""
        self._leave(Phase.DRAINING, drain_s, "stopped")
        self._proceed()

    def linger(self, detail: str) -> None:
        """This session is no good any more: take late responses for a while, then close."""
        self._leave(Phase.LINGERING, self._context.limits.linger_s, detail)

    def close(self, action: BindAction, detail: str) -> None:
        """End the session; what is gathered still leaves."""
        if self._phase in (Phase.CLOSING, Phase.CLOSED):
            return
        self._enter(Phase.CLOSING, action, detail)
        self._timers.close_by(self._loop.time() + self._context.limits.close_s)
        self._writer.close()
        self._alarm.set()

    def abort(self) -> None:
        """Cut the connection at once."""
        self._writer.abort()

    def probe(self) -> None:
        """Ask whether the peer still lives; `heard_s` tells."""
        if not self._submits.enquiring:
            self._submits.enquire()
            self._timers.asked(self._loop.time())
            self._alarm.set()

    # what an Opening does

    def ask(self, request: Callable[[int], bytes]) -> None:
        self._writer.put(request(self._submits.window.next_sequence()))

    def answer(self, response: bytes) -> None:
        self._writer.put(response)

    def adopt(self, context: SessionContext) -> None:
        """It is known now whose session this is. Before `bound`, and with the same number."""
        self._context = context
        self._writer.tap = context.tap
        self._deliveries.adopt(context)
        self._submits = Submits(self, context, self._writer, self._deliveries)
        self._timers = Timers(limits_of(context.profile), self._loop.time())

    def bound(self, peer_version: int | None, now_s: float) -> None:
        """The bind was agreed on; None: the peer named no version."""
        self._submits.peer_version = peer_version
        self._phase = Phase.BOUND
        self._bound_at_s = now_s
        self._timers.bind(now_s)
        self._alarm.set()
        self._context.stats.binds += 1
        self._context.hooks.bound(self)
        self._deliveries.open(now_s)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._writer.attach(transport)  # type: ignore[arg-type]  # a stream's, as TCP gives it
        self._timers = Timers(limits_of(self._context.profile), self._loop.time())
        self._opening.begin(self)
        self._alarm.set()

    def data_received(self, data: bytes) -> None:
        try:
            self._receive(data)
        except Exception as error:
            self._crash(error)

    def pause_writing(self) -> None:
        self._writer.pause()

    def resume_writing(self) -> None:
        self._writer.resume()
        self._context.hooks.room()

    def connection_lost(self, exc: Exception | None) -> None:
        broke = "the peer closed the connection" if exc is None else f"the connection broke: {exc}"
        self._alarm.stop()
        self._deliveries.close()
        try:
            self._enter(Phase.CLOSED, BindAction.BACKOFF, broke)
            self._submits.close()
        except Exception as error:
            self._crash(error)
        if self._bound_at_s is not None:
            self._end = self._end._replace(bound_s=self._loop.time() - self._bound_at_s)
        if not self.ended.done():
            self.ended.set_result(self._end)

    def _receive(self, data: bytes) -> None:
        timers, submits = self._timers, self._submits
        now_s = timers.heard_s = self._loop.time()
        frames = self._framer.feed(data)
        side, tap = self._context.side, self._context.tap
        deliveries, answers = side.deliveries, side.answers
        for frame in frames:
            if isinstance(frame, pdu.Broken):
                self._break(frame)
                continue
            if tap is not None:
                tap.received(frame)
            if self._phase is not Phase.BOUND and self._unbound(frame, now_s):
                continue
            if frame.command_id in deliveries:
                timers.transacted(now_s)
                self._deliveries.receive(frame, now_s)
            elif frame.command_id not in answers or not submits.answered(frame, now_s):
                self._receive_other(frame, now_s)
            else:
                timers.transacted(now_s)
        if not self._framer.held_octets:
            timers.part_s = None
        elif frames or timers.part_s is None:
            timers.part_s = now_s
            self._alarm.by(now_s + self._context.profile.pdu_read_timer_s)
        if submits.proved > self._confirmed:
            self._confirmed = submits.proved
            timers.proved()
            self._context.owner.on_confirmed(self.number, self._confirmed)
        if self._phase is not Phase.BOUND:
            self._proceed()

    def _unbound(self, frame: pdu.Frame, now_s: float) -> bool:
        """Whether nothing else is to be done with what came before the bind or after the end."""
        if self._phase is Phase.OPENING:
            return self._opening.receive(self, frame, now_s)
        return self._phase in (Phase.CLOSING, Phase.CLOSED)

    def _receive_other(self, frame: pdu.Frame, now_s: float) -> None:
        command_id, _, sequence, _ = frame
        if command_id == pdu.ENQUIRE_LINK:
            self._writer.put(pdu.response(command_id, pdu.ROK, sequence))
        elif command_id == pdu.ENQUIRE_LINK_RESP:
            self._submits.enquiry_answered(sequence)
        elif command_id == pdu.UNBIND:
            self._writer.put(pdu.response(command_id, pdu.ROK, sequence))
            self.linger("the peer unbound")
        elif self._phase is Phase.UNBINDING and (
            command_id == pdu.UNBIND_RESP
            or (command_id == pdu.GENERIC_NACK and sequence == self._submits.own_sequence)
        ):
            self.close(BindAction.BACKOFF, "stopped")
        elif command_id != pdu.GENERIC_NACK or not (
            self._submits.enquiry_answered(sequence) or self._submits.answered(frame, now_s)
        ):
            self._unserved(command_id, sequence)

    def _unserved(self, command_id: int, sequence: int) -> None:
        reply = unserved.answer(command_id, sequence, self._context.side.bind_status)
        if reply is not None:
            self._context.stats.unknown_commands += 1
            self._context.warn("command_unserved", command=library.command_name(command_id))
            self._writer.put(reply)
        elif command_id & pdu.RESPONSE_BIT:
            self._context.stats.unmatched += 1
            self._context.warn("response_unmatched", command=library.command_name(command_id))

    def _break(self, broken: pdu.Broken) -> None:
        if self._phase not in (Phase.CLOSING, Phase.CLOSED):  # else nothing leaves any more
            self._context.stats.breaks += 1
            self._writer.put(pdu.generic_nack(broken.status, broken.sequence))
            self.close(BindAction.BACKOFF, f"framing lost: {broken.reason}")

    # leaving

    def _leave(self, phase: Phase, wait_s: float, detail: str) -> None:
        """Begin to end, and take so long for it at most."""
        if self._phase is Phase.OPENING:
            self.close(BindAction.BACKOFF, detail)
        elif self._phase in (Phase.BOUND, Phase.DRAINING):
            self._timers.close_by(self._loop.time() + wait_s)
            self._enter(phase, BindAction.BACKOFF, detail)
            self._alarm.set()

    def _enter(self, phase: Phase, action: BindAction, detail: str) -> None:
        """Go on from OPENING or BOUND or further towards the end; the first reason stays."""
        before, self._phase = self._phase, phase
        self._deliveries.accepting = False
        if not self._end.detail:
            self._end = SessionEnd(action, detail, 0.0)
        if before is Phase.BOUND:
            self._context.hooks.closing(self, detail)

    def _proceed(self) -> None:
        """Go on leaving once nothing is open."""
        if self._submits.window.open_count or len(self._deliveries):
            return
        if self._phase is Phase.DRAINING:
            self._unbind()
        elif self._phase is Phase.LINGERING:
            self.close(BindAction.BACKOFF, self._end.detail)

    def _unbind(self) -> None:
        self._phase = Phase.UNBINDING
        self._submits.unbind()
        self._timers.close_by(self._loop.time() + self._context.limits.unbind_s)
        self._alarm.set()

    def _crash(self, error: Exception) -> None:
        """An owner's mistake is not the session's to survive: the link ends with it."""
        self._context.hooks.crashed(error)
        self._writer.abort()

    # time

    def _next_s(self) -> float:
        """Whatever is due first: one timer serves the session."""
        when_s, deadline_s = self._timers.next_s(), self._submits.next_deadline_s()
        return when_s if deadline_s is None else min(when_s, deadline_s)

    def _tick(self, now_s: float) -> None:
        self._submits.expire(now_s)
        if self._deliveries.mark > self._confirmed:
            self._timers.doubted(now_s)
        due = self._timers.check(now_s)
        if due is Due.ENQUIRE_LINK:
            self._submits.enquire()
            self._timers.asked(now_s)
        elif due is Due.LINGERED and self._phase is Phase.DRAINING:
            self._unbind()
        elif due is Due.LINGERED and self._phase is Phase.CLOSING:
            self._writer.abort()
            return
        elif due is not Due.NOTHING:
            self.close(
                BindAction.BACKOFF, self._opening.late if due is Due.NOT_BOUND else due.value
            )
        if self._phase is not Phase.BOUND:
            self._proceed()
        if self._phase is not Phase.CLOSED:
            self._alarm.set()
