"""A batch of tickets on its way in, and its results on their way out: NDJSON both ways, streamed.

Lines are stored in groups, each a transaction, and a group's results are sent once it is
committed. Whatever the size of the batch, one group is held in memory. The cut into groups depends
on the lines alone, so that a repeat of the batch has the same groups.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from contextlib import suppress
from typing import Final

from aiohttp import web

from gateway.feeds.service import Feeds
from gateway.problems import Problem, RefusedRequest
from lookup.feed.lines import LINE_OCTETS_MAX
from lookup.registry.feed_keys import FeedKey

GROUP_LINES_MAX: Final = 500
GROUP_OCTETS_MAX: Final = 1_048_576
OCTETS_PER_S_MIN: Final = 1_024  # a client may not hold a place for less, beyond `idle_s` in all

_ENDED: Final = "ended"
_STOPPED: Final = "stopped"
_STOPPING: Final = "the service is stopping"
_BROKEN_OFF: Final = "the client has gone"


class _StoppedError(Exception):
    """No more lines are taken; the text says why."""

    problem = Problem(408, "stopped")  # where nothing was stored before


class _TooMuchError(_StoppedError):
    problem = Problem(413, "size")


class _Lines:
    """The lines of a request's body, without the empty ones."""

    def __init__(self, request: web.Request, feeds: Feeds) -> None:
        self._content = request.content
        self._limits = feeds.limits
        self._begun = bytearray()  # a line that has not ended
        self._read_octets = 0
        self._waited_s = 0.0  # for the client alone
        self._lines: list[bytes] = []  # read, not yet handed on, the next one last
        self._over = False
        self._waiting: asyncio.Timeout | None = None
        self.place = 0  # of the line handed on last
        self._slow = "the next line did not come"  # what a timeout means
        self.stopping = False

    def stop(self) -> None:
        """Take no more, even where the next line is awaited at this moment."""
        self.stopping = True
        self._slow = _STOPPING
        if self._waiting is not None:
            self._waiting.reschedule(asyncio.get_running_loop().time())

    async def group(self) -> list[tuple[int, bytes]]:
        """The next lines with their places from 1; none at the end. Raises _StoppedError."""
        group: list[tuple[int, bytes]] = []
        octets = 0
        while len(group) < GROUP_LINES_MAX and octets < GROUP_OCTETS_MAX:
            if not self._lines and not await self._more():
                break
            line = self._lines.pop()
            self.place += 1
            if self.place > self._limits.batch_lines_max:
                raise _TooMuchError(f"more than {self._limits.batch_lines_max} lines")
            if line.strip():
                group.append((self.place, line))
                octets += len(line)
        return group

    async def _more(self) -> bool:
        """Read until there is a line, or the end; a line too long is cut where that shows."""
        while not self._lines and not self._over:
            octets = await self._octets()
            self._over = not octets
            *whole, rest = octets.split(b"\n")
            for line in whole:
                self._add(line)
                self._lines.append(bytes(self._begun))
                self._begun.clear()
            self._add(rest)
            if self._over and self._begun:
                self._lines.append(bytes(self._begun))
                self._begun.clear()
        self._lines.reverse()
        return bool(self._lines)

    def _add(self, octets: bytes) -> None:
        self._begun += octets[: LINE_OCTETS_MAX + 1 - len(self._begun)]

    async def _octets(self) -> bytes:
        if self.stopping:
            raise _StoppedError(_STOPPING)
        loop_time = asyncio.get_running_loop().time
        began_s = loop_time()
        left_s = self._limits.idle_s + self._read_octets / OCTETS_PER_S_MIN - self._waited_s
        try:
            async with asyncio.timeout(min(self._limits.idle_s, left_s)) as self._waiting:
                octets = await self._content.readany()
        except TimeoutError:
            raise _StoppedError(self._slow) from None
        except (ConnectionError, web.RequestPayloadError):
            raise _StoppedError(_BROKEN_OFF) from None
        finally:
            self._waiting = None
        self._read_octets += len(octets)
        self._waited_s += loop_time() - began_s
        if self._read_octets > self._limits.batch_octets_max:
            raise _TooMuchError(f"more than {self._limits.batch_octets_max} octets")
        return octets


class BatchAnswer:
    """One batch; `run` answers it."""

    def __init__(
        self, feeds: Feeds, key: FeedKey, request: web.Request, repeat_key: str | None
    ) -> None:
        self._feeds = feeds
        self._key = key
        self._request = request
        self._repeat_key = repeat_key
        self._lines = _Lines(request, feeds)
        self._counts: Counter[str] = Counter()
        self._response = web.StreamResponse(
            headers={"Content-Type": "application/x-ndjson", "Cache-Control": "no-store"}
        )

    def stop(self) -> None:
        """End it with what is stored so far."""
        self._lines.stop()

    async def run(self) -> web.StreamResponse:
        """Raises RefusedRequest as long as nothing is answered; later the last line tells."""
        stopped: str | None = None
        try:
            await self._groups()
        except _StoppedError as reason:
            stopped = str(reason)
            if not self._response.prepared and not self._lines.stopping:
                raise RefusedRequest(reason.problem._replace(detail=stopped)) from None
        except RefusedRequest as refusal:
            if not self._response.prepared:
                raise
            self._feeds.refused(refusal.problem)
            stopped = refusal.problem.detail or str(refusal.problem.status)
        self._feeds.batch_ended(self._key, self._counts, stopped)
        last = {"result": _ENDED if stopped is None else _STOPPED, "counts": self._counts}
        if stopped is not None:
            last["reason"] = stopped
        if self._request.transport is not None:
            with suppress(_StoppedError):
                await self._send(json.dumps(last, separators=(",", ":")).encode() + b"\n")
                await self._response.write_eof()
        return self._response

    async def _groups(self) -> None:
        part = 0
        while group := await self._lines.group():
            told, counts = await self._feeds.put_lines(self._key, part, group, self._repeat_key)
            self._counts.update(counts)
            part += 1
            await self._send(told)

    async def _send(self, octets: bytes) -> None:
        """Raises _StoppedError where the client takes nothing."""
        if not self._response.prepared:
            await self._response.prepare(self._request)
        try:
            async with asyncio.timeout(self._feeds.limits.idle_s):
                await self._response.write(octets)
        except TimeoutError:
            if self._request.transport is not None:
                self._request.transport.abort()
            raise _StoppedError("the client does not read its results") from None
        except ConnectionError:
            raise _StoppedError(_BROKEN_OFF) from None
