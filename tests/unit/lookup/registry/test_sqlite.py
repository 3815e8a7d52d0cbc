from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lookup.registry import sqlite as door


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    file = tmp_path / "tickets.db"
    await door.prepare(file, create=True)
    return file


@pytest.fixture
async def writer(path: Path) -> AsyncIterator[door.Connection]:
    connection = await door.open_writer(path)
    yield connection
    await door.close_writer(path, connection)


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "COMMIT"])
async def test_a_writer_given_up_at_any_moment_leaves_no_transaction_open(
    path: Path, writer: door.Connection, statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = writer.execute_fetchall

    async def given_up(asked: str, *values: Any) -> Any:
        if asked == statement:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()  # its thread carries the statement out all the same
        return await execute(asked, *values)

    async def write() -> None:
        async with door.transaction(path, writer):
            pass

    with monkeypatch.context() as patched:
        patched.setattr(writer, "execute_fetchall", given_up)
        with suppress(asyncio.CancelledError):
            await asyncio.create_task(write())
    assert not writer.in_transaction
    await write()


async def test_a_commit_that_fails_leaves_no_transaction_open(
    path: Path, writer: door.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = writer.execute_fetchall

    async def full(asked: str, *values: Any) -> Any:
        if asked == "COMMIT":
            raise sqlite3.OperationalError("database or disk is full")
        return await execute(asked, *values)

    with monkeypatch.context() as patched:
        patched.setattr(writer, "execute_fetchall", full)
        with pytest.raises(sqlite3.OperationalError):
            async with door.transaction(path, writer):
                pass
    async with door.transaction(path, writer):
        pass
