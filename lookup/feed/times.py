"""Times as nearly every feed writes them, through tables of days and of seconds; the zones that
times without an offset are in. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

YEAR_MIN: Final = 1900
YEAR_MAX: Final = 2999
DAY: Final = len("YYYY-MM-DD")
_ZONE: Final = len("YYYY-MM-DDThh:mm:ss")
_DAYS_MAX: Final = 65_536  # remembered: more than a century and a half
_DAY_US: Final = 86_400_000_000
_HOUR_US: Final = 3_600_000_000
_LOCAL_US: Final = 5 * _HOUR_US
_OLD_US: Final = 6 * _HOUR_US
_OFFSETS: Final = {"+05:00": _LOCAL_US, "+06:00": _OLD_US}  # Kazakh time, now and before

LOCAL_ZONE: Final = timezone(timedelta(hours=5))
"""The country's one zone since 1 March 2024."""
OLD_ZONE: Final = timezone(timedelta(hours=6))
"""That of most of the country, Almaty and Astana with it, before; taken for all of it, and for the
years before 2005 too, whose summers had an hour more: the civil day is what counts."""
_CHANGED_DAY: Final = "2024-03-01"
_CHANGED_AT: Final = datetime(2024, 2, 29, 18, tzinfo=UTC)  # midnight became 23:00
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_SECONDS: Final = {
    f"T{second // 3_600:02d}:{second // 60 % 60:02d}:{second % 60:02d}": second * 1_000_000
    for second in range(86_400)
}


class NotPlainError(Exception):
    """A value that the full checks must see."""


class _Days(dict[str, int]):
    """Days of the calendar as written -> microseconds from 1970 to their midnight in UTC."""

    def __missing__(self, written: str) -> int:
        try:
            day = date.fromisoformat(written)
        except ValueError:
            raise NotPlainError from None
        if (len(written), written[4], written[7]) != (DAY, "-", "-"):  # 20261120, 2026-W47-5
            raise NotPlainError
        if not YEAR_MIN <= day.year <= YEAR_MAX:
            raise NotPlainError
        if len(self) >= _DAYS_MAX:
            self.clear()
        us = self[written] = (day.toordinal() - _EPOCH_DAY) * _DAY_US
        return us


days: Final = _Days()
"""Raises NotPlainError for what is no day of the calendar in the years that are told."""


def zone_on(written: str) -> timezone:
    """The zone of a time that begins with this day, YYYY-MM-DD, and has no offset."""
    return OLD_ZONE if written[:DAY] < _CHANGED_DAY else LOCAL_ZONE


def zone_at(at: datetime) -> timezone:
    """The zone in force at a moment with any offset."""
    return OLD_ZONE if at < _CHANGED_AT else LOCAL_ZONE


def plain_us(written: str) -> int:
    """UTC microseconds of YYYY-MM-DDThh:mm:ss with a Kazakh offset, or of a date alone.

    Raises NotPlainError for every other way to write a time, good or bad.
    """
    if len(written) == DAY:
        return days[written] - (_OLD_US if written < _CHANGED_DAY else _LOCAL_US)
    try:
        seconds_us, offset_us = _SECONDS[written[DAY:_ZONE]], _OFFSETS[written[_ZONE:]]
    except KeyError:
        raise NotPlainError from None
    return days[written[:DAY]] + seconds_us - offset_us
