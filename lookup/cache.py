"""A short memory of tickets just found, so that a burst of one question asks once. Pure.

Only what was found is kept: "not found" and failures are asked again each time, so a ticket that
has just been registered is never hidden.
"""

from __future__ import annotations

from lookup.status import TicketRecord, Wanted


class FoundCache:
    """At most `entries_max` answers, each for `ttl_s` seconds of the clock given as `now`.

    All entries live equally long and a dict keeps the order of insertion, so the oldest is
    always the first.
    """

    __slots__ = ("_entries", "_entries_max", "_ttl_s")

    def __init__(self, *, ttl_s: float, entries_max: int) -> None:
        if ttl_s < 0 or entries_max < 1:
            raise ValueError("a cache needs ttl_s >= 0 and entries_max >= 1")
        self._ttl_s = ttl_s
        self._entries_max = entries_max
        self._entries: dict[Wanted, tuple[float, tuple[TicketRecord, ...]]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, wanted: Wanted, now: float) -> tuple[TicketRecord, ...] | None:
        entry = self._entries.get(wanted)
        if entry is None or entry[0] <= now:
            return None
        return entry[1]

    def put(self, wanted: Wanted, tickets: tuple[TicketRecord, ...], now: float) -> None:
        if not tickets or self._ttl_s == 0:
            return
        entries = self._entries
        entries.pop(wanted, None)
        while entries:
            oldest = next(iter(entries))
            if entries[oldest][0] > now and len(entries) < self._entries_max:
                break
            del entries[oldest]
        entries[wanted] = (now + self._ttl_s, tickets)
