from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ivr.attendant.deadline import within

LONG_S = 60.0


async def at_once() -> str:
    return "done"


async def after(event: asyncio.Event) -> str:
    await event.wait()
    await asyncio.sleep(0)  # a second wait, of another kind
    return "done"


async def test_what_need_not_wait_is_done_without_a_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_timer(*_: object) -> None:
        raise AssertionError("a timer was set")

    monkeypatch.setattr(asyncio, "timeout", no_timer)
    assert await within(LONG_S, at_once()) == "done"


async def test_what_waits_goes_on_where_it_stood() -> None:
    event = asyncio.Event()
    asyncio.get_running_loop().call_soon(event.set)
    assert await within(LONG_S, after(event)) == "done"


async def test_who_waits_too_long_is_stopped_and_cleans_up() -> None:
    cleaned: list[bool] = []

    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # also cleaning up may wait
            cleaned.append(True)

    with pytest.raises(TimeoutError):
        await within(0.001, stubborn())
    assert cleaned == [True]


async def test_a_timeout_inside_is_its_own() -> None:
    async def inner() -> str:
        try:
            async with asyncio.timeout(0.001):
                await asyncio.Event().wait()
        except TimeoutError:
            return "given up inside"
        raise AssertionError("it ended")

    assert await within(LONG_S, inner()) == "given up inside"


@pytest.mark.parametrize("wait", [False, True])
async def test_its_errors_are_raised(wait: bool) -> None:
    async def failing() -> None:
        if wait:
            await asyncio.sleep(0)
        raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        await within(LONG_S, failing())


@pytest.mark.parametrize("release", ["set", "cancel"])
async def test_whoever_is_cancelled_while_waiting_is_cancelled_inside(release: str) -> None:
    event, waiting, seen = asyncio.Event(), asyncio.Event(), []

    async def work() -> str:
        try:
            waiting.set()
            await event.wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        return "done"

    async with asyncio.TaskGroup() as group:
        task = group.create_task(within(LONG_S, work()))
        await waiting.wait()
        event.set() if release == "set" else task.cancel()
    assert (task.cancelled(), seen) == (
        (True, ["cancelled"]) if release == "cancel" else (False, [])
    )


async def test_locks_are_held_by_turns() -> None:
    """The first has the lock while it waits; the second waits for it within its own deadline."""
    lock, gate, order = asyncio.Lock(), asyncio.Event(), []

    def turn(name: str, wait: Callable[[], Awaitable[object]]) -> Awaitable[None]:
        async def work() -> None:
            async with lock:
                await wait()
                order.append(name)

        return within(LONG_S, work())

    async def both() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(turn("first", gate.wait))  # type: ignore[arg-type]  # a coroutine
            group.create_task(turn("second", at_once))  # type: ignore[arg-type]  # a coroutine
            await asyncio.sleep(0)
            gate.set()

    await both()
    assert order == ["first", "second"]
