"""One SMPP session over one connection, in the role of an ESME.

The reader never waits for the owner: what it reads is handed over at once, enquire_link is
answered at once, and the responses to deliveries leave as the owner gives them. The session knows
no rule of the link; rate, statuses and the next bind belong to `esme.Link` and `bind.Bind`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from smpp import library, pdu, unserved
from smpp.alarm import Alarm
from smpp.context import Phase, SessionContext, SessionEnd
from smpp.deliveries import Deliveries
from smpp.messages import Submit
from smpp.status import BindAction, bind_action
from smpp.submits import Submits
from smpp.timers import Due, Timers, limits_of
from smpp.writer import Writer

_DELIVERIES = frozenset({pdu.DELIVER_SM, pdu.DATA_SM})
_BIND_RESPONSES = frozenset(
    {pdu.BIND_RECEIVER_RESP, pdu.BIND_TRANSMITTER_RESP, pdu.BIND_TRANSCEIVER_RESP}
)


class Session(asyncio.Protocol):
    """`ended` resolves when the connection is gone; its socket is closed in the same step."""

    def __init__(self, context: SessionContext, bind_pdu: Callable[[int], bytes]) -> None:
        self.number = context.number
        self._context = context
        self._bind_pdu = bind_pdu
        self._loop = loop = asyncio.get_running_loop()
        self._timers = Timers(limits_of(context.profile), loop.time())
        self._alarm = Alarm(loop, self._on_alarm, self._next_s)
        self._framer = pdu.Framer()
        self._writer = Writer(loop, context.tap)
        self._deliveries = Deliveries(context, self._writer.put, self._proceed)
        submit_ended = context.hooks.submit_ended
        self._submits = Submits(
            context,
            self._writer,
            self._deliveries,
            lambda result, sent_s: submit_ended(self, result, sent_s),
        )
        self._phase = Phase.OPENING
        self._own_sequence = -1  # of our last enquire_link or unbind
        self._enquired_mark = 0  # what an answer to that enquire_link proves
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

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._writer.attach(transport)  # type: ignore[arg-type]  # a stream's, as TCP gives it
        self._timers = Timers(limits_of(self._context.profile), self._loop.time())
        self._writer.put(self._bind_pdu(self._submits.window.next_sequence()))
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
        tap = self._context.tap
        for frame in frames:
            if self._phase is Phase.CLOSING or self._phase is Phase.CLOSED:
                return
            if isinstance(frame, pdu.Broken):
                self._break(frame)
                continue
            if tap is not None:
                tap.received(frame)
            if frame.command_id in _DELIVERIES:
                timers.transacted(now_s)
                self._deliveries.receive(frame)
            elif frame.command_id != pdu.SUBMIT_SM_RESP or not submits.answered(frame, now_s):
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

    def _receive_other(self, frame: pdu.Frame, now_s: float) -> None:
        command_id, _, sequence, _ = frame
        if command_id == pdu.ENQUIRE_LINK:
            self._writer.put(pdu.response(command_id, pdu.ROK, sequence))
        elif command_id == pdu.ENQUIRE_LINK_RESP:
            self._enquiry_answered(sequence)
        elif command_id in _BIND_RESPONSES and self._phase is Phase.OPENING:
            self._bind_answered(frame, now_s)
        elif command_id == pdu.UNBIND:
            self._writer.put(pdu.response(command_id, pdu.ROK, sequence))
            self.linger("the peer unbound")
        elif command_id == pdu.UNBIND_RESP and self._phase is Phase.UNBINDING:
            self.close(BindAction.BACKOFF, "stopped")
        elif command_id == pdu.GENERIC_NACK:
            self._nacked(frame, now_s)
        else:
            self._unserved(command_id, sequence)

    def _bind_answered(self, frame: pdu.Frame, now_s: float) -> None:
        if frame.status != pdu.ROK:
            self._bind_refused(frame.status)
            return
        self._submits.peer_version = pdu.decode_bind_response(frame.body).interface_version
        self._phase = Phase.BOUND
        self._bound_at_s = now_s
        self._timers.bind(now_s)
        self._alarm.set()
        self._context.stats.binds += 1
        self._context.hooks.bound(self)
        self._deliveries.open()

    def _bind_refused(self, status: int) -> None:
        self.close(bind_action(status), f"bind refused: {library.status_name(status)}")

    def _nacked(self, frame: pdu.Frame, now_s: float) -> None:
        if self._phase is Phase.OPENING:  # nothing but the bind is open
            self._bind_refused(frame.status or pdu.RBINDFAIL)
        elif self._phase is Phase.UNBINDING and frame.sequence == self._own_sequence:
            self.close(BindAction.BACKOFF, "stopped")
        elif not self._enquiry_answered(frame.sequence) and not self._submits.answered(
            frame, now_s
        ):
            self._unserved(frame.command_id, frame.sequence)

    def _enquiry_answered(self, sequence: int) -> bool:
        """An answer to an older enquire_link than the last shows life, but proves nothing."""
        ours = sequence == self._own_sequence
        if ours:
            self._own_sequence = -1
            self._submits.proved = max(self._submits.proved, self._enquired_mark)
        return ours

    def _unserved(self, command_id: int, sequence: int) -> None:
        reply = unserved.answer(command_id, sequence)
        if reply is not None:
            self._context.stats.unknown_commands += 1
            self._context.warn("command_unserved", command=library.command_name(command_id))
            self._writer.put(reply)
        elif command_id & pdu.RESPONSE_BIT:
            self._context.stats.unmatched += 1
            self._context.warn("response_unmatched", command=library.command_name(command_id))

    def _break(self, broken: pdu.Broken) -> None:
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
        self._own_sequence = self._submits.window.next_sequence()
        self._writer.put(library.unbind(self._own_sequence))
        self._timers.close_by(self._loop.time() + self._context.limits.unbind_s)
        self._alarm.set()

    def _crash(self, error: Exception) -> None:
        """An owner's mistake is not the session's to survive: the link ends with it."""
        self._context.hooks.crashed(error)
        self._writer.abort()

    # time

    def _next_s(self) -> float:
        """Whatever is due first: one timer serves the session."""
        when_s, deadline_s = self._timers.next_s(), self._submits.window.next_deadline_s()
        return when_s if deadline_s is None else min(when_s, deadline_s)

    def _on_alarm(self, now_s: float) -> None:
        try:
            self._tick(now_s)
        except Exception as error:
            self._crash(error)

    def _tick(self, now_s: float) -> None:
        self._submits.expire(now_s)
        if self._deliveries.mark > self._confirmed:
            self._timers.doubted(now_s)
        due = self._timers.check(now_s)
        if due is Due.ENQUIRE_LINK:
            self._enquire(now_s)
        elif due is Due.LINGERED and self._phase is Phase.DRAINING:
            self._unbind()
        elif due is Due.LINGERED and self._phase is Phase.CLOSING:
            self._writer.abort()
            return
        elif due is not Due.NOTHING:
            self.close(BindAction.BACKOFF, due.value)
        if self._phase is not Phase.BOUND:
            self._proceed()
        if self._phase is not Phase.CLOSED:
            self._alarm.set()

    def _enquire(self, now_s: float) -> None:
        self._context.stats.enquiries += 1
        self._own_sequence = self._submits.window.next_sequence()
        self._enquired_mark = self._deliveries.mark
        self._writer.put(library.enquire_link(self._own_sequence))
        self._timers.asked(now_s)
