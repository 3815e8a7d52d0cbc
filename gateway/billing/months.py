"""Months of settlement: which entry of the ledger belongs to which month's act. Pure.

A month stays open for ten days after its end: receipts are joined for eight days, a reply waits a
day at most, so that by then its charges are settled and its replies have their fate. What is
booked later, for whatever day, goes to the act of the next month that is still open. So an act
that was made after its close says the same whenever it is made again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

CLOSE_DAYS = 10  # from the first day after a month until it is closed

Midnight = Callable[[date], int]
"""The moment at which a day begins in Kazakhstan, in UTC microseconds (`Civil.midnight_us`)."""

_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


class MonthError(ValueError):
    """No month; the text says what one looks like."""


class Month(NamedTuple):
    """A calendar month; months are ordered."""

    year: int
    number: int  # 1 to 12

    @classmethod
    def read(cls, text: str) -> Month:
        """YYYY-MM. Raises MonthError."""
        found = _MONTH.fullmatch(text)
        if found is None:
            raise MonthError(f"{text!r} is no month; write it as 2026-11")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, day: int) -> Month:
        """The month of a day, YYYYMMDD."""
        return cls(day // 10_000, day // 100 % 100)

    @property
    def first(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        return self.next.first - timedelta(days=1)

    @property
    def next(self) -> Month:
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    @property
    def before(self) -> Month:
        return self.of_date(self.first - timedelta(days=1))

    @classmethod
    def of_date(cls, day: date) -> Month:
        return cls(day.year, day.month)

    def days(self) -> list[int]:
        """All its days, YYYYMMDD."""
        first = self.year * 10_000 + self.number * 100
        return [first + day for day in range(1, self.last.day + 1)]

    @property
    def closes_on(self) -> date:
        """The day with whose beginning it is closed."""
        return self.next.first + timedelta(days=CLOSE_DAYS)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"


class Window(NamedTuple):
    """What a month's act takes, as moments of booking: `opens_us` to `closes_us`, the latter not
    included. What was booked before `opens_us` for days before the month stands in an earlier
    act."""

    month: Month
    opens_us: int  # the close of the month before
    closes_us: int

    def takes(self, day: int, booked_us: int) -> bool:
        """Whether what was booked then, for that day (YYYYMMDD), stands in this month's act."""
        of = Month.of(day)
        if of == self.month:
            return booked_us < self.closes_us
        return of < self.month and self.opens_us <= booked_us < self.closes_us


def act_of(day: int, booked_us: int, midnight: Midnight) -> Month:
    """The month in whose act stands what was booked then, for that day (YYYYMMDD)."""
    month = Month.of(day)
    while booked_us >= midnight(month.closes_on):
        month = month.next
    return month


def window(month: Month, midnight: Midnight) -> Window:
    """The bookings of a month's act."""
    return Window(month, midnight(month.before.closes_on), midnight(month.closes_on))
