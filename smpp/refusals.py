"""What the statuses of submits, one after another, mean for the link as a whole. Pure.

What they mean for a segment alone (again, failed, sent) is the owner's to decide by
`status.action`.
"""

from __future__ import annotations

from enum import Enum

from smpp.operators import OperatorProfile
from smpp.pdu import RINVCMDID, RINVCMDLEN, ROK
from smpp.status import CONFIGURATION_FAILURES_MAX, Action, action

UNREADABLE_MAX = 3  # in a row: our PDUs arrive mangled, a new session may cure it


class Consequence(Enum):
    NOTHING = "nothing"
    SLOW_DOWN = "slow down"
    REBIND = "rebind"
    PAUSE = "pause"  # the operator refuses how we are set up: staff must look


class Refusals:
    """Counts refusals in a row; any other status begins anew."""

    __slots__ = ("_misconfigured", "_profile", "_unreadable")

    def __init__(self, profile: OperatorProfile) -> None:
        self._profile = profile
        self._misconfigured = 0
        self._unreadable = 0

    def see(self, status: int) -> Consequence:
        if status == ROK:
            self._misconfigured = self._unreadable = 0
            return Consequence.NOTHING
        what = action(status, self._profile)
        unreadable = status in (RINVCMDLEN, RINVCMDID)
        self._unreadable = self._unreadable + 1 if unreadable else 0
        self._misconfigured = self._misconfigured + 1 if what is Action.FAIL_CONFIGURATION else 0
        if what is Action.THROTTLE:
            return Consequence.SLOW_DOWN
        if self._misconfigured >= CONFIGURATION_FAILURES_MAX:
            self._misconfigured = 0
            return Consequence.PAUSE
        if what is Action.REBIND or self._unreadable >= UNREADABLE_MAX:
            self._unreadable = 0
            return Consequence.REBIND
        return Consequence.NOTHING
