"""The sealed rows of one kind, read once in the order of their ids and handed out as their seals
name them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from gateway.core.seal import leaf

PAGE_ROWS = 2_000
AHEAD_ROWS_MAX = 20_000  # read and not named so far: rows are sealed in the order of their ids, or
# nearly so, and one that is left behind by so many is in no seal
SEEK_PAGES_MAX = 10  # read on for a row; one that is further off is looked for by itself
KEPT_MAX = 1_000  # rows in no seal that are told one by one
ID_MAX = (1 << 63) - 1  # a seal that was tampered with may name what no row can have

Page = Sequence[tuple[int, bytes]]
Read = Callable[[int, int], Coroutine[Any, Any, Page]]
"""(after id, limit) -> rows with their ids, in the order of these."""


class Window:
    """Rows with ids above `after`. The next page is read while one is looked at; `tasks` has to
    outlive the window, and `close` ends what it still reads."""

    def __init__(self, read: Read, after: int, tasks: asyncio.TaskGroup) -> None:
        self._read = read
        self._after = after
        self._high = after
        self._tasks = tasks
        self._coming: asyncio.Task[Page] | None = None
        self._apart: set[int] = set()  # ids above `_high` that were looked for by themselves
        self.ahead: dict[int, bytes] = {}
        """Leaves by id, of rows that no seal has named so far: whoever finds its row takes it
        out, and asks `seek` for one that is not here."""
        self.below: int | None = None
        """The least id asked for that is not above `after`."""
        self.again: set[int] = set()
        """Ids that were asked for behind the place reached, and have a row."""
        self.unnamed: dict[int, bytes] = {}
        """Leaves by id, of the first rows that are in no seal."""
        self.unnamed_count = 0

    async def seek(self, id_: int) -> bytes | None:
        """The leaf of a row that is not `ahead`; None where there is no such row."""
        if 0 < id_ <= self._after:
            self.below = min(id_, self._after if self.below is None else self.below)
        for _ in range(SEEK_PAGES_MAX):
            if self._high >= id_ or not await self._page():
                break
            found = self.ahead.pop(id_, None)
            if found is not None:
                return found
        return await self._alone(id_)

    async def to_the_end(self) -> int:
        """Read all that is left; returns the highest id there is."""
        while await self._page():
            pass
        return self._high

    def leave(self, through: int) -> None:
        """Rows up to that id that are still `ahead` are in no seal."""
        for id_ in [each for each in self.ahead if each <= through]:
            self._left(id_, self.ahead.pop(id_))

    def put_in(self, id_: int, row: bytes) -> None:
        """A row that nobody could have sealed."""
        self._left(id_, leaf(row))

    def close(self) -> None:
        if self._coming is not None:
            self._coming.cancel()

    async def _page(self) -> bool:
        """Whether there was any row left to read."""
        coming, self._coming = self._coming, None
        page = await (self._read(self._high, PAGE_ROWS) if coming is None else coming)
        if not page:
            return False
        self._high = page[-1][0]
        if len(page) == PAGE_ROWS:
            self._coming = self._tasks.create_task(self._read(self._high, PAGE_ROWS))
        ahead = self.ahead
        for id_, row in page:
            ahead[id_] = leaf(row)
        for id_ in self._apart.intersection(id_ for id_, _ in page) if self._apart else ():
            del ahead[id_]
            self._apart.remove(id_)
        while len(ahead) > AHEAD_ROWS_MAX:
            oldest = next(iter(ahead))
            self._left(oldest, ahead.pop(oldest))
        return True

    async def _alone(self, id_: int) -> bytes | None:
        page = await self._read(id_ - 1, 1) if id_ <= ID_MAX else ()
        if not page or page[0][0] != id_:
            return None
        if id_ > self._high:
            if len(self._apart) < AHEAD_ROWS_MAX:
                self._apart.add(id_)
        elif self.unnamed.pop(id_, None) is not None:
            self.unnamed_count -= 1
        elif len(self.again) < KEPT_MAX:
            self.again.add(id_)
        return leaf(page[0][1])

    def _left(self, id_: int, leaf_: bytes) -> None:
        self.unnamed_count += 1
        if len(self.unnamed) < KEPT_MAX:
            self.unnamed[id_] = leaf_
