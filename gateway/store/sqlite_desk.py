"""The desk's part of the journal: what a phone asked and called, corrections, and who decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import msgspec

from gateway.core.call_records import CallTrace
from gateway.core.cdr import Entry
from gateway.core.records import Chain
from gateway.core.staff import AuditRecord, Person
from gateway.store.sqlite_audit import Book, Change, Note
from gateway.store.sqlite_reader import SqliteReader
from gateway.store.sqlite_writer import SqliteWriter

_acts = msgspec.json.Decoder(list[AuditRecord])
_ids = msgspec.json.Decoder(list[int])
_people = msgspec.json.Decoder(list[Person], strict=False)  # SQLite knows no booleans
_traces = msgspec.json.Decoder(list[CallTrace])


class SqliteDesk(SqliteReader):
    """See `DeskVerbs`. Disputes are rare, and an index by phone would cost every message: all
    questions, and all legs, of the days are looked at."""

    _writer: SqliteWriter

    async def asked_by(self, party: str, day_from: int, day_to: int, limit: int) -> Sequence[Chain]:
        wanted = (party, day_from, day_to, limit)
        found = await self._ask(self._long, "asked_by", wanted, _ids)
        chains = [await self.chain(question_id) for question_id in found]
        return [chain for chain in chains if chain is not None]

    async def called_by(
        self, party: str, day_from: int, day_to: int, limit: int
    ) -> Sequence[CallTrace]:
        wanted = (party, day_from, day_to, limit)
        return await self._ask(self._long, "called_by", wanted, _traces)

    async def book(
        self, entries: Sequence[Entry], record: AuditRecord | None = None
    ) -> frozenset[str]:
        if not entries and record is None:
            return frozenset()
        return cast(frozenset[str], await self._writer.ask(Book(entries, record)))

    async def note(self, records: Sequence[AuditRecord]) -> None:
        if records:
            await self._writer.ask(Note(records))

    async def change_staff(self, person: Person, after: int, record: AuditRecord) -> bool:
        return cast(bool, await self._writer.ask(Note([record], Change(person, after))))

    async def staff(self) -> Sequence[Person]:
        return await self._ask(self._short, "staff", (), _people)

    async def audit(
        self, after_id: int, limit: int, from_us: int, to_us: int, who: str | None = None
    ) -> Sequence[AuditRecord]:
        window = (after_id, limit, from_us, to_us, who)
        return await self._ask(self._long, "audit", window, _acts)
