"""The working days of Kazakhstan."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.holidays import Basis
from gateway.core.workdays import Workdays
from tests.support.wording import texts, workdays

days = st.dates(date(2015, 1, 1), date(2035, 12, 31))
counts = st.integers(1, 400)


def without(year: int) -> Workdays:
    """The shipped calendar as if the file of one year were missing."""
    tables = texts("calendar")
    del tables[str(year)]
    return Workdays.from_tables(tables)


def test_the_shipped_years_have_no_problems() -> None:
    assert workdays().check() == []


@pytest.mark.parametrize(
    ("year", "count"),
    [(2020, 246), (2022, 246), (2023, 246), (2024, 249), (2025, 246), (2026, 247)],
)
def test_a_year_has_as_many_working_days_as_were_published(year: int, count: int) -> None:
    assert workdays().between(date(year, 1, 1), date(year + 1, 1, 1)) == count


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 11, 21),  # a Saturday
        date(2026, 3, 24),  # for Nauryz on a weekend
        date(2026, 5, 27),  # Kurban Ait
        date(2027, 3, 15),  # Constitution Day, where it is since 2027
        date(2025, 9, 1),  # for Constitution Day, where it was until 2025
        date(2024, 5, 8),  # moved by decree
        date(2022, 10, 25),
        date(2021, 12, 1),
        date(2021, 12, 17),
    ],
)
def test_a_day_off_is_not_worked(day: date) -> None:
    assert not workdays().is_working(day)


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 11, 20),
        date(2024, 5, 4),  # a Saturday worked for 8 May
        date(2025, 1, 5),  # a Sunday worked for 3 January
        date(2020, 5, 11),  # the day off for 9 May was moved on to 8 May
        date(2024, 1, 8),  # Orthodox Christmas on a Sunday gives no other day off
        date(2026, 8, 31),  # no Constitution Day in August any more
        date(2021, 10, 25),
        date(2022, 12, 1),
    ],
)
def test_a_day_that_is_worked_counts(day: date) -> None:
    assert workdays().is_working(day)


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        (date(2026, 11, 2), 15, date(2026, 11, 23)),
        (date(2026, 11, 20), 1, date(2026, 11, 23)),
        (date(2024, 5, 3), 1, date(2024, 5, 4)),
        (date(2025, 12, 31), 1, date(2026, 1, 5)),
        (date(2026, 3, 20), 1, date(2026, 3, 26)),
    ],
)
def test_working_days_are_counted_from_the_day_after(start: date, count: int, end: date) -> None:
    assert workdays().add(start, count) == end


def test_a_day_off_ends_on_the_next_working_day() -> None:
    assert workdays().on_or_after(date(2026, 11, 21)) == date(2026, 11, 23)
    assert workdays().on_or_after(date(2026, 11, 20)) == date(2026, 11, 20)


def test_no_working_days_cannot_be_added() -> None:
    with pytest.raises(ValueError, match="one working day at least"):
        workdays().add(date(2026, 11, 2), 0)


@given(days, counts)
def test_a_count_of_working_days_never_ends_on_a_day_off(start: date, count: int) -> None:
    end = workdays().add(start, count)
    assert end > start
    assert workdays().is_working(end)


@given(days, counts, counts)
def test_more_working_days_end_later(start: date, one: int, more: int) -> None:
    assert workdays().add(start, one + more) > workdays().add(start, one)
    assert workdays().add(workdays().add(start, one), more) == workdays().add(start, one + more)


@given(days, counts)
def test_a_later_start_never_ends_earlier(start: date, count: int) -> None:
    assert workdays().add(start + timedelta(days=1), count) >= workdays().add(start, count)


@given(days, counts)
def test_the_days_between_are_those_that_were_added(start: date, count: int) -> None:
    after = start + timedelta(days=1)
    end = workdays().add(start, count)
    assert workdays().between(after, end + timedelta(days=1)) == count
    assert workdays().between(end, after) == 0


@given(days, st.integers(0, 500))
def test_the_days_between_are_counted_one_by_one(first: date, length: int) -> None:
    span = [first + timedelta(days=each) for each in range(length)]
    counted = sum(map(workdays().is_working, span))
    assert workdays().between(first, first + timedelta(days=length)) == counted


# -- years without a file


def test_a_year_without_a_file_goes_by_weekends_and_fixed_holidays() -> None:
    bare = without(2026)
    assert not bare.is_working(date(2026, 3, 24))
    assert not bare.is_working(date(2026, 1, 7))
    assert bare.is_working(date(2026, 5, 27))  # Kurban Ait is in no file
    assert bare.basis(date(2026, 1, 1), date(2026, 2, 1)) is Basis.FALLBACK


def test_every_year_can_be_asked_for() -> None:
    assert workdays().add(date(1899, 12, 29), 1) == date(1900, 1, 3)
    assert workdays().is_working(date(2999, 6, 3))


def test_a_span_is_known_as_well_as_its_least_known_year() -> None:
    assert workdays().basis(date(2024, 5, 1), date(2025, 5, 1)) is Basis.DECREED
    assert workdays().basis(date(2025, 5, 1), date(2026, 5, 1)) is Basis.PROVISIONAL
    assert workdays().basis(date(2027, 12, 1), date(2028, 1, 1)) is Basis.FALLBACK


@pytest.mark.parametrize(
    ("today", "year"),
    [
        (date(2026, 6, 1), None),
        (date(2027, 11, 1), None),
        (date(2027, 11, 2), 2028),
        (date(2027, 12, 31), 2028),
        (date(2028, 1, 1), 2028),
    ],
)
def test_the_next_year_is_missed_sixty_days_before_it_begins(today: date, year: int | None) -> None:
    missing = workdays().missing(today)
    assert [each.partition(".toml")[0] for each in missing] == (
        [f"config/calendar/{year}"] if year else []
    )
