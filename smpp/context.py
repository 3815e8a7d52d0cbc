"""What a session is given by its link, and what it gives back when it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol

import structlog

from smpp import pdu
from smpp.allowance import Allowance
from smpp.links import SessionLimits
from smpp.messages import SubmitResult
from smpp.operators import OperatorProfile, ReplyCommand
from smpp.owner import Owner
from smpp.pdu import Frame
from smpp.stats import LinkStats
from smpp.status import BindAction

if TYPE_CHECKING:
    from smpp.session import Session

_log = structlog.get_logger()


class Phase(Enum):
    OPENING = "opening"  # not bound yet: nothing goes out but what binds
    BOUND = "bound"
    DRAINING = "draining"  # we stop: deliveries are refused, open submits end
    UNBINDING = "unbinding"  # our unbind awaits its response
    LINGERING = "lingering"  # the peer has unbound: late responses are still taken
    CLOSING = "closing"  # what is gathered leaves, nothing is read any more
    CLOSED = "closed"


class Side(NamedTuple):
    """Which end of a session we are: what is delivered to us, and what our submits travel by."""

    deliveries: frozenset[int]
    carrier: int  # the command of our submits
    answers: frozenset[int]  # what ends them
    refusal_body: bytes | None  # of a refused delivery; None: an empty message_id (row M5)
    bind_status: int  # answers a bind request on a session that is bound


ESME = Side(
    deliveries=frozenset({pdu.DELIVER_SM, pdu.DATA_SM}),
    carrier=pdu.SUBMIT_SM,
    answers=frozenset({pdu.SUBMIT_SM_RESP}),
    refusal_body=None,
    bind_status=pdu.RINVCMDID,
)
_SMSC = Side(
    deliveries=frozenset({pdu.SUBMIT_SM, pdu.DATA_SM}),
    carrier=pdu.DELIVER_SM,
    answers=frozenset({pdu.DELIVER_SM_RESP, pdu.SUBMIT_SM_RESP, pdu.DATA_SM_RESP}),
    refusal_body=b"",  # 4.4.2: no body beside an error
    bind_status=pdu.RALYBND,
)
_CARRIERS = {
    ReplyCommand.DELIVER_SM: _SMSC,
    ReplyCommand.SUBMIT_SM: _SMSC._replace(carrier=pdu.SUBMIT_SM),
}


def smsc_side(profile: OperatorProfile) -> Side:
    """Our end of a session of a peer that bound to us."""
    return _CARRIERS[profile.reply_command]


class SessionEnd(NamedTuple):
    """Why a session is over, and how the next bind waits."""

    action: BindAction
    detail: str
    bound_s: float  # how long it was bound; 0 for never


class Tap(Protocol):
    """Sees every PDU of a bind pass. Must return at once and never raise."""

    def received(self, frame: Frame) -> None: ...
    def sent(self, octets: bytes) -> None:
        """One or more whole PDUs."""


class SessionHooks(NamedTuple):
    """What the session tells the bind and the link that own it."""

    bound: Callable[[Session], None]
    closing: Callable[[Session, str], None]  # it takes no more submits
    room: Callable[[], None]  # it takes submits again
    submit_ended: Callable[[Session, SubmitResult, float], None]  # with the time of its write
    crashed: Callable[[Exception], None]


class SessionContext:
    """The link's or the account's part of a session's world."""

    __slots__ = (
        "_warned",
        "allowance",
        "hooks",
        "limits",
        "link",
        "number",
        "owner",
        "profile",
        "refusal",
        "side",
        "stats",
        "tap",
        "wall_clock",
        "window",
    )

    def __init__(
        self,
        *,
        link: str,
        number: int,
        window: int,
        profile: OperatorProfile,
        limits: SessionLimits,
        owner: Owner,
        hooks: SessionHooks,
        stats: LinkStats,
        wall_clock: Callable[[], datetime] | None,
        tap: Tap | None = None,
        side: Side = ESME,
        allowance: Allowance | None = None,
        refusal: int | None = None,
    ) -> None:
        self.link = link
        self.number = number  # rises from session to session
        self.window = window
        self.profile = profile
        self.limits = limits
        self.owner = owner
        self.hooks = hooks
        self.stats = stats
        self.wall_clock = wall_clock  # for an absolute validity_period
        self.tap = tap
        self.side = side
        self.allowance = allowance  # what the peer may deliver a second; None: no limit
        self.refusal = refusal  # the status of all deliveries of a bind that may make none
        self._warned: set[str] = set()

    def warn(self, event: str, **facts: object) -> None:
        """One log line a session for each kind: a peer that repeats itself fills no disk."""
        if event not in self._warned:
            self._warned.add(event)
            _log.warning(event, link=self.link, session=self.number, **facts)
