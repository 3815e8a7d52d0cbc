"""When operators are there. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from gateway.clock import Clock
from gateway.core.workdays import Workdays
from gateway.settings.tables import OperatorsSettings
from ivr.attendant.people import ClosedHours

HOUR_US = 3_600_000_000
DAYS_AHEAD_MAX = 31  # whoever does not open within them has no hours to be told

_DAY = timedelta(days=1)


class OperatorHours(NamedTuple):
    """Whole hours of the day, (from, until before); equal ones: closed all day."""

    workday: tuple[int, int]
    day_off: tuple[int, int]
    workdays: Workdays

    @property
    def ever(self) -> bool:
        """Whether they are there on any day."""
        return any(first < end for first, end in (self.workday, self.day_off))

    def closed(self, now: datetime) -> tuple[int, int] | None:
        """None while operators are there, else the hours of the day on which they come next.
        `now` is Kazakhstan's time."""
        first, end = self._of(now.date())
        if first <= now.hour < end:
            return None
        day = now.date() if now.hour < first < end else now.date() + _DAY
        for _ in range(DAYS_AHEAD_MAX):
            first, end = self._of(day)
            if first < end:
                return first, end
            day += _DAY
        return first, end

    def _of(self, day: date) -> tuple[int, int]:
        return self.workday if self.workdays.is_working(day) else self.day_off


def hour_by_hour(hours: OperatorHours, clock: Clock) -> ClosedHours:
    """What `closed` says now. It can change with a new hour alone, and each step of a call asks:
    Kazakhstan is whole hours away from UTC."""
    asked = -1
    said: tuple[int, int] | None = None

    def closed() -> tuple[int, int] | None:
        nonlocal asked, said
        hour = clock.now_us() // HOUR_US
        if hour != asked:
            said, asked = hours.closed(clock.now()), hour
        return said

    return closed


def operator_hours(settings: OperatorsSettings, workdays: Workdays) -> OperatorHours:
    """As `[operators]` has them."""
    return OperatorHours(settings.workday_hours, settings.day_off_hours, workdays)
