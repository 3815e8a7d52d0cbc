"""What a month's act carries of earlier ones: `Journal.chains_booked`, on every engine."""

from __future__ import annotations

import pytest

from gateway.store import Journal
from gateway.store import sqlite_reader as reading
from tests.support.months import answered_late, asked, at_us, credited, store

FROM_US, TO_US = at_us("2026-11-01 00:00"), at_us("2026-12-11 00:00")


@pytest.fixture
async def journal(store: Journal) -> Journal:
    return store


async def booked(
    journal: Journal, before_day: int = 20261101, from_us: int = FROM_US, to_us: int = TO_US
) -> list[int]:
    return [chain.question_id async for chain in journal.chains_booked(before_day, from_us, to_us)]


async def test_earlier_questions_are_told_once_in_the_order_of_the_booking(
    journal: Journal,
) -> None:
    first, second = (asked(f"2026-10-2{n} 10:00", "promised") for n in (0, 1))
    await store(journal, first, second, asked("2026-10-22 10:00"))
    await journal.take([], [answered_late(second, "2026-11-05 09:00")])
    twice = (
        credited(first, "2026-11-06 09:00", "a", 1),
        credited(first, "2026-11-07 09:00", "b", 1),
    )
    await journal.take([], [answered_late(first, "2026-11-06 09:00", entries=twice)])
    assert await booked(journal) == [second.question.id, first.question.id]


async def test_a_chain_comes_whole(journal: Journal) -> None:
    of = asked("2026-10-20 10:00", "promised")
    await store(journal, of)
    await journal.take([], [answered_late(of, "2026-11-05 09:00")])
    [chain] = [each async for each in journal.chains_booked(20261101, FROM_US, TO_US)]
    [same] = [each async for each in journal.chains(20261001, 20261031)]
    assert chain == same
    assert [each.kind for each in chain.entries] == ["rated", "charged", "credited"]


async def test_the_time_of_booking_has_its_bounds(journal: Journal) -> None:
    of = asked("2026-10-20 10:00", "promised")
    await store(journal, of)
    late = answered_late(of, "2026-11-05 09:00")
    await journal.take([], [late])
    (at,) = {each.at_us for each in late.entries}
    assert await booked(journal, from_us=at) == [of.question.id]
    assert await booked(journal, from_us=at + 1) == []
    assert await booked(journal, to_us=at) == []
    assert await booked(journal, to_us=at + 1) == [of.question.id]


async def test_questions_of_that_day_and_later_are_left_out(journal: Journal) -> None:
    of = asked("2026-11-01 00:00", "promised")
    await store(journal, of)
    await journal.take([], [answered_late(of, "2026-11-05 09:00")])
    assert await booked(journal) == []
    assert await booked(journal, 20261102) == [of.question.id]


async def test_pages_leave_no_seam(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PAGE_ROWS", 2)
    late = [asked(f"2026-10-20 10:0{n}", "promised") for n in range(5)]
    await store(journal, *late)
    await journal.take([], [answered_late(each, "2026-11-05 09:00") for each in late])
    assert await booked(journal) == [each.question.id for each in late]


async def test_a_question_of_years_ago_is_found(journal: Journal) -> None:
    """The look back begins a month before: it is the booking that counts, not the question."""
    old = asked("2024-05-05 10:00", "promised")
    await store(journal, old, asked("2026-10-20 10:00"))
    await journal.take([], [answered_late(old, "2026-11-05 09:00")])
    assert await booked(journal) == [old.question.id]


async def test_a_journal_without_rows_has_none(journal: Journal) -> None:
    assert await booked(journal) == []
