from __future__ import annotations

import errno
import fcntl
import json
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookup.feed import file
from lookup.feed.file import CUT, NULS, READ_OCTETS, FeedFile, Line, Rejects
from lookup.feed.lines import LINE_OCTETS_MAX, TOO_LONG, Problem


async def lines(path: Path, offset: int = 0, number: int = 0) -> list[Line]:
    feed = FeedFile(path)
    try:
        return [line async for some in feed.lines(offset, number) for line in some]
    finally:
        feed.close()


def written(folder: Path, content: bytes, name: str = "feed.ndjson") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


async def test_lines_have_their_number_and_their_end(tmp_path: Path) -> None:
    path = written(tmp_path, b"\xef\xbb\xbfab\r\n\ncd")
    assert await lines(path) == [(1, 7, b"ab\r", None), (2, 8, b"", None), (3, 10, b"cd", None)]


async def test_a_line_of_10_mb_is_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path, b"a\n" + b"x" * 10_000_000 + b"\nb\n")
    first, long, last = await lines(path)
    assert (first.octets, last.octets) == (b"a", b"b")
    assert (long.number, long.octets, long.problem) == (2, None, TOO_LONG)


@pytest.mark.parametrize("octets", [LINE_OCTETS_MAX, LINE_OCTETS_MAX + 1])
async def test_the_limit_of_a_line_is_exact(tmp_path: Path, octets: int) -> None:
    (line,) = await lines(written(tmp_path, b"x" * octets + b"\n"))
    assert (line.octets is None) == (octets > LINE_OCTETS_MAX)


async def test_nul_octets_spoil_their_line_alone(tmp_path: Path) -> None:
    path = written(tmp_path, b"a\n" + b"b\0c\n" + b"d\n")
    assert [(line.octets, line.problem) for line in await lines(path)] == [
        (b"a", None),
        (None, NULS),
        (b"d", None),
    ]


async def test_lone_carriage_returns_end_lines_too(tmp_path: Path) -> None:
    path = written(tmp_path, b"kind,number,status\ra,1,b\ra,2,b\r", "feed.csv")
    feed = FeedFile(path)
    feed.close()
    assert feed.first_line == b"kind,number,status"
    assert [line.octets for line in await lines(path)] == [
        b"kind,number,status",
        b"a,1,b",
        b"a,2,b",
    ]


async def test_the_cut_last_line_of_a_csv_is_not_believed(tmp_path: Path) -> None:
    content = b"kind,number,status\na,1,b\na,750100000000431215,regis"
    *whole, last = await lines(written(tmp_path, content, "feed.CSV"))
    assert [line.problem for line in whole] == [None, None]
    assert (last.number, last.octets, last.problem) == (3, None, CUT)
    assert (await lines(written(tmp_path, content + b"\r\n", "feed.csv")))[-1].problem is None


async def test_what_is_appended_after_opening_is_not_read(tmp_path: Path) -> None:
    path = written(tmp_path, b"a\n")
    feed = FeedFile(path)
    try:
        with path.open("ab") as more:
            more.write(b"b\n")
        read = [line.octets async for some in feed.lines() for line in some]
    finally:
        feed.close()
    assert read == [b"a"]


async def test_a_file_cut_short_while_it_is_read_ends_there(tmp_path: Path) -> None:
    path = written(tmp_path, b"a\n" * READ_OCTETS)
    feed = FeedFile(path)
    try:
        reading = feed.lines()
        first = await anext(reading)
        path.write_bytes(b"")
        rest = [line async for some in reading for line in some]
        assert feed.changed
    finally:
        feed.close()
    assert len(first) == READ_OCTETS / 2
    assert rest == []


def test_whether_a_file_was_written_to_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, b"a\n")
    feed = FeedFile(path)
    try:
        written(tmp_path, b"b\n", "other").rename(path)
        assert not feed.changed  # what we read is whole
    finally:
        feed.close()
    feed = FeedFile(path)
    try:
        with path.open("ab") as more:
            more.write(b"c\n")
        assert feed.changed
    finally:
        feed.close()


def test_a_pipe_is_refused_before_it_is_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "feed.ndjson")
    with pytest.raises(OSError, match=r"no regular file.*feed\.ndjson"):
        FeedFile(tmp_path / "feed.ndjson")


PROBLEM = Problem("status", "is missing")


def told_in(rejects: Rejects) -> list[dict[str, Any]]:
    return [json.loads(entry) for entry in rejects.path.read_text(encoding="utf-8").splitlines()]


async def test_rejects_without_end_do_not_fill_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "REJECTS_OCTETS_MAX", 100)
    with Rejects(tmp_path / "feed.ndjson", None, 0) as rejects:
        for first in (1, 11):
            await rejects.add([(number, PROBLEM) for number in range(first, first + 10)])
        told = told_in(rejects)
        octets = rejects.octets
    assert [(entry["line"], entry["field"]) for entry in told] == [
        (1, "status"), (2, "status"), (2, "file"),
    ]  # fmt: skip
    with Rejects(tmp_path / "feed.ndjson", None, octets) as rejects:  # an import that goes on
        await rejects.add([(21, PROBLEM)])
        assert told_in(rejects) == told


def test_rejects_of_two_imports_do_not_mix(tmp_path: Path) -> None:
    with (
        Rejects(tmp_path / "a" / "feed.ndjson", tmp_path, 0),
        pytest.raises(BlockingIOError, match=r"another import.*feed\.ndjson\.rejected"),
    ):
        Rejects(tmp_path / "b" / "feed.ndjson", tmp_path, 0)


async def test_a_share_without_locks_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refused)
    with Rejects(tmp_path / "feed.ndjson", None, 0) as rejects:
        await rejects.add([(1, NULS)])
    assert [told["line"] for told in told_in(rejects)] == [1]


def test_a_link_in_the_place_of_the_rejects_is_not_followed(tmp_path: Path) -> None:
    other = written(tmp_path, b"precious", "other")
    (tmp_path / "feed.ndjson.rejected.ndjson").symlink_to(other)
    with pytest.raises(OSError, match="symbolic link"):
        Rejects(tmp_path / "feed.ndjson", None, 0)
    assert other.read_bytes() == b"precious"


@pytest.fixture
def small_files() -> Iterator[None]:
    """As on a disk with very little room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("small_files")
async def test_trouble_with_the_rejects_names_them(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError, match=r"feed\.ndjson\.rejected\.ndjson"),
        Rejects(tmp_path / "feed.ndjson", None, 0) as rejects,
    ):
        await rejects.add([(1, PROBLEM), (2, PROBLEM)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lines")


@given(st.lists(st.binary(max_size=20).map(lambda octets: octets.replace(b"\n", b"")), max_size=9))
async def test_reading_can_go_on_from_the_end_of_any_line(
    folder: Path, contents: list[bytes]
) -> None:
    path = written(folder, b"".join(b"%b\n" % content for content in contents))
    read = await lines(path)
    assert len(read) == len(contents)
    assert not read or read[-1].end == path.stat().st_size
    for index, line in enumerate(read, start=1):
        assert await lines(path, line.end, line.number) == read[index:]
