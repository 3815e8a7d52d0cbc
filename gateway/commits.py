"""The one transaction of questions and answers, and what follows it: responses, then replies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog

from gateway.clock import Clock
from gateway.core.records import Answer, Question, Reply, ReplyState
from gateway.memories import Memories
from gateway.outbox import Outbox
from gateway.store.journal import Journal

TIMELY_US = 2_000_000  # some SMSCs give up waiting for a response after so long

Stored = Callable[[Mapping[int, int]], None]
"""Told what is on disk: the ids of questions that were known already, with the ids of the first."""

log = structlog.get_logger()


class Counters(Protocol):
    """What is counted here."""

    def answered(self, result: str) -> None: ...
    def duplicated(self, count: int) -> None: ...


class Commits:
    """See the module."""

    def __init__(
        self,
        journal: Journal,
        outbox: Outbox,
        memories: Memories,
        clock: Clock,
        counters: Counters,
    ) -> None:
        self._journal = journal
        self._outbox = outbox
        self._memories = memories
        self._clock = clock
        self._counters = counters

    async def write(
        self,
        questions: Sequence[Question],
        answers: Sequence[Answer],
        receipts: Sequence[Reply] = (),
        stored: Stored | None = None,
    ) -> None:
        """Write down, with receipts of ours for the questions; call `stored`; let the replies go,
        then the receipts. So a response leaves before what follows from its message.

        Raises StoreUnavailableError: nothing is written, `stored` is not called.
        """
        # A response as late as this may find nobody waiting: the SMSC delivers again although it
        # reads it. Without a session the fingerprint stays doubtful for its longer term.
        late_us = self._clock.now_us() - TIMELY_US
        questions = [
            question if question.received_us > late_us else question._replace(session=0)
            for question in questions
        ]
        try:
            duplicates = await self._journal.take(questions, answers, receipts)
        except BaseException:
            self._undo(answers)
            raise
        repeated = {duplicate.question_id: duplicate.original_id for duplicate in duplicates}
        if repeated:
            self._counters.duplicated(len(repeated))
            self._undo([answer for answer in answers if answer.question_id in repeated])
        if stored is not None:
            stored(repeated)
        for answer in answers:
            if answer.question_id not in repeated:
                self._let_go(answer)
        for receipt in receipts:
            if receipt.question_id not in repeated:
                self._outbox.dispatch((receipt,))

    def _let_go(self, answer: Answer) -> None:
        if answer.replies:
            self._outbox.dispatch(answer.replies)
        log.info(
            "question_answered",
            question_id=answer.question_id,
            result=answer.result,
            kind=answer.ticket_kind,
            language=answer.language,
        )
        self._counters.answered(answer.result)

    def _undo(self, answers: Sequence[Answer]) -> None:
        """Answers that were not written: give back their slots, forget what they changed."""
        for answer in answers:
            if answer.replies and answer.replies[0].state is ReplyState.SUBMITTING:
                first = answer.replies[0]
                self._outbox.cancel(first.link, first.msisdn, len(answer.replies))
        self._memories.forget([a.subscriber.party for a in answers if a.subscriber])
