"""The HTTP side: public page, health, metrics, and the webhooks handed in.

Errors are problem+json (RFC 9457). The public page works without JavaScript; its POST is answered
directly (a redirect would put the number into the URL) and never stored by anyone on the way.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import jinja2
import structlog
from aiohttp import web

NUMBER_SIZE_MAX = 80  # characters of the field that are looked at
HERE = Path(__file__).parent

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class PublicAnswer(NamedTuple):
    """What the page shows: texts of the catalogue and their language."""

    texts: tuple[str, ...]
    language: str


class Front(Protocol):
    """What the site asks of the gateway."""

    async def ask(self, text: str, address: str, language: str) -> PublicAnswer | None:
        """None: the store or every source is away."""

    async def ready(self) -> tuple[bool, Mapping[str, Any]]: ...
    def live(self) -> bool: ...
    def metrics(self) -> bytes: ...


class PageFacts(NamedTuple):
    """What the page says of the service."""

    words: Mapping[str, Mapping[str, str]]  # by language
    language: str  # where the browser names none of ours
    short_code: str
    price_tenge: int
    phone: str
    trusted_proxies: tuple[str, ...] = ()


def make_site(
    front: Front,
    facts: PageFacts,
    webhooks: Sequence[tuple[str, Handler]],
    pages: Sequence[tuple[str, Handler]],
    body_size_max: int,
) -> web.Application:
    """The aiohttp application; `webhooks` are (path, handler) pairs for POST, `pages` for GET."""
    site = web.Application(middlewares=[_problems], client_max_size=body_size_max)
    page = _Page(front, facts)
    site.router.add_get("/", page.form)
    site.router.add_post("/", page.answer)
    site.router.add_static("/static", HERE / "static")
    for path, handler in webhooks:
        site.router.add_post(path, handler)
    for path, handler in pages:
        site.router.add_get(path, handler)

    async def live(_: web.Request) -> web.Response:
        ok = front.live()
        return web.json_response({"live": ok}, status=200 if ok else 503)

    async def ready(_: web.Request) -> web.Response:
        ok, detail = await front.ready()
        return web.json_response({"ready": ok, **detail}, status=200 if ok else 503)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(
            body=front.metrics(), headers={"Content-Type": "text/plain; version=0.0.4"}
        )

    site.router.add_get("/health/live", live)
    site.router.add_get("/health/ready", ready)
    site.router.add_get("/metrics", metrics)
    return site


class _Page:
    def __init__(self, front: Front, facts: PageFacts) -> None:
        self._front = front
        self._facts = facts
        templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
        )
        self._template = templates.get_template("page.html")

    async def form(self, request: web.Request) -> web.Response:
        return self._render(self._language(request, request.query.get("lang")), None, "", "")

    async def answer(self, request: web.Request) -> web.Response:
        fields = await request.post()
        language = self._language(request, str(fields.get("lang", "")))
        number = str(fields.get("number", ""))[:NUMBER_SIZE_MAX].strip()
        answer = await self._front.ask(number, self._address(request), language)
        if answer is None:
            words = self._facts.words[language]
            answer = PublicAnswer((words["unavailable"],), language)
        return self._render(language, answer.texts, answer.language, number)

    def _address(self, request: web.Request) -> str:
        """Who asks: behind a proxy that is trusted, whom it names last."""
        remote = request.remote or ""
        if remote in self._facts.trusted_proxies:
            return request.headers.get("X-Forwarded-For", remote).rpartition(",")[2].strip()
        return remote

    def _language(self, request: web.Request, chosen: str | None) -> str:
        if chosen in self._facts.words:
            return str(chosen)
        for item in request.headers.get("Accept-Language", "").split(","):
            code = item.split(";")[0].strip()[:2].lower()
            if code in self._facts.words:
                return code
        return self._facts.language

    def _render(
        self, language: str, answers: tuple[str, ...] | None, answer_lang: str, asked: str
    ) -> web.Response:
        facts = self._facts
        text = self._template.render(
            lang=language,
            words=facts.words[language],
            languages=[(code, words["name"]) for code, words in facts.words.items()],
            answers=answers,
            answer_lang=answer_lang,
            asked=asked,
            short_code=facts.short_code,
            price=facts.price_tenge,
            phone=facts.phone,
        )
        return web.Response(
            text=text,
            content_type="text/html",
            headers=_HEADERS | {"Cache-Control": "no-store", "Vary": "Accept-Language"},
        )


@web.middleware
async def _problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error as problem+json; what we did wrong is logged once, here."""
    try:
        return await handler(request)
    except web.HTTPException as refusal:
        if refusal.status < HTTPStatus.BAD_REQUEST:
            raise
        return _problem(refusal.status, refusal.reason)
    except Exception:
        log.exception("request_failed", path=request.path, method=request.method)
        return _problem(500, "Internal Server Error")


def _problem(status: int, title: str) -> web.Response:
    body = {"type": "about:blank", "title": title, "status": status}
    return web.Response(
        text=json.dumps(body), status=status, content_type="application/problem+json"
    )
