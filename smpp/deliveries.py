"""The receiving half of a session: deliveries handed over, responses sent in order of arrival."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import structlog

from smpp import pdu
from smpp.context import SessionContext
from smpp.inbound import Ignored, can_be_answered, read_message
from smpp.messages import Inbound, Receipt
from smpp.owner import Delivery

EARLY_MAX = 100  # held until the session is bound; more are answered busy
EARLY_OCTETS_MAX = 131_072  # and no more of their octets: before the bind the peer is a stranger

_log = structlog.get_logger()


class Deliveries:
    """Messages and receipts that await the owner's response, at most `deliveries_max`.

    More are answered with the operator's busy status at once, so that the SMSC delivers them
    again later; so is everything once `accepting` is False. What comes faster than the allowance
    is throttled. What comes before the bind response is held until `open`.
    """

    __slots__ = (
        "_allowance",
        "_context",
        "_drained",
        "_early",
        "_put",
        "_refusal",
        "_refusal_body",
        "_unanswered",
        "_unanswered_max",
        "accepting",
        "mark",
    )

    def __init__(
        self,
        context: SessionContext,
        put: Callable[[bytes], None],
        drained: Callable[[], None],
    ) -> None:
        self._put = put
        self._drained = drained  # called when, not accepting, the last answer was given
        self._unanswered: deque[Delivery] = deque()
        self._early: list[pdu.Frame] | None = []  # None once the session is bound
        self.accepting = True
        self.mark = 0  # the highest mark among the responses sent
        self.adopt(context)

    def __len__(self) -> int:
        return len(self._unanswered)

    def adopt(self, context: SessionContext) -> None:
        """Go on in this context; what is held stays, and its tap sees it now."""
        self._context = context
        if context.tap is not None:
            for frame in self._early or ():
                context.tap.received(frame)
        self._allowance = context.allowance
        self._unanswered_max = context.limits.deliveries_max
        self._refusal = context.profile.busy_status
        self._refusal_body = context.side.refusal_body
        if context.refusal is not None:
            self._refusal, self.accepting = context.refusal, False

    def receive(self, frame: pdu.Frame, now_s: float) -> None:
        """A delivery; its command_status means nothing in a request (5.1.3)."""
        context, unanswered = self._context, self._unanswered
        if not self.accepting or len(unanswered) >= self._unanswered_max:
            self.refuse(frame)
            return
        if self._early is not None:
            self._hold(frame, self._early)
            return
        if self._allowance is not None and not self._allowance.take(now_s):
            context.stats.over_rate += 1
            self._answer(frame, pdu.RTHROTTLED)
            return
        message = self._read(frame)
        if message is None:
            return
        delivery = Delivery(context.link, context.number, message, self, frame)
        unanswered.append(delivery)
        context.stats.deliveries += 1
        context.owner.on_delivery(delivery)

    def open(self, now_s: float) -> None:
        """The session is bound."""
        early, self._early = self._early or [], None
        for frame in early:
            self.receive(frame, now_s)

    def refuse(self, frame: pdu.Frame) -> None:
        """Ahead of its turn: what came before it may wait for long."""
        self._context.stats.busy += 1
        self._answer(frame, self._refusal)

    def delivery_answered(self) -> None:
        """An answer of the owner's: it leaves with all that waited for it."""
        unanswered = self._unanswered
        while unanswered and (status := unanswered[0].status) is not None:
            delivery = unanswered.popleft()
            self.mark = max(self.mark, delivery.mark)
            command_id, _, sequence, _ = delivery.request
            if status:
                body = self._refusal_body
            else:
                message_id = delivery.message_id
                body = message_id.encode("ascii") + b"\0" if message_id else None
            self._put(pdu.response(command_id, status, sequence, body))
        if not unanswered and not self.accepting:
            self._drained()

    def close(self) -> None:
        """Answers that come later go nowhere: the peer delivers again."""
        self._unanswered.clear()
        self._early = None
        self.accepting = False

    def _hold(self, frame: pdu.Frame, early: list[pdu.Frame]) -> None:
        octets = len(frame.body) + sum(len(held.body) for held in early)
        if len(early) < EARLY_MAX and octets <= EARLY_OCTETS_MAX:
            early.append(frame)
        else:
            self.refuse(frame)

    def _answer(self, frame: pdu.Frame, status: int) -> None:
        body = self._refusal_body if status else None
        self._put(pdu.response(frame.command_id, status, frame.sequence, body))

    def _read(self, frame: pdu.Frame) -> Inbound | Receipt | None:
        """The message; None where the frame was answered here, for this PDU alone."""
        context = self._context
        command_id, body = frame.command_id, frame.body
        try:
            fields = pdu.decode_short_message(command_id, body)
            if isinstance(fields, pdu.Malformed):
                context.stats.malformed += 1
                context.warn("pdu_malformed", reason=fields.reason)
                self._answer(frame, fields.status)
                return None
            message = read_message(fields, context.profile)
        except Exception:
            # The decoders never raise. Should one, the message that shows it would come back after
            # every restart: it is refused for now, loudly, and the link lives on.
            context.stats.undecodable += 1
            _log.exception("pdu_undecodable", link=context.link, octets=len(body))
            self.refuse(frame)
            return None
        if isinstance(message, Ignored):
            context.stats.set_aside += 1
            self._answer(frame, pdu.ROK)
            return None
        if isinstance(message, Inbound) and not can_be_answered(message, context.profile):
            return None if self._turned_away(frame) else message
        return message

    def _turned_away(self, frame: pdu.Frame) -> bool:
        """What no reply can answer: the owner takes it all the same, unless the operator wants to
        be told by a status of its own."""
        context = self._context
        context.stats.unusable += 1
        context.warn("message_unusable")
        status = context.profile.unusable_status
        if status:
            self._answer(frame, status)
        return status != pdu.ROK
