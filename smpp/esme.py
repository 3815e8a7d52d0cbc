"""A link to an operator's SMSC: its binds, its rate, and what statuses mean for the whole of it.

Submits leave by any of its sessions that may transmit, within the window of each and the TPS of
the link. What was taken beyond that waits here, at most for as long as the rate asks; nothing
else is kept.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime

import structlog

from smpp import library
from smpp.bind import Bind
from smpp.context import SessionContext, SessionHooks
from smpp.links import LinkSettings, SessionLimits, roles
from smpp.messages import BindState, Submit, SubmitEnd, SubmitResult
from smpp.operators import OperatorProfile
from smpp.owner import BindEvent, Owner
from smpp.pacing import AHEAD_S, TPS_UNLIMITED, Pacing
from smpp.refusals import Consequence, Refusals
from smpp.session import Session
from smpp.stats import LinkStats
from smpp.status import CONFIGURATION_FAILURES_MAX

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
    ) -> None:
        self.settings = settings
        self.stats = LinkStats()
        self._profile = profile
        self._owner = owner
        self._next_session = next_session
        self._wall_clock = wall_clock
        self._loop = loop = asyncio.get_running_loop()
        self._pacing = Pacing(settings.tps_max, loop.time(), settings.limits.throttle_pause_s)
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
        self._senders: list[Session] = []
        self._waiting: deque[Submit] = deque()
        ahead = int((settings.tps_max or TPS_UNLIMITED) * AHEAD_S)
        self._waiting_max = settings.window * len(self._binds) + ahead
        self._held_until_s = 0.0  # by a pause that nothing waits for
        self._turn: asyncio.Handle | None = None
        self._wake: asyncio.TimerHandle | None = None
        self._refusals = Refusals(profile)
        self._running = False
        self._done = asyncio.Event()
        for warning in library.bind_warnings(settings.system_id, password):
            _log.warning("credentials_beyond_standard", link=settings.name, detail=warning)
        self._crash: asyncio.Future[None] = loop.create_future()

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
        free = sum(session.room for session in self._senders)
        if free == 0:
            return 0
        allowance = self._pacing.allowance(self._loop.time())
        return max(0, min(free, allowance) - len(self._waiting))

    @property
    def tps(self) -> float:
        """Submits a second that it sends at most now: below `tps_max` after a throttle."""
        return self._pacing.rate

    def submit(self, submit: Submit) -> None:
        """Send a segment. The caller checked `room`; if that has gone since, it waits its turn.

        It ends as UNSENT, told on a later turn of the loop, where nothing may be waited for: no
        session, a long pause, more than windows and rate hold.
        """
        now_s = self._loop.time()
        if not self._waiting:
            session = self._roomiest()
            if session is not None and self._pacing.take(now_s):
                session.submit(submit, now_s)
                return
        full = len(self._waiting) >= self._waiting_max
        if full or not self._senders or now_s < self._held_until_s:
            self._loop.call_soon(self._guarded, lambda: self._unsent(submit))
        else:
            self._waiting.append(submit)
            self._poke()

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
            if self._wake is not None:
                self._wake.cancel()

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
                room=self._poke,
                submit_ended=self._submit_ended,
                crashed=self._crashed,
            ),
            stats=self.stats,
            wall_clock=self._wall_clock,
        )

    def _bound(self, bind: Bind, session: Session) -> None:
        if bind.role.sends:
            self._senders.append(session)
        bind.tell(BindState.BOUND, "bound")
        self._poke()

    def _closing(self, bind: Bind, session: Session, detail: str) -> None:
        if session in self._senders:
            self._senders.remove(session)
        bind.tell(BindState.CLOSING, detail)
        if not self._senders:
            self._return_waiting()

    def _submit_ended(self, session: Session, result: SubmitResult, sent_s: float) -> None:
        if result.end is SubmitEnd.ANSWERED:
            self._judge(session, result.status, sent_s)
        self._owner.on_submit_result(self.settings.name, result)
        self._poke()

    def _crashed(self, error: Exception) -> None:
        if not self._crash.done():
            self._crash.set_exception(error)
        else:
            self._loop.call_exception_handler(
                {"message": "after the link's end", "exception": error}
            )

    # statuses that concern the whole link

    def _judge(self, session: Session, status: int, sent_s: float) -> None:
        consequence = self._refusals.see(status)
        if consequence is Consequence.NOTHING:
            return
        now_s = self._loop.time()
        if consequence is Consequence.SLOW_DOWN:
            self.stats.throttled += 1
            if self._pacing.throttled(now_s, sent_s):
                rate = round(self._pacing.rate, 1)
                _log.warning("link_throttled", link=self.settings.name, tps=rate)
        elif consequence is Consequence.REBIND:
            session.linger(f"the SMSC says {library.status_name(status)}")
        elif consequence is Consequence.PAUSE:
            self._pause(status, now_s)

    def _pause(self, status: int, now_s: float) -> None:
        """The operator refuses how we are set up: more of the same would only cost trust. The
        pause ends by itself, told by `on_room`."""
        pause_s = self.settings.limits.configuration_pause_s
        self._held_until_s = now_s + pause_s
        self._pacing.pause(now_s, pause_s)
        self._return_waiting()
        detail = (
            f"{CONFIGURATION_FAILURES_MAX} submits in a row refused with "
            f"{library.status_name(status)}: paused for {pause_s:.3g} s, check the profile"
        )
        _log.error("link_paused", link=self.settings.name, detail=detail)
        self._owner.on_bind(BindEvent(self.settings.name, 0, BindState.PAUSED, detail, 0))

    # what waits for its turn

    def _roomiest(self) -> Session | None:
        """Of the sessions that have a free slot, the one with the most."""
        senders = self._senders
        if len(senders) == 1:
            return senders[0] if senders[0].room > 0 else None
        best = max(senders, key=lambda session: session.room, default=None)
        return best if best is not None and best.room > 0 else None

    def _poke(self) -> None:
        """Soon, and once: let out what may leave, tell the owner of room."""
        if self._turn is None:
            self._turn = self._loop.call_soon(self._guarded, self._take_turn)

    def _take_turn(self) -> None:
        self._turn = None
        self._release(self._loop.time())
        if self.room > 0:
            self._owner.on_room(self.settings.name)

    def _release(self, now_s: float) -> None:
        while self._waiting:
            session = self._roomiest()
            if session is None:
                return  # a response frees a slot and brings the next turn
            if not self._pacing.take(now_s):
                break
            session.submit(self._waiting.popleft(), now_s)
        if self._waiting or self._pacing.paused(now_s):
            self._wake_at(self._pacing.ready_s(now_s))

    def _wake_at(self, when_s: float) -> None:
        if self._wake is None or self._wake.when() > when_s:
            if self._wake is not None:
                self._wake.cancel()
            self._wake = self._loop.call_at(when_s, self._awake)

    def _awake(self) -> None:
        self._wake = None
        self._poke()

    def _return_waiting(self) -> None:
        while self._waiting:
            self._unsent(self._waiting.popleft())

    def _unsent(self, submit: Submit) -> None:
        self.stats.unsent += 1
        result = SubmitResult(submit.reply_id, SubmitEnd.UNSENT)
        self._owner.on_submit_result(self.settings.name, result)

    def _guarded(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:
            self._crashed(error)
