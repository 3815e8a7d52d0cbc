"""The answer a caller wants texted: a question of its own, answered by SMS over a link of ours.

It goes the way of any question from there on: one transaction, the outbox, `gateway.owed` where
the source is late. What it costs is the tariff's word for the channel "copy".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import structlog

from gateway.answers import AnswerRows
from gateway.clock import Clock, day_date
from gateway.core import copied
from gateway.core.conversation import Turn
from gateway.core.memory import LANDLINES, Memory, Verdict
from gateway.core.reading import Intent
from gateway.core.records import COPY
from gateway.core.results import Result
from gateway.core.tariff_vat import told_tenge
from gateway.desk import Asking, Desk, state_after
from gateway.memories import Memories
from gateway.rules import Rules
from gateway.store.journal import StoreUnavailableError
from ivr.switch import CallQuestion, TextOffer, TextOutcome

MOBILE_DIGITS = 11
MOBILE_PREFIX = "77"  # Kazakhstan's country code, and the first digit of its mobile codes

log = structlog.get_logger()


class TextLink(NamedTuple):
    """By which [[link]] the callers of one [[ivr]] are texted."""

    link: str
    operator: str
    short_code: str
    numbers_without_sms: frozenset[str]


class Copies:
    """`links` by the name of the [[ivr]]."""

    def __init__(
        self,
        *,
        desk: Desk,
        answers: AnswerRows,
        memories: Memories,
        rules: Rules,
        clock: Clock,
        links: Mapping[str, TextLink],
        deadline_s: float,
    ) -> None:
        self._desk = desk
        self._answers = answers
        self._memories = memories
        self._kinds = rules.kinds
        self._tariffs = rules.tariffs
        self._may_answer = rules.may_answer
        self._clock = clock
        self._links = links
        self._deadline_s = deadline_s

    def offer(self, question: CallQuestion) -> TextOffer | None:
        """What a text would cost this caller; None where none may be offered."""
        via = self._links.get(question.link)
        if via is None or question.called in via.numbers_without_sms:
            return None
        if not is_mobile(question.caller) or not self._may_answer(question.caller):
            return None
        rated = self._tariffs.rate(
            operator=via.operator,
            channel=COPY,
            on=day_date(self._clock.day(self._clock.now_us())),
            result=Result.STATUS,
            msisdn=question.caller,
        )
        return TextOffer(told_tenge(rated.gross_tiyn))

    async def text(self, question: CallQuestion) -> TextOutcome:
        """See ivr.switch.CallDesk.text. Never raises."""
        try:
            via = self._links.get(question.link)
            if via is None or self.offer(question) is None:
                return TextOutcome.REFUSED
            asking = self._asking(question, via)
            if asking.reading.intent is not Intent.LOOKUP:
                return TextOutcome.REFUSED
            return await self._answer(asking)
        except StoreUnavailableError:
            log.warning("call_text_not_taken", reason="the store is away")
        except Exception:  # a fault of ours fails this text, not all others: told here, once
            log.exception("call_text_failed")
        return TextOutcome.UNAVAILABLE

    def _asking(self, question: CallQuestion, via: TextLink) -> Asking:
        chosen = (question.digits, question.menu, question.kind, question.language)
        reading = copied.keyed(*chosen, self._kinds)
        return self._desk.asking(
            link=via.link,
            operator=via.operator,
            session=0,
            identity=f"{COPY}:{question.link}:{question.call_id}:{question.step}".encode(),
            msisdn=question.caller,
            short_code=via.short_code,
            channel=COPY,
            text=copied.write(*chosen),
            reading=reading,
        )

    async def _answer(self, asking: Asking) -> TextOutcome:
        party = asking.question.party
        await self._memories.load([party])
        before = self._memories.get(party)
        plan = self._desk.plan(asking)
        if plan.verdict is not Verdict.ANSWER:
            return TextOutcome.REFUSED
        (statuses,) = await self._desk.look_up([plan], self._deadline_s)
        turn = self._desk.turn(asking, plan, statuses)
        if turn is None:
            await self._desk.commit([asking.question], [])
            self._desk.owing.set()
            return TextOutcome.OWED
        turn = self._told_once(before, asking, turn)
        state = state_after(turn)
        await self._desk.commit(
            [asking.question], [self._answers.make(asking.question, turn, state)]
        )
        # Without words our own code has failed on it: it is parked, and nothing may be promised.
        return TextOutcome.TAKEN if turn.words else TextOutcome.UNAVAILABLE

    def _told_once(self, before: Memory, asking: Asking, turn: Turn) -> Turn:
        """What the caller has just heard counts as one look at a stranger's ticket, not as two."""
        (asked,) = asking.reading.asked
        if turn.result is not Result.STATUS or before.last_number != asked.number:
            return turn
        memory = turn.memory._replace(
            strangers_day=before.strangers_day,
            strangers_today=before.strangers_today,
            locked_until_us=before.locked_until_us,
            lock_told=before.lock_told,
        )
        self._memories.put(asking.question.party, memory)
        return turn._replace(memory=memory)


def is_mobile(msisdn: str) -> bool:
    """Whether SMS reaches this phone by a Kazakh operator's link."""
    return (
        len(msisdn) == MOBILE_DIGITS
        and msisdn.startswith(MOBILE_PREFIX)
        and not msisdn.startswith(LANDLINES)
    )
