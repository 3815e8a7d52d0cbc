"""A month's moments: as the country dates them, and as the operator's own zone does. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from gateway.billing.months import Month

MARGIN_DAYS: Final = 2  # of our neighbouring months: more than zones and slow clocks can shift

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def span_us(month: Month, zone: tzinfo) -> tuple[int, int]:
    """Its first moment in a zone, and the first moment after it."""
    return _midnight_us(month.first, zone), _midnight_us(month.next.first, zone)


def days_around(month: Month) -> tuple[int, int]:
    """Its first and last day with a margin, YYYYMMDD."""
    margin = timedelta(days=MARGIN_DAYS)
    return _number(month.first - margin), _number(month.last + margin)


def place_in(month: Month, day: int) -> int:
    """-1 for a day (YYYYMMDD) before it, 0 within, 1 after."""
    of = Month.of(day)
    return (of > month) - (of < month)


def month_at(at_us: int, zone: tzinfo) -> Month:
    """The month of a moment in a zone."""
    return Month.of_date((_EPOCH + timedelta(microseconds=at_us)).astimezone(zone).date())


def day_at(at_us: int, zone: tzinfo) -> int:
    """The day of a moment in a zone, YYYYMMDD."""
    return _number((_EPOCH + timedelta(microseconds=at_us)).astimezone(zone).date())


def _number(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _midnight_us(day: date, zone: tzinfo) -> int:
    return (datetime(day.year, day.month, day.day, tzinfo=zone) - _EPOCH) // _MICROSECOND
