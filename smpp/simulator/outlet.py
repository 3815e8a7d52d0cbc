"""What leaves one connection: gathered, written once per turn of the loop, and torn, merged or
soiled where the chaos table says so.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from smpp.simulator.chaos import Faults

BACKLOG_OCTETS_MAX: Final = 1 << 20  # above it nothing is read until the peer takes some


class Outlet:
    """Writes to a transport. After `close`, `half_close` or `abort` what is sent is dropped."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        transport: asyncio.Transport,
        faults: Faults,
        watch: Callable[[bytes], None] | None = None,
    ) -> None:
        self._loop = loop
        self._transport = transport
        self._faults = faults
        self._watch = watch  # sees each PDU before chaos gets at it
        self._queue: list[bytes] = []
        self._pieces: deque[bytes] = deque()  # of a write that was torn; one leaves each turn
        self._pieces_octets = 0
        self._scheduled = False
        self._closing = False
        self.ended = False

    def send(self, data: bytes) -> bool:
        """Queue octets for the end of this turn; False when the connection takes none any more."""
        if self.ended:
            return False
        self._queue.append(data)
        if self._watch is not None:
            self._watch(data)
        if not self._scheduled:
            self._scheduled = True
            merge_ms = self._faults.chaos.merge_ms
            if merge_ms:
                self._loop.call_later(merge_ms / 1000, self._flush)
            else:
                self._loop.call_soon(self._flush)
        return True

    def close(self) -> None:
        """Close once everything queued is written."""
        self.ended = self._closing = True
        if not self._scheduled and not self._pieces:
            self._transport.close()

    def half_close(self) -> None:
        """End our side after what is queued; the peer's side stays open. Over TLS, which has no
        such state, the connection closes.
        """
        if self.ended:
            return
        self._flush()
        self.ended = True
        if self._pieces:
            self._transport.write(b"".join(self._pieces))
            self._pieces.clear()
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()

    def abort(self) -> None:
        """Cut the connection; what is queued is lost."""
        self.ended = True
        self._queue.clear()
        self._pieces.clear()
        self._transport.abort()

    def _flush(self) -> None:
        self._scheduled = False
        if not self._queue:
            return
        data = b"".join(self._queue) if len(self._queue) > 1 else self._queue[0]
        self._queue.clear()
        if self._faults.calm and not self._pieces:
            self._transport.write(data)
        else:
            self._write_torn(data)
        if self._closing and not self._pieces:
            self._transport.close()

    def _write_torn(self, data: bytes) -> None:
        if self._faults.fires("garbage"):
            data = self._faults.garbage() + data
        walking = bool(self._pieces)
        pieces = self._faults.pieces(data)
        if len(pieces) == 1 and not walking:
            self._transport.write(data)
            return
        self._pieces.extend(pieces)
        self._pieces_octets += len(data)
        if self._pieces_octets > BACKLOG_OCTETS_MAX:
            self._transport.pause_reading()
        if not walking:
            self._step()

    def _step(self) -> None:
        if not self._pieces:
            return
        piece = self._pieces.popleft()
        self._pieces_octets -= len(piece)
        self._transport.write(piece)
        if self._pieces:
            # The next turn, not the next line: else the kernel would put them together again.
            self._loop.call_soon(self._step)
            return
        if not self._transport.is_closing():
            self._transport.resume_reading()
        if self._closing:
            self._transport.close()
