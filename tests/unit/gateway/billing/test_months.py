from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.billing.months import CLOSE_DAYS, Month, MonthError, act_of, window
from tests.support.months import CIVIL, at_us

NOVEMBER = Month(2026, 11)
MONTHS = st.builds(Month, st.integers(2024, 2030), st.integers(1, 12))
DAY_US = 86_400_000_000


def as_day(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def test_a_month_is_read_as_it_is_written() -> None:
    assert Month.read("2026-11") == NOVEMBER
    assert str(NOVEMBER) == "2026-11"


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "11-2026", "2026-1", "2026-11-01"]
)
def test_what_is_no_month_is_told_with_an_example(text: str) -> None:
    with pytest.raises(MonthError, match="write it as 2026-11"):
        Month.read(text)


def test_months_follow_each_other_over_the_year() -> None:
    assert Month(2026, 12).next == Month(2027, 1)
    assert Month(2027, 1).before == Month(2026, 12)
    assert NOVEMBER.last == date(2026, 11, 30)
    assert Month(2028, 2).days()[-1] == 20280229
    assert NOVEMBER.closes_on == date(2026, 12, 1 + CLOSE_DAYS)


@given(MONTHS)
def test_the_month_after_that_before_is_the_same(month: Month) -> None:
    assert month.before.next == month.next.before == month
    assert month.days() == [as_day(month.first), *month.days()[1:-1], as_day(month.last)]
    assert all(Month.of(day) == month for day in month.days())


@pytest.mark.parametrize(
    ("day", "booked", "taken_by"),
    [
        (20261115, "2026-11-15 10:00", NOVEMBER),
        (20261130, "2026-12-10 23:59", NOVEMBER),  # a receipt of the last night
        (20261130, "2026-12-11 00:00", Month(2026, 12)),
        (20261205, "2026-12-05 10:00", Month(2026, 12)),  # a credit has a day of its own
        (20261115, "2027-02-01 10:00", Month(2027, 1)),  # January is open until 11 February
    ],
)
def test_an_entry_stands_in_the_first_act_that_is_still_open(
    day: int, booked: str, taken_by: Month
) -> None:
    months = [Month(2026, 10), NOVEMBER, Month(2026, 12), Month(2027, 1), Month(2027, 2)]
    taken = [each for each in months if window(each, CIVIL.midnight_us).takes(day, at_us(booked))]
    assert taken == [taken_by]
    assert act_of(day, at_us(booked), CIVIL.midnight_us) == taken_by


@given(MONTHS, st.integers(1, 28), st.integers(-2 * DAY_US, 500 * DAY_US))
def test_every_entry_stands_in_one_act_alone(month: Month, day: int, after_us: int) -> None:
    booked_us = CIVIL.midnight_us(date(month.year, month.number, day)) + after_us
    taken = 0
    each = month.before
    of = act_of(as_day(month.first) + day - 1, booked_us, CIVIL.midnight_us)
    assert window(of, CIVIL.midnight_us).takes(as_day(month.first) + day - 1, booked_us)
    for _ in range(24):
        taken += window(each, CIVIL.midnight_us).takes(as_day(month.first) + day - 1, booked_us)
        each = each.next
    assert taken == 1
