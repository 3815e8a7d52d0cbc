"""What is left to do in a registry of an older release: the tickets of its first schema (0001) are
moved into the rows of today's, then all are counted that stood there before table `tally` (0004);
those that this release tells otherwise from what it is given are told so from then on.

In batches, each a transaction that takes away what it has moved, or says how far it has counted:
memory stays small, and a run that was cut off goes on at the next opening. The caller holds the
registry's lock.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from itertools import groupby
from typing import Final

import msgspec

from lookup.feed.fields import compact
from lookup.feed.path import ordered
from lookup.feed.row import EventRow, Row, TicketRow
from lookup.registry.columns import StoredRow
from lookup.registry.place import SLOT_MASK
from lookup.registry.sql import ADD_MANY, COLUMNS, COUNT, COUNT_EVENTS, REPLACE_MANY
from lookup.registry.stored import stored, unstored

TICKETS_PER_BATCH: Final = 2_000
COUNTED_PER_BATCH: Final = 100_000

_TICKET: Final = TicketRow._fields[: TicketRow._fields.index("version")]  # what 0001 knew
_LEFT: Final = "SELECT count(*) FROM sqlite_master WHERE name = 'ticket_0001'"
_TO_COUNT: Final = "SELECT counted_id FROM revision WHERE counted_id IS NOT NULL"
_COUNTED: Final = "UPDATE revision SET counted_id = ?"
_GROUPS: Final = (
    "SELECT json_group_array(json_array(kind, source_system, status, deleted, n)), sum(steps),"
    " max(last) FROM (SELECT kind, source_system, status, deleted, count(*) AS n, max(id) AS last,"
    " sum(CASE WHEN json_valid(path) THEN json_array_length(path) ELSE 0 END) AS steps"
    " FROM (SELECT * FROM ticket WHERE id > ? ORDER BY id LIMIT ?) GROUP BY 1, 2, 3, 4)"
)
_TO_TELL: Final = (  # secret ones, and those whose next body is not bound by an earlier extension
    "SELECT id FROM ticket WHERE id > ? AND id <= ? AND (instr(kept, '\"secret\"')"
    " OR (instr(path, '\"extended\"') AND instr(path, '\"forwarded\"')))"
)
_STORED: Final = f"SELECT {COLUMNS} FROM ticket WHERE id = ?"  # noqa: S608 - constants only
_TICKETS: Final = f"SELECT id, {', '.join(_TICKET)} FROM ticket_0001 ORDER BY id LIMIT ?"  # noqa: S608 - constants only
_EVENTS: Final = (
    f"SELECT ticket_id, {', '.join(EventRow._fields)} FROM event_0001"  # noqa: S608 - constants only
    " WHERE ticket_id BETWEEN ? AND ? ORDER BY ticket_id, seq, id"
)


def to_move(uri: str) -> bool:
    """Whether tickets are left to be moved or counted."""
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        left = connection.execute(_LEFT).fetchone()[0]
        return bool(left) or connection.execute(_TO_COUNT).fetchone() is not None


def move(uri: str) -> None:
    """Move and count them all. Raises sqlite3.Error; what was done until then stays done."""
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        while connection.execute(_LEFT).fetchone()[0]:
            connection.execute("BEGIN IMMEDIATE")
            with connection:  # commits, or takes back
                if not _move_batch(connection):
                    connection.execute("DROP TABLE event_0001")
                    connection.execute("DROP TABLE ticket_0001")
        while (counted := connection.execute(_TO_COUNT).fetchone()) is not None:
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                _count_batch(connection, counted[0])


def _move_batch(connection: sqlite3.Connection) -> bool:
    """Whether there was something to move."""
    tickets = connection.execute(_TICKETS, (TICKETS_PER_BATCH,)).fetchall()
    if not tickets:
        return False
    first, last = tickets[0][0], tickets[-1][0]
    listed = connection.execute(_EVENTS, (first, last))
    events = {key: [step[1:] for step in steps] for key, steps in groupby(listed, lambda e: e[0])}
    rows = [_row(ticket[1:], events.get(ticket[0], ())) for ticket in tickets]
    for row in rows:
        _add(connection, stored(row))
    connection.execute("DELETE FROM event_0001 WHERE ticket_id <= ?", (last,))
    connection.execute("DELETE FROM ticket_0001 WHERE id <= ?", (last,))
    return True


def _count_batch(connection: sqlite3.Connection, after: int) -> None:
    """The next tickets behind this id; where there are none, all are counted."""
    groups, steps, last = connection.execute(_GROUPS, (after, COUNTED_PER_BATCH)).fetchone()
    connection.execute(COUNT, (groups,))
    connection.execute(COUNT_EVENTS, (steps or 0,))
    connection.execute(_COUNTED, (last,))
    for (row_id,) in connection.execute(_TO_TELL, (after, last)).fetchall():
        _tell(connection, row_id)


def _tell(connection: sqlite3.Connection, row_id: int) -> None:
    before = StoredRow(*connection.execute(_STORED, (row_id,)).fetchone())
    try:
        row = stored(unstored(before))._replace(id=row_id)
    except (msgspec.DecodeError, ValueError):  # damaged: lookups tell so
        return
    if row.told != before.told:
        connection.execute(REPLACE_MANY, row)


def _row(columns: tuple[object, ...], steps: Iterable[tuple[object, ...]]) -> Row:
    ticket = TicketRow(*columns)  # type: ignore[arg-type]  # columns of a STRICT table
    ticket = ticket._replace(
        fine=_compact(ticket.fine),
        inspection=_compact(ticket.inspection),
        other_bodies=_compact(ticket.other_bodies),
        extra=_compact(ticket.extra),
    )
    events = ordered([EventRow(*step) for step in steps])  # type: ignore[arg-type]  # the same
    return Row(ticket, events)


def _compact(text: str | None) -> str | None:
    return None if text is None else compact(json.loads(text))


def _add(connection: sqlite3.Connection, row: StoredRow) -> None:
    """In the slot that is its own, or else the next free one of its place."""
    place = row.id & ~SLOT_MASK
    for further in range(SLOT_MASK):
        slot = (row.id + further) & SLOT_MASK
        try:
            connection.execute(ADD_MANY, row._replace(id=place + slot))
        except sqlite3.IntegrityError:
            continue
        return
    raise sqlite3.IntegrityError(f"no free slot in place {place}")
