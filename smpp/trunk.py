"""The sessions of one link that transmit, one rate over all of them, and what statuses mean there.

Submits leave within the window of each session and the TPS of the link. What was taken beyond that
waits here, at most for as long as the rate asks; nothing else is kept.

Of several sessions a submit leaves by:

1. the one by which another to the same destination is open. If that one has no free slot, or takes
   no more submits, it waits: whatever overtook would reach the citizen in the wrong order. Others
   pass it by, up to `LOOK_PAST_MAX` of those that wait so;
2. else the one that its question came by (`Submit.session`; of a pair, the transmitter), if that
   one has a free slot: a session that is stuck must not hold back its citizens too;
3. else the one with the most free slots; those that have equally many take turns.

When a session goes away, what is open there ends, by a late response or as lost, and what waited
for it goes by another. Only when none is left is what waits handed back.
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
from smpp.routes import Routes
from smpp.session import Session
from smpp.stats import LinkStats
from smpp.status import CONFIGURATION_FAILURES_MAX

LOOK_PAST_MAX = 64  # submits that wait for one session while those behind them leave by others

_log = structlog.get_logger()


def _itself(session: int) -> int:
    return session


class Trunk:
    """Made and used inside a running event loop; every method returns at once.

    `windows` is the number of submits that all its sessions together may hold open, `crashed` is
    told of an exception of the owner's that no caller of ours could take. `alone`: there is never
    more than one session at a time, so that no order between sessions needs to be kept.
    `answers_for` gives the number of the session that answers what came by a session (0: none).
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
        alone: bool = False,
        answers_for: Callable[[int], int] = _itself,
    ) -> None:
        self._name = name
        self._limits = limits
        self._owner = owner
        self._stats = stats
        self._crashed = crashed
        self._loop = loop = asyncio.get_running_loop()
        self._pacing = Pacing(tps_max, loop.time(), limits.throttle_pause_s)
        self._refusals = Refusals(profile)
        self._answers_for = answers_for
        self._senders: list[Session] = []  # the one that was longest unused first
        self._routes = None if alone else Routes()
        self._waiting: deque[Submit] = deque()
        self._held = 0  # of those, at the head: seen to wait for one session alone
        self._waiting_max = windows + int((tps_max or TPS_UNLIMITED) * AHEAD_S)
        self._slowed = False  # told of a throttle, not yet of its end
        self._held_until_s = 0.0  # by a pause that nothing waits for
        self._closed = False
        self._turn: asyncio.Handle | None = None
        self._wake: asyncio.TimerHandle | None = None

    @property
    def room(self) -> int:
        """Submits to take now: free window slots, within what the rate allows in 100 ms."""
        free = sum(session.room for session in self._senders)
        if free == 0 or self._held >= LOOK_PAST_MAX:
            return 0
        allowance = self._pacing.allowance(self._loop.time())
        waiting = len(self._waiting)
        return max(0, min(free, allowance, self._waiting_max - self._held) - waiting + self._held)

    @property
    def tps(self) -> float:
        """Submits a second that it sends at most now: below `tps_max` after a throttle."""
        return self._pacing.rate_at(self._loop.time())

    def submit(self, submit: Submit) -> None:
        """Send a segment. The caller checked `room`; if that has gone since, it waits its turn.

        It ends as UNSENT, told on a later turn of the loop, where nothing may be waited for: no
        session, a long pause, more than windows and rate hold.
        """
        now_s = self._loop.time()
        if not self._waiting:
            session = self._session_for(submit)
            if session is not None and self._pacing.take(now_s):
                if self._routes is not None:
                    self._keep_order(self._routes, submit, session)
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
        if self._routes is not None and not result.late:  # a late one was not open any more
            self._routes.ended(result.reply_id)
        if result.end is SubmitEnd.ANSWERED:
            self._judge(session, result.status, sent_s)
        self._owner.on_submit_result(self._name, result)
        self.poke()

    def poke(self) -> None:
        """Soon, and once: let out what may leave, tell the owner of room."""
        if self._turn is None:
            self._turn = self._loop.call_soon(self._guarded, self._take_turn)

    def close(self) -> None:
        """The link is over: no timer of ours stays, and none comes."""
        self._closed = True
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
            if self._pacing.throttled(now_s, sent_s) and not self._slowed:
                self._slowed = True
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

    def _session_for(self, submit: Submit) -> Session | None:
        """The session that this one leaves by now, see above; None: it waits."""
        senders, routes = self._senders, self._routes
        if routes is None:
            return senders[0] if senders and senders[0].room > 0 else None
        session = routes.session(submit.destination)
        if session is not None:
            return session if session.room > 0 else None
        home = self._answers_for(submit.session) if submit.session else 0
        most = 0
        for each in senders:
            room = each.room
            if room > 0 and each.number == home:
                return each
            if room > most:
                session, most = each, room
        return session

    def _keep_order(self, routes: Routes, submit: Submit, session: Session) -> None:
        """Of sessions and of what goes to one destination: the submit leaves by that session."""
        self._senders.remove(session)
        self._senders.append(session)
        routes.opened(submit, session)

    def _take_turn(self) -> None:
        self._turn = None
        now_s = self._loop.time()
        if self._release(now_s) or self._pacing.paused(now_s):
            self._wake_at(self._pacing.ready_s(now_s))
        if self._slowed and not self._pacing.slowed(now_s):
            self._slowed = False
            _log.info("link_recovered", link=self._name, tps=round(self._pacing.rate, 1))
        if self.room > 0:
            self._owner.on_room(self._name)

    def _release(self, now_s: float) -> bool:
        """Let out what may leave. True: something waits for the rate alone, so for time to pass.

        What waits for a slot, or for one session, is let out by the end of an open submit.
        """
        waiting, passed, for_rate = self._waiting, list[Submit](), False
        free = sum(session.room for session in self._senders) if waiting else 0
        while waiting and free > 0 and len(passed) < LOOK_PAST_MAX and not for_rate:
            submit = waiting.popleft()
            # None: its session is full. It stays so until we return, so that no later one to the
            # same destination gets past this one.
            session = self._session_for(submit)
            if session is not None and self._pacing.take(now_s):
                if self._routes is not None:
                    self._keep_order(self._routes, submit, session)
                session.submit(submit, now_s)
                free -= 1
            else:
                for_rate = session is not None
                passed.append(submit)
        waiting.extendleft(reversed(passed))
        self._held = len(passed) - for_rate
        return for_rate

    def _wake_at(self, when_s: float) -> None:
        if not self._closed and (self._wake is None or self._wake.when() > when_s):
            if self._wake is not None:
                self._wake.cancel()
            self._wake = self._loop.call_at(when_s, self._awake)

    def _awake(self) -> None:
        self._wake = None
        self.poke()

    def _return_waiting(self) -> None:
        self._held = 0
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
