"""The people that calls are handed to, as far as an attendant knows of them. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ivr.attendant.waiting_line import WaitingLine

# The opening hours that come next, (from, to) in whole hours; None while people are there.
ClosedHours = Callable[[], tuple[int, int] | None]


def always_open() -> tuple[int, int] | None:
    """Where no hours are set."""
    return None


@dataclass(frozen=True, slots=True)
class People:
    """One for all tables whose calls go to the same people. `call_backs`: they call back who has
    left a number."""

    closed_hours: ClosedHours = always_open
    call_backs: bool = True
    line: WaitingLine = field(default_factory=WaitingLine)
