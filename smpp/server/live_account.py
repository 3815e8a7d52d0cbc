"""An account's sessions: to the gateway it looks like a link, only that the peer binds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import structlog

from smpp import pdu
from smpp.allowance import Allowance
from smpp.backoff import Backoff
from smpp.bind_request import BindRequest, bind_response
from smpp.context import SessionContext, SessionEnd, SessionHooks, Tap, smsc_side
from smpp.links import RECEIVER, TRANSCEIVER, TRANSMITTER, Role, SessionLimits
from smpp.messages import BindState, Submit
from smpp.owner import BindEvent, Owner
from smpp.pdu import Frame
from smpp.repeats import Repeats
from smpp.server.accounts import AccountSettings
from smpp.session import Session
from smpp.stats import LinkStats
from smpp.trunk import Trunk

QUIET_S = 60.0  # after so long without a change of state the next one is news again

_ROLES = {role.command_id: role for role in (TRANSCEIVER, TRANSMITTER, RECEIVER)}

_log = structlog.get_logger()


class _Seat(NamedTuple):
    number: int  # from 0
    role: Role  # the peer's: a transmitter submits to us, a receiver takes what we send
    address: str


class LiveAccount:
    """See `smpp.owner.Owner` for what it calls; `link` is the account's name there.

    Each session has a number from 0, the lowest free one. `dial` starts a call to `outbind`,
    which ends with `called`.
    """

    def __init__(
        self,
        settings: AccountSettings,
        owner: Owner,
        *,
        limits: SessionLimits,
        system_id: str,
        jitter: Callable[[], float],
        wall_clock: Callable[[], datetime] | None,
        taps: Callable[[int], Tap | None],
        dial: Callable[[LiveAccount], None],
        crashed: Callable[[Exception], None],
    ) -> None:
        self.settings = settings
        self.stats = LinkStats()
        self._owner = owner
        self._limits = replace(limits, deliveries_max=settings.unanswered_max)
        self._system_id = system_id
        self._jitter = jitter
        self._wall_clock = wall_clock
        self._taps = taps
        self._dial = dial
        self._crashed = crashed
        self._loop = loop = asyncio.get_running_loop()
        tps = settings.tps_max
        self._allowance = Allowance(tps, loop.time()) if tps else None
        self._trunk = Trunk(
            name=settings.name,
            profile=settings.profile,
            tps_max=settings.profile.tps_max,
            windows=settings.window * settings.binds_max,
            limits=limits,
            owner=owner,
            stats=self.stats,
            crashed=crashed,
        )
        self._bound: dict[Session, _Seat] = {}
        self._leaving: dict[Session, _Seat] = {}
        self._repeats = Repeats()
        self._told_s = loop.time()
        self._backoff = Backoff(limits.backoff)
        self._calling = False
        self._call_s = loop.time()  # when the next call may begin

    @property
    def bound(self) -> bool:
        """A session is bound that takes what we send: a receiver or a transceiver."""
        return any(seat.role is not TRANSMITTER for seat in self._bound.values())

    @property
    def binds(self) -> int:
        """Sessions bound, whatever they may do."""
        return len(self._bound)

    @property
    def room(self) -> int:
        """Submits to take now: free window slots, within what the rate allows in 100 ms."""
        return self._trunk.room

    @property
    def tps(self) -> float:
        """Submits a second that we send it at most now: below `tps_max` after a throttle."""
        return self._trunk.tps

    def submit(self, submit: Submit) -> None:
        """Send a segment: see `Trunk.submit`."""
        self._trunk.submit(submit)

    def call_out(self) -> bool:
        """Something is owed: send an outbind where one is agreed on, so that the peer binds.

        Costs nothing where that is out of place, which it says by False: no `outbind` set, bound,
        a call under way or not long enough ago.
        """
        if (
            self.settings.outbind is None
            or self._calling
            or self.bound
            or self._loop.time() < self._call_s
        ):
            return False
        self._calling = True
        self._dial(self)
        return True

    # the listener's part

    @property
    def full(self) -> bool:
        return len(self._bound) >= self.settings.binds_max

    @property
    def sessions(self) -> list[Session]:
        """The bound ones."""
        return list(self._bound)

    def take(self, session: Session, request: BindRequest, frame: Frame, address: str) -> None:
        """The session is one of this account's from now on. The caller checked `full`."""
        role = _ROLES[frame.command_id]
        taken = {seat.number for seats in (self._bound, self._leaving) for seat in seats.values()}
        number = next(free for free in range(len(taken) + 1) if free not in taken)
        context = self._context(session.number, number, role)
        self._bound[session] = _Seat(number, role, address)
        self._backoff = Backoff(self._limits.backoff)
        if context.tap is not None:  # the request came before what the session holds
            context.tap.received(frame)
        session.adopt(context)
        version = request.interface_version
        session.answer(bind_response(frame.command_id, frame.sequence, self._system_id, version))
        session.bound(version, self._loop.time())

    def ended(self, session: Session, end: SessionEnd) -> None:
        """Its connection is gone."""
        seat = self._leaving.pop(session, None)
        if seat is not None:
            self._tell(BindState.STOPPED, session, seat, end.detail)

    def called(self, end: SessionEnd) -> None:
        """The call has ended, whether or not somebody bound."""
        self._calling = False
        wait_s = self._backoff.wait_s(end.action, end.bound_s, self._jitter())
        self._call_s = self._loop.time() + wait_s
        news = f"call {end.detail}"
        if not self.bound and (times := self._times(news)):
            _log.info("account_called", account=self.settings.name, detail=end.detail, times=times)

    def close(self) -> None:
        self._trunk.close()

    def _context(self, session: int, number: int, role: Role) -> SessionContext:
        settings = self.settings
        return SessionContext(
            link=settings.name,
            number=session,
            window=settings.window,
            profile=settings.profile,
            limits=self._limits,
            owner=self._owner,
            hooks=SessionHooks(
                bound=self._on_bound,
                closing=self._on_closing,
                room=self._trunk.poke,
                submit_ended=self._trunk.submit_ended,
                crashed=self._crashed,
            ),
            stats=self.stats,
            wall_clock=self._wall_clock,
            tap=self._taps(number),
            side=smsc_side(settings.profile),
            allowance=self._allowance,
            refusal=pdu.RINVBNDSTS if role is RECEIVER else None,
        )

    def _on_bound(self, session: Session) -> None:
        seat = self._bound[session]
        self._tell(BindState.BOUND, session, seat, f"bound as {seat.role.title}")
        if seat.role is not TRANSMITTER:
            self._trunk.join(session)

    def _on_closing(self, session: Session, detail: str) -> None:
        seat = self._leaving[session] = self._bound.pop(session)
        self._tell(BindState.CLOSING, session, seat, detail)
        self._trunk.leave(session)

    def _tell(self, state: BindState, session: Session, seat: _Seat, detail: str) -> None:
        """Each time to the owner; to the log ever more rarely: peers exist that bind for each
        message."""
        times = self._times(f"{state.value} {detail}")
        if times:
            _log.info(
                f"account_{state.value}",
                account=self.settings.name,
                bind=seat.number,
                role=seat.role.title,
                session=session.number,
                address=seat.address,
                detail=detail,
                times=times,
            )
        sends = seat.role is not TRANSMITTER
        event = BindEvent(self.settings.name, seat.number, state, detail, session.number, sends)
        self._owner.on_bind(event)

    def _times(self, news: str) -> int:
        now_s = self._loop.time()
        if now_s - self._told_s >= QUIET_S:
            self._repeats.clear()
        self._told_s = now_s
        return self._repeats.times(news)
