"""A memory of tickets found, so that a burst of one question asks once, and so that a source that
is silent for a while need not leave everybody without an answer. Pure.

Only what was found is kept: "not found" and failures are asked again each time, so a ticket that
has just been registered is never hidden.
"""

from __future__ import annotations

from typing import NamedTuple

from lookup.status import TicketRecord, Wanted


class Kept(NamedTuple):
    """What was found, and when; `fresh`: it counts as if it were asked now."""

    tickets: tuple[TicketRecord, ...]
    at_us: int
    fresh: bool


class _Entry(NamedTuple):
    until: float
    fresh_until: float
    at_us: int
    tickets: tuple[TicketRecord, ...]


class FoundCache:
    """At most `entries_max` answers, fresh for `ttl_s` seconds of the clock given as `now`, and
    kept for `stale_s` where that is longer.

    All entries are kept equally long and a dict keeps the order of insertion, so the oldest is
    always the first.
    """

    __slots__ = ("_entries", "_entries_max", "_keep_s", "_ttl_s")

    def __init__(self, *, ttl_s: float, entries_max: int, stale_s: float = 0) -> None:
        if min(ttl_s, stale_s) < 0 or entries_max < 1:
            raise ValueError("a cache needs ttl_s and stale_s >= 0 and entries_max >= 1")
        self._ttl_s = ttl_s
        self._keep_s = max(ttl_s, stale_s)
        self._entries_max = entries_max
        self._entries: dict[Wanted, _Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def keeps(self) -> bool:
        """False: nothing is ever kept."""
        return self._keep_s > 0

    def get(self, wanted: Wanted, now: float) -> Kept | None:
        entry = self._entries.get(wanted)
        if entry is None or entry.until <= now:
            return None
        return Kept(entry.tickets, entry.at_us, now < entry.fresh_until)

    def put(
        self, wanted: Wanted, tickets: tuple[TicketRecord, ...], now: float, now_us: int = 0
    ) -> None:
        """`now_us` is the same moment in UTC microseconds."""
        if not tickets or not self._keep_s:
            return
        entries = self._entries
        entries.pop(wanted, None)
        while entries:
            oldest = next(iter(entries))
            if entries[oldest].until > now and len(entries) < self._entries_max:
                break
            del entries[oldest]
        entries[wanted] = _Entry(now + self._keep_s, now + self._ttl_s, now_us, tickets)

    def drop(self, wanted: Wanted) -> None:
        """The source has said since then that there is no such ticket."""
        self._entries.pop(wanted, None)
