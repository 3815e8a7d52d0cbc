"""The journal's tables: brought up to date at opening, refused when newer than the program."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from yoyo import read_migrations
from yoyo.backends.core.sqlite3 import SQLiteBackend
from yoyo.connections import DatabaseURI
from yoyo.migrations import default_migration_table

from gateway.store.errors import StoreSchemaError
from gateway.store.sqlite_locks import JournalLocks

_FOLDER = Path(__file__).parent / "migrations" / "sqlite"


class _Backend(SQLiteBackend):  # type: ignore[misc]  # yoyo ships without types
    """yoyo's backend, with what it lacks for a program that may be killed at any moment."""

    def connect(self, dburi: Any) -> sqlite3.Connection:
        # A plain path, where yoyo builds an unescaped URI and shares the page cache.
        connection = sqlite3.connect(dburi.database, isolation_level=None)
        connection.execute("PRAGMA secure_delete = ON")  # of a table made anew, too
        return connection

    def apply_one(self, migration: Any, force: bool = False, mark: bool = True) -> None:
        # The migration and the note that it was applied, together or not at all. No line goes to
        # yoyo's log: for that it asks the name service for this host's name, which may take half
        # a minute.
        self.ensure_internal_schema_updated()
        with self.transaction():
            migration.process_steps(self, "apply", force=force)
            if mark:
                self.mark_one(migration, log=False)


def migrate(path: Path, locks: JournalLocks) -> int:
    """Apply what is missing; returns the schema's number. Blocks.

    Raises StoreSchemaError, and sqlite3.Error where the file cannot be read or written.
    """
    known = sorted(file.stem for file in _FOLDER.glob("*.sql"))
    number = int(known[-1].split("_", 1)[0])
    if _is_current(path, known):
        return number
    try:
        # Not beneath a service either, even an idle one: that of the release before would go on
        # writing as it did, for instance rows of money without seals.
        if not (locks.commits.seize() and locks.service.seize()):
            raise StoreSchemaError(
                "the journal must be brought up to date, and another process writes it",
                str(path),
                "Stop the other one first",
            )
        _apply(path)
    finally:
        locks.commits.release()
        locks.service.release()
    return number


def _is_current(path: Path, known: list[str]) -> bool:
    applied = _applied(path)
    if unknown := sorted(applied - set(known)):
        raise StoreSchemaError(
            f"the journal has the migration {unknown[0]}, and this program knows none "
            f"after {known[-1]}",
            str(path),
            "Run the newer program that made it, or restore the backup taken before",
        )
    return applied == set(known)


def _applied(path: Path) -> set[str]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True)) as connection:
        table = connection.execute(
            "SELECT 1 FROM sqlite_schema WHERE name = ?", (default_migration_table,)
        ).fetchone()
        if table is None:
            return set()
        rows = connection.execute("SELECT migration_id FROM _yoyo_migration").fetchall()
        return {row[0] for row in rows}


def _apply(path: Path) -> None:
    migrations = read_migrations(str(_FOLDER))
    uri = DatabaseURI("sqlite", None, None, None, None, str(path), {})
    backend = _Backend(uri, default_migration_table)
    with backend:
        backend.init_database()
        # Whoever left yoyo's lock behind is gone: we hold the journal's own, which ends with
        # its process, where yoyo's row would be waited for in vain.
        backend.break_lock()
        with backend.lock():
            backend.apply_migrations(backend.to_apply(migrations))
