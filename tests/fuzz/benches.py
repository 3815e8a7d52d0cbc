"""Sessions of ours on real sockets, in either role, and the peer's end of their connections."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from smpp.backoff import BackoffLimits
from smpp.esme import Link
from smpp.links import LinkSettings, SessionLimits
from smpp.server.settings import ServerSettings
from smpp.smsc import Smsc
from smpp.stats import LinkStats
from smpp.status import BindAction
from tests.fuzz.judge import PROBE, PROFILE, Answering, Role, framing
from tests.fuzz.mutation import MODELS, SUBMITTED
from tests.support import peer
from tests.support.peer import Pdu
from tests.support.server import LIMITS, account, credentials

WAIT_S = 10.0
AT_ONCE = BackoffLimits(
    delays_s={
        BindAction.BACKOFF: (0.001,),
        BindAction.BUSY_BACKOFF: (0.001,),
        BindAction.LONG_BACKOFF: (0.001,),
    }
)
ALIVE = peer.pdu(peer.ENQUIRE_LINK | peer.RESPONSE, PROBE)


class Far(asyncio.Protocol):
    """The peer's end of one connection. As ESME it asks for the bind, as SMSC it waits for it."""

    def __init__(self, bound: asyncio.Queue[Far], credentials: bytes = b"") -> None:
        self._bound = bound
        self._credentials = credentials
        self._buffer = bytearray()
        self._settled: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._is_bound = False
        self._gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._credentials:
            self.write(peer.pdu(peer.BIND_TRANSCEIVER, 1, self._credentials))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._is_bound:
            self._bind()
        elif self._settled and self._buffer.endswith(ALIVE):
            self._settle()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set()
        self._settle()

    def _bind(self) -> None:
        (found,) = framing(bytes(self._buffer)).pdus
        self._buffer.clear()
        if not self._credentials:
            body = b"smsc\0" + peer.tlv(0x0210, b"\x34")
            self.write(peer.pdu(found.command | peer.RESPONSE, found.sequence, body))
        assert found.status == 0
        self._is_bound = True
        self._bound.put_nowait(self)

    def _settle(self) -> None:
        if self._settled and not self._settled.done():
            self._settled.set_result(None)

    @property
    def lost(self) -> bool:
        return self._gone.is_set()

    async def gone(self) -> None:
        """Wait until the session of ours has closed the connection."""
        async with asyncio.timeout(WAIT_S):
            await self._gone.wait()

    def write(self, octets: bytes) -> None:
        assert self._transport is not None
        self._transport.write(octets)

    async def ask(self, octets: bytes) -> list[Pdu]:
        """Send these and a sign-of-life request; what comes until its answer, or until the end."""
        self._buffer.clear()
        self._settled = asyncio.get_running_loop().create_future()
        self.write(octets + peer.pdu(peer.ENQUIRE_LINK, PROBE))
        async with asyncio.timeout(WAIT_S):
            if not self.lost:
                await self._settled
        self._settled = None
        stream = framing(bytes(self._buffer))
        assert self.lost or not stream.held
        return stream.pdus


class LinkBench:
    """A link of ours, bound to an SMSC of the test's."""

    models = MODELS  # what is damaged for it
    question = peer.DELIVER_SM  # brings it a message

    def __init__(self) -> None:
        self._bound: asyncio.Queue[Far] = asyncio.Queue()
        self._link: Link

    @property
    def stats(self) -> LinkStats:
        return self._link.stats

    async def next_bind(self) -> Far:
        async with asyncio.timeout(WAIT_S):
            return await self._bound.get()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[LinkBench]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Far(self._bound), "127.0.0.1", 0)
        numbers = itertools.count(1)
        settings = LinkSettings(
            name="fuzz",
            host="127.0.0.1",
            port=server.sockets[0].getsockname()[1],
            system_id="1012",
            limits=SessionLimits(backoff=AT_ONCE),
        )
        self._link = Link(
            settings, PROFILE, Answering(), next_session=lambda: next(numbers),
            jitter=lambda: 0.5, password="secret",
        )  # fmt: skip
        try:
            async with asyncio.TaskGroup() as group:
                running = group.create_task(self._link.run())
                try:
                    yield self
                finally:
                    running.cancel()
        finally:
            server.close()
            await server.wait_closed()


class ServerBench:
    """Our listener, with an account that the test binds to."""

    models = SUBMITTED
    question = peer.SUBMIT_SM

    def __init__(self) -> None:
        self._bound: asyncio.Queue[Far] = asyncio.Queue()
        self._smsc: Smsc

    @property
    def stats(self) -> LinkStats:
        return self._smsc.accounts["agent"].stats

    async def next_bind(self) -> Far:
        loop = asyncio.get_running_loop()
        far = Far(self._bound, credentials())
        await loop.create_connection(lambda: far, "127.0.0.1", self._smsc.port)
        async with asyncio.timeout(WAIT_S):
            return await self._bound.get()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[ServerBench]:
        numbers = itertools.count(1)
        self._smsc = Smsc(
            ServerSettings(host="127.0.0.1", port=0, limits=LIMITS),
            [account("agent", profile=PROFILE)],
            Answering(),
            next_session=lambda: next(numbers),
            jitter=lambda: 0.5,
        )
        await self._smsc.start()
        async with asyncio.TaskGroup() as group:
            running = group.create_task(self._smsc.run())
            try:
                yield self
            finally:
                running.cancel()


BENCHES: Mapping[Role, type[LinkBench | ServerBench]] = {
    Role.ESME: LinkBench,
    Role.SMSC: ServerBench,
}
