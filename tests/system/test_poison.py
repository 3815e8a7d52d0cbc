"""A text that makes our own code fail: that question is set aside, and the stream goes on."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from smpp.simulator import RetrySchedule, Smsc
from tests.support import poisoned
from tests.support.service import (
    JAUAP,
    SECRET,
    LinkTo,
    Service,
    serving,
    write_open_tickets,
)

FIRST = 61_200_000_050_000_000
PROGRAM = (sys.executable, "-P", str(Path(poisoned.__file__)))
SOON = RetrySchedule(response_timeout_s=2.0, after_s=(0.1,) * 100)
POISONED = ("77010000661", "77010000662")
HEALTHY = [f"770100006{n}" for n in range(70, 75)]
PRICE_TIYN = 1_500


def number(ending: str) -> str:
    return f"{FIRST:018d}"[:-4] + ending


@asynccontextmanager
async def poisoned_service(folder: Path) -> AsyncIterator[tuple[Smsc, Service]]:
    feed = write_open_tickets(folder / "feed.ndjson", FIRST, 1_000)
    async with (
        Smsc(password=SECRET, retry=SOON) as smsc,
        serving(folder, LinkTo("operator", smsc.port), program=PROGRAM, tickets=[feed]) as service,
    ):
        yield smsc, service


async def parked(service: Service) -> list[dict[str, object]]:
    done = await service.command("questions", "parked", "-c", str(service.settings), "--json")
    rows: list[dict[str, object]] = json.loads(done.out)
    assert done.code == bool(rows), done.err
    return rows


async def replay(service: Service, rows: list[dict[str, object]]) -> None:
    ids = [str(row["id"]) for row in rows]
    done = await service.command("questions", "replay", "-c", str(service.settings), *ids)
    assert (done.code, done.out) == (0, f"{len(ids)} of {len(ids)} handed back\n"), done


async def poison(smsc: Smsc, service: Service) -> None:
    """Both poisonous texts among healthy ones; all of it is acknowledged."""
    endings = (poisoned.UNREADABLE, poisoned.UNSPEAKABLE)
    for phone, ending in zip(POISONED, endings, strict=True):
        result = await smsc.send_mo(phone, number(ending))
        assert (result.ok, result.attempts) == (True, 1), "acknowledged, so it never comes back"
    for n, phone in enumerate(HEALTHY):
        assert (await smsc.send_mo(phone, number(f"{n:04}"))).ok
        assert f"*{n:04}" in (await smsc.next_mt(phone)).text
    assert await service.metric("jauap_parked_total") == len(POISONED)


async def test_row_m6_poison_is_parked_and_acknowledged_while_the_stream_goes_on(
    tmp_path: Path,
) -> None:
    async with poisoned_service(tmp_path) as (smsc, service):
        await poison(smsc, service)
        assert len(await parked(service)) == len(POISONED)
        assert (await service.get("/health/ready"))[0] == 200
        assert await service.stop() == 0
        assert (await service.verify())["findings"] == []
        books = await service.export()
        rows = {row["msisdn"]: row for row in books.questions}
        for phone in POISONED:
            assert rows[phone]["outcome"] == "parked"
            assert rows[phone]["charged_tiyn"] + rows[phone]["credited_tiyn"] == 0
            assert not smsc.inbox(phone)


async def test_row_m6_what_was_parked_is_answered_after_its_replay(tmp_path: Path) -> None:
    async with poisoned_service(tmp_path) as (smsc, service):
        await poison(smsc, service)
        rows = await parked(service)
        await replay(service, rows)
        assert await service.stop() == 0
        service.program = JAUAP  # mended
        await service.start()
        for phone, ending in zip(POISONED, ("0666", "0667"), strict=True):
            assert f"*{ending}" in (await smsc.next_mt(phone)).text
        assert await parked(service) == []
        assert await service.stop() == 0
        assert (await service.verify())["findings"] == []
        books = {row["msisdn"]: row for row in (await service.export()).questions}
        for phone in POISONED:
            assert books[phone]["outcome"] == "answered"
            assert 0 <= books[phone]["charged_tiyn"] + books[phone]["credited_tiyn"] <= PRICE_TIYN


async def test_row_m6_what_fails_again_after_its_replay_is_parked_again(tmp_path: Path) -> None:
    async with poisoned_service(tmp_path) as (smsc, service):
        await poison(smsc, service)
        await replay(service, await parked(service))
        assert await service.stop() == 0
        await service.start()  # the same program: nobody has mended it
        await service.counted("jauap_parked_total", len(POISONED))
        assert (await smsc.send_mo(HEALTHY[0], number("0100"))).ok
        assert "*0100" in (await smsc.next_mt(HEALTHY[0])).text
        assert len(await parked(service)) == len(POISONED)
        assert await service.stop() == 0
        assert (await service.verify())["findings"] == []
