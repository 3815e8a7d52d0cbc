"""A call that ends with people: what their desk sees of it, from the first step to the call-back,
in a running gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import aiohttp

from tests.support.inside import Inside, running
from tests.support.players import json_hmac
from tests.support.players.contract import HANGUP, TRANSFER
from tests.support.service import make_folder

TOKEN = "t" * 32
CALL_SECRET = "the-secret-of-this-table"
CALLER = "+77011234567"
NOBODYS = "750100000000999999"
WAIT_S = 10.0


class Desk:
    """The operators' console: the stream's events as they come, and requests."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self.session = session
        self.base = base + "/api/v1/calls"
        self.stages: list[str] = []
        self.references: set[str] = set()
        self.more = asyncio.Event()

    async def follow(self) -> None:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with self.session.get(self.base + "/events", headers=headers) as reply:
            async for line in reply.content:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name == "data" and "call" in (data := json.loads(value)):
                    assert CALLER[1:] not in value
                    assert NOBODYS not in value
                    self.stages.append(data["stage"])
                    self.references.add(data["call"])
                self.more.set()

    async def seen(self, stage: str) -> None:
        async with asyncio.timeout(WAIT_S):
            while stage not in self.stages:
                self.more.clear()
                await self.more.wait()

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with self.session.request(
            method, self.base + path, json=body, headers=headers
        ) as reply:
            assert reply.status == 200, await reply.text()
            return await reply.json()


@asynccontextmanager
async def gateway(folder: Path, **operators: Any) -> AsyncIterator[Inside]:
    (folder / "calls").write_text(CALL_SECRET, encoding="ascii")
    (folder / "operators").write_text(f"{'o' * 32}\n{TOKEN}\n", encoding="ascii")
    table = (
        f'\n[[ivr]]\nname = "1414"\ndialect = "json"\npath = "/ivr/1414"\nnumbers = ["1414"]\n'
        f'secret_file = "{folder}/calls"\noperator_target = "+77172000000"\n'
    )
    people = {"token_file": str(folder / "operators")} | operators
    await make_folder(folder, [], more=table, operators=people)
    async with running(folder) as inside:
        yield inside


async def test_people_see_a_call_from_its_start_to_the_call_back(tmp_path: Path) -> None:
    async with gateway(tmp_path) as inside, aiohttp.ClientSession() as session:
        desk = Desk(session, inside.http)
        player = json_hmac.make(
            "json", base_url=inside.http, path="/ivr/1414", secret=CALL_SECRET, caller=CALLER,
            called="1414", call_id="SW-17", words=lambda _: ANY,
        )  # fmt: skip
        async with asyncio.TaskGroup() as group:
            following = group.create_task(desk.follow())
            await desk_is_there(desk)
            await player.call()
            await player.keys("3")  # English
            await player.keys("1")
            await player.keys(NOBODYS + "#")
            assert (await player.keys("0")).then == TRANSFER
            await desk.seen("handed_over")
            (reference,) = desk.references
            call = await desk.ask("GET", f"/{reference}")
            assert [(tried["number"], tried["outcome"]) for tried in call["tries"]] == [
                (NOBODYS, "not_found")
            ]
            assert (call["language"], call["caller"]) == ("en", "+7 701 *** ** 67")
            await player.operator(connected=False)
            assert (await player.keys("1")).then == HANGUP
            await desk.seen("call_back")
            await player.hang_up(40)
            await desk.seen("ended")
            following.cancel()
        assert desk.stages == [
            "started", "tried", "handed_over", "queued", "call_back", "ended",
        ]  # fmt: skip
        (wanted,) = (await desk.ask("GET", "/call-backs"))["call_backs"]
        taken = await desk.ask("POST", f"/call-backs/{wanted['id']}/take")
        assert taken["phone"] == CALLER
        await desk.ask("POST", f"/call-backs/{wanted['id']}/end", {"outcome": "reached"})
        assert await desk.ask("GET", "/call-backs") == {"call_backs": []}


async def desk_is_there(desk: Desk) -> None:
    async with asyncio.timeout(WAIT_S):
        await desk.more.wait()


async def test_outside_their_hours_nobody_is_handed_over(tmp_path: Path) -> None:
    never = {"workday_hours": [0, 0], "day_off_hours": [0, 0]}
    async with gateway(tmp_path, **never) as inside:
        player = json_hmac.make(
            "json", base_url=inside.http, path="/ivr/1414", secret=CALL_SECRET, caller=CALLER,
            called="1414", call_id="SW-18", words=lambda _: ANY,
        )  # fmt: skip
        await player.call()
        heard = await player.keys("3")
        heard = await player.keys("0")
        assert heard.then != TRANSFER
        assert heard.said[0] == ("en", "There is no operator on this number.")
