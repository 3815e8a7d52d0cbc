"""A circuit breaker: whether a failing source is asked at all. Pure; time is an argument.

closed --failures_max in a row--> open --open_s later--> half open --one probe--> closed
                                   ^                                  | probe failed
                                   +----------------------------------+
"""

from __future__ import annotations

from enum import StrEnum


class BreakerState(StrEnum):
    CLOSED = "closed"  # asked normally
    OPEN = "open"  # not asked
    HALF_OPEN = "half_open"  # one call is let through to see whether it recovered


class Breaker:
    """Counts failures in a row. `now` is any monotonic clock in seconds.

    A call that is admitted holds a permit and gives it back by exactly one of `succeeded`,
    `failed`, `abandoned`. Permits of an earlier state are ignored: a call that began before the
    breaker opened says nothing about the source now.
    """

    __slots__ = ("_epoch", "_failures", "_failures_max", "_open_s", "_open_until", "_probing")

    def __init__(self, *, failures_max: int, open_s: float) -> None:
        if failures_max < 1 or open_s <= 0:
            raise ValueError("a breaker needs failures_max >= 1 and open_s > 0")
        self._failures_max = failures_max
        self._open_s = open_s
        self._failures = 0
        self._open_until: float | None = None
        self._probing = False
        self._epoch = 0

    def admit(self, now: float) -> int | None:
        """A permit for one call, or None: do not call."""
        if self._open_until is None:
            return self._epoch
        if now < self._open_until or self._probing:
            return None
        self._probing = True
        self._epoch += 1
        return self._epoch

    def succeeded(self, permit: int) -> None:
        if permit != self._epoch:
            return
        self._failures = 0
        self._open_until = None
        self._probing = False

    def failed(self, permit: int, now: float) -> None:
        if permit != self._epoch:
            return
        self._failures += 1
        if self._probing or self._failures >= self._failures_max:
            self._failures = 0
            self._open_until = now + self._open_s
            self._probing = False
            self._epoch += 1

    def abandoned(self, permit: int) -> None:
        """The caller gave up before the source could answer: neither success nor failure."""
        if permit == self._epoch:
            self._probing = False

    def state(self, now: float) -> BreakerState:
        if self._open_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self._open_until else BreakerState.HALF_OPEN
