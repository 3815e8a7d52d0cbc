"""One connection of a probe: requests with the time their responses took, the peer's requests to
a callback. Everything it keeps is bounded by what the probe itself asks.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import NamedTuple

from smpp import library, pdu
from smpp.pdu import Framer
from smpp.unserved import answer


class Answered(NamedTuple):
    """`frame` None: no response in time, or the connection ended."""

    frame: pdu.Frame | None
    took_s: float


class Target(NamedTuple):
    """Whom to connect to."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    server_name: str | None


class ProbeWire(asyncio.Protocol):
    """`on_message` gets each deliver_sm and data_sm and must have it answered."""

    def __init__(
        self,
        on_message: Callable[[ProbeWire, pdu.Frame], None],
        on_enquiry: Callable[[], None],
    ) -> None:
        self._on_message = on_message
        self._on_enquiry = on_enquiry
        self._loop = asyncio.get_running_loop()
        self._framer = Framer()
        self._pending: dict[int, asyncio.Future[pdu.Frame | None]] = {}
        self._sequence = 0
        self._transport: asyncio.Transport | None = None
        self.active_s = self._loop.time()  # when a PDU other than unbind last came
        self.closed: asyncio.Future[float] = self._loop.create_future()  # when it ended

    async def connect(self, target: Target, within_s: float) -> str:
        """Why there is no connection; empty: there is one."""
        try:
            async with asyncio.timeout(within_s):
                await self._loop.create_connection(
                    lambda: self,
                    target.host,
                    target.port,
                    ssl=target.tls,
                    server_hostname=target.server_name if target.tls else None,
                )
        except TimeoutError:
            return f"no connection within {within_s:.3g} s"
        except (OSError, UnicodeError) as error:  # the latter for what can be no host's name
            return f"no connection: {error}"
        return ""

    async def ask(self, request: Callable[[int], bytes], within_s: float) -> Answered:
        """Send the request made for the next sequence number and wait for its response."""
        self._sequence += 1
        sequence = self._sequence
        response = self._pending[sequence] = self._loop.create_future()
        began_s = self._loop.time()
        self.send(request(sequence))
        try:
            async with asyncio.timeout(within_s):
                frame = await response
        except TimeoutError:
            frame = None
        finally:
            self._pending.pop(sequence, None)
        return Answered(frame, self._loop.time() - began_s)

    async def leave(self, within_s: float) -> None:
        """Unbind and close."""
        if not self.closed.done():
            await self.ask(library.unbind, within_s)
        self.close()

    def send(self, octets: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(octets)
        else:
            self._end_pending()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # a stream's, as TCP gives it

    def data_received(self, data: bytes) -> None:
        for frame in self._framer.feed(data):
            if isinstance(frame, pdu.Broken):
                self.send(pdu.generic_nack(frame.status, frame.sequence))
                self.close()
            else:
                self._receive(frame)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set_result(self._loop.time())
        self._end_pending()

    def _receive(self, frame: pdu.Frame) -> None:
        command_id, _, sequence, _ = frame
        if command_id != pdu.UNBIND:  # which ends a silence, and is no life
            self.active_s = self._loop.time()
        if command_id & pdu.RESPONSE_BIT:
            response = self._pending.get(sequence)
            if response is not None and not response.done():
                response.set_result(frame)
        elif command_id in (pdu.DELIVER_SM, pdu.DATA_SM):
            self._on_message(self, frame)
        elif command_id == pdu.ENQUIRE_LINK:
            self._on_enquiry()
            self.send(pdu.response(command_id, pdu.ROK, sequence))
        elif command_id == pdu.UNBIND:
            self.send(pdu.response(command_id, pdu.ROK, sequence))
            self.close()
        else:
            reply = answer(command_id, sequence)
            if reply is not None:
                self.send(reply)

    def _end_pending(self) -> None:
        for response in self._pending.values():
            if not response.done():
                response.set_result(None)
