"""docs/reference/http.md has every route and every field of the readiness answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from gateway.calls.api import CallsApi
from gateway.calls.floor import Floor
from gateway.carriers import Carriers
from gateway.readiness import Readiness
from gateway.sources.opening import Sources
from gateway.store.journal import JournalHealth
from gateway.web import captures
from gateway.web.api import FeedsApi
from gateway.web.site import PageFacts, make_site
from ivr.prompts import make_prompt_pages
from lookup.guard import Guarded
from lookup.source import SourceHealth
from smpp.capture.ring import Captures
from tests.support.pages import names, read, section, table

PAGE = "reference/http.md"
PLAIN = ("/", "/static/{name}", "/metrics", "/openapi.yaml")


class NobodyAsks:
    """A front that no request ever reaches."""


class NothingIsSaid:
    """Recordings that nobody fetches."""


class Writable:
    async def health(self) -> JournalHealth:
        return JournalHealth("sqlite", "SQLite", None, True, 1, 0)


class Answers:
    name = "registry"
    kinds = frozenset({"*"})

    async def health(self) -> SourceHealth:
        return SourceHealth("registry", True, "")


class NothingWaits:
    def owing(self) -> dict[str, Any]:
        return {}


async def nothing(_: web.Request) -> web.Response:
    return web.Response()


def routes() -> set[str]:
    facts = PageFacts({}, "kk", "1012", 15, "1414")
    site = make_site(
        NobodyAsks(),
        facts,
        webhooks=[("/ivr/<name>", nothing)],
        pages=[(path, nothing) for path in _get_paths()],
        body_size_max=1,
    )
    return {f"{route.method} {_path(route.resource)}" for route in site.router.routes()} - {
        f"HEAD {path}" for path in (*PLAIN, *_health(), *_get_paths())
    }


def feeds() -> set[str]:
    """What is there where [feeds] is enabled."""
    site = web.Application()
    FeedsApi(NobodyAsks(), ()).add_to(site)
    return {f"{route.method} {_path(route.resource)}" for route in site.router.routes()}


class NothingIsKept:
    """Call-backs, words and kinds that no request reaches."""

    def operator_streams(self, count: int) -> None: ...


def operators() -> set[str]:
    """What is there where [operators] names a token."""
    site, nothing = web.Application(), NothingIsKept()
    CallsApi(
        floor=Floor(lambda: 0), kept=nothing, words=nothing, kinds=nothing, tokens=("t",),
        now_us=lambda: 0, counters=nothing,
    ).add_to(site)  # fmt: skip
    return {f"{route.method} {_path(route.resource)}" for route in site.router.routes()}


def _health() -> tuple[str, ...]:
    return "/health/live", "/health/ready"


def _path(resource: web.AbstractResource | None) -> str:
    assert resource is not None
    info = resource.get_info()
    return str(info.get("path") or info["formatter"])


def _get_paths() -> list[str]:
    """What recordings add to the site."""
    return [path for path, _ in make_prompt_pages(NothingIsSaid())]


def test_every_route_has_its_row() -> None:
    intro = read(PAGE).partition("\n## ")[0]
    assert set(table(intro)) == routes() | {f"GET {captures.PATH}"} | feeds() | operators()


def test_every_field_of_readiness_has_its_row() -> None:
    async def ask() -> tuple[bool, Mapping[str, Any]]:
        sources = Sources()
        sources.add(Guarded(Answers(), clock=asyncio.get_running_loop().time), here=True)
        readiness = Readiness(
            journal=Writable(),
            carriers=Carriers((), None, Captures(lambda: 0), {}),
            sources=sources,
            waiting=NothingWaits(),
            metrics=None,
        )
        return await readiness.ready(draining=False)

    ok, detail = asyncio.run(ask())
    rows = table(section(read(PAGE), "GET /health/ready").body)
    assert ok
    assert set(rows) == {"ready", *detail}
    assert set(names(rows["store"][0])) == set(detail["store"])
