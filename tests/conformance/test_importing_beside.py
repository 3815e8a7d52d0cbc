"""A large file is read by a process of its own: the same stored, the same told, nothing left."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gateway.keys import KEY_OCTETS, Keys
from lookup.feed.lines import LINE_OCTETS_MAX
from lookup.feed.report import ImportReport
from lookup.registry import importing, reading
from lookup.registry.importing import ImportProgress, import_tickets
from lookup.registry.source import Registry
from lookup.registry.sqlite import RegistryError
from tests.support.feed import appeal, fine, line, write_feed
from tests.support.tallied import assert_tallied
from tests.support.tickets import write_tickets

KEYS = Keys(bytes(KEY_OCTETS))  # what hashes phones is sent to the process
START = 750100000000000000
MANY = 40_000  # more than one chunk


@pytest.fixture(autouse=True)
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BULK_FILE_OCTETS_MIN", 0)


@pytest.fixture
async def registry(tmp_path: Path) -> AsyncIterator[Registry]:
    opened = await Registry.open(tmp_path / "tickets.db", create=True)
    yield opened
    await opened.close()


async def load(registry: Registry, feed: Path, **more: Any) -> ImportReport:
    return await import_tickets(
        registry, [feed], hash_phone=KEYS.owner, pause_ms=0, **{"beside": True} | more
    )


def children() -> set[str]:
    own = os.getpid()
    return set(Path(f"/proc/{own}/task/{own}/children").read_text(encoding="ascii").split())


async def test_it_stores_and_tells_what_reading_here_does(
    registry: Registry, tmp_path: Path
) -> None:
    feed = write_feed(
        tmp_path / "feed.ndjson",
        appeal(),
        b"{",
        b"",
        fine(owner_phones=["+77010000014", "no"], clerk="A"),
        b"\xff",
        b"x" * (LINE_OCTETS_MAX + 1),
        appeal(status="lost", body_id="nowhere", status_at="2026-11-01"),
        line(fine(kind="riddle")),
    )
    beside = await load(registry, feed)
    told = beside.rejects[0].read_bytes()
    other = await Registry.open(tmp_path / "other.db", create=True)
    try:
        here = await load(other, feed, beside=False)
        assert await registry.show(fine()["number"]) == await other.show(fine()["number"])
        assert await registry.show(appeal()["number"]) == await other.show(appeal()["number"])
    finally:
        await other.close()
    assert beside == here
    assert told == here.rejects[0].read_bytes()
    assert [json.loads(entry)["line"] for entry in told.splitlines()] == [2, 5, 6]
    assert (here.added, here.updated, here.rejected) == (3, 1, 3)


async def test_csv_is_read_beside_too(registry: Registry, tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_text("kind;number;status\nfine;1;paid\nfine;2;\n", encoding="utf-8")
    report = await load(registry, feed)
    assert (report.added, report.rejected) == (1, 1)


async def test_an_import_killed_between_chunks_goes_on_from_there(
    registry: Registry, tmp_path: Path
) -> None:
    feed = tmp_path / "feed.ndjson"
    write_tickets(feed, START, MANY)
    before = children()
    told: list[ImportProgress] = []

    def stop(progress: ImportProgress) -> None:
        told.append(progress)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await load(registry, feed, on_progress=stop)
    assert children() == before
    assert (await registry.stats()).tickets == told[0].lines < MANY
    assert_tallied(registry.path)
    report = await load(registry, feed)
    assert (report.lines, report.added, report.resumed) == (MANY, MANY, ("feed.ndjson",))


async def test_many_are_stored_at_once_only_while_all_are_new(
    registry: Registry, tmp_path: Path
) -> None:
    feed = tmp_path / "feed.ndjson"
    write_tickets(feed, START, MANY)
    told: list[int] = []

    async def steps() -> list[int]:
        told.clear()
        report = await load(registry, feed, on_progress=lambda step: told.append(step.lines))
        assert report.lines == told[-1] == MANY
        return [after - before for before, after in pairwise([0, *told])]

    frame = reading.FRAME_LINES_MAX
    assert await steps() == [frame, reading.BULK_LINES_MAX, MANY - frame - reading.BULK_LINES_MAX]
    assert max(await steps()) == frame


async def test_an_import_given_up_leaves_no_process(registry: Registry, tmp_path: Path) -> None:
    feed = tmp_path / "feed.ndjson"
    write_tickets(feed, START, MANY)
    before = children()
    begun = asyncio.Event()
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        work = group.create_task(load(registry, feed, on_progress=lambda _: begun.set()))
        await begun.wait()
        work.cancel()
    assert work.cancelled()
    assert children() == before


async def test_a_reading_process_that_dies_is_told_and_what_is_stored_stays(
    registry: Registry, tmp_path: Path
) -> None:
    feed = tmp_path / "feed.ndjson"
    write_tickets(feed, START, 4 * MANY)
    before = children()

    def kill(progress: ImportProgress) -> None:
        for pid in children() - before:
            os.kill(int(pid), signal.SIGKILL)

    with pytest.raises(RegistryError, match=r"the process that read .* ended"):
        await load(registry, feed, on_progress=kill)
    stored = (await registry.stats()).tickets
    assert 0 < stored < 4 * MANY


async def test_a_file_changed_before_the_process_opens_it_is_not_read(
    registry: Registry, tmp_path: Path
) -> None:
    feed = write_feed(tmp_path / "feed.ndjson", appeal())
    reader = reading.Reader(
        importing.parse_ndjson, KEYS.owner, importing.Known(frozenset(), importing.STATUSES)
    )
    start = reading.Start(feed, "another identity", 0, 0)
    async with aclosing(reading.read_beside(reader, start)) as read:
        with pytest.raises(RegistryError, match="changed"):
            await anext(read)
