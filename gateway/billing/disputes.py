"""Disputes and failed answers in the journal: credits are booked there, each once, beside the
audit's record of who did it. Where nobody acts, what would be booked is told, nothing written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from gateway.clock import day_date
from gateway.core.cdr import Entry
from gateway.core.disputes import Decision, decide, given_back, judge, key_of
from gateway.core.ledger import Finding
from gateway.core.records import Chain
from gateway.core.staff import Acting, Action, Outcome
from gateway.core.tariff_failed import FailedRules
from gateway.store.journal import Journal

BOOK_MAX = 200  # entries a call
LOOK_BACK_DAYS = 10  # so long the fate of a reply may still change; then its month is closed


class Ending(StrEnum):
    """What became of a decision."""

    BOOKED = "booked"
    WOULD_BOOK = "would_book"  # it was only tried
    BOOKED_BEFORE = "booked_before"  # the same of this case: nothing to do
    OTHERWISE_BEFORE = "otherwise_before"  # this case was decided in other words or sums
    FORBIDDEN = "forbidden"
    NO_QUESTION = "no_question"


class Decided(NamedTuple):
    """`entry`: what stands in the ledger, or would; `why` it is forbidden."""

    ending: Ending
    entry: Entry | None = None
    why: str = ""
    chain: Chain | None = None  # as it is now


async def target_of(journal: Journal, question_id: int) -> str:
    """What the audit calls that question. Raises StoreUnavailableError."""
    return _target(question_id, await journal.chain(question_id))


def _target(question_id: int, chain: Chain | None) -> str:
    """What is no question's id is not kept: it may be a phone, or the number of a ticket."""
    return "question (unknown)" if chain is None else f"question {question_id}"


async def give_back(
    journal: Journal,
    question_id: int,
    decision: Decision,
    acting: Acting | None,
    *,
    day: int,
    at_us: int,
    amount_tiyn: int | None = None,
) -> Decided:
    """Credit a question by somebody's decision; a second time nothing happens.

    `day`: the civil day of now, whose month's act has the credit; `amount_tiyn`: all that is left
    by default. What comes to nothing is recorded too. Raises StoreUnavailableError.
    """
    stands = await journal.chain(question_id)
    tried = _tried(stands, decision, day=day, at_us=at_us, amount_tiyn=amount_tiyn)
    if acting is None:
        return tried
    new = tried.entry if tried.ending is Ending.WOULD_BOOK else None
    ending = tried.ending if new is None else Ending.BOOKED
    what = (at_us, Action.CREDIT, _target(question_id, stands), ending)
    if new is None:
        await journal.note([acting.record(*what, case=decision.case)])
        return tried
    written = await journal.book([new], acting.record(*what, case=decision.case))
    chain = await journal.chain(question_id)
    if new.key in written:
        return Decided(Ending.BOOKED, new, "", chain)
    # Somebody else was faster: with this case, or with what was left.
    stood = None if chain is None else _standing(chain, decision, amount_tiyn)
    return stood or Decided(
        Ending.FORBIDDEN, None, "less is left by now: something else was given back", chain
    )


def _tried(
    chain: Chain | None,
    decision: Decision,
    *,
    day: int,
    at_us: int,
    amount_tiyn: int | None,
) -> Decided:
    """What would become of it."""
    if chain is None:
        return Decided(Ending.NO_QUESTION)
    if (stood := _standing(chain, decision, amount_tiyn)) is not None:
        return stood
    new = decide(chain.entries, decision, day=day, at_us=at_us, amount_tiyn=amount_tiyn)
    if isinstance(new, Finding):
        return Decided(Ending.FORBIDDEN, None, new.sentence, chain)
    return Decided(Ending.WOULD_BOOK, new, "", chain)


def _standing(chain: Chain, decision: Decision, amount_tiyn: int | None) -> Decided | None:
    """What this case came to before; None where it is new."""
    key = key_of(chain.question_id, decision.cause)
    entry = next((each for each in chain.entries if each.key == key), None)
    if entry is None:
        return None
    same = entry.reason == decision.words and amount_tiyn in (None, -entry.amount_tiyn)
    ending = Ending.BOOKED_BEFORE if same else Ending.OTHERWISE_BEFORE
    return Decided(ending, entry, "", chain)


class FailedReport(NamedTuple):
    """What was looked at and given back; sums in tiyn, negative."""

    day_from: int
    day_to: int
    questions: int
    credited: int
    credited_tiyn: int
    by_failure: dict[str, int]
    waiting: int  # that may still fail
    without_rule: int  # of operators and days that no rule covers
    lost_race: int  # given back by somebody else in the meantime


async def give_back_failed(
    journal: Journal,
    rules: FailedRules,
    day_from: int,
    day_to: int,
    acting: Acting | None,
    *,
    day: int,
    now_us: Callable[[], int],
) -> FailedReport:
    """Credit the questions of these days (YYYYMMDD, both included) whose answers have failed, by
    the rules. Whoever runs it again, over whatever days, credits no question twice. `day`: the
    civil day of now. Every BOOK_MAX credits have a record, and so has a run without any. Raises
    StoreUnavailableError."""
    totals: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    waiting: list[Entry] = []
    what = (Action.CREDIT_FAILED, f"days {day_from} to {day_to}")

    async def book() -> None:
        written: AbstractSet[str] = {each.key for each in waiting}
        if acting is not None and waiting:
            written = await journal.book(waiting, acting.record(now_us(), *what, Ending.BOOKED))
        for entry in waiting:
            if entry.key in written:
                failures[str(entry.reason)] += 1
                totals["tiyn"] += entry.amount_tiyn
            else:
                totals["lost_race"] += 1
        waiting.clear()

    async for chain in journal.chains(day_from, day_to):
        totals["questions"] += 1
        rule = rules.rule(chain.operator, day_date(chain.day))
        if rule is None:
            totals["without_rule"] += 1
            continue
        at_us = now_us()
        verdict = judge(chain, rule, at_us)
        totals["waiting"] += verdict.waits
        if verdict.failure is not None:
            waiting.append(given_back(chain.entries, verdict.failure, day=day, at_us=at_us))
        if len(waiting) >= BOOK_MAX:
            await book()
    await book()
    if acting is not None and not failures:
        await journal.note([acting.record(now_us(), *what, Outcome.NOTHING)])
    return FailedReport(
        day_from, day_to, totals["questions"], failures.total(), totals["tiyn"],
        dict(sorted(failures.items())), totals["waiting"], totals["without_rule"],
        totals["lost_race"],
    )  # fmt: skip


def days_to_look_at(today: date) -> tuple[int, int]:
    """The days whose answers may have failed since they were looked at last, YYYYMMDD."""
    first = today - timedelta(days=LOOK_BACK_DAYS)
    return _day(first), _day(today)


def _day(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day
