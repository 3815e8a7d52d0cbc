"""The journal against a model of a few dicts: any order of calls, any passing of time, restarts in
between; after each step both must tell the same."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.core.records import (
    Answer,
    Outcome,
    Question,
    QuestionState,
    ReceiptSeen,
    ReplyState,
)
from gateway.store import Journal
from tests.conformance.test_store import ENGINES
from tests.support.journal import (
    AT,
    DAY,
    HOUR,
    SECOND,
    answer,
    chains,
    entry,
    question,
    rated_mt,
    reply,
)

QUEUED, SUBMITTING, SUBMITTED, FAILED, UNKNOWN, DELIVERED, UNDELIVERED, EXPIRED = ReplyState
ACCEPTED, PROMISED, ANSWERED, PARKED = QuestionState
HOPEFUL = {QUEUED, SUBMITTING, SUBMITTED, UNKNOWN, DELIVERED}
ENDS = {FAILED: "voided", EXPIRED: "voided", SUBMITTED: "charged"}


@dataclass
class Sent:
    """A reply in the model."""

    question_id: int
    ordinal: int
    state: ReplyState
    canonical_id: str | None = None
    stat: str | None = None


@dataclass
class Model:
    """What a journal is for, without a disk."""

    questions: dict[int, Question] = field(default_factory=dict)
    states: dict[int, QuestionState] = field(default_factory=dict)
    duplicates: dict[int, int] = field(default_factory=dict)
    holders: dict[str, Question] = field(default_factory=dict)
    confirmed: dict[int, int] = field(default_factory=dict)
    replies: dict[int, Sent] = field(default_factory=dict)
    orphans: dict[str, ReceiptSeen] = field(default_factory=dict)
    ledger: dict[int, dict[str, str]] = field(default_factory=dict)

    def take(self, asked: Question, answered: Answer | None) -> int | None:
        """The id of the original if it is a duplicate."""
        holder = self.holders.get(asked.fingerprint)
        if holder is not None:
            age_us = asked.received_us - holder.received_us
            doubtful = holder.id > self.confirmed.get(holder.session, 0)
            if age_us < 60 * SECOND or (doubtful and age_us < 48 * HOUR):
                self.duplicates[holder.id] += 1
                return holder.id
        self.holders[asked.fingerprint] = self.questions[asked.id] = asked
        self.states[asked.id] = ACCEPTED
        self.duplicates[asked.id] = 0
        self.ledger[asked.id] = {}
        if answered is not None:
            self.answer(answered)
        return None

    def answer(self, answered: Answer) -> None:
        question_id = answered.question_id
        if self.states[question_id] in {ANSWERED, answered.state}:
            return
        self.states[question_id] = answered.state
        before = [one.ordinal + 1 for one in self.of(question_id)]
        for row in answered.replies:
            ordinal = row.ordinal + max(before, default=0)
            self.replies[row.id] = Sent(question_id, ordinal, row.state)
        for one in answered.entries:
            self.ledger[question_id].setdefault(one.key.split(":")[0], one.kind)

    def of(self, question_id: int) -> list[Sent]:
        return [one for one in self.replies.values() if one.question_id == question_id]

    def settle(self, outcome: Outcome) -> None:
        one = self.replies[outcome.reply_id]
        if one.state in {SUBMITTING, UNKNOWN}:
            one.state, one.canonical_id = outcome.state, outcome.canonical_id
        if outcome.charge and one.state is outcome.state:
            self.charge(one, outcome.charge)
        early = self.orphans.pop(one.canonical_id or "", None)
        if early and early.at_us >= self.questions[one.question_id].received_us:
            self.receipt(one, early)

    def charge(self, one: Sent, charge: str) -> None:
        entries = self.ledger[one.question_id]
        if entries.get("rated") != "rated" or not self.is_mt(one.question_id):
            return
        hopeless = self.states[one.question_id] is ANSWERED and not any(
            other.state in HOPEFUL for other in self.of(one.question_id)
        )
        if charge == "charged" or hopeless:
            entries.setdefault("settled", charge)

    def is_mt(self, question_id: int) -> bool:
        return self.questions[question_id].operator == "mt"

    def receive(self, rows: list[ReceiptSeen]) -> int:
        """How many match; what is matched is what was submitted before the call."""
        found = [max(self.submitted_as(seen.canonical_id), default=None) for seen in rows]
        for seen, reply_id in zip(rows, found, strict=True):
            if reply_id is not None:
                self.receipt(self.replies[reply_id], seen)
                continue
            early = self.orphans.get(seen.canonical_id)
            if early is None:
                self.orphans[seen.canonical_id] = seen
            elif early.state is None:  # a final one takes its place, not its time
                self.orphans[seen.canonical_id] = seen._replace(at_us=early.at_us)
        return sum(reply_id is not None for reply_id in found)

    def submitted_as(self, canonical_id: str) -> list[int]:
        return [
            reply_id
            for reply_id, one in self.replies.items()
            if one.canonical_id == canonical_id and one.state is SUBMITTED
        ]

    def receipt(self, one: Sent, seen: ReceiptSeen) -> None:
        if one.state is not SUBMITTED:
            return
        one.stat = seen.stat
        if seen.state is not None:
            one.state = seen.state
            assert seen.charge is not None
            self.charge(one, seen.charge)

    def pick(self, *wanted: ReplyState) -> list[int]:
        return sorted(at for at, one in self.replies.items() if one.state in wanted)


class JournalMachine(RuleBasedStateMachine):
    """Calls in any order."""

    engine: Any
    made: Path

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.model = Model()
        self.now_us = AT
        self.count = 0
        self.opened = self.engine(Path(self.folder.name), self.made)
        self.store: Journal = self.runner.run(self.opened.open())

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.runner.run(self.opened.close())
            self.runner.close()
            self.folder.cleanup()

    def worded(self, asked: Question, state: QuestionState, rows: int, queued: bool) -> Answer:
        self.count += 1
        replies = tuple(
            reply(asked, n, id=self.count * 1000 + n + 1, state=QUEUED if queued else SUBMITTING)
            for n in range(rows)
        )
        first = rated_mt(asked) if self.model.is_mt(asked.id) else entry(asked)
        return answer(asked, state=state)._replace(replies=replies, entries=(first,))

    @rule(seconds=st.sampled_from([1, 61, 49 * 3600, 8 * 24 * 3600]))
    def time_passes(self, seconds: int) -> None:
        self.now_us += seconds * SECOND

    @rule(
        texts=st.lists(st.integers(0, 3), min_size=1, max_size=3),
        session=st.integers(1, 2),
        state=st.sampled_from([None, PROMISED, ANSWERED, ANSWERED, PARKED]),
        rows=st.integers(0, 2),
        queued=st.booleans(),
        operator=st.sampled_from(["mo", "mt"]),
    )
    def take(
        self, texts: list[int], session: int, state: Any, rows: int, queued: bool, operator: str
    ) -> None:
        given: list[Question] = []
        answers: list[Answer] = []
        expected = []
        for text in texts:
            self.count += 1
            asked = question(
                self.count, fingerprint=f"f{text}", session=session, operator=operator,
                received_us=self.now_us,
            )  # fmt: skip
            given.append(asked)
            self.model.questions[asked.id] = asked
            if state is not None:
                answers.append(self.worded(asked, state, rows, queued))
            original = self.model.take(asked, answers[-1] if state is not None else None)
            if original is not None:
                del self.model.questions[asked.id]
                expected.append((asked.id, original))
        assert list(self.runner.run(self.store.take(given, answers))) == expected

    @precondition(lambda self: self.model.questions)
    @rule(
        data=st.data(), state=st.sampled_from([PROMISED, ANSWERED, PARKED]), rows=st.integers(0, 2)
    )
    def answer_late(self, data: st.DataObject, state: QuestionState, rows: int) -> None:
        asked = data.draw(st.sampled_from(list(self.model.questions.values())))
        late = self.worded(asked, state, rows, queued=True)
        self.model.answer(late)
        self.runner.run(self.store.take([], [late]))

    @rule(session=st.integers(1, 2))
    def confirm(self, session: int) -> None:
        self.model.confirmed[session] = self.count * 1000
        self.runner.run(self.store.confirm(session, self.count * 1000))

    @precondition(lambda self: self.model.replies)
    @rule(data=st.data())
    def claim(self, data: st.DataObject) -> None:
        wanted = data.draw(st.lists(st.sampled_from(sorted(self.model.replies)), unique=True))
        expected = set(wanted) & set(self.model.pick(QUEUED))
        for reply_id in expected:
            self.model.replies[reply_id].state = SUBMITTING
        assert self.runner.run(self.store.claim(wanted, self.now_us)) == expected

    @precondition(lambda self: self.model.replies)
    @rule(
        data=st.data(),
        state=st.sampled_from([QUEUED, SUBMITTED, SUBMITTED, FAILED, UNKNOWN, EXPIRED]),
        charging=st.booleans(),
        name=st.sampled_from("abc"),
    )
    def settle(self, data: st.DataObject, state: ReplyState, charging: bool, name: str) -> None:
        outcome = Outcome(
            data.draw(st.sampled_from(sorted(self.model.replies))),
            state,
            canonical_id=name if state is SUBMITTED else None,
            charge=ENDS.get(state) if charging else None,
            at_us=self.now_us,
        )
        self.model.settle(outcome)
        self.runner.run(self.store.settle([outcome]))

    @rule(
        seen=st.lists(
            st.tuples(st.sampled_from("abc"), st.sampled_from([DELIVERED, UNDELIVERED, None])),
            min_size=1,
            max_size=3,
        )
    )
    def receive(self, seen: list[tuple[str, ReplyState | None]]) -> None:
        charges = {DELIVERED: "charged", UNDELIVERED: "voided", None: None}
        rows = [
            ReceiptSeen("north", name, state, f"{state}", "000", charges[state], self.now_us)
            for name, state in seen
        ]
        expected = self.model.receive(rows)
        assert self.runner.run(self.store.receipts(rows)) == expected

    @rule()
    def purge(self) -> None:
        self.runner.run(self.store.purge(self.now_us))
        for name, seen in list(self.model.orphans.items()):
            if seen.at_us + 7 * DAY <= self.now_us:
                del self.model.orphans[name]

    @rule()
    def restart(self) -> None:
        self.runner.run(self.store.close())
        self.store = self.runner.run(self.opened.open())
        for reply_id in self.model.pick(SUBMITTING):
            self.model.replies[reply_id].state = UNKNOWN
        self.runner.run(self.store.recover(self.now_us))

    @invariant()
    def both_tell_the_same(self) -> None:
        if hasattr(self, "store"):
            self.runner.run(self.compare())

    async def compare(self) -> None:
        told = {
            chain.question_id: (
                chain.state,
                chain.duplicates,
                {one.id: (one.ordinal, one.state, one.stat) for one in chain.replies},
                {one.key.split(":")[0]: str(one.kind) for one in chain.entries},
            )
            for chain in await chains(self.store)
        }
        model = self.model
        assert told == {
            question_id: (
                model.states[question_id],
                model.duplicates[question_id],
                {
                    reply_id: (one.ordinal, one.state, one.stat)
                    for reply_id, one in model.replies.items()
                    if one.question_id == question_id
                },
                {name: str(kind) for name, kind in model.ledger[question_id].items()},
            )
            for question_id in model.questions
        }
        for state, ask in ((QUEUED, self.store.queued), (UNKNOWN, self.store.unknown)):
            assert [row.id for row in await ask("north", 0, 999)] == model.pick(state)
        assert [(o.question.id, o.state) for o in await self.store.owed(0, 999)] == [
            (at, model.states[at])
            for at in sorted(model.questions)
            if model.states[at] in {ACCEPTED, PROMISED}
        ]
        assert await self.store.stray_entries(9) == []


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_a_journal_is_what_its_model_is(
    engine: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    class Machine(JournalMachine):
        pass

    Machine.engine = engine
    Machine.made = tmp_path_factory.getbasetemp() / f"{engine.name}.made"
    case = Machine.TestCase
    case.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
    case().runTest()
