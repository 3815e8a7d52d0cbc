"""Phones and ticket numbers of whole calls, kept and refused ones: neither shows in anything the
process writes at log level debug, nor on /metrics, nor in what every console may read."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import pytest

from smpp.simulator import Smsc
from tests.support.players import twiml
from tests.support.players.contract import HANGUP, TRANSFER
from tests.support.service import SECRET, LinkTo, Service, serving, toml, write_open_tickets

STEM = "06120000007914"  # of every canary number
NUMBER, ABSENT = STEM + "0042", STEM + "9999"
MSISDNS = ("77019876543", "77019876544", "6591234567", "77172876543")
CALL_ID = "CAcanary7f3a9"
TOKEN = "canary-token-of-the-operators-desk-0123456789"
CANARIES = (*MSISDNS, STEM, STEM[1:], CALL_ID, TOKEN, SECRET)
PATH = "/ivr/1414"
WAIT_S = 10.0

CALLS: Sequence[tuple[str, ...]] = (
    ("2", "1", NUMBER + "#", "5", "9", "6", "busy", "1"),
    ("1", "1", ABSENT + "#", "1", ABSENT + "#", ABSENT + "#", "busy", "", "busy"),
    ("3", "3", "12#", "*" + NUMBER + "#", "0", "busy", "1", "talk"),
    ("2", "1", NUMBER + NUMBER + "#", NUMBER + "#", "5", "1", "-"),
)


def a_free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def call(service: Service, at: int) -> None:
    player = twiml.make(
        "twiml", base_url=service.http, path=PATH, secret=SECRET, caller=f"+{MSISDNS[at]}",
        called="1414", call_id=f"{CALL_ID}{at}", words=lambda url: ("kk", url),
    )  # fmt: skip
    heard = await player.call()
    for keys in CALLS[at]:
        if heard.then == HANGUP:
            break
        if heard.then == TRANSFER:
            heard = await player.operator(connected=keys == "talk", seconds=20)
        else:
            heard = await (player.keys(keys) if keys not in {"", "-"} else player.silence())
    await player.hang_up(30)


async def misuse(service: Service) -> None:
    """Forged, torn and unsigned."""
    fields = f"CallSid={CALL_ID}9&From=%2B{MSISDNS[0]}&Digits={NUMBER}"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    forged = form | {"X-Twilio-Signature": SECRET}
    paths = (PATH, f"{PATH}?step=3&nonce={NUMBER}", f"/api/v1/calls/{NUMBER}")
    async with aiohttp.ClientSession() as session:
        for path in paths:
            for headers in (form, forged, {"Authorization": f"Bearer {TOKEN}"}):
                async with session.post(service.http + path, data=fields, headers=headers) as reply:
                    assert reply.status in {403, 404, 405}


async def read_to(reply: aiohttp.ClientResponse, mark: str) -> str:
    """Whole events, up to the one with `mark`."""
    text = ""
    while mark not in text or not text.endswith("\n\n"):
        octets = await reply.content.readany()
        assert octets, "the stream has ended"
        text += octets.decode()
    return text


async def stream(service: Service) -> str:
    """What a console that missed all of it is told."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    url = service.http + "/api/v1/calls/events"
    async with aiohttp.ClientSession(headers=headers) as session, asyncio.timeout(WAIT_S):
        async with session.get(url) as reply:
            text = await read_to(reply, "id: ")
        epoch, _, count = text.partition("id: ")[2].partition("\n")[0].partition("-")
        async with session.get(url, headers={"Last-Event-ID": f"{epoch}-0"}) as reply:
            return await read_to(reply, f"id: {epoch}-{count}\n")


async def test_neither_phone_nor_number_of_a_call_is_told_to_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_TOKEN", TOKEN)
    address = f"127.0.0.1:{a_free_port()}"
    feed = write_open_tickets(tmp_path / "feed.ndjson", int(STEM + "0000"), 100)
    line = {
        "name": "1414", "dialect": "twiml", "path": PATH, "secret_file": f"{tmp_path}/secret",
        "numbers": ["1414"], "operator_target": "sip:desk@pbx.example.kz", "text_link": "operator",
    }  # fmt: skip
    async with (
        Smsc(password=SECRET) as smsc,
        serving(
            tmp_path, LinkTo("operator", smsc.port), tickets=[feed], level="debug",
            http={"listen": address, "public_url": f"http://{address}"},
            operators={
                "workday_hours": [0, 24], "day_off_hours": [0, 24], "token_env": "CANARY_TOKEN",
            },
            more=f"\n[[ivr]]\n{toml(line)}",
        ) as service,
    ):  # fmt: skip
        await smsc.bound()
        for at in range(len(CALLS)):
            await call(service, at)
        await misuse(service)
        told = await stream(service)
        _, metrics = await service.get("/metrics")
    assert '"stage":"texted"' in told
    assert '"stage":"call_back"' in told
    said = service.written + metrics + told
    for canary in CANARIES:
        at = said.find(canary)
        assert at < 0, said[max(0, at - 500) : at + 200]
