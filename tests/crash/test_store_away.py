"""The store fails while the service runs: it says "later", says that it is not ready, and goes on
by itself once the store is back."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from smpp.simulator import Chaos, RetrySchedule, Smsc
from tests.support.service import SECRET, LinkTo, Service, serving

SOON = RetrySchedule(response_timeout_s=5.0, after_s=(0.1,) * 200)
NOT_READY_S = 5.0  # from the first failure until /health/ready says so
BACK_S = 30.0
NUMBER = "061200000012345678"
PHONES = [f"770100000{n:02}" for n in range(20)]

Fault = Callable[[Service], AbstractContextManager[None]]


@contextmanager
def locked(service: Service) -> Iterator[None]:
    """A stranger holds the journal's write lock."""
    with closing(sqlite3.connect(service.folder / "journal.db", isolation_level=None)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        yield
        stranger.execute("ROLLBACK")


@contextmanager
def full(service: Service) -> Iterator[None]:
    """No file of the process may grow any more, nor be written beyond its first octet."""
    before = resource.prlimit(service.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (1, before[1]))
    yield
    resource.prlimit(service.pid, resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("fault", [locked, full])
async def test_questions_are_put_off_while_the_store_is_away_and_answered_when_it_is_back(
    tmp_path: Path, fault: Fault
) -> None:
    async with (
        Smsc(password=SECRET, retry=SOON, window=len(PHONES)) as smsc,
        serving(tmp_path, LinkTo("operator", smsc.port)) as service,
    ):
        assert (await smsc.send_mo("77010000099", NUMBER)).ok
        async with asyncio.TaskGroup() as group:
            with fault(service):
                asking = [group.create_task(smsc.send_mo(phone, NUMBER)) for phone in PHONES]
                body = await service.readiness(503, NOT_READY_S)
                assert body["store"]["writable"] is False
                assert body["links"] == {"operator": True}, "the bind survives"
                await service.counted("jauap_refused_total", len(PHONES))
                assert not any(task.done() for task in asking), "a false OK"
                assert not smsc.inbox(PHONES[0])
            await service.readiness(200, BACK_S)
            async with asyncio.timeout(BACK_S):
                results = [await task for task in asking]
        assert all(result.ok for result in results)
        assert sum(result.attempts for result in results) > len(PHONES)
        for phone in PHONES:
            await smsc.next_mt(phone)
        assert service.lives == 1
        assert smsc.counters["taken"] == len(PHONES) + 1, "each is answered once"
        assert await service.stop() == 0
        assert (await service.verify())["findings"] == []
        rows = (await service.export()).questions
        assert sorted(row["msisdn"] for row in rows) == sorted([*PHONES, "77010000099"])
        assert {row["charged_tiyn"] for row in rows} == {1_500}
        assert {row["duplicates"] for row in rows} == {0}, "nothing of a refused one is stored"


async def test_outcomes_wait_in_memory_while_the_store_is_away(tmp_path: Path) -> None:
    """A response that comes while nothing can be written is written later, not forgotten."""
    late = Chaos(late_percent=100, late_ms=1_000)
    async with (
        Smsc(password=SECRET, retry=SOON, chaos=late) as smsc,
        serving(tmp_path, LinkTo("operator", smsc.port)) as service,
    ):
        assert (await smsc.send_mo(PHONES[0], NUMBER)).ok
        await smsc.next_mt(PHONES[0])
        with full(service):
            await service.counted("jauap_settled_total", 1)  # known, and not yet written
            await service.readiness(503, NOT_READY_S)
        await service.readiness(200, BACK_S)
        await service.counted("jauap_receipts_total", 1)
        assert await service.stop() == 0
        (reply,) = (await service.export()).replies
        assert (reply["outcome"], reply["submit_status"]) == ("delivered", 0)
        assert smsc.counters["taken"] == 1
