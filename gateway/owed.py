"""Answers that are owed: questions acknowledged before their sources had answered.

The store is the queue. Every sweep asks again for the oldest; after `later_after_s` the
subscriber is told that the answer will come, after `give_up_after_s` that it will not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from gateway.core.conversation import Conversation, Plan
from gateway.core.reading import Reading
from gateway.core.records import Answer, Owed, Question, QuestionState
from gateway.desk import Desk
from gateway.memories import Memories
from gateway.store.journal import Journal, StoreUnavailableError

PAGE = 200
SWEEP_S = 1.0
SWEEP_MAX_S = 10.0

log = structlog.get_logger()


class OwedAnswers:
    """See the module."""

    def __init__(
        self,
        *,
        journal: Journal,
        desk: Desk,
        memories: Memories,
        read: Callable[[str | None], Reading],
        conversation: Conversation,
        now_us: Callable[[], int],
        lookup_deadline_ms: int,
        later_after_s: int,
        give_up_after_s: int,
    ) -> None:
        self._journal = journal
        self._desk = desk
        self._memories = memories
        self._read = read
        self._conversation = conversation
        self._now_us = now_us
        self._deadline_s = lookup_deadline_ms / 1_000
        self._later_us = later_after_s * 1_000_000
        self._give_up_us = give_up_after_s * 1_000_000

    async def run(self) -> None:
        """Sweep for ever: at once when something became owed, else ever more rarely."""
        pause_s = SWEEP_S
        while True:
            try:
                left = await self.sweep()
            except StoreUnavailableError:
                left = 1
            if left:
                await asyncio.sleep(pause_s)
                pause_s = min(SWEEP_MAX_S, pause_s * 2)
            else:
                pause_s = SWEEP_S
                await self._desk.owing.wait()
                self._desk.owing.clear()

    async def sweep(self) -> int:
        """Answer what can be answered now; returns how many stay owed."""
        after_id, left = 0, 0
        while True:
            page = await self._journal.owed(after_id, PAGE)
            if not page:
                return left
            after_id = page[-1].question.id
            left += await self._answer(page)

    async def _answer(self, page: Sequence[Owed]) -> int:
        await self._memories.load([owed.question.party for owed in page])
        plans = [self._plan(owed.question) for owed in page]
        statuses = await self._desk.look_up(plans, self._deadline_s)
        left = 0
        done: set[str] = set()
        answers: list[Answer] = []
        for owed, plan, status in zip(page, plans, statuses, strict=True):
            question = owed.question
            if question.party in done:  # the next sweep sees what this answer changes
                left += 1
                continue
            moment = self._desk.moment(question)
            turn = self._conversation.turn(plan, status, moment)
            state = QuestionState.ANSWERED
            if turn is None:
                age_us = self._now_us() - question.received_us
                if age_us >= self._give_up_us:
                    turn = self._conversation.gave_up(plan, moment)
                else:
                    left += 1
                    if owed.state is QuestionState.PROMISED or age_us < self._later_us:
                        continue
                    turn = self._conversation.later(plan, moment)
                    state = QuestionState.PROMISED
            done.add(question.party)
            self._memories.put(question.party, turn.memory)
            answers.append(self._desk.answer(question, turn, state))
        if answers:
            await self._desk.commit((), answers)
            log.info("owed_answered", count=len(answers), left=left)
        return left

    def _plan(self, question: Question) -> Plan:
        reading = self._read(question.text)
        return self._conversation.plan(
            reading, self._memories.get(question.party), question.received_us
        )
