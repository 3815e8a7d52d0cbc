"""What operators see of the calls: what happens now, and the context of each call.

In memory alone, and bounded: numbers that callers keyed are personal, and nobody needs them once
the call is long over.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from gateway.calls.ring import EventRing, Kept
from ivr.events import CallEvent, CallStage

CALLS_MAX = 5_000  # going on or just over; the oldest goes first
ENDED_KEPT_US = 3_600_000_000  # for what an operator writes down afterwards


class CallNow(NamedTuple):
    """A call as it stands. `latest` holds all that is known of it; `wish` is why it was handed
    over, "" where it was not."""

    latest: CallEvent
    wish: str = ""


class Floor:
    """Where calls tell what happens (ivr.events.CallEvents), and consoles look."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self._ring = EventRing(now_us())
        self._going_on: OrderedDict[str, CallNow] = OrderedDict()
        self._over: OrderedDict[str, CallNow] = OrderedDict()
        self._watchers: set[asyncio.Event] = set()

    @property
    def last_id(self) -> str:
        return self._ring.last_id

    def on_call(self, event: CallEvent) -> None:
        known = self._going_on.pop(event.reference, None) or self._over.pop(event.reference, None)
        wish = "" if known is None else known.wish
        if event.stage is CallStage.HANDED_OVER:
            wish = event.detail
        self._forget_old()
        into = self._over if event.stage is CallStage.ENDED else self._going_on
        into[event.reference] = CallNow(event, wish)
        if len(self._going_on) + len(self._over) > CALLS_MAX:
            (self._over or self._going_on).popitem(last=False)
        self._ring.add(event)
        for watcher in self._watchers:
            watcher.set()

    def call(self, reference: str) -> CallNow | None:
        """A call that goes on, or is over since an hour at most."""
        self._forget_old()
        return self._going_on.get(reference) or self._over.get(reference)

    def going_on(self) -> list[CallNow]:
        """Those of which was heard last come last."""
        return list(self._going_on.values())

    def after(self, last_id: str) -> list[Kept] | None:
        """See gateway.calls.ring."""
        return self._ring.after(last_id)

    @contextmanager
    def watching(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever something happens; whoever waits clears it."""
        watcher = asyncio.Event()
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    def wake(self) -> None:
        """Have all who watch look, though nothing has happened."""
        for watcher in self._watchers:
            watcher.set()

    def _forget_old(self) -> None:
        until_us = self._now_us() - ENDED_KEPT_US
        while self._over:
            oldest = next(iter(self._over.values()))
            if oldest.latest.at_us > until_us:
                break
            self._over.popitem(last=False)
