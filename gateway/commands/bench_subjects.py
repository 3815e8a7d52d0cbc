"""What `jauap bench` measures the gateway beside: each a process of its own that connects back.

`python -m gateway.commands.bench_subjects echo PORT` ends when its peer hangs up,
`... esme PORT WINDOW RECEIPTS` when it is told to.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections import deque

from smpp.esme import Link, LinkSettings
from smpp.messages import Inbound, Submit, SubmitResult
from smpp.operators import DEFAULT
from smpp.owner import BindEvent, Delivery

HOST = "127.0.0.1"
PASSWORD = "bench"
SHORT_CODE = "1012"


class _Echo(asyncio.Protocol):
    """Sends back whatever comes."""

    def __init__(self) -> None:
        self.over = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.over.set()


async def echo(port: int) -> None:
    """The least a program on asyncio can do with octets."""
    _, protocol = await asyncio.get_running_loop().create_connection(_Echo, HOST, port)
    await protocol.over.wait()


class _Bare:
    """The owner of a link that takes every question and sends its text back: SMPP and nothing
    else. What finds no free slot waits here, at most as much as the SMSC has open."""

    def __init__(self, receipts: bool) -> None:
        self.link: Link
        self._receipts = receipts
        self._ids = itertools.count(1)
        self._waiting: deque[Submit] = deque()

    def on_delivery(self, delivery: Delivery) -> None:
        message = delivery.message
        delivery.respond(0)
        if isinstance(message, Inbound):
            reply = Submit(
                next(self._ids),
                SHORT_CODE,
                message.source,
                message.data_coding,
                message.octets,
                receipt=self._receipts,
            )
            if self.link.room > 0:
                self.link.submit(reply)
            else:
                self._waiting.append(reply)

    def on_submit_result(self, link: str, result: SubmitResult) -> None:
        """Whether it arrived is the driver's to see."""

    def on_room(self, link: str) -> None:
        while self._waiting and self.link.room > 0:
            self.link.submit(self._waiting.popleft())

    def on_confirmed(self, session: int, through: int) -> None:
        """Nothing is remembered that could be forgotten."""

    def on_bind(self, event: BindEvent) -> None:
        """The driver sees the bind."""


async def esme(port: int, window: int, receipts: bool) -> None:
    """The session layer alone."""
    bare = _Bare(receipts)
    settings = LinkSettings(
        name="bench", host=HOST, port=port, system_id=SHORT_CODE, window=window, tps_max=0
    )
    numbers = itertools.count(1)
    bare.link = Link(
        settings,
        DEFAULT,
        bare,
        next_session=lambda: next(numbers),
        jitter=lambda: 0.5,
        password=PASSWORD,
    )
    await bare.link.run()


def main(words: list[str]) -> None:
    name, *numbers = words
    if name == "echo":
        asyncio.run(echo(int(numbers[0])))
    else:
        port, window, receipts = map(int, numbers)
        asyncio.run(esme(port, window, bool(receipts)))


if __name__ == "__main__":
    main(sys.argv[1:])
