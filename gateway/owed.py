"""Answers that are owed: questions acknowledged before their sources had answered.

The store is the queue. Every sweep asks again for the oldest; after `later_after_s` the
subscriber is told that the answer will come, after `give_up_after_s` that it will not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Sequence

import structlog

from gateway.answers import AnswerRows
from gateway.core.conversation import Plan
from gateway.core.records import BY_SMS, COPY, Answer, Owed, Question, QuestionState
from gateway.desk import Asking, Desk, state_after
from gateway.memories import Memories
from gateway.rules import Rules
from gateway.settings import LookupSettings
from gateway.store.journal import Journal, StoreUnavailableError

PAGE = 200
SWEEP_S = 1.0
SWEEP_MAX_S = 10.0
REPLAY_S = 30.0  # questions handed back by command are found within this time

log = structlog.get_logger()


class OwedAnswers:
    """See the module."""

    def __init__(
        self,
        *,
        journal: Journal,
        desk: Desk,
        answers: AnswerRows,
        links: Container[str],
        memories: Memories,
        rules: Rules,
        now_us: Callable[[], int],
        settings: LookupSettings,
        deadline_s: float | None = None,
    ) -> None:
        """`deadline_s`: of one sweep's lookup; by then every source has answered or is silent."""
        self._journal = journal
        self._desk = desk
        self._rows = answers
        self._links = links
        self._missed: set[str] = set()  # links that questions name and the settings do not
        self._memories = memories
        self._may_answer = rules.may_answer
        self._conversation = rules.conversation
        self._now_us = now_us
        self._deadline_s = deadline_s or settings.source_deadline_ms / 1_000
        self._later_us = settings.later_after_s * 1_000_000
        self._give_up_us = settings.give_up_after_s * 1_000_000
        self.answered = 0  # questions, by the last sweep

    async def run(self) -> None:
        """Sweep for ever: at once when something became owed, soon again while sources answer
        some of it at a time, else ever more rarely."""
        pause_s = SWEEP_S
        while True:
            try:
                left = await self.sweep()
            except StoreUnavailableError:
                left = 1
            if self.answered:
                pause_s = SWEEP_S
            try:
                async with asyncio.timeout(pause_s if left else REPLAY_S):
                    await self._desk.owing.wait()
                pause_s = SWEEP_S
            except TimeoutError:
                pause_s = min(SWEEP_MAX_S, pause_s * 2)
            self._desk.owing.clear()

    async def sweep(self) -> int:
        """Answer what can be answered now; returns how many stay owed."""
        after_id, left = 0, 0
        self.answered = 0
        while True:
            page = await self._journal.owed(after_id, PAGE)
            if not page:
                return left
            after_id = page[-1].question.id
            left += await self._answer([owed for owed in page if self._has_link(owed.question)])

    async def _answer(self, page: Sequence[Owed]) -> int:
        await self._memories.load([owed.question.party for owed in page])
        askings = [self._asking(owed.question) for owed in page]
        plans = [self._plan(asking) for asking in askings]
        statuses = await self._desk.look_up(plans, self._deadline_s)
        left = 0
        done: set[str] = set()
        answers: list[Answer] = []
        for owed, asking, plan, status in zip(page, askings, plans, statuses, strict=True):
            question = owed.question
            if question.party in done:  # the next sweep sees what this answer changes
                left += 1
                continue
            moment = self._desk.moment(question.operator, question.msisdn, question.channel)
            turn = self._desk.turn(asking, plan, status)
            state = QuestionState.ANSWERED if turn is None else state_after(turn)
            if turn is None:
                age_us = self._now_us() - question.received_us
                if age_us >= self._give_up_us:
                    turn = self._conversation.gave_up(plan, moment)
                else:
                    left += 1
                    if owed.state is QuestionState.PROMISED or age_us < self._later_us:
                        continue
                    if question.channel == COPY:
                        continue  # the caller was told so on the call
                    turn = self._conversation.later(plan, moment)
                    state = QuestionState.PROMISED
            done.add(question.party)
            self.answered += state is not QuestionState.PROMISED
            self._memories.put(question.party, turn.memory)
            answers.append(
                self._rows.make(
                    question, turn, state, promised=owed.state is QuestionState.PROMISED
                )
            )
        if answers:
            await self._desk.commit((), answers)
            log.info("owed_answered", count=len(answers), left=left)
        return left

    def _has_link(self, question: Question) -> bool:
        """False: its link is no longer in the settings. It stays owed, and is answered once the
        link is back."""
        if question.channel not in BY_SMS or question.link in self._links:
            return True
        if question.link not in self._missed:
            self._missed.add(question.link)
            log.warning(
                "questions_of_no_link",
                link=question.link,
                remedy="put it back into the settings until nothing of it is owed",
            )
        return False

    def _asking(self, question: Question) -> Asking:
        """Read again: what is stored is the text alone, and it may have been handed back because
        reading it failed."""
        reading, poisoned = self._desk.read_again(question)
        answerable = question.channel not in BY_SMS or self._may_answer(question.msisdn)
        return Asking(question, reading, answerable, poisoned)

    def _plan(self, asking: Asking) -> Plan:
        question = asking.question
        return self._conversation.plan(
            asking.reading, self._memories.get(question.party), question.received_us
        )
