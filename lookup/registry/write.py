"""What may be done to a registry file. Each verb is one transaction, or joins the one it is in."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from operator import itemgetter
from pathlib import Path
from sqlite3 import IntegrityError
from typing import Any, Final, NamedTuple

import msgspec

from lookup.feed.bodies import BodyRow
from lookup.feed.row import Key, Row
from lookup.registry import sqlite as door
from lookup.registry.batch import Batch, KindSystem
from lookup.registry.columns import StoredRow
from lookup.registry.contradictions import Conflict, Written, settle
from lookup.registry.merge import Change, merge
from lookup.registry.place import SLOT_MASK, SLOTS, place_of
from lookup.registry.sql import (
    ADD,
    ADD_KIND_SYSTEMS,
    ADD_MANY,
    BODY_IDS,
    FED,
    FORGET_OLD_PROGRESS,
    FORGET_PROGRESS,
    KIND_SYSTEMS,
    PROGRESS,
    RAISE_REVISION,
    REPLACE,
    REPLACE_MANY,
    ROWS,
    STORED_BODIES,
    TELL_CONFLICTS,
    WRITE_BODIES,
    WRITE_PROGRESS,
)
from lookup.registry.stored import stored, unstored

UNFINISHED_IMPORTS_MAX: Final = 100  # remembered; an older one starts again from its first line


class PlaceFullError(door.RegistryError):
    """More kinds and systems tell of one number than can be told apart."""


_encode = msgspec.json.Encoder().encode
_rows_list = msgspec.json.Decoder(list[StoredRow])
_pairs_list = msgspec.json.Decoder(list[KindSystem])
_bodies_list = msgspec.json.Decoder(list[BodyRow])
_ids_list = msgspec.json.Decoder(list[str])


class Progress(NamedTuple):
    """How far an import of one file came."""

    file: str  # identity of the file's content
    name: str
    octets: int  # everything before this offset is stored or rejected
    rejects_octets: int  # size of the file of rejects at that point
    counts: str  # JSON of the report so far


class Outcome(NamedTuple):
    """What became of a batch: a change for each row, new steps, conflicts found."""

    changes: list[Change]
    new_events: int
    conflicts: int


class RegistryWriter:
    """The verbs, over a connection of its own. Get it from Registry.writer(); one task uses it at
    a time."""

    def __init__(self, path: Path, connection: door.Connection, name: str, *, bulk: bool) -> None:
        """`name`: of the source, which stands in where a feed names no system. `bulk`: the
        process does nothing else."""
        self._path = path
        self._connection = connection
        self._name = name
        self._bulk = bulk
        self._within = False
        self._fresh = True  # whether the last batch held only tickets that were not there

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[door.Connection]:
        """Whatever is done inside is done as a whole, or not at all.

        Others who write wait meanwhile. Raises RegistryBusyError when they keep us waiting longer
        than WRITER_WAIT_S.
        """
        if self._within:
            yield self._connection
            return
        with door.clear_errors(self._path):
            async with door.transaction(self._path, self._connection):
                self._within = True
                try:
                    yield self._connection
                finally:
                    self._within = False

    async def put(self, rows: Sequence[Row], now_us: int | None) -> list[Change]:
        """Store checked rows; what each did, in their order."""
        batch = Batch()
        for row in rows:
            batch.take(row)
        async with self.transaction():
            changes = (await self.store(batch, now_us)).changes
            await self.fed(now_us)
            if Change.NO_ROOM in changes:
                number = rows[changes.index(Change.NO_ROOM)].ticket.number
                raise PlaceFullError(f"more than {SLOTS} kinds and systems tell of {number}")
        return changes

    async def store(self, batch: Batch, now_us: int | None) -> Outcome:
        """Store a batch of an import."""
        async with self.transaction():
            return await self._store(batch, now_us)

    async def fed(self, now_us: int | None) -> None:
        """What was to be stored is there, as of now: half a delivery makes no copy a young one."""
        if now_us is not None:
            async with self.transaction():
                await door.run(self._connection, FED, (now_us,))

    async def keep(self, progress: Progress) -> None:
        """How far an import came: in one transaction with the batch that brought it there."""
        async with self.transaction():
            await door.run(self._connection, WRITE_PROGRESS, progress)

    async def stored(self, numbers: Sequence[str]) -> list[Row]:
        """All that is stored of these numbers: each kind, each system, deleted tickets too."""
        asked = frozenset(numbers)
        found = await self._rows(map(place_of, asked))
        return [unstored(columns) for columns in found if columns.number in asked]

    async def progress(self, file: str) -> Progress | None:
        """Where an interrupted import of this file stands."""
        row = await door.row_if_any(self._connection, PROGRESS, (file,))
        return None if row is None else Progress(*row)

    async def finish(self, file: str) -> None:
        """The file is imported to its end: a later import of it starts from its first line."""
        async with self.transaction():
            await door.run(self._connection, FORGET_PROGRESS, (file,))
            await door.run(self._connection, FORGET_OLD_PROGRESS, (UNFINISHED_IMPORTS_MAX,))

    async def mark_told(self, conflicts: Sequence[Conflict], now_us: int) -> None:
        """Whoever corrects them has been told."""
        keys = [conflict[:3] for conflict in conflicts]
        async with self.transaction():
            await door.run(self._connection, TELL_CONFLICTS, (now_us, _text(keys)))

    async def body_ids(self) -> frozenset[str]:
        row = await door.one_row(self._connection, BODY_IDS)
        return frozenset(_ids_list.decode(row[0]))

    async def bodies(self) -> dict[str, BodyRow]:
        """The directory as stored."""
        row = await door.one_row(self._connection, STORED_BODIES)
        return {body.id: body for body in _bodies_list.decode(row[0])}

    async def store_bodies(self, rows: Sequence[BodyRow]) -> None:
        """Add or replace bodies; every reader takes up the new directory at its next lookup."""
        async with self.transaction():
            await door.run(self._connection, WRITE_BODIES, (_text(rows),))
            await door.run(self._connection, RAISE_REVISION)

    # -- inside

    async def _store(self, batch: Batch, now_us: int | None) -> Outcome:
        if not batch.rows:
            return Outcome([], 0, 0)
        if self._fresh and not batch.deletions and await self._added(batch):
            changed: Sequence[tuple[Any, ...]] = batch.rows
            changes, new_events = [Change.ADDED] * len(changed), batch.events
        else:
            changes, new_events, changed = await self._merged(batch)
            self._fresh = all(change is Change.ADDED for change in changes)
        if not changed:
            return Outcome(changes, new_events, 0)
        conflicts = await settle(
            self._connection,
            Written({row[0]: (row[1], row[2]) for row in changed}, self._fresh, batch.suspects),
            several=await self._kinds_of_several(batch.kind_systems),
            name=self._name,
            now_us=now_us,
        )
        return Outcome(changes, new_events, conflicts)

    async def _added(self, batch: Batch) -> bool:
        """Whether all of them were new; if not, nothing is changed."""
        await door.run(self._connection, "SAVEPOINT added")
        try:
            if self._bulk:
                # By id, so that rows of one page are written one after the other.
                ordered = sorted(batch.rows, key=itemgetter(0))
                await door.run_many(self._connection, ADD_MANY, ordered)
            else:
                await door.run(self._connection, ADD, (_text(batch.rows),))
        except IntegrityError:
            await door.run(self._connection, "ROLLBACK TO added")
            return False
        finally:
            await door.run(self._connection, "RELEASE added")
        return True

    async def _merged(self, batch: Batch) -> tuple[list[Change], int, list[StoredRow]]:
        """Each line judged by what is stored; the rows that had to be written."""
        rows = [StoredRow._make(row) for row in batch.rows]
        places = _Places(await self._rows({row.id & ~SLOT_MASK for row in rows}))
        changes = [places.take(row) for row in rows]
        written = list(places.changed.values())
        if written and self._bulk:
            await door.run_many(self._connection, REPLACE_MANY, written)
        elif written:
            await door.run(self._connection, REPLACE, (_text(written),))
        return changes, places.new_events, written

    async def _rows(self, places: Iterable[int]) -> list[StoredRow]:
        row = await door.one_row(self._connection, ROWS, (_text(list(places)),))
        return _rows_list.decode(row[0])

    async def _kinds_of_several(self, told: set[KindSystem]) -> frozenset[str]:
        """Kinds that more than one system tells of, now that these do."""
        row = await door.one_row(self._connection, KIND_SYSTEMS)
        known = set(_pairs_list.decode(row[0]))
        if told - known:
            await door.run(self._connection, ADD_KIND_SYSTEMS, (_text(sorted(told - known)),))
        kinds = Counter(kind for kind, _ in known | told)
        return frozenset(kind for kind, systems in kinds.items() if systems > 1)


class _Places:
    """What is stored in the places of a batch, and what its lines make of it."""

    def __init__(self, rows: Sequence[StoredRow]) -> None:
        self._rows = {Key(*row[1:4]): row for row in rows}
        self._taken = {row.id for row in rows}
        self.changed: dict[int, StoredRow] = {}
        self.new_events = 0

    def take(self, new: StoredRow) -> Change:
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
        else:
            before = unstored(kept)
            merged = merge(before, unstored(new))
            if merged.row == before:
                return merged.change
            row = stored(merged.row)._replace(id=kept.id)
        row = row._replace(digest=merged.row.digest)  # of the line last taken
        self._rows[key] = self.changed[row.id] = row
        self._taken.add(row.id)
        self.new_events += merged.new_events
        return merged.change

    def _free(self, own: int) -> int | None:
        for further in range(SLOT_MASK + 1):
            row_id = own & ~SLOT_MASK | (own + further) & SLOT_MASK
            if row_id not in self._taken:
                return row_id
        return None


def _text(value: object) -> str:
    return _encode(value).decode()
