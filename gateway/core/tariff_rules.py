"""The tariff table as read from TOML: rules, VAT rates, examples, each checked. Pure.

Dates are whole days in Kazakhstan, the first and the last included. Every problem is a
`TariffError` that names the row, the key and what is allowed there.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple, TypeVar

from gateway.core.cdr import ChargePoint
from gateway.core.results import Result

CHANNELS = ("sms", "ivr", "web", "copy")
RESULTS = tuple(str(result) for result in Result)
PRICE_TIYN_MAX = 1_000_000  # 10 000 tenge: above it somebody wrote tiyn for tenge twice
VAT_BP_MAX = 10_000  # 100 %
FIRST_DAY = date.min
LAST_DAY = date.max
ALL = "*"

_Member = TypeVar("_Member", bound=StrEnum)


class TariffError(ValueError):
    """The tariff table cannot be used; the text says where, why and what is allowed."""


class Trigger(StrEnum):
    """What makes a charge on the reply due (`charge_point = "mt"` alone)."""

    SUBMITTED = "submitted"
    DELIVERED = "delivered"


class PartsRule(StrEnum):
    """Whether a question of several segments costs once or a segment."""

    PER_QUESTION = "per_question"
    PER_PART = "per_part"


class Rule(NamedTuple):
    """One row of the price table. None in `operators`, `channels`, `results`: all of them."""

    id: str
    operators: frozenset[str] | None
    channels: frozenset[str] | None
    results: frozenset[str] | None
    valid_from: date
    valid_to: date
    price_tiyn: int  # gross, VAT included
    charge_point: ChargePoint
    trigger: Trigger | None
    parts: PartsRule
    credit_results: frozenset[str]

    def covers(self, operator: str, channel: str, on: date, result: str) -> bool:
        return (
            self.valid_from <= on <= self.valid_to
            and (self.operators is None or operator in self.operators)
            and (self.channels is None or channel in self.channels)
            and (self.results is None or result in self.results)
        )


class VatFrom(NamedTuple):
    """A VAT rate and the first day it holds; it ends where the next row begins."""

    first_day: date
    rate_bp: int


class Example(NamedTuple):
    """What the table's author expects of one question; money that is given back is `credit`."""

    where: str
    operator: str
    channel: str
    on: date
    result: str
    parts: int
    msisdn: str
    gross_tiyn: int
    credit: bool
    vat_bp: int | None


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
            raise self.fail(key, value, f"a whole number from {least} to {most}")
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


def read_rule(where: str, table: object) -> Rule:
    """Raises TariffError."""
    row = Row(where, table)
    name = row.word("id")
    row.where = f"{where} ({name})"
    charge_point = row.one_of("charge_point", ChargePoint)
    trigger = None
    if charge_point is ChargePoint.MT:
        trigger = row.one_of("trigger", Trigger)
    elif (given := row.take("trigger")) is not None:
        raise row.fail("trigger", given, 'none: it belongs to charge_point = "mt"')
    rule = Rule(
        id=name,
        operators=row.scope("operators"),
        channels=row.scope("channels", CHANNELS),
        results=row.words("results", RESULTS) or None,
        valid_from=row.day("valid_from", FIRST_DAY),
        valid_to=row.day("valid_to", LAST_DAY),
        price_tiyn=row.integer("price_tiyn", 0, PRICE_TIYN_MAX),
        charge_point=charge_point,
        trigger=trigger,
        parts=row.one_of("parts", PartsRule, PartsRule.PER_QUESTION),
        credit_results=row.words("credit_results", RESULTS),
    )
    row.done()
    if rule.valid_from > rule.valid_to:
        raise TariffError(f"{row.where}: valid_from lies after valid_to")
    if (rule.price_tiyn == 0) != (charge_point is ChargePoint.NONE):
        raise TariffError(
            f'{row.where}: a price of 0 has charge_point = "none", any other price "mo" or "mt"'
        )
    if charge_point is ChargePoint.NONE and rule.credit_results:
        raise TariffError(f"{row.where}: credit_results where nothing is charged")
    return rule


def check_rules(rules: Sequence[Rule]) -> None:
    """What must hold between rules. Raises TariffError."""
    last = rules[-1] if rules else None
    if last is None or last[1:6] != (None, None, None, FIRST_DAY, LAST_DAY):
        raise TariffError(
            'the last rule must price whatever is left: operators = "*", channels = "*", '
            "no results, no valid_from, no valid_to"
        )
    for index, rule in enumerate(rules):
        for other in rules[:index]:
            if rule.id != other.id:
                continue
            if rule.valid_from <= other.valid_to and other.valid_from <= rule.valid_to:
                raise TariffError(f"rule {rule.id}: two rows of this id are valid on one day")
            if (rule.charge_point, rule.trigger) != (other.charge_point, other.trigger):
                # The ledger names the rule by its id alone, and must know when it was due.
                raise TariffError(
                    f"rule {rule.id}: its rows differ in charge_point or trigger; "
                    "give the new contract an id of its own"
                )


def read_vat(tables: Sequence[object]) -> tuple[VatFrom, ...]:
    """Rates in the order of their days; the first has no `from`. Raises TariffError."""
    rates: list[VatFrom] = []
    for number, table in enumerate(tables, start=1):
        row = Row(f"vat {number}", table)
        rate = VatFrom(row.day("from", FIRST_DAY), row.integer("rate_bp", 0, VAT_BP_MAX))
        row.done()
        if rates and rate.first_day <= rates[-1].first_day:
            raise TariffError(f"{row.where}: `from` must lie after that of the row before")
        rates.append(rate)
    if not rates or rates[0].first_day != FIRST_DAY:
        raise TariffError("vat: the first row must have no `from`, so that every day has a rate")
    return tuple(rates)


def read_example(where: str, table: object) -> Example:
    """Raises TariffError."""
    row = Row(where, table)
    example = Example(
        where=where,
        operator=row.word("operator"),
        channel=row.word("channel", "sms"),
        on=row.day("on", FIRST_DAY),
        result=row.one_of("result", Result, Result.STATUS),
        parts=row.integer("parts", 1, 255, 1),
        msisdn=row.word("msisdn", "-"),
        gross_tiyn=row.integer("gross_tiyn", 0, 255 * PRICE_TIYN_MAX),
        credit=row.flag("credit"),
        vat_bp=row.integer("vat_bp", -1, VAT_BP_MAX, -1),
    )
    row.done()
    if example.on == FIRST_DAY:
        raise TariffError(f"{where}: `on` is missing; give the date of the question")
    return example._replace(vat_bp=None) if example.vat_bp == -1 else example


def _nearest(word: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(sorted(known))}"
