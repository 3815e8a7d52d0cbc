"""Calls for `jauap bench calls`: many at a time, each a platform's signed posts, one by one.

The client is as small as it can be, so that what is measured is the other end.
"""

from __future__ import annotations

import asyncio
import hmac
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote_plus, urlencode

from gateway.commands.bench_subjects import HOST

FIRST_CALLER: Final = 77_010_000_000
# What each caller does: a language, appeals, a number, once more; then the platform's report.
KEYS: Final = ("2", "1", "", "9")
REQUESTS: Final = 1 + len(KEYS) + 1
SECONDS: Final = "30"

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_ACTION = re.compile(rb' action="https?://[^/"]+([^"]+)"')
_HEAD: Final = (
    "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    "X-Twilio-Signature: {signature}\r\nContent-Length: {length}\r\n\r\n"
)


class WrongAnswerError(Exception):
    """What came back is no step of a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """Where steps are posted to, and how they are signed."""

    port: int
    path: str
    secret: str
    called: str
    numbers: Sequence[str]

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def request(self, path: str, fields: dict[str, str]) -> bytes:
        signed = self.url + path + "".join(name + fields[name] for name in sorted(fields))
        mac = hmac.digest(self.secret.encode(), signed.encode(), "sha1")
        body = urlencode(fields, quote_via=quote_plus)
        head = _HEAD.format(
            path=path,
            host=f"{HOST}:{self.port}",
            signature=b64encode(mac).decode(),
            length=len(body),
        )
        return (head + body).encode()


@dataclass(slots=True)
class Callers:
    """All calls of one run: `open_max` at a time until `calls` are over. `kept`: a line's requests
    go over one connection; else each over a new one, as proxies do that are not told otherwise."""

    platform: Platform
    calls: int
    open_max: int
    kept: bool
    first: int = 0  # of the callers: each calls once
    latencies_ms: list[float] = field(default_factory=list)

    async def run(self) -> float:
        """The seconds it took. Raises an ExceptionGroup of WrongAnswerError and OSError."""
        loop = asyncio.get_running_loop()
        places = iter(range(self.first, self.first + self.calls))
        began = loop.time()
        async with asyncio.TaskGroup() as lines:
            for _ in range(min(self.open_max, self.calls)):
                lines.create_task(self._line(places))
        return loop.time() - began

    async def _line(self, places: Iterator[int]) -> None:
        """Call after call."""
        loop = asyncio.get_running_loop()
        line = _Line(loop, self.platform.port, kept=self.kept)
        try:
            for place in places:
                path = self.platform.path
                for step in self._steps(place):
                    if step["CallStatus"] != "in-progress":
                        path = self.platform.path  # of the platform itself, not of a document
                    elif not path:
                        raise WrongAnswerError("a document without a question")
                    request = self.platform.request(path, step)
                    began = loop.time()
                    document = await line.ask(request)
                    self.latencies_ms.append((loop.time() - began) * 1_000)
                    action = _ACTION.search(document)
                    path = action[1].replace(b"&amp;", b"&").decode() if action else ""
        finally:
            line.close()

    def _steps(self, place: int) -> Iterator[dict[str, str]]:
        """The fields of each post of one call."""
        caller = f"+{FIRST_CALLER + place}"
        call = {
            "AccountSid": "AC00000000000000000000000000000001",
            "ApiVersion": "2010-04-01",
            "CallSid": f"CA{place:032d}",
            "Called": self.platform.called,
            "Caller": caller,
            "Direction": "inbound",
            "From": caller,
            "To": self.platform.called,
        }
        numbers = self.platform.numbers
        yield call | {"CallStatus": "ringing"}
        for keys in KEYS:
            pressed = keys or numbers[place % len(numbers)]
            yield call | {"CallStatus": "in-progress", "Digits": pressed}
        yield call | {"CallStatus": "completed", "CallDuration": SECONDS}


class _Line(asyncio.Protocol):
    """One request at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop, port: int, *, kept: bool) -> None:
        self._loop = loop
        self._port = port
        self._kept = kept
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._answer: asyncio.Future[bytes] = loop.create_future()

    async def ask(self, request: bytes) -> bytes:
        """The body of the answer. Raises WrongAnswerError, OSError."""
        self._buffer = b""
        self._answer = self._loop.create_future()
        if self._transport is None:
            self._transport, _ = await self._loop.create_connection(lambda: self, HOST, self._port)
        self._transport.write(request)
        answer = await self._answer
        if not self._kept:
            self.close()
        return answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, gap, body = self._buffer.partition(b"\r\n\r\n")
        if not gap or self._answer.done():
            return
        length = _LENGTH.search(head)
        if length is None or not head.startswith(b"HTTP/1.1 200 "):
            said = head.partition(b"\r\n")[0].decode("latin-1")
            self._answer.set_exception(WrongAnswerError(said))
        elif len(body) >= int(length[1]):
            self._answer.set_result(body)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the connection was closed"))
