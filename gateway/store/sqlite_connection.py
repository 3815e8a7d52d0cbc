"""Connections to the journal's file, and what their errors mean."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

import aiosqlite

from gateway.store.errors import StoreOpenError
from gateway.store.limits import StoreLimits
from gateway.store.sqlfiles import script
from gateway.store.sqlite_seals import Sealer, SealingConnection, functions
from gateway.store.sqlite_strangers import trust

_PAGE_BYTES = 4_096
_MIB = 1 << 20

# Primary result codes (sqlite.org/rescode.html) of calls that break a rule of the schema.
_DATA_FAULTS = frozenset(
    {
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_TOOBIG,
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_MISUSE,
        sqlite3.SQLITE_RANGE,
    }
)
# Of connections that are not used again: above all one whose fsync has failed, since the next
# fsync would claim that pages are on disk which the kernel has dropped.
_BROKEN = frozenset(
    {
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)
# The WAL-reset bug: 3.7.0 to 3.51.2, repaired in these branches.
_REPAIRED = ((3, 44, 6), (3, 50, 7))
_WAL_RESET_FROM, _WAL_RESET_TO = (3, 7, 0), (3, 51, 2)


def _code(error: sqlite3.Error) -> int:
    # Errors raised by the sqlite3 module itself carry no code: they are faults of the caller.
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE)) & 0xFF


def is_data_fault(error: sqlite3.Error) -> bool:
    """Whether the call was wrong, rather than the disk, a lock or the file."""
    return _code(error) in _DATA_FAULTS


def breaks_connection(error: sqlite3.Error) -> bool:
    """Whether the connection must be closed, and a new one opened, before the next try."""
    return _code(error) in _BROKEN


def library_warning(version: tuple[int, int, int]) -> str | None:
    """A fault of that SQLite library which its owner should know of."""
    if not _WAL_RESET_FROM <= version <= _WAL_RESET_TO:
        return None
    if any(version[:2] == repaired[:2] and version >= repaired for repaired in _REPAIRED):
        return None
    return (
        f"SQLite {'.'.join(map(str, version))} can lose committed rows when one connection "
        "checkpoints while another commits (WAL-reset bug, repaired in 3.51.3, 3.50.7 and "
        "3.44.6). Jauap never does both at a time; let no other program write to the journal"
    )


async def connect_writer(
    path: Path,
    limits: StoreLimits,
    tell: Callable[[str, object, object], None],
    sealer: Sealer,
) -> aiosqlite.Connection:
    """The one connection that commits and checkpoints. `tell` hears what a transaction tells,
    `sealer` seals it."""
    connection = await _connect(
        path,
        [
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
            "PRAGMA secure_delete = ON",
            f"PRAGMA busy_timeout = {limits.lock_wait_ms:d}",
            f"PRAGMA cache_size = {-1024 * limits.cache_mib:d}",
            "PRAGMA wal_autocheckpoint = 0",
            f"PRAGMA journal_size_limit = {limits.log_size_max_mib * _MIB:d}",
            f"PRAGMA max_page_count = {limits.size_max_mib * _MIB // _PAGE_BYTES:d}",
        ],
        factory=partial(SealingConnection, sealer),
    )
    try:
        await connection.create_function("tell", 3, tell)
        for name, arguments, function in functions(sealer):
            await connection.create_function(name, arguments, function)
        await connection.executescript(script("sqlite_write"))
        sealer.altered = False
        if sealer.has_key:
            await trust(connection)
    except BaseException:
        await disconnect(connection)
        raise
    return connection


async def connect_reader(path: Path, limits: StoreLimits) -> aiosqlite.Connection:
    """A connection that neither writes nor checkpoints."""
    return await _connect(path, reader_pragmas(limits))


def reader_pragmas(limits: StoreLimits) -> list[str]:
    """How a connection is set that neither writes nor checkpoints."""
    return [
        f"PRAGMA busy_timeout = {limits.lock_wait_ms:d}",
        "PRAGMA wal_autocheckpoint = 0",
        "PRAGMA query_only = 1",
    ]


async def connect_copier(path: Path, limits: StoreLimits) -> aiosqlite.Connection:
    """For VACUUM INTO, which SQLite refuses to a query_only connection."""
    return await _connect(
        path,
        [f"PRAGMA busy_timeout = {limits.lock_wait_ms:d}", "PRAGMA wal_autocheckpoint = 0"],
    )


async def _connect(
    path: Path,
    pragmas: list[str],
    factory: Callable[..., sqlite3.Connection] = sqlite3.Connection,
) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(
        f"{path.as_uri()}?mode=rw", uri=True, isolation_level=None, factory=factory
    )
    try:
        await connection.execute_fetchall("PRAGMA temp_store = MEMORY")
        await connection.executescript(script("sqlite_sealed"))
        for pragma in pragmas:
            await connection.execute_fetchall(pragma)
    except BaseException:
        await disconnect(connection)
        raise
    return connection


async def disconnect(connection: aiosqlite.Connection) -> None:
    """Close, whatever state the connection is in."""
    try:
        await connection.close()
    except sqlite3.Error:
        # The file is in trouble and has been reported; what was committed is in the log.
        return


def make_file(path: Path) -> None:
    """Create the journal's file, for its owner alone. Raises StoreOpenError."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreOpenError(
            f"the journal cannot be written ({error.strerror})",
            str(path),
            "Make its folder and let this user write there, or set [store] url to another path",
        ) from error
