"""Reading the journal's seals, and holding the journal against its witness."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import aiosqlite
import msgspec
import structlog

from gateway.core.seal import FIRST_CHAIN, RowKind, Seal
from gateway.store.errors import StoreLossError, StoreOpenError
from gateway.store.journal import StoreUnavailableError
from gateway.store.seal_verbs import Loss, Missing, Sealing, Witnessed
from gateway.store.sqlfiles import queries
from gateway.store.sqlite_pages import SqlitePages
from gateway.store.sqlite_reader import SqliteReader
from gateway.store.sqlite_seals import canonical
from gateway.store.sqlite_strangers import TRIGGERS, strangers
from gateway.store.witness import Witness, read_witness

_log = structlog.get_logger()

_SEALS = queries("sqlite_read")["seals"]

_ROWS = {kind: queries("sqlite_read")[f"{kind.word}_rows"] for kind in RowKind}

# The decision is in the journal before the witness hears of it.
_GIVEN_UP = "SELECT 1 FROM loss WHERE last_batch = ? AND chain = ?"

_count = msgspec.json.Decoder(tuple[int])
_ids = msgspec.json.Decoder(list[int])
_losses = msgspec.json.Decoder(list[Loss])
_sealing = msgspec.json.Decoder(Sealing)


class SqliteSealed(SqliteReader):
    """See `SealVerbs`."""

    def __init__(
        self,
        path: Path,
        witness: Path,
        short: aiosqlite.Connection,
        long: aiosqlite.Connection,
        pages: SqlitePages,
    ) -> None:
        super().__init__(short, long, pages)
        self._path = path
        self._witness = witness

    async def seals(self, after_batch: int, limit: int) -> Sequence[Seal]:
        try:
            rows = await self._long.execute_fetchall(_SEALS, (after_batch, limit))
        except sqlite3.Error as error:
            raise StoreUnavailableError(f"the journal cannot be read: {error}") from error
        return [Seal(*row) for row in rows]

    async def sealing(self) -> Sealing:
        try:
            return await self._ask(self._long, "sealing", (), _sealing)
        except ValueError as error:
            raise StoreUnavailableError("the journal cannot be read: sealing is empty") from error

    async def witnessed(self) -> Witnessed | None:
        return await asyncio.to_thread(read_witness, self._witness)

    async def strangers(self) -> Sequence[str]:
        try:
            return strangers(map(tuple, await self._short.execute_fetchall(TRIGGERS)))
        except sqlite3.Error as error:
            raise StoreUnavailableError(f"the journal cannot be read: {error}") from error

    async def missing(self) -> Missing | None:
        try:
            return await asyncio.to_thread(find_missing, self._path, self._witness)
        except sqlite3.Error as error:
            raise StoreUnavailableError(f"the journal cannot be read: {error}") from error

    async def sealed_rows(
        self, kind: int, after_id: int, limit: int
    ) -> Sequence[tuple[int, bytes]]:
        query = _ROWS[RowKind(kind)]
        try:
            [(document,)] = await self._long.execute_fetchall(query, (after_id, limit))
        except sqlite3.Error as error:
            raise StoreUnavailableError(f"the journal cannot be read: {error}") from error
        return [(_id_of(row), row) for row in _as_sealed(document)] if document else ()

    async def rows_through(self, kind: int, id_: int) -> int:
        (count,) = await self._ask(self._long, f"{RowKind(kind).word}_through", (id_,), _count)
        return count

    async def entry_id(self, key: str) -> int | None:
        found = await self._ask(self._short, "entry_id", (key,), _ids)
        return found[0] if found else None

    async def losses(self) -> Sequence[Loss]:
        return await self._ask(self._long, "losses", (), _losses)


class Stand(NamedTuple):
    """How far a journal has come."""

    batch: int
    chain: bytes
    after_batch: int  # the last commit before sealing: later ones have been witnessed


def stand(path: Path) -> Stand:
    """Looks at the file and its log without changing either, even as the last to close them: what
    a damaged log still holds is for those who repair it. Raises sqlite3.Error."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        tables = {
            str(name)
            for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        }
        if "head" not in tables:
            return Stand(0, FIRST_CHAIN, 0)
        batch = _only(connection, "head", "SELECT batch FROM head")
        if "sealing" not in tables:
            return Stand(batch, FIRST_CHAIN, batch)
        after_batch = _only(connection, "sealing", "SELECT after_batch FROM sealing")
        return Stand(batch, _chain_at(connection, batch), after_batch)


def find_missing(path: Path, witness: Path) -> Missing | None:
    """Commits that the witness has seen and this journal does not have. Raises sqlite3.Error, and
    StoreOpenError where the witness cannot be read."""
    seen = read_witness(witness)  # first: commits go on meanwhile, and the journal is ahead
    if seen is None:
        return None
    if not path.exists():
        return Missing(1, seen.batch, seen.chain)
    here = stand(path)
    if seen.batch > here.batch:
        return Missing(here.batch + 1, seen.batch, seen.chain)
    if seen.batch <= here.after_batch:
        return None
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        given_up = connection.execute(_GIVEN_UP, (seen.batch, seen.chain.hex())).fetchone()
        if given_up or _chain_at(connection, seen.batch) == seen.chain:
            return None
    # As many commits, but not the same: another journal, or one that was sealed anew.
    return Missing(seen.batch, seen.batch, seen.chain)


def refuse_losses(path: Path, witness: Path) -> None:
    """Raises StoreLossError where commits are missing."""
    lost = find_missing(path, witness)
    if lost is not None:
        raise StoreLossError(
            f"acknowledged data is missing: {lost}, which {witness} has seen",
            str(path),
            "Stop here and copy the folder away as it is. Put the newest journal back with its "
            "log (-wal); if there is none, 'jauap ledger accept-loss' goes on with what is there, "
            "on record",
        )


def begin_to_witness(path: Path, witness: Witness) -> None:
    """Blocks. Raises StoreOpenError where the witness cannot be written."""
    seen = read_witness(witness.path)
    witness.open()
    here = stand(path)
    if seen is None and here.batch > here.after_batch:
        _log.warning("store_witness_missing", path=str(witness.path), batch=here.batch)
    if seen is None or seen.batch < here.batch:
        witness.write(here.batch, here.chain)


def keep_log(path: Path, witness: Path) -> sqlite3.Connection | None:
    """Where commits are missing, a connection to be closed after all others of those who only
    look: it cannot write, so that nobody clears away what a damaged log still holds."""
    try:
        if find_missing(path, witness) is None:
            return None
    except (StoreOpenError, sqlite3.Error):
        return None  # what cannot be read those tell who need it
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, check_same_thread=False)
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()  # from here on it counts
    return connection


def _as_sealed(document: bytes) -> list[bytes]:
    try:
        return canonical(document)
    except (ValueError, msgspec.MsgspecError):
        # Somebody has put in what is no text: that row stays as it is, the others do not suffer.
        rows = document.split(b"\n")
        return rows if len(rows) == 1 else [one for row in rows for one in _as_sealed(row)]


def _id_of(row: bytes) -> int:
    return int(row.split(b",", 2)[1])  # behind the name of the kind


def _only(connection: sqlite3.Connection, table: str, query: str) -> int:
    row = connection.execute(query).fetchone()
    if row is None:
        raise sqlite3.DatabaseError(f"{table} is empty")
    return int(row[0])


def _chain_at(connection: sqlite3.Connection, batch: int) -> bytes:
    row = connection.execute(
        "SELECT chain FROM seal WHERE batch <= ? ORDER BY batch DESC LIMIT 1", (batch,)
    ).fetchone()
    return bytes(row[0]) if row else FIRST_CHAIN
