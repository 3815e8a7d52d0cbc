"""The pages above the leaves of a table, in files that SQLite wrote."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookup.registry import inner_pages
from lookup.registry.inner_pages import children, read_ahead, read_inner

PAGE = 512
INNER = 5  # first octet of an inner page of a table


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two tables, each a tree of several levels, in one file."""
    path = tmp_path / "rows.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"PRAGMA page_size = {PAGE}")
        for table in ("one", "two"):
            connection.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, text TEXT)")
        for number in range(12_000):
            table = "one" if number % 3 else "two"
            row = (number * 7_919 % 12_007 << 40, "x" * 40)
            connection.execute(f"INSERT INTO {table} VALUES (?, ?)", row)
    return path


def _root(file: Path, table: str) -> int:
    with closing(sqlite3.connect(file)) as connection:
        found = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,))
        return int(found.fetchone()[0])


def _pages(file: Path) -> list[bytes]:
    content = file.read_bytes()
    return [content[at : at + PAGE] for at in range(0, len(content), PAGE)]


def test_every_inner_page_of_a_table_is_read_and_none_of_another(file: Path) -> None:
    one, two = (read_inner(file, PAGE, _root(file, table)) for table in ("one", "two"))
    pages = _pages(file)
    assert 1 < two < one
    assert one + two == sum(page[0] == INNER for page in pages[1:])


def test_children_lead_to_every_page_of_the_table_once(file: Path) -> None:
    pages = _pages(file)
    met = [_root(file, "one"), _root(file, "two")]
    for number in met:  # grows
        met += children(pages[number - 1])
    assert sorted(met) == list(range(2, len(pages) + 1))


def test_a_table_of_one_page_has_nothing_to_read(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "small.db")) as connection, connection:
        connection.execute("CREATE TABLE one (id INTEGER PRIMARY KEY)")
    assert read_inner(tmp_path / "small.db", 4_096, 2) == 0


@given(st.binary(max_size=PAGE), st.booleans())
def test_any_page_has_children_that_are_page_numbers_or_none(page: bytes, inner: bool) -> None:
    page = bytes([INNER]) + page if inner else page
    assert all(0 <= number < 2**32 for number in children(page))
    assert inner or page[:1] == bytes([INNER]) or not children(page)


async def test_a_service_reads_ahead_by_a_process_of_its_own(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inner_pages, "FILE_OCTETS_MIN", 0)
    assert await read_ahead(file, PAGE, _root(file, "one"))
    file.write_bytes(bytes([INNER]) * 4_096)  # no file of SQLite's
    assert await read_ahead(file, PAGE, 1)  # its pages end where the file does
    assert not await read_ahead(file, -PAGE, 1)


async def test_a_disk_that_hangs_does_not_keep_the_service_from_starting(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inner_pages, "FILE_OCTETS_MIN", 0)
    monkeypatch.setattr(inner_pages, "READ_AHEAD_MAX_S", 0.05)
    hang = (sys.executable, "-c", "import signal; signal.pause()")
    monkeypatch.setattr(inner_pages, "_COMMAND", hang)
    assert not await read_ahead(file, PAGE, _root(file, "one"))


async def test_a_machine_without_room_for_a_process_does_not_keep_it_from_starting(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inner_pages, "FILE_OCTETS_MIN", 0)
    monkeypatch.setattr(inner_pages, "_COMMAND", (str(file.with_name("no program")),))
    assert not await read_ahead(file, PAGE, _root(file, "one"))


async def test_a_file_that_is_away_is_told_by_lookups_not_by_reading_ahead(tmp_path: Path) -> None:
    assert not await read_ahead(tmp_path / "away.db", PAGE, 2)
