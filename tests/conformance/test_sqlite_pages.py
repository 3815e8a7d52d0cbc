from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Event
from typing import Any

import msgspec
import pytest

from gateway.store.journal import StoreUnavailableError
from gateway.store.limits import StoreLimits
from gateway.store.sqlite_connection import make_file
from gateway.store.sqlite_pages import SqlitePages

NUMBERS = """
    WITH RECURSIVE n (i) AS (SELECT ?1 + 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
    SELECT json_group_array(i) FROM (SELECT i FROM n WHERE i <= ?2 LIMIT ?3)
"""
WAIT_S = 10.0


@pytest.fixture
async def pages(tmp_path: Path) -> AsyncIterator[SqlitePages]:
    make_file(tmp_path / "journal.db")
    made = SqlitePages(tmp_path / "journal.db", StoreLimits())
    yield made
    await made.close()


def numbers(of: SqlitePages, last: int, query: str = NUMBERS) -> AsyncIterator[list[int]]:
    decoder = msgspec.json.Decoder(list[int])
    return of.pages(query, decoder, (last, 3), 0, lambda number: number, 3)


@pytest.mark.parametrize("last", [1, 2, 3, 4, 6, 7])
async def test_every_row_is_read_once_in_pages(pages: SqlitePages, last: int) -> None:
    read = [page async for page in numbers(pages, last)]
    assert [number for page in read for number in page] == list(range(1, last + 1))
    assert {len(page) for page in read[:-1]} <= {3}


async def test_a_page_is_read_while_the_one_before_it_is_used(
    pages: SqlitePages, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    second = Event()
    read = pages._document

    def document(query: str, parameters: Any) -> str:
        asked.append(parameters[0])
        if len(asked) == 2:
            second.set()
        return read(query, parameters)

    monkeypatch.setattr(pages, "_document", document)
    reading = numbers(pages, 9)
    assert await anext(reading) == [1, 2, 3]
    assert second.wait(WAIT_S)  # the loop stands still here: nobody asks for the second page
    assert asked == [0, 3]
    assert [page async for page in reading] == [[4, 5, 6], [7, 8, 9], []]


async def test_who_stops_early_leaves_nothing_behind(pages: SqlitePages) -> None:
    reading = numbers(pages, 9)
    assert await anext(reading) == [1, 2, 3]
    await reading.aclose()  # type: ignore[attr-defined]  # it is a generator
    assert [page async for page in numbers(pages, 2)] == [[1, 2]]


async def test_who_stops_early_hears_nothing_of_a_page_that_fails(pages: SqlitePages) -> None:
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    fails = "SELECT iif(?1 = 3, abs(-9223372036854775807 - 1), i) AS i FROM n"
    failing = NUMBERS.replace("SELECT i FROM n", fails)
    reading = numbers(pages, 9, failing)
    assert await anext(reading) == [1, 2, 3]
    assert await anext(numbers(pages, 2)) == [1, 2]  # behind it, on the same thread
    await reading.aclose()  # type: ignore[attr-defined]  # it is a generator
    del reading
    gc.collect()
    await asyncio.sleep(0)
    assert told == []


async def test_what_cannot_be_read_is_told_as_the_store_being_away(pages: SqlitePages) -> None:
    with pytest.raises(StoreUnavailableError, match="no such table: missing"):
        await anext(numbers(pages, 9, "SELECT ?1, ?2, ?3 FROM missing"))
    assert [page async for page in numbers(pages, 2)] == [[1, 2]]


async def test_it_never_writes(pages: SqlitePages) -> None:
    with pytest.raises(StoreUnavailableError, match="readonly"):
        await anext(numbers(pages, 9, "CREATE TABLE more AS SELECT ?1, ?2, ?3"))
