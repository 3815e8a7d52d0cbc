"""The figures of a reconciliation: what was counted, how much of it is disputed, which band. Pure.

summary.json, which the act reads, is `Tally.summary`; docs/reference/reconcile.md lists its keys.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

from gateway.billing.reconcile.file_map import BASIS_POINTS, Bands
from gateway.billing.reconcile.records import NO_PRICE, Cause, Class, Verdict, is_disputed

SUMMARY_FORMAT: Final = 1


class Band(StrEnum):
    """What the contract provides for a difference of that size."""

    ACCEPT = "accept"  # the operator's figure stands
    EXCHANGE = "exchange"  # rows that are disputed are exchanged within five working days
    HOLD = "hold"  # the disputed part is not paid until it is settled
    ALARM = "alarm"  # hold, and tell those in charge at once: something is broken


class Heading(NamedTuple):
    """What the figures are of."""

    operator: str
    month: str
    file: str
    sha256: str
    currency: str
    earlier: Sequence[str] = ()  # months whose leftovers were looked at, YYYY-MM
    draft: bool = False  # made before the month was closed


class FileRows(NamedTuple):
    """What became of the rows of the file."""

    read: int
    left_out: dict[str, int]
    bad: int


class Tally:
    """Counts verdicts; money in tiyn, VAT included."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[Class, Cause]] = Counter()
        self._ours_tiyn: Counter[tuple[Class, Cause]] = Counter()
        self._theirs_tiyn: Counter[tuple[Class, Cause]] = Counter()
        self._ours = [0, 0]  # messages, parts
        self._theirs = [0, 0]
        self._rows = 0
        self._priced = False
        self._late: dict[int, list[int]] = {}  # day -> rows, ours, theirs

    def add(self, verdict: Verdict) -> None:
        """One that is not late; see `add_late`."""
        key = verdict.cls, verdict.cause
        self._count(key, verdict)
        mine, row = verdict.ours, verdict.theirs
        if mine is not None:
            self._ours[0] += 1
            self._ours[1] += mine.parts
        if row is not None:
            self._theirs[0] += 1
            self._theirs[1] += row.parts or verdict.rows

    def add_late(self, verdict: Verdict, day: int) -> None:
        """A late row and the message of that day (YYYYMMDD) that it is of: in neither side's count
        of this month."""
        self._count((verdict.cls, verdict.cause), verdict)
        mine, row = verdict.ours, verdict.theirs
        assert mine is not None
        assert row is not None
        line = self._late.setdefault(day, [0, 0, 0])
        line[0] += 1
        line[1] += mine.gross_tiyn
        line[2] += max(row.price_tiyn, 0)

    def _count(self, key: tuple[Class, Cause], verdict: Verdict) -> None:
        self._counts[key] += 1
        self._rows += verdict.rows if verdict.theirs else 0
        if verdict.ours is not None:
            self._ours_tiyn[key] += verdict.ours.gross_tiyn
        if verdict.theirs is not None and verdict.theirs.price_tiyn != NO_PRICE:
            self._priced = True
            self._theirs_tiyn[key] += verdict.theirs.price_tiyn

    def count(self, cls: Class, cause: Cause) -> int:
        return self._counts[cls, cause]

    @property
    def rows(self) -> int:
        """Rows of their file that have a verdict."""
        return self._rows

    def disputed(self, bad: int) -> int:
        """Messages that are to be settled; rows that cannot be read are among them."""
        return bad + sum(n for key, n in self._counts.items() if is_disputed(*key))

    def summary(
        self, heading: Heading, rows: FileRows, bands: Bands, skew_s: int, warnings: Sequence[str]
    ) -> dict[str, Any]:
        """As summary.json has it; the same verdicts give the same, in the same order."""
        disputed = self.disputed(rows.bad)
        larger = max(self._ours[0], self._theirs[0] + rows.bad)
        ours_tiyn, theirs_tiyn = map(_of_month, (self._ours_tiyn, self._theirs_tiyn))
        return {
            "format": SUMMARY_FORMAT,
            **heading._asdict(),
            "earlier": list(heading.earlier),
            "rows": {**rows._asdict(), "compared": self._rows},
            "ours": {"messages": self._ours[0], "parts": self._ours[1], "gross_tiyn": ours_tiyn},
            "theirs": {
                "messages": self._theirs[0],
                "parts": self._theirs[1],
                "gross_tiyn": self._tiyn(theirs_tiyn),
            },
            "classes": {
                cls: self._of([key for key in self._keys() if key[0] is cls]) for cls in Class
            },
            "causes": [
                {"class": cls, "cause": cause}
                | self._of([(cls, cause)])
                | {"disputed": is_disputed(cls, cause)}
                for cls, cause in self._keys()
                if cls is not Class.MATCHED and cause is not Cause.NONE
            ],
            "late": [
                {"day": day, "rows": rows, "ours_tiyn": ours, "theirs_tiyn": self._tiyn(theirs)}
                for day, (rows, ours, theirs) in sorted(self._late.items())
            ],
            "disputed_rows": disputed,
            "difference_bp": -(-disputed * BASIS_POINTS // larger) if larger else 0,
            "net_rows": self._theirs[0] - self._ours[0],
            "net_tiyn": self._tiyn(theirs_tiyn - ours_tiyn),
            "band": band_of(disputed, larger, bands),
            "bands_bp": {
                "accept": bands.accept_bp,
                "exchange": bands.exchange_bp,
                "hold": bands.hold_bp,
            },
            "skew_s": skew_s,
            "warnings": list(warnings),
        }

    def _keys(self) -> list[tuple[Class, Cause]]:
        order = list(Class)
        return sorted(self._counts, key=lambda key: (order.index(key[0]), key[1]))

    def _of(self, keys: Sequence[tuple[Class, Cause]]) -> dict[str, Any]:
        return {
            "rows": sum(self._counts[key] for key in keys),
            "ours_tiyn": sum(self._ours_tiyn[key] for key in keys),
            "theirs_tiyn": self._tiyn(sum(self._theirs_tiyn[key] for key in keys)),
        }

    def _tiyn(self, tiyn: int) -> int | None:
        return tiyn if self._priced else None


def _of_month(sums: Counter[tuple[Class, Cause]]) -> int:
    return sum(tiyn for (cls, _), tiyn in sums.items() if cls is not Class.LATE)


def band_of(disputed: int, larger: int, bands: Bands) -> Band:
    """Of `larger` messages so many are disputed."""
    share = disputed * BASIS_POINTS
    if share <= bands.accept_bp * larger:
        return Band.ACCEPT
    if share <= bands.exchange_bp * larger:
        return Band.EXCHANGE
    return Band.HOLD if share <= bands.hold_bp * larger else Band.ALARM
