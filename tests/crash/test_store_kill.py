"""kill -9 of a process that writes the journal: what it had acknowledged is there."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from gateway.core.records import QuestionState
from gateway.store import open_store
from tests.support.journal import AT, KEYS, TODAY

ROOT = Path(__file__).parents[2]

WRITER = r"""
import asyncio, itertools, sys
from gateway.store import open_store
from tests.support.journal import KEYS, answer, question, reply, sent

async def write(store, numbers):
    for n in numbers:
        asked = question(n)
        await store.take([asked], [answer(asked)])
        await store.settle([sent(reply(asked), f"M{n}")])
        sys.stdout.write(f"{asked.id}\n")
        sys.stdout.flush()

async def main():
    store = await open_store(sys.argv[1], keys=KEYS)
    async with asyncio.TaskGroup() as tasks:
        for k in range(8):
            tasks.create_task(write(store, itertools.count(k + 1, 8)))

asyncio.run(main())
"""


@pytest.mark.parametrize("acknowledged", [1, 60, 400])
def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, acknowledged: int) -> None:
    path = tmp_path / "journal.db"
    url = f"sqlite://{path}"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, url],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as writer:
        assert writer.stdout is not None
        told = [int(writer.stdout.readline()) for _ in range(acknowledged)]
        writer.send_signal(signal.SIGKILL)
        # The last line may have been cut off in the middle by the kill.
        told += [int(line) for line in writer.stdout.readlines() if line.endswith("\n")]
    assert writer.returncode == -signal.SIGKILL

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    asyncio.run(check(url, told))


async def check(url: str, told: list[int]) -> None:
    store = await open_store(url, keys=KEYS)
    await store.recover(AT)
    found = {chain.question_id: chain async for chain in store.chains(TODAY, TODAY)}
    assert set(told) <= set(found)
    for chain in found.values():  # each whole, acknowledged or not
        assert chain.state is QuestionState.ANSWERED
        assert [str(one.kind) for one in chain.entries] == ["rated", "charged"]
        assert len(chain.replies) == 1
    assert all(found[question_id].replies[0].message_id for question_id in told)
    assert await store.stray_entries(9) == []
    await store.close()
