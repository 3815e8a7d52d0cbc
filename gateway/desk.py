"""The desk: a batch of questions becomes answers, written down together with their CDRs.

accept -> read -> plan -> look up -> word -> rate -> one transaction -> outbox. All rules are the
pure core's; here stands only the order of the steps. Where the lookup is slower than the batch
budget the questions alone are committed, and `gateway.owed` answers them later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import structlog

from gateway import commits
from gateway.answers import AnswerRows
from gateway.clock import Clock, day_date
from gateway.commits import Commits, Stored
from gateway.core import copied
from gateway.core.conversation import Moment, Plan, Turn
from gateway.core.memory import is_landline
from gateway.core.reading import NEVER_STORED, Intent, Reading
from gateway.core.records import BY_SMS, COPY, Answer, Question, QuestionState, Reply
from gateway.core.results import Result
from gateway.core.tariff_vat import told_tenge
from gateway.keys import Keys
from gateway.memories import Memories
from gateway.outbox import Outbox
from gateway.rules import Rules
from gateway.store.journal import Journal
from gateway.together import Together
from lookup.federation import Lookup
from lookup.status import Status, TicketRecord, Wanted

log = structlog.get_logger()


class Asking(NamedTuple):
    """A question with what reading it told; `answerable` is False where no reply can go, and
    `poisoned` says that our reading failed on it."""

    question: Question
    reading: Reading
    answerable: bool
    poisoned: bool = False


class Counters(commits.Counters, Protocol):
    """What the desk counts."""

    def park(self, count: int) -> None: ...


class Desk:
    """See the module."""

    def __init__(
        self,
        *,
        journal: Journal,
        lookup: Lookup,
        outbox: Outbox,
        memories: Memories,
        rules: Rules,
        answers: AnswerRows,
        keys: Keys,
        clock: Clock,
        next_id: Callable[[], int],
        counters: Counters,
        batch_budget_ms: int,
    ) -> None:
        self._lookup = lookup
        self._together = Together(lookup)
        self._memories = memories
        self._rules = rules
        self._answers = answers
        self._keys = keys
        self._clock = clock
        self._next_id = next_id
        self._counters = counters
        self._budget_s = batch_budget_ms / 1_000
        self._owing = asyncio.Event()
        self.commit = Commits(journal, outbox, memories, clock, counters).write

    @property
    def owing(self) -> asyncio.Event:
        """Set when a question was accepted whose answer is owed."""
        return self._owing

    def asking(
        self,
        *,
        link: str,
        operator: str,
        session: int,
        identity: bytes,
        msisdn: str,
        short_code: str,
        channel: str,
        text: str | None,
        received_us: int | None = None,
        answerable: bool = True,
        joined: tuple[int, ...] = (),
        parts: int = 1,
        reading: Reading | None = None,
        nobody: str = "",
    ) -> Asking:
        """Class a text before anything is written: some texts are never stored.

        `reading` where the channel has read already; `nobody` stands for whoever asks without
        showing a phone (one call, one network): limits count on it.
        """
        poisoned = False
        if reading is None:
            reading, poisoned = self.read(text)
        if received_us is None:
            received_us = self._clock.now_us()
        question = Question(
            id=self._next_id(),
            link=link,
            operator=operator,
            session=session,
            fingerprint=self._keys.fingerprint(identity),
            party=self._keys.party(msisdn or nobody),
            msisdn=msisdn,
            short_code=short_code,
            channel=channel,
            received_us=received_us,
            day=self._clock.day(received_us),
            intent=reading.intent,
            text=None if reading.intent in NEVER_STORED else text,
            parts=parts,
            joined=joined,
        )
        answerable = answerable and (channel not in BY_SMS or self._rules.may_answer(msisdn))
        return Asking(question, reading, answerable, poisoned)

    async def serve(
        self,
        batch: Sequence[Asking],
        receipts: Sequence[Reply] = (),
        stored: Stored | None = None,
    ) -> None:
        """Answer a batch, one question a subscriber. On return all of it is on disk.

        See `Commits.write` for the rest. Raises StoreUnavailableError: nothing of it is on disk.
        """
        await self._memories.load([asking.question.party for asking in batch])
        plans = [self.plan(asking) for asking in batch]
        statuses = await self.look_up(plans, self._budget_s, hurried=True)
        answers: list[Answer] = []
        for asking, plan, status in zip(batch, plans, statuses, strict=True):
            turn = self.turn(asking, plan, status)
            if turn is not None:
                answers.append(self._answers.make(asking.question, turn, state_after(turn)))
        await self.commit([asking.question for asking in batch], answers, receipts, stored)
        if len(answers) < len(batch):
            self._owing.set()

    async def consult(self, asking: Asking, within_s: float) -> tuple[tuple[Status, ...], Turn]:
        """One question whose answer is told on the spot (a call, the web page), written down
        before it is told. What no source answers in time is told as such, not owed.

        Raises StoreUnavailableError.
        """
        await self._memories.load([asking.question.party])
        plan = self.plan(asking)
        (statuses,) = await self.look_up([plan], within_s)
        turn = self.turn(asking, plan, statuses)
        if turn is None:
            turn = self._rules.conversation.gave_up(plan, self._moment(asking.question))
        await self.commit(
            [asking.question], [self._answers.make(asking.question, turn, state_after(turn))]
        )
        return statuses, turn

    async def look_up(
        self, plans: Sequence[Plan], within_s: float, *, hurried: bool = False
    ) -> list[tuple[Status, ...]]:
        """The statuses of each plan's numbers, asked in one batch; what is not answered in time
        is silent, or, `hurried`, still pending."""
        wanted = [
            Wanted(asked.number, asked.kinds + asked.other_kinds)
            for plan in plans
            for asked in plan.asked
        ]
        if not wanted:
            return [()] * len(plans)
        if hurried:
            found = await self._lookup.find_many(wanted, within_s=within_s, hurried=True)
        else:
            found = await self._together.find_many(wanted, within_s)
        statuses: list[tuple[Status, ...]] = []
        at = 0
        for plan in plans:
            statuses.append(tuple(found[at : at + len(plan.asked)]))
            at += len(plan.asked)
        return statuses

    def plan(self, asking: Asking) -> Plan:
        """What is to be looked up; the phone's memory is loaded before."""
        question = asking.question
        memory = self._memories.get(question.party)
        return self._rules.conversation.plan(asking.reading, memory, question.received_us)

    def turn(self, asking: Asking, plan: Plan, statuses: Sequence[Status]) -> Turn | None:
        """The pure core's answer. Should it fail on this text, the question is parked and the
        stream goes on: one poisonous message must not stop a link."""
        if asking.poisoned:
            return self._parked(plan)
        if not asking.answerable:
            return Turn(Result.UNANSWERABLE, plan.language, (), plan.memory)
        try:
            turn = self._rules.conversation.turn(plan, statuses, self._moment(asking.question))
        except Exception:
            log.exception("question_failed", question_id=asking.question.id)
            return self._parked(plan)
        if turn is not None:
            self._memories.put(asking.question.party, turn.memory)
        return turn

    def _parked(self, plan: Plan) -> Turn:
        self._counters.park(1)
        return Turn(Result.PARKED, plan.language, (), plan.memory)

    def read(self, text: str | None) -> tuple[Reading, bool]:
        """(reading, whether our own code failed on this text)."""
        try:
            return self._rules.read(text), False
        except Exception:
            log.exception("text_not_read")
            return Reading(Intent.MALFORMED), True

    def read_again(self, question: Question) -> tuple[Reading, bool]:
        """The same from what is stored of a question."""
        if question.channel == COPY and question.text is not None:
            return copied.read(question.text, self._rules.kinds), False
        return self.read(question.text)

    def moment(self, operator: str, msisdn: str, channel: str = "sms") -> Moment:
        """When and for whom an answer is worded; an empty `msisdn` owns nothing, nor does a
        landline: whoever is at home may call by it."""
        if is_landline(msisdn):
            msisdn = ""
        now_us = self._clock.now_us()
        day = self._clock.day(now_us)

        def is_owner(ticket: TicketRecord) -> bool:
            hashes = ticket.owner_hashes
            return bool(hashes and msisdn) and self._keys.owner(msisdn) in hashes

        price = self._rules.tariffs.rate(
            operator=operator, channel="sms", on=day_date(day), result=Result.STATUS
        )
        return Moment(
            now_us, day, day_date(day), told_tenge(price.gross_tiyn), is_owner, channel in BY_SMS
        )

    def _moment(self, question: Question) -> Moment:
        return self.moment(question.operator, question.msisdn, question.channel)


def state_after(turn: Turn) -> QuestionState:
    """What becomes of a question with this answer."""
    return QuestionState.PARKED if turn.result is Result.PARKED else QuestionState.ANSWERED
