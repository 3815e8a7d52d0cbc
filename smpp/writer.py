"""One write an iteration of the loop: what the session sends is gathered and leaves together."""

from __future__ import annotations

import asyncio

from smpp.context import Tap


class Writer:
    """Gathers PDUs, and holds them back while the peer does not read.

    What it holds is bounded: by the window, by the unanswered deliveries, and by reading nothing
    more from a peer that does not read.
    """

    __slots__ = ("_chunks", "_loop", "_scheduled", "_transport", "flushes", "paused", "tap")

    def __init__(self, loop: asyncio.AbstractEventLoop, tap: Tap | None = None) -> None:
        self._loop = loop
        self.tap = tap
        self._transport: asyncio.Transport | None = None
        self._chunks: list[bytes] = []
        self._scheduled = False
        self.paused = False
        self.flushes = 0  # what is put now leaves with the next one

    def attach(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def put(self, pdu: bytes) -> None:
        self._chunks.append(pdu)
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        self._scheduled = False
        transport = self._transport
        if self.paused or not self._chunks or transport is None or transport.is_closing():
            return
        data = b"".join(self._chunks)
        self._chunks.clear()
        if self.tap is not None:
            self.tap.sent(data)
        self.flushes += 1
        transport.write(data)

    def pause(self) -> None:
        """The peer reads too slowly: take nothing more from it that would need an answer."""
        self.paused = True
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        self.paused = False
        self.flush()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self) -> None:
        """What is gathered still leaves, as far as the peer reads it."""
        self.flush()
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
