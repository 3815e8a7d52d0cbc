"""Triggers in the journal's file that are none of ours. One that runs inside our commits could put
rows in or keep rows out, and the seal would cover what it did.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import aiosqlite

_FOLDER = Path(__file__).parent / "migrations" / "sqlite"

TRIGGERS = "SELECT name, sql FROM main.sqlite_schema WHERE type = 'trigger' ORDER BY name"


class StrangerError(sqlite3.DatabaseError):
    """Nothing is committed beneath somebody else's trigger."""

    sqlite_errorcode = sqlite3.SQLITE_AUTH  # no fault of the call


def strangers(triggers: Iterable[Sequence[str]]) -> list[str]:
    """The names of those (name, sql) that no migration makes in these very words."""
    own = _own()
    return [name for name, sql in triggers if sql not in own]


async def trust(connection: aiosqlite.Connection) -> None:
    """Look at the file's triggers; until its definitions change, no commit asks again
    (`trusted` in sql/sqlite_write.sql). Raises StrangerError, sqlite3.Error."""
    # In this order: what changes in between is seen by the next commit.
    [(schema,)] = await connection.execute_fetchall("PRAGMA main.schema_version")
    if found := strangers(map(tuple, await connection.execute_fetchall(TRIGGERS))):
        raise StrangerError(
            f"somebody has put the trigger {found[0]!r} into it, which would act within its "
            "commits; find out who, drop it, and run `jauap ledger verify`"
        )
    await connection.execute_fetchall("UPDATE trusted SET schema = ?", (schema,))


@cache
def _own() -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in sorted(_FOLDER.glob("*.sql")))
