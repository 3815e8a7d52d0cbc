"""What is stored in the places of a batch, and what its lines make of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

import msgspec

from lookup.feed.row import Key, Row
from lookup.registry.batch import Batch
from lookup.registry.columns import Group, Kept, StoredRow, group_of
from lookup.registry.contradictions import Ticket
from lookup.registry.merge import Change, merge, not_older
from lookup.registry.place import SLOT_MASK
from lookup.registry.stored import stored, unstored
from lookup.registry.wire import Told

_told = msgspec.json.Decoder(Told).decode
_kept = msgspec.json.Decoder(Kept).decode
_steps = msgspec.json.Decoder(list[msgspec.Raw]).decode


class UnreadableError(Exception):
    """A stored row holds what nothing of ours has written."""


@dataclass(slots=True)
class Taken:
    """What the lines of a batch have done."""

    changes: list[Change] = field(default_factory=list)  # of each line
    tickets: dict[int, Ticket] = field(default_factory=dict)  # that are written, by their rows
    counted: Counter[Group] = field(default_factory=Counter)  # so many more; 0 where one changed
    new_events: int = 0
    left_out: dict[int, int] = field(default_factory=dict)  # by the line's place: new steps


def added(batch: Batch) -> Taken:
    """All of them are new."""
    return Taken(
        [Change.ADDED] * len(batch.rows),
        {row[0]: (row[1], row[2]) for row in batch.rows},
        Counter(map(group_of, batch.rows)),
        batch.events,
    )


class Places:
    """Lines are taken one after the other, each judged by what is stored then."""

    def __init__(self, rows: Sequence[StoredRow], now_us: int | None) -> None:
        """`rows`: all that is stored in the places of these lines. `now_us`: as `merge` takes
        it."""
        self._before = {row.id: row for row in rows}
        self._rows = {Key(*row[1:4]): row for row in rows}
        self._now_us = now_us
        self._changed: dict[int, StoredRow] = {}

    def take(self, lines: Iterable[StoredRow], taken: Taken) -> list[StoredRow]:
        """The rows to be written, by id; what the lines did is added to `taken`.

        Raises UnreadableError.
        """
        for line in lines:
            taken.changes.append(self._take(line, taken))
        changed = self._changed
        taken.tickets.update((row.id, (row.number, row.kind)) for row in changed.values())
        taken.counted.update(map(group_of, changed.values()))
        taken.counted.subtract(group_of(row) for row in map(self._before.get, changed) if row)
        return sorted(changed.values())

    def _take(self, new: StoredRow, taken: Taken) -> Change:
        key = Key(new.number, new.kind, new.source_system)
        kept = self._rows.get(key)
        if kept is None:
            free = self._free(new.id)
            if free is None:
                return Change.NO_ROOM
            merged = merge(None, unstored(new))
            row = (stored(merged.row) if new.deleted else new)._replace(id=free)
        elif kept.digest == new.digest:
            return Change.UNCHANGED
        elif (replaced := _replaced(kept, new, self._now_us)) is not None:
            row, new_events = replaced
            self._rows[key] = self._changed[row.id] = row
            taken.new_events += new_events
            return Change.UPDATED
        else:
            before = readable(kept)
            merged = merge(before, unstored(new), self._now_us)
            if merged.left_out:
                taken.left_out[len(taken.changes)] = merged.left_out
            if merged.row == before:
                return merged.change
            row = stored(merged.row)._replace(id=kept.id)
        row = row._replace(digest=merged.row.digest)  # of the line last taken
        self._rows[key] = self._changed[row.id] = row
        taken.new_events += merged.new_events
        return merged.change

    def _free(self, own: int) -> int | None:
        for further in range(SLOT_MASK + 1):
            row_id = own & ~SLOT_MASK | (own + further) & SLOT_MASK
            if row_id not in self._before and row_id not in self._changed:
                return row_id
        return None


def _replaced(kept: StoredRow, new: StoredRow, now_us: int | None) -> tuple[StoredRow, int] | None:
    """The line in place of the stored row, and how many of its steps are new, where `merge` would
    keep nothing of that row: it has the same steps and perhaps further ones, as when a system tells
    a ticket with its whole path. None: `merge` has to say.
    """
    if kept.deleted or new.deleted or (new.version is None and kept.version is not None):
        return None
    further = _further(kept.path, new.path)
    if further is None or not not_older(kept, new, now_us):
        return None
    row = new._replace(id=kept.id)
    if row._replace(digest=kept.digest) == kept:
        return None
    try:
        if _first_filed(kept) != _first_filed(new):
            return None
    except msgspec.DecodeError:
        raise UnreadableError(kept.number) from None
    return row, further


def _further(kept: str | None, new: str | None) -> int | None:
    """How many steps of a path follow those of the stored one; None: it is not the same so far."""
    if kept is None or new is None:
        return len(_steps(new)) if new else (None if kept else 0)
    if kept == new:
        return 0
    end = len(kept) - 1  # of its last step
    if not new.startswith(kept[:end]) or new[end] != ",":
        return None
    return len(_steps("[" + new[end + 1 :]))


def _first_filed(row: StoredRow) -> tuple[date | None, str]:
    return _told(row.told).first_filed_on, _kept(row.kept).first_filed_rest


def readable(kept: StoredRow) -> Row:
    """Raises UnreadableError, which names the number."""
    try:
        return unstored(kept)
    except msgspec.DecodeError:
        raise UnreadableError(kept.number) from None
