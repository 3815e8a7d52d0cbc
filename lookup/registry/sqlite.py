"""The registry's door to SQLite: files, connections, schema, the lock of the one writer.

Rules kept here (SQLite before 3.51.3 can lose a commit when one connection checkpoints while
another commits): readers never checkpoint; whoever writes, from whatever process, holds the lock
file beside the registry for each transaction, so there is one writing at a time. Whoever waits
for it first stands in the door (a second file): an import that takes the lock again and again
lets him in between. Nobody opens the file itself: to close it again would drop the locks of all
connections of this process, and the next to close in another one would clear away their log.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

import aiosqlite

from lookup.registry.moving import move, to_move

Connection = aiosqlite.Connection

MIGRATIONS: Final = Path(__file__).parent / "migrations" / "sqlite"
READER_CACHE_KIB: Final = 2_048  # what the processor holds; the system's memory has all the rest
WRITER_CACHE_KIB: Final = 65_536
READER_BUSY_MS: Final = 1_000
WRITER_BUSY_MS: Final = 10_000
WAL_CHECKPOINT_OCTETS: Final = 67_108_864  # written between two checkpoints
BULK_CACHE_KIB: Final = 262_144
BULK_CHECKPOINT_OCTETS: Final = 268_435_456
WAL_KEPT_OCTETS: Final = 67_108_864
PAGE_OCTETS: Final = 4_096  # of a new file: a lookup copies one
WRITER_WAIT_S: Final = 10.0  # for the lock, which is held for one transaction
LOCK_POLL_S: Final = 0.005


class RegistryError(Exception):
    """The ticket registry cannot be opened or written; the message says where and what to do."""


class RegistryMissingError(RegistryError):
    """There is no registry file at this path."""


class RegistryBusyError(RegistryError):
    """Others are writing to this registry, and did not let us in."""


def library() -> str:
    """For health and the start-up line."""
    return f"SQLite {sqlite3.sqlite_version}"


async def prepare(path: Path, *, create: bool) -> None:
    """Make sure that the file exists and has the schema of this release."""
    await asyncio.to_thread(_prepare, path, create)


@asynccontextmanager
async def reader(path: Path) -> AsyncIterator[Connection]:
    """A connection for one piece of reading, such as figures or a single ticket."""
    with clear_errors(path):
        connection = await open_reader(path)
        try:
            yield connection
        finally:
            await connection.close()


async def open_reader(path: Path) -> Connection:
    """A connection that cannot write and never checkpoints; close it."""
    return await _open(
        path,
        f"PRAGMA busy_timeout = {READER_BUSY_MS}",
        f"PRAGMA cache_size = -{READER_CACHE_KIB}",
        "PRAGMA wal_autocheckpoint = 0",
        "PRAGMA query_only = ON",
    )


async def open_writer(path: Path, *, bulk: bool = False) -> Connection:
    """A connection that writes, for `transaction`; close it with `close_writer`.

    `bulk`: memory and checkpoints as they suit the import of millions.
    """
    checkpoint_octets = BULK_CHECKPOINT_OCTETS if bulk else WAL_CHECKPOINT_OCTETS
    connection = await _open(
        path,
        f"PRAGMA busy_timeout = {WRITER_BUSY_MS}",
        f"PRAGMA cache_size = -{BULK_CACHE_KIB if bulk else WRITER_CACHE_KIB}",
        "PRAGMA synchronous = FULL",
        "PRAGMA secure_delete = ON",  # as Debian builds it; to leave it off made nothing faster
        f"PRAGMA journal_size_limit = {WAL_KEPT_OCTETS}",
    )
    page_octets = (await one_row(connection, "PRAGMA page_size"))[0]
    await run(connection, f"PRAGMA wal_autocheckpoint = {checkpoint_octets // page_octets}")
    return connection


async def close_writer(path: Path, connection: Connection) -> None:
    """The last connection to close checkpoints, so nobody may be writing then; if somebody is,
    ours is not the last."""
    with suppress(RegistryBusyError), _lock(path):
        await connection.close()
        return
    await connection.close()


@asynccontextmanager
async def transaction(path: Path, connection: Connection) -> AsyncIterator[None]:
    """All or nothing, with the lock of this file. When it is left by an error or a cancellation,
    nothing was written. RegistryBusyError when others keep the lock."""
    async with _turn(path):
        # Begun and committed within the `try`: a task given up while the thread does either, or
        # a commit that fails, would leave a transaction open for ever.
        try:
            await connection.execute_fetchall("BEGIN IMMEDIATE")
            yield
            await connection.execute_fetchall("COMMIT")
        except BaseException:
            await connection.rollback()
            raise


@asynccontextmanager
async def _turn(path: Path) -> AsyncIterator[None]:
    """The lock, in turn with all others who wait for it."""
    deadline = asyncio.get_running_loop().time() + WRITER_WAIT_S
    with ExitStack() as stack:
        with ExitStack() as door:
            await _wait(path, door, ".turn", deadline)
            await _wait(path, stack, ".lock", deadline)
        yield


async def _wait(path: Path, stack: ExitStack, suffix: str, deadline: float) -> None:
    while True:
        try:
            stack.enter_context(_lock(path, suffix))
            return
        except RegistryBusyError:
            if asyncio.get_running_loop().time() > deadline:
                raise
        await asyncio.sleep(LOCK_POLL_S)


async def run(connection: Connection, statement: str, values: Sequence[object] = ()) -> None:
    """A statement without a result."""
    await _rows(connection, statement, values)


async def run_many(
    connection: Connection, statement: str, rows: Sequence[Sequence[object]]
) -> None:
    """A statement without a result for each row, for a process that does nothing else."""
    await connection.executemany(statement, rows)


async def one_row(
    connection: Connection, statement: str, values: Sequence[object] = ()
) -> sqlite3.Row:
    """The row of a statement that always gives one, in one visit to the connection's thread."""
    return next(iter(await _rows(connection, statement, values)))


async def row_if_any(
    connection: Connection, statement: str, values: Sequence[object] = ()
) -> sqlite3.Row | None:
    return next(iter(await _rows(connection, statement, values)), None)


async def _rows(
    connection: Connection, statement: str, values: Sequence[object]
) -> Iterable[sqlite3.Row]:
    try:
        return await connection.execute_fetchall(statement, values)
    except ValueError as error:  # how aiosqlite says that the connection was closed meanwhile
        raise sqlite3.ProgrammingError(str(error)) from error


async def _open(path: Path, *pragmas: str) -> Connection:
    connection = await aiosqlite.connect(uri(path), uri=True, isolation_level=None)
    try:
        for pragma in pragmas:
            await connection.execute_fetchall(pragma)
    except BaseException:
        await connection.close()
        raise
    return connection


def uri(path: Path) -> str:
    """Never creates a file: a path mistyped must not become an empty registry."""
    return f"file:{quote(str(path.absolute()))}?mode=rw"


def _prepare(path: Path, create: bool) -> None:
    if not path.exists():
        if not create:
            raise RegistryMissingError(
                f"there is no ticket registry at {path}; correct the source's path, "
                "or make one with: jauap tickets import FILE"
            )
        if not path.parent.is_dir():
            raise RegistryMissingError(
                f"cannot make the ticket registry {path}: make the folder {path.parent} first"
            )
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    with clear_errors(path):
        if not _pending(path) and not to_move(uri(path)):
            return
        with _lock(path):
            if _pending(path):
                _migrate(path)
            move(uri(path))


def _pending(path: Path) -> bool:
    """Whether migrations of this release are missing; refuses a schema it does not know."""
    known = {file.stem for file in MIGRATIONS.glob("*.sql")}
    with closing(sqlite3.connect(uri(path), uri=True)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        applied: set[str] = set()
        if "_yoyo_migration" in tables:
            applied = {
                row[0] for row in connection.execute("SELECT migration_id FROM _yoyo_migration")
            }
        elif tables:
            raise RegistryError(f"{path} is a database of something else: correct the path")
    unknown = sorted(applied - known)
    if unknown:
        raise RegistryError(
            f"the ticket registry {path} has migration {unknown[-1]}, which this release does not "
            "know: run the newer release, or restore a copy made before it"
        )
    return applied != known


def _migrate(path: Path) -> None:
    import yoyo  # noqa: PLC0415 - a tenth of a second, and needed only when the schema changes

    with closing(sqlite3.connect(uri(path), uri=True)) as connection:
        connection.execute(f"PRAGMA page_size = {PAGE_OCTETS}")  # heeded while it is empty
        connection.execute("PRAGMA journal_mode = WAL")
    backend = yoyo.get_backend(f"sqlite:///{quote(str(path.absolute()))}")
    try:  # under our lock: yoyo's own would outlive a killed process
        backend.apply_migrations(backend.to_apply(yoyo.read_migrations(str(MIGRATIONS))))
    finally:
        backend.connection.close()


@contextmanager
def _lock(path: Path, suffix: str = ".lock") -> Iterator[None]:
    """Held by its opener, and let go by the kernel however the process ends."""
    lock = path.with_name(path.name + suffix)
    descriptor = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RegistryBusyError(
                f"others are writing to {path}: wait until they have ended, then repeat"
            ) from None
        yield
    finally:
        os.close(descriptor)


@contextmanager
def reading(feed: Path) -> Iterator[None]:
    """One import at a time of the same file; others may read it."""
    with feed.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RegistryBusyError(
                f"another import is reading {feed}: wait until it has ended"
            ) from None
        yield


@contextmanager
def clear_errors(path: Path) -> Iterator[None]:
    """SQLite's errors with the file and what to do about it."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        remedy = "restore it from a copy"
        if isinstance(error, sqlite3.OperationalError):
            remedy = "check free space, rights and the disk, then repeat; what was stored stays"
        raise RegistryError(f"the ticket registry {path}: {error}; {remedy}") from error
