"""Waiting for something of a name to happen, without sleeping and without polling."""

from __future__ import annotations

import asyncio


class Signals:
    """Whoever waits for a name is woken by the next `notify` of it and looks again."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}

    async def wait(self, name: str) -> None:
        waiter = asyncio.get_running_loop().create_future()
        waiters = self._waiting.setdefault(name, [])
        waiters.append(waiter)
        try:
            await waiter
        finally:
            waiters.remove(waiter)
            if not waiters and self._waiting.get(name) is waiters:
                del self._waiting[name]

    def notify(self, name: str) -> None:
        for waiter in self._waiting.get(name, ()):
            if not waiter.done():
                waiter.set_result(None)
