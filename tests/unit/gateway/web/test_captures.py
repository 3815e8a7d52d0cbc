"""Who may see what passed on a link, and what he sees of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import Mock

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request

from gateway.web.captures import CapturePage
from smpp.capture.ring import Captures
from smpp.pdu import Frame
from tests.support import peer

TOKEN = "5ec7e7"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
MO = peer.message_body(b"061200000012345678")
PATH = "/links/north/capture"


def page() -> CapturePage:
    captures = Captures(lambda: 1_795_000_000_000_000)
    for link, bind in (("north", 1), ("north", 0), ("partner", 0)):
        tap = captures.tap(link, bind)
        assert tap is not None
        tap.received(Frame(peer.DELIVER_SM, 0, 7, MO))
        tap.sent(peer.pdu(0x80000005, 7, b"\0") * 2)
    return CapturePage(captures, TOKEN, ["north", "idle"], ["partner"])


@asynccontextmanager
async def serving() -> AsyncIterator[TestClient[Any, Any]]:
    site = web.Application()
    page().add_to(site)
    async with TestClient(TestServer(site)) as client:
        yield client


async def told(client: TestClient[Any, Any], path: str) -> list[dict[str, Any]]:
    async with client.get(path, headers=AUTHORIZED) as response:
        assert response.status == 200
        assert response.headers["Cache-Control"] == "no-store"
        return [json.loads(line) for line in (await response.text()).splitlines()]


async def test_each_pdu_is_told_masked_and_by_its_bind() -> None:
    async with serving() as client:
        first, *lines = await told(client, PATH)
    assert first == {"link": "north", "smsc": False}
    assert [(line["bind"], line["sent"]) for line in lines] == [
        (0, False), (0, True), (0, True), (1, False), (1, True), (1, True),
    ]  # fmt: skip
    seen = bytes.fromhex(lines[0]["pdu"])
    assert seen.endswith(b"x" * 18)
    assert len(seen) == 16 + len(MO)
    assert lines[0]["at_us"] == 1_795_000_000_000_000


async def test_on_an_account_that_binds_to_us_we_are_the_smsc() -> None:
    async with serving() as client:
        assert (await told(client, "/links/partner/capture"))[0]["smsc"] is True


async def test_a_link_on_which_nothing_passed_tells_nothing() -> None:
    async with serving() as client:
        assert await told(client, "/links/idle/capture") == [{"link": "idle", "smsc": False}]


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", PATH, {}),
        ("GET", PATH, {"Authorization": "Bearer 5ec7e8"}),
        ("GET", PATH, {"Authorization": f"Basic {TOKEN}"}),
        ("GET", PATH, {"Authorization": "Bearer ü"}),
        ("POST", PATH, AUTHORIZED),
        ("PUT", PATH, {}),
        ("GET", "/links/west/capture", AUTHORIZED),
        ("GET", PATH, AUTHORIZED | {"X-Forwarded-For": "203.0.113.9"}),
    ],
)
async def test_everybody_else_learns_nothing(
    method: str, path: str, headers: dict[str, str]
) -> None:
    async with (
        serving() as client,
        client.request(method, path, headers=headers) as response,
        client.request(method, "/nowhere", headers=headers) as nowhere,
    ):
        assert (response.status, await response.text()) == (nowhere.status, await nowhere.text())
        assert response.status == 404


@pytest.mark.parametrize(
    ("peername", "sockname", "local"),
    [
        (("127.0.0.1", 5), ("127.0.0.1", 80), True),
        (("::1", 5, 0, 0), ("::1", 80, 0, 0), True),
        (("::ffff:127.0.0.1", 5, 0, 0), ("::", 80, 0, 0), True),
        (("10.1.1.5", 5), ("10.1.1.5", 80), True),
        (("10.1.1.6", 5), ("10.1.1.5", 80), False),
        (("203.0.113.9", 5), ("10.1.1.5", 80), False),
        (None, None, False),
    ],
)
async def test_only_this_machine_may_ask(peername: object, sockname: object, local: bool) -> None:
    names = {"peername": peername, "sockname": sockname}
    transport = Mock()
    transport.get_extra_info.side_effect = lambda name, default=None: names.get(name, default)
    request = make_mocked_request(
        "GET", "/links/west/capture", headers=AUTHORIZED, transport=transport,
        match_info={"name": "west"},
    )  # fmt: skip
    assert page()._may_see(request) is local
