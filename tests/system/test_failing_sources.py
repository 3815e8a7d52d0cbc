"""Two of five sources failing in one way after the other: no citizen is told "not registered" for
it, nobody else waits, and what was owed is answered when they are back."""

from __future__ import annotations

import gzip
from pathlib import Path

from aiohttp import web

from tests.support import soap
from tests.support.far_service import Handle
from tests.support.five_sources import ACT, FINE, REPORT
from tests.system.test_sources import UNKNOWN_APPEAL, gateway

SOON = "\n[lookup]\nlater_after_s = 1\n"
JSON = "application/json"
METADATA = {"Location": "http://169.254.169.254/latest/meta-data"}  # what a cloud keeps inside


def says(body: bytes, content_type: str = JSON, status: int = 200, **headers: str) -> Handle:
    async def handle(request: web.Request) -> web.StreamResponse:
        return web.Response(
            body=body, status=status, headers={"Content-Type": content_type, **headers}
        )

    return handle


async def begun(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": JSON})
    await response.prepare(request)
    return response


async def reset(request: web.Request) -> web.StreamResponse:
    response = await begun(request)
    await response.write(b'{"answer": [')
    assert request.transport is not None
    request.transport.abort()
    return response


async def without_end(request: web.Request) -> web.StreamResponse:
    response = await begun(request)
    while request.transport is not None and not request.transport.is_closing():
        await response.write(b" " * 1_000_000)
    return response


POLICE: dict[str, Handle] = {
    "a page": says(b"<html>log in</html>", "text/html"),
    "a page for a 404": says(b"<html>no such page</html>", "text/html", 404),
    "a bomb": says(gzip.compress(b"[" * 10_000_000), **{"Content-Encoding": "gzip"}),
    "a way inwards": says(b"", status=302, **METADATA),
    "nothing": says(b""),
    "another character set": says("null".encode("utf-16"), f"{JSON}; charset=utf-16"),
    "half of it": reset,
    "without end": without_end,
}
PROSECUTOR: dict[str, soap.Answer] = {
    "a fault": soap.faulty("Server", "Down"),
    "a page": soap.octets(b"<html/>", "text/html"),
    "nothing": soap.octets(b""),
    "entities": soap.octets(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
    "a way inwards": soap.octets(b"", status=302, headers=METADATA),
    "another message": soap.saying('<Other xmlns="urn:example:registry"/>'),
    "silence": soap.hang,
    "half of it": soap.octets(soap.found().encode()[:-20]),
}


async def test_whatever_two_of_them_do_nothing_false_is_said(tmp_path: Path) -> None:
    pairs = list(zip(POLICE.values(), PROSECUTOR.values(), strict=True))
    unknown = [f"26310003999{n:04d}" for n in range(len(pairs))]
    askers = [(f"7701001{n:04d}", f"7701002{n:04d}", f"7701003{n:04d}") for n in range(len(pairs))]
    async with gateway(tmp_path, SOON) as world:
        for number, phones, (police, prosecutor) in zip(unknown, askers, pairs, strict=True):
            world.five.police.fails, world.five.prosecutor.answer = police, prosecutor
            owed, also_owed, other = phones
            await world.ask(number, owed)  # nobody knows it, and two could
            await world.ask(REPORT["number"], also_owed)
            assert await world.told(f"айыппұл {FINE['number']}", 1, other) == ["fine.neutral"]
            assert await world.told(UNKNOWN_APPEAL, 1, other) == ["gen.not_found"]
            assert await world.told(f"акт {ACT['number']}", 1, other) == ["insp.refused"]
            assert await world.reply(owed) == "gen.later"
            assert await world.reply(also_owed) == "gen.later"
        world.five.police.fails = None
        world.five.prosecutor_answers()
        for owed, also_owed, _ in askers:
            assert await world.reply(owed) == "gen.not_found"
            assert await world.reply(also_owed) == "crime.neutral"
