"""What a month's act says of the operator's own count: read from the summary that `jauap ledger
reconcile` wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from gateway.billing.months import Month

CLASSES = ("matched", "differing", "only_ours", "only_theirs")
SUMMARY_SIZE_MAX = 1_000_000  # octets; a summary has a few thousand

_FORMAT = 1


class SummaryError(Exception):
    """The summary cannot stand in this act; the text says why and what to do."""


class Side(msgspec.Struct, frozen=True):
    """One side's count. `gross_tiyn` is None where its file has no prices."""

    messages: int
    parts: int
    gross_tiyn: int | None


class ClassLine(msgspec.Struct, frozen=True):
    """Rows of one class. A sum is None where a side's file has no prices."""

    rows: int
    ours_tiyn: int | None
    theirs_tiyn: int | None


class CauseLine(msgspec.Struct, frozen=True, rename={"class_": "class"}):
    """Rows of one class with one cause; `disputed`: they count for the band."""

    class_: str
    cause: str
    rows: int
    ours_tiyn: int | None
    theirs_tiyn: int | None
    disputed: bool


class LateLine(msgspec.Struct, frozen=True):
    """Messages of a day of an earlier month, whose rows came with this month's file."""

    day: int  # of the question, YYYYMMDD
    rows: int
    ours_tiyn: int | None
    theirs_tiyn: int | None


class Summary(msgspec.Struct, frozen=True):
    """The part of a reconciliation's summary that an act shows."""

    format: int
    operator: str
    month: str
    file: str
    sha256: str  # of the operator's file
    ours: Side
    theirs: Side
    classes: dict[str, ClassLine]
    causes: tuple[CauseLine, ...]
    disputed_rows: int
    difference_bp: int
    net_rows: int
    net_tiyn: int | None
    band: str
    late: tuple[LateLine, ...] = ()
    draft: bool = False  # made before the month was closed


def read_summary(path: Path, operator: str | None, month: Month | None) -> Summary:
    """The summary of that operator's month; None: of any. Raises SummaryError."""
    try:
        with path.open("rb") as file:
            octets = file.read(SUMMARY_SIZE_MAX + 1)
    except OSError as problem:
        raise SummaryError(f"{path}: cannot be read ({problem.strerror})") from problem
    if len(octets) > SUMMARY_SIZE_MAX:
        raise SummaryError(f"{path}: is no summary.json of a reconciliation: it is too long")
    try:
        summary = msgspec.json.decode(octets, type=Summary)
    except msgspec.DecodeError as problem:
        raise SummaryError(
            f"{path}: is no summary.json of `jauap ledger reconcile`: {problem}"
        ) from problem
    problem_text = _problem(summary, operator, month)
    if problem_text:
        raise SummaryError(f"{path}: {problem_text}")
    return summary


def late_of(lines: Sequence[LateLine]) -> ClassLine:
    """Their sum."""

    def total(tiyn: Sequence[int | None]) -> int | None:
        known = [each for each in tiyn if each is not None]
        return sum(known) if len(known) == len(tiyn) else None

    return ClassLine(
        sum(each.rows for each in lines),
        total([each.ours_tiyn for each in lines]),
        total([each.theirs_tiyn for each in lines]),
    )


def _problem(summary: Summary, operator: str | None, month: Month | None) -> str | None:
    if summary.format != _FORMAT:
        return f"is of format {summary.format}, this release reads {_FORMAT}: reconcile again"
    wanted = operator or summary.operator, str(month or summary.month)
    if (summary.operator, summary.month) != wanted:
        return (
            f"is of {summary.operator} and {summary.month}, this act of {' and '.join(wanted)}: "
            "reconcile that month"
        )
    missing = [each for each in CLASSES if each not in summary.classes]
    return f"lacks the classes {', '.join(missing)}" if missing else None
