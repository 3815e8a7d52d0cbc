"""What an import may do to a registry file. Each verb is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from lookup import registry_sqlite as door
from lookup.bodies import BodyRow
from lookup.feed_row import EventRow, Row
from lookup.merge import Kept
from lookup.registry_sql import (
    BODY_IDS,
    FORGET_OLD_PROGRESS,
    FORGET_PROGRESS,
    PROGRESS,
    RAISE_REVISION,
    STORED,
    STORED_BODIES,
    WRITE_BODIES,
    WRITE_EVENTS,
    WRITE_PROGRESS,
    WRITE_TICKETS,
)

UNFINISHED_IMPORTS_MAX: Final = 100  # remembered; an older one starts again from its first line

Key = tuple[str, str]  # number, kind

_encode = msgspec.json.Encoder().encode
_kept_list = msgspec.json.Decoder(list[tuple[str, str, int | None, int]])
_bodies_list = msgspec.json.Decoder(list[BodyRow])
_ids_list = msgspec.json.Decoder(list[str])


class Progress(NamedTuple):
    """How far an import of one file came."""

    file: str  # identity of the file's content
    name: str
    octets: int  # everything before this offset is stored or rejected
    rejects_octets: int  # size of the file of rejects at that point
    counts: str  # JSON of the report so far


class RegistryWriter:
    """The verbs of an import, over the one writing connection. Get it from Registry.writer()."""

    def __init__(self, connection: door.Connection) -> None:
        self._connection = connection

    async def kept(self, keys: Sequence[Key]) -> dict[Key, Kept]:
        """What is stored of these tickets; those not stored are absent."""
        row = await door.one_row(self._connection, STORED, (_text(keys),))
        return {
            (number, kind): Kept(status_us, digest)
            for number, kind, status_us, digest in _kept_list.decode(row[0])
        }

    async def store(
        self,
        rows: Sequence[Row],
        events: Mapping[Key, Sequence[EventRow]],
        progress: Callable[[int], Progress],
    ) -> None:
        """Write a batch and how far the import came with it, together or not at all.

        `rows`: tickets to add or replace, each number and kind once. `events`: those of these
        tickets and of others already stored; ones stored before are left as they are. Returns
        how many events were new.
        """
        async with door.transaction(self._connection):
            new_events = await self._write(rows, events)
            await door.run(self._connection, WRITE_PROGRESS, progress(new_events))

    async def progress(self, file: str) -> Progress | None:
        """Where an interrupted import of this file stands."""
        row = await door.row_if_any(self._connection, PROGRESS, (file,))
        return None if row is None else Progress(*row)

    async def finish(self, file: str) -> None:
        """The file is imported to its end: a later import of it starts from its first line."""
        async with door.transaction(self._connection):
            await door.run(self._connection, FORGET_PROGRESS, (file,))
            await door.run(self._connection, FORGET_OLD_PROGRESS, (UNFINISHED_IMPORTS_MAX,))

    async def body_ids(self) -> frozenset[str]:
        row = await door.one_row(self._connection, BODY_IDS)
        return frozenset(_ids_list.decode(row[0]))

    async def bodies(self) -> dict[str, BodyRow]:
        """The directory as stored."""
        row = await door.one_row(self._connection, STORED_BODIES)
        return {body.id: body for body in _bodies_list.decode(row[0])}

    async def store_bodies(self, rows: Sequence[BodyRow]) -> None:
        """Add or replace bodies; every reader takes up the new directory at its next lookup."""
        async with door.transaction(self._connection):
            await door.run(self._connection, WRITE_BODIES, (_text(rows),))
            await door.run(self._connection, RAISE_REVISION)

    async def _write(self, rows: Sequence[Row], events: Mapping[Key, Sequence[EventRow]]) -> int:
        if rows:
            tickets = [(*row.ticket, row.digest) for row in rows]
            await door.run(self._connection, WRITE_TICKETS, (_text(tickets),))
        if not events:
            return 0
        listed = [(*key, of_ticket) for key, of_ticket in events.items()]
        await door.run(self._connection, WRITE_EVENTS, (_text(listed),))
        changed = await door.one_row(self._connection, "SELECT changes()")
        new_events: int = changed[0]
        return new_events


def _text(value: object) -> str:
    return _encode(value).decode()
