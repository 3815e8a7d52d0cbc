"""The sending half of a session: submits in the window, each with exactly one end, and what else
we ask of the peer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smpp import library, pdu
from smpp.context import SessionContext
from smpp.deliveries import Deliveries
from smpp.message_ids import canonical_id
from smpp.messages import Submit, SubmitEnd, SubmitResult
from smpp.status import BindAction
from smpp.submit import encode_submit
from smpp.window import Sent, Window
from smpp.writer import Writer

if TYPE_CHECKING:
    from smpp.session import Session

NACK_STATUS = 0xFF  # RUNKNOWNERR: what a generic_nack with status 0 means, as it is never an OK


class Submits:
    """Open submits of one session."""

    __slots__ = (
        "_carrier",
        "_context",
        "_deaf_s",
        "_deliveries",
        "_enquired_mark",
        "_session",
        "_tell",
        "_unanswered",
        "_writer",
        "enquiring",
        "own_sequence",
        "peer_version",
        "proved",
        "window",
    )

    def __init__(
        self,
        session: Session,
        context: SessionContext,
        writer: Writer,
        deliveries: Deliveries,
    ) -> None:
        self._session = session
        self._context = context
        self._carrier = context.side.carrier
        self._writer = writer
        self._deliveries = deliveries
        self._tell = context.hooks.submit_ended
        self.window = Window(
            context.window,
            context.profile.response_timer_s,
            first=context.limits.first_sequence,
        )
        self.peer_version: int | None = None  # None: it said none
        self._unanswered = 0  # expired in a row
        self._deaf_s: float | None = None  # if nothing is answered by then, the session ends
        self.own_sequence = -1  # of our last enquire_link or unbind
        self.enquiring = False  # that enquire_link awaits its answer
        self._enquired_mark = 0  # what its answer proves
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
        writer.put(
            encode_submit(sequence, submit, context.profile, self.peer_version, now, self._carrier)
        )

    def answered(self, frame: pdu.Frame, now_s: float) -> bool:
        """A response to a submit, or a generic_nack; False where no submit of ours is meant."""
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
        if self._unanswered:
            self._unanswered, self._deaf_s = 0, None
        self.proved = max(self.proved, sent.mark)
        message_id = canonical = ""
        if command_id == pdu.GENERIC_NACK:
            status = status or NACK_STATUS
        elif status == pdu.ROK:
            message_id = pdu.decode_response_id(body)
            canonical = canonical_id(message_id)
        result = SubmitResult(
            sent.reply_id, SubmitEnd.ANSWERED, status, message_id, canonical, late
        )
        self._tell(self._session, result, sent.sent_s)
        return True

    def next_deadline_s(self) -> float | None:
        """When `expire` has something to do, if nothing is answered until then."""
        oldest_s, deaf_s = self.window.next_deadline_s(), self._deaf_s
        return oldest_s if deaf_s is None or (oldest_s and oldest_s < deaf_s) else deaf_s

    def expire(self, now_s: float) -> None:
        """Give up what has waited too long, and the session with it where it answers nothing."""
        for sent in self.window.expire(now_s):
            self._context.stats.expired += 1
            self._unanswered += 1
            result = SubmitResult(sent.reply_id, SubmitEnd.EXPIRED)
            self._tell(self._session, result, sent.sent_s)
        limits, deaf_s = self._context.limits, self._deaf_s
        if not limits.expired_max or not self._unanswered:
            return
        if deaf_s is None:
            self._deaf_s = deaf_s = now_s + limits.deaf_s
        if self._unanswered >= limits.expired_max or now_s >= deaf_s:
            detail = f"{self._unanswered} requests in a row were not answered"
            self._unanswered, self._deaf_s = 0, None
            self._session.close(BindAction.BACKOFF, detail)

    def close(self) -> None:
        """The session is over. What was never written is safe to send again."""
        flushes = self._writer.flushes
        for sent in self.window.close():
            result = SubmitResult(sent.reply_id, self._end(sent, flushes))
            self._tell(self._session, result, sent.sent_s)

    def _end(self, sent: Sent, flushes: int) -> SubmitEnd:
        if sent.flush > flushes:
            self._context.stats.unsent += 1
            return SubmitEnd.UNSENT
        self._context.stats.lost += 1
        return SubmitEnd.LOST

    def enquire(self) -> None:
        """Write an enquire_link; an older one that is still open counts no more."""
        self._context.stats.enquiries += 1
        self.own_sequence, self.enquiring = self.window.next_sequence(), True
        self._enquired_mark = self._deliveries.mark
        self._writer.put(library.enquire_link(self.own_sequence))

    def enquiry_answered(self, sequence: int) -> bool:
        """An answer to an older enquire_link than the last shows life, but proves nothing."""
        if not self.enquiring or sequence != self.own_sequence:
            return False
        self.enquiring = False
        self.proved = max(self.proved, self._enquired_mark)
        return True

    def unbind(self) -> None:
        self.own_sequence, self.enquiring = self.window.next_sequence(), False
        self._writer.put(library.unbind(self.own_sequence))
