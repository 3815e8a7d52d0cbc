"""Replies in order for each subscriber of a link: lanes of parcels, of which only the head moves.
Pure.

A `Parcel` is the replies of one question, or a receipt of ours. A parcel is *ready* (to be
claimed), *delayed* (until its time), or *out* (claimed: with the link, or reserved for an answer
that is being committed).
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Sequence

from gateway.core.records import Reply


class Parcel:
    """The replies of one question on one link: `todo` not yet claimed, `out` with the link."""

    __slots__ = ("due_us", "link", "msisdn", "out", "todo", "waiting")

    def __init__(self, link: str, msisdn: str, todo: Sequence[Reply] = (), due_us: int = 0) -> None:
        self.link = link
        self.msisdn = msisdn
        self.todo = deque(todo)
        self.out = 0  # replies with the link
        self.waiting = 0  # replies refused for now, until the store knows them as queued again
        self.due_us = due_us

    def put_back(self, reply: Reply) -> None:
        """A reply to be sent again: in its place among the parcel's others."""
        rest = sorted((*self.todo, reply), key=lambda each: (each.ordinal, each.seg))
        self.todo = deque(rest)
        self.due_us = max(self.due_us, reply.next_us)


class Lanes:
    """All subscribers' lanes. Each link has its own: what waits for a peer that is away holds back
    no answer by another way."""

    def __init__(self, links: Sequence[str]) -> None:
        self._lanes: dict[tuple[str, str], deque[Parcel]] = {}
        self._ready: dict[str, deque[Parcel]] = {link: deque() for link in links}
        self._delayed: list[tuple[int, int, Parcel]] = []
        self._ties = 0

    def free(self, link: str, msisdn: str) -> bool:
        """Whether an answer may go out now: nothing of this subscriber is on its way, and nobody
        waits in line before it."""
        return not self._ready[link] and (link, msisdn) not in self._lanes

    def ready(self, link: str) -> deque[Parcel]:
        """Parcels to be claimed, the oldest first."""
        return self._ready[link]

    def head(self, link: str, msisdn: str) -> Parcel:
        return self._lanes[link, msisdn][0]

    def open(self, parcel: Parcel, now_us: int) -> None:
        """Append a parcel to its subscriber's lane."""
        key = parcel.link, parcel.msisdn
        lane = self._lanes.get(key)
        if lane is None:
            self._lanes[key] = deque((parcel,))
            self.line_up(parcel, now_us)
        else:
            lane.append(parcel)

    def reserve(self, link: str, msisdn: str) -> None:
        """A lane for an answer that is being committed as already claimed."""
        self._lanes[link, msisdn] = deque((Parcel(link, msisdn),))

    def line_up(self, parcel: Parcel, now_us: int) -> None:
        """Make the head of a lane ready, now or when it is due."""
        if parcel.due_us > now_us:
            self._ties += 1
            heapq.heappush(self._delayed, (parcel.due_us, self._ties, parcel))
        else:
            self._ready[parcel.link].append(parcel)

    def close(self, parcel: Parcel, now_us: int) -> bool:
        """The head of a lane is done; True: the subscriber's next parcel took its place."""
        key = parcel.link, parcel.msisdn
        lane = self._lanes[key]
        lane.popleft()
        if not lane:
            del self._lanes[key]
            return False
        self.line_up(lane[0], now_us)
        return True

    def wake(self, now_us: int) -> int | None:
        """Delayed parcels that are due become ready; returns when the next one is."""
        while self._delayed and self._delayed[0][0] <= now_us:
            parcel = heapq.heappop(self._delayed)[2]
            self._ready[parcel.link].append(parcel)
        return self._delayed[0][0] if self._delayed else None
