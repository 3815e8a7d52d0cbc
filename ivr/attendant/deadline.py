"""A deadline for work that seldom has to wait. Pure, but for the loop's clock."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


async def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns. Raises TimeoutError where it has to wait, and so long.

    As `async with asyncio.timeout(seconds)`, but a timer is set only when there is something to
    wait for: most steps of a call end without, and a timer costs more than half of them do.
    """
    try:
        awaited = work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    async with asyncio.timeout(seconds):
        return await _Begun(work, awaited)


class _Begun(Generic[T]):
    """The rest of a coroutine that has run up to its first wait."""

    __slots__ = ("_awaited", "_work")

    def __init__(self, work: Coroutine[Any, Any, T], awaited: object) -> None:
        self._work = work
        self._awaited = awaited

    def __await__(self) -> Generator[object, Any, T]:
        awaited = self._awaited
        while True:
            try:
                try:
                    told = yield awaited
                except BaseException as error:
                    awaited = self._work.throw(error)
                else:
                    awaited = self._work.send(told)
            except StopIteration as done:
                result: T = done.value
                return result
