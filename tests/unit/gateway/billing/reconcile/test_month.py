from __future__ import annotations

from datetime import UTC, timedelta, timezone

from gateway.billing.months import Month
from gateway.billing.reconcile.month import days_around, month_at, place_in, span_us

HERE = timezone(timedelta(hours=5))
NOVEMBER = Month(2026, 11)
HOUR = 3_600_000_000


def test_a_month_begins_and_ends_with_its_zone() -> None:
    begin, end = span_us(NOVEMBER, HERE)
    assert begin == 1_793_473_200_000_000  # 2026-10-31 19:00 UTC
    assert end - begin == 30 * 24 * HOUR
    assert span_us(NOVEMBER, UTC) == (begin + 5 * HOUR, end + 5 * HOUR)
    assert span_us(Month(2026, 12), HERE)[0] == end


def test_days_around_a_month_reach_into_both_neighbours() -> None:
    assert days_around(NOVEMBER) == (20261030, 20261202)
    assert days_around(Month(2027, 1)) == (20261230, 20270202)


def test_a_day_is_before_within_or_after_a_month() -> None:
    days = (20261031, 20261101, 20261130, 20261201, 20251115)
    assert [place_in(NOVEMBER, day) for day in days] == [-1, 0, 0, 1, -1]


def test_a_moment_is_of_the_month_of_its_zone() -> None:
    begin, _ = span_us(NOVEMBER, HERE)
    assert month_at(begin, HERE) == NOVEMBER
    assert month_at(begin, UTC) == Month(2026, 10)
