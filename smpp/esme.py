"""A link to an operator's SMSC: its binds, kept up, and the trunk that its submits leave by."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from smpp import library
from smpp.bind import Bind
from smpp.context import SessionContext, SessionHooks, Tap
from smpp.links import LinkSettings, SessionLimits, roles
from smpp.messages import BindState, Submit
from smpp.operators import OperatorProfile
from smpp.owner import Owner
from smpp.session import Session
from smpp.stats import LinkStats
from smpp.trunk import Trunk

__all__ = ["Link", "LinkSettings", "SessionLimits"]

_log = structlog.get_logger()


class Link:
    """See `smpp.owner.Owner` for what it calls. Made and used inside a running event loop.

    `next_session` gives rising numbers, `jitter` draws from 0 to 1, `wall_clock` gives an aware
    time and is needed for an absolute validity_period alone.
    """

    def __init__(
        self,
        settings: LinkSettings,
        profile: OperatorProfile,
        owner: Owner,
        *,
        next_session: Callable[[], int],
        jitter: Callable[[], float],
        password: str,
        wall_clock: Callable[[], datetime] | None = None,
        taps: Callable[[int], Tap | None] = lambda bind: None,
    ) -> None:
        self.settings = settings
        self.stats = LinkStats()
        self._profile = profile
        self._owner = owner
        self._next_session = next_session
        self._wall_clock = wall_clock
        self._taps = taps  # who watches the PDUs of a bind, by its number
        self._loop = asyncio.get_running_loop()
        self._binds = tuple(
            Bind(
                number,
                role,
                settings=settings,
                profile=profile,
                password=password,
                owner=owner,
                context_for=self._context_for,
                jitter=jitter,
            )
            for number, role in enumerate(roles(settings.bind) * settings.binds)
        )
        self._trunk = Trunk(
            name=settings.name,
            profile=profile,
            tps_max=settings.tps_max,
            windows=settings.window * len(self._binds),
            limits=settings.limits,
            owner=owner,
            stats=self.stats,
            crashed=self._crashed,
            alone=sum(bind.role.sends for bind in self._binds) == 1,
            answers_for=self._answers_for,
        )
        self._running = False
        self._outbind_s = float("-inf")  # when the last outbind cut a wait short
        self._done = asyncio.Event()
        for warning in library.bind_warnings(settings.system_id, password):
            _log.warning("credentials_beyond_standard", link=settings.name, detail=warning)
        self._crash: asyncio.Future[None] = self._loop.create_future()

    @property
    def bound(self) -> bool:
        """A transceiver is bound, or both halves of a pair."""
        size = len(roles(self.settings.bind))
        binds = self._binds
        return any(
            all(bind.bound for bind in binds[first : first + size])
            for first in range(0, len(binds), size)
        )

    @property
    def room(self) -> int:
        """Submits to take now: free window slots, within what the rate allows in 100 ms."""
        return self._trunk.room

    @property
    def tps(self) -> float:
        """Submits a second that it sends at most now: below `tps_max` after a throttle."""
        return self._trunk.tps

    def submit(self, submit: Submit) -> None:
        """Send a segment: see `Trunk.submit`."""
        self._trunk.submit(submit)

    def bind_now(self) -> bool:
        """The operator sent an outbind: binds that wait for their next try connect at once, to
        the configured host. False: none waits, the credentials were refused, or the last outbind
        that was heeded is not `SessionLimits.outbind_s` ago."""
        now_s = self._loop.time()
        if now_s < self._outbind_s + self.settings.limits.outbind_s:
            return False
        hurried = [bind.number for bind in self._binds if bind.hurry()]
        if hurried:
            self._outbind_s = now_s
            _log.info("outbind_heeded", link=self.settings.name, binds=hurried)
        return bool(hurried)

    async def run(self) -> None:
        """Keep the binds up until `stop`. An exception of the owner's comes out of here."""
        self._running = True
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self._watch())
                async with asyncio.TaskGroup() as binds:
                    for bind in self._binds:
                        binds.create_task(bind.run())
                watch.cancel()
        finally:
            self._running = False
            self._done.set()
            self._trunk.close()

    async def stop(self, drain_s: float = 30.0) -> None:
        """Take nothing more, wait so long for what is open, unbind. Returns when `run` has."""
        for bind in self._binds:
            bind.stop(drain_s)
        if self._running:
            await self._done.wait()

    async def _watch(self) -> None:
        await self._crash

    # told by sessions

    def _context_for(self, bind: Bind) -> SessionContext:
        return SessionContext(
            link=self.settings.name,
            number=self._next_session(),
            window=self.settings.window,
            profile=self._profile,
            limits=self.settings.limits,
            owner=self._owner,
            hooks=SessionHooks(
                bound=lambda session: self._bound(bind, session),
                closing=lambda session, detail: self._closing(bind, session, detail),
                room=self._trunk.poke,
                submit_ended=self._trunk.submit_ended,
                crashed=self._crashed,
            ),
            stats=self.stats,
            wall_clock=self._wall_clock,
            tap=self._taps(bind.number),
        )

    def _answers_for(self, session: int) -> int:
        """The session that answers what this one brought: itself, or a receiver's transmitter."""
        if len(roles(self.settings.bind)) == 1:
            return session
        for transmitter, receiver in zip(self._binds[::2], self._binds[1::2], strict=True):
            if receiver.session is not None and receiver.session.number == session:
                return 0 if transmitter.session is None else transmitter.session.number
        return 0

    def _bound(self, bind: Bind, session: Session) -> None:
        bind.tell(BindState.BOUND, "bound")
        if bind.role.sends:
            self._trunk.join(session)

    def _closing(self, bind: Bind, session: Session, detail: str) -> None:
        bind.tell(BindState.CLOSING, detail)
        self._trunk.leave(session)

    def _crashed(self, error: Exception) -> None:
        if not self._crash.done():
            self._crash.set_exception(error)
        else:
            self._loop.call_exception_handler(
                {"message": "after the link's end", "exception": error}
            )
