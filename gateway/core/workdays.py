"""The working days of Kazakhstan, year by year: config/calendar/. Pure.

A year with a file is known day by day; a year without one goes by weekends and fixed holidays, and
says so. Reading never raises over what a file says: `check` tells all of it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from gateway.core.holidays import (
    CALENDAR_FOLDER,
    FIXED,
    Basis,
    Fixed,
    Year,
    fallback,
    read_fixed,
    read_year,
)
from gateway.core.tables import Table

NEXT_YEAR_WITHIN_DAYS: Final = 60  # before the year's end, the file of the next one is missed

_DAY: Final = timedelta(days=1)


class Workdays:
    """Which days are worked by those who work five days a week."""

    def __init__(
        self,
        years: Mapping[int, Year],
        fixed: tuple[Fixed, ...],
        problems: list[str],
    ) -> None:
        self._given = frozenset(years)
        self._years = dict(years)  # years without a file are added as they are asked for
        self._fixed = fixed
        self._problems = problems

    @classmethod
    def from_tables(cls, tables: Mapping[str, Table]) -> Workdays:
        """`tables` are the files of config/calendar/ as parsed, by name without `.toml`."""
        problems: list[str] = []
        fixed = read_fixed(tables.get(FIXED, {}), problems)
        years: dict[int, Year] = {}
        for name, table in tables.items():
            year = None if name == FIXED else read_year(name, table, fixed, problems)
            if year is not None:
                years[int(name)] = year
        return cls(years, fixed, problems)

    def is_working(self, day: date) -> bool:
        """Whether it is worked by those who work five days a week."""
        working = self._year(day.year).working
        at = bisect_left(working, day.toordinal())
        return at < len(working) and working[at] == day.toordinal()

    def add(self, start: date, count: int) -> date:
        """The `count`th working day after `start`, which itself never counts; `count` above 0."""
        if count < 1:
            raise ValueError("a term has one working day at least")
        year = start.year
        working = self._year(year).working
        at = bisect_right(working, start.toordinal()) + count - 1
        while at >= len(working):
            at -= len(working)
            year += 1
            working = self._year(year).working
        return date.fromordinal(working[at])

    def on_or_after(self, day: date) -> date:
        """`day`, or the next working day where it is a day off."""
        return self.add(day - _DAY, 1)

    def between(self, first: date, end: date) -> int:
        """How many working days lie from `first` until before `end`."""
        return max(self._before(end) - self._before(first, since=end.year), 0) if end > first else 0

    def _before(self, day: date, since: int | None = None) -> int:
        """Working days of the year of `day` before it; less those of the years up to `since`."""
        count = bisect_left(self._year(day.year).working, day.toordinal())
        if since is None:
            return count
        return count - sum(len(self._year(year).working) for year in range(day.year, since))

    def basis(self, first: date, last: date) -> Basis:
        """How well the least known year from `first` through `last` is known."""
        years = range(first.year, last.year + 1)
        return max((self._year(year).basis for year in years), default=Basis.FALLBACK)

    def check(self) -> list[str]:
        """What is wrong with the files: a sentence each, with file, key and remedy."""
        return list(self._problems)

    def missing(self, today: date) -> list[str]:
        """The file that is missing, in a sentence: of this year, or of the next one where this
        one ends within `NEXT_YEAR_WITHIN_DAYS`."""
        near = (date(today.year, 12, 31) - today).days < NEXT_YEAR_WITHIN_DAYS
        wanted = (today.year, today.year + 1) if near else (today.year,)
        return [
            f"{CALENDAR_FOLDER}/{year}.toml is missing: due dates of {year} go by weekends and"
            " fixed holidays alone; write it once the moved days are decreed"
            for year in wanted
            if year not in self._given
        ]

    def _year(self, year: int) -> Year:
        found = self._years.get(year)
        if found is None:
            found = self._years[year] = fallback(self._fixed, year)
        return found
