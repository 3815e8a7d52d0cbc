"""What is wrong with a tariff table that can be read: for `jauap check`. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from datetime import date
from typing import NamedTuple

from gateway.core.call_tariff import LEGS
from gateway.core.cdr import ChargePoint
from gateway.core.tariff import Tariffs
from gateway.core.tariff_reach import Reach, Scoped, named, reach_of
from gateway.core.tariff_rules import CHANNELS, RESULTS, UNASKED, Rule
from gateway.core.tariff_shares import ShareRule, outsized

_RULE, _CALL, _SHARE, _FAILED = "rule", "call", "share", "failed"


class Checked(NamedTuple):
    """A sentence each. Problems are wrong whatever was meant; warnings may be meant."""

    problems: tuple[str, ...]
    warnings: tuple[str, ...]


def check(tariffs: Tariffs) -> Checked:
    """Examples that fail, rules that never match, two prices for one day, charges nobody can take,
    shares above the price; and as warnings, rules that cross."""
    reaches = (
        reach_of(_RULE, tariffs.rules, {"channels": CHANNELS, "results": RESULTS}),
        reach_of(_CALL, tariffs.calls.rules, {"legs": LEGS}),
        reach_of(_SHARE, tariffs.shares.rules, {}),
        reach_of(_FAILED, tariffs.failed.rules, {}) if tariffs.failed.rules else Reach(),
    )
    problems = [
        *tariffs.check_examples(),
        *(sentence for reach in reaches for sentence in _wrong(reach)),
        *_unasked(tariffs.rules),
        *_outsized(tariffs),
    ]
    return Checked(tuple(problems), tuple(line for reach in reaches for line in reach.crossing))


def unknown_names(
    tariffs: Tariffs, operators: Collection[str], links: Collection[str], today: date
) -> list[str]:
    """Names in rules still valid that nothing in the settings has: a sentence each.

    `operators`: those of links, accounts and pages; `links`: names of [[ivr]] tables, whose rules
    are not tried where there are none.
    """
    return [
        *_unknown(_RULE, tariffs.rules, "operators", operators, today),
        *_unknown(_SHARE, tariffs.shares.rules, "operators", operators, today),
        *_unknown(_FAILED, tariffs.failed.rules, "operators", operators, today),
        *(_unknown(_CALL, tariffs.calls.rules, "links", links, today) if links else ()),
    ]


def _wrong(reach: Reach) -> tuple[str, ...]:
    return reach.never + reach.two_prices


def _unasked(rules: tuple[Rule, ...]) -> Iterator[str]:
    """Rules that would take money with a question that nobody sends."""
    for channel in sorted(UNASKED):
        left = [rule for rule in rules if rule.channels is None or channel in rule.channels]
        winner = next((rule for rule in left if _is_general(rule)), None)
        for rule in left[: left.index(winner) + 1 if winner else None]:
            if rule.charge_point is ChargePoint.MO:
                yield (
                    f'{named(_RULE, rules, rules.index(rule))} has charge_point = "mo" and covers '
                    f"{channel}, where the citizen sends nothing that could be charged; give "
                    f'{channel} a rule above it with "mt" or "none"'
                )


def _is_general(rule: Rule) -> bool:
    return (rule.operators, rule.results) == (None, None) and not rule.dated


def _outsized(tariffs: Tariffs) -> Iterator[str]:
    shares = tariffs.shares.rules
    for index, share in enumerate(shares):
        for rule in tariffs.rules:
            vat_bp = _highest_vat(tariffs, share, rule)
            if vat_bp is not None and outsized(share, rule.price_tiyn, vat_bp):
                yield (
                    f"{named(_SHARE, shares, index)}: {share.flat_tiyn} tiyn are more than a "
                    f"message by rule {rule.id} leaves without VAT ({rule.price_tiyn} tiyn with "
                    f"{vat_bp} bp)"
                )


def _highest_vat(tariffs: Tariffs, share: ShareRule, rule: Rule) -> int | None:
    """The highest rate of the days that both rules cover; None where they never meet."""
    first = max(share.valid_from, rule.valid_from)
    last = min(share.valid_to, rule.valid_to)
    apart = share.operators is not None and rule.operators is not None
    if not rule.price_tiyn or first > last:
        return None
    if apart and not (share.operators or frozenset()) & (rule.operators or frozenset()):
        return None
    rates = [rate for rate in tariffs.vat if rate.first_day <= last]
    began = max(rate.first_day for rate in rates if rate.first_day <= first)
    return max(rate.rate_bp for rate in rates if rate.first_day >= began)


def _unknown(
    what: str, rules: tuple[Scoped, ...], key: str, known: Collection[str], today: date
) -> Iterator[str]:
    for index, rule in enumerate(rules):
        if rule.valid_to < today:
            continue
        for name in sorted((rule.lists[key] or frozenset()) - set(known)):
            near = difflib.get_close_matches(name, known, n=1)
            meant = f"; is {near[0]!r} meant?" if near else ""
            yield f"{named(what, rules, index)}: {key} has {name!r}, unknown to the settings{meant}"
