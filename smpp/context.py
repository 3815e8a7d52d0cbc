"""What a session is given by its link, and what it gives back when it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol

import structlog

from smpp.links import SessionLimits
from smpp.messages import SubmitResult
from smpp.operators import OperatorProfile
from smpp.owner import Owner
from smpp.pdu import Frame
from smpp.stats import LinkStats
from smpp.status import BindAction

if TYPE_CHECKING:
    from smpp.session import Session

_log = structlog.get_logger()


class Phase(Enum):
    OPENING = "opening"  # bind is sent; nothing else of ours goes out
    BOUND = "bound"
    DRAINING = "draining"  # we stop: deliveries are refused, open submits end
    UNBINDING = "unbinding"  # our unbind awaits its response
    LINGERING = "lingering"  # the peer has unbound: late responses are still taken
    CLOSING = "closing"  # what is gathered leaves, nothing is read any more
    CLOSED = "closed"


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
    """The link's part of a session's world."""

    __slots__ = (
        "_warned",
        "hooks",
        "limits",
        "link",
        "number",
        "owner",
        "profile",
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
        self._warned: set[str] = set()

    def warn(self, event: str, **facts: object) -> None:
        """One log line a session for each kind: a peer that repeats itself fills no disk."""
        if event not in self._warned:
            self._warned.add(event)
            _log.warning(event, link=self.link, session=self.number, **facts)
