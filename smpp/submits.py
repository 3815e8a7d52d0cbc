"""The sending half of a session: submits in the window, each with exactly one end."""

from __future__ import annotations

from collections.abc import Callable

from smpp import pdu
from smpp.context import SessionContext
from smpp.deliveries import Deliveries
from smpp.messages import Submit, SubmitEnd, SubmitResult
from smpp.receipts import canonical_id
from smpp.submit import encode_submit
from smpp.window import Sent, Window
from smpp.writer import Writer

NACK_STATUS = 0xFF  # RUNKNOWNERR: what a generic_nack with status 0 means, as it is never an OK


class Submits:
    """Open submits of one session. `ended` is called with each result and the time of its write."""

    __slots__ = (
        "_context",
        "_deliveries",
        "_ended",
        "_writer",
        "peer_version",
        "proved",
        "window",
    )

    def __init__(
        self,
        context: SessionContext,
        writer: Writer,
        deliveries: Deliveries,
        ended: Callable[[SubmitResult, float], None],
    ) -> None:
        self._context = context
        self._writer = writer
        self._deliveries = deliveries
        self._ended = ended
        self.window = Window(
            context.window,
            context.profile.response_timer_s,
            first=context.limits.first_sequence,
        )
        self.peer_version: int | None = None  # None: the bind response said none
        self.proved = 0  # the highest mark of ours that the peer has proved to have read

    def submit(self, submit: Submit, now_s: float) -> None:
        """Remember it, then write it. The caller checked the window."""
        context, writer = self._context, self._writer
        sequence = self.window.open(
            submit.reply_id, now_s, self._deliveries.mark, writer.flushes + 1
        )
        context.stats.submits += 1
        wall_clock = context.wall_clock
        now = None if wall_clock is None else wall_clock()
        writer.put(encode_submit(sequence, submit, context.profile, self.peer_version, now))

    def answered(self, frame: pdu.Frame, now_s: float) -> bool:
        """A submit_sm_resp or generic_nack; False where it belongs to no submit of ours."""
        command_id, status, sequence, body = frame
        stats = self._context.stats
        sent, late = self.window.answer(sequence), False
        if sent is None:
            sent, late = self.window.late(sequence, now_s), True
            if sent is None:
                return False
            stats.late += 1
        else:
            stats.answered += 1
        self.proved = max(self.proved, sent.mark)
        message_id = canonical = ""
        if command_id == pdu.GENERIC_NACK:
            status = status or NACK_STATUS
        elif status == pdu.ROK:
            message_id = pdu.decode_response_id(body)
            canonical = canonical_id(message_id, self._context.profile, from_receipt=False)
        result = SubmitResult(
            sent.reply_id, SubmitEnd.ANSWERED, status, message_id, canonical, late
        )
        self._ended(result, sent.sent_s)
        return True

    def expire(self, now_s: float) -> None:
        for sent in self.window.expire(now_s):
            self._context.stats.expired += 1
            self._ended(SubmitResult(sent.reply_id, SubmitEnd.EXPIRED), sent.sent_s)

    def close(self) -> None:
        """The session is over. What was never written is safe to send again."""
        flushes = self._writer.flushes
        for sent in self.window.close():
            self._ended(SubmitResult(sent.reply_id, self._end(sent, flushes)), sent.sent_s)

    def _end(self, sent: Sent, flushes: int) -> SubmitEnd:
        if sent.flush > flushes:
            self._context.stats.unsent += 1
            return SubmitEnd.UNSENT
        self._context.stats.lost += 1
        return SubmitEnd.LOST
