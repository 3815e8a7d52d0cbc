"""A body pushes a status by HTTP, and a citizen who asks by SMS gets it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.web.api_batch import GROUP_LINES_MAX
from smpp.simulator import Smsc
from tests.support.dying import MARK
from tests.support.pushing import FEEDS, Pushed, make_key, push
from tests.support.service import (
    FAR,
    SECRET,
    LinkTo,
    serving,
    write_open_tickets,
)

FIRST = 61_200_000_080_000_000
NUMBER = f"{FIRST:018d}"
AKIMAT = "almaty-akimat"
AT_NO_TIME = {"status_at": None}
PHONES = [f"7701000080{n}" for n in range(4)]
DYING = (sys.executable, "-m", "tests.support.dying")


def ticket(version: int, status: str, **more: object) -> dict[str, Any]:
    return {
        "kind": "appeal",
        "number": NUMBER,
        "status": status,
        "status_at": f"2026-11-{version:02d}T10:00:00+05:00",
        "version": version,
        "body_id": AKIMAT,
        "due_on": FAR,
    } | more


async def test_a_citizen_gets_by_sms_what_was_pushed_a_moment_ago(tmp_path: Path) -> None:
    feed = write_open_tickets(tmp_path / "feed.ndjson", FIRST + 1_000, 1)
    async with Smsc(password=SECRET) as smsc:
        link = LinkTo("north", smsc.port)
        async with serving(tmp_path, link, tickets=[feed], feeds=FEEDS) as service:
            key = await make_key(service, "aikyn", AKIMAT)
            texts = []
            pushes = [
                None,
                ticket(1, "in_review"),
                ticket(2, "satisfied"),
                ticket(3, "satisfied", deleted=True),
            ]
            for phone, pushed in zip(PHONES, pushes, strict=True):
                if pushed is not None:
                    assert (await push(service, key, pushed)).status in {200, 201}
                await smsc.send_mo(phone, NUMBER)
                texts.append((await smsc.next_mt(phone)).text)
            assert await service.metric("jauap_pushes_total") == 3
            assert [line["result"] for line in service.events("ticket_pushed")] == [
                "added", "updated", "updated",
            ]  # fmt: skip
            assert NUMBER not in service.written
            assert key not in service.written
    unknown, in_review, satisfied, deleted = texts
    assert len({unknown, in_review, satisfied}) == 3
    assert deleted == unknown, "what was registered by mistake is told no more"


async def test_a_push_whose_answer_was_lost_with_the_process_is_answered_at_its_repeat(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path, program=DYING, feeds=FEEDS) as service:
        key = await make_key(service, "aikyn", AKIMAT)
        assert (await push(service, key, ticket(1, "in_review"))).status == 201
        (tmp_path / MARK).touch()
        with pytest.raises(aiohttp.ClientError):
            await push(service, key, ticket(2, "satisfied"), "once")
        assert await service.ended() < 0
        await service.start()
        shown = await service.command("tickets", "show", "-c", str(service.settings), NUMBER)
        assert "satisfied" in shown.out, "it was committed before the answer"
        first = await push(service, key, ticket(2, "satisfied"), "once")
        assert first.json["result"] == "updated"
        assert await push(service, key, ticket(3, "refused")) == Pushed(200, first.octets)
        assert await push(service, key, ticket(2, "satisfied"), "once") == first


async def test_a_stop_does_not_wait_for_a_batch_that_waits(tmp_path: Path) -> None:
    async with serving(tmp_path, feeds=FEEDS) as service:
        key = await make_key(service, "aikyn", AKIMAT)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
        never = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            for version in range(GROUP_LINES_MAX):
                yield json.dumps(ticket(version, "in_review") | AT_NO_TIME).encode() + b"\n"
            await never.wait()

        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"{service.http}/api/v1/tickets:batch", data=body(), headers=headers
            ) as response,
        ):
            await response.content.readline()
            assert await service.stop() == 0
            *_, end = (await response.read()).splitlines()
        assert json.loads(end)["reason"] == "the service is stopping"


async def test_a_running_service_knows_of_a_new_and_of_a_revoked_key_at_once(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path, feeds=FEEDS) as service:
        key = await make_key(service, "aikyn", AKIMAT)
        assert (await push(service, key, ticket(1, "in_review"))).status == 201
        listed = await service.command("feeds", "list", "-c", str(service.settings), "--json")
        assert json.loads(listed.out)[0]["last_used"] is not None
        revoked = await service.command("feeds", "revoke", "-c", str(service.settings), key)
        assert revoked.code == 0
        assert (await push(service, key, ticket(2, "refused"))).status == 401


async def test_without_the_setting_there_is_no_api(tmp_path: Path) -> None:
    async with serving(tmp_path) as service:
        key = await make_key(service, "aikyn", AKIMAT)
        assert (await push(service, key, ticket(1, "in_review"))).status == 404
