"""A connection as a stream of PDUs: framing, writing, and the ways it can end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import cast

from smpp.simulator import wire
from smpp.simulator.chaos import Faults
from smpp.simulator.framing import Framer, Pdu, encode_pdu
from smpp.simulator.outlet import Outlet

Watch = Callable[[int, bool, bytes], None]  # session, whether the SMSC sent it, one PDU


class Connection(asyncio.Protocol):
    """The part of a session that knows octets and nothing of short messages."""

    def __init__(
        self, number: int, faults: Faults, counters: Counter[str], watch: Watch | None = None
    ) -> None:
        self.number = number
        self._watch = watch
        self.faults = faults
        self.counters = counters
        self._framer = Framer()
        self._leaving = False

    def handle(self, pdu: Pdu) -> None:
        """One PDU came in."""
        raise NotImplementedError

    def chunk_done(self) -> None:
        """All PDUs of one read were handled."""

    def leave(self) -> None:
        """This connection takes no more deliveries; comes once, before it ends."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.loop = asyncio.get_running_loop()
        self._transport = cast(asyncio.Transport, transport)
        sent = None if self._watch is None else partial(self._watch, self.number, True)
        self._out = Outlet(self.loop, self._transport, self.faults, sent)
        self.opened_at = self.heard_at = self.loop.time()

    def connection_lost(self, exc: Exception | None) -> None:
        self._out.ended = True
        self._leave()

    def pause_writing(self) -> None:
        # Who doesn't take our responses gets no more of its requests read.
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        self.heard_at = self.loop.time()
        for pdu in self._framer.feed(data):
            if self._watch is not None:
                self._watch(self.number, False, encode_pdu(*pdu))
            self.handle(pdu)
        self.chunk_done()
        broken = self._framer.broken
        if broken is not None and not self._leaving:
            self.counters["broken_length"] += 1
            self._out.send(encode_pdu(wire.GENERIC_NACK, wire.RINVCMDLEN, broken.sequence))
            self.close()

    def send_raw(self, data: bytes) -> None:
        """Write octets as they are."""
        self._out.send(data)

    def respond(self, request: Pdu, status: int, body: bytes = b"", shift: int = 0) -> None:
        """Answer a request; `shift` is added to its sequence number, as chaos may want."""
        sequence = (request.sequence + shift) & 0xFFFF_FFFF
        command = request.command | wire.RESPONSE
        if not self._out.send(encode_pdu(command, status, sequence, body)):
            self.counters["responses_dropped"] += 1

    def half_close(self) -> None:
        """End our side of the connection and keep reading."""
        self._leave()
        self._out.half_close()

    def close(self) -> None:
        """Close after what is queued is written."""
        self._leave()
        self._out.close()

    def drop(self) -> None:
        """Cut the connection."""
        self._leave()
        self._out.abort()

    def _leave(self) -> None:
        if not self._leaving:
            self._leaving = True
            self.leave()
