"""The feeds API over HTTP: one ticket read or pushed, and batches (gateway.web.api_batch).

Whose request it is and what it may is settled before its body is read.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from typing import Any, Final

from aiohttp import web

from gateway.feeds.service import Feeds
from gateway.problems import CONTENT_TYPE, Problem, RefusedRequest, wrong_field
from gateway.web.addresses import client_address
from gateway.web.api_batch import BatchAnswer
from lookup.registry.feed_keys import BULK, READ, WRITE, FeedKey

TICKET_PATH: Final = "/api/v1/tickets/{number}"
BATCH_PATH: Final = "/api/v1/tickets:batch"
JSON_TYPE: Final = "application/json"
NDJSON_TYPE: Final = "application/x-ndjson"
STOPPING_RETRY_S: Final = 5
REPEAT_KEY: Final = "Idempotency-Key"

_REPEAT_KEY_FORM: Final = re.compile(r"[!-~]{1,100}")

_Handler = Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]


class FeedsApi:
    """`add_to` puts it on the site."""

    def __init__(self, feeds: Feeds, trusted_proxies: tuple[str, ...]) -> None:
        self._feeds = feeds
        self._proxies = trusted_proxies
        self._batches: set[BatchAnswer] = set()
        self._stopping = False

    def add_to(self, site: web.Application) -> None:
        site.router.add_route("GET", TICKET_PATH, self._counting(self._get))
        site.router.add_route("PUT", TICKET_PATH, self._counting(self._put))
        site.router.add_route("POST", BATCH_PATH, self._counting(self._batch))
        site.on_shutdown.append(self._stop)

    async def _get(self, request: web.Request) -> web.Response:
        key = await self._caller(request, READ)
        number, kind = request.match_info["number"], request.query.get("kind")
        return _response(200, await self._feeds.find(key, number, kind))

    async def _put(self, request: web.Request) -> web.Response:
        key = await self._caller(request, WRITE)
        repeat_key = _prepared(request, JSON_TYPE)
        octets = await self._read(request)
        number, kind = request.match_info["number"], request.query.get("kind")
        told = await self._feeds.put(key, number, kind, octets, repeat_key)
        return _response(told.status, told.octets)

    async def _batch(self, request: web.Request) -> web.StreamResponse:
        key = await self._caller(request, BULK)
        repeat_key = _prepared(request, NDJSON_TYPE)
        octets_max = self._feeds.limits.batch_octets_max
        if (request.content_length or 0) > octets_max:
            raise _too_large(octets_max)
        with self._feeds.limiter.batch(key.id):
            answer = BatchAnswer(self._feeds, key, request, repeat_key)
            self._batches.add(answer)
            if self._stopping:
                answer.stop()
            try:
                return await answer.run()
            finally:
                self._batches.discard(answer)

    async def _caller(self, request: web.Request, right: str) -> FeedKey:
        if self._stopping:
            detail = "the service is stopping"
            raise RefusedRequest(Problem(503, "busy", detail, retry_after_s=STOPPING_RETRY_S))
        address = client_address(request, self._proxies)
        return await self._feeds.caller(request.headers.get("Authorization"), address, right)

    async def _read(self, request: web.Request) -> bytes:
        """The whole body of one ticket; raises RefusedRequest (400, 408, 413)."""
        octets_max = self._feeds.limits.ticket_octets_max
        if (request.content_length or 0) > octets_max:
            raise _too_large(octets_max)
        body = bytearray()
        try:
            async with asyncio.timeout(self._feeds.limits.idle_s):
                async for octets in request.content.iter_any():
                    body += octets
                    if len(body) > octets_max:
                        raise _too_large(octets_max)
        except TimeoutError:
            raise RefusedRequest(Problem(408, "slow", "the ticket came too slowly")) from None
        except (ConnectionError, web.RequestPayloadError):
            raise RefusedRequest(Problem(400, "body", "the body breaks off")) from None
        return bytes(body)

    def _counting(self, handler: _Handler) -> _Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except RefusedRequest as refusal:
                self._feeds.refused(refusal.problem)
                raise

        return handle

    async def _stop(self, _: web.Application) -> None:
        self._stopping = True
        for batch in self._batches:
            batch.stop()


def _prepared(request: web.Request, content_type: str) -> str | None:
    """The Idempotency-Key of a body that has the right type; raises RefusedRequest."""
    charset = request.charset or "utf-8"
    if request.content_type != content_type or charset.lower() not in {"utf-8", "utf8"}:
        detail = f"send {content_type}, in UTF-8"
        raise RefusedRequest(Problem(415, "content-type", detail))
    if {code.lower() for code in request.headers.getall("Content-Encoding", ())} - {"identity"}:
        raise RefusedRequest(Problem(415, "content-encoding", "send it as it is, not compressed"))
    repeat_key = request.headers.get(REPEAT_KEY)
    if repeat_key is not None and not _REPEAT_KEY_FORM.fullmatch(repeat_key):
        raise wrong_field(400, REPEAT_KEY, "must be 1 to 100 printable ASCII characters, no spaces")
    return repeat_key


def _too_large(octets_max: int) -> RefusedRequest:
    return RefusedRequest(Problem(413, "size", f"more than {octets_max} octets"))


def _response(status: int, octets: bytes) -> web.Response:
    kind = JSON_TYPE if status < 400 else CONTENT_TYPE
    headers = {"Content-Type": kind, "Cache-Control": "no-store"}
    return web.Response(body=octets, status=status, headers=headers)
