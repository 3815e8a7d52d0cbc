"""A gateway in small, for either role: answers each question once, joins parts, retries, keeps what
it owes. Enough of one for the conformance kit to look at the sessions beneath it.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections import deque
from datetime import datetime
from typing import Protocol

from smpp import reassembly, text
from smpp.messages import Inbound, Receipt, Submit, SubmitEnd, SubmitResult
from smpp.operators import OperatorProfile
from smpp.owner import BindEvent, Delivery
from smpp.reports import report_text
from smpp.status import Action, action

CODE = "1012"
DIGITS = 18
SOME_DAY = datetime(2026, 11, 20, 10)  # noqa: DTZ001  # as a receipt has it, without its zone


class Sending(Protocol):
    """A link, or an account that bound to us."""

    @property
    def room(self) -> int: ...

    def submit(self, submit: Submit) -> None: ...


class SmallDesk:
    """`lines` are the links by name, filled by whoever makes them. `keeps`: what was lost on the
    way is sent again, as a server owes it; else its outcome is unknown and that is that.
    """

    def __init__(
        self, profile: OperatorProfile, *, keeps: bool = False, answer: str = "under review"
    ) -> None:
        self.lines: dict[str, Sending] = {}
        self.asked = 0
        self._profile = profile
        self._keeps = keeps
        self._answer = answer
        self._ids = itertools.count(1)
        self._references: dict[str, itertools.count[int]] = {}
        self._seen: dict[bytes, str] = {}
        self._parts: dict[tuple[object, ...], dict[int, bytes]] = {}
        self._waiting: dict[str, deque[Submit]] = {}
        self._open: dict[int, Submit] = {}
        self._known: set[str] = set()

    def on_delivery(self, delivery: Delivery) -> None:
        message = delivery.message
        if isinstance(message, Receipt):
            delivery.respond(0)
            return
        known = self._seen.get(message.identity)
        message_id = known or f"{next(self._ids):06d}"
        self._seen[message.identity] = message_id
        delivery.respond(0, 0, message_id if self._keeps else "")
        if known is not None:
            return
        if message.wants_receipt:
            self._owe(delivery.link, self._report(message, message_id))
        words = self._words(delivery.link, message)
        if words is not None and self._is_question(message):
            self.asked += 1
            self._reply(delivery, message, words)

    def on_submit_result(self, link: str, result: SubmitResult) -> None:
        submit = self._open.pop(result.reply_id, None)
        if result.message_id:
            self._known.add(result.canonical_id)
        if submit is not None and self._again(result):
            self._waiting.setdefault(link, deque()).appendleft(submit)
            self.on_room(link)

    def on_room(self, link: str) -> None:
        waiting, line = self._waiting.get(link), self.lines[link]
        while waiting and line.room > 0:
            submit = waiting.popleft()
            self._open[submit.reply_id] = submit
            line.submit(submit)

    def on_confirmed(self, session: int, through: int) -> None:
        pass

    def on_bind(self, event: BindEvent) -> None:
        pass

    def _again(self, result: SubmitResult) -> bool:
        if result.end is SubmitEnd.ANSWERED:
            return action(result.status, self._profile) in (Action.THROTTLE, Action.RETRY)
        return self._keeps or result.end is SubmitEnd.UNSENT

    def _is_question(self, message: Inbound) -> bool:
        receipt = message.unflagged
        if receipt is not None and receipt.canonical_id in self._known:
            return False
        return message.answerable and message.source != CODE

    def _words(self, link: str, message: Inbound) -> str | None:
        """The text, once it is whole."""
        place = message.part
        if place is None:
            return message.text
        key = (link, message.source, message.destination, *place._replace(number=0))
        parts = self._parts.setdefault(key, {})
        parts.setdefault(place.number, message.octets)
        whole = reassembly.in_order(parts.items(), place.total)
        if whole is None:
            return None
        del self._parts[key]
        return reassembly.join(whole, message.data_coding, self._profile)

    def _reply(self, delivery: Delivery, message: Inbound, words: str) -> None:
        digits = "".join(c for c in unicodedata.normalize("NFKC", words) if c.isdecimal())
        answer = f"{digits[:DIGITS]} {self._answer}" if len(digits) >= DIGITS else "help"
        references = self._references.setdefault(message.source, itertools.count(1))
        for segment in text.segments(answer, next(references), self._profile):
            self._owe(
                delivery.link,
                Submit(
                    next(self._ids), CODE, message.source, segment.data_coding, segment.octets,
                    udhi=segment.udhi, receipt=True, validity_s=3_600, session=delivery.session,
                ),
            )  # fmt: skip

    def _report(self, message: Inbound, message_id: str) -> Submit:
        octets = report_text(message_id, SOME_DAY, SOME_DAY).encode("ascii")
        return Submit(next(self._ids), message.destination, message.source, 0, octets, report=True)

    def _owe(self, link: str, submit: Submit) -> None:
        self._waiting.setdefault(link, deque()).append(submit)
        self.on_room(link)
