"""The embedded ticket registry: a source that is a SQLite file of its own, fed by imports."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from lookup.feed.bodies import by_code
from lookup.feed.fields import is_number
from lookup.registry import sqlite as door
from lookup.registry.columns import StoredRow
from lookup.registry.contradictions import Conflict
from lookup.registry.inner_pages import read_ahead
from lookup.registry.place import place_of
from lookup.registry.sql import BODIES, CIRCULATING, CONFLICTS, FIND, ROWS, STATS, TREE
from lookup.registry.staff import (
    Circulating,
    RegistryStats,
    ShownTicket,
    StatusCount,
    SystemCount,
    shown,
    unreadable,
)
from lookup.registry.stored import unstored
from lookup.registry.wire import Found, record
from lookup.registry.write import RegistryWriter
from lookup.source import ANY_KIND, Answers, SourceHealth, SourceUnavailableError
from lookup.status import Body, TicketRecord, Wanted

__all__ = [
    "Circulating",
    "Conflict",
    "Registry",
    "RegistryStats",
    "ShownTicket",
    "StatusCount",
    "SystemCount",
]

NUMBERS_PER_QUERY_MAX: Final = 1_000
FIRST: Final = ("", "", "")  # before every conflict
ANY: Final = ("0",)  # a number asked so that the tickets' table is looked into

_found_list = msgspec.json.Decoder(list[Found])
_bodies_list = msgspec.json.Decoder(list[Body])
_rows_list = msgspec.json.Decoder(list[StoredRow])
_conflicts_list = msgspec.json.Decoder(list[Conflict])
_by_status = msgspec.json.Decoder(tuple[StatusCount, ...])
_by_system = msgspec.json.Decoder(tuple[SystemCount, ...])
_encode = msgspec.json.Encoder().encode


class Registry:
    """A source over one registry file. Lookups read through one connection of their own;
    figures, single tickets and imports use others, so they never stand in its way."""

    def __init__(
        self, path: Path, reader: door.Connection, name: str, kinds: frozenset[str]
    ) -> None:
        """Use `open`."""
        self._path = path
        self._reader: door.Connection | None = reader
        self._name = name
        self._kinds = kinds
        self._bodies: dict[str, Body] = {}
        self._by_code: dict[str, Body] = {}
        self._bodies_revision = -1
        self._fed_us: int | None = None

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        name: str = "registry",
        kinds: frozenset[str] = frozenset({ANY_KIND}),
        create: bool = False,
    ) -> Registry:
        """Open a registry file, bringing its schema up to this release.

        A missing file is RegistryMissingError, or with `create` an empty registry. Raises
        RegistryError for a file that is no registry or comes from a newer release.
        """
        await door.prepare(path, create=create)
        with door.clear_errors(path):
            reader = await door.open_reader(path)
            registry = cls(path, reader, name, kinds)
            try:
                await registry._found(ANY)
            except BaseException:
                await registry.close()
                raise
        return registry

    @property
    def name(self) -> str:
        return self._name

    @property
    def kinds(self) -> frozenset[str]:
        return self._kinds

    @property
    def path(self) -> Path:
        return self._path

    @property
    def fed_us(self) -> int | None:
        """When it was last fed, UTC microseconds, as of the last lookup; None: nobody said."""
        return self._fed_us

    async def read_ahead(self) -> bool:
        """Have in memory what leads to the tickets: see inner_pages.py. For a service, at start."""
        async with door.reader(self._path) as connection:
            page_octets, root = await door.one_row(connection, TREE)
        return await read_ahead(self._path, page_octets, root)

    async def find_many(self, wanted: Sequence[Wanted]) -> Answers:
        """As every source; one record of each system that knows a ticket."""
        numbers = list(dict.fromkeys([item.number for item in wanted]))
        found: dict[str, tuple[TicketRecord, ...]] = {}
        unreadable: set[str] = set()
        try:
            for start in range(0, len(numbers), NUMBERS_PER_QUERY_MAX):
                chunk = numbers[start : start + NUMBERS_PER_QUERY_MAX]
                try:
                    tickets = await self._found(chunk)
                except msgspec.DecodeError:
                    tickets = await self._found_apart(chunk, unreadable)
                for ticket in tickets:
                    others = found.get(ticket.number)
                    found[ticket.number] = (*others, ticket) if others else (ticket,)
        except sqlite3.Error as error:
            raise SourceUnavailableError(self._name, f"{self._path}: {error}") from error
        if unreadable:
            answered = {item: found.get(item.number, ()) for item in wanted}
            raise SourceUnavailableError(
                self._name,
                f"{self._path}: {len(unreadable)} stored tickets cannot be read",
                {item: told for item, told in answered.items() if item.number not in unreadable},
                alive=True,
            )
        return {item: found[item.number] for item in wanted if item.number in found}

    async def health(self) -> SourceHealth:
        """Reads one row; counts nothing."""
        try:
            await self._found(ANY)
        except (sqlite3.Error, SourceUnavailableError) as error:
            return SourceHealth(self._name, False, str(error))
        return SourceHealth(self._name, True, f"{door.library()}, {self._path}")

    def find_body(self, id_or_code: str) -> Body | None:
        """A body of the directory as of the last lookup."""
        return self._bodies.get(id_or_code) or self._by_code.get(id_or_code)

    async def directory(self) -> Mapping[str, Body]:
        """Every body by its id, as it is now."""
        with door.clear_errors(self._path):
            await self._found([])
        return self._bodies

    async def stats(self) -> RegistryStats:
        """Read from the counts that are kept with each batch, on a connection of its own."""
        async with door.reader(self._path) as connection:
            row = await door.one_row(connection, STATS)
        by_status = _by_status.decode(row[0])
        return RegistryStats(
            path=self._path,
            library=door.library(),
            octets=self._path.stat().st_size,
            tickets=sum(figure.tickets for figure in by_status),
            by_status=by_status,
            by_system=_by_system.decode(row[1]),
            events=row[2],
            bodies=row[3],
            unfinished_imports=row[4],
            conflicts=row[5],
            deleted=row[6],
        )

    async def show(self, number: str) -> tuple[ShownTicket, ...]:
        """Every ticket of this number, whatever its kind and system, with its steps in order;
        deleted ones too. Raises RegistryError, also where one cannot be read."""
        if not is_number(number):
            return ()
        places = _text([place_of(number)])
        try:
            async with door.reader(self._path) as connection:
                row = await door.one_row(connection, ROWS, (places,))
                found = await self._read(connection, places)
            told = {(each.number, each.kind, each.system): each for each in found}
            return tuple(
                shown(unstored(columns), told.get(columns[1:4]), self._bodies, self._name)
                for columns in _rows_list.decode(row[0])
                if columns.number == number
            )
        except msgspec.DecodeError:
            raise door.RegistryError(unreadable(self._path, number)) from None

    async def conflicts(
        self,
        *,
        open_only: bool = True,
        limit: int = NUMBERS_PER_QUERY_MAX,
        after: tuple[str, str, str] = FIRST,
    ) -> tuple[Conflict, ...]:
        """What systems contradict each other about, by number, kind and rule, behind `after`."""
        async with door.reader(self._path) as connection:
            row = await door.one_row(connection, CONFLICTS, (*after, open_only, limit))
        return tuple(_conflicts_list.decode(row[0]))

    async def circulating(
        self, forwards_min: int, *, limit: int = NUMBERS_PER_QUERY_MAX, after: int = 0
    ) -> Circulating:
        """Tickets passed on so often, by what one system tells of them; at least twice. The next
        page begins behind `next_after`."""
        async with door.reader(self._path) as connection:
            row = await door.one_row(connection, CIRCULATING, (forwards_min, after, limit))
            await self._read(connection, "[]")
        records = [record(each, self._bodies, self._name) for each in _found_list.decode(row[0])]
        return Circulating(tuple(records), row[1] if len(records) == limit else None)

    @asynccontextmanager
    async def writer(self, *, bulk: bool = False) -> AsyncIterator[RegistryWriter]:
        """A writer of this file; others may write between its transactions. `bulk`: for a
        process that does nothing else meanwhile."""
        with door.clear_errors(self._path):
            connection = await door.open_writer(self._path, bulk=bulk)
            try:
                yield RegistryWriter(self._path, connection, self._name, bulk=bulk)
            finally:
                await door.close_writer(self._path, connection)

    async def close(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.close()

    async def _found(self, numbers: Sequence[str]) -> list[TicketRecord]:
        reader = self._reader
        if reader is None:
            raise SourceUnavailableError(self._name, f"{self._path} is closed")
        found = await self._read(reader, _text([place_of(number) for number in numbers]))
        bodies = self._bodies
        name = self._name
        return [record(each, bodies, name) for each in found]

    async def _found_apart(
        self, numbers: Sequence[str], unreadable: set[str]
    ) -> list[TicketRecord]:
        """One by one, where something among them cannot be read: that one is told of alone."""
        tickets: list[TicketRecord] = []
        for number in numbers:
            try:
                tickets += await self._found([number])
            except msgspec.DecodeError:
                unreadable.add(number)
        return tickets

    async def _read(self, reader: door.Connection, places: str) -> list[Found]:
        """What stands in these places; the directory is read anew where it has changed."""
        row = await door.one_row(reader, FIND, (places,))
        self._fed_us = row[1]
        if row[0] != self._bodies_revision:
            await self._load_bodies(reader)
        return _found_list.decode(row[2])

    async def _load_bodies(self, reader: door.Connection) -> None:
        row = await door.one_row(reader, BODIES)
        self._bodies = {body.id: body for body in _bodies_list.decode(row[1])}
        self._by_code = by_code((body.code, body) for body in self._bodies.values())
        self._bodies_revision = row[0]


def _text(value: object) -> str:
    return _encode(value).decode()
