from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest

from gateway.billing.sealed import window as windows
from gateway.billing.sealed.window import ID_MAX, Page, Window
from gateway.core.seal import leaf


def row(id_: int) -> bytes:
    return b'["entry",%d,"x"]' % id_


class Table:
    """Rows by id, and how often they were read."""

    def __init__(self, ids: Iterable[int]) -> None:
        self.ids = sorted(ids)
        self.reads = 0

    async def read(self, after: int, limit: int) -> Page:
        self.reads += 1
        return [(id_, row(id_)) for id_ in self.ids if id_ > after][:limit]


@pytest.fixture
async def tasks() -> AsyncIterator[asyncio.TaskGroup]:
    async with asyncio.TaskGroup() as tasks:
        yield tasks


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "PAGE_ROWS", 5)
    monkeypatch.setattr(windows, "AHEAD_ROWS_MAX", 12)
    monkeypatch.setattr(windows, "SEEK_PAGES_MAX", 2)


async def take(window: Window, id_: int) -> bytes | None:
    return window.ahead.pop(id_, None) or await window.seek(id_)


async def ended(window: Window) -> list[int]:
    window.leave(await window.to_the_end())
    window.close()
    return sorted(window.unnamed)


async def test_rows_in_order_are_read_once(tasks: asyncio.TaskGroup) -> None:
    table = Table(range(1, 101))
    window = Window(table.read, 0, tasks)
    assert [await take(window, id_) for id_ in table.ids] == [leaf(row(i)) for i in table.ids]
    assert await ended(window) == []
    assert table.reads == 100 // 5 + 1


async def test_rows_that_nobody_asks_for_are_left(tasks: asyncio.TaskGroup) -> None:
    window = Window(Table(range(1, 101)).read, 0, tasks)
    for id_ in range(1, 101, 2):
        assert await take(window, id_)
    assert await ended(window) == list(range(2, 101, 2))
    assert window.unnamed_count == 50


async def test_rows_nearly_in_order_are_all_found(tasks: asyncio.TaskGroup) -> None:
    window = Window(Table(range(1, 31)).read, 0, tasks)
    for id_ in [
        each for pair in zip(range(2, 31, 2), range(1, 31, 2), strict=True) for each in pair
    ]:
        assert await take(window, id_) == leaf(row(id_))
    assert await ended(window) == []


async def test_a_row_that_is_gone_is_none(tasks: asyncio.TaskGroup) -> None:
    window = Window(Table([1, 2, 4]).read, 0, tasks)
    assert await take(window, 3) is None
    assert await take(window, 9) is None
    assert await take(window, ID_MAX + 1) is None
    assert await ended(window) == [1, 2, 4]


async def test_a_row_far_ahead_does_not_bring_all_those_before_it(
    tasks: asyncio.TaskGroup,
) -> None:
    window = Window(Table(range(1, 101)).read, 0, tasks)
    assert await take(window, 100) == leaf(row(100))
    assert len(window.ahead) == 10
    for id_ in range(1, 100):
        assert await take(window, id_) == leaf(row(id_))
    assert await ended(window) == []


async def test_what_was_left_behind_and_is_named_after_all_is_not_left(
    tasks: asyncio.TaskGroup,
) -> None:
    window = Window(Table(range(1, 101)).read, 0, tasks)
    for id_ in range(20, 101):
        await take(window, id_)
    for id_ in range(1, 20):
        assert await take(window, id_) == leaf(row(id_))
    assert await ended(window) == []
    assert window.unnamed_count == 0


async def test_a_row_named_twice_is_found_again_and_noted(tasks: asyncio.TaskGroup) -> None:
    window = Window(Table(range(1, 9)).read, 0, tasks)
    assert await take(window, 3) == await take(window, 3)
    assert window.again == {3}


async def test_rows_written_after_the_end_was_reached_are_not_left(
    tasks: asyncio.TaskGroup,
) -> None:
    table = Table(range(1, 4))
    window = Window(table.read, 0, tasks)
    end = await window.to_the_end()
    table.ids += [4, 5]
    assert await take(window, 5) == leaf(row(5))
    window.leave(end)
    assert sorted(window.unnamed) == [1, 2, 3]


async def test_only_so_many_are_kept_and_all_are_counted(
    tasks: asyncio.TaskGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "KEPT_MAX", 3)
    window = Window(Table(range(1, 101)).read, 0, tasks)
    assert await ended(window) == [1, 2, 3]
    assert window.unnamed_count == 100
