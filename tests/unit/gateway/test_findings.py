from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway import app
from gateway import findings as module
from gateway.core.records import WalkSeen
from gateway.findings import TOLD_AGAIN_US, WAITING_MAX, Findings
from gateway.store import Journal, StoreUnavailableError, open_store
from lookup.circulation import CIRCULATING
from lookup.compare import PAID_BUT_ENFORCED, Contradiction
from lookup.status import Found, NotFound, Partial, Status, TicketRecord, Unavailable, Wanted
from tests.support.feed import directory
from tests.support.records import ticket

AT = 1_795_150_800_000_000
PATIENCE_S = 5.0
BODY = directory()["tax-shymkent"]


class Counted:
    def __init__(self) -> None:
        self.open: list[int] = []
        self.dropped = 0
        self.news = asyncio.Event()

    def conflicts(self, count: int) -> None:
        self.open.append(count)
        self.news.set()

    def findings_dropped(self, count: int) -> None:
        self.dropped += count


class Desk:
    """Findings over a journal, with a clock in hand."""

    def __init__(self, journal: Journal) -> None:
        self.now_us = AT
        self.counted = Counted()
        self.journal = journal
        self.findings = Findings(journal, lambda: self.now_us, self.counted)

    def see(self, n: int = 1) -> None:
        number = f"1975{n:08}"
        sources = ("bailiffs", "treasury")
        self.findings.on_contradiction(Contradiction("fine", number, PAID_BUT_ENFORCED, sources))

    async def open_count(self) -> int:
        await self.findings.flush()
        return await self.journal.findings_left()


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    journal = await open_store(f"sqlite://{tmp_path / 'journal.db'}")
    yield Desk(journal)
    await journal.close()


def fine(number: str, conflict: str | None = None) -> TicketRecord:
    return ticket(number=number, kind="fine", conflict=conflict)


async def test_what_is_seen_is_kept_in_the_journal(desk: Desk) -> None:
    desk.see()
    await desk.findings.flush()
    (kept,) = await desk.journal.findings(0, 10)
    assert (kept.kind, kept.number, kept.rule) == ("fine", "197500000001", PAID_BUT_ENFORCED)
    assert (kept.sources, kept.found_us) == (("bailiffs", "treasury"), AT)


async def test_what_goes_from_body_to_body_is_kept_as_it_was_seen(desk: Desk) -> None:
    seen = ticket(number="7", forward_count=4, status="forwarded", first_filed_on=None)
    desk.findings.on_walk(seen, ("police",))
    desk.findings.on_walk(seen._replace(forward_count=5), ("police",))  # within the hour
    assert await desk.open_count() == 0  # it is no contradiction
    (kept,) = await desk.journal.findings(0, 10, walks=True)
    assert (kept.number, kept.rule, kept.sources) == ("7", CIRCULATING, ("police",))
    assert kept.walk == WalkSeen(4, seen.created_on, "forwarded", seen.status_on, None)
    desk.now_us += TOLD_AGAIN_US
    desk.findings.on_walk(seen._replace(status="explained", body=BODY), ("police",))
    await desk.findings.flush()
    (kept,) = await desk.journal.findings(0, 10, walks=True)
    assert kept.walk is not None
    assert (kept.walk.status, kept.walk.body) == ("explained", BODY.id)


async def test_what_circulates_is_not_asked_for_again_by_the_service(desk: Desk) -> None:
    async def nobody(wanted: Sequence[Wanted]) -> list[Status]:
        raise AssertionError(f"asked for {wanted}")

    desk.findings.on_walk(ticket(forward_count=4), ("police",))
    await desk.findings.flush()
    assert await desk.findings.recheck(nobody) == 0


async def test_a_ticket_asked_for_again_and_again_is_written_once_an_hour(desk: Desk) -> None:
    desk.see()
    await desk.findings.flush()
    desk.now_us += TOLD_AGAIN_US - 1
    desk.see()
    await desk.findings.flush()
    assert (await desk.journal.findings(0, 10))[0].seen_us == AT
    desk.now_us += 1
    desk.see()
    await desk.findings.flush()
    assert (await desk.journal.findings(0, 10))[0].seen_us == AT + TOLD_AGAIN_US


async def test_more_than_can_wait_are_dropped_and_counted_and_noted_when_seen_again(
    desk: Desk,
) -> None:
    for n in range(WAITING_MAX + 3):
        desk.see(n)
    assert desk.counted.dropped == 3
    assert await desk.open_count() == WAITING_MAX
    desk.see(WAITING_MAX + 2)
    assert await desk.open_count() == WAITING_MAX + 1


async def test_what_is_remembered_as_told_is_bounded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TOLD_MAX", 2)
    for n in (1, 2, 3):
        desk.see(n)
    await desk.findings.flush()
    desk.now_us += 1
    for n in (3, 1):
        desk.see(n)
    await desk.findings.flush()
    seen = {kept.number: kept.seen_us for kept in await desk.journal.findings(0, 10)}
    assert seen == {"197500000001": AT + 1, "197500000002": AT, "197500000003": AT}


async def test_what_the_journal_cannot_take_waits_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(found: object) -> None:
        raise StoreUnavailableError("away")

    desk.see()
    with monkeypatch.context() as broken:
        broken.setattr(desk.journal, "keep_findings", away)
        assert not await desk.findings.flush()
    assert await desk.open_count() == 1


async def test_what_a_store_that_is_away_misses_at_the_end_is_told_as_lost(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(found: object) -> None:
        raise StoreUnavailableError("away")

    desk.see()
    monkeypatch.setattr(desk.journal, "keep_findings", away)
    with capture_logs() as lines:
        await app.flush(desk.findings)
    assert "findings_lost" in [line["event"] for line in lines]


@pytest.mark.parametrize(
    ("status", "left"),
    [
        (Found((fine("197500000001"),)), 0),
        (NotFound(), 0),
        (Found((fine("197500000001", PAID_BUT_ENFORCED),)), 1),
        (Partial((fine("197500000001"),), ("bailiffs",)), 1),
        (Unavailable(("bailiffs",)), 1),
    ],
    ids=["agree", "gone", "still so", "one silent", "all silent"],
)
async def test_an_entry_is_cleared_once_every_system_has_answered_and_they_agree(
    desk: Desk, status: Status, left: int
) -> None:
    desk.see()
    assert await desk.open_count() == 1
    desk.now_us += 1

    async def find_many(wanted: Sequence[Wanted]) -> list[Status]:
        assert wanted == [Wanted("197500000001", ("fine",))]
        return [status]

    assert await desk.findings.recheck(find_many) == 1 - left
    assert await desk.open_count() == left


async def test_a_contradiction_that_comes_back_within_the_hour_opens_the_entry_anew(
    desk: Desk,
) -> None:
    async def agreeing(wanted: Sequence[Wanted]) -> list[Status]:
        return [NotFound() for _ in wanted]

    desk.see()
    await desk.findings.flush()
    desk.now_us += 1
    assert await desk.findings.recheck(agreeing) == 1
    desk.now_us += 1
    desk.see()
    assert await desk.open_count() == 1


async def test_every_open_entry_has_its_turn_though_some_never_clear(desk: Desk) -> None:
    for n in range(25):
        desk.see(n)
    await desk.findings.flush()
    asked: list[str] = []

    async def silent(wanted: Sequence[Wanted]) -> list[Status]:
        asked.extend(item.number for item in wanted)
        return [Unavailable(("bailiffs",)) for _ in wanted]

    for _ in range(4):
        await desk.findings.recheck(silent)
    assert len(asked) == 35
    assert len(set(asked)) == 25


async def test_writing_twice_at_once_does_no_harm(desk: Desk) -> None:
    for n in range(3):
        desk.see(n)
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(desk.findings.flush())
    assert await desk.open_count() == 3


@asynccontextmanager
async def at_work(desk: Desk) -> AsyncIterator[None]:
    """Its task at work; it asks anew as fast as it can."""

    async def nobody(wanted: Sequence[Wanted]) -> list[Status]:
        return [Unavailable(()) for _ in wanted]

    async with asyncio.TaskGroup() as group:
        running = group.create_task(desk.findings.run(nobody))
        yield
        running.cancel()


async def told(desk: Desk, count: int) -> None:
    """Wait until so many are told to be open."""
    async with asyncio.timeout(PATIENCE_S):
        while count not in desk.counted.open:
            desk.counted.news.clear()
            await desk.counted.news.wait()


async def test_the_task_writes_what_is_seen_and_tells_how_many_are_open(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RECHECK_EVERY_S", 0.0)
    async with at_work(desk):
        desk.see(1)
        desk.see(2)
        await told(desk, 2)


async def test_the_task_goes_on_after_the_journal_was_away(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.0)
    monkeypatch.setattr(module, "RECHECK_EVERY_S", 0.0)
    refused: list[str] = []

    def away_at_first(name: str) -> None:
        verb = getattr(desk.journal, name)

        async def wrapped(*values: Any, **more: Any) -> Any:
            if refused.count(name) < 2:
                refused.append(name)
                raise StoreUnavailableError("away")
            return await verb(*values, **more)

        monkeypatch.setattr(desk.journal, name, wrapped)

    away_at_first("keep_findings")
    away_at_first("findings")
    async with at_work(desk):
        desk.see()
        await told(desk, 1)
    assert sorted(refused) == ["findings", "findings", "keep_findings", "keep_findings"]
