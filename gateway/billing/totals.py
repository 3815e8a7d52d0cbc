"""Sums over questions, replies and calls, by whatever they are grouped by. No I/O.

Money is whole tiyn, credits negative; VAT is taken out of sums, by rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gateway.core.call_records import CallTrace
from gateway.core.cdr import Entry, EntryKind
from gateway.core.tariff import vat_of

_KINDS = {kind: number for number, kind in enumerate(EntryKind)}
_RATED, _CHARGED, _CREDITED, _ADJUSTED = (
    _KINDS[kind]
    for kind in (EntryKind.RATED, EntryKind.CHARGED, EntryKind.CREDITED, EntryKind.ADJUSTED)
)


class CurrencyError(Exception):
    """Two currencies, whose sum would mean nothing; the text names them and where they stand."""


class Line(NamedTuple):
    """What a group of questions comes to."""

    questions: int
    parts: int  # segments they came in
    gross_tiyn: int  # rated
    charged_tiyn: int
    credited_tiyn: int  # negative
    adjusted_tiyn: int

    @property
    def kept_tiyn(self) -> int:
        return self.charged_tiyn + self.credited_tiyn + self.adjusted_tiyn


class Tally:
    """A `Line` on its way."""

    __slots__ = ("_sums", "parts", "questions")

    def __init__(self) -> None:
        self.questions = 0
        self.parts = 0
        self._sums = [0] * len(_KINDS)

    def question(self, parts: int) -> None:
        self.questions += 1
        self.parts += parts

    def book(self, entries: Iterable[Entry]) -> None:
        sums = self._sums
        for entry in entries:
            sums[_KINDS[entry.kind]] += entry.amount_tiyn

    @property
    def line(self) -> Line:
        sums = self._sums
        return Line(
            self.questions,
            self.parts,
            sums[_RATED],
            sums[_CHARGED],
            sums[_CREDITED],
            sums[_ADJUSTED],
        )


def total_of(lines: Iterable[Line]) -> Line:
    """The sum of lines, field by field."""
    return Line(*map(sum, zip(Line(0, 0, 0, 0, 0, 0), *lines, strict=True)))


class Taxed(NamedTuple):
    """A gross sum at one VAT rate, and the VAT inside it."""

    vat_bp: int
    gross_tiyn: int
    vat_tiyn: int

    @property
    def net_tiyn(self) -> int:
        return self.gross_tiyn - self.vat_tiyn


def taxed(by_vat: Mapping[int, int]) -> tuple[Taxed, ...]:
    """Sums by VAT rate (basis points -> tiyn), by rising rate."""
    return tuple(Taxed(bp, tiyn, vat_of(tiyn, bp)) for bp, tiyn in sorted(by_vat.items()))


class Currency:
    """That all sums are in one."""

    def __init__(self) -> None:
        self.code: str | None = None

    def agree(self, what: str, code: str) -> None:
        """Raises CurrencyError."""
        if self.code is None:
            self.code = code
        elif code != self.code:
            raise CurrencyError(
                f"{what} is in {code}, those before it in {self.code}: sums would mean nothing"
            )


class PayerLine(NamedTuple):
    """What a group of legs of calls comes to."""

    legs: int
    open: int  # of them, without a record so far
    billable_s: int
    payer_tiyn: int


class PayerTally:
    """A `PayerLine` on its way, with its sums by VAT rate."""

    __slots__ = ("billable_s", "by_vat", "legs", "open")

    def __init__(self) -> None:
        self.legs = 0
        self.open = 0
        self.billable_s = 0
        self.by_vat: dict[int, int] = {}

    def leg(self, trace: CallTrace) -> None:
        self.legs += 1
        self.open += not trace.records

    def book(self, billable_s: int, payer_tiyn: int, vat_bp: int) -> None:
        self.billable_s += billable_s
        self.by_vat[vat_bp] = self.by_vat.get(vat_bp, 0) + payer_tiyn

    @property
    def line(self) -> PayerLine:
        return PayerLine(self.legs, self.open, self.billable_s, sum(self.by_vat.values()))
