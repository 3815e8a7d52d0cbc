"""One bind of a link, kept up: connect, bind, and after each end wait and try again.

It owns its session: the old socket is closed before a new one opens, so that the SMSC never sees
two of us.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import structlog

from smpp import library
from smpp.backoff import Backoff
from smpp.context import SessionContext, SessionEnd
from smpp.links import LinkSettings, Role
from smpp.messages import BindState
from smpp.opening import RequestBind
from smpp.operators import OperatorProfile
from smpp.owner import BindEvent, Owner
from smpp.repeats import Repeats
from smpp.session import Session
from smpp.status import BindAction

_log = structlog.get_logger()


class Bind:
    """`context_for` gives each session its number and hooks; `jitter` draws from 0 to 1."""

    def __init__(
        self,
        number: int,
        role: Role,
        *,
        settings: LinkSettings,
        profile: OperatorProfile,
        password: str,
        owner: Owner,
        context_for: Callable[[Bind], SessionContext],
        jitter: Callable[[], float],
    ) -> None:
        self.number = number
        self.role = role
        self.session: Session | None = None
        self._settings = settings
        self._profile = profile
        self._password = password
        self._owner = owner
        self._context_for = context_for
        self._jitter = jitter
        self._backoff = Backoff(settings.limits.backoff)
        self._state: BindState | None = None
        self._repeats = Repeats()  # of states, for the log
        self._connecting: asyncio.Timeout | None = None
        self._waiting: asyncio.Timeout | None = None
        self._stopping = asyncio.Event()
        self._bind_pdu(1)  # credentials that cannot be written are refused here, not at run time

    @property
    def bound(self) -> bool:
        return self._state is BindState.BOUND

    async def run(self) -> None:
        """Until `stop`, or until cancelled: then the connection is cut."""
        while not self._stopping.is_set():
            end = await self._one_session()
            if self._stopping.is_set():
                break
            wait_s = self._backoff.wait_s(end.action, end.bound_s, self._jitter())
            refused = end.action is BindAction.LONG_BACKOFF
            state = BindState.REFUSED if refused else BindState.WAITING
            self.tell(state, f"{end.detail}; next try in {wait_s:.3g} s", news=end.detail)
            await self._wait(wait_s)
        self.tell(BindState.STOPPED, "stopped")

    def stop(self, drain_s: float) -> None:
        """Begin to end; `run` returns once the connection is closed."""
        self._stopping.set()
        if self._connecting is not None:
            _cut_short(self._connecting)
        elif self.session is not None:
            self.session.drain(drain_s)

    def hurry(self) -> bool:
        """Connect at once where a try is being waited for; False: none is. Refused credentials
        are waited out whatever happens: the operator counts, and locks accounts."""
        waiting = self._waiting
        return waiting is not None and self._state is BindState.WAITING and _cut_short(waiting)

    def tell(self, state: BindState, detail: str, news: str = "") -> None:
        """The next state: each time to the owner; to the log ever more rarely where state and
        news are those of the try before, and no bind came between."""
        self._state = state
        number = 0 if self.session is None else self.session.number
        if state is BindState.BOUND:
            self._repeats.clear()
        times = self._repeats.times(f"{state.value} {news or detail}")
        if times:
            level = _log.warning if state in (BindState.WAITING, BindState.REFUSED) else _log.info
            level(
                f"link_{state.value}",
                link=self._settings.name,
                bind=self.number,
                role=self.role.title,
                session=number,
                detail=detail,
                times=times,
            )
        self._owner.on_bind(
            BindEvent(self._settings.name, self.number, state, detail, number, self.role.sends)
        )

    async def _one_session(self) -> SessionEnd:
        settings = self._settings
        context = self._context_for(self)
        session = Session(context, RequestBind(self._bind_pdu))
        self.session = session
        self.tell(BindState.CONNECTING, f"to {settings.host}:{settings.port}")
        try:
            if self._stopping.is_set():  # by the owner, as it was told
                return SessionEnd(BindAction.BACKOFF, "stopped", 0.0)
            failure = await self._connect(session)
            if not failure:
                return await session.ended
            context.stats.unconnected += 1
            return SessionEnd(BindAction.BACKOFF, failure, 0.0)
        finally:
            session.abort()
            self.session = None

    async def _connect(self, session: Session) -> str:
        """Why there is no connection; empty: there is one."""
        settings, loop = self._settings, asyncio.get_running_loop()
        try:
            async with asyncio.timeout(settings.limits.connect_s) as self._connecting:
                transport, _ = await loop.create_connection(
                    lambda: session,
                    settings.host,
                    settings.port,
                    ssl=None if settings.tls is None else settings.tls.context(),
                    server_hostname=self._server_name(),
                )
        except TimeoutError:
            return f"no connection within {settings.limits.connect_s:.3g} s"
        except (OSError, UnicodeError) as error:  # refused, no such host, TLS not as agreed
            return f"no connection: {error}"
        finally:
            self._connecting = None
        tune(transport.get_extra_info("socket"), 2 * self._profile.enquire_link_timer_s)
        return ""

    def _server_name(self) -> str | None:
        if self._settings.tls is None:
            return None
        return self._settings.tls_server_name or self._settings.host

    def _bind_pdu(self, sequence: int) -> bytes:
        return library.bind(
            self.role.command_id, sequence, self._settings.system_id, self._password, self._profile
        )

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds) as self._waiting:
                await self._stopping.wait()
        except TimeoutError:
            return
        finally:
            self._waiting = None


def _cut_short(timeout: asyncio.Timeout) -> bool:
    """Let it run out now; False: it has already."""
    if timeout.expired():
        return False
    timeout.reschedule(asyncio.get_running_loop().time())
    return True


def tune(connection: socket.socket, unacknowledged_s: float) -> None:
    """PDUs leave at once; a peer that vanished is noticed by the kernel too."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        milliseconds = int(unacknowledged_s * 1_000)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
