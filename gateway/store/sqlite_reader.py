"""Reading the journal: over connections of its own, which never write."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import date, timedelta
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
from gateway.store.limits import OTHERS_ROWS, PAGE_ROWS
from gateway.store.sqlfiles import queries
from gateway.store.sqlite_pages import SqlitePages

_Rows = TypeVar("_Rows")

_SEEK_DAYS = 31
_ALL_DAYS = (0, 99_999_999)
_ID_MAX = 2**63 - 1

_QUERIES = queries("sqlite_read")

# Not strict: SQLite knows no booleans, and 0 and 1 stand for them.
_chains = msgspec.json.Decoder(list[Chain], strict=False)
_booked = msgspec.json.Decoder(list[tuple[int, str, int]])
_asked = msgspec.json.Decoder(list[tuple[int, str]])
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
    """The journal's reading verbs (see `Journal`): `short` questions, `long` ones, and `pages` of
    what is read from end to end, each on a connection of its own."""

    def __init__(
        self, short: aiosqlite.Connection, long: aiosqlite.Connection, pages: SqlitePages
    ) -> None:
        self._short = short
        self._long = long
        self._pages = pages

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

    async def chain(self, question_id: int) -> Chain | None:
        if not 0 < question_id <= _ID_MAX:  # no row holds it: it was mistyped
            return None
        alone = (question_id - 1, question_id, *_ALL_DAYS, 1, None, None)
        found = await self._ask(self._short, "chains", alone, _chains)
        return found[0] if found else None

    async def chains(
        self,
        day_from: int,
        day_to: int,
        operator: str | None = None,
        others: Callable[[str], bool] | None = None,
    ) -> AsyncIterator[Chain]:
        days = (day_from, day_to)
        first, last = await self._ask(self._long, "id_range", days, _range)
        if first is None or last is None:
            return
        async for start, end, wanted in self._stretches((first - 1, last), days, operator, others):
            rest = (end, *days, PAGE_ROWS, operator, wanted)
            async for page in self._pages.pages(
                _QUERIES["chains"], _chains, rest, start, _question_id, PAGE_ROWS
            ):
                for chain in page:
                    yield chain

    async def _stretches(
        self,
        ids: tuple[int, int],
        days: tuple[int, int],
        operator: str | None,
        others: Callable[[str], bool] | None,
    ) -> AsyncIterator[tuple[int, int, str | None]]:
        """The ids piece by piece, each with the questions of other operators in it that are wanted
        (JSON): all that is read of the rest are their phones."""
        after, last = ids
        if operator is None or others is None:
            yield after, last, None
            return
        while after < last:
            window = (after, last, *days, operator, OTHERS_ROWS)
            page = await self._ask(self._long, "asked_elsewhere", window, _asked)
            end = page[-1][0] if len(page) == OTHERS_ROWS else last
            wanted = [question_id for question_id, party in page if others(party)]
            yield after, end, msgspec.json.encode(wanted).decode()
            after = end

    async def chains_booked(
        self, before_day: int, from_us: int, to_us: int, operator: str | None = None
    ) -> AsyncIterator[Chain]:
        """As in `Journal`. Entries stand in the order of their booking, so that those of the
        months before are passed over: with a month to spare, for a clock that stepped."""
        around = (_days_before(before_day, _SEEK_DAYS), before_day)
        (first,) = await self._ask(self._long, "booked_from", around, _id)
        after = first - 1
        while True:
            window = (after, before_day, from_us, to_us, PAGE_ROWS, operator)
            page = await self._ask(self._long, "booked", window, _booked)
            for _, key, question_id in page:
                this = (question_id - 1, question_id, 0, before_day, 1, None, None)
                for chain in await self._ask(self._long, "chains", this, _chains):
                    if key == _first_booked(chain, from_us, to_us):
                        yield chain
            if len(page) < PAGE_ROWS:
                return
            after = page[-1][0]

    async def operators(self, day_from: int, day_to: int) -> Sequence[str]:
        return await self._ask(self._long, "operators", (day_from, day_to), _keys)

    async def stray_entries(self, limit: int) -> Sequence[str]:
        return await self._ask(self._long, "stray_entries", (limit,), _keys)

    async def findings(
        self, after_id: int, limit: int, *, open_only: bool = False, walks: bool = False
    ) -> Sequence[KeptFinding]:
        query = "open_findings" if open_only else "findings"
        return await self._ask(self._long, query, (after_id, limit, walks), _findings)

    async def walks_of(self, numbers: Sequence[str], kinds: Sequence[str]) -> Sequence[KeptFinding]:
        asked = (msgspec.json.encode(numbers).decode(), msgspec.json.encode(kinds).decode())
        return await self._ask(self._long, "walks_of", asked, _findings)

    async def findings_left(self) -> int:
        (count,) = await self._ask(self._long, "findings_left", (), _id)
        return count

    async def find_leg(self, link: str, call_id: str, leg: str) -> CallTrace | None:
        found = await self._ask(self._short, "find_leg", (link, call_id, leg), _traces)
        return found[0] if found else None

    async def open_calls(self, before_us: int, after_id: int, limit: int) -> Sequence[CallLeg]:
        return await self._ask(self._short, "open_calls", (before_us, after_id, limit), _legs)

    async def call_legs(
        self, day_from: int, day_to: int, link: str | None = None
    ) -> AsyncIterator[CallTrace]:
        first, last = await self._ask(self._long, "leg_range", (day_from, day_to), _range)
        if first is None or last is None:
            return
        rest = (last, day_from, day_to, PAGE_ROWS, link)
        async for page in self._pages.pages(
            _QUERIES["call_legs"], _traces, rest, first - 1, _leg_id, PAGE_ROWS
        ):
            for trace in page:
                yield trace

    async def call_backs(
        self, after_id: int, limit: int, *, open_only: bool = True
    ) -> Sequence[KeptCallBack]:
        query = "open_call_backs" if open_only else "call_backs"
        return await self._ask(self._short, query, (after_id, limit), _call_backs)


def _question_id(chain: Chain) -> int:
    return chain.question_id


def _leg_id(trace: CallTrace) -> int:
    return trace.leg.id


def _first_booked(chain: Chain, from_us: int, to_us: int) -> str | None:
    """The key of the chain's first entry of that time: by it alone the chain is told, once."""
    booked = [(each.at_us, each.key) for each in chain.entries if from_us <= each.at_us < to_us]
    return min(booked)[1] if booked else None


def _days_before(day: int, days: int) -> int:
    """YYYYMMDD."""
    found = date(day // 10_000, day // 100 % 100, day % 100) - timedelta(days=days)
    return found.year * 10_000 + found.month * 100 + found.day
