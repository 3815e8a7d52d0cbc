"""What earlier months' reconciliations left over: read from the folders they were written to.

Messages that an operator's file had no row of may have one in a later file: a late row. Rows that
his file had too many may be messages of a later month. Both are asked for by `--earlier`.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from gateway.billing.forms import restored
from gateway.billing.months import Month, MonthError
from gateway.billing.reconcile.folder import SUMMARY
from gateway.billing.reconcile.records import (
    COUNTED_BEFORE,
    NO_PRICE,
    TOLD_EARLIER,
    Cause,
    Class,
    Ours,
    Theirs,
    is_disputed,
)
from gateway.billing.reconciled import SummaryError, read_summary

FOLDERS_MAX: Final = 24  # months
COUNT_MAX: Final = 10**12  # of rows, and of tiyn in one
LEFT_OVER_MAX: Final = 500_000  # messages, held in memory; more of them are no leftovers

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_COLUMNS: Final = frozenset(
    ("cause", "question_id", "record_type", "record_id", "msisdn", "short_code", "their_time",
     "theirs_tiyn", "row", "message_id", "our_ref")
)  # fmt: skip

Message = tuple[str, int]  # mo or mt, and the record's id


class EarlierError(ValueError):
    """A folder cannot be used; the text names it, the line and the remedy."""


class Leftovers:
    """What earlier months left over.

    `messages`: by question, ours whose rows may come late; `has_before`: the month just before is
    among them, so that it is known what its file had; `border`: ours of that month that it left to
    this one's file.
    """

    __slots__ = ("_aside", "_folders", "border", "has_before", "messages")

    def __init__(self) -> None:
        self._folders: list[tuple[Month, Path]] = []
        self._aside: set[Message] = set()  # no row of them is expected in either month
        self.has_before = False
        self.messages: dict[int, set[Message]] = {}
        self.border: set[Message] = set()

    @property
    def months(self) -> list[str]:
        return [str(month) for month, _ in self._folders]

    def place(self, mine: Ours) -> int | None:
        """Where a message of a neighbouring month stands by what is known of that month; None: it
        is read from its folder."""
        message = mine.record, mine.record_id
        if (
            mine.place != -1
            or not self.has_before
            or message in self.border
            or message in self._aside
        ):
            return mine.place
        left = self.messages.get(mine.question_id, ())
        return None if message in left else COUNTED_BEFORE

    def rows(self, party: Callable[[str], str]) -> Iterator[Theirs]:
        """Their rows that those months' files had too many. `party`: the keyed hash of a phone,
        hex. Raises EarlierError."""
        for _, folder in self._folders:
            for line, row in _rows(folder, Class.ONLY_THEIRS):
                try:
                    yield _theirs(row, party)
                except ValueError as wrong:
                    raise _unfit(folder, Class.ONLY_THEIRS, line, wrong) from wrong

    def read(self, folders: Sequence[Path], operator: str, month: Month) -> None:
        """Raises EarlierError."""
        if len(folders) > FOLDERS_MAX:
            raise EarlierError(f"more than {FOLDERS_MAX} earlier folders; leave the oldest out")
        self._folders = sorted((_month_of(each, operator, month), each) for each in folders)
        months = [of for of, _ in self._folders]
        if twice := [of for of in months if months.count(of) > 1]:
            raise EarlierError(f"{twice[0]} was given twice; give one folder of each month")
        for of, folder in self._folders:
            self._take(folder, is_before=of == month.before)
            self.has_before = self.has_before or of == month.before
        for _, folder in self._folders:
            for question_id, _, message in _messages(folder, Class.LATE):
                self.messages.get(question_id, set()).discard(message)

    def _take(self, folder: Path, *, is_before: bool) -> None:
        for number, (question_id, cause, message) in enumerate(_messages(folder, Class.ONLY_OURS)):
            if number >= LEFT_OVER_MAX:
                raise EarlierError(
                    f"{folder}: leaves more than {LEFT_OVER_MAX} messages over; reconcile that "
                    "month with the right file first"
                )
            if is_disputed(Class.ONLY_OURS, cause):
                self.messages.setdefault(question_id, set()).add(message)
            elif is_before:
                (self.border if cause is Cause.MONTH_BORDER else self._aside).add(message)


def _month_of(folder: Path, operator: str, month: Month) -> Month:
    """The month of a folder, which is that operator's and before the one asked for."""
    try:
        summary = read_summary(folder / SUMMARY, None, None)
        of = Month.read(summary.month)
    except (SummaryError, MonthError) as wrong:
        raise EarlierError(
            f"{folder}: {wrong}; name a folder of `ledger reconcile --out`"
        ) from wrong
    if summary.operator != operator:
        raise EarlierError(f"{folder}: is of {summary.operator}, not of {operator}")
    if of >= month:
        raise EarlierError(f"{folder}: is of {of}, which is not before {month}; leave it out")
    if summary.draft:
        raise EarlierError(
            f"{folder}: was made before {of} was closed on {of.closes_on}; reconcile that month "
            "again"
        )
    return of


def _messages(folder: Path, cls: Class) -> Iterator[tuple[int, Cause, Message]]:
    for line, row in _rows(folder, cls):
        try:
            message = row["record_type"], int(row["record_id"])
            yield int(row["question_id"]), Cause(row["cause"]), message
        except ValueError as wrong:
            raise _unfit(folder, cls, line, wrong) from wrong


def _theirs(row: dict[str, str], party: Callable[[str], str]) -> Theirs:
    msisdn = restored(row["msisdn"])
    at = datetime.fromisoformat(row["their_time"])
    if at.tzinfo is None:
        raise ValueError(f"their_time {row['their_time']!r} has no offset")
    return Theirs(
        party=bytes.fromhex(party(msisdn)),
        at_us=(at - _EPOCH) // _MICROSECOND,
        record=row["record_type"],
        code=restored(row["short_code"]),
        row=_count(row["row"]),
        part_no=0,
        parts=0,
        price_tiyn=_count(row["theirs_tiyn"]) if row["theirs_tiyn"] else NO_PRICE,
        ref=restored(row["message_id"]),
        our_ref=restored(row["our_ref"]),
        msisdn=msisdn,
        left_out=TOLD_EARLIER,
        moved=False,
    )


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number <= COUNT_MAX:
        raise ValueError(f"{text!r} is not of 0 to {COUNT_MAX}")
    return number


def _rows(folder: Path, cls: Class) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines of a class, each with its number. Raises EarlierError."""
    path = folder / f"{cls}.csv"
    if cls is Class.LATE and not path.exists():
        return  # made by a release that knew no late rows
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if missing := _COLUMNS - set(reader.fieldnames or ()):
                raise EarlierError(f"{path}: the column {min(missing)} is missing")
            for row in reader:
                if None in row or None in row.values():
                    raise EarlierError(f"{path}: line {reader.line_num}: cut, or not of this file")
                yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as wrong:
        raise EarlierError(f"{path}: {wrong}") from wrong


def _unfit(folder: Path, cls: Class, line: int, wrong: ValueError) -> EarlierError:
    return EarlierError(
        f"{folder / f'{cls}.csv'}: line {line}: {wrong}; was it changed? reconcile that month again"
    )
