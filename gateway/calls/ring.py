"""The latest events of all calls, numbered, so that a console that was away can catch up. Pure."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import NamedTuple

from ivr.events import CallEvent

EVENTS_MAX = 4_096  # some minutes of a busy hour; who was away longer gets the present state

COUNT_DIGITS_MAX = 19  # of an id: more than any process reaches


class Kept(NamedTuple):
    """An event and its id."""

    id: str
    event: CallEvent


class EventRing:
    """`epoch` sets the ids of this process apart from those of an earlier one."""

    def __init__(self, epoch: int, events_max: int = EVENTS_MAX) -> None:
        self._epoch = epoch
        self._kept: deque[Kept] = deque(maxlen=events_max)
        self._count = 0

    @property
    def last_id(self) -> str:
        """Of the event that was added last; before the first one, what it comes after."""
        return f"{self._epoch}-{self._count}"

    def add(self, event: CallEvent) -> None:
        self._count += 1
        self._kept.append(Kept(self.last_id, event))

    def after(self, last_id: str) -> list[Kept] | None:
        """What came after that event; None where it is not known any more, or never was."""
        epoch, dash, count = last_id.partition("-")
        if not dash or epoch != str(self._epoch) or not (count.isascii() and count.isdigit()):
            return None
        if len(count) > COUNT_DIGITS_MAX:
            return None
        missed = self._count - int(count)
        if not 0 <= missed <= len(self._kept):
            return None
        return list(islice(self._kept, len(self._kept) - missed, None))
