"""Time and ids as callables, so that tests and the simulation hold them in hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ZONE = "Asia/Almaty"


def _zone() -> tzinfo:
    try:
        return ZoneInfo(ZONE)
    except ZoneInfoNotFoundError:  # `zone_problem` says so before anything is served
        return UTC


KAZAKHSTAN = _zone()
_OFFSETS = (  # the whole country has one time since 1 March 2024
    (datetime(2024, 2, 29, 12, tzinfo=UTC), timedelta(hours=6)),
    (datetime(2024, 3, 1, 12, tzinfo=UTC), timedelta(hours=5)),
)

_EPOCH_MS = 1_577_836_800_000  # 2020-01-01: 41 bits of milliseconds last until 2089
_SEQUENCE_BITS = 12
_NODE_BITS = 10


class Clock:
    """Wall time in UTC microseconds, and the civil day in Kazakhstan it falls on."""

    def __init__(self, now_us: Callable[[], int] | None = None) -> None:
        self.now_us = now_us or wall_us
        self._day = 0
        self._day_from_us = 0
        self._day_to_us = 0

    def now(self) -> datetime:
        """The present in Kazakhstan, aware."""
        return datetime.fromtimestamp(self.now_us() // 1_000_000, KAZAKHSTAN)

    def day(self, at_us: int) -> int:
        """YYYYMMDD in Kazakhstan; the zone's history is that of the time zone database."""
        if not self._day_from_us <= at_us < self._day_to_us:
            local = datetime.fromtimestamp(at_us // 1_000_000, KAZAKHSTAN)
            midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
            self._day = local.year * 10_000 + local.month * 100 + local.day
            self._day_from_us = int(midnight.timestamp()) * 1_000_000
            self._day_to_us = int((midnight + timedelta(days=1)).timestamp()) * 1_000_000
        return self._day


def wall_us() -> int:
    """UTC microseconds of this machine's clock."""
    return time.time_ns() // 1_000


def zone_problem(zone: tzinfo = KAZAKHSTAN) -> str | None:
    """What is wrong with this machine's time zone data: with old data, days and terms of hours
    since 2024 would be off by an hour. None where they are right."""
    if all(at.astimezone(zone).utcoffset() == offset for at, offset in _OFFSETS):
        return None
    return (
        f"time zone {ZONE}: this machine's zone data lacks the change of 1 March 2024 (UTC+6 to"
        " UTC+5); update the system's tzdata to 2024a or later"
    )


def fixed(start: str) -> Callable[[], int]:
    """A clock that starts at an ISO time and runs on: the demo's."""
    begin = datetime.fromisoformat(start).astimezone(UTC)
    base_us = int(begin.timestamp()) * 1_000_000
    started_ns = time.monotonic_ns()
    return lambda: base_us + (time.monotonic_ns() - started_ns) // 1_000


class Ids:
    """Rising 63-bit ids: 41 bits of milliseconds, 10 of the node, 12 of a sequence.

    `after` is the highest id ever stored, so that a clock that stepped back repeats none.
    """

    def __init__(self, now_us: Callable[[], int], node: int = 0, after: int = 0) -> None:
        self._now_us = now_us
        self._node = node << _SEQUENCE_BITS
        self._last_ms = after >> (_NODE_BITS + _SEQUENCE_BITS)
        self._sequence = (1 << _SEQUENCE_BITS) - 1  # the first id takes a new millisecond

    def __call__(self) -> int:
        ms = self._now_us() // 1_000 - _EPOCH_MS
        if ms > self._last_ms:
            self._last_ms = ms
            self._sequence = 0
        elif self._sequence + 1 < 1 << _SEQUENCE_BITS:
            self._sequence += 1
        else:  # the millisecond is full, or the clock stands behind: borrow the next one
            self._last_ms += 1
            self._sequence = 0
        return self._last_ms << (_NODE_BITS + _SEQUENCE_BITS) | self._node | self._sequence


def made_us(id_: int) -> int:
    """When an id was made by `Ids`, in UTC microseconds, to the millisecond."""
    return ((id_ >> (_NODE_BITS + _SEQUENCE_BITS)) + _EPOCH_MS) * 1_000


_DATES: dict[int, date] = {}


def day_date(day: int) -> date:
    """YYYYMMDD as a date."""
    found = _DATES.get(day)
    if found is None:
        if len(_DATES) > 1_000:
            _DATES.clear()
        found = _DATES[day] = date(day // 10_000, day // 100 % 100, day % 100)
    return found
