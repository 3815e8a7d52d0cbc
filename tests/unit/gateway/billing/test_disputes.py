"""Credits by decision and by rule, in a journal: each once, whoever asks and how often."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway.billing import disputes
from gateway.billing.disputes import Ending, days_to_look_at, give_back, give_back_failed
from gateway.billing.verify import verify
from gateway.core.cdr import Entry
from gateway.core.disputes import Decision
from gateway.core.ledger import kept_tiyn
from gateway.core.records import Chain, Outcome, ReplyState
from gateway.core.staff import Acting, AuditRecord, Role
from gateway.core.tariff_failed import FailedRules
from gateway.store import Journal
from tests.support import journal as rows
from tests.support.months import TARIFFS, Asked, answered_late, asked, at_us, store

WORDS = Decision.read("dispute", "no answer came", "aigul")
AIGUL = Acting("aigul", Role.ACCOUNTANT)
NIGHTLY = Acting("nightly", Role.TIMER)
NOW, TODAY = at_us("2026-11-23 09:00"), 20261123


@pytest.fixture
async def journal(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Journal]:
    engine = rows.SqliteEngine(tmp_path, tmp_path_factory.getbasetemp() / "sqlite.made")
    yield await engine.open()
    await engine.close()


async def chain(journal: Journal, of: Asked) -> Chain:
    found = await journal.chain(of.question.id)
    assert found is not None
    return found


async def decided(journal: Journal, of: Asked, words: Decision = WORDS, **how: Any) -> Ending:
    how = {"acting": AIGUL} | how
    found = await give_back(journal, of.question.id, words, day=TODAY, at_us=NOW, **how)
    return found.ending


async def failed(
    journal: Journal, day_from: int = 20261101, rules: FailedRules = TARIFFS.failed, **how: Any
) -> disputes.FailedReport:
    how = {"acting": NIGHTLY} | how
    return await give_back_failed(
        journal, rules, day_from, TODAY, day=TODAY, now_us=lambda: NOW, **how
    )


async def recorded(journal: Journal) -> list[tuple[object, ...]]:
    """Who did what to what, its outcome, and how much it booked."""
    return [
        (each.who, each.action, each.target, each.outcome, each.detail.get("booked_tiyn"))
        for each in await journal.audit(0, 100, 0, 2**62)
    ]


# -- by decision


async def test_a_question_is_given_back_once(journal: Journal) -> None:
    of = asked("2026-11-20 10:00")
    await store(journal, of)
    assert await decided(journal, of) is Ending.BOOKED
    assert await decided(journal, of) is Ending.BOOKED_BEFORE
    last = (await chain(journal, of)).entries[-1]
    assert (last.amount_tiyn, last.reason, last.day) == (
        -1500, "no answer came (aigul, dispute)", TODAY,
    )  # fmt: skip
    assert (await verify(journal, 20261120, 20261120)).findings == ()


async def test_a_case_that_was_decided_is_not_decided_otherwise(journal: Journal) -> None:
    of = asked("2026-11-20 10:00")
    await store(journal, of)
    await decided(journal, of, amount_tiyn=500)
    assert await decided(journal, of, amount_tiyn=500) is Ending.BOOKED_BEFORE
    assert await decided(journal, of, amount_tiyn=600) is Ending.OTHERWISE_BEFORE
    other = WORDS._replace(reason="another reason")
    assert await decided(journal, of, other, amount_tiyn=500) is Ending.OTHERWISE_BEFORE
    assert await decided(journal, of, WORDS._replace(case="second")) is Ending.BOOKED
    assert kept_tiyn((await chain(journal, of)).entries) == 0


async def test_what_the_ledger_forbids_is_told_and_not_written(journal: Journal) -> None:
    of = asked("2026-11-20 10:00", "not_found")
    await store(journal, of)
    found = await give_back(journal, of.question.id, WORDS, AIGUL, day=TODAY, at_us=NOW)
    assert (found.ending, found.entry) == (Ending.FORBIDDEN, None)
    assert "credited 0 tiyn" in found.why
    assert found.chain == await chain(journal, of)
    assert len(found.chain.entries) == 3


async def test_a_question_nobody_asked_is_no_question(journal: Journal) -> None:
    found = await give_back(journal, 5, WORDS, AIGUL, day=TODAY, at_us=NOW)
    assert found.ending is Ending.NO_QUESTION


async def test_a_trial_writes_nothing(journal: Journal) -> None:
    of = asked("2026-11-20 10:00")
    await store(journal, of)
    assert await decided(journal, of, acting=None) is Ending.WOULD_BOOK
    assert len((await chain(journal, of)).entries) == 2
    assert await recorded(journal) == []


async def test_every_decision_is_recorded_whatever_came_of_it(journal: Journal) -> None:
    of, free = asked("2026-11-20 10:00"), asked("2026-11-20 10:01", "not_found")
    await store(journal, of, free)
    for one in (of, of, free):
        await decided(journal, one)
    await decided(journal, of, WORDS._replace(reason="another reason"))
    await give_back(journal, 5, WORDS, AIGUL, day=TODAY, at_us=NOW)
    target = f"question {of.question.id}"
    assert await recorded(journal) == [
        ("aigul", "credit", target, "booked", -1500),
        ("aigul", "credit", target, "booked_before", None),
        ("aigul", "credit", f"question {free.question.id}", "forbidden", None),
        ("aigul", "credit", target, "otherwise_before", None),
        ("aigul", "credit", "question (unknown)", "no_question", None),
    ]


async def test_of_two_desks_at_once_one_gives_back(journal: Journal) -> None:
    of = asked("2026-11-20 10:00")
    await store(journal, of)
    same = await asyncio.gather(*(decided(journal, of) for _ in range(2)))
    assert sorted(same) == [Ending.BOOKED, Ending.BOOKED_BEFORE]
    assert sorted(each[3:] for each in await recorded(journal)) == [
        ("booked", -1500),
        ("nothing", 0),
    ]
    second = asked("2026-11-20 11:00")
    await store(journal, second)
    cases = [WORDS._replace(case=case) for case in ("a", "b")]
    other = await asyncio.gather(*(decided(journal, second, case) for case in cases))
    assert sorted(other) == [Ending.BOOKED, Ending.FORBIDDEN]
    assert kept_tiyn((await chain(journal, second)).entries) == 0


# -- by rule


async def lost(journal: Journal, *given: Asked) -> None:
    """Questions whose replies come back as undeliverable."""
    await store(journal, *given)
    seen = [
        rows.receipt(str(reply.id), link=reply.link, state=ReplyState.UNDELIVERED, charge=None,
                     at_us=reply.next_us + rows.MINUTE)
        for each in given for reply in each.answer.replies
    ]  # fmt: skip
    assert await rows.joined(journal, *seen) == len(seen)


async def test_answers_that_failed_are_given_back_by_rule(journal: Journal) -> None:
    good, free = asked("2026-11-20 10:00"), asked("2026-11-20 10:01", "not_found")
    never = asked("2026-11-20 10:02")
    owed, late, young = (
        asked(at, "promised") for at in ("2026-11-20 11:00", "2026-11-20 12:00", "2026-11-22 12:00")
    )
    await store(journal, good, free, owed, late, young)
    await lost(journal, never)
    await journal.take([], [answered_late(late, "2026-11-21 12:01", "status")])
    report = await failed(journal)
    assert report.by_failure == {"late": 1, "unanswered": 1, "undelivered": 1}
    assert (report.questions, report.credited, report.credited_tiyn) == (6, 3, -4500)
    assert (report.waiting, report.without_rule, report.lost_race) == (1, 0, 0)
    reasons = [(await chain(journal, each)).entries[-1].reason for each in (never, owed, late)]
    assert reasons == ["undelivered", "unanswered", "late"]
    assert (await verify(journal, 20261101, TODAY, TARIFFS.triggers)).findings == ()


async def test_a_second_run_gives_nothing_back(journal: Journal) -> None:
    await lost(journal, asked("2026-11-20 10:00"))
    assert (await failed(journal)).credited == 1
    assert (await failed(journal)).credited == 0
    assert (await verify(journal, 20261101, TODAY)).credited_tiyn == -1500


async def test_a_trial_run_tells_the_same_and_writes_nothing(journal: Journal) -> None:
    await lost(journal, asked("2026-11-20 10:00"))
    tried = await failed(journal, acting=None)
    assert (await verify(journal, 20261101, TODAY)).credited_tiyn == 0
    assert await recorded(journal) == []
    assert tried == await failed(journal)


async def test_days_and_rules_choose_what_is_looked_at(journal: Journal) -> None:
    await lost(journal, asked("2026-11-10 10:00"), asked("2026-11-20 10:00", operator="south"))
    (rule,) = TARIFFS.failed.rules
    north = FailedRules((rule._replace(operators=frozenset({"north"})),))
    report = await failed(journal, 20261111, north)
    assert (report.questions, report.without_rule, report.credited) == (1, 1, 0)
    assert (await failed(journal, rules=north)).credited == 1
    assert (await failed(journal)).credited == 1


async def test_the_late_answer_to_what_was_given_back_gives_nothing_back_again(
    journal: Journal,
) -> None:
    of = asked("2026-11-20 11:00", "promised")
    await store(journal, of)
    await failed(journal)
    await journal.take([], [answered_late(of, "2026-11-23 10:00")])
    entries = (await chain(journal, of)).entries
    assert [each.amount_tiyn for each in entries] == [1500, 1500, -1500]


async def test_many_are_booked_in_calls_of_bounded_size(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disputes, "BOOK_MAX", 2)
    await lost(journal, *(asked(f"2026-11-20 10:0{n}") for n in range(5)))
    sizes: list[int] = []
    book = journal.book

    async def counted(entries: Sequence[Entry], record: AuditRecord) -> frozenset[str]:
        sizes.append(len(entries))
        return await book(entries, record)

    monkeypatch.setattr(journal, "book", counted)
    assert (await failed(journal)).credited == 5
    assert sizes == [2, 2, 1]
    what = ("nightly", "credit-failed", "days 20261101 to 20261123", "booked")
    assert await recorded(journal) == [(*what, -3000), (*what, -3000), (*what, -1500)]


async def test_a_run_that_finds_nothing_is_told_too(journal: Journal) -> None:
    await failed(journal)
    what = ("nightly", "credit-failed", "days 20261101 to 20261123")
    assert await recorded(journal) == [(*what, "nothing", None)]


async def test_what_somebody_else_gave_back_meanwhile_is_not_counted(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = asked("2026-11-20 10:00")
    await lost(journal, of)
    book = journal.book

    async def beaten(entries: Sequence[Entry], record: AuditRecord) -> frozenset[str]:
        monkeypatch.setattr(journal, "book", book)
        await decided(journal, of)
        return await book(entries, record)

    monkeypatch.setattr(journal, "book", beaten)
    report = await failed(journal)
    assert (report.credited, report.credited_tiyn, report.lost_race) == (0, 0, 1)


async def test_a_reply_that_may_have_arrived_is_no_failure(journal: Journal) -> None:
    of = asked("2026-11-20 10:00")
    await journal.take([of.question], [of.answer])
    [reply] = of.answer.replies
    await journal.settle([Outcome(reply.id, ReplyState.UNKNOWN, at_us=reply.next_us)])
    assert (await failed(journal)).credited == 0


def test_ten_days_are_looked_at() -> None:
    assert days_to_look_at(date(2026, 12, 4)) == (20261124, 20261204)
