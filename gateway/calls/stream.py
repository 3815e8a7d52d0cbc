"""The stream of what happens on calls, as server-sent events.

A console begins with `reset`, the calls that go on; then each event with its id. One that comes
back with Last-Event-ID gets what it missed, or `reset` again where that is not known any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import msgspec
from aiohttp import web

from gateway.calls.floor import Floor
from gateway.calls.view import calls_shown, event_shown
from gateway.problems import Problem, RefusedRequest

STREAMS_MAX: Final = 200  # consoles at a time
PING_S: Final = 15.0  # proxies close what is silent for long
STALLED_S: Final = 30.0  # a console that reads nothing so long is let go
RETRY_MS: Final = 3_000  # when a console that was cut off comes back
BUSY_RETRY_S: Final = 30

_HEADERS: Final = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}
_encode = msgspec.json.Encoder().encode


class CallsStream:
    """`count` is told how many consoles read now."""

    def __init__(
        self, floor: Floor, count: Callable[[int], None], *, ping_s: float = PING_S,
        streams_max: int = STREAMS_MAX,
    ) -> None:  # fmt: skip
        self._floor = floor
        self._count = count
        self._ping_s = ping_s
        self._streams_max = streams_max
        self._streams = 0
        self._stopping = False

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if self._stopping or self._streams >= self._streams_max:
            detail = "as many consoles as may read do so"
            raise RefusedRequest(Problem(503, "busy", detail, retry_after_s=BUSY_RETRY_S))
        self._add(1)
        try:
            response = web.StreamResponse(headers=_HEADERS)
            await response.prepare(request)
            try:
                await self._follow(response, request.headers.get("Last-Event-ID", ""))
            except TimeoutError:  # what it has not read is not worth keeping
                if request.transport is not None:
                    request.transport.abort()
            return response
        finally:
            self._add(-1)

    async def stop(self, _: web.Application) -> None:
        self._stopping = True
        self._floor.wake()

    async def _follow(self, response: web.StreamResponse, last_id: str) -> None:
        """Until the console goes, stalls, or the service stops."""
        await _write(response, b"retry: %d\n\n" % RETRY_MS)
        with self._floor.watching() as news:
            while not self._stopping:
                news.clear()
                missed = self._floor.after(last_id)
                if missed is None:
                    last_id = self._floor.last_id
                    shown = calls_shown(self._floor.going_on())
                    await _write(response, _event("reset", last_id, shown))
                elif missed:
                    last_id = missed[-1].id
                    lines = [_event("call", id_, event_shown(event)) for id_, event in missed]
                    await _write(response, b"".join(lines))
                try:
                    async with asyncio.timeout(self._ping_s):
                        await news.wait()
                except TimeoutError:
                    await _write(response, b": ping\n\n")

    def _add(self, change: int) -> None:
        self._streams += change
        self._count(self._streams)


async def _write(response: web.StreamResponse, octets: bytes) -> None:
    """Raises TimeoutError where nobody reads."""
    async with asyncio.timeout(STALLED_S):
        await response.write(octets)


def _event(name: str, id_: str, shown: dict[str, Any]) -> bytes:
    return b"event: %s\nid: %s\ndata: %s\n\n" % (name.encode(), id_.encode(), _encode(shown))
