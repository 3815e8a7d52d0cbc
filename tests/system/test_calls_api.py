"""The API for those who answer calls, over real sockets, with a real journal behind it. Every
answer is held against the published contract."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from gateway import config
from gateway.calls import stream as calls_stream
from gateway.calls.api import CallsApi
from gateway.calls.floor import Floor
from gateway.core.kinds import Kinds
from gateway.core.number_words import NumberWords
from gateway.store import Journal
from gateway.store.journal import StoreUnavailableError
from gateway.web.site import PageFacts, make_site
from ivr.events import CallEvent, CallStage, Tried
from tests.support.contract import answered, conforms
from tests.support.journal import AT, SqliteEngine
from tests.support.legs import waiting

TOKEN, OLD_TOKEN = "t" * 32, "o" * 32
REFERENCE = "ab12cd34ef56"
TICKET = "750100000000431215"
WAIT_S = 10.0


class NobodyAsks:
    """A front that no request reaches."""


class Counted:
    def __init__(self) -> None:
        self.requests: list[tuple[str, int]] = []
        self.streams: list[int] = []

    def operator_request(self, what: str, status: int) -> None:
        self.requests.append((what, status))

    def operator_streams(self, count: int) -> None:
        self.streams.append(count)


def event(
    stage: CallStage, detail: str = "", reference: str = REFERENCE, place: int = 0
) -> CallEvent:
    tries = (Tried(TICKET, "appeal", "not_found", AT),)
    return CallEvent(
        stage, AT, reference, "1414", "77011234567", "1414", "ru", AT, tries, detail, place
    )


class Console:
    """Whoever asks; `lines` of the stream are read one by one."""

    def __init__(self, session: aiohttp.ClientSession, base: str, made: Made) -> None:
        self.session = session
        self.base = base
        self.made = made

    async def ask(
        self, method: str, path: str, told: str, body: Any = None, token: str = TOKEN
    ) -> tuple[int, Any]:
        """Status and document; `told` is the path as the contract has it."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = self.base + "/api/v1/calls" + path
        async with self.session.request(method, url, json=body, headers=headers) as reply:
            octets = await reply.read()
            kind = reply.headers["Content-Type"]
            answered(method, "/api/v1/calls" + told, reply.status, kind, reply.headers, octets)
            return reply.status, json.loads(octets)

    async def number(self, **body: Any) -> tuple[int, Any]:
        return await self.ask("POST", "/number", "/number", body)

    @asynccontextmanager
    async def stream(self, last_id: str | None = None) -> AsyncIterator[Stream]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        if last_id is not None:
            headers["Last-Event-ID"] = last_id
        url = self.base + "/api/v1/calls/events"
        async with self.session.get(url, headers=headers) as reply:
            assert reply.status == 200
            assert reply.headers["Content-Type"] == "text/event-stream"
            assert reply.headers["Cache-Control"] == "no-store"
            yield Stream(reply)


class Stream:
    def __init__(self, reply: aiohttp.ClientResponse) -> None:
        self.reply = reply

    async def block(self) -> dict[str, str]:
        """The fields up to the next empty line; a comment has the name ""."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(WAIT_S):
            while line := (await self.reply.content.readline()).decode().rstrip("\n"):
                name, _, value = line.partition(": ")
                fields[name.rstrip(":")] = value
        return fields

    async def event(self) -> tuple[str, str, Any]:
        """Name, id and data of the next event."""
        while "event" not in (fields := await self.block()):
            pass
        data = json.loads(fields["data"])
        conforms("CallEvent" if fields["event"] == "call" else "CallsGoingOn", data)
        return fields["event"], fields["id"], data

    async def ended(self) -> bool:
        async with asyncio.timeout(WAIT_S):
            while await self.reply.content.readline():
                pass
        return True


class Made:
    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.now_us = AT
        self.floor = Floor(lambda: self.now_us)
        self.counted = Counted()
        self.api = CallsApi(
            floor=self.floor,
            kept=journal,
            words=NumberWords.from_table(config.table("spoken_number.toml")),
            kinds=Kinds.from_table(config.table("kinds.toml")),
            tokens=(TOKEN, OLD_TOKEN),
            now_us=lambda: self.now_us,
            counters=self.counted,
        )
        facts = PageFacts({}, "kk", "1012", 15, "1414")
        self.site = make_site(NobodyAsks(), facts, [], [], 65_536)
        self.api.add_to(self.site)
        self.runner = web.AppRunner(self.site, access_log=None)


@pytest.fixture
async def console(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Console]:
    engine = SqliteEngine(tmp_path, tmp_path_factory.getbasetemp() / "sqlite.made")
    made = Made(await engine.open())
    await made.runner.setup()
    await web.TCPSite(made.runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{made.runner.addresses[0][1]}"
    async with aiohttp.ClientSession() as session:
        yield Console(session, base, made)
    await made.runner.cleanup()
    await engine.close()


PATHS = [
    ("GET", "/events", "/events"),
    ("GET", f"/{REFERENCE}", "/{reference}"),
    ("GET", "/call-backs", "/call-backs"),
    ("POST", "/call-backs/1/take", "/call-backs/{id}/take"),
    ("POST", "/call-backs/1/end", "/call-backs/{id}/end"),
    ("POST", "/number", "/number"),
]


@pytest.mark.parametrize(("method", "path", "told"), PATHS)
@pytest.mark.parametrize("token", ["", "x" * 32, TOKEN[:-1]])
async def test_without_a_token_nothing_is_told(
    console: Console, method: str, path: str, told: str, token: str
) -> None:
    console.made.floor.on_call(event(CallStage.STARTED))
    status, problem = await console.ask(method, path, told, {}, token)
    assert (status, problem["type"]) == (401, "urn:jauap:problem:token")
    assert console.made.counted.requests[-1][1] == 401


async def test_a_token_that_is_being_replaced_still_holds(console: Console) -> None:
    assert (await console.ask("GET", "/call-backs", "/call-backs", token=OLD_TOKEN))[0] == 200


# -- the context of a call


async def test_the_operator_who_got_a_call_sees_what_the_caller_tried(console: Console) -> None:
    console.made.floor.on_call(event(CallStage.HANDED_OVER, "complain"))
    status, call = await console.ask("GET", f"/{REFERENCE}", "/{reference}")
    assert (status, call["wish"], call["language"]) == (200, "complain", "ru")
    assert call["caller"] == "+7 701 *** ** 67"
    assert call["tries"] == [
        {
            "number": TICKET,
            "kind": "appeal",
            "outcome": "not_found",
            "at": "2026-11-20T05:00:00.000Z",
        }
    ]


async def test_a_call_that_is_not_known_is_not_found(console: Console) -> None:
    status, problem = await console.ask("GET", f"/{REFERENCE}", "/{reference}")
    assert (status, problem["type"]) == (404, "urn:jauap:problem:call")


# -- the stream


async def test_a_console_begins_with_the_calls_that_go_on(console: Console) -> None:
    console.made.floor.on_call(event(CallStage.STARTED))
    console.made.floor.on_call(event(CallStage.STARTED, reference="f" * 12))
    console.made.floor.on_call(event(CallStage.ENDED, "completed", reference="f" * 12))
    async with console.stream() as stream:
        assert await stream.block() == {"retry": "3000"}
        name, _, data = await stream.event()
        assert (name, [call["call"] for call in data["calls"]]) == ("reset", [REFERENCE])
        console.made.floor.on_call(event(CallStage.QUEUED, place=2))
        name, _, data = await stream.event()
        assert (name, data["stage"], data["place"]) == ("call", "queued", 2)


async def test_the_stream_shows_no_phone_and_no_number(console: Console) -> None:
    async with console.stream() as stream:
        await stream.event()
        console.made.floor.on_call(event(CallStage.HANDED_OVER, "operator"))
        _, _, data = await stream.event()
    assert data["tries"] == ["not_found"]
    assert not re.search(r"[0-9]{7}", json.dumps(data))


async def test_a_console_that_comes_back_gets_what_it_missed(console: Console) -> None:
    floor = console.made.floor
    floor.on_call(event(CallStage.STARTED))
    seen = floor.last_id
    for stage in (CallStage.TOLD, CallStage.HANDED_OVER):
        floor.on_call(event(stage))
    async with console.stream(seen) as stream:
        told = [await stream.event() for _ in range(2)]
        assert [data["stage"] for _, _, data in told] == ["told", "handed_over"]
        assert told[-1][1] == floor.last_id
        floor.on_call(event(CallStage.ENDED, "completed"))
        assert (await stream.event())[2]["stage"] == "ended"


@pytest.mark.parametrize("last_id", ["1-1", "nonsense", ""])
async def test_a_console_that_missed_too_much_begins_anew(console: Console, last_id: str) -> None:
    console.made.floor.on_call(event(CallStage.STARTED))
    async with console.stream(last_id) as stream:
        assert (await stream.event())[0] == "reset"


async def test_a_silent_stream_is_kept_open(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console.made.api.stream, "_ping_s", 0.01)
    async with console.stream() as stream:
        await stream.event()
        assert await stream.block() == {"": "ping"}


async def test_more_consoles_than_may_read_are_sent_away(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console.made.api.stream, "_streams_max", 1)
    async with console.stream() as stream:
        await stream.event()
        status, problem = await console.ask("GET", "/events", "/events")
        assert (status, problem["type"]) == (503, "urn:jauap:problem:busy")
    assert console.made.counted.streams[:1] == [1]


async def test_streams_end_when_the_service_stops(console: Console) -> None:
    async with console.stream() as stream, asyncio.TaskGroup() as group:
        await stream.event()
        stopping = group.create_task(console.made.runner.cleanup())
        assert await stream.ended()
        await asyncio.wait_for(stopping, WAIT_S)
    assert console.made.counted.streams == [1, 0]


async def test_a_console_that_goes_is_forgotten(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = asyncio.Event()
    monkeypatch.setattr(console.made.api.stream, "_ping_s", 0.01)
    monkeypatch.setattr(
        console.made.api.stream, "_count", lambda count: None if count else gone.set()
    )
    async with console.stream() as stream:
        await stream.event()
    await asyncio.wait_for(gone.wait(), WAIT_S)


async def test_a_console_that_reads_nothing_is_let_go(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = asyncio.Event()
    monkeypatch.setattr(calls_stream, "STALLED_S", 0.05)
    monkeypatch.setattr(
        console.made.api.stream, "_count", lambda count: None if count else gone.set()
    )
    host, port = console.made.runner.addresses[0][:2]
    with socket.create_connection((host, port)) as stalled:
        stalled.sendall(
            b"GET /api/v1/calls/events HTTP/1.1\r\nHost: x\r\n"
            b"Authorization: Bearer %s\r\n\r\n" % TOKEN.encode()
        )
        async with asyncio.timeout(WAIT_S):
            while not gone.is_set():
                for _ in range(500):
                    console.made.floor.on_call(event(CallStage.TOLD))
                await asyncio.sleep(0)


# -- call-backs


async def test_a_phone_is_shown_to_who_takes_the_call_back_and_to_nobody_else(
    console: Console,
) -> None:
    await console.made.journal.keep_call_back(waiting(), 10)
    _, listed = await console.ask("GET", "/call-backs", "/call-backs")
    (entry,) = listed["call_backs"]
    assert (entry["state"], "phone" in entry) == ("open", False)
    path = f"/call-backs/{entry['id']}/take"
    status, taken = await console.ask("POST", path, "/call-backs/{id}/take")
    assert (status, taken["phone"], taken["state"]) == (200, f"+{waiting().msisdn}", "taken")
    status, problem = await console.ask("POST", path, "/call-backs/{id}/take")
    assert (status, problem["type"]) == (409, "urn:jauap:problem:taken")


@pytest.mark.parametrize(("outcome", "left"), [("reached", []), ("put_back", ["open"])])
async def test_a_call_back_ends_or_is_put_back(
    console: Console, outcome: str, left: list[str]
) -> None:
    await console.made.journal.keep_call_back(waiting(), 10)
    path = f"/call-backs/{waiting().id}"
    told = "/call-backs/{id}"
    body = {"outcome": outcome}
    status, _ = await console.ask("POST", path + "/end", told + "/end", body)
    assert status == 409
    await console.ask("POST", path + "/take", told + "/take")
    status, ended = await console.ask("POST", path + "/end", told + "/end", body)
    assert (status, ended) == (200, {"id": str(waiting().id), "outcome": outcome})
    _, listed = await console.ask("GET", "/call-backs", "/call-backs")
    assert [entry["state"] for entry in listed["call_backs"]] == left


async def test_pages_follow_each_other(console: Console) -> None:
    await console.made.journal.keep_call_back(waiting(), 10)
    path = f"/call-backs?after={waiting().id}"
    assert (await console.ask("GET", path, "/call-backs"))[1] == {"call_backs": []}
    for wrong in ("x", "-1", "9" * 19, "9" * 30):
        assert (await console.ask("GET", f"/call-backs?after={wrong}", "/call-backs"))[0] == 422


@pytest.mark.parametrize(
    ("id_", "status"), [("9" * 19, 404), ("0", 404), ("9" * 20, 404), ("7", 409)]
)
async def test_a_call_back_that_is_not_there_is_told(
    console: Console, id_: str, status: int
) -> None:
    path = f"/call-backs/{id_}/take"
    assert (await console.ask("POST", path, "/call-backs/{id}/take"))[0] == status


async def test_a_store_that_is_away_is_told(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise StoreUnavailableError("the store is away")

    monkeypatch.setattr(console.made.journal, "call_backs", away)
    status, problem = await console.ask("GET", "/call-backs", "/call-backs")
    assert (status, problem["type"]) == (503, "urn:jauap:problem:store")


# -- a number by ear


async def test_a_number_is_taken_down_group_by_group(console: Console) -> None:
    _, first = await console.number(said="семьсот пятьдесят, сто", language="ru")
    _, second = await console.number(groups=first["groups"], said="нет, сто один", language="ru")
    assert second["digits"] == "750101"
    assert second["say"] == "Повторяю: семь пять ноль, один ноль один. Верно?"
    assert {"kind": "appeal", "name": "обращение", "missing": 12, "more": False} in second["fits"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"said": "1"}, 422),
        ({"said": 1, "language": "ru"}, 422),
        ({"said": "1" * 501, "language": "ru"}, 422),
        ({"groups": ["12x"], "language": "ru"}, 422),
        ({"groups": ["1"] * 43, "language": "ru"}, 422),
        ({"groups": "12", "language": "ru"}, 422),
        ({"said": "1", "language": "de"}, 422),
        ({"said": "1", "language": "ru", "more": 1}, 422),
        ([], 400),
        ({"said": "1" * 17_000, "language": "ru"}, 413),
    ],
)
async def test_what_is_no_number_entry_is_told(console: Console, body: Any, status: int) -> None:
    assert (await console.ask("POST", "/number", "/number", body))[0] == status


async def test_what_is_no_json_is_told(console: Console) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    url = console.base + "/api/v1/calls/number"
    for octets, status in ((b"{", 400), (b"[" * 5_000, 400), (b"\xff", 400)):
        async with console.session.post(url, data=octets, headers=headers) as reply:
            assert reply.status == status
    async with console.session.post(
        url, data=b"{}", headers=headers | {"Content-Type": "text/plain"}
    ) as reply:
        assert reply.status == 415
