"""The journal's contract, of the people who decide: how they stand, and the audit of what was
decided, in one transaction with what it did."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import pytest

from gateway.core.cdr import Entry
from gateway.core.seal import RowKind, named
from gateway.core.staff import AuditRecord, Outcome, Person
from gateway.store import Journal, StoreDataError
from tests.conformance.test_store_corrections import asked, credit, kept
from tests.support.journal import AT, DAY, SECOND, SqliteEngine, question
from tests.support.legs import leg, record

FOREVER = 2**62


def noted(n: int = 1, **changes: Any) -> AuditRecord:
    return AuditRecord(
        at_us=AT + n * SECOND,
        who="aigul",
        role="accountant",
        action="credit",
        target="question 1000",
        outcome="booked",
        detail={"case": "dispute", "why": "жауап келмеді"},
    )._replace(**changes)


def person(name: str = "aigul", **changes: Any) -> Person:
    return Person(AT, name, "accountant", "ab" * 16, True, "dana")._replace(**changes)


def hired(name: str = "aigul") -> AuditRecord:
    return noted(action="staff-add", target=f"staff {name}", outcome=Outcome.DONE, detail={})


async def audit(store: Journal) -> Sequence[AuditRecord]:
    return await store.audit(0, 1_000, 0, FOREVER)


async def told(store: Journal) -> list[tuple[str, object, object]]:
    """Outcome, entries booked and their sum, of each record."""
    return [
        (each.outcome, each.detail.get("booked"), each.detail.get("booked_tiyn"))
        for each in await audit(store)
    ]


# -- the audit


async def test_records_are_kept_as_they_are_in_their_order(store: Journal) -> None:
    given = [noted(2), noted(1, who="b", role="", outcome=Outcome.REFUSED, detail={}), noted(3)]
    await store.note(given[:2])
    await store.note(given[2:])
    assert await audit(store) == [each._replace(id=n) for n, each in enumerate(given, 1)]


async def test_records_are_found_by_time_by_who_and_a_page_at_a_time(store: Journal) -> None:
    await store.note([noted(n, who="ab"[n % 2]) for n in range(6)])
    window = await store.audit(0, 10, AT + SECOND, AT + 4 * SECOND)
    assert [each.at_us for each in window] == [AT + n * SECOND for n in (1, 2, 3)]
    assert [each.id for each in await store.audit(0, 10, 0, FOREVER, "b")] == [2, 4, 6]
    assert [each.id for each in await store.audit(2, 2, 0, FOREVER)] == [3, 4]


async def test_no_records_are_nothing(store: Journal) -> None:
    await store.note([])
    assert await audit(store) == []


async def test_a_record_whose_detail_is_no_text_or_number_is_refused(store: Journal) -> None:
    with pytest.raises(StoreDataError):
        await store.note([noted(detail={"a": object()})])
    assert await audit(store) == []


# -- with money


async def test_a_record_tells_how_much_was_booked_with_it(store: Journal) -> None:
    of = await asked(store)
    new = [credit(of, "a", 500), credit(of, "b", 300)]
    assert len(await store.book(new, noted())) == 2
    [found] = await audit(store)
    assert found.detail == {**noted().detail, "booked": 2, "booked_tiyn": -800}
    assert found.outcome == "booked"


async def test_a_record_that_booked_nothing_says_so(store: Journal) -> None:
    of = await asked(store)
    await store.book([credit(of)], noted())
    assert await store.book([credit(of)], noted()) == frozenset()
    assert await store.book([credit(of, "b", 5000)], noted()) == frozenset()
    assert await store.book([], noted()) == frozenset()
    nothing = ("nothing", 0, 0)
    assert await told(store) == [("booked", 1, -1500), nothing, nothing, nothing]


async def test_of_two_that_book_one_cause_at_once_one_record_says_that_it_did(
    store: Journal,
) -> None:
    of = await asked(store)
    await asyncio.gather(*(store.book([credit(of, tiyn=500)], noted(n)) for n in range(3)))
    assert sorted(await told(store)) == [
        ("booked", 1, -500), ("nothing", 0, 0), ("nothing", 0, 0),
    ]  # fmt: skip


async def test_what_was_booked_without_a_record_is_told_by_no_later_one(store: Journal) -> None:
    of = await asked(store)
    await store.book([credit(of, tiyn=500)])
    await store.book([credit(of, tiyn=500), credit(of, "b", 100)], noted())
    assert await told(store) == [("booked", 1, -100)]


async def test_money_and_its_record_are_written_together_or_not_at_all(store: Journal) -> None:
    of = await asked(store)
    broken: Entry = credit(of)._replace(vat_bp=None)  # type: ignore[arg-type]  # a fault of ours
    with pytest.raises(StoreDataError):
        await store.book([broken], noted())
    with pytest.raises(StoreDataError):
        await store.book([credit(of)], noted(who=None))
    assert await audit(store) == []
    assert await kept(store, of) == 1500


# -- the staff


async def test_the_last_row_of_a_person_counts(store: Journal) -> None:
    first, second = person("zhanar"), person("aigul")
    assert await store.change_staff(first, 0, hired("zhanar"))
    assert await store.change_staff(second, 1, hired())
    assert await store.staff() == [second._replace(id=2), first._replace(id=1)]
    gone = second._replace(at_us=AT + DAY, enabled=False, key_hash="", role="auditor")
    assert await store.change_staff(gone, 2, noted(action="staff-disable"))
    assert await store.staff() == [gone._replace(id=3), first._replace(id=1)]
    assert [each.action for each in await audit(store)] == ["staff-add"] * 2 + ["staff-disable"]


async def test_nobody_is_changed_by_a_decision_on_what_was_before(store: Journal) -> None:
    assert await store.change_staff(person(), 0, hired())
    assert not await store.change_staff(person("b"), 0, hired("b"))
    assert not await store.change_staff(person("b"), 2, hired("b"))
    assert [each.name for each in await store.staff()] == ["aigul"]
    assert [each.outcome for each in await audit(store)] == ["done", "nothing", "nothing"]


async def test_of_two_that_change_the_staff_at_once_one_does(
    engine: SqliteEngine, store: Journal
) -> None:
    beside = await engine.open()
    done = await asyncio.gather(
        store.note([noted()]),
        store.book([], noted()),
        store.change_staff(person("a"), 0, hired("a")),
        store.change_staff(person("b"), 0, hired("b")),
        beside.change_staff(person("c"), 0, hired("c")),
    )
    assert sorted(map(bool, done[2:])) == [False, False, True]
    [only] = await store.staff()
    assert dict(zip("abc", done[2:], strict=True))[only.name]
    assert len(await audit(store)) == 5


@pytest.mark.parametrize("table", ["staff", "audit"])
async def test_rows_of_people_and_records_are_never_changed_or_removed(
    engine: SqliteEngine, store: Journal, table: str
) -> None:
    await store.change_staff(person(), 0, hired())
    with closing(sqlite3.connect(engine.path)) as connection:
        for change in (f"UPDATE {table} SET at_us = 0", f"DELETE FROM {table}"):
            with pytest.raises(sqlite3.IntegrityError, match="never"):
                connection.execute(change)


async def test_records_and_changes_of_the_staff_are_sealed_with_what_they_tell_of(
    store: Journal,
) -> None:
    of = await asked(store)
    await store.change_staff(person(), 0, hired())
    await store.book([credit(of)], noted())
    staffed, booked = (await store.seals(0, 10))[-2:]
    entry_id = max(row.id for row in named(booked.leaves) if row.kind == RowKind.ENTRY)
    assert {(row.kind, row.id) for row in named(staffed.leaves)} == {
        (RowKind.STAFF, 1), (RowKind.AUDIT, 1),
    }  # fmt: skip
    assert {(row.kind, row.id) for row in named(booked.leaves)} == {
        (RowKind.ENTRY, entry_id), (RowKind.AUDIT, 2),
    }  # fmt: skip


# -- calls of a phone


async def test_the_calls_of_a_phone_are_found_with_the_operators_legs(store: Journal) -> None:
    mine = [leg(n, call_id=f"CA{n}", party="mine", msisdn="77010000001") for n in (1, 5)]
    operators = leg(2, call_id="CA1", leg="operator", party="of the call")
    others = [
        leg(3, call_id="CA1", link="8800", party="another"),
        leg(4, call_id="CA3", leg="operator", party="mine", msisdn=""),  # his own phone
    ]
    await store.open_legs([*mine, operators, *others])
    await store.close_legs([record(mine[0]), record(operators)])
    found = await store.called_by("mine", 0, 99_999_999, 10)
    assert [trace.leg for trace in found] == [mine[0], operators, mine[1]]
    assert [len(trace.records) for trace in found] == [1, 1, 0]
    assert await store.called_by("nobody", 0, 99_999_999, 10) == []


async def test_days_and_limit_choose_among_the_calls_of_a_phone(store: Journal) -> None:
    legs = [leg(n, party="mine", day=question().day + n) for n in range(1, 5)]
    await store.open_legs(legs)
    found = await store.called_by("mine", legs[1].day, legs[3].day, 2)
    assert [trace.leg.id for trace in found] == [2000, 3000]
