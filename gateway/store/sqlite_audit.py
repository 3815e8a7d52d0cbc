"""What the desk asks of the SQLite writer: corrections, and the audit of them. Pure.

The rows are those of `booked` and `audits` in sql/sqlite_write.sql.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from gateway.core.cdr import Entry, EntryKind
from gateway.core.staff import AuditRecord, Person
from gateway.store.errors import StoreDataError

_CORRECTIONS = frozenset((EntryKind.CREDITED, EntryKind.ADJUSTED))


class Book(NamedTuple):
    entries: Sequence[Entry]
    record: AuditRecord | None = None


class Change(NamedTuple):
    """Of the staff: how a person stands, and the last row that was seen before."""

    person: Person
    after: int


class Note(NamedTuple):
    records: Sequence[AuditRecord]
    change: Change | None = None  # that the one record tells of


def correction(entry: Entry) -> Sequence[Any]:
    """Raises StoreDataError for an entry that is none."""
    if entry.kind not in _CORRECTIONS:
        raise StoreDataError(f"{entry.key}: {entry.kind} comes with its answer, it is not booked")
    return (*entry, False)


def audit_rows(call: Book | Note, place: int) -> list[Sequence[Any]]:
    """`place`: how many records stand before these."""
    match call:
        case Book(_, None):
            return []
        case Book(entries, record) if record is not None:
            return [(*_row(record), [entry.key for entry in entries])]
        case Note([record], Change(person, after)):
            return [(*_row(record), None, after, person[:6], place)]
        case _:
            return [_row(record) for record in call[0] if isinstance(record, AuditRecord)]


def _row(record: AuditRecord) -> tuple[Any, ...]:
    return (*record[:6], msgspec.json.encode(record.detail).decode())
