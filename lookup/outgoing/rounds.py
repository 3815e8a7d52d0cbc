"""Many questions to one service: so many at once, all within one deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import TypeVar

Question = TypeVar("Question")
Out = TypeVar("Out")


async def ask_all(
    questions: Iterable[Question],
    ask: Callable[[Question], Awaitable[Out]],
    *,
    at_once: int,
    until: float,
) -> tuple[list[Out], list[Question]]:
    """What `ask` gave, and the questions that the deadline left without an answer.

    `until`: of the loop's clock. A question asked twice is asked once.
    """
    waiting = dict.fromkeys(questions)
    outs: list[Out] = []

    async def work(left: Iterator[Question]) -> None:
        for question in left:
            outs.append(await ask(question))
            del waiting[question]

    left = iter(tuple(waiting))
    try:
        async with asyncio.timeout_at(until), asyncio.TaskGroup() as group:
            for _ in range(min(at_once, len(waiting))):
                group.create_task(work(left))
    except TimeoutError:
        pass  # told by what is left
    return outs, list(waiting)
