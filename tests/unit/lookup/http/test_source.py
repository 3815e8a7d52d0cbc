from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from lookup.foreign.mapping import FieldMap
from lookup.foreign.record import Foreign
from lookup.http.source import HttpSettings, HttpSource
from lookup.outgoing.client import OutboundSettings
from lookup.source import SourceUnavailableError
from lookup.status import Wanted
from tests.support.far_service import HERE, Handle, request_of, served, silence, spoken
from tests.support.feed import hash_phone

WAIT_S = 5.0
ONE = Wanted("750100000000431215", ("appeal",))
TWO = Wanted("750100000000431216", ("appeal",))
THREE = Wanted("750100000000431217", ("appeal",))
SECRET = "tops3cret"
MAP = FieldMap.from_toml(
    """
    [fields]
    number = "no"
    status = "state"
    kind = "type"

    [values.kind]
    "Обращение" = "appeal"
    "Акт" = "inspection"
    """,
    "test.toml",
)


def theirs(number: str, **changes: object) -> dict[str, Any]:
    return {"no": number, "state": "in_review", "type": "обращение"} | changes


def tickets(*numbers: str) -> Handle:
    """A service that knows these numbers, each at /t/<number>."""

    async def handle(request: web.Request) -> web.Response:
        number = request.path.rpartition("/")[2]
        if number in numbers:
            return web.json_response(theirs(number))
        return web.json_response({"error": "no such ticket"}, status=404)

    return handle


def says(
    body: object, status: int = 200, content_type: str = "application/json", **headers: str
) -> Handle:
    """A service that says the same to everybody."""

    async def handle(request: web.Request) -> web.Response:
        text = body if isinstance(body, str) else json.dumps(body)
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(text=text, status=status, content_type=content_type, headers=extra)

    return handle


@asynccontextmanager
async def source(
    port: int, kinds: Sequence[str] = ("*",), **changes: Any
) -> AsyncIterator[HttpSource]:
    usual: dict[str, Any] = {
        "url": f"http://127.0.0.1:{port}/t/{{number}}",
        "outbound": OutboundSettings(private_networks=(HERE,)),
        "deadline_ms": 5_000,
    }
    settings = HttpSettings(**(usual | changes))
    foreign = Foreign("far", frozenset(kinds), MAP, lambda _: None, hash_phone)
    opened = await HttpSource.open(settings, foreign)
    try:
        async with asyncio.timeout(WAIT_S):
            yield opened
    finally:
        await opened.close()


async def silent(asked: HttpSource, *wanted: Wanted) -> SourceUnavailableError:
    with pytest.raises(SourceUnavailableError) as error:
        await asked.find_many(wanted or [ONE])
    assert error.value.source == "far"
    return error.value


async def test_each_number_is_asked_for_and_told() -> None:
    async with served(tickets(ONE.number, THREE.number)) as port, source(port) as asked:
        answers = await asked.find_many([ONE, TWO, THREE])
    assert {item: found[0].number for item, found in answers.items()} == {
        ONE: ONE.number,
        THREE: THREE.number,
    }
    assert answers[ONE][0].source == "far"


async def test_numbers_go_together_where_the_service_takes_several() -> None:
    seen: list[list[str]] = []

    async def handle(request: web.Request) -> web.Response:
        assert request.content_type == "application/json"
        ids = (await request.json())["ids"]
        seen.append(ids)
        return web.json_response({"found": [theirs(n) for n in ids if n != TWO.number]})

    batch: dict[str, Any] = {
        "method": "POST",
        "body": '{"ids": {numbers}}',
        "numbers_max": 2,
        "items": "found",
    }
    async with served(handle) as port:
        url = f"http://127.0.0.1:{port}/t"
        async with source(port, url=url, **batch) as asked:
            answers = await asked.find_many([ONE, TWO, THREE])
    assert set(answers) == {ONE, THREE}
    assert sorted(map(len, seen)) == [1, 2]


async def test_the_requests_of_a_batch_run_side_by_side_within_their_limit() -> None:
    running = most = 0
    full = asyncio.Event()

    async def handle(request: web.Request) -> web.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 3:
            full.set()
        await full.wait()
        running -= 1
        return web.json_response(theirs(request.path.rpartition("/")[2]))

    limit = OutboundSettings(connections_max=3, private_networks=(HERE,))
    wanted = [Wanted(str(750100000000000000 + n), ("appeal",)) for n in range(9)]
    async with served(handle) as port, source(port, outbound=limit) as asked:
        assert len(await asked.find_many(wanted)) == 9
    assert most == 3


async def test_a_kind_is_asked_for_in_their_word() -> None:
    seen: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append(request.query["type"])
        number = request.query["n"]
        found = [theirs(number, type=seen[-1], state="registered")]
        return web.json_response(found if seen[-1] == "Акт" else [])

    either = Wanted(ONE.number, ("appeal", "inspection", "fine"))
    async with served(handle) as port:
        url = f"http://127.0.0.1:{port}/?type={{kind}}&n={{number}}"
        async with source(port, ("appeal", "inspection"), url=url) as asked:
            answers = await asked.find_many([either])
    assert sorted(seen) == ["Акт", "Обращение"]
    assert [ticket.kind for ticket in answers[either]] == ["inspection"]


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"auth": "basic", "auth_name": "u"}, "Authorization", "Basic dTp0b3BzM2NyZXQ="),
        ({"auth": "bearer"}, "Authorization", f"Bearer {SECRET}"),
        ({"auth": "header", "auth_name": "X-Api-Key"}, "X-Api-Key", SECRET),
    ],
)
async def test_it_says_who_it_is_to_the_service_and_to_nobody_else(
    auth: dict[str, str], header: str, value: str
) -> None:
    seen: list[str | None] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append(request.headers.get(header))
        return web.Response(status=401, text=SECRET)

    async with served(handle) as port, source(port, secret=SECRET, **auth) as asked:
        error = await silent(asked)
        health = await asked.health()
        told = (repr(error), str(error), repr(asked), repr(vars(asked)["_settings"]), repr(health))
    assert seen == [value]
    assert not [text for text in told if SECRET in text or value in text]


@pytest.mark.parametrize("body", [None, [], {"found": []}, {"found": None}])
async def test_an_empty_answer_says_not_there(body: object) -> None:
    items = "found" if isinstance(body, dict) else ""
    async with served(says(body)) as port, source(port, items=items) as asked:
        assert await asked.find_many([ONE]) == {}


@pytest.mark.parametrize(
    ("handle", "told"),
    [
        (says("<h1>Sign in</h1>", content_type="text/html"), "with a page"),
        (says("<h1>Not here</h1>", 404, "text/html"), "status 404 and a page"),
        (says("404 page not found\n", 404, "text/plain"), "status 404 and no JSON"),
        (says({"error": "base is down"}), "number"),
        (says([{"error": "base is down"}]), "number"),
        (says("OK", content_type="text/plain"), "not with JSON"),
        (says({}, 500), "status 500"),
        (says({}, 401), "status 401"),
        (says({}, 206), "status 206"),
        (says("", 204), "status 204"),
        (says({}, 302, Location="http://169.254.169.254/"), "redirects"),
        (says("{"), "no JSON"),
        (says('{"no": "1", "no": "2"}'), "twice"),
        (says('{"a": NaN}'), "does not allow"),
        (says("[" * 30_000), "nested"),
        (says(theirs(TWO.number)), "another number"),
        (says([theirs(ONE.number, state="Списано")]), "status"),
        (says("x" * 100_000), "octets"),
        (says({}, Content_Encoding="br"), "compressed"),
    ],
)
async def test_whatever_else_is_answered_says_nothing_of_the_number(
    handle: Handle, told: str
) -> None:
    async with served(handle) as port, source(port) as asked:
        error = await silent(asked)
    assert told in error.reason
    assert "Списано" not in error.reason
    assert error.answered == {}


@pytest.mark.parametrize("handle", [says({"error": "none"}, 404), says("", 404, "text/plain")])
async def test_a_404_that_is_empty_or_json_says_not_there(handle: Handle) -> None:
    async with served(handle) as port, source(port) as asked:
        assert await asked.find_many([ONE]) == {}


async def test_an_answer_without_the_place_of_its_tickets_is_none() -> None:
    async with served(says({"fault": 5})) as port, source(port, items="found") as asked:
        assert "items" in (await silent(asked)).reason


async def test_a_bad_ticket_is_told_apart_from_a_bad_service() -> None:
    async with served(says(theirs(ONE.number, state="?"))) as port, source(port) as asked:
        assert (await silent(asked)).alive
        assert (await asked.health()).answering
    async with served(says({}, 500)) as port, source(port) as asked:
        assert not (await silent(asked)).alive
        assert not (await asked.health()).answering


async def test_a_service_that_answers_for_other_numbers_is_not_called_well() -> None:
    async with served(says(theirs(TWO.number))) as port, source(port) as asked:
        assert not (await silent(asked)).alive
        health = await asked.health()
    assert not health.answering
    assert "another number" in health.detail


async def test_a_number_that_fails_does_not_silence_the_others() -> None:
    async def handle(request: web.Request) -> web.Response:
        number = request.path.rpartition("/")[2]
        if number == ONE.number:
            return web.Response(status=500)
        return web.json_response([theirs(number)] if number == TWO.number else [])

    async with served(handle) as port, source(port) as asked:
        error = await silent(asked, ONE, TWO, THREE)
    assert {item: len(found) for item, found in error.answered.items()} == {TWO: 1, THREE: 0}


async def test_a_number_that_hangs_does_not_silence_the_others() -> None:
    async def handle(request: web.Request) -> web.Response:
        number = request.path.rpartition("/")[2]
        if number == ONE.number:
            await asyncio.Event().wait()
        return web.json_response(theirs(number))

    async with served(handle) as port, source(port, deadline_ms=200) as asked:
        error = await silent(asked, ONE, TWO)
        assert not (await asked.health()).answering
    assert "no answer in 180 ms" in error.reason
    assert set(error.answered) == {TWO}


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-", b"HTTP/1.1 200 OK\r\n\r\n["])
async def test_a_service_that_hangs_is_left_at_the_deadline(said: bytes) -> None:
    gone = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(said)
        await silence(reader)
        gone.set()

    async with spoken(serve) as port, source(port, deadline_ms=100) as asked:
        assert "no answer" in (await silent(asked)).reason
        await gone.wait()


async def test_a_service_that_is_down_is_silent_and_comes_back() -> None:
    async with served(tickets(ONE.number)) as port:
        pass
    async with source(port) as asked:
        assert (await asked.health()).answering  # nobody knows better yet
        assert "cannot be connected to" in (await silent(asked)).reason
        assert not (await asked.health()).answering


async def test_a_stumble_is_mended_by_asking_once_more() -> None:
    asked_times = 0

    async def handle(request: web.Request) -> web.Response:
        nonlocal asked_times
        asked_times += 1
        return web.Response(status=503) if asked_times == 1 else web.json_response([])

    async with served(handle) as port, source(port) as asked:
        assert await asked.find_many([ONE]) == {}
    assert asked_times == 2


async def test_retries_are_a_share_of_all_requests() -> None:
    asked_times = 0

    async def handle(request: web.Request) -> web.Response:
        nonlocal asked_times
        asked_times += 1
        return web.Response(status=503)

    wanted = [Wanted(str(750100000000000000 + n), ("appeal",)) for n in range(40)]
    async with served(handle) as port, source(port) as asked:
        await silent(asked, *wanted)
    assert asked_times == 45  # a tenth more, and the one it begins with


async def test_a_number_no_ticket_can_have_is_not_asked_for() -> None:
    def never(request: web.Request) -> Any:
        raise AssertionError("asked")

    odd = [Wanted(number, ("appeal",)) for number in ("..", "a/b", "?x=1", "'\"],[%_\\", "")]
    async with served(never) as port, source(port) as asked:
        assert await asked.find_many(odd) == {}


async def test_health_costs_the_service_nothing() -> None:
    def never(request: web.Request) -> Any:
        raise AssertionError("asked")

    async with served(never) as port, source(port) as asked:
        assert (await asked.health()).answering


async def test_an_address_inside_is_not_asked() -> None:
    outbound = OutboundSettings()
    async with served(tickets(ONE.number)) as port, source(port, outbound=outbound) as asked:
        assert "private_networks" in (await silent(asked)).reason


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"url": "https://a.kz/"}, "{number}"),
        ({"url": "a.kz/{number}"}, "url must begin with"),
        ({"url": "https://u:p@a.kz/{number}"}, "url must hold no user"),
        ({"body": '{"n": 1}'}, 'body needs method = "POST"'),
        ({"absent_statuses": (200,)}, "absent_statuses"),
        ({"auth": "bearer"}, "secret_env"),
        ({"items": "a..b"}, "items: write where it lies"),
        ({"retries_max": -1}, "retries_max"),
    ],
)
async def test_wrong_settings_are_told_when_it_is_opened(
    changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        async with source(1, **changes):
            pass
