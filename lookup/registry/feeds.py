"""What the feeds API does to a registry file: keys, pushes and the answers to repeats.

A push, its events, the answer to its Idempotency-Key and the key's last use are one transaction:
after a crash a repeat finds all of it or nothing.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from lookup.feed.bodies import by_code
from lookup.feed.row import Row
from lookup.registry import sqlite as door
from lookup.registry.batch import Batch
from lookup.registry.feed_keys import LIVE_MAX, FeedKey, Scope
from lookup.registry.feed_known import known_of
from lookup.registry.feed_scope import BodyTree, Refusal, apart, refusal
from lookup.registry.importing import NO_ROOM
from lookup.registry.merge import Change
from lookup.registry.source import Registry
from lookup.registry.write import RegistryWriter

PURGED_PER_WRITE: Final = 100  # answers past their time that one push takes away
TURN_WAIT_S: Final = 10.0  # behind other pushes; then WRITER_WAIT_S behind other processes

_KEY_COLUMNS: Final = "id, feed, digest, scope, created_us, expires_us, revoked_us, used_us"
_KEY: Final = f"SELECT {_KEY_COLUMNS} FROM api_key WHERE id = ?"  # noqa: S608 - constants only
_KEYS: Final = (
    f"SELECT json_group_array(json_array({_KEY_COLUMNS}))"  # noqa: S608 - constants only
    " FROM (SELECT * FROM api_key ORDER BY feed, created_us)"
)
_LIVE: Final = (
    "SELECT count(*) FROM api_key WHERE feed = ? AND revoked_us IS NULL AND expires_us > ?"
)
_ADD: Final = (
    f"INSERT INTO api_key ({_KEY_COLUMNS})"  # noqa: S608 - constants only
    " VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)"
)
_REVOKE: Final = "UPDATE api_key SET revoked_us = ? WHERE id = ? AND revoked_us IS NULL RETURNING 1"
_USE: Final = (
    "UPDATE api_key SET used_us = ? WHERE id = ? AND revoked_us IS NULL AND expires_us > ?"
    " RETURNING 1"
)
_REVISION: Final = "SELECT bodies_revision FROM revision"
_TREE: Final = (
    "SELECT (SELECT bodies_revision FROM revision),"
    " (SELECT json_group_array(json_array(id, code, parent_id)) FROM body)"
)
_ANSWERED: Final = (
    "SELECT digest, status, answer FROM api_idem"
    " WHERE feed = ? AND k = ? AND part = ? AND expires_us > ?"
)
_REMEMBER: Final = (
    "INSERT INTO api_idem (feed, k, part, digest, status, answer, expires_us)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (feed, k, part) DO UPDATE SET"
    " digest = excluded.digest, status = excluded.status, answer = excluded.answer,"
    " expires_us = excluded.expires_us"
)
_FORGET: Final = (
    "DELETE FROM api_idem WHERE id IN"
    " (SELECT id FROM api_idem WHERE expires_us <= ? ORDER BY expires_us LIMIT ?)"
)

_encode = msgspec.json.Encoder().encode
_scope = msgspec.json.Decoder(Scope)
_tree_list = msgspec.json.Decoder(list[tuple[str, str, str | None]])
_keys_list = msgspec.json.Decoder(list[tuple[str, str, str, str, int, int, int | None, int | None]])


class TooManyKeysError(Exception):
    """The feed has as many live keys as it may have."""


class KeyEndedError(Exception):
    """The key was revoked or has expired since it was shown."""


class OtherRequestError(Exception):
    """This Idempotency-Key came with another request before."""


class Outcome(NamedTuple):
    """What a push did to one ticket. `held`: what was stored of it by the same feed before."""

    change: Change | None  # None: it was refused
    refusal: Refusal | None = None
    held: Row | None = None
    left_out: int = 0  # steps that the ticket had no room for


class Answer(NamedTuple):
    """What was, or is to be, told to a client."""

    status: int
    octets: bytes
    repeated: bool = False  # it was told before


class Repeatable(NamedTuple):
    """What a client may send again: its Idempotency-Key, and the request it stands for."""

    key: str
    part: int
    digest: str
    expires_us: int


@dataclass(slots=True)
class _Directory:
    revision: int
    tree: BodyTree


class FeedStore:
    """The verbs over one registry file. `open` it, `close` it before the registry."""

    def __init__(
        self,
        path: Path,
        reader: door.Connection,
        writer: RegistryWriter,
        held: AsyncExitStack,
    ) -> None:
        """Use `open`."""
        self._path = path
        self._reader = reader
        self._writer = writer
        self._held_open = held
        self._turn = asyncio.Lock()  # one transaction at a time on the writer's connection
        self._directory = _Directory(-1, BodyTree({}, {}))

    @classmethod
    async def open(cls, registry: Registry) -> FeedStore:
        """Raises RegistryError."""
        async with AsyncExitStack() as held:
            reader = await held.enter_async_context(door.reader(registry.path))
            writer = await held.enter_async_context(registry.writer())
            return cls(registry.path, reader, writer, held.pop_all())

    async def close(self) -> None:
        await self._held_open.aclose()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[door.Connection]:
        """In turn. Raises RegistryBusyError where that does not come."""
        try:
            async with asyncio.timeout(TURN_WAIT_S):
                await self._turn.acquire()
        except TimeoutError:
            raise door.RegistryBusyError(
                f"too many wait to write to {self._path}: wait until they have ended, then repeat"
            ) from None
        try:
            async with self._writer.transaction() as connection:
                yield connection
        finally:
            self._turn.release()

    # -- keys

    async def key(self, identity: str) -> FeedKey | None:
        """Raises RegistryError."""
        with door.clear_errors(self._path):
            row = await door.row_if_any(self._reader, _KEY, (identity,))
        return None if row is None else _key(tuple(row))

    async def keys(self) -> list[FeedKey]:
        """All of them, those of one feed together, the oldest first."""
        with door.clear_errors(self._path):
            row = await door.one_row(self._reader, _KEYS)
        return [_key(found) for found in _keys_list.decode(row[0])]

    async def add_key(self, key: FeedKey) -> None:
        """Raises TooManyKeysError."""
        async with self._transaction() as connection:
            live = await door.one_row(connection, _LIVE, (key.feed, key.created_us))
            if live[0] >= LIVE_MAX:
                raise TooManyKeysError(key.feed)
            scope = _encode(key.scope).decode()
            values = (key.id, key.feed, key.digest, scope, key.created_us, key.expires_us)
            await door.run(connection, _ADD, values)

    async def revoke_key(self, identity: str, now_us: int) -> bool:
        """From the next request or group of lines on; False: there is no such live key."""
        async with self._transaction() as connection:
            return await door.row_if_any(connection, _REVOKE, (now_us, identity)) is not None

    async def key_used(self, key: FeedKey, now_us: int) -> None:
        """For what is only read; a push tells it by itself."""
        async with self._transaction() as connection:
            await door.row_if_any(connection, _USE, (now_us, key.id, now_us))

    async def tree(self) -> BodyTree:
        """The directory as it is now."""
        with door.clear_errors(self._path):
            return await self._tree(self._reader)

    # -- pushes

    async def push(
        self,
        rows: Sequence[Row],
        key: FeedKey,
        now_us: int,
        answer: Callable[[Sequence[Outcome]], Answer],
        repeatable: Repeatable | None = None,
    ) -> Answer:
        """Store what the key may store of these rows, and the answer made of the outcomes (one a
        row, in order) beside it.

        Returns that answer once it is committed, or the one given to the same request before.
        Raises OtherRequestError, KeyEndedError, RegistryBusyError and RegistryError: then nothing
        was stored.
        """
        async with self._transaction() as connection:
            if await door.row_if_any(connection, _USE, (now_us, key.id, now_us)) is None:
                raise KeyEndedError(key.id)
            if repeatable is not None:
                before = await _answered(connection, key.feed, repeatable, now_us)
                if before is not None:
                    return before
            outcomes: list[Outcome] = []
            for together in apart(rows):
                outcomes += await self._put(connection, together, key, now_us)
            told = answer(outcomes)
            if repeatable is not None:
                await _remember(connection, key.feed, repeatable, told, now_us)
            return told

    async def _put(
        self, connection: door.Connection, rows: Sequence[Row], key: FeedKey, now_us: int
    ) -> list[Outcome]:
        """Rows of different tickets."""
        tree = await self._tree(connection)
        known = await known_of(rows, key.feed, now_us, self._writer, connection)
        refusals = [refusal(row, key, of, tree) for row, of in zip(rows, known, strict=True)]
        batch = Batch()
        for row, refused in zip(rows, refusals, strict=True):
            if refused is None:
                batch.take(row)
        done = (await self._writer.store(batch, now_us)).of_lines()
        if batch.rows:
            await self._writer.fed(now_us)
        return [
            _outcome(refused, of.view(key.feed), (None, 0) if refused else next(done))
            for refused, of in zip(refusals, known, strict=True)
        ]

    async def _tree(self, connection: door.Connection) -> BodyTree:
        """The directory, read anew where it has changed."""
        revision = await door.one_row(connection, _REVISION)
        if revision[0] != self._directory.revision:
            row = await door.one_row(connection, _TREE)
            bodies = _tree_list.decode(row[1])
            tree = BodyTree(
                {identity: parent for identity, _, parent in bodies},
                by_code((code, identity) for identity, code, _ in bodies),
            )
            self._directory = _Directory(row[0], tree)
        return self._directory.tree


def _key(row: Sequence[object]) -> FeedKey:
    found = FeedKey(*row)  # type: ignore[arg-type]  # the statement names the fields in this order
    return found._replace(scope=_scope.decode(str(row[3])))


def _outcome(refused: Refusal | None, held: Row | None, done: tuple[Change | None, int]) -> Outcome:
    if done[0] is Change.NO_ROOM:
        return Outcome(None, Refusal(*NO_ROOM), held)
    return Outcome(done[0], refused, held, done[1])


async def _answered(
    connection: door.Connection, feed: str, repeatable: Repeatable, now_us: int
) -> Answer | None:
    asked = (feed, repeatable.key, repeatable.part, now_us)
    row = await door.row_if_any(connection, _ANSWERED, asked)
    if row is None:
        return None
    if row[0] != repeatable.digest:
        raise OtherRequestError(repeatable.key)
    return Answer(row[1], zlib.decompress(row[2]), repeated=True)


async def _remember(
    connection: door.Connection, feed: str, repeatable: Repeatable, told: Answer, now_us: int
) -> None:
    await door.run(connection, _FORGET, (now_us, PURGED_PER_WRITE))
    key, part, digest, expires_us = repeatable
    values = (feed, key, part, digest, told.status, zlib.compress(told.octets), expires_us)
    await door.run(connection, _REMEMBER, values)
