"""kill -9 at seeded moments while bodies push: what was answered is there, and whatever was not is
stored once when it is sent again.

TEST_KILLS says how often it is done (5 when not set), TEST_SEED when (1).
"""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path
from typing import Any

import aiohttp

from lookup.registry.source import Registry
from tests.support.pushing import FEEDS, Pushed, make_key, push
from tests.support.service import serving
from tests.support.tallied import assert_tallied

KILLS = int(os.environ.get("TEST_KILLS", "5"))
SEED = int(os.environ.get("TEST_SEED", "1"))
CLIENTS = 6
FIRST = 61_200_000_090_000_000
ANSWERS_BEFORE_KILL = (1, 60)  # of a life
STATUSES = ("in_review", "forwarded", "extended", "satisfied")


def ticket(pushed: int) -> dict[str, Any]:
    """Every ticket is pushed four times, each a new version."""
    number, version = divmod(pushed, len(STATUSES))
    return {
        "kind": "appeal",
        "number": f"{FIRST + number:018d}",
        "status": STATUSES[version],
        "version": version,
        "body_id": "almaty-akimat",
        "events": [
            {"source_event_id": f"{version}", "seq": version, "at": "2026-11-20", "stage": "x"}
        ],
    }


async def test_what_was_answered_is_there_and_a_repeat_is_stored_once(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    answered: dict[int, Pushed] = {}
    begun: set[int] = set()
    async with serving(tmp_path, feeds=FEEDS) as service:
        key = await make_key(service, "aikyn", "almaty-akimat")
        for _ in range(KILLS):
            left = chance.randint(*ANSWERS_BEFORE_KILL)

            async def client(first: int) -> None:
                nonlocal left
                for n in range(first, 10**6, CLIENTS * len(STATUSES)):
                    for pushed in range(n, n + len(STATUSES)):
                        if pushed in answered:
                            continue
                        begun.add(pushed)
                        try:
                            told = await push(service, key, ticket(pushed), f"p-{pushed}")
                        except aiohttp.ClientError:
                            return
                        assert told.status in {200, 201}, told
                        answered[pushed] = told
                        left -= 1
                        if not left:
                            await service.kill()
                            return

            async with asyncio.TaskGroup() as clients:
                for at in range(CLIENTS):
                    clients.create_task(client(at * len(STATUSES)))
            await service.start()
            open_ones = begun - answered.keys()
            assert len(open_ones) <= CLIENTS
            for pushed in sorted(open_ones):
                told = await push(service, key, ticket(pushed), f"p-{pushed}")
                assert told.json["result"] in {"added", "updated"}, "stored once, before or now"
                answered[pushed] = told
            for pushed in chance.sample(sorted(answered), min(20, len(answered))):
                again = await push(service, key, ticket(pushed), f"p-{pushed}")
                assert again == answered[pushed]
        await service.kill()
    assert_tallied(tmp_path / "tickets.db")
    last = {ticket(pushed)["number"]: pushed for pushed in sorted(answered)}
    registry = await Registry.open(tmp_path / "tickets.db")
    try:
        for number, pushed in last.items():
            (found,) = await registry.show(number)
            assert found.record.status == ticket(pushed)["status"]
            assert len(found.events) == pushed % len(STATUSES) + 1
    finally:
        await registry.close()
