"""Reading the journal: over connections of its own, which never write."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, TypeVar

import aiosqlite
import msgspec

from gateway.core.call_records import CallLeg, CallTrace, KeptCallBack
from gateway.core.records import (
    Chain,
    KeptFinding,
    Owed,
    Question,
    Reply,
    StoredPart,
    Subscriber,
    Waiting,
)
from gateway.store.journal import StoreUnavailableError
from gateway.store.limits import PAGE_ROWS
from gateway.store.sqlfiles import queries

_Rows = TypeVar("_Rows")

_QUERIES = queries("sqlite_read")

# Not strict: SQLite knows no booleans, and 0 and 1 stand for them.
_chains = msgspec.json.Decoder(list[Chain], strict=False)
_call_backs = msgspec.json.Decoder(list[KeptCallBack])
_findings = msgspec.json.Decoder(list[KeptFinding])
_id = msgspec.json.Decoder(tuple[int])
_keys = msgspec.json.Decoder(list[str])
_legs = msgspec.json.Decoder(list[CallLeg])
_owed = msgspec.json.Decoder(list[Owed])
_questions = msgspec.json.Decoder(list[Question])
_range = msgspec.json.Decoder(tuple[int | None, int | None])
_replies = msgspec.json.Decoder(list[Reply], strict=False)
_sets = msgspec.json.Decoder(list[list[StoredPart]])
_subscribers = msgspec.json.Decoder(list[Subscriber])
_traces = msgspec.json.Decoder(list[CallTrace])
_waiting = msgspec.json.Decoder(list[tuple[str, Waiting]])


class SqliteReader:
    """The journal's reading verbs (see `Journal`) on two connections: one for short questions,
    one for reading the ledger from end to end."""

    def __init__(self, short: aiosqlite.Connection, long: aiosqlite.Connection) -> None:
        self._short = short
        self._long = long

    async def _ask(
        self,
        connection: aiosqlite.Connection,
        query: str,
        parameters: Sequence[Any],
        decoder: msgspec.json.Decoder[_Rows],
    ) -> _Rows:
        try:
            rows = await connection.execute_fetchall(_QUERIES[query], parameters)
        except sqlite3.Error as error:
            raise StoreUnavailableError(f"the journal cannot be read: {error}") from error
        [(document,)] = rows
        return decoder.decode(document)

    async def queued(self, link: str, after_id: int, limit: int) -> Sequence[Reply]:
        return await self._ask(self._short, "queued", (link, after_id, limit), _replies)

    async def unknown(self, link: str, after_id: int, limit: int) -> Sequence[Reply]:
        return await self._ask(self._short, "unknown", (link, after_id, limit), _replies)

    async def waiting(self) -> Mapping[str, Waiting]:
        found = await self._ask(self._short, "waiting", (), _waiting)
        return dict(found)

    async def highest_id(self) -> int:
        (highest,) = await self._ask(self._short, "highest_id", (), _id)
        return highest

    async def owed(self, after_id: int, limit: int) -> Sequence[Owed]:
        return await self._ask(self._short, "owed", (after_id, limit), _owed)

    async def parked(self, limit: int) -> Sequence[Question]:
        return await self._ask(self._short, "parked", (limit,), _questions)

    async def subscribers(self, parties: Sequence[str]) -> dict[str, Subscriber]:
        if not parties:
            return {}
        wanted = msgspec.json.encode(parties).decode()
        found = await self._ask(self._short, "subscribers", (wanted,), _subscribers)
        return {subscriber.party: subscriber for subscriber in found}

    async def parts_before(self, received_us: int, limit: int) -> Sequence[tuple[StoredPart, ...]]:
        sets = await self._ask(self._short, "parts_before", (received_us, limit), _sets)
        return [tuple(sorted(parts, key=lambda part: part.number)) for parts in sets]

    async def chains(self, day_from: int, day_to: int) -> AsyncIterator[Chain]:
        first, last = await self._ask(self._long, "id_range", (day_from, day_to), _range)
        if first is None or last is None:
            return
        after = first - 1
        while True:
            page = await self._ask(
                self._long, "chains", (after, last, day_from, day_to, PAGE_ROWS), _chains
            )
            for chain in page:
                yield chain
            if len(page) < PAGE_ROWS:
                return
            after = page[-1].question_id

    async def stray_entries(self, limit: int) -> Sequence[str]:
        return await self._ask(self._long, "stray_entries", (limit,), _keys)

    async def findings(
        self, after_id: int, limit: int, *, open_only: bool = False
    ) -> Sequence[KeptFinding]:
        query = "open_findings" if open_only else "findings"
        return await self._ask(self._long, query, (after_id, limit), _findings)

    async def findings_left(self) -> int:
        (count,) = await self._ask(self._long, "findings_left", (), _id)
        return count

    async def find_leg(self, link: str, call_id: str, leg: str) -> CallTrace | None:
        found = await self._ask(self._short, "find_leg", (link, call_id, leg), _traces)
        return found[0] if found else None

    async def open_calls(self, before_us: int, after_id: int, limit: int) -> Sequence[CallLeg]:
        return await self._ask(self._short, "open_calls", (before_us, after_id, limit), _legs)

    async def call_legs(self, day_from: int, day_to: int) -> AsyncIterator[CallTrace]:
        first, last = await self._ask(self._long, "leg_range", (day_from, day_to), _range)
        if first is None or last is None:
            return
        after = first - 1
        while True:
            page = await self._ask(
                self._long, "call_legs", (after, last, day_from, day_to, PAGE_ROWS), _traces
            )
            for trace in page:
                yield trace
            if len(page) < PAGE_ROWS:
                return
            after = page[-1].leg.id

    async def call_backs(
        self, after_id: int, limit: int, *, open_only: bool = True
    ) -> Sequence[KeptCallBack]:
        query = "open_call_backs" if open_only else "call_backs"
        return await self._ask(self._short, query, (after_id, limit), _call_backs)
