"""What a question costs the citizen: dated rules, the first match wins. Pure, no floats.

The table (config/tariffs.toml, docs/reference/tariffs.md) is data; `Tariffs.rate` is total: the
last rule covers everything, which is checked when the table is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from gateway.core.call_tariff import (
    UNPRICED,
    CallTariffs,
    check_call_rules,
    read_call_example,
    read_call_rule,
)
from gateway.core.cdr import ChargePoint
from gateway.core.tariff_failed import FailedRules, read_failed
from gateway.core.tariff_row import Row, TariffError
from gateway.core.tariff_rules import (
    Example,
    PartsRule,
    Rule,
    Trigger,
    check_rules,
    read_example,
    read_rule,
)
from gateway.core.tariff_shares import UNSHARED, Shares, read_shares
from gateway.core.tariff_vat import VatFrom, read_vat, vat_of, vat_on

FREE_NUMBER = "free_number"  # credit cause of the numbers that never pay
CACHE_ROWS_MAX = 4_096  # distinct (operator, channel, day, result, parts); then it starts anew

_Key = tuple[str, str, date, str, int, bool]

__all__ = ["FREE_NUMBER", "ChargePoint", "Rated", "TariffError", "Tariffs", "Trigger", "vat_of"]


class Rated(NamedTuple):
    """The price of one question. `credit_cause`: why all of it is given back at once, or None."""

    rule_id: str
    gross_tiyn: int
    currency: str
    vat_bp: int
    charge_point: ChargePoint
    trigger: Trigger | None
    credit_cause: str | None


class Tariffs:
    """The price table. Rating remembers what it has rated, up to CACHE_ROWS_MAX rows."""

    __slots__ = (
        "_cache", "calls", "currency", "examples", "failed", "free_numbers", "rules", "shares",
        "vat",
    )  # fmt: skip

    def __init__(
        self,
        *,
        currency: str,
        rules: Sequence[Rule],
        vat: Sequence[VatFrom],
        free_numbers: frozenset[str] = frozenset(),
        examples: Sequence[Example] = (),
        calls: CallTariffs | None = None,
        shares: Shares | None = None,
        failed: FailedRules | None = None,
    ) -> None:
        """`calls`: None where no call is ever priced; `shares`: None where operators keep all;
        `failed`: None where nothing is given back for answers that failed."""
        check_rules(rules)
        self.currency = currency
        self.rules = tuple(rules)
        self.vat = tuple(vat)
        self.free_numbers = free_numbers
        self.examples = tuple(examples)
        self.calls = calls or CallTariffs((UNPRICED,), self.vat, currency)
        self.shares = shares or Shares((UNSHARED,))
        self.failed = failed or FailedRules()
        self._cache: dict[_Key, Rated] = {}

    @classmethod
    def from_table(cls, data: Mapping[str, object]) -> Tariffs:
        """Read what tomllib made of the file. Raises TariffError: where, why, the remedy."""
        row = Row("tariffs", data)
        currency = row.word("currency")
        free_numbers = row.words("free_numbers")
        for number in free_numbers:
            if not (number.isascii() and number.isdigit()):
                raise row.fail("free_numbers", number, "digits alone, such as 77010000001")
        rules = row.rows("rule")
        vat = read_vat(row.rows("vat"))
        examples = row.rows("example")
        call_rules = row.rows("call")
        call_examples = row.rows("call_example")
        shares = read_shares(row.rows("share"), row.rows("share_example"))
        failed = read_failed(row.rows("failed"))
        row.done()
        return cls(
            currency=currency,
            rules=[read_rule(f"rule {n}", table) for n, table in enumerate(rules, start=1)],
            vat=vat,
            free_numbers=free_numbers,
            examples=[read_example(f"example {n}", t) for n, t in enumerate(examples, start=1)],
            calls=_calls(currency, vat, call_rules, call_examples),
            shares=shares,
            failed=failed,
        )

    def rate(
        self,
        *,
        operator: str,
        channel: str,
        on: date,
        result: str,
        parts: int = 1,
        msisdn: str = "",
    ) -> Rated:
        """The price of a question received on the civil day `on` in Kazakhstan; never fails."""
        free = msisdn in self.free_numbers
        key = (operator, channel, on, result, parts, free)
        rated = self._cache.get(key)
        if rated is None:
            if len(self._cache) >= CACHE_ROWS_MAX:
                self._cache.clear()
            rated = self._cache[key] = self._rate(key)
        return rated

    def _rate(self, key: _Key) -> Rated:
        operator, channel, on, result, parts, free = key
        rule = next(rule for rule in self.rules if rule.covers(operator, channel, on, result))
        vat_bp = vat_on(self.vat, on).rate_bp
        count = max(parts, 1) if rule.parts is PartsRule.PER_PART else 1
        charge_point, trigger, gross_tiyn = rule.charge_point, rule.trigger, rule.price_tiyn * count
        cause = None
        if charge_point is not ChargePoint.NONE:
            if free:
                cause = FREE_NUMBER
            elif result in rule.credit_results:
                cause = str(result)
        if cause and charge_point is ChargePoint.MT:
            # Here the gateway decides before the reply leaves: nothing is taken, so nothing has
            # to be given back. With `mo` the operator has the money already.
            charge_point, trigger, gross_tiyn, cause = ChargePoint.NONE, None, 0, None
        return Rated(rule.id, gross_tiyn, self.currency, vat_bp, charge_point, trigger, cause)

    @property
    def triggers(self) -> dict[str, Trigger]:
        """Rule id -> what makes its charge due, for the rules that charge the reply."""
        return {rule.id: rule.trigger for rule in self.rules if rule.trigger is not None}

    def check_examples(self) -> list[str]:
        """The examples of the table that do not come out as written, a sentence each."""
        problems = self.calls.check_examples() + self.shares.check_examples()
        for example in self.examples:
            rated = self.rate(
                operator=example.operator,
                channel=example.channel,
                on=example.on,
                result=example.result,
                parts=example.parts,
                msisdn=example.msisdn,
            )
            credit = rated.credit_cause is not None
            if (rated.gross_tiyn, credit) != (example.gross_tiyn, example.credit):
                problems.append(
                    f"{example.where}: expected gross_tiyn = {example.gross_tiyn} and credit = "
                    f"{example.credit}, rule {rated.rule_id} gives {rated.gross_tiyn} and {credit}"
                )
            if example.vat_bp not in (None, rated.vat_bp):
                problems.append(
                    f"{example.where}: expected vat_bp = {example.vat_bp}, got {rated.vat_bp}"
                )
        return problems


def _calls(
    currency: str, vat: tuple[VatFrom, ...], rules: Sequence[object], examples: Sequence[object]
) -> CallTariffs:
    read = tuple(read_call_rule(f"call {n}", table) for n, table in enumerate(rules, start=1))
    check_call_rules(read)
    return CallTariffs(
        read or (UNPRICED,),
        vat,
        currency,
        tuple(read_call_example(f"call_example {n}", t) for n, t in enumerate(examples, start=1)),
    )
