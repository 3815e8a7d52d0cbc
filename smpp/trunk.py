"""The sessions of one link that transmit, one rate over all of them, and what statuses mean there.

Submits leave by any of the sessions, within the window of each and the TPS of the link. What was
taken beyond that waits here, at most for as long as the rate asks; nothing else is kept.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import structlog

from smpp import library
from smpp.links import SessionLimits
from smpp.messages import BindState, Submit, SubmitEnd, SubmitResult
from smpp.operators import OperatorProfile
from smpp.owner import BindEvent, Owner
from smpp.pacing import AHEAD_S, TPS_UNLIMITED, Pacing
from smpp.refusals import Consequence, Refusals
from smpp.session import Session
from smpp.stats import LinkStats
from smpp.status import CONFIGURATION_FAILURES_MAX

_log = structlog.get_logger()


class Trunk:
    """Made and used inside a running event loop; every method returns at once.

    `windows` is the number of submits that all its sessions together may hold open, `crashed` is
    told of an exception of the owner's that no caller of ours could take.
    """

    def __init__(
        self,
        *,
        name: str,
        profile: OperatorProfile,
        tps_max: int,
        windows: int,
        limits: SessionLimits,
        owner: Owner,
        stats: LinkStats,
        crashed: Callable[[Exception], None],
    ) -> None:
        self._name = name
        self._limits = limits
        self._owner = owner
        self._stats = stats
        self._crashed = crashed
        self._loop = loop = asyncio.get_running_loop()
        self._pacing = Pacing(tps_max, loop.time(), limits.throttle_pause_s)
        self._refusals = Refusals(profile)
        self._senders: list[Session] = []
        self._waiting: deque[Submit] = deque()
        self._waiting_max = windows + int((tps_max or TPS_UNLIMITED) * AHEAD_S)
        self._held_until_s = 0.0  # by a pause that nothing waits for
        self._turn: asyncio.Handle | None = None
        self._wake: asyncio.TimerHandle | None = None

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
            self.poke()

    def join(self, session: Session) -> None:
        """A session that may transmit is bound."""
        self._senders.append(session)
        self.poke()

    def leave(self, session: Session) -> None:
        """It takes no more submits."""
        if session in self._senders:
            self._senders.remove(session)
        if not self._senders:
            self._return_waiting()

    def submit_ended(self, session: Session, result: SubmitResult, sent_s: float) -> None:
        """A submit of one of the sessions, written at `sent_s`, has ended."""
        if result.end is SubmitEnd.ANSWERED:
            self._judge(session, result.status, sent_s)
        self._owner.on_submit_result(self._name, result)
        self.poke()

    def poke(self) -> None:
        """Soon, and once: let out what may leave, tell the owner of room."""
        if self._turn is None:
            self._turn = self._loop.call_soon(self._guarded, self._take_turn)

    def close(self) -> None:
        """The link is over: no timer of ours stays."""
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None

    # statuses that concern the whole link

    def _judge(self, session: Session, status: int, sent_s: float) -> None:
        consequence = self._refusals.see(status)
        if consequence is Consequence.NOTHING:
            return
        now_s = self._loop.time()
        if consequence is Consequence.SLOW_DOWN:
            self._stats.throttled += 1
            if self._pacing.throttled(now_s, sent_s):
                _log.warning("link_throttled", link=self._name, tps=round(self._pacing.rate, 1))
        elif consequence is Consequence.REBIND:
            session.linger(f"the peer says {library.status_name(status)}")
        elif consequence is Consequence.PAUSE:
            self._pause(status, now_s)

    def _pause(self, status: int, now_s: float) -> None:
        """The operator refuses how we are set up: more of the same would only cost trust. The
        pause ends by itself, told by `on_room`."""
        pause_s = self._limits.configuration_pause_s
        self._held_until_s = now_s + pause_s
        self._pacing.pause(now_s, pause_s)
        self._return_waiting()
        detail = (
            f"{CONFIGURATION_FAILURES_MAX} submits in a row refused with "
            f"{library.status_name(status)}: paused for {pause_s:.3g} s, check the profile"
        )
        _log.error("link_paused", link=self._name, detail=detail)
        self._owner.on_bind(BindEvent(self._name, 0, BindState.PAUSED, detail, 0))

    # what waits for its turn

    def _roomiest(self) -> Session | None:
        """Of the sessions that have a free slot, the one with the most."""
        senders = self._senders
        if len(senders) == 1:
            return senders[0] if senders[0].room > 0 else None
        best = max(senders, key=lambda session: session.room, default=None)
        return best if best is not None and best.room > 0 else None

    def _take_turn(self) -> None:
        self._turn = None
        self._release(self._loop.time())
        if self.room > 0:
            self._owner.on_room(self._name)

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
        self.poke()

    def _return_waiting(self) -> None:
        while self._waiting:
            self._unsent(self._waiting.popleft())

    def _unsent(self, submit: Submit) -> None:
        self._stats.unsent += 1
        self._owner.on_submit_result(self._name, SubmitResult(submit.reply_id, SubmitEnd.UNSENT))

    def _guarded(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:
            self._crashed(error)
