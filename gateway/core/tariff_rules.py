"""The rules for questions and pushes as read from TOML, and the examples, each checked. Pure.

Dates are whole days in Kazakhstan, the first and the last included.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from gateway.core.cdr import ChargePoint
from gateway.core.results import Result
from gateway.core.tariff_row import FIRST_DAY, LAST_DAY, Row, TariffError, check_ids
from gateway.core.tariff_vat import VAT_BP_MAX

PUSH = "push"
CHANNELS = ("sms", "ivr", "web", "copy", PUSH)
UNASKED = frozenset(("copy", PUSH))  # the citizen sent no message that could be charged
RESULTS = tuple(str(result) for result in Result)
PRICE_TIYN_MAX = 1_000_000  # 10 000 tenge: above it somebody wrote tiyn for tenge twice


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

    @property
    def lists(self) -> dict[str, frozenset[str] | None]:
        return {
            "operators": self.operators, "channels": self.channels, "results": self.results
        }  # fmt: skip

    @property
    def terms(self) -> tuple[object, ...]:
        return self[6:]

    @property
    def dated(self) -> bool:
        return (self.valid_from, self.valid_to) != (FIRST_DAY, LAST_DAY)


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
    valid_from, valid_to = row.days()
    rule = Rule(
        id=name,
        operators=row.scope("operators"),
        channels=row.scope("channels", CHANNELS),
        results=row.words("results", RESULTS) or None,
        valid_from=valid_from,
        valid_to=valid_to,
        price_tiyn=row.integer("price_tiyn", 0, PRICE_TIYN_MAX),
        charge_point=charge_point,
        trigger=trigger,
        parts=row.one_of("parts", PartsRule, PartsRule.PER_QUESTION),
        credit_results=row.words("credit_results", RESULTS),
    )
    row.done()
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
    check_ids("rule", rules)
    first_of: dict[str, Rule] = {}
    for rule in rules:
        first = first_of.setdefault(rule.id, rule)
        if (rule.charge_point, rule.trigger) != (first.charge_point, first.trigger):
            # The ledger names the rule by its id alone, and must know when it was due.
            raise TariffError(
                f"rule {rule.id}: its rows differ in charge_point or trigger; "
                "give the new contract an id of its own"
            )


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
