"""What a call costs whoever pays for it: dated rules, the first match wins. Pure, no floats.

The caller pays nothing. The [[call]] rows of config/tariffs.toml price the legs of calls for the
payer named there (docs/reference/tariffs.md): by second or minute, in steps, after free seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from gateway.core.call_records import CALLER, OPERATOR
from gateway.core.tariff_row import FIRST_DAY, LAST_DAY, Row, TariffError, check_ids
from gateway.core.tariff_rules import PRICE_TIYN_MAX
from gateway.core.tariff_vat import VatFrom, part_of, vat_on

LEGS = (CALLER, OPERATOR)
STEP_S_MAX = 3_600
CALL_S_MAX = 86_400  # of one leg that is billed: a platform that says more is not believed

_UNSET = -1


class Per(StrEnum):
    """What the price is for."""

    SECOND = "second"
    MINUTE = "minute"


class SecondsBy(StrEnum):
    """Whose seconds are billed; where the platform told none, the measured ones are."""

    PLATFORM = "platform"
    MEASURED = "measured"


UNIT_S = {Per.SECOND: 1, Per.MINUTE: 60}


class CallRule(NamedTuple):
    """One [[call]] row. None in `links`, `numbers`, `legs`: all of them."""

    id: str
    links: frozenset[str] | None
    numbers: frozenset[str] | None
    legs: frozenset[str] | None
    valid_from: date
    valid_to: date
    payer: str
    price_tiyn: int  # VAT included
    per: Per
    step_s: int  # begun steps are billed whole
    minimum_s: int
    free_s: int  # at the beginning
    seconds_by: SecondsBy

    def covers(self, link: str, number: str, leg: str, on: date) -> bool:
        return (
            self.valid_from <= on <= self.valid_to
            and (self.links is None or link in self.links)
            and (self.numbers is None or number in self.numbers)
            and (self.legs is None or leg in self.legs)
        )

    @property
    def lists(self) -> dict[str, frozenset[str] | None]:
        return {"links": self.links, "numbers": self.numbers, "legs": self.legs}

    @property
    def terms(self) -> tuple[object, ...]:
        return self[6:]


class CallRated(NamedTuple):
    """The payer's side of one leg."""

    rule_id: str
    payer: str
    billable_s: int
    amount_tiyn: int
    vat_bp: int


class CallExample(NamedTuple):
    """What the table's author expects of one leg."""

    where: str
    link: str
    number: str
    leg: str
    on: date
    platform_s: int | None
    measured_s: int
    billable_s: int
    amount_tiyn: int


class CallTariffs(NamedTuple):
    """The rules for calls; the last one covers everything."""

    rules: tuple[CallRule, ...]
    vat: tuple[VatFrom, ...]
    currency: str
    examples: tuple[CallExample, ...] = ()

    def rate(
        self,
        *,
        link: str,
        number: str,
        leg: str,
        on: date,
        platform_s: int | None,
        measured_s: int,
    ) -> CallRated:
        """The price of a leg that began on the civil day `on` in Kazakhstan; never fails."""
        rule = next(rule for rule in self.rules if rule.covers(link, number, leg, on))
        billable_s = billed_s(rule, counted_s(rule, platform_s, measured_s))
        # Half a tiyn goes up: the only rounding, once a leg.
        amount_tiyn = part_of(rule.price_tiyn, billable_s, UNIT_S[rule.per])
        vat_bp = vat_on(self.vat, on).rate_bp
        return CallRated(rule.id, rule.payer, billable_s, amount_tiyn, vat_bp)

    def check_examples(self) -> list[str]:
        """The examples that do not come out as written, a sentence each."""
        problems = []
        for example in self.examples:
            rated = self.rate(
                link=example.link,
                number=example.number,
                leg=example.leg,
                on=example.on,
                platform_s=example.platform_s,
                measured_s=example.measured_s,
            )
            if (rated.billable_s, rated.amount_tiyn) != (example.billable_s, example.amount_tiyn):
                problems.append(
                    f"{example.where}: expected billable_s = {example.billable_s} and amount_tiyn "
                    f"= {example.amount_tiyn}, rule {rated.rule_id} gives {rated.billable_s} and "
                    f"{rated.amount_tiyn}"
                )
        return problems


# Where a table has no [[call]] row: what calls cost is settled elsewhere.
UNPRICED = CallRule(
    id="unpriced",
    links=None,
    numbers=None,
    legs=None,
    valid_from=FIRST_DAY,
    valid_to=LAST_DAY,
    payer="",
    price_tiyn=0,
    per=Per.SECOND,
    step_s=1,
    minimum_s=0,
    free_s=0,
    seconds_by=SecondsBy.PLATFORM,
)


def counted_s(rule: CallRule, platform_s: int | None, measured_s: int) -> int:
    """The seconds that the rule goes by."""
    if platform_s is not None and rule.seconds_by is SecondsBy.PLATFORM:
        return platform_s
    return measured_s


def billed_s(rule: CallRule, seconds: int) -> int:
    """The seconds that cost: without the free ones, at least the minimum, in whole steps."""
    seconds = min(seconds, CALL_S_MAX) - rule.free_s
    if seconds <= 0:
        return 0
    steps = (max(seconds, rule.minimum_s) + rule.step_s - 1) // rule.step_s
    return steps * rule.step_s


def read_call_rule(where: str, table: object) -> CallRule:
    """Raises TariffError."""
    row = Row(where, table)
    name = row.word("id")
    row.where = f"{where} ({name})"
    valid_from, valid_to = row.days()
    rule = CallRule(
        id=name,
        links=row.scope("links"),
        numbers=row.scope("numbers"),
        legs=row.scope("legs", LEGS),
        valid_from=valid_from,
        valid_to=valid_to,
        payer=row.word("payer"),
        price_tiyn=row.integer("price_tiyn", 0, PRICE_TIYN_MAX),
        per=row.one_of("per", Per),
        step_s=row.integer("step_s", 1, STEP_S_MAX, 1),
        minimum_s=row.integer("minimum_s", 0, STEP_S_MAX, 0),
        free_s=row.integer("free_s", 0, STEP_S_MAX, 0),
        seconds_by=row.one_of("seconds_by", SecondsBy, SecondsBy.PLATFORM),
    )
    row.done()
    return rule


def check_call_rules(rules: Sequence[CallRule]) -> None:
    """What must hold between rules. Raises TariffError."""
    if not rules:
        return
    if rules[-1][1:6] != (None, None, None, FIRST_DAY, LAST_DAY):
        raise TariffError(
            'the last [[call]] must price whatever is left: links = "*", numbers = "*", '
            'legs = "*", no valid_from, no valid_to'
        )
    check_ids("call", rules)


def read_call_example(where: str, table: object) -> CallExample:
    """Raises TariffError."""
    row = Row(where, table)
    platform_s = row.integer("platform_s", _UNSET, CALL_S_MAX, _UNSET)
    example = CallExample(
        where=where,
        link=row.word("link"),
        number=row.word("number", "-"),
        leg=row.word("leg", CALLER),
        on=row.day("on", FIRST_DAY),
        platform_s=None if platform_s == _UNSET else platform_s,
        measured_s=row.integer("measured_s", 0, CALL_S_MAX),
        billable_s=row.integer("billable_s", 0, CALL_S_MAX + STEP_S_MAX),
        amount_tiyn=row.integer("amount_tiyn", 0, CALL_S_MAX * PRICE_TIYN_MAX),
    )
    row.done()
    if example.leg not in LEGS:
        raise TariffError(f"{where}: leg = {example.leg!r}, expected one of {', '.join(LEGS)}")
    if example.on == FIRST_DAY:
        raise TariffError(f"{where}: `on` is missing; give the date of the call")
    return example
