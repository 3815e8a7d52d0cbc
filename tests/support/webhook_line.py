"""A TwiML platform with one webhook over real sockets, and a gateway behind it as scripted."""

from __future__ import annotations

import base64
import hmac
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlencode
from xml.etree import ElementTree

import aiohttp
from aiohttp import web
from yarl import URL

from ivr.actions import Phrase
from ivr.attendant.people import People
from ivr.dialects import DIALECTS
from ivr.webhook import Webhook, make_webhook
from tests.support.call_desk import Counted, Desk, Watched, voice_texts

TOKEN = "12345"
NONCES = "ours alone"
PUBLIC = "https://gw.example.kz"
NOW_US = 1_795_150_800_000_000  # 2026-11-20 10:00 +05:00
CALLER = "77010000001"
CALL = {"CallSid": "CA1", "From": "+77010000001", "To": "+77001414141"}
OPERATOR = "+77172000000"
KNOWN = {CALLER: "en"}


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def now_us(self) -> int:
        return NOW_US + round(self.now_s * 1_000_000)

    def loop_time(self) -> float:
        return self.now_s


class Line:
    """A TwiML platform with one webhook: it posts signed forms and reads documents."""

    def __init__(self, session: aiohttp.ClientSession, base: str, webhook: Webhook) -> None:
        self.session = session
        self.base = base
        self.webhook = webhook

    async def raw(
        self, path: str, fields: Mapping[str, str] | list[tuple[str, str]], **headers: str
    ) -> tuple[int, str, bytes]:
        pairs = list(fields.items()) if isinstance(fields, Mapping) else fields
        text = PUBLIC + path + "".join(name + value for name, value in sorted(set(pairs)))
        mac = base64.b64encode(hmac.digest(TOKEN.encode(), text.encode(), "sha1")).decode()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": mac,
        } | headers
        body = urlencode(pairs).encode()
        async with self.session.post(self.base + path, data=body, headers=headers) as reply:
            return reply.status, reply.headers["Content-Type"], await reply.read()

    async def get(
        self, path: str, fields: Mapping[str, str], *, signed: bool = True
    ) -> tuple[int, str, bytes]:
        """As `raw`, by GET: the URL alone is signed."""
        path += "?" + urlencode(fields)
        mac = base64.b64encode(hmac.digest(TOKEN.encode(), (PUBLIC + path).encode(), "sha1"))
        headers = {"X-Twilio-Signature": mac.decode() if signed else "bm8="}
        url = URL(self.base + path, encoded=True)
        async with self.session.get(url, headers=headers) as reply:
            return reply.status, reply.headers["Content-Type"], await reply.read()

    async def post(self, path: str, **fields: str) -> ElementTree.Element:
        status, kind, body = await self.raw(path, CALL | fields)
        assert (status, kind) == (200, "text/xml; charset=utf-8")
        return ElementTree.fromstring(body)

    async def start(self, **fields: str) -> ElementTree.Element:
        return await self.post("/ivr/1414", CallStatus="ringing", **fields)


def action(document: ElementTree.Element) -> str:
    verb = next(verb for verb in document.iter() if "action" in verb.attrib)
    return verb.attrib["action"].removeprefix(PUBLIC)


def words(document: ElementTree.Element) -> str:
    return " ".join(verb.text or "" for verb in document.iter("Say"))


@asynccontextmanager
async def line(
    desk: Desk,
    counted: Counted | None = None,
    clock: Clock | None = None,
    *,
    calls_max: int = 100,
    operator: str | None = OPERATOR,
    step_deadline_s: float = 4.0,
    prompt_url: Callable[[Phrase], str | None] = lambda _: None,
    events: Watched | None = None,
    people: People | None = None,
) -> AsyncIterator[Line]:
    clock = clock or Clock()
    webhook = make_webhook(
        link="1414", dialect=DIALECTS["twiml"], secrets=[TOKEN], public_url=PUBLIC + "/", desk=desk,
        voice=voice_texts(), prompt_url=prompt_url, numbers=["1414", "+77001414141"],
        operator_target=operator, now_us=clock.now_us, loop_time=clock.loop_time,
        counters=counted or Counted(), nonce_secret=NONCES, events=events,
        people=people, calls_max=calls_max, idle_s=900.0, step_deadline_s=step_deadline_s,
    )  # fmt: skip
    site = web.Application(client_max_size=65_536)
    site.router.add_post("/ivr/1414", webhook.handle)
    site.router.add_get("/ivr/1414", webhook.handle)
    async with served(site) as base, aiohttp.ClientSession() as session:
        yield Line(session, base, webhook)


@asynccontextmanager
async def served(site: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
