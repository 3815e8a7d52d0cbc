"""One timer of the event loop, moved as needed: a session needs no more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

NEVER_S = float("inf")


class Alarm:
    """Calls `ring` with the loop's time when `next_s`, asked at each `set`, has come. `crashed` is
    told of what `ring` raises, as nobody else could take it."""

    __slots__ = ("_at_s", "_crashed", "_handle", "_loop", "_next_s", "_ring")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        ring: Callable[[float], None],
        next_s: Callable[[], float],
        crashed: Callable[[Exception], None],
    ) -> None:
        self._loop = loop
        self._ring = ring
        self._next_s = next_s
        self._crashed = crashed
        self._handle: asyncio.TimerHandle | None = None
        self._at_s = NEVER_S

    def set(self) -> None:
        self.stop()
        self._at_s = self._next_s()
        self._handle = self._loop.call_at(self._at_s, self._on_time)

    def by(self, when_s: float) -> None:
        """Something is due by then. Cheap where the alarm rings before."""
        if when_s < self._at_s:
            self.set()

    def stop(self) -> None:
        self._at_s = NEVER_S
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _on_time(self) -> None:
        self._handle, self._at_s = None, NEVER_S
        try:
            self._ring(self._loop.time())
        except Exception as error:
            self._crashed(error)
