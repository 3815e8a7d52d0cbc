from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from lookup.placeholders import FIRST_DAY, LAST_DAY, without_placeholders
from lookup.status import FineFacts, InspectionFacts, PassedOn, TermFacts
from tests.support.records import ticket

DAY = timedelta(days=1)
REAL = date(2026, 11, 2)
EMPTY = [
    date(1, 1, 1), date(1899, 12, 30), date(1900, 1, 1), date(1970, 1, 1), FIRST_DAY - DAY,
    LAST_DAY + DAY, date(2999, 12, 31), date(9999, 12, 31),
]  # fmt: skip


def us(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize("day", EMPTY)
def test_an_empty_date_of_another_system_is_no_date(day: date) -> None:
    for name in ("status_on", "created_on", "first_filed_on", "due_on"):
        told = without_placeholders(ticket(**{name: day, "due_basis": "backend"}))
        expected = {name: None, "due_basis": None if name == "due_on" else "backend"}
        assert told == ticket(**expected)


@pytest.mark.parametrize("day", EMPTY)
def test_the_facts_of_a_fine_an_act_and_a_term_are_looked_at_too(day: date) -> None:
    fine = FineFacts(20_000, day, REAL, 20_000, REAL, day, "office")
    act = InspectionFacts(REAL, REAL, REAL, day)
    last = PassedOn("appeal", "2", "in_review", day, None)
    there = PassedOn("appeal", "1", "forwarded", day, None, last)
    term = TermFacts(us(day), day)
    told = without_placeholders(ticket(fine=fine, inspection=act, passed_to=there, term=term))
    assert told == ticket(
        fine=fine._replace(half_until=None, bailiff_since=None),
        inspection=act._replace(extended_to=None),
        passed_to=there._replace(due_on=None, then=last._replace(due_on=None)),
        term=TermFacts(),
    )


@pytest.mark.parametrize("day", [FIRST_DAY, REAL, LAST_DAY, None])
def test_any_other_day_stays(day: date | None) -> None:
    facts = {
        "fine": FineFacts(pay_by=day),
        "inspection": InspectionFacts(ends_on=day),
        "passed_to": PassedOn("appeal", "1", "in_review", day, None),
        "term": TermFacts(None if day is None else us(day), day),
    }
    each = ticket(status_on=day, created_on=day, first_filed_on=day, due_on=day, **facts)
    assert without_placeholders(each) is each
