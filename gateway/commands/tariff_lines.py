"""The reasons for a price as lines for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from gateway.core.cdr import ChargePoint, Entry
from gateway.core.ledger import kept_tiyn
from gateway.core.tariff_reasons import (
    Asked,
    AskedLeg,
    Choice,
    Credit,
    Why,
    WhyCall,
)
from gateway.core.tariff_rules import PartsRule
from gateway.core.tariff_shares import ShareRule, Side
from gateway.core.tariff_vat import VatFrom

_CREDITS = {
    Credit.KEPT: "none: {result} costs",
    Credit.GIVEN_BACK: "all of it is given back: credit_results has {result}",
    Credit.NOT_CHARGED: "nothing is charged: credit_results has {result}",
    Credit.NO_PRICE: "none: nothing is taken",
}


def lines_of(asked: Asked, why: Why) -> Iterator[str]:
    """Of a question or push."""
    rated = why.rated
    parts = "1 part" if asked.parts == 1 else f"{asked.parts} parts"
    yield (
        f"{asked.operator}, {asked.channel}, {asked.on}, {asked.result}, {parts}, "
        "tried from top to bottom:"
    )
    yield from _tried("rule", why.choice, "prices it")
    yield _line("price", f"{why.price_tiyn} tiyn {_counted(why, parts)}")
    yield _line("gross", f"{rated.gross_tiyn} tiyn, {rated.currency}")
    yield _line("charged", _charged(why))
    yield _line("credit", _credit(asked, why))
    yield _line("VAT", _vat(why.vat, why.vat_tiyn))
    if not why.rated.gross_tiyn or why.rated.credit_cause is not None:
        yield _line("shares", "nothing is left to share")
        return
    yield _line("shares", "of what is left without VAT, month by month:")
    yield from _tried("share", why.share_choice, _terms(why.share))


def lines_of_call(asked: AskedLeg, why: WhyCall, currency: str) -> Iterator[str]:
    """Of a leg of a call."""
    rule, rated = why.rule, why.rated
    yield (
        f"{asked.link}, {asked.number}, leg of the {asked.leg}, {asked.on}, "
        "tried from top to bottom:"
    )
    yield from _tried("call", why.choice, "prices it")
    yield _line("price", f"{rule.price_tiyn} tiyn a {rule.per}, for {rated.payer or 'nobody'}")
    yield _line(
        "billed",
        f"{rated.billable_s} s for {why.seconds} s: {rule.free_s} s free, at least "
        f"{rule.minimum_s} s, in steps of {rule.step_s} s",
    )
    yield _line("amount", f"{rated.amount_tiyn} tiyn, {currency}")
    yield _line("VAT", _vat(why.vat, why.vat_tiyn))


def lines_of_entries(entries: Sequence[Entry], differences: Sequence[str]) -> Iterator[str]:
    """What the ledger has, and where the table differs."""
    yield "ledger:"
    for entry in entries:
        reason = f", {entry.reason}" if entry.reason else ""
        yield f"  {entry.kind} {entry.amount_tiyn} by {entry.tariff}, {entry.result}{reason}"
    yield _line("kept", f"{kept_tiyn(entries)} tiyn")
    yield from lines_of_differences(differences)


def lines_of_differences(differences: Sequence[str]) -> Iterator[str]:
    """Where the table says otherwise now than what is stored."""
    if not differences:
        yield "The table prices it as the ledger does."
        return
    yield "The table has changed since this was rated; what the ledger has counts:"
    for difference in differences:
        yield f"  {difference}"


def _tried(what: str, choice: Choice, outcome: str) -> Iterator[str]:
    for row, rule, misses in choice.passed:
        why = "; ".join(f"{key} {has}: not {asked}" for key, has, asked in misses)
        yield f"  {what} {row} ({rule}): no, {why}"
    yield f"  {what} {choice.row} ({choice.rule}): {outcome}"


def _counted(why: Why, parts: str) -> str:
    if why.parts_rule is PartsRule.PER_PART:
        return f"for each part: {why.counted} times"
    return f"once for {parts}"


def _charged(why: Why) -> str:
    rated = why.rated
    if rated.charge_point is ChargePoint.MO:
        return "mo: with the question, before it is read"
    if rated.charge_point is ChargePoint.MT:
        return f"mt: once the reply is {rated.trigger}"
    return "none"


def _credit(asked: Asked, why: Why) -> str:
    if why.credit is Credit.FREE_NUMBER:
        taken = why.rated.charge_point is ChargePoint.MO
        return "free number: " + ("all of it is given back" if taken else "nothing is charged")
    return _CREDITS[why.credit].format(result=asked.result)


def _vat(vat: VatFrom, vat_tiyn: int) -> str:
    since = "from the first day" if vat.first_day == date.min else f"from {vat.first_day}"
    alone = f": {vat_tiyn} tiyn of this alone; taken out of sums" if vat_tiyn else ""
    return f"{vat.rate_bp} bp, {since}{alone}"


def _terms(share: ShareRule) -> str:
    if share.flat_tiyn is not None:
        part = f"{share.flat_tiyn} tiyn a message"
    else:
        part = f"{share.part_bp} bp"
    if share.side is Side.OWNER:
        return f"the owner gets {part}, the operator the rest"
    return f"the operator keeps {part}, the owner gets the rest"


def _line(name: str, told: str) -> str:
    return f"{name:8} {told}"
