"""VAT: dated rates, taken out of sums. Pure, no floats.

A rate is in basis points (1600 = 16 %) and holds from its day, in Kazakhstan, to the next one's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from gateway.core.tariff_row import FIRST_DAY, Row, TariffError

TIYN = 100  # in a tenge
FULL_BP = 10_000  # basis points in 100 %
VAT_BP_MAX = FULL_BP


class VatFrom(NamedTuple):
    """A VAT rate and the first day it holds; it ends where the next row begins."""

    first_day: date
    rate_bp: int


def vat_on(rates: Sequence[VatFrom], on: date) -> VatFrom:
    """The rate of a day; `rates` as `read_vat` gives them."""
    return next(rate for rate in reversed(rates) if rate.first_day <= on)


def vat_of(sum_tiyn: int, vat_bp: int) -> int:
    """The VAT inside a gross sum, in tiyn: sum * rate in (100 % + rate).

    Take it out of sums only: row by row, the rounding of a million messages is a thousand tenge.
    Half a tiyn goes up, away from zero, so that a sum and its credit cancel.
    """
    return part_of(sum_tiyn, vat_bp, FULL_BP + vat_bp)


def net_of(by_vat: Mapping[int, int]) -> int:
    """What is left of gross sums without the VAT inside them. `by_vat`: rate -> sum, in tiyn."""
    return sum(tiyn - vat_of(tiyn, vat_bp) for vat_bp, tiyn in by_vat.items())


def part_of(sum_tiyn: int, numerator: int, denominator: int) -> int:
    """That part of a sum; half a tiyn goes up, away from zero."""
    part = (2 * abs(sum_tiyn) * numerator + denominator) // (2 * denominator)
    return part if sum_tiyn >= 0 else -part


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


def told_tenge(gross_tiyn: int) -> int:
    """A price as it is told: whole tenge, rounded up. Nobody pays more than was said."""
    return -(-gross_tiyn // TIYN)
