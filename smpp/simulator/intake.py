"""What the SMSC does with a submit_sm: inspect, refuse or take, answer, and send its receipt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final

from smpp.simulator import inspection, receipts, segments, text, wire
from smpp.simulator.chaos import Answer, Faults, Verdict
from smpp.simulator.deliveries import Deliveries
from smpp.simulator.delivery import NOBODY, Delivery, Kind
from smpp.simulator.framing import Pdu
from smpp.simulator.inbox import Inbox, Mt, Segment
from smpp.simulator.receipts import IdForm, Outcome, ReceiptPolicy, ReceiptTime, State
from smpp.simulator.session import Session
from smpp.simulator.text import Alphabet

REGISTERED: Final = 0x03  # 5.2.17: 1 any outcome, 2 failure alone
REGISTERED_ON_FAILURE: Final = 2
SHOWN_OCTETS: Final = 2 * receipts.TEXT_CHARACTERS_MAX
WRONG_SEQUENCE_SHIFT: Final = 500_000_000  # far from any number the ESME has open


class Intake:
    """Counts in `counters`: submits, refused, taken, malformed, and the defects that
    inspection.py names.
    """

    def __init__(
        self,
        *,
        now: Callable[[], float],
        faults: Faults,
        counters: Counter[str],
        deliveries: Deliveries,
        inbox: Inbox,
        policy: ReceiptPolicy,
        ids: IdForm,
        first_id: int,
        short_codes: Collection[str],
        dc0: Alphabet,
        wall: Callable[[], datetime],
        chance: Callable[[], float],
        arrived: Callable[[Mt], None],
    ) -> None:
        self._now = now
        self._faults = faults
        self._counters = counters
        self._deliveries = deliveries
        self._inbox = inbox
        self._policy = policy
        self._ids = ids
        self._number = first_id
        self._short_codes = short_codes
        self._dc0 = dc0
        self._wall = wall
        self._chance = chance
        self._arrived = arrived

    def submit(self, session: Session, pdu: Pdu) -> None:
        """Handle one submit_sm or data_sm of a session that may send."""
        self._counters["submits"] += 1
        decode = wire.decode_message if pdu.command == wire.SUBMIT_SM else wire.decode_data
        message = decode(pdu.body)
        if isinstance(message, wire.Malformed):
            self._counters["malformed"] += 1
            session.respond(pdu, message.status)
            return
        for defect in inspection.submit_defects(
            message, pdu.sequence, self._short_codes, self._dc0, session.version
        ):
            self._counters[defect] += 1
        verdict = self._faults.submit(self._now())
        if verdict.status:
            self._counters["refused"] += 1
            session.respond(pdu, verdict.status)
            return
        self._take(session, pdu, message, verdict)

    def _take(self, session: Session, pdu: Pdu, message: wire.Message, verdict: Verdict) -> None:
        self._counters["taken"] += 1
        number = self._number
        self._number += 1
        message_id = receipts.message_id(self._ids, number)
        answered = verdict.answer is not Answer.NEVER
        receipt = self._receipt(message, number, message_id)
        delay_s = self._faults.chaos.late_ms / 1000 if verdict.answer is Answer.LATE else 0.0
        first = verdict.receipt_first or self._policy.when is ReceiptTime.BEFORE
        if receipt is None or not first:
            self._answer(session, pdu, message_id, verdict, delay_s)
        else:
            self._deliveries.offer(receipt)
            self._deliveries.pump()
            self._answer(session, pdu, message_id, verdict, delay_s + self._policy.lead_ms / 1000)
        if receipt is not None and not first:
            # Not pumped here: it leaves at the end of this turn, behind the response.
            if self._policy.when is ReceiptTime.DELAYED:
                delay_s += self._policy.delay_ms / 1000
            self._deliveries.offer(receipt, delay_s)
        mt = self._inbox.take(Segment(message, message_id, self._now(), session.number, answered))
        if mt is not None:
            self._arrived(mt)

    def _answer(
        self, session: Session, pdu: Pdu, message_id: str, verdict: Verdict, delay_s: float
    ) -> None:
        if verdict.answer is Answer.NEVER:
            return
        body = message_id.encode("ascii") + b"\0"
        shift = WRONG_SEQUENCE_SHIFT if verdict.wrong_sequence else 0
        for _ in range(1 + verdict.twice):
            if delay_s:
                session.loop.call_later(delay_s, session.respond, pdu, wire.ROK, body, shift)
            else:
                session.respond(pdu, wire.ROK, body, shift)

    def _receipt(self, message: wire.Message, number: int, message_id: str) -> Delivery | None:
        """The receipt, if one is asked for."""
        policy = self._policy
        wanted = message.registered_delivery & REGISTERED
        if not wanted or policy.when is ReceiptTime.NONE:
            return None
        failed = policy.failed_percent > 0 and self._chance() * 100 < policy.failed_percent
        if wanted == REGISTERED_ON_FAILURE and not failed:
            return None
        now = self._wall()
        _, octets = segments.read(message, self._dc0)
        alphabet = text.alphabet_of(message.data_coding, self._dc0)
        shown = text.decode(octets[:SHOWN_OCTETS], alphabet)
        state = policy.failed_state if failed else State.DELIVERED
        error = policy.failed_error if failed else 0
        outcome = Outcome(number, message_id, state, error, now, now, shown)
        return self._receipt_delivery(message, outcome)

    def _receipt_delivery(self, message: wire.Message, outcome: Outcome) -> Delivery:
        composed = receipts.compose(self._policy.form, outcome)
        body = wire.encode_message(
            wire.Message(
                source=message.destination,
                destination=message.source,
                octets=composed.octets,
                data_coding=composed.data_coding,
                esm_class=wire.ESM_RECEIPT,
                tlvs=composed.tlvs,
                source_ton=message.destination_ton,
                source_npi=message.destination_npi,
                destination_ton=message.source_ton,
                destination_npi=message.source_npi,
            )
        )
        self._counters["receipts"] += 1
        return Delivery(body, NOBODY, Kind.RECEIPT)
