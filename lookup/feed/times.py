"""Times as nearly every feed writes them, through tables of days and of seconds; the clocks of the
country, by which a time has its civil day. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

YEAR_MIN: Final = 1900
YEAR_MAX: Final = 2999
DAY: Final = len("YYYY-MM-DD")
_ZONE: Final = len("YYYY-MM-DDThh:mm:ss")
_DAYS_MAX: Final = 65_536  # remembered: more than a century and a half
_DAY_US: Final = 86_400_000_000
_HOUR_US: Final = 3_600_000_000
_OLD_US: Final = 6 * _HOUR_US
_OFFSETS: Final = {"+05:00": 5 * _HOUR_US, "+06:00": _OLD_US}  # Kazakh time, now and before

_REGIONS: Final = ("Aqtau", "Aqtobe", "Atyrau", "Oral", "Qostanay", "Qyzylorda")  # of Asia
_NOW: Final = timezone(timedelta(hours=5))


def _clock_of(town: str) -> tzinfo:
    try:
        return ZoneInfo(f"Asia/{town}")
    except ZoneInfoNotFoundError:  # gateway.clock refuses such a machine, and says so
        return _NOW


KAZAKHSTAN: Final = _clock_of("Almaty")
"""The clock of most of the country until 29 February 2024, of all of it since."""
_NOW_OFFSET: Final = timedelta(hours=5)
_OLD_OFFSET: Final = timedelta(hours=6)
_CHANGED_DAY: Final = "2024-03-01"
_CHANGED_AT: Final = datetime(2024, 2, 29, 18, tzinfo=UTC)  # midnight became 23:00
_SUMMERS_ENDED: Final = datetime(2004, 10, 31, tzinfo=UTC)
_OF_SUMMERS: Final = frozenset({timedelta(hours=4), timedelta(hours=7)})  # until they ended
_STANDARD_DAY: Final = datetime.fromisoformat("1924-05-02")  # before, each town had its own time
_STANDARD_AT: Final = _STANDARD_DAY.replace(tzinfo=_NOW)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_MICROSECOND: Final = timedelta(microseconds=1)
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
        us = self[written] = self._us(day)
        return us

    def _us(self, day: date) -> int:
        return (day.toordinal() - _EPOCH_DAY) * _DAY_US


class _Midnights(_Days):
    """The same to their midnight in Kazakhstan."""

    def _us(self, day: date) -> int:
        return (with_zone(datetime.combine(day, time.min)) - _EPOCH) // _MICROSECOND


days: Final = _Days()
"""Raises NotPlainError for what is no day of the calendar in the years that are told."""
_midnights: Final = _Midnights()


def with_zone(naive: datetime, zone: tzinfo = KAZAKHSTAN) -> datetime:
    """A time without an offset, as the clocks of that zone showed it; the first of two such."""
    return naive.replace(tzinfo=_NOW if naive < _STANDARD_DAY else zone)


def local(at: datetime) -> datetime:
    """The moment by a clock of the country: as it is where some region's clock had its offset
    then, else by that of Almaty."""
    offset = at.utcoffset()
    if offset == _NOW_OFFSET or (offset == _OLD_OFFSET and at < _CHANGED_AT):
        return at
    if offset in _OF_SUMMERS and at < _SUMMERS_ENDED and _had(at, offset):
        return at
    return at.astimezone(_NOW if at < _STANDARD_AT else KAZAKHSTAN)


def _had(at: datetime, offset: timedelta | None) -> bool:
    return any(at.astimezone(zone).utcoffset() == offset for zone in _zones())


@cache
def _zones() -> tuple[tzinfo, ...]:
    return (KAZAKHSTAN, *map(_clock_of, _REGIONS))


def plain_us(written: str) -> int:
    """UTC microseconds of YYYY-MM-DDThh:mm:ss with a Kazakh offset, or of a date alone.

    Raises NotPlainError for every other way to write a time, good or bad.
    """
    if len(written) == DAY:
        return _midnights[written]
    try:
        seconds_us, offset_us = _SECONDS[written[DAY:_ZONE]], _OFFSETS[written[_ZONE:]]
    except KeyError:
        raise NotPlainError from None
    if offset_us == _OLD_US and written >= _CHANGED_DAY:  # nobody's clock showed that any more
        raise NotPlainError
    return days[written[:DAY]] + seconds_us - offset_us
