"""Times as nearly every feed writes them, through tables of days and of seconds. Pure."""

from __future__ import annotations

from datetime import date
from typing import Final

YEAR_MIN: Final = 1900
YEAR_MAX: Final = 2999
DAY: Final = len("YYYY-MM-DD")
_ZONE: Final = len("YYYY-MM-DDThh:mm:ss")
_DAYS_MAX: Final = 65_536  # remembered: more than a century and a half
_DAY_US: Final = 86_400_000_000
_HOUR_US: Final = 3_600_000_000
_LOCAL_US: Final = 5 * _HOUR_US
_OFFSETS: Final = {"+05:00": _LOCAL_US, "+06:00": 6 * _HOUR_US}  # Kazakh time, now and before
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
        if len(written) != DAY or written[4] != "-" or not YEAR_MIN <= day.year <= YEAR_MAX:
            raise NotPlainError
        if len(self) >= _DAYS_MAX:
            self.clear()
        us = self[written] = (day.toordinal() - _EPOCH_DAY) * _DAY_US
        return us


days: Final = _Days()
"""Raises NotPlainError for what is no day of the calendar in the years that are told."""


def plain_us(written: str) -> int:
    """UTC microseconds of YYYY-MM-DDThh:mm:ss with a Kazakh offset, or of a date alone.

    Raises NotPlainError for every other way to write a time, good or bad.
    """
    if len(written) == DAY:
        return days[written] - _LOCAL_US
    try:
        seconds_us, offset_us = _SECONDS[written[DAY:_ZONE]], _OFFSETS[written[_ZONE:]]
    except KeyError:
        raise NotPlainError from None
    return days[written[:DAY]] + seconds_us - offset_us
