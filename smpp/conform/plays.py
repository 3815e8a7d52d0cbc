"""How a row is played, and when. Pure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import Any, NamedTuple

from smpp.conform.verdicts import Role

BOTH = (Role.ESME, Role.SMSC)
ESME = (Role.ESME,)
SMSC = (Role.SMSC,)


class When(IntEnum):
    """Plays go in this order, so that what ends a session or a friendship comes late."""

    CALM = 0  # the session stays
    LATE = 1  # the peer's timers are waited for, or it has to bind again: see LATE_ORDER
    REFUSING = 2  # accounts may get locked, ESMEs may wait for minutes
    AFTER = 3  # nothing is sent: judged by what was seen


# An ESME comes back later each time. So a row that ends its session stands before one that wants
# the bind request itself, and rows that keep it bound for long, whereupon its back-off begins
# anew, stand in the middle.
LATE_ORDER = (
    "P3", "P4", "P7", "F3", "B2", "F4", "B3", "F5", "B12", "B13", "B14", "B5", "F9", "F2", "B15",
    "B6", "B17", "B7", "R16", "B18",
)  # fmt: skip


class Play(NamedTuple):
    """`run` is given the bench of the role. What it returns is told beside "passed"; it raises
    FailedError or UntestableError else.
    """

    row_id: str
    run: Callable[[Any], Awaitable[str]]  # of a Bench, a Listener or a Dialler by `roles`
    roles: tuple[Role, ...] = BOTH
    when: When = When.CALM


def in_order(each: Play) -> tuple[int, int]:
    """What plays are sorted by."""
    late = each.when is When.LATE and each.row_id in LATE_ORDER
    return each.when, LATE_ORDER.index(each.row_id) if late else len(LATE_ORDER)
