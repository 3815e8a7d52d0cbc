"""One table of the tariffs as tomllib gives it, read key by key. Pure.

Dates are whole days in Kazakhstan, the first and the last included. Every problem is a
`TariffError` that names the row, the key and what is allowed there.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol, TypeVar

FIRST_DAY = date.min
LAST_DAY = date.max
ALL = "*"

_Member = TypeVar("_Member", bound=StrEnum)


class TariffError(ValueError):
    """The tariff table cannot be used; the text says where, why and what is allowed."""


class Dated(Protocol):
    """What all rules have: a name and the days on which they hold."""

    @property
    def id(self) -> str: ...
    @property
    def valid_from(self) -> date: ...
    @property
    def valid_to(self) -> date: ...


class Row:
    """One TOML table: keys are taken out one by one, what is left over is an error."""

    def __init__(self, where: str, table: object) -> None:
        if not isinstance(table, Mapping):
            raise TariffError(f"{where}: expected a table, got {table!r}")
        self.where = where
        self._left: dict[str, object] = dict(table)
        self._known: list[str] = []

    def take(self, key: str) -> object:
        self._known.append(key)
        return self._left.pop(key, None)

    def has(self, key: str) -> bool:
        """Whether the table gives that key; it is not taken, and known from now on."""
        self._known.append(key)
        return key in self._left

    def done(self) -> None:
        for key in self._left:
            raise TariffError(f"{self.where}: unknown key {key!r}{_nearest(key, self._known)}")

    def fail(self, key: str, value: object, expected: str) -> TariffError:
        return TariffError(f"{self.where}: {key} = {value!r}, expected {expected}")

    def integer(self, key: str, least: int, most: int, default: int | None = None) -> int:
        value = self.take(key)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            expected = f"a whole number from {least} to {most}"
            raise self.fail(key, value, expected + _finer(key, value))
        return value

    def flag(self, key: str) -> bool:
        value = self.take(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self.fail(key, value, "true or false")

    def word(self, key: str, default: str | None = None) -> str:
        value = self.take(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not value.strip():
            raise self.fail(key, value, "a word")
        return value

    def one_of(self, key: str, kind: type[_Member], default: _Member | None = None) -> _Member:
        value = self.take(key)
        if value is None and default is not None:
            return default
        if isinstance(value, str) and value in {str(member) for member in kind}:
            return kind(value)
        raise self.fail(key, value, "one of " + ", ".join(kind))

    def day(self, key: str, default: date) -> date:
        value = self.take(key)
        if value is None:
            return default
        if isinstance(value, datetime) or not isinstance(value, date):
            raise self.fail(key, value, "a date such as 2026-01-01, without quotes")
        return value

    def days(self) -> tuple[date, date]:
        """`valid_from` and `valid_to`, always and for ever where they are not given."""
        first, last = self.day("valid_from", FIRST_DAY), self.day("valid_to", LAST_DAY)
        if first > last:
            raise TariffError(f"{self.where}: valid_from lies after valid_to")
        return first, last

    def words(self, key: str, allowed: Collection[str] | None = None) -> frozenset[str]:
        """A list of words, none for a missing key."""
        value = self.take(key)
        if value is None:
            return frozenset()
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise self.fail(key, value, "a list of words")
        for word in value:
            if allowed is not None and word not in allowed:
                raise TariffError(f"{self.where}: {key} has {word!r}{_nearest(word, allowed)}")
        return frozenset(value)

    def scope(self, key: str, allowed: Collection[str] | None = None) -> frozenset[str] | None:
        """ "*" or a list that is not empty."""
        if self._left.get(key) == ALL:
            self.take(key)
            return None
        if words := self.words(key, allowed):
            return words
        raise TariffError(f'{self.where}: {key} is missing; give a list of words, or "*" for all')

    def rows(self, key: str) -> list[object]:
        """The rows [[key]], none for a missing key."""
        value = self.take(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.fail(key, value, f"rows that begin with [[{key}]]")
        return value


def check_ids(what: str, rules: Sequence[Dated]) -> None:
    """Rows of one id may follow each other in time, not overlap. Raises TariffError."""
    for index, rule in enumerate(rules):
        for other in rules[:index]:
            overlap = rule.valid_from <= other.valid_to and other.valid_from <= rule.valid_to
            if rule.id == other.id and overlap:
                raise TariffError(f"{what} {rule.id}: two rows of this id are valid on one day")


def _finer(key: str, value: object) -> str:
    """What to do about a number that has more digits than its unit."""
    if not isinstance(value, float):
        return ""
    if not value.is_integer():
        if key.endswith("_tiyn"):
            return "; a tiyn has no parts: name the price of more, as of a minute and not a second"
        if key.endswith("_bp"):
            return "; a basis point is the smallest part: 1 % is 100, 0.01 % is 1"
    return "; without a decimal point"


def _nearest(word: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(sorted(known))}"
