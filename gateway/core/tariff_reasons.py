"""Why a question, a push or a call costs what it costs, rule by rule. Pure.

The price itself is that of `Tariffs.rate`; here is told which row gave it, what kept each row
before it from doing so, why money is given back or not, the VAT, and who keeps the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from gateway.core.call_records import CallRecord
from gateway.core.call_tariff import CallRated, CallRule, counted_s
from gateway.core.cdr import ChargePoint, Entry, EntryKind
from gateway.core.ledger import BY_RULE
from gateway.core.records import Chain
from gateway.core.tariff import Rated, Tariffs
from gateway.core.tariff_failed import Failure
from gateway.core.tariff_reach import Scoped, days
from gateway.core.tariff_rules import PartsRule, Rule
from gateway.core.tariff_shares import ShareRule
from gateway.core.tariff_vat import VatFrom, vat_of, vat_on

DAYS = "days"  # stands for valid_from and valid_to


class Asked(NamedTuple):
    """What is priced. `msisdn` is compared with the free numbers and told nowhere."""

    operator: str
    channel: str
    on: date
    result: str
    parts: int = 1
    msisdn: str = ""


class AskedLeg(NamedTuple):
    """The leg of a call that is priced. `platform_s`: None where the platform told none."""

    link: str
    number: str
    leg: str
    on: date
    platform_s: int | None
    measured_s: int


class Miss(NamedTuple):
    """One thing for which a row did not cover: its key, what stands there, what was asked."""

    key: str
    has: str
    asked: str


class Passed(NamedTuple):
    """A row that was tried in vain. `row` counts from 1."""

    row: int
    rule: str
    misses: tuple[Miss, ...]


class Choice(NamedTuple):
    """The row that covers, and those before it."""

    row: int
    rule: str
    passed: tuple[Passed, ...]


class Credit(StrEnum):
    """Why money stays or goes back."""

    KEPT = "kept"  # the result costs
    GIVEN_BACK = "given_back"  # the result is free, and the operator has the money already
    NOT_CHARGED = "not_charged"  # the result is free, and the reply is not charged then
    FREE_NUMBER = "free_number"
    NO_PRICE = "no_price"  # the rule takes nothing


class Why(NamedTuple):
    """The price of a question or push. `vat_tiyn`: inside this gross price taken by itself; in
    sums it is taken out of the sum."""

    choice: Choice
    rated: Rated
    price_tiyn: int
    parts_rule: PartsRule
    counted: int  # how many times the price
    credit: Credit
    vat: VatFrom
    vat_tiyn: int
    share: ShareRule
    share_choice: Choice


class WhyCall(NamedTuple):
    """The price of a leg for its payer. `vat_tiyn` as in `Why`."""

    choice: Choice
    rated: CallRated
    rule: CallRule
    seconds: int  # those that counted, before the rule's free ones and steps
    vat: VatFrom
    vat_tiyn: int


def explain(tariffs: Tariffs, asked: Asked) -> Why:
    """Total, as `Tariffs.rate` is."""
    rated = tariffs.rate(**asked._asdict())
    words = {"operators": asked.operator, "channels": asked.channel, "results": asked.result}
    choice = choose(tariffs.rules, words, asked.on)
    rule = tariffs.rules[choice.row - 1]
    share_choice = choose(tariffs.shares.rules, {"operators": asked.operator}, asked.on)
    return Why(
        choice=choice,
        rated=rated,
        price_tiyn=rule.price_tiyn,
        parts_rule=rule.parts,
        counted=max(asked.parts, 1) if rule.parts is PartsRule.PER_PART else 1,
        credit=_credit(rule, asked.result, asked.msisdn in tariffs.free_numbers),
        vat=vat_on(tariffs.vat, asked.on),
        vat_tiyn=vat_of(rated.gross_tiyn, rated.vat_bp),
        share=tariffs.shares.rules[share_choice.row - 1],
        share_choice=share_choice,
    )


def explain_call(tariffs: Tariffs, asked: AskedLeg) -> WhyCall:
    """Total, as `CallTariffs.rate` is."""
    rated = tariffs.calls.rate(**asked._asdict())
    words = {"links": asked.link, "numbers": asked.number, "legs": asked.leg}
    choice = choose(tariffs.calls.rules, words, asked.on)
    rule = tariffs.calls.rules[choice.row - 1]
    return WhyCall(
        choice=choice,
        rated=rated,
        rule=rule,
        seconds=counted_s(rule, asked.platform_s, asked.measured_s),
        vat=vat_on(tariffs.vat, asked.on),
        vat_tiyn=vat_of(rated.amount_tiyn, rated.vat_bp),
    )


def choose(rules: Sequence[Scoped], asked: Mapping[str, str], on: date) -> Choice:
    """The first row that covers; the last one covers everything."""
    passed: list[Passed] = []
    for row, rule in enumerate(rules, start=1):
        misses = tuple(_misses(rule, asked, on))
        if not misses:
            return Choice(row, rule.id, tuple(passed))
        passed.append(Passed(row, rule.id, misses))
    raise ValueError("the last rule must cover everything")


def _misses(rule: Scoped, asked: Mapping[str, str], on: date) -> list[Miss]:
    misses = [
        Miss(key, ", ".join(sorted(words)), asked[key])
        for key, words in rule.lists.items()
        if words is not None and asked[key] not in words
    ]
    if not rule.valid_from <= on <= rule.valid_to:
        misses.append(Miss(DAYS, days(rule.valid_from, rule.valid_to), on.isoformat()))
    return misses


def _credit(rule: Rule, result: str, free: bool) -> Credit:
    if rule.charge_point is ChargePoint.NONE:
        return Credit.NO_PRICE
    if free:
        return Credit.FREE_NUMBER
    if result not in rule.credit_results:
        return Credit.KEPT
    return Credit.GIVEN_BACK if rule.charge_point is ChargePoint.MO else Credit.NOT_CHARGED


class Compared(NamedTuple):
    """How today's table prices what the ledger has priced, and where the two differ."""

    asked: Asked
    why: Why
    differences: tuple[str, ...]


def compare(tariffs: Tariffs, chain: Chain, on: date) -> Compared | None:
    """None for a question that is not rated yet; `on`: the chain's day.

    A promised question is priced as promised. Where the phone is erased by now, the ledger's word
    is taken for its having been a free number or not.
    """
    rated = next((entry for entry in chain.entries if entry.kind is EntryKind.RATED), None)
    if rated is None:
        return None
    phones = [chain.msisdn] if chain.msisdn else ["", *sorted(tariffs.free_numbers)[:1]]
    found = []
    for msisdn in phones:
        asked = Asked(chain.operator, chain.channel, on, rated.result, chain.parts, msisdn)
        why = explain(tariffs, asked)
        found.append(Compared(asked, why, tuple(_differences(chain.entries, rated, why))))
    return min(found, key=lambda each: len(each.differences))


def _differences(entries: Sequence[Entry], rated: Entry, why: Why) -> list[str]:
    now = why.rated
    facts: list[tuple[str, object, object]] = [
        ("rule", rated.tariff, now.rule_id),
        ("gross_tiyn", rated.amount_tiyn, now.gross_tiyn),
        ("currency", rated.currency, now.currency),
        ("vat_bp", rated.vat_bp, now.vat_bp),
        ("charge_point", rated.charge_point, now.charge_point),
    ]
    if rated.charge_point is now.charge_point is ChargePoint.MO:
        # A late answer gives back under the same key, by another result, and so does the rule for
        # answers that failed: no matter of this one.
        key = f"credited:{rated.question_id}:{BY_RULE}"
        by_rule = next((e for e in entries if e.key == key and e.result == rated.result), None)
        failed = by_rule is not None and by_rule.reason in set(Failure)
        cause = None if by_rule is None or failed else by_rule.reason
        facts.append(("credit", cause, now.credit_cause))
    return _differing(facts)


class ComparedLeg(NamedTuple):
    """As `Compared`, of a leg that is over."""

    asked: AskedLeg
    why: WhyCall
    differences: tuple[str, ...]


def compare_call(tariffs: Tariffs, record: CallRecord, on: date) -> ComparedLeg:
    """`record`: the leg's last; `on`: the leg's day."""
    leg = record.leg
    asked = AskedLeg(leg.link, leg.called, leg.leg, on, record.platform_s, record.measured_s)
    why = explain_call(tariffs, asked)
    facts = [
        ("rule", record.tariff, why.rated.rule_id),
        ("payer", record.payer, why.rated.payer),
        ("billable_s", record.billable_s, why.rated.billable_s),
        ("amount_tiyn", record.amount_tiyn, why.rated.amount_tiyn),
        ("currency", record.currency, tariffs.currency),
        ("vat_bp", record.vat_bp, why.rated.vat_bp),
    ]
    return ComparedLeg(asked, why, tuple(_differing(facts)))


def _differing(facts: Sequence[tuple[str, object, object]]) -> list[str]:
    return [
        f"{name}: the ledger has {booked}, the table gives {given} now"
        for name, booked, given in facts
        if booked != given
    ]
