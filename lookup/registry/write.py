"""What may be done to a registry file. Each verb is one transaction, or joins the one it is in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from operator import itemgetter
from pathlib import Path
from sqlite3 import IntegrityError
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from lookup.feed.bodies import BodyRow
from lookup.feed.row import Row
from lookup.registry import sqlite as door
from lookup.registry.batch import Batch
from lookup.registry.columns import StoredRow
from lookup.registry.contradictions import Conflict, Written, settle
from lookup.registry.counting import count, of_several
from lookup.registry.merge import Change
from lookup.registry.place import SLOT_MASK, SLOTS, place_of
from lookup.registry.places import Places, Taken, UnreadableError, added, readable
from lookup.registry.sql import (
    ADD,
    ADD_MANY,
    BODY_IDS,
    FED,
    FORGET_OLD_PROGRESS,
    FORGET_PROGRESS,
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
from lookup.registry.staff import unreadable

NONE_LEFT_OUT: Final[Mapping[int, int]] = MappingProxyType({})
MERGED_AT_ONCE: Final = 2_048  # lines: rows with long paths are read for them, and written
UNFINISHED_IMPORTS_MAX: Final = 100  # remembered; an older one starts again from its first line


class PlaceFullError(door.RegistryError):
    """More kinds and systems tell of one number than can be told apart."""


_encode = msgspec.json.Encoder().encode
_rows_list = msgspec.json.Decoder(list[StoredRow])
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
    left_out: Mapping[int, int] = NONE_LEFT_OUT  # by place in the batch: steps over STEPS_MAX

    def of_lines(self) -> Iterator[tuple[Change, int]]:
        """Of each line: the change, and how many of its steps had no room."""
        return ((change, self.left_out.get(at, 0)) for at, change in enumerate(self.changes))


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
        self.adding = False  # the same, once there was a batch

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
        with self._named():
            return [readable(columns) for columns in found if columns.number in asked]

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
        """Whoever corrects them has been told, of these as they were found then."""
        keys = [(*conflict[:3], conflict.found_us) for conflict in conflicts]
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
            taken = added(batch)
        else:
            taken = await self._merged(batch, now_us)
            self._fresh = all(change is Change.ADDED for change in taken.changes)
        self.adding = self._fresh
        conflicts = 0
        if taken.tickets:
            await count(self._connection, taken.counted, taken.new_events)
            conflicts = await settle(
                self._connection,
                Written(taken.tickets, self._fresh, batch.suspects),
                several=await of_several(self._connection, {group[0] for group in taken.counted}),
                name=self._name,
                now_us=now_us,
            )
        return Outcome(taken.changes, taken.new_events, conflicts, taken.left_out)

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

    async def _merged(self, batch: Batch, now_us: int | None) -> Taken:
        """Each line judged by what is stored; the rows that had to be are written."""
        taken = Taken()
        for start in range(0, len(batch.rows), MERGED_AT_ONCE):
            lines = [StoredRow._make(row) for row in batch.rows[start : start + MERGED_AT_ONCE]]
            places = Places(await self._rows({line.id & ~SLOT_MASK for line in lines}), now_us)
            with self._named():
                written = places.take(lines, taken)
            if written and self._bulk:
                await door.run_many(self._connection, REPLACE_MANY, written)
            elif written:
                await door.run(self._connection, REPLACE, (_text(written),))
        return taken

    @contextmanager
    def _named(self) -> Iterator[None]:
        """A stored ticket that cannot be read is told with its file."""
        try:
            yield
        except UnreadableError as error:
            raise door.RegistryError(unreadable(self._path, str(error))) from None

    async def _rows(self, places: Iterable[int]) -> list[StoredRow]:
        row = await door.one_row(self._connection, ROWS, (_text(sorted(places)),))
        return _rows_list.decode(row[0])


def _text(value: object) -> str:
    return _encode(value).decode()
