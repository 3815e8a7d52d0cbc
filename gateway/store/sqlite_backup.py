"""A consistent copy of a journal in use."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from pathlib import Path

from gateway.store.flushing import flush
from gateway.store.journal import StoreUnavailableError
from gateway.store.limits import StoreLimits
from gateway.store.sqlite_connection import connect_copier, disconnect
from gateway.store.sqlite_sealed import stand


async def copy_journal(journal: Path, target: Path, limits: StoreLimits) -> int:
    """Copy what is committed at this moment to `target`, in one file, on disk when this returns.
    Returns the number of the last commit in it.

    A file of that name is replaced once the copy is whole. Raises StoreUnavailableError.
    """
    target = target.absolute()
    unfinished = target.with_name(target.name + ".part")
    try:
        # Made by us, since it holds phone numbers and is for its owner's eyes alone.
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        os.close(os.open(unfinished, flags, 0o600))
        connection = await connect_copier(journal, limits)
        try:
            await connection.execute_fetchall("VACUUM INTO ?", (str(unfinished),))
        finally:
            await disconnect(connection)
        await asyncio.to_thread(_publish, unfinished, target)
        return (await asyncio.to_thread(stand, target)).batch
    except (sqlite3.Error, OSError) as error:
        raise StoreUnavailableError(f"no copy was made at {target}: {error}") from error


def _publish(unfinished: Path, target: Path) -> None:
    flush(unfinished)
    unfinished.replace(target)
    flush(target.parent)
