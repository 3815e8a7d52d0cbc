"""An event loop whose clock is in hand: it jumps to the next timer once nothing real is under way.

Threads (the store's) are real. While one works, `busy` is above zero and time stands still; so a
simulated hour costs what its work costs.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
REAL_WAIT_S = 0.05  # for a thread; longer than any call takes


class _Selector(selectors.DefaultSelector):  # type: ignore[misc, valid-type]  # chosen at run time
    def __init__(self) -> None:
        super().__init__()
        self.now_s = 1_000.0
        self.busy = 0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is not None and timeout <= 0:
            return super().select(0)
        events = super().select(0)
        if events:
            return events
        if self.busy or timeout is None:
            return super().select(REAL_WAIT_S)
        self.now_s += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """See the module."""

    def __init__(self) -> None:
        self.clock = _Selector()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.now_s

    async def real(self, work: Awaitable[T]) -> T:
        """Await something that happens in a thread: time stands still meanwhile."""
        self.clock.busy += 1
        try:
            return await work
        finally:
            self.clock.busy -= 1


class RealWork:
    """An object whose coroutine methods are real work (a journal).

    `serial` has one call at a time: then threads cannot finish in another order from run to run,
    and the run depends on its seed alone. Otherwise calls overlap, as they do in life.
    """

    def __init__(self, target: Any, loop: VirtualLoop, *, serial: bool) -> None:
        self._target = target
        self._loop = loop
        self._turn = asyncio.Semaphore(1 if serial else 1_000)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._target, name)
        if not asyncio.iscoroutinefunction(method):
            return method

        async def called(*args: Any, **rest: Any) -> Any:
            async with self._turn:
                return await self._loop.real(method(*args, **rest))

        return called


async def passed(seconds: float) -> None:
    """Let so much of the time of a virtual loop go by."""
    try:
        async with asyncio.timeout(seconds):
            await asyncio.get_running_loop().create_future()
    except TimeoutError:
        return


def run(main: Callable[[VirtualLoop], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine in virtual time."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(main(loop))
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
