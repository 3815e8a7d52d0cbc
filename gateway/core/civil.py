"""Moments as the people of the country date them. Pure: the zone's history comes from outside."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Civil:
    """Civil days and hours of `zone`; moments are UTC microseconds."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._midnight_of = date.min
        self._midnight_us = 0

    def day(self, at_us: int) -> date:
        """The day on which a moment falls."""
        return self._local(at_us).date()

    def hour(self, at_us: int) -> str:
        """Its time of day, HH:MM."""
        local = self._local(at_us)
        return f"{local.hour:02}:{local.minute:02}"

    def midnight_us(self, day: date) -> int:
        """The moment at which a day begins. The last day asked for is kept: it is nearly always
        today."""
        if day != self._midnight_of:
            begins = datetime(day.year, day.month, day.day, tzinfo=self._zone)
            self._midnight_us = (begins - _EPOCH) // _MICROSECOND
            self._midnight_of = day
        return self._midnight_us

    def _local(self, at_us: int) -> datetime:
        return (_EPOCH + timedelta(microseconds=at_us)).astimezone(self._zone)
