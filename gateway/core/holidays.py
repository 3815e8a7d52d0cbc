"""Days off of one year, and the files that tell them: config/calendar/. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum
from typing import Final, NamedTuple

from gateway.core.tables import Table, TableReader

CALENDAR_FOLDER: Final = "config/calendar"
FIXED: Final = "fixed"  # the name of the file of holidays that are the same every year

YEAR_KEYS: Final = (
    "year",
    "provisional",
    "basis",
    "holidays",
    "kurban_ait",
    "days_off",
    "moved",
    "transfer",
)
HOLIDAY_KEYS: Final = ("name", "days", "since", "until", "moves")
_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5
_MONTH_DAY: Final = re.compile(r"\d\d-\d\d")


class Basis(IntEnum):
    """How well the days of a year are known, the best first."""

    DECREED = 0  # the year is over, or its moved days are decreed
    PROVISIONAL = 1  # days may yet be moved
    FALLBACK = 2  # no file: weekends and fixed holidays, no Kurban Ait, nothing moved by decree


@dataclass(frozen=True, slots=True)
class Fixed:
    """A holiday of every year from `since` through `until`; `moves`: on a weekend it gives the next
    working day off."""

    name: str
    days: tuple[tuple[int, int], ...]  # month, day
    since: int
    until: int
    moves: bool


class Year(NamedTuple):
    """The days worked in a year, and how well they are known."""

    working: tuple[int, ...]  # proleptic Gregorian ordinals, rising
    basis: Basis


# -- rules of the calendar


def _is_weekend(day: date) -> bool:
    return day.weekday() >= _SATURDAY


def _moved(public: Iterable[date], off: Iterable[date]) -> list[date]:
    """The days off given for public holidays on a weekend: each the next working day after it."""
    taken = set(off)
    given = []
    for holiday in sorted(public):
        if _is_weekend(holiday):
            day = holiday + _DAY
            while day in taken or _is_weekend(day):
                day += _DAY
            taken.add(day)
            given.append(day)
    return sorted(given)


def _working(year: int, off: Iterable[date], worked: Iterable[date] = ()) -> tuple[int, ...]:
    free, busy = set(off), set(worked)
    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    days = [date.fromordinal(ordinal) for ordinal in range(first, last + 1)]
    return tuple(
        day.toordinal()
        for day in days
        if day in busy or not (_is_weekend(day) or day in free)
    )  # fmt: skip


def _holidays_of(fixed: Iterable[Fixed], year: int) -> tuple[set[date], set[date]]:
    """The fixed holidays of a year: those that move off a weekend, and those that don't."""
    public: set[date] = set()
    others: set[date] = set()
    for holiday in fixed:
        if holiday.since <= year <= holiday.until:
            days = {date(year, month, day) for month, day in holiday.days}
            (public if holiday.moves else others).update(days)
    return public, others


def fallback(fixed: Iterable[Fixed], year: int) -> Year:
    """A year of which nothing is known but the fixed holidays."""
    public, others = _holidays_of(fixed, year)
    off = public | others
    return Year(_working(year, off | set(_moved(public, off))), Basis.FALLBACK)


# -- reading


def read_year(
    name: str, table: Table, fixed: tuple[Fixed, ...], problems: list[str]
) -> Year | None:
    """The file `name`.toml as parsed; None where it cannot be that of the year it is named for.
    What is wrong with it goes to `problems`."""
    reader = TableReader(f"{CALENDAR_FOLDER}/{name}.toml", problems)
    return _YearReader(reader, table, fixed).read(name)


def read_fixed(table: Table, problems: list[str]) -> tuple[Fixed, ...]:
    """The holidays of every year, of the file `FIXED`.toml as parsed."""
    reader = TableReader(f"{CALENDAR_FOLDER}/{FIXED}.toml", problems)
    reader.only(table, ("holiday",), "")
    read = []
    for where, row in reader.rows(table, "holiday"):
        reader.only(row, HOLIDAY_KEYS, where)
        days = []
        for text in reader.texts(row, "days", where):
            try:
                day = date.fromisoformat(f"2023-{text}") if _MONTH_DAY.fullmatch(text) else None
            except ValueError:
                day = None
            if day is None:
                reader.problem(f"{where}.days", f"{text!r} is no month and day, as in 03-08")
            else:
                days.append((day.month, day.day))
        read.append(
            Fixed(
                name=reader.text(row, "name", where),
                days=tuple(days),
                since=reader.count(row, "since", where) if "since" in row else date.min.year,
                until=reader.count(row, "until", where) if "until" in row else date.max.year,
                moves=reader.flag(row, "moves", where, default=True),
            )
        )
    if not read:
        reader.problem("holiday", "write the holidays that are the same every year")
    return tuple(read)


class _YearReader:
    """Reads the file of one year, against the fixed holidays and the rule of moved days."""

    def __init__(self, reader: TableReader, table: Table, fixed: tuple[Fixed, ...]) -> None:
        self._reader = reader
        self._table = table
        self._fixed = fixed

    def read(self, name: str) -> Year | None:
        reader, table = self._reader, self._table
        reader.only(table, YEAR_KEYS, "")
        year = reader.count(table, "year", "")
        if name != str(year):
            reader.problem("year", f"the file is named {name}.toml: write the same year")
            return None
        reader.text(table, "basis", "")
        public = self._dates("holidays", year)
        others = self._dates("days_off", year) | self._dates("kurban_ait", year)
        if "kurban_ait" not in table:
            reader.problem("kurban_ait", "write the day on which it begins")
        self._fixed_are_there(year, public, others)
        off = public | others
        moved = self._dates("moved", year)
        rule = _moved(public, off)
        if sorted(moved) != rule:
            told = ", ".join(day.isoformat() for day in rule) or "none"
            reader.problem("moved", f"by the holidays that fall on a weekend it is {told}")
        off |= moved
        given, worked = self._transfers(year, off)
        provisional = reader.flag(table, "provisional", "", default=False)
        basis = Basis.PROVISIONAL if provisional else Basis.DECREED
        return Year(_working(year, off | given, worked), basis)

    def _dates(self, key: str, year: int) -> set[date]:
        value = self._table.get(key, [])
        listed = value if isinstance(value, list) else [value]
        dates = [day for day in listed if isinstance(day, date) and day.year == year]
        if len(dates) != len(listed):
            self._reader.problem(key, f"write dates of {year}, without quotes")
        if len(set(dates)) != len(dates):
            self._reader.problem(key, "a date stands twice: keep one")
        return set(dates)

    def _fixed_are_there(self, year: int, public: set[date], others: set[date]) -> None:
        wanted, unmoved = _holidays_of(self._fixed, year)
        for key, missing in (("holidays", wanted - public), ("days_off", unmoved - others)):
            for day in sorted(missing):
                self._reader.problem(key, f"{day} is a holiday of every year: add it")

    def _transfers(self, year: int, off: set[date]) -> tuple[set[date], set[date]]:
        """Single days moved by decree: the days off given, and the days worked for them."""
        reader = self._reader
        given: set[date] = set()
        worked: set[date] = set()
        for where, row in reader.rows(self._table, "transfer"):
            reader.only(row, ("off", "worked"), where)
            free, busy = row.get("off"), row.get("worked")
            if not isinstance(free, date) or free.year != year:
                reader.problem(f"{where}.off", f"write a date of {year}, without quotes")
            elif free in off | given or _is_weekend(free):
                reader.problem(f"{where}.off", f"{free} is a day off already")
            else:
                given.add(free)
            if not isinstance(busy, date) or busy.year != year:
                reader.problem(f"{where}.worked", f"write a date of {year}, without quotes")
            elif busy in worked or not (busy in off or _is_weekend(busy)):
                reader.problem(f"{where}.worked", f"{busy} is worked already")
            else:
                worked.add(busy)
        return given, worked
