"""What a command_status asks of us: the table of statuses as data. Pure.

Sources: SMPP 3.4 5.1.3 for the codes; the choice of action is ours and every operator profile may
override it with `status_map`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smpp.operators import OperatorProfile

CONFIGURATION_FAILURES_MAX = 10  # so many in a row and the link is paused


class Action(StrEnum):
    """What to do with a submit after its response."""

    SENT = "sent"
    THROTTLE = "throttle"  # slow the whole link, send the same segment again
    RETRY = "retry"  # this segment again, after `retry_delay_s`
    REBIND = "rebind"  # the SMSC says we are not bound: bind anew, then send again
    FAIL = "fail"
    FAIL_NUMBER = "fail_number"  # this destination only; says nothing about the link
    FAIL_ALARM = "fail_alarm"  # our fault or a proxy's: wrong split, TLV or length
    FAIL_CONFIGURATION = "fail_configuration"  # TON, service type...: pause the link after ten


class BindAction(StrEnum):
    """What to do with a bind after its response."""

    BOUND = "bound"
    BACKOFF = "backoff"  # the common back-off, BIND_BACKOFF_S
    BUSY_BACKOFF = "busy_backoff"  # a ghost of ours still bound: BUSY_BACKOFF_S, alarm
    LONG_BACKOFF = "long_backoff"  # credentials refused: LONG_BACKOFF_S, as accounts get locked


BIND_BACKOFF_S = (1, 2, 4, 8, 16, 32, 60)  # jitter and reset belong to the session
BUSY_BACKOFF_S = (5, 10, 20, 40, 80, 120)
LONG_BACKOFF_S = (300, 900, 1800, 3600)
BIND_BACKOFFS_S = {
    BindAction.BOUND: (0,),
    BindAction.BACKOFF: BIND_BACKOFF_S,
    BindAction.BUSY_BACKOFF: BUSY_BACKOFF_S,
    BindAction.LONG_BACKOFF: LONG_BACKOFF_S,
}

RETRY_DELAYS_S = (5, 30, 120, 120, 120)
VENDOR_RETRY_DELAYS_S = (5, 30)  # unknown codes: twice, then it counts as refused

_ROWS: tuple[tuple[Action, tuple[int, ...]], ...] = (
    (Action.SENT, (0x00,)),
    (Action.THROTTLE, (0x58, 0x14)),
    (Action.RETRY, (0x08, 0x64, 0x45, 0xFE, 0xFF)),
    (Action.REBIND, (0x04,)),
    (Action.FAIL_ALARM, (0x02, 0x03, 0x01, 0x43, 0xC0, 0xC1, 0xC2, 0xC3, 0xC4)),
    (
        Action.FAIL_CONFIGURATION,
        # 0x05 and 0x0D-0x0F, 0x53 are bind statuses: on a submit they mean a wrong account
        (0x0A, 0x48, 0x49, 0x15, 0x06, 0x07, 0x61, 0x62, 0x05, 0x0D, 0x0E, 0x0F, 0x53),
    ),
    (Action.FAIL_NUMBER, (0x0B, 0x50, 0x51, 0x4A, 0x4B)),  # some tables print 0x4A and 0x4B
    (
        Action.FAIL,
        (0x65, 0x66, 0x0C, 0x11, 0x13, 0x33, 0x34, 0x40, 0x42, 0x44, 0x54, 0x55, 0x63, 0x67),
    ),
)
ACTIONS: dict[int, Action] = {status: action for action, row in _ROWS for status in row}

_BIND_ACTIONS = {
    0x00: BindAction.BOUND,
    0x05: BindAction.BUSY_BACKOFF,  # RALYBND
    0x0D: BindAction.BUSY_BACKOFF,  # RBINDFAIL
    0x0E: BindAction.LONG_BACKOFF,  # RINVPASWD
    0x0F: BindAction.LONG_BACKOFF,  # RINVSYSID
    0x53: BindAction.LONG_BACKOFF,  # RINVSYSTYP
}


def action(status: int, profile: OperatorProfile) -> Action:
    """What a submit's command_status asks for; a status nobody knows is retried (twice)."""
    overridden = profile.status_map.get(status)
    return overridden if overridden is not None else ACTIONS.get(status, Action.RETRY)


def is_known(status: int, profile: OperatorProfile) -> bool:
    """Whether a table names the status; the first sight of one that none names is an alarm."""
    return status in profile.status_map or status in ACTIONS


def retry_delay_s(status: int, attempts: int, profile: OperatorProfile) -> int | None:
    """Seconds until the next attempt after `attempts` (from 1) that ended in `status`.

    None: enough attempts, the segment has failed.
    """
    delays = RETRY_DELAYS_S if is_known(status, profile) else VENDOR_RETRY_DELAYS_S
    return delays[attempts - 1] if 1 <= attempts <= len(delays) else None


def bind_action(status: int) -> BindAction:
    """What a bind response's status, or that of a generic_nack to the bind, asks for."""
    return _BIND_ACTIONS.get(status, BindAction.BACKOFF)
