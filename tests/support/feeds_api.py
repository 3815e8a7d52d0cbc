"""The feeds API over a registry of its own, in this process; every answer is held against the
contract."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from gateway.feeds.limits import FeedLimits
from gateway.feeds.service import Feeds
from gateway.web.api import BATCH_PATH, TICKET_PATH, FeedsApi
from gateway.web.site import PageFacts, make_site
from lookup.registry.feed_keys import BULK, READ, WRITE, FeedKey, Scope, digest_of, id_of, make_key
from lookup.registry.feeds import FeedStore
from lookup.registry.importing import import_bodies
from lookup.registry.source import Registry
from lookup.status import TicketRecord, Wanted
from tests.support import feed
from tests.support.contract import answered

NUMBER = "750100000000431215"
NOW_US = 1_795_000_000_000_000
YEAR_US = 365 * 86_400_000_000
ALL = (READ, WRITE, BULK)
AKIMAT = "almaty-akimat"
TAX = "tax-shymkent"
LIMITS = FeedLimits(requests_per_s=1_000.0, burst=1_000, idle_s=5.0)


class Counted:
    """What would become metrics."""

    def __init__(self) -> None:
        self.pushes: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()

    def pushed(self, result: str, count: int) -> None:
        self.pushes[result] += count

    def feed_refused(self, reason: str) -> None:
        self.refusals[reason] += 1


class Told(NamedTuple):
    """An answer."""

    status: int
    headers: Mapping[str, str]
    octets: bytes

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.octets)
        return found

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.octets.splitlines()]

    @property
    def kind(self) -> str:
        """The end of a problem's type."""
        return str(self.json["type"]).rpartition(":")[2]


class Api:
    """A client of it, and what stands behind it."""

    def __init__(
        self, client: TestClient[Any, Any], registry: Registry, store: FeedStore, counted: Counted
    ) -> None:
        self.client = client
        self.registry = registry
        self.store = store
        self.counted = counted
        self.now_us = NOW_US
        self._made = 0

    async def key(
        self,
        *bodies: str,
        system: str = "aikyn",
        rights: tuple[str, ...] = ALL,
        **scope: Any,
    ) -> str:
        """A new key, ready for the header."""
        self._made += 1
        text = make_key(self._made.to_bytes(5), b"s" * 32)
        within = Scope(bodies or (AKIMAT,), rights=rights, **scope)
        identity = id_of(text)
        assert identity is not None
        await self.store.add_key(
            FeedKey(identity, system, digest_of(text), within, NOW_US, NOW_US + YEAR_US)
        )
        return f"Bearer {text}"

    async def ask(
        self,
        method: str,
        path: str,
        key: str | None,
        data: Any = None,
        kind: str | None = "application/json",
        headers: Mapping[str, str] = {},
    ) -> Told:
        named = {"Authorization": key, "Content-Type": kind if data is not None else None}
        sent = {name: value for name, value in named.items() if value} | dict(headers)
        async with (
            asyncio.timeout(20),
            self.client.request(method, path, data=data, headers=sent) as response,
        ):
            octets = await response.read()
            template = BATCH_PATH if path == BATCH_PATH else TICKET_PATH
            answered(
                method, template, response.status, response.headers["Content-Type"],
                response.headers, octets,
            )  # fmt: skip
            return Told(response.status, response.headers, octets)

    async def put(
        self, key: str | None, ticket: object, number: str = NUMBER, **headers: str
    ) -> Told:
        octets = ticket if isinstance(ticket, bytes) else json.dumps(ticket).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.ask("PUT", f"/api/v1/tickets/{number}", key, octets, headers=named)

    async def get(self, key: str | None, number: str = NUMBER, query: str = "") -> Told:
        return await self.ask("GET", f"/api/v1/tickets/{number}{query}", key)

    async def batch(self, key: str | None, *lines: object, **headers: str) -> Told:
        octets = b"".join(
            (line if isinstance(line, bytes) else feed.line(line)) + b"\n"  # type: ignore[arg-type]
            for line in lines
        )
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.ask(
            "POST", BATCH_PATH, key, BytesIO(octets), "application/x-ndjson", headers=named
        )

    async def found(self, number: str = NUMBER, kind: str = "appeal") -> list[TicketRecord]:
        """What a citizen's question would find."""
        wanted = Wanted(number, (kind,))
        return list((await self.registry.find_many([wanted])).get(wanted, ()))


@asynccontextmanager
async def feeds_api(
    folder: Path, limits: FeedLimits = LIMITS, *, proxies: tuple[str, ...] = ()
) -> AsyncIterator[Api]:
    """The API in use over a registry in `folder`, with two bodies of the tests in it."""
    registry = await Registry.open(folder / "tickets.db", create=True)
    try:
        await import_bodies(registry, feed.write_bodies(folder / "bodies.json", *feed.BODIES))
        store = await FeedStore.open(registry)
        try:
            counted = Counted()
            loop = asyncio.get_running_loop()
            clock: list[Api] = []
            feeds = Feeds(
                store=store, registry=registry, limits=limits, hash_phone=feed.hash_phone,
                now_us=lambda: clock[0].now_us, loop_time=loop.time, counters=counted,
            )  # fmt: skip
            site = _site()
            FeedsApi(feeds, proxies).add_to(site)
            async with TestClient(AsServed(site)) as client:
                api = Api(client, registry, store, counted)
                clock.append(api)
                yield api
        finally:
            await store.close()
    finally:
        await registry.close()


class AsServed(TestServer):
    """As the service runs it: whoever answers is not given up when his client goes."""

    async def _make_runner(self, **options: Any) -> web.BaseRunner:
        return await super()._make_runner(**options | {"handler_cancellation": False})


class _NobodyAsks:
    """The rest of the site is not asked."""


def _site() -> web.Application:
    facts = PageFacts({}, "kk", "1012", 15, "1414")
    return make_site(_NobodyAsks(), facts, webhooks=[], pages=[], body_size_max=65_536)  # type: ignore[arg-type]
