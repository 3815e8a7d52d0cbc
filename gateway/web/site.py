"""The HTTP side: public page, health, metrics, and the webhooks handed in.

Errors are problem+json (RFC 9457). The public page works without JavaScript; its POST is answered
directly (a redirect would put the number into the URL) and never stored by anyone on the way.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl

import jinja2
import structlog
from aiohttp import web

from gateway.problems import Problem, RefusedRequest
from gateway.web.addresses import client_address

NUMBER_SIZE_MAX = 80  # characters of the field that are looked at
FORM_TYPE = "application/x-www-form-urlencoded"
FORM_FIELDS_MAX = 20
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


_STATIC_HEADERS = {"Cache-Control": "public, max-age=3600", "X-Content-Type-Options": "nosniff"}


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
    """The aiohttp application; `webhooks` are (path, handler) pairs for GET and POST, `pages`
    for GET."""
    site = web.Application(middlewares=[_problems], client_max_size=body_size_max)
    page = _Page(front, facts)
    site.router.add_get("/", page.form)
    site.router.add_post("/", page.answer)
    site.router.add_get("/static/{name}", _static_files(HERE / "static"))
    for path, handler in webhooks:
        site.router.add_post(path, handler)
        site.router.add_get(path, handler, allow_head=False)  # some platforms ask by GET
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
    contract = (HERE / "openapi.yaml").read_bytes()

    async def openapi(_: web.Request) -> web.Response:
        return web.Response(body=contract, headers={"Content-Type": "application/yaml"})

    site.router.add_get("/openapi.yaml", openapi)
    return site


def _static_files(folder: Path) -> Handler:
    """What the page needs, read once: no path of a request ever reaches the disk."""
    files = {path.name: path.read_bytes() for path in folder.iterdir()}

    async def serve(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in files:
            raise web.HTTPNotFound
        kind, _ = mimetypes.guess_type(name)
        headers = {"Content-Type": kind or "application/octet-stream"} | _STATIC_HEADERS
        return web.Response(body=files[name], headers=headers)

    return serve


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
        fields = await _form(request)
        language = self._language(request, fields.get("lang"))
        number = fields.get("number", "")[:NUMBER_SIZE_MAX].strip()
        address = client_address(request, self._facts.trusted_proxies)
        answer = await self._front.ask(number, address, language)
        if answer is None:
            words = self._facts.words[language]
            answer = PublicAnswer((words["unavailable"],), language)
        return self._render(language, answer.texts, answer.language, number)

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


async def _form(request: web.Request) -> dict[str, str]:
    """The fields of a form, and of that type alone: the page has no other."""
    if request.content_type != FORM_TYPE:
        raise RefusedRequest(Problem(415, detail=f"send {FORM_TYPE}"))
    octets = await request.read()
    try:
        text = octets.decode("ascii", "replace")  # what is not ASCII stands in percents
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX))
    except ValueError:
        raise RefusedRequest(Problem(400, detail="too many fields")) from None


@web.middleware
async def _problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error as problem+json; what we did wrong is logged once, here."""
    try:
        return await handler(request)
    except RefusedRequest as refusal:
        return _problem(refusal.problem)
    except web.HTTPException as refusal:
        if refusal.status < HTTPStatus.BAD_REQUEST:
            raise
        answer = _problem(Problem(refusal.status))
        if "Allow" in refusal.headers:
            answer.headers["Allow"] = refusal.headers["Allow"]
        return answer
    except web.RequestPayloadError:
        return _problem(Problem(400, detail="the body cannot be read"))
    except Exception as error:
        # A client who goes while he sends is no mistake of ours.
        if not isinstance(error, ConnectionError) or request.transport is not None:
            log.exception("request_failed", path=request.path, method=request.method)
        return _problem(Problem(500))


def _problem(problem: Problem) -> web.Response:
    return web.Response(body=problem.document(), status=problem.status, headers=problem.headers())
