"""The figures of a month's act, as values: what a page shows and a program reads. No I/O.

Money is whole tiyn, VAT included unless said otherwise, credits negative.
"""

from __future__ import annotations

from typing import NamedTuple

from gateway.billing.months import Month
from gateway.billing.parties import Sides
from gateway.billing.reconciled import Summary
from gateway.billing.totals import Line, PayerLine, Taxed, total_of


class Reason(NamedTuple):
    """Entries of one kind with one reason."""

    kind: str  # credited, adjusted
    reason: str  # a result, `free_number`, or what the act has a word for; else `decision`
    entries: int
    amount_tiyn: int


class Carried(NamedTuple):
    """An entry of an earlier month that stands in this act, for it was booked too late for its
    own, or is of a day of this month."""

    question_id: int
    day: int  # of the question, YYYYMMDD
    kind: str
    reason: str | None
    amount_tiyn: int
    booked_us: int
    key: str


class Terms(NamedTuple):
    """Whose part the contract names, and how much: a part of the sum without VAT, in basis points,
    or a flat sum for each paid question. The other side gets the rest."""

    rule: str
    side: str  # operator, owner
    part_bp: int | None
    flat_tiyn: int | None


class Settled(NamedTuple):
    """What was kept of the questions of one month, and how it is shared."""

    month: Month
    messages: int  # of which something is kept; below zero: fewer than was settled before
    by_vat: tuple[Taxed, ...]
    terms: Terms
    operator_tiyn: int  # without VAT, as the next
    owner_tiyn: int

    @property
    def gross_tiyn(self) -> int:
        return sum(each.gross_tiyn for each in self.by_vat)

    @property
    def vat_tiyn(self) -> int:
        return sum(each.vat_tiyn for each in self.by_vat)

    @property
    def net_tiyn(self) -> int:
        return self.gross_tiyn - self.vat_tiyn


class Payer(NamedTuple):
    """What one payer owes for legs of calls."""

    payer: str
    line: PayerLine
    by_vat: tuple[Taxed, ...]


class Waiting(NamedTuple):
    """Questions whose money has not moved, or not at all: charges that were voided, and those
    that were still provisional when the month was closed."""

    questions: int
    amount_tiyn: int


class Figures(NamedTuple):
    """One operator's month. Groups stand in the order in which they are shown."""

    operator: str
    month: Month
    currency: str
    by_result: tuple[tuple[str, Line], ...]
    by_channel: tuple[tuple[str, Line], ...]
    by_day: tuple[tuple[int, Line], ...]  # every day of the month
    duplicates: int  # redeliveries, none of them charged
    out: tuple[tuple[str, int], ...]  # reply segments by outcome
    voided: Waiting
    provisional: Waiting
    reasons: tuple[Reason, ...]
    settled: tuple[Settled, ...]  # the month itself first, then earlier ones
    carried: tuple[Carried, ...]  # the first CARRIED_KEPT_MAX
    carried_count: int
    calls: tuple[Payer, ...]
    calls_carried_tiyn: int  # of it, for calls of earlier months
    reconciled: Summary | None
    sides: Sides = Sides()

    @property
    def has_rows(self) -> bool:
        return bool(self.total.questions or self.carried_count or self.calls)

    @property
    def total(self) -> Line:
        """The questions of the month."""
        return total_of(line for _, line in self.by_result)

    @property
    def carried_tiyn(self) -> int:
        """Kept of earlier months."""
        return sum(each.gross_tiyn for each in self.settled[1:])
