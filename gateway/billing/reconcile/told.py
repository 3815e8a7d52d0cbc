"""The rows that are told of what does not match, as CSV for the operator and for `adjust`. Pure.

RFC 4180, UTF-8; a cell that a spreadsheet would run is defused. docs/reference/reconcile.md lists
the columns.
"""

from __future__ import annotations

from typing import Final

from gateway.billing.forms import csv_line
from gateway.billing.reconcile.records import NO_PRICE, Class, Ours, Theirs, Verdict
from gateway.billing.reconcile.row_reader import BadRow
from gateway.billing.rows import iso_time

COLUMNS: Final = (
    "class", "cause", "question_id", "record_type", "record_id", "ours_tiyn", "theirs_tiyn",
    "difference_tiyn", "msisdn", "short_code", "our_time", "their_time", "our_parts",
    "their_parts", "row", "message_id", "our_ref", "counterpart",
)  # fmt: skip
BAD_COLUMNS: Final = ("row", "column", "reason")

Line = tuple[Class, int, bytes]


def line_of(verdict: Verdict) -> Line:
    """Its class, its moment, its line."""
    mine, row, other = verdict.ours, verdict.theirs, verdict.counterpart
    ours_tiyn = mine.gross_tiyn if mine else None
    theirs_tiyn = row.price_tiyn if row and row.price_tiyn != NO_PRICE else None
    either: Ours | Theirs | None = mine or row
    assert either is not None
    cells = (
        verdict.cls,
        verdict.cause,
        mine.question_id if mine else None,
        either.record,
        mine.record_id if mine else None,
        ours_tiyn,
        theirs_tiyn,
        _difference(verdict, ours_tiyn, theirs_tiyn),
        either.msisdn or None,
        row.code if row else either.code,
        iso_time(mine.at_us) if mine else None,
        iso_time(row.at_us) if row else None,
        mine.parts if mine else None,
        (row.parts or verdict.rows) if row else None,
        row.row if row else None,
        row.ref if row else (mine.refs if mine else None),
        row.our_ref if row else None,
        other.question_id if other else None,
    )
    return verdict.cls, either.at_us, csv_line(cells)


def _difference(verdict: Verdict, ours_tiyn: int | None, theirs_tiyn: int | None) -> int | None:
    """Theirs less ours; unknown where both have the message and their file tells no price."""
    if theirs_tiyn is None:
        return -ours_tiyn if ours_tiyn is not None and verdict.theirs is None else None
    return theirs_tiyn - (ours_tiyn or 0)


def bad_line(bad: BadRow) -> bytes:
    return csv_line(bad)
