"""The embedded ticket registry: a source that is a SQLite file of its own, fed by imports."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from lookup import registry_sqlite as door
from lookup.registry_sql import BODIES, FIND, SHOW, STATS
from lookup.registry_wire import Stored, StoredEvent, StoredWhole, record
from lookup.registry_write import RegistryWriter
from lookup.source import ANY_KIND, Answers, SourceHealth, SourceUnavailableError
from lookup.status import Body, TicketRecord, Wanted

NUMBERS_PER_QUERY_MAX: Final = 1_000

_stored_list = msgspec.json.Decoder(list[Stored])
_bodies_list = msgspec.json.Decoder(list[Body])
_whole_list = msgspec.json.Decoder(list[StoredWhole])
_figures_list = msgspec.json.Decoder(list[tuple[str, str, int]])
_encode = msgspec.json.Encoder().encode


class StatusCount(NamedTuple):
    kind: str
    status: str
    tickets: int


@dataclass(frozen=True, slots=True)
class RegistryStats:
    """Figures of a registry file, counted when asked."""

    path: Path
    library: str
    octets: int  # of the main file
    tickets: int
    by_status: tuple[StatusCount, ...]
    events: int
    bodies: int
    unfinished_imports: int


class ShownTicket(NamedTuple):
    """A ticket with its whole path, for staff. Of unknown fields only the names: a feed may put
    personal data there."""

    record: TicketRecord
    sensitivity: str | None
    status_at: str | None
    created_at: str | None
    first_filed_at: str | None
    body_id: str | None  # also where the directory does not know it
    unknown_fields: tuple[str, ...]
    events: tuple[StoredEvent, ...]


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
        self._bodies_revision = -1

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
                await registry._load_bodies(reader)
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

    async def find_many(self, wanted: Sequence[Wanted]) -> Answers:
        numbers = list(dict.fromkeys([item.number for item in wanted]))
        found: dict[str, tuple[TicketRecord, ...]] = {}
        try:
            for start in range(0, len(numbers), NUMBERS_PER_QUERY_MAX):
                for ticket in await self._find(numbers[start : start + NUMBERS_PER_QUERY_MAX]):
                    others = found.get(ticket.number)
                    found[ticket.number] = (*others, ticket) if others else (ticket,)
        except sqlite3.Error as error:
            raise SourceUnavailableError(self._name, f"{self._path}: {error}") from error
        return {item: found[item.number] for item in wanted if item.number in found}

    async def health(self) -> SourceHealth:
        """Reads one row; counts nothing."""
        try:
            await door.one_row(self._open_reader(), FIND, ("[]",))
        except (sqlite3.Error, SourceUnavailableError) as error:
            return SourceHealth(self._name, False, str(error))
        return SourceHealth(self._name, True, f"{door.library()}, {self._path}")

    async def stats(self) -> RegistryStats:
        """Counts every ticket: seconds for millions, on a connection of its own."""
        async with door.reader(self._path) as connection:
            row = await door.one_row(connection, STATS)
        by_status = tuple(StatusCount(*figure) for figure in _figures_list.decode(row[0]))
        return RegistryStats(
            path=self._path,
            library=door.library(),
            octets=self._path.stat().st_size,
            tickets=sum(figure.tickets for figure in by_status),
            by_status=by_status,
            events=row[1],
            bodies=row[2],
            unfinished_imports=row[3],
        )

    async def show(self, number: str) -> tuple[ShownTicket, ...]:
        """Every ticket of this number, whatever its kind, with its events in order."""
        async with door.reader(self._path) as connection:
            row = await door.one_row(connection, SHOW, (number,))
            if row[0] != self._bodies_revision:
                await self._load_bodies(connection)
        return tuple(self._shown(whole) for whole in _whole_list.decode(row[1]))

    @asynccontextmanager
    async def writer(self) -> AsyncIterator[RegistryWriter]:
        """The one writer of this file; RegistryBusyError while another process has it."""
        async with door.writer(self._path) as connection:
            yield RegistryWriter(connection)

    async def close(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.close()

    async def _find(self, numbers: list[str]) -> list[TicketRecord]:
        reader = self._open_reader()
        row = await door.one_row(reader, FIND, (_encode(numbers).decode(),))
        if row[0] != self._bodies_revision:
            await self._load_bodies(reader)
        bodies = self._bodies
        name = self._name
        return [record(stored, bodies, name) for stored in _stored_list.decode(row[1])]

    async def _load_bodies(self, reader: door.Connection) -> None:
        row = await door.one_row(reader, BODIES)
        self._bodies = {body.id: body for body in _bodies_list.decode(row[1])}
        self._bodies_revision = row[0]

    def _open_reader(self) -> door.Connection:
        if self._reader is None:
            raise SourceUnavailableError(self._name, f"{self._path} is closed")
        return self._reader

    def _shown(self, whole: StoredWhole) -> ShownTicket:
        return ShownTicket(
            record=record(whole.ticket, self._bodies, self._name),
            sensitivity=whole.sensitivity,
            status_at=whole.status_at,
            created_at=whole.created_at,
            first_filed_at=whole.first_filed_at,
            body_id=whole.body_id,
            unknown_fields=tuple(msgspec.json.decode(whole.extra, type=dict))
            if whole.extra
            else (),
            events=tuple(whole.events),
        )
