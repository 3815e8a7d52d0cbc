"""The listening socket of the server role. It outlives whatever the system refuses it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import structlog

from smpp.stats import ServerStats

ACCEPTS_MAX = 4  # in one turn of the loop: the sessions that live want theirs too
BACKLOG = 128

_log = structlog.get_logger()


class Listener:
    """Gives each connection, not blocking, and the peer's address to `accepted`.

    Where there are no file descriptors or no memory left it stops accepting for `pause_s`, as the
    socket would call at once again and again; those who wait are still in the backlog then.
    """

    def __init__(
        self,
        host: str,
        port: int,
        accepted: Callable[[socket.socket, str], None],
        stats: ServerStats,
        pause_s: float,
    ) -> None:
        self._host = host
        self.port = port  # 0: any; the real one after `start`
        self._accepted = accepted
        self._stats = stats
        self._pause_s = pause_s
        self._loop = asyncio.get_running_loop()
        self._socket: socket.socket | None = None
        self._troubled = False  # told of a pause, not yet of its end
        self._wake: asyncio.TimerHandle | None = None

    @property
    def listening(self) -> bool:
        """Whether peers can connect now."""
        return self._socket is not None and not self._troubled

    async def bind(self) -> None:
        """Take the port; connections wait until `open`. Raises OSError."""
        found = await self._loop.getaddrinfo(
            self._host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, address = found[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.setblocking(False)
            listening.bind(address)
            listening.listen(BACKLOG)
        except OSError:
            listening.close()
            raise
        self._socket = listening
        self.port = listening.getsockname()[1]

    def open(self) -> None:
        """Begin to accept."""
        if self._socket is not None:
            self._loop.add_reader(self._socket, self._readable, self._socket)

    def close(self) -> None:
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def _readable(self, listening: socket.socket) -> None:
        for _ in range(ACCEPTS_MAX):
            try:
                connection, peer = listening.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionAbortedError:  # gone before we came
                continue
            except OSError as error:
                self._pause(listening, error)
                return
            if self._troubled:
                self._troubled = False
                _log.info("smsc_accepts_again", port=self.port)
            connection.setblocking(False)
            self._accepted(connection, str(peer[0]))

    def _pause(self, listening: socket.socket, error: OSError) -> None:
        self._stats.accept_pauses += 1
        if not self._troubled:
            self._troubled = True
            _log.error("smsc_accept_paused", port=self.port, detail=str(error))
        self._loop.remove_reader(listening)
        self._wake = self._loop.call_later(self._pause_s, self._resume)

    def _resume(self) -> None:
        self._wake = None
        self.open()
