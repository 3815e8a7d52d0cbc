"""Batches of the feeds API: NDJSON both ways, streamed. Answers are held against the contract."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from gateway.web.api import BATCH_PATH
from gateway.web.api_batch import GROUP_LINES_MAX
from lookup.feed.lines import LINE_OCTETS_MAX
from lookup.registry.feed_keys import id_of
from tests.support import feed
from tests.support.feeds_api import AKIMAT, LIMITS, NOW_US, TAX, Api, Told, feeds_api

NDJSON = "application/x-ndjson"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    async with feeds_api(tmp_path) as serving:
        yield serving


def ticket(running: int, **changes: object) -> dict[str, Any]:
    values = {"number": f"{running:018d}", "body_id": AKIMAT, "events": [], "owner_phones": []}
    return feed.appeal(**(values | changes))


@asynccontextmanager
async def wire(
    api: Api, key: str, length: str
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection by hand on which a batch has begun; `length` is a header."""
    server = api.client.server
    reader, writer = await asyncio.open_connection(server.host, server.port)
    head = (
        f"POST {BATCH_PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\n"
        f"Content-Type: {NDJSON}\r\n{length}\r\n\r\n"
    )
    writer.write(head.encode())
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


def results(told: Told) -> list[str]:
    return [line["result"] for line in told.lines]


async def test_steps_that_a_ticket_has_no_room_for_are_told(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookup.registry.merge.STEPS_MAX", 3)
    key = await api.key()
    steps = [feed.event(seq, "2026-10-05", "in_review") for seq in range(1, 6)]
    told = await api.batch(
        key,
        ticket(1, events=steps[:2]),
        ticket(2, events=steps[:2]),
        ticket(1, events=steps[2:]),
        ticket(2, events=steps[2:3]),
    )
    assert [line["result"] for line in told.lines[:4]] == ["added", "added", "updated", "updated"]
    warned = [[each["field"] for each in line.get("warnings", [])] for line in told.lines[:4]]
    assert warned == [[], [], ["events"], []]


async def test_each_line_is_told_by_its_place_and_the_last_line_is_the_end(api: Api) -> None:
    key = await api.key()
    told = await api.batch(
        key,
        ticket(1, version=2),
        b"",
        b"{broken",
        ticket(2, body_id=TAX),
        ticket(1, version=1),
        ticket(1, version=2),
        ticket(3) | {"colour": "red"},
        ticket(4, status="lost"),
    )
    assert (told.status, told.headers["Content-Type"]) == (200, NDJSON)
    *lines, end = told.lines
    assert [(line["line"], line["result"], line.get("field")) for line in lines] == [
        (1, "added", None),
        (3, "rejected", "line"),
        (4, "rejected", "body_id"),
        (5, "stale", None),
        (6, "unchanged", None),
        (7, "rejected", "colour"),
        (8, "added", None),
    ]
    assert [line.get("number") for line in lines] == [
        f"{1:018d}", None, f"{2:018d}", f"{1:018d}", f"{1:018d}", f"{3:018d}", f"{4:018d}",
    ]  # fmt: skip
    assert lines[3]["stored"]["version"] == 2
    assert lines[6]["warnings"][0]["field"] == "status"
    counts = {"added": 2, "rejected": 3, "stale": 1, "unchanged": 1}
    assert end == {"result": "ended", "counts": counts}
    assert api.counted.pushes == counts


async def test_an_empty_batch_ends(api: Api) -> None:
    assert (await api.batch(await api.key())).lines == [{"result": "ended", "counts": {}}]


async def test_a_last_line_needs_no_line_end(api: Api) -> None:
    told = await api.ask("POST", BATCH_PATH, await api.key(), feed.line(ticket(1)), NDJSON)
    assert results(told) == ["added", "ended"]


async def test_a_line_is_judged_by_what_the_lines_before_it_did(api: Api) -> None:
    told = await api.batch(
        await api.key(),
        ticket(1, version=1),
        ticket(1, version=2, body_id=TAX),
        ticket(1, version=3),
    )
    assert results(told) == ["added", "updated", "rejected", "ended"]
    assert told.lines[2]["field"] == "number"


async def test_a_line_that_is_too_long_does_not_stop_the_others(api: Api) -> None:
    long = b'{"kind": "' + b"x" * (10 * LINE_OCTETS_MAX) + b'"}'
    told = await api.batch(await api.key(), ticket(1), long, ticket(2))
    assert results(told) == ["added", "rejected", "added", "ended"]
    assert "longer than" in told.lines[1]["reason"]


async def test_results_come_while_lines_are_still_sent(api: Api) -> None:
    lines = [feed.line(ticket(n)) + b"\n" for n in range(GROUP_LINES_MAX + 1)]
    first_told = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"".join(lines[:-1])
        await first_told.wait()
        yield lines[-1]

    headers = {"Authorization": await api.key(), "Content-Type": NDJSON}
    async with (
        asyncio.timeout(20),
        api.client.post(BATCH_PATH, data=body(), headers=headers) as response,
    ):
        told = [json.loads(await response.content.readline()) for _ in range(GROUP_LINES_MAX)]
        assert len(await api.found(f"{GROUP_LINES_MAX - 1:018d}")) == 1, "it is stored by then"
        first_told.set()
        told += [json.loads(line) for line in (await response.read()).splitlines()]
    assert [line.get("line") for line in told] == [*range(1, GROUP_LINES_MAX + 2), None]


@pytest.mark.parametrize("sizes", [1, 7, 4_096])
async def test_lines_may_come_in_pieces_of_any_size(api: Api, sizes: int) -> None:
    octets = b"".join(feed.line(ticket(n)) + b"\n" for n in range(5))

    async def body() -> AsyncIterator[bytes]:
        for at in range(0, len(octets), sizes):
            yield octets[at : at + sizes]

    told = await api.ask("POST", BATCH_PATH, await api.key(), body(), NDJSON)
    assert results(told) == [*["added"] * 5, "ended"]


# -- repeats


async def test_a_repeated_batch_is_answered_as_before_and_stores_nothing(api: Api) -> None:
    key = await api.key()
    lines = [ticket(n) for n in range(GROUP_LINES_MAX + 5)]
    first = await api.batch(key, *lines, Idempotency_Key="night-1")
    assert first.lines[-1]["counts"] == {"added": GROUP_LINES_MAX + 5}
    again = await api.batch(key, *lines, Idempotency_Key="night-1")
    assert again.octets == first.octets
    without = await api.batch(key, *lines)
    assert without.lines[-1]["counts"] == {"unchanged": GROUP_LINES_MAX + 5}


async def test_a_batch_that_broke_off_goes_on_by_its_repeat(api: Api) -> None:
    key = await api.key()
    lines = [ticket(n) for n in range(GROUP_LINES_MAX + 5)]
    await api.batch(key, *lines[:GROUP_LINES_MAX], Idempotency_Key="night-2")
    told = await api.batch(key, *lines, Idempotency_Key="night-2")
    assert told.lines[-1]["counts"] == {"added": GROUP_LINES_MAX + 5}
    assert api.counted.pushes == {"added": GROUP_LINES_MAX + 5, "repeated": GROUP_LINES_MAX}


async def test_another_batch_under_the_same_key_is_refused_or_stopped(api: Api) -> None:
    key = await api.key()
    lines = [ticket(n) for n in range(GROUP_LINES_MAX + 1)]
    await api.batch(key, *lines, Idempotency_Key="night-3")
    told = await api.batch(key, ticket(1), Idempotency_Key="night-3")
    assert (told.status, told.json["errors"][0]["field"]) == (422, "Idempotency-Key")
    told = await api.batch(key, *lines[:-1], ticket(9_999), Idempotency_Key="night-3")
    assert told.lines[-1]["result"] == "stopped"
    assert "Idempotency-Key" in told.lines[-1]["reason"]
    assert await api.found(f"{9_999:018d}") == []


# -- limits


async def test_a_key_has_one_batch_at_a_time(api: Api) -> None:
    key, other = await api.key(), await api.key(TAX)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        begun.set()
        yield b"\n"
        await go_on.wait()

    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(api.ask("POST", BATCH_PATH, key, body(), NDJSON))
        await begun.wait()
        told = await _until_running(api, key)
        assert (told.status, told.kind) == (429, "batch-running")
        assert int(told.headers["Retry-After"]) >= 1
        assert (await api.batch(other)).status == 200
        go_on.set()
    assert results(first.result()) == ["ended"]
    assert (await api.batch(key)).status == 200


async def _until_running(api: Api, key: str) -> Told:
    """The first batch is on the server's side a moment after its client began."""
    async with asyncio.timeout(10):
        while (told := await api.batch(key)).status == 200:
            pass
        return told


async def test_a_batch_with_too_many_lines_is_stopped_after_the_last_that_may_come(
    tmp_path: Path,
) -> None:
    async with feeds_api(tmp_path, replace(LIMITS, batch_lines_max=GROUP_LINES_MAX)) as api:
        told = await api.batch(await api.key(), *(ticket(n) for n in range(GROUP_LINES_MAX + 1)))
        end = told.lines[-1]
        assert end["counts"] == {"added": GROUP_LINES_MAX}
        assert (end["result"], end["reason"]) == ("stopped", f"more than {GROUP_LINES_MAX} lines")


async def test_a_batch_of_too_much_with_nothing_in_it_is_told_so_and_not_as_a_slow_one(
    tmp_path: Path,
) -> None:
    """A 408 is sent again by many clients of its own accord."""
    limits = replace(LIMITS, batch_lines_max=1_000, batch_octets_max=100_000)
    async with feeds_api(tmp_path, limits) as api:
        key = await api.key()

        async def body(octets: bytes) -> AsyncIterator[bytes]:
            for _ in range(30):
                yield octets

        for octets, reason in ((b"\n" * 100, "1000 lines"), (b" " * 10_000, "100000 octets")):
            told = await api.ask("POST", BATCH_PATH, key, body(octets), NDJSON)
            assert (told.status, told.kind) == (413, "size")
            assert told.json["detail"] == f"more than {reason}"


async def test_a_batch_that_says_that_it_is_too_large_is_refused_and_one_that_is_stopped(
    tmp_path: Path,
) -> None:
    async with feeds_api(tmp_path, replace(LIMITS, batch_octets_max=600_000)) as api:
        key = await api.key()
        lines = [feed.line(ticket(n)) + b"\n" for n in range(2_000)]

        async def body() -> AsyncIterator[bytes]:
            for line in lines:
                yield line

        told = await api.ask("POST", BATCH_PATH, key, BytesIO(b"".join(lines)), NDJSON)
        assert (told.status, told.kind) == (413, "size")
        told = await api.ask("POST", BATCH_PATH, key, body(), NDJSON)
        assert told.lines[-1]["reason"] == "more than 600000 octets"
        assert told.lines[-1]["counts"]["added"] == len(told.lines) - 1


async def test_a_client_that_sends_nothing_more_is_let_go(tmp_path: Path) -> None:
    async with feeds_api(tmp_path, replace(LIMITS, idle_s=0.1)) as api:
        key = await api.key()
        never = asyncio.Event()

        async def body(lines: int) -> AsyncIterator[bytes]:
            for n in range(lines):
                yield feed.line(ticket(n)) + b"\n"
            await never.wait()

        told = await api.ask("POST", BATCH_PATH, key, body(1), NDJSON)
        assert (told.status, told.kind) == (408, "stopped")
        told = await api.ask("POST", BATCH_PATH, key, body(GROUP_LINES_MAX), NDJSON)
        assert told.lines[-1]["reason"] == "the next line did not come"


async def test_a_client_that_sends_an_octet_at_a_time_is_let_go(tmp_path: Path) -> None:
    async with feeds_api(tmp_path, replace(LIMITS, idle_s=0.2)) as api, asyncio.timeout(20):
        key = await api.key()
        never = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            while True:
                yield b" "
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.02):
                        await never.wait()

        told = await api.ask("POST", BATCH_PATH, key, body(), NDJSON)
        assert (told.status, told.kind) == (408, "stopped")


async def test_a_client_that_has_gone_leaves_what_was_stored_and_its_key_free(api: Api) -> None:
    key = await api.key()
    lines = b"".join(feed.line(ticket(n)) + b"\n" for n in range(GROUP_LINES_MAX))
    async with asyncio.timeout(10):
        async with wire(api, key, "Content-Length: 999999999") as (reader, writer):
            writer.write(lines)
            await reader.readuntil(b'"line":1,')
        while (await api.batch(key)).status == 429:
            pass
    assert len(await api.found(f"{GROUP_LINES_MAX - 1:018d}")) == 1


async def test_a_client_that_does_not_read_its_results_is_let_go(tmp_path: Path) -> None:
    async with feeds_api(tmp_path, replace(LIMITS, idle_s=0.3)) as api, asyncio.timeout(40):
        key = await api.key()
        lines = b"0\n" * 250_000
        async with wire(api, key, "Transfer-Encoding: chunked") as (_, writer):
            lost = False
            while not lost:
                try:
                    writer.write(b"%x\r\n%b\r\n" % (len(lines), lines))
                    await writer.drain()
                except ConnectionError:
                    lost = True
        assert (await api.batch(key)).status == 200


async def test_a_chunk_that_is_no_chunk_ends_the_batch(tmp_path: Path) -> None:
    async with feeds_api(tmp_path, replace(LIMITS, idle_s=0.3)) as api, asyncio.timeout(10):
        key = await api.key()
        async with wire(api, key, "Transfer-Encoding: chunked") as (reader, writer):
            writer.write(b"1\r\n\n\r\n")
            await _until_running(api, key)
            writer.write(b"nonsense\r\n\r\n")
            assert (await reader.read(12)).startswith(b"HTTP/1.1 4")
        while (await api.batch(key)).status == 429:
            pass


async def test_a_key_that_is_revoked_ends_its_batch_at_the_next_group(api: Api) -> None:
    key = await api.key()
    lines = [feed.line(ticket(n)) + b"\n" for n in range(GROUP_LINES_MAX + 1)]
    revoked = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"".join(lines[:-1])
        await revoked.wait()
        yield lines[-1]

    headers = {"Authorization": key, "Content-Type": NDJSON}
    async with (
        asyncio.timeout(20),
        api.client.post(BATCH_PATH, data=body(), headers=headers) as response,
    ):
        await response.content.readline()
        await api.store.revoke_key(str(id_of(key.removeprefix("Bearer "))), NOW_US)
        revoked.set()
        *_, end = (await response.read()).splitlines()
    assert json.loads(end) == {
        "result": "stopped",
        "counts": {"added": GROUP_LINES_MAX},
        "reason": "this key has ended",
    }
    assert await api.found(f"{GROUP_LINES_MAX:018d}") == []


async def test_a_service_that_stops_ends_a_batch_that_waits(tmp_path: Path) -> None:
    begun = asyncio.Event()
    never = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        for n in range(GROUP_LINES_MAX):
            yield feed.line(ticket(n)) + b"\n"
        begun.set()
        await never.wait()

    async with asyncio.TaskGroup() as tasks, feeds_api(tmp_path) as api:
        key = await api.key()
        asked = tasks.create_task(api.ask("POST", BATCH_PATH, key, body(), NDJSON))
        await begun.wait()
        async with asyncio.timeout(10):
            while not await api.found(f"{GROUP_LINES_MAX - 1:018d}"):
                pass
        async with asyncio.timeout(4):
            await api.client.app.shutdown()
            told = await asked
        late = await api.batch(key, ticket(1))
        assert (late.status, late.kind) == (503, "busy")
    assert told.lines[-1]["reason"] == "the service is stopping"
