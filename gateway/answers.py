"""An answer as the journal's rows: its replies with their window slots, its ledger entries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from gateway.clock import Clock, day_date
from gateway.core import ledger
from gateway.core import memory as remembering
from gateway.core.conversation import Turn
from gateway.core.records import (
    BY_SMS,
    Answer,
    Question,
    QuestionState,
    Reply,
    ReplyState,
    Subscriber,
)
from gateway.core.results import Result
from gateway.core.tariff import Rated, Tariffs
from gateway.outbox import Outbox


class LinkWords(Protocol):
    """How a link carries a text."""

    receipts: bool  # ask for a receipt with each reply
    reply_validity_us: int  # how long a reply may wait for the link

    def segments(self, text: str) -> int: ...


class AnswerRows:
    """See the module."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        links: Mapping[str, LinkWords],
        tariffs: Tariffs,
        clock: Clock,
        next_id: Callable[[], int],
    ) -> None:
        self._outbox = outbox
        self._links = links
        self._tariffs = tariffs
        self._clock = clock
        self._next_id = next_id

    def make(
        self, question: Question, turn: Turn, state: QuestionState, *, promised: bool = False
    ) -> Answer:
        """A turn as rows. Reserves window slots where there are any: whoever does not commit the
        answer gives them back (`Outbox.cancel`).

        `promised`: the question was rated with its promise, only a credit can follow.
        """
        now_us = self._clock.now_us()
        rated = self._rate(question, turn.result)
        if promised:
            entries = ledger.late_credit(
                question,
                self._rate(question, Result.PROMISED),
                rated,
                turn.result,
                day=self._clock.day(now_us),
                at_us=now_us,
            )
        else:
            entries = ledger.open_chain(question, rated, turn.result, now_us)
        return Answer(
            question_id=question.id,
            state=state,
            language=turn.language,
            result=turn.result,
            ticket_kind=turn.ticket_kind,
            answered_us=now_us,
            replies=self._replies(question, turn, now_us),
            entries=entries,
            subscriber=Subscriber(
                question.party, question.msisdn, remembering.to_json(turn.memory)
            ),
        )

    def _rate(self, question: Question, result: str) -> Rated:
        return self._tariffs.rate(
            operator=question.operator,
            channel=question.channel,
            on=day_date(question.day),
            result=result,
            parts=question.parts,
            msisdn=question.msisdn,
        )

    def _replies(self, question: Question, turn: Turn, now_us: int) -> tuple[Reply, ...]:
        if not turn.words or question.channel not in BY_SMS:
            return ()
        link = self._links[question.link]
        lengths = [link.segments(words.text) for words in turn.words]
        reserved = self._outbox.reserve(question.link, question.msisdn, sum(lengths))
        state = ReplyState.SUBMITTING if reserved else ReplyState.QUEUED
        reference = remembering.first_reference(turn.memory, len(turn.words))
        return tuple(
            Reply(
                id=self._next_id(),
                question_id=question.id,
                ordinal=ordinal,
                seg=seg,
                segs=segs,
                link=question.link,
                msisdn=question.msisdn,
                source=question.short_code,
                text=words.text,
                text_id=words.text_id,
                reference=reference + ordinal & 0xFFFF if segs > 1 else 0,
                state=state,
                next_us=now_us,
                expires_us=now_us + link.reply_validity_us,
                receipt=link.receipts,
                session=question.session,
            )
            for ordinal, (words, segs) in enumerate(zip(turn.words, lengths, strict=True))
            for seg in range(1, segs + 1)
        )
