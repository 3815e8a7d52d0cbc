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
    RECEIPT_ORDINAL,
    Answer,
    Outcome,
    Question,
    QuestionState,
    ReceiptSeen,
    Reply,
    ReplyState,
)
from gateway.store import Journal
from tests.support.journal import (
    AT,
    DAY,
    ENGINES,
    HOUR,
    SECOND,
    answer,
    chains,
    entry,
    our_receipt,
    question,
    rated_mt,
    reply,
)

QUEUED, SUBMITTING, SUBMITTED, FAILED, UNKNOWN, DELIVERED, UNDELIVERED, EXPIRED = ReplyState
ACCEPTED, PROMISED, ANSWERED, PARKED = QuestionState
HOPEFUL = {QUEUED, SUBMITTING, SUBMITTED, UNKNOWN, DELIVERED}
LOST = {FAILED, UNDELIVERED, EXPIRED}
RECEIPT_US = 8 * DAY
ENDS = {FAILED: "voided", EXPIRED: "voided", SUBMITTED: "charged"}


@dataclass
class Sent:
    """A reply in the model."""

    id: int
    question_id: int
    ordinal: int
    segs: int
    state: ReplyState
    next_us: int
    submitted_us: int = 0
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
    # by the id it is told as, and the one it would join by
    orphans: dict[tuple[str, str], ReceiptSeen] = field(default_factory=dict)
    ledger: dict[int, dict[str, str]] = field(default_factory=dict)

    def take(self, asked: Question, answered: Answer | None, receipt: Reply | None) -> int | None:
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
        if receipt is not None:
            self.store(receipt, RECEIPT_ORDINAL)
        return None

    def store(self, row: Reply, ordinal: int) -> None:
        self.replies[row.id] = Sent(
            row.id, row.question_id, ordinal, row.segs, row.state, row.next_us
        )

    def answer(self, answered: Answer) -> None:
        question_id = answered.question_id
        if self.states[question_id] in {ANSWERED, answered.state}:
            return
        self.states[question_id] = answered.state
        before = [one.ordinal + 1 for one in self.of(question_id)]
        for row in answered.replies:
            self.store(row, row.ordinal + max(before, default=0))
        for one in answered.entries:
            self.ledger[question_id].setdefault(one.key.split(":")[0], one.kind)

    def of(self, question_id: int) -> list[Sent]:
        """The question's replies, our receipt for it not among them."""
        return [
            one
            for one in self.replies.values()
            if one.question_id == question_id and one.ordinal != RECEIPT_ORDINAL
        ]

    def party(self, one: Sent) -> str:
        return self.questions[one.question_id].party

    def settle(self, outcome: Outcome) -> None:
        one = self.replies[outcome.reply_id]
        if one.state in {SUBMITTING, UNKNOWN}:
            one.state, one.canonical_id = outcome.state, outcome.canonical_id
            if one.state is SUBMITTED:
                one.submitted_us = outcome.at_us
            elif one.state is QUEUED:
                one.next_us = outcome.next_us
        if outcome.charge and one.state is outcome.state:
            self.charge(one, outcome.charge)
        self.join_early(one)

    def join_early(self, one: Sent) -> None:
        asked = self.questions[one.question_id]
        known = [  # the ids, and whether the subscriber is known to be the same
            (told_as, name, seen.party == asked.party)
            for (told_as, name), seen in self.orphans.items()
            if seen.at_us >= asked.received_us
        ]
        if one.state is UNKNOWN:
            for told_as, name, same in known:
                seen = self.orphans[told_as, name]
                if told_as == name and same and seen.reference == one.id & 0xFFFF:
                    self.prove(one, seen)
                    self.receipt(one, seen)
        else:
            fits = [
                key for key in known if key[1] == one.canonical_id and (key[2] or key[0] == key[1])
            ]
            for told_as, name, _ in sorted(fits, key=lambda key: (not key[2], key[0] != key[1])):
                self.receipt(one, self.orphans[told_as, name])
        gone = {
            told_as
            for (told_as, name), seen in self.orphans.items()
            if name == one.canonical_id and (told_as == name or seen.party == asked.party)
        }
        self.orphans = {key: seen for key, seen in self.orphans.items() if key[0] not in gone}

    @staticmethod
    def prove(one: Sent, seen: ReceiptSeen) -> None:
        if one.state is UNKNOWN:
            one.state, one.canonical_id = SUBMITTED, seen.canonical_id
            one.submitted_us = one.next_us

    def charge(self, one: Sent, charge: str) -> None:
        entries = self.ledger[one.question_id]
        if one.ordinal == RECEIPT_ORDINAL:
            return
        if entries.get("rated") != "rated" or not self.is_mt(one.question_id):
            return
        hopeless = self.states[one.question_id] is ANSWERED and not any(
            other.state in HOPEFUL for other in self.of(one.question_id)
        )
        if charge == "charged" or hopeless:
            entries.setdefault("settled", charge)

    def is_mt(self, question_id: int) -> bool:
        return self.questions[question_id].operator == "mt"

    def receive(self, rows: list[ReceiptSeen]) -> tuple[set[int], dict[int, str]]:
        """Those that match nothing, and how others match; what is matched at first sight is what
        was submitted before the call."""
        unmatched, otherwise = set(), {}
        first = [self.submitted_as(seen, seen.canonical_id, seen.party) for seen in rows]
        for place, (seen, at_sight) in enumerate(zip(rows, first, strict=True)):
            found, name = (at_sight, None) if at_sight else self.sought(seen)
            if found is None:
                unmatched.add(place)
                self.keep(seen)
                continue
            if name is not None:
                otherwise[place] = name
            self.prove(found, seen)
            self.receipt(found, seen)
        return unmatched, otherwise

    def submitted_as(self, seen: ReceiptSeen, name: str, party: str) -> Sent | None:
        fits = [
            one
            for one in self.replies.values()
            if one.canonical_id == name
            and one.state is SUBMITTED
            and one.submitted_us > seen.at_us - RECEIPT_US
            and party in {"", self.party(one)}
        ]
        return max(fits, key=lambda one: one.id, default=None)

    def sought(self, seen: ReceiptSeen) -> tuple[Sent | None, str | None]:
        for name in seen.others:
            found = self.submitted_as(seen, name, seen.party or "nobody")
            if found is not None:
                return found, name
        found = self.submitted_as(seen, seen.canonical_id, "")
        if found is not None:
            return found, None
        fits = [
            one
            for one in self.replies.values()
            if one.state is UNKNOWN
            and one.id & 0xFFFF == seen.reference
            and one.next_us > seen.at_us - RECEIPT_US
            and self.party(one) == seen.party
        ]
        return max(fits, key=lambda one: one.id, default=None), ""

    def keep(self, seen: ReceiptSeen) -> None:
        for name in sorted({seen.canonical_id, *seen.others}) if seen.keep else ():
            early = self.orphans.setdefault((seen.canonical_id, name), seen)
            if early.state is None:  # a final one takes its place, not its time
                self.orphans[seen.canonical_id, name] = seen._replace(
                    at_us=early.at_us, party=early.party, reference=early.reference
                )

    def give_up(self, now_us: int) -> None:
        """Parts whose time for a receipt is over take the fate of their message."""
        fates = {}
        for one in self.replies.values():
            if one.state is SUBMITTED and one.segs > 1 and one.submitted_us <= now_us - RECEIPT_US:
                whole = {s.state for s in self.of(one.question_id) if s.ordinal == one.ordinal}
                if whole & {*LOST, DELIVERED}:
                    fates[one.id] = UNDELIVERED if whole & LOST else DELIVERED
        for reply_id, state in fates.items():
            one = self.replies[reply_id]
            one.state = state
            self.charge(one, "charged" if state is DELIVERED else "voided")

    def receipt(self, one: Sent, seen: ReceiptSeen) -> None:
        if one.state is not SUBMITTED:
            return
        one.stat = seen.stat
        one.state = one.state if seen.state is None else seen.state
        if seen.charge is not None:
            self.charge(one, seen.charge)

    def asked_us(self, reply_id: int) -> int:
        return self.questions[self.replies[reply_id].question_id].received_us

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

    def worded(
        self, asked: Question, state: QuestionState, rows: int, queued: bool, long: bool
    ) -> Answer:
        """`long`: one reply of so many segments, else so many replies."""
        self.count += 1
        replies = tuple(
            reply(
                asked, 0 if long else n, n + 1 if long else 1, segs=rows if long else 1,
                id=self.count * 1000 + n + 1, state=QUEUED if queued else SUBMITTING,
            )
            for n in range(rows)
        )  # fmt: skip
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
        long=st.booleans(),
        operator=st.sampled_from(["mo", "mt"]),
        receipt=st.booleans(),
    )
    def take(
        self, texts: list[int], session: int, state: Any, rows: int, queued: bool, long: bool,
        operator: str, receipt: bool,
    ) -> None:  # fmt: skip
        given: list[Question] = []
        answers: list[Answer] = []
        receipts: list[Reply] = []
        expected = []
        for text in texts:
            self.count += 1
            asked = question(
                self.count, fingerprint=f"f{text}", session=session, operator=operator,
                received_us=self.now_us, party=f"p{text % 2}",
            )  # fmt: skip
            given.append(asked)
            ours = our_receipt(asked) if receipt else None
            if ours:
                receipts.append(ours)
            self.model.questions[asked.id] = asked
            if state is not None:
                answers.append(self.worded(asked, state, rows, queued, long))
            original = self.model.take(asked, answers[-1] if state is not None else None, ours)
            if original is not None:
                del self.model.questions[asked.id]
                expected.append((asked.id, original))
        assert list(self.runner.run(self.store.take(given, answers, receipts))) == expected

    @precondition(lambda self: self.model.questions)
    @rule(
        data=st.data(), state=st.sampled_from([PROMISED, ANSWERED, PARKED]), rows=st.integers(0, 2)
    )
    def answer_late(self, data: st.DataObject, state: QuestionState, rows: int) -> None:
        asked = data.draw(st.sampled_from(list(self.model.questions.values())))
        late = self.worded(asked, state, rows, queued=True, long=False)
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
            self.model.replies[reply_id].next_us = self.now_us
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
        data=st.data(),
        seen=st.lists(
            st.tuples(
                st.sampled_from("abc"),
                st.sampled_from([DELIVERED, UNDELIVERED, None]),
                st.sampled_from([(), ("b",), ("a", "c")]),
                st.sampled_from(["", "p0", "p1"]),
                st.booleans(),
            ),
            min_size=1,
            max_size=3,
        ),
        refers=st.booleans(),
    )
    def receive(self, data: st.DataObject, seen: list[Any], refers: bool) -> None:
        charges = {DELIVERED: "charged", UNDELIVERED: "voided", None: None}
        known = sorted(self.model.replies)
        reference = data.draw(st.sampled_from(known)) & 0xFFFF if refers and known else None
        rows = [
            ReceiptSeen(
                "north", name, state, f"{state}", "000", charges[state], self.now_us,
                others, party, reference, keep,
            )
            for name, state, others, party, keep in seen
        ]  # fmt: skip
        expected = self.model.receive(rows)
        assert self.runner.run(self.store.receipts(rows)) == expected

    @rule()
    def purge(self) -> None:
        while self.runner.run(self.store.purge(self.now_us)):
            pass
        for key, seen in list(self.model.orphans.items()):
            if seen.at_us + 7 * DAY <= self.now_us:
                del self.model.orphans[key]
        self.model.give_up(self.now_us)

    @rule()
    def restart(self) -> None:
        self.runner.run(self.store.close())
        self.store = self.runner.run(self.opened.open())
        for reply_id in self.model.pick(SUBMITTING):
            self.model.replies[reply_id].state = UNKNOWN
        for reply_id in self.model.pick(UNKNOWN):
            self.model.join_early(self.model.replies[reply_id])
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
                {one.id: (one.ordinal, one.state, one.stat) for one in model.of(question_id)},
                {name: str(kind) for name, kind in model.ledger[question_id].items()},
            )
            for question_id in model.questions
        }
        open_ids = model.pick(QUEUED, SUBMITTING)
        assert await self.store.waiting() == (
            {"north": (len(open_ids), model.asked_us(open_ids[0]))} if open_ids else {}
        )
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
