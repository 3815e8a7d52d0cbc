"""One connection to the peer under test: octets as a play wants them, PDUs as they come back."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, cast

from smpp.conform.changes import Changes
from smpp.conform.verdicts import FailedError
from smpp.simulator import wire
from smpp.simulator.framing import Framer, Pdu, encode_pdu

KEPT_MAX: Final = 10_000  # responses that nobody waited for
PDUS_MAX: Final = 200_000  # of one connection: a peer that says more floods us

OUTBIND: Final = 0x0B
ALERT_NOTIFICATION: Final = 0x102

_NAMES: Final = {
    wire.BIND_RECEIVER: "bind_receiver",
    wire.BIND_TRANSMITTER: "bind_transmitter",
    wire.QUERY_SM: "query_sm",
    wire.SUBMIT_SM: "submit_sm",
    wire.DELIVER_SM: "deliver_sm",
    wire.UNBIND: "unbind",
    wire.REPLACE_SM: "replace_sm",
    wire.CANCEL_SM: "cancel_sm",
    wire.BIND_TRANSCEIVER: "bind_transceiver",
    OUTBIND: "outbind",
    wire.ENQUIRE_LINK: "enquire_link",
    wire.SUBMIT_MULTI: "submit_multi",
    ALERT_NOTIFICATION: "alert_notification",
    wire.DATA_SM: "data_sm",
}


def command_name(command: int) -> str:
    if command == wire.GENERIC_NACK:
        return "generic_nack"
    name = _NAMES.get(command & ~wire.RESPONSE)
    if name is None:
        return f"command 0x{command:08X}"
    return f"{name}_resp" if command & wire.RESPONSE else name


def told(pdu: Pdu) -> str:
    """A PDU in words."""
    return f"{command_name(pdu.command)} 0x{pdu.status:02X} number {pdu.sequence}"


class Connection(asyncio.Protocol):
    """Requests of the peer go to `on_request`, its responses wait here for who reads them.

    `mode` is "" until it is bound; `muted` ends every answer the bench gives by itself.
    """

    def __init__(
        self,
        changes: Changes,
        on_request: Callable[[Connection, Pdu], None],
        on_end: Callable[[Connection], None],
    ) -> None:
        self.mode = ""
        self.version = 0  # that the peer said at its bind
        self.muted = False
        self.enquiries_unanswered = False
        self.enquiries = 0  # of the peer's
        self.silence_s = 0.0  # that went before its last enquire_link
        self.pdus = 0  # that came, in all
        self.opened_s = self.bound_s = 0.0
        self.ended_s: float | None = None
        self.reused: list[Pdu] = []  # requests under a number that the peer had used before
        self._numbers: set[int] = set()
        self._changes = changes
        self._on_request = on_request
        self._on_end = on_end
        self._made = False
        self._framer = Framer()
        self._responses: deque[Pdu] = deque(maxlen=KEPT_MAX)
        self._sequence = 0
        self._spoke_s = 0.0  # when either side last did

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._made = True
        self._loop = asyncio.get_running_loop()
        self.opened_s = self._spoke_s = self._loop.time()
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        for pdu in self._framer.feed(data):
            self.pdus += 1
            if pdu.command & wire.RESPONSE:
                self._responses.append(pdu)
            else:
                if pdu.sequence in self._numbers:
                    self.reused.append(pdu)
                self._numbers.add(pdu.sequence)
                if pdu.command == wire.ENQUIRE_LINK:
                    self.enquiries += 1
                    self.silence_s = self._loop.time() - self._spoke_s
                self._on_request(self, pdu)
        self._spoke_s = self._loop.time()
        if self._framer.broken is not None or self.pdus > PDUS_MAX:
            self._transport.abort()
        self._changes.tell()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended_s = self._loop.time()
        self._on_end(self)
        self._changes.tell()

    # writing

    @property
    def live(self) -> bool:
        return self._made and self.ended_s is None and not self._transport.is_closing()

    def next_sequence(self) -> int:
        self._sequence += 1
        return self._sequence

    def send(self, *octets: bytes) -> None:
        """In one write."""
        self._spoke_s = self._loop.time()
        self._transport.write(b"".join(octets))

    async def send_apart(self, pieces: Iterable[bytes]) -> None:
        """Each in a write of its own."""
        for piece in pieces:
            self._transport.write(piece)
            await asyncio.sleep(0)

    def ask(self, command: int, body: bytes = b"", *, status: int = 0) -> int:
        """Send a request; its sequence number."""
        sequence = self.next_sequence()
        self.send(encode_pdu(command, status, sequence, body))
        return sequence

    def answer(self, request: Pdu, body: bytes = b"", *, status: int = 0) -> None:
        self.send(encode_pdu(request.command | wire.RESPONSE, status, request.sequence, body))

    def finish(self) -> None:
        """FIN, without unbind."""
        if self._made:
            self._transport.close()

    def reset(self) -> None:
        """RST."""
        connection = self._transport.get_extra_info("socket")
        linger = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._transport.abort()

    # reading

    def take(self, wanted: Callable[[Pdu], bool]) -> Pdu | None:
        """The first response that is wanted, once."""
        for pdu in self._responses:
            if wanted(pdu):
                self._responses.remove(pdu)
                return pdu
        return None

    async def response(self, sequence: int, within_s: float) -> Pdu:
        """The response of that number, whatever it is. Raises FailedError where none comes."""

        def find() -> Pdu | str | None:
            pdu = self.take(lambda each: each.sequence == sequence)
            return pdu or (self._why_none() if self.ended_s is not None else None)

        found = await self._changes.until(find, within_s)
        if isinstance(found, Pdu):
            return found
        raise FailedError(f"no response of number {sequence}: {found or self._why_none(within_s)}")

    async def ended(self, within_s: float) -> bool:
        """Whether the connection is over, by then."""
        return await self._changes.until(lambda: self.ended_s, within_s) is not None

    def forget(self) -> None:
        """What was not waited for is of no interest any more."""
        self._responses.clear()

    def _why_none(self, within_s: float = 0.0) -> str:
        what = "the connection ended" if self.ended_s is not None else f"none in {within_s:g} s"
        if self._framer.broken is not None:
            what = "the stream broke"
        others = [told(pdu) for pdu in self._responses]
        return f"{what}, {others[-1]} came" if others else what
