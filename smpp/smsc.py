"""The server role: peers connect here and bind, and each bound session belongs to its account.

A connection is a stranger's until its bind request is answered. Strangers are cheap and bounded:
so many in all, so many of one address, for so many seconds; their passwords are checked one at a
time. Nothing that they do makes a bound session wait.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial

import structlog

from smpp import pdu
from smpp.bind import tune
from smpp.bind_request import BindRequest, outbind_pdu
from smpp.context import SessionContext, SessionEnd, SessionHooks, Tap, smsc_side
from smpp.opening import AwaitBind
from smpp.operators import OperatorProfile
from smpp.owner import Owner
from smpp.pdu import Frame
from smpp.repeats import Repeats
from smpp.server.access import counted_as
from smpp.server.accounts import AccountSettings, Doorkeeper, outbind_address
from smpp.server.admission import Admission
from smpp.server.listener import Listener
from smpp.server.live_account import LiveAccount
from smpp.server.settings import ServerLimits, ServerSettings
from smpp.session import Session
from smpp.stats import LinkStats, ServerStats
from smpp.status import BindAction

__all__ = ["LiveAccount", "ServerLimits", "ServerSettings", "Smsc"]

_log = structlog.get_logger()


class _Guest:
    """What a connection has come to."""

    __slots__ = ("account", "address", "asked", "connected")

    def __init__(self, address: str) -> None:
        self.address = address
        self.connected = False  # over TLS: after its handshake
        self.asked = False  # it sent a bind request
        self.account: LiveAccount | None = None  # and this was the answer


class Smsc:
    """Made and used inside a running event loop. `accounts` are there from the start, bound or not.

    `next_session` gives rising numbers, `jitter` draws from 0 to 1, `outbind` is asked about an
    outbind that came in (system_id, password, address) and says whether it is one of ours.
    """

    def __init__(
        self,
        settings: ServerSettings,
        accounts: Sequence[AccountSettings],
        owner: Owner,
        *,
        next_session: Callable[[], int],
        jitter: Callable[[], float],
        wall_clock: Callable[[], datetime] | None = None,
        outbind: Callable[[str, str, str], bool] = lambda system_id, password, address: False,
        taps: Callable[[str, int], Tap | None] = lambda account, bind: None,
    ) -> None:
        self.stats = ServerStats()
        self._settings = settings
        self._limits = limits = settings.limits
        self._owner = owner
        self._next_session = next_session
        self._loop = loop = asyncio.get_running_loop()
        self._doorkeeper = Doorkeeper(accounts, limits.access)
        self.accounts: Mapping[str, LiveAccount] = {
            account.name: LiveAccount(
                account,
                owner,
                limits=limits.session,
                system_id=settings.system_id,
                jitter=jitter,
                wall_clock=wall_clock,
                taps=partial(taps, account.name),
                dial=self._dial,
                crashed=self._crashed,
            )
            for account in accounts
        }
        self._admission = Admission(self._doorkeeper, self.accounts, limits, self.stats, outbind)
        self._listener = Listener(
            settings.host, settings.port, self._accepted, self.stats, limits.accept_pause_s
        )
        self._unnamed = OperatorProfile(
            name="unbound", busy_status=pdu.RMSGQFUL, session_init_timer_s=limits.bind_within_s
        )
        self._strangers = LinkStats()
        self._guests: dict[Session, _Guest] = {}
        self._open: Counter[str] = Counter()  # connections by address
        self._repeats = Repeats()
        self._group: asyncio.TaskGroup | None = None
        self._drain_s = 0.0
        self._stopping = asyncio.Event()
        self._done = asyncio.Event()
        self._crash: asyncio.Future[None] = loop.create_future()

    @property
    def port(self) -> int:
        return self._listener.port

    @property
    def listening(self) -> bool:
        """Whether peers can connect now."""
        return self._listener.listening

    async def start(self) -> None:
        """Take the port. Raises OSError. Who connects waits for `run`, which does this too."""
        if not self._listener.listening:
            await self._listener.bind()

    async def run(self) -> None:
        """Serve until `stop`. An exception of the owner's comes out of here."""
        try:
            await self.start()
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self._watch())
                async with asyncio.TaskGroup() as self._group:
                    self._listener.open()
                    await self._stopping.wait()
                    self._listener.close()
                    for session, guest in tuple(self._guests.items()):
                        if guest.connected:
                            session.drain(self._drain_s)
                watch.cancel()
        finally:
            self._group = None
            self._listener.close()
            self._doorkeeper.close()
            for account in self.accounts.values():
                account.close()
            self._done.set()

    async def stop(self, drain_s: float = 30.0) -> None:
        """Take nothing more, wait so long for what is open, unbind. Returns when `run` has."""
        self._drain_s = drain_s
        self._stopping.set()
        if self._group is not None:
            await self._done.wait()
        else:
            self._listener.close()
            self._doorkeeper.close()

    async def _watch(self) -> None:
        await self._crash

    def _crashed(self, error: Exception) -> None:
        if not self._crash.done():
            self._crash.set_exception(error)
        else:
            self._loop.call_exception_handler(
                {"message": "after the listener's end", "exception": error}
            )

    # connections

    def _accepted(self, connection: socket.socket, address: str) -> None:
        self.stats.connections += 1
        key, limits = counted_as(address), self._limits
        full = self._open.total() >= limits.connections_max
        if self._group is None or full or self._open[key] >= limits.address_connections_max:
            connection.close()
            self.stats.turned_away += 1
            self._warn("smsc_turned_away", "in all" if full else "of one address", address)
            return
        self._open[key] += 1
        serving = self._group.create_task(self._serve(connection, address))
        serving.add_done_callback(lambda task: self._left(connection, key))

    def _left(self, connection: socket.socket, key: str) -> None:
        connection.close()
        self._open[key] -= 1
        if not self._open[key]:
            del self._open[key]

    async def _serve(self, connection: socket.socket, address: str) -> None:
        tls, limits = self._settings.tls, self._limits
        with self._guest(address) as session:
            try:
                tune(connection, 2 * self._unnamed.enquire_link_timer_s)
                await self._loop.connect_accepted_socket(
                    lambda: session,
                    connection,
                    ssl=None if tls is None else tls.context(),
                    ssl_handshake_timeout=None if tls is None else limits.handshake_s,
                )
            except OSError as error:  # those of TLS and of time are such too
                self.stats.handshakes_failed += 1
                self._warn("smsc_handshake_failed", str(error), address)
                return
            await self._until_ended(session)

    async def _until_ended(self, session: Session) -> SessionEnd:
        guest = self._guests[session]
        guest.connected = True
        if self._stopping.is_set():
            session.drain(0.0)
        end = await session.ended
        if guest.account is not None:
            guest.account.ended(session, end)
        elif not guest.asked:
            self.stats.never_bound += 1
            self._warn("smsc_never_bound", end.detail, guest.address)
        return end

    @contextmanager
    def _guest(
        self, address: str, greeting: Callable[[int], bytes] | None = None
    ) -> Iterator[Session]:
        """A stranger's session, cut at the end whatever happens."""
        context = SessionContext(
            link="",
            number=self._next_session(),
            window=1,
            profile=self._unnamed,
            limits=self._limits.session,
            owner=self._owner,
            hooks=SessionHooks(
                bound=lambda session: None,
                closing=lambda session, detail: None,
                room=lambda: None,
                submit_ended=lambda session, result, sent_s: None,
                crashed=self._crashed,
            ),
            stats=self._strangers,
            wall_clock=None,
            side=smsc_side(self._unnamed),
        )
        called = partial(self._admission.called, address)
        session = Session(context, AwaitBind(self._asked, called, greeting))
        self._guests[session] = _Guest(address)
        try:
            yield session
        finally:
            session.abort()
            del self._guests[session]

    def _asked(self, session: Session, request: BindRequest, frame: Frame) -> None:
        guest = self._guests[session]
        guest.asked = True
        if self._group is not None:
            self._group.create_task(self._admit(guest, session, request, frame))

    async def _admit(
        self, guest: _Guest, session: Session, request: BindRequest, frame: Frame
    ) -> None:
        guest.account = await self._admission.admit(guest.address, session, request, frame)

    def _warn(self, event: str, detail: str, address: str) -> None:
        times = self._repeats.times(f"{event} {detail}")
        if times:
            _log.warning(event, address=address, detail=detail, times=times)

    # outbinds of ours

    def _dial(self, account: LiveAccount) -> None:
        if self._group is None or self._stopping.is_set():
            account.called(SessionEnd(BindAction.BACKOFF, "stopped", 0.0))
        else:
            self._group.create_task(self._call(account))

    async def _call(self, account: LiveAccount) -> None:
        """Connect, say outbind, and serve the connection as any other."""
        self.stats.calls += 1
        end = SessionEnd(BindAction.BACKOFF, "cancelled", 0.0)
        try:
            end = await self._called_out(account.settings)
        except (OSError, UnicodeError) as error:  # refused, unreachable, no such host, too slow
            end = end._replace(detail=f"no connection: {error}")
        finally:
            account.called(end)

    async def _called_out(self, settings: AccountSettings) -> SessionEnd:
        loop, (host, port) = self._loop, outbind_address(settings)
        system_id = settings.outbind_system_id or settings.system_id
        greeting = partial(outbind_pdu, system_id=system_id, password=settings.outbind_password)
        async with asyncio.timeout(self._limits.session.connect_s) as within:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            address = str(found[0][4][0])
            with self._guest(address, greeting) as session:
                transport, _ = await loop.create_connection(lambda: session, address, port)
                within.reschedule(None)
                tune(transport.get_extra_info("socket"), 2 * settings.profile.enquire_link_timer_s)
                return await self._until_ended(session)
