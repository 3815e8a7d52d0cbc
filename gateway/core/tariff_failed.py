"""What is given back where an answer failed: dated rules by operator. Pure.

The [[failed]] rows of config/tariffs.toml say after how many hours an answer counts as failed and
which failures are given back; the first that covers operator and day wins, and where none does
nothing is. The day is the question's, as for its price.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from gateway.core.tariff_row import Row, TariffError, check_ids

WITHIN_H_MAX = 240  # ten days: by then a month is closed


class Failure(StrEnum):
    """How an answer failed that was paid for: the reason of the credit."""

    UNDELIVERED = "undelivered"  # refused, undeliverable, or too old before it could be sent
    UNANSWERED = "unanswered"  # promised, and not there in time
    LATE = "late"  # there, after its time


class FailedRule(NamedTuple):
    """One [[failed]] row. `operators` None: all of them."""

    id: str
    operators: frozenset[str] | None
    valid_from: date
    valid_to: date
    within_h: int  # hours from the question's receipt
    credit: frozenset[str]  # of Failure

    def covers(self, operator: str, on: date) -> bool:
        return self.valid_from <= on <= self.valid_to and (
            self.operators is None or operator in self.operators
        )

    @property
    def lists(self) -> dict[str, frozenset[str] | None]:
        return {"operators": self.operators}

    @property
    def terms(self) -> tuple[object, ...]:
        return self[4:]


class FailedRules(NamedTuple):
    """The rules in their order."""

    rules: tuple[FailedRule, ...] = ()

    def rule(self, operator: str, on: date) -> FailedRule | None:
        """The rule for a question of that operator and day."""
        return next((rule for rule in self.rules if rule.covers(operator, on)), None)


def read_failed_rule(where: str, table: object) -> FailedRule:
    """Raises TariffError."""
    row = Row(where, table)
    name = row.word("id")
    row.where = f"{where} ({name})"
    operators = row.scope("operators")
    valid_from, valid_to = row.days()
    within_h = row.integer("within_h", 1, WITHIN_H_MAX)
    credit = row.words("credit", frozenset(map(str, Failure)))
    row.done()
    if not credit:
        raise TariffError(f"{row.where}: credit is missing; give a list of {', '.join(Failure)}")
    return FailedRule(name, operators, valid_from, valid_to, within_h, credit)


def read_failed(rules: Sequence[object]) -> FailedRules:
    """What tomllib made of the rows. Raises TariffError."""
    read = tuple(read_failed_rule(f"failed {n}", table) for n, table in enumerate(rules, start=1))
    check_ids("failed", read)
    return FailedRules(read)
