"""Twilio, SignalWire, Telnyx and Plivo over real sockets: each signs by its vendor's own means, and
follows documents by its own rules. The gateway behind the webhook answers as scripted."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp import web

from ivr.actions import Phrase
from ivr.dialects import DIALECTS
from ivr.switch import TextOffer
from ivr.webhook import Webhook, make_webhook
from tests.support.call_desk import ABSENT, FOUND, Counted, Desk, named_texts
from tests.support.players import plivo, twiml
from tests.support.players.contract import GATHER, HANGUP, TRANSFER, Heard
from tests.support.players.forms import FORM, FormPlayer

NAMES = (*twiml.DIALECTS, *plivo.DIALECTS)
SECRET = "12345"
PATH = "/ivr/1414"
CALLER = "+77010000001"
KNOWN = {"77010000001": "en"}
OPERATOR = "sip:desk@pbx.example.kz"


class Recordings:
    """Kazakh has recordings; what they say is known by their URL."""

    def __init__(self) -> None:
        self.words: dict[str, tuple[str, str]] = {}

    def url(self, phrase: Phrase) -> str | None:
        if phrase.language != "kk":
            return None
        url = f"https://gw.example.kz/prompts/{len(self.words)}.wav"
        self.words[url] = (phrase.language, phrase.text)
        return url


class Line(NamedTuple):
    """A platform's side: the player of one call, and the webhook it talks to."""

    player: FormPlayer
    webhook: Webhook
    base: str


@asynccontextmanager
async def line(
    name: str, desk: Desk, counted: Counted | None = None, caller: str = CALLER
) -> AsyncIterator[Line]:
    recordings, site = Recordings(), web.Application(client_max_size=65_536)
    runner = web.AppRunner(site, access_log=None)
    webhook: list[Webhook] = []  # made when the port is known: it is part of what is signed

    async def handle(request: web.Request) -> web.StreamResponse:
        return await webhook[0].handle(request)

    site.router.add_route("GET", PATH, handle, expect_handler=None)
    site.router.add_post(PATH, handle)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        webhook.append(
            make_webhook(
                link="1414", dialect=DIALECTS[name], secrets=[twiml.SECRETS.get(name, SECRET)],
                public_url=base, desk=desk, voice=named_texts(), prompt_url=recordings.url,
                numbers=["1414"], operator_target=OPERATOR, nonce_secret="ours",
                now_us=lambda: time.time_ns() // 1_000, loop_time=lambda: 0.0,
                counters=counted or Counted(),
            )
        )  # fmt: skip
        make = plivo.make if name in plivo.DIALECTS else twiml.make
        player = make(
            name, base_url=base, path=PATH, secret=SECRET, caller=caller, called="1414",
            call_id="c1", words=recordings.words.__getitem__,
        )  # fmt: skip
        yield Line(player, webhook[0], base)
    finally:
        await runner.cleanup()


def heard(then: str, *said: str, language: str = "en") -> Heard:
    return Heard(tuple((language, text) for text in said), then)


@pytest.mark.parametrize("name", NAMES)
async def test_a_whole_call(name: str) -> None:
    desk, counted = Desk(offer=TextOffer(0)), Counted()
    async with line(name, desk, counted) as (player, _, _):
        welcome = await player.call()
        assert welcome == Heard(
            (("kk", "[welcome]"), ("ru", "[welcome]"), ("en", "[welcome]")), GATHER
        )
        assert await player.keys("1") == heard(GATHER, "[menu]", language="kk")
        assert await player.keys("1") == heard(GATHER, "[ask_number]", language="kk")
        told = await player.keys(f"12*{FOUND}#")
        assert told.said[0][1].startswith("[appeal.in_review]")
        assert (await player.keys("5")).said[0][1].startswith("[sms_sent]")
        assert await player.keys("0") == heard(TRANSFER, "[operator]", language="kk")
        after = await player.operator(connected=True, seconds=40)
        assert after == heard(HANGUP, "[goodbye]", language="kk")
        await player.hang_up(95)
        await player.hang_up(95)
    assert [(q.step, q.digits, q.language) for q in desk.questions] == [(4, FOUND, "kk")]
    assert [(q.step, q.digits) for q in desk.texts] == [(5, FOUND)]
    assert [(end.outcome, end.seconds) for end in desk.operators] == [("completed", 40)]
    assert [(end.outcome, end.seconds) for end in desk.ends] == [("transferred", 95)]
    assert counted.outcomes() == ["started", *["step"] * 5, "transferred", "ended", "repeated"]
    assert counted.refused == []


@pytest.mark.parametrize("name", NAMES)
async def test_who_says_nothing_is_handed_over(name: str) -> None:
    async with line(name, Desk(KNOWN)) as (player, _, _):
        assert await player.call() == heard(GATHER, "[menu]")
        assert (await player.silence()).then == GATHER
        assert (await player.keys("#")).then == GATHER
        assert (await player.silence()).then == TRANSFER
        busy = await player.operator(connected=False)
        assert busy == heard(GATHER, "[queue] one")
        assert await player.keys("1") == heard(HANGUP, "[call_back_kept] [goodbye]")


@pytest.mark.parametrize("name", NAMES)
async def test_a_number_without_the_finish_key_is_taken_too(name: str) -> None:
    desk = Desk(KNOWN)
    async with line(name, desk) as (player, _, _):
        await player.call()
        await player.keys("3")
        assert (await player.keys(ABSENT)).said[0][1].startswith("[confirm_number]")
    assert [(q.digits, q.menu) for q in desk.questions] == [(ABSENT, "fine")]


@pytest.mark.parametrize("name", NAMES)
async def test_a_hidden_caller_is_nobody(name: str) -> None:
    desk = Desk({"": "en"})
    async with line(name, desk, caller="") as (player, _, _):
        assert len((await player.call()).said) == 3
        await player.keys("3")
        await player.hang_up(5)
    assert [end.caller for end in desk.ends] == [""]
    assert desk.languages == {"": "en"}


@pytest.mark.parametrize("name", NAMES)
async def test_a_request_that_is_changed_or_unsigned_is_refused_and_counted(name: str) -> None:
    desk, counted = Desk(), Counted()
    async with (
        line(name, desk, counted) as (player, webhook, base),
        aiohttp.ClientSession() as http,
    ):
        fields = player.tongue.started()
        signed = dict(player.sign(base + PATH, fields))
        for headers, body in (({}, fields), (signed, fields | {"From": "+77019999999"})):
            posted = {"Content-Type": FORM, **headers}
            async with http.post(base + PATH, data=urlencode(body), headers=posted) as reply:
                assert reply.status == 403
                assert reply.headers["Content-Type"] == "application/problem+json"
        assert len(webhook.attendant.calls) == 0
    assert counted.refused == [(name, "missing"), (name, "mismatch")]
    assert desk.starts == []


@pytest.mark.parametrize("name", NAMES)
async def test_each_step_posted_three_times_is_taken_once(name: str) -> None:
    desk, counted = Desk(KNOWN), Counted()
    async with line(name, desk, counted) as (player, _, _), aiohttp.ClientSession() as http:

        async def again(url: str, fields: Mapping[str, str]) -> bytes:
            headers = {"Content-Type": FORM, **player.sign(url, dict(fields))}
            async with http.post(url, data=urlencode(fields), headers=headers) as reply:
                assert reply.status == 200
                return await reply.read()

        await player.call()
        await player.keys("2")
        assert player.waiting is not None
        step, keyed = player.waiting.url, player.tongue.keyed(FOUND, finished=True)
        documents = [await again(step, keyed) for _ in range(3)]
        assert len(set(documents)) == 1
        # So is an old step with other keys, and one whose nonce was guessed.
        assert await again(step, player.tongue.keyed(ABSENT, finished=True)) == documents[0]
        assert await again(f"{step[:-1]}x", keyed) == documents[0]
    assert [q.digits for q in desk.questions] == [FOUND]
    assert counted.outcomes() == ["started", "step", "step", *["repeated"] * 4]


@pytest.mark.parametrize("name", ["twiml", "twiml-sha256", "signalwire"])
async def test_a_start_may_come_by_get(name: str) -> None:
    async with line(name, Desk(KNOWN)) as (player, _, base), aiohttp.ClientSession() as http:
        url = f"{base}{PATH}?{urlencode(player.tongue.started())}"
        async with http.get(url, headers=player.sign(url, {})) as reply:
            assert reply.status == 200
            assert "[menu]" in await reply.text()
