from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookup.feed.file import CUT, NULS, READ_OCTETS, FeedFile, Line
from lookup.feed.lines import LINE_OCTETS_MAX, TOO_LONG


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
    finally:
        feed.close()
    assert len(first) == READ_OCTETS / 2
    assert rest == []


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
