"""The SMSC's listening socket and the sessions it brings."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable, Collection
from typing import Final

from smpp.simulator import wire
from smpp.simulator.chaos import Faults
from smpp.simulator.connection import Watch
from smpp.simulator.deliveries import Deliveries
from smpp.simulator.framing import Pdu
from smpp.simulator.session import LinkTimers, Session
from smpp.simulator.signals import Signals

TICK_S: Final = 0.02  # how exact the timers are
SESSIONS_MAX: Final = 64

_BOUND = "bound"
_CLOSED = "closed"


class Listener:
    """Starts, stops, and is the switch behind each session (session.Switch). `submit` handles a
    submit_sm or data_sm of a session that may send.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        system_id: str | None,
        password: str | None,
        tls: ssl.SSLContext | None,
        timers: LinkTimers,
        faults: Faults,
        counters: Counter[str],
        deliveries: Deliveries,
        submit: Callable[[Session, Pdu], None],
        modes: Collection[str],
        binds_max: int,
        watch: Watch | None,
    ) -> None:
        self.host, self.port = host, port
        self.sessions: list[Session] = []
        self.submit = submit
        self._system_id, self._password = system_id, password
        self._modes, self._binds_max = frozenset(modes), binds_max
        self._watch = watch
        self._tls = tls
        self._timers = timers
        self._faults = faults
        self._counters = counters
        self._deliveries = deliveries
        self._signals = Signals()
        self._opened = 0
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Listen; `port` is the real one from here on. Raises OSError when it is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, self.host, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        self._timer = loop.call_later(TICK_S, self._tick)

    async def stop(self, grace_s: float) -> None:
        """Unbind the sessions and cut those that are still there after `grace_s`. Idempotent."""
        if self._server is None or self._timer is None:
            return
        self._server.close()
        for session in tuple(self.sessions):
            session.unbind()
        try:
            async with asyncio.timeout(grace_s):
                await self._all_closed()
        except TimeoutError:
            self.drop()
            await self._all_closed()
        await self._server.wait_closed()
        self._timer.cancel()
        self._server = None

    @property
    def receivers(self) -> list[Session]:
        """Bound sessions that take deliveries: receivers and transceivers."""
        return [each for each in self.sessions if each.mode in ("receiver", "transceiver")]

    async def bound_receivers(self, n: int, timeout_s: float) -> None:
        """Wait until n sessions take deliveries. Raises TimeoutError."""
        try:
            async with asyncio.timeout(timeout_s):
                while len(self.receivers) < n:
                    await self._signals.wait(_BOUND)
        except TimeoutError:
            have = len(self.receivers)
            raise TimeoutError(f"{have} of {n} receivers bound within {timeout_s} s") from None

    def drop(self) -> None:
        """Cut every connection."""
        for session in tuple(self.sessions):
            session.drop()

    # What a session asks ---------------------------------------------------------------------

    def opened(self, session: Session) -> bool:
        if len(self.sessions) >= SESSIONS_MAX:
            self._counters["sessions_refused"] += 1
            return False
        self.sessions.append(session)
        return True

    def bind_status(self, bind: wire.Bind, mode: str) -> int:
        if self._system_id is not None and bind.system_id != self._system_id:
            return wire.RINVSYSID
        if self._password is not None and bind.password != self._password:
            return wire.RINVPASWD
        if mode not in self._modes:
            return wire.RINVCMDID
        alike = sum(session.mode == mode for session in self.sessions)
        return wire.RBINDFAIL if alike >= self._binds_max else wire.ROK

    def bound(self, session: Session) -> None:
        if session.mode != "transmitter":
            self._deliveries.add(session)
        self._signals.notify(_BOUND)

    def closed(self, session: Session) -> None:
        if session in self.sessions:
            self.sessions.remove(session)
        self._signals.notify(_CLOSED)

    def _session(self) -> Session:
        self._opened += 1
        return Session(
            self._opened,
            switch=self,
            faults=self._faults,
            counters=self._counters,
            deliveries=self._deliveries,
            timers=self._timers,
            watch=self._watch,
        )

    async def _all_closed(self) -> None:
        while self.sessions:
            await self._signals.wait(_CLOSED)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        flood = self._faults.chaos.enquire_flood_per_s
        for session in tuple(self.sessions):
            session.tick(now)
            if flood:
                session.flood(TICK_S)
        self._deliveries.tick(now)
        self._timer = loop.call_later(TICK_S, self._tick)
