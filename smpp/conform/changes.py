"""Waiting for something to become true, within a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Changes:
    """Told of everything that happens on a bench; who waits looks again then."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def tell(self) -> None:
        self._event.set()

    async def until(self, find: Callable[[], T | None], within_s: float) -> T | None:
        """What `find` gives as soon as it is not None; None when the time is up."""
        try:
            async with asyncio.timeout(within_s):
                while (found := find()) is None:
                    self._event.clear()
                    await self._event.wait()
        except TimeoutError:
            return None
        return found

    async def rest(self, seconds: float) -> None:
        """Let time pass."""
        await self.until(lambda: None, seconds)
