"""The session timers of SMPP 3.4 7.2 as a value: time is an argument, the answer says what is due.
Pure.

The fourth one, the response timer, counts for each request alone: see `window.Window`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from smpp.operators import OperatorProfile


class Due(Enum):
    """What the time asks for. All but the first two end the session, for the reason in words."""

    NOTHING = "nothing is due"
    ENQUIRE_LINK = "enquire_link is due"
    NOT_BOUND = "no bind response in time"
    SILENT = "the peer fell silent"
    INACTIVE = "no transaction for too long"
    TORN = "a PDU broke off"
    LINGERED = "the time to close was up"


@dataclass(frozen=True, slots=True)
class TimerLimits:
    """Seconds. `inactivity_s` 0: never, as a receiver may rightly wait for hours."""

    session_init_s: float = 10.0
    enquire_link_s: float = 20.0
    inactivity_s: float = 0.0
    pdu_read_s: float = 10.0  # from the first octet of a PDU to its last


def limits_of(profile: OperatorProfile) -> TimerLimits:
    return TimerLimits(
        session_init_s=profile.session_init_timer_s,
        enquire_link_s=profile.enquire_link_timer_s,
        inactivity_s=profile.inactivity_timer_s,
        pdu_read_s=profile.pdu_read_timer_s,
    )


class Timers:
    """Any PDU shows life; only transactions count as activity."""

    __slots__ = (
        "_asked_s",
        "_close_s",
        "_doubt_s",
        "_limits",
        "_opened_s",
        "bound",
        "heard_s",
        "part_s",
    )

    def __init__(self, limits: TimerLimits, now_s: float) -> None:
        self._limits = limits
        self._opened_s = now_s  # connected, then the last transaction
        self._asked_s: float | None = None
        self._doubt_s: float | None = None
        self._close_s: float | None = None
        self.bound = False
        self.heard_s = now_s  # written by the session at each read
        self.part_s: float | None = None  # likewise: since when part of a PDU has been waiting

    def bind(self, now_s: float) -> None:
        self.bound = True
        self._opened_s = self.heard_s = now_s

    def transacted(self, now_s: float) -> None:
        """A delivery came, or a submit was answered: what inactivity counts from. Before the
        bind the session's opening counts, whatever comes."""
        if self.bound:
            self._opened_s = now_s

    def asked(self, now_s: float) -> None:
        """enquire_link was written."""
        self._asked_s = now_s
        self._doubt_s = None

    def doubted(self, now_s: float) -> None:
        """A response was written of which nothing yet proves that the peer read it."""
        if self._doubt_s is None:
            self._doubt_s = now_s

    def proved(self) -> None:
        """The peer answered a request of ours: it read what we wrote before that."""
        self._doubt_s = None

    def close_by(self, when_s: float) -> None:
        """The session is closing: it ends then, whatever is still open."""
        self._close_s = when_s

    def check(self, now_s: float) -> Due:
        if self._close_s is not None:
            return Due.LINGERED if now_s >= self._close_s else Due.NOTHING
        if self.part_s is not None and now_s >= self.part_s + self._limits.pdu_read_s:
            return Due.TORN
        if not self.bound:
            late = now_s >= self._opened_s + self._limits.session_init_s
            return Due.NOT_BOUND if late else Due.NOTHING
        if self._limits.inactivity_s and now_s >= self._opened_s + self._limits.inactivity_s:
            return Due.INACTIVE
        asked_s = self._asked_s
        if asked_s is not None and self.heard_s < asked_s:  # nothing at all since we asked
            return Due.SILENT if now_s >= asked_s + self._limits.enquire_link_s else Due.NOTHING
        return Due.ENQUIRE_LINK if now_s >= self._ask_s() else Due.NOTHING

    def next_s(self) -> float:
        """When `check` can next say something new, if nothing happens until then."""
        if self._close_s is not None:
            return self._close_s
        asked_s = self._asked_s
        if not self.bound:
            next_s = self._opened_s + self._limits.session_init_s
        elif asked_s is not None and self.heard_s < asked_s:
            next_s = asked_s + self._limits.enquire_link_s
        else:
            next_s = self._ask_s()
        if self.bound and self._limits.inactivity_s:
            next_s = min(next_s, self._opened_s + self._limits.inactivity_s)
        if self.part_s is not None:
            next_s = min(next_s, self.part_s + self._limits.pdu_read_s)
        return next_s

    def _ask_s(self) -> float:
        """After silence; or when responses went unproved for as long, though PDUs flow."""
        since_s = self.heard_s if self._doubt_s is None else min(self.heard_s, self._doubt_s)
        return since_s + self._limits.enquire_link_s
