"""Outcomes of replies on their way to disk: what is noted while one transaction runs goes with the
next one, so that a crash finds few replies whose fate only memory knew."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from gateway.core.records import Outcome
from gateway.store.journal import Journal, StoreUnavailableError

STORE_RETRY_S = 0.2


class _Draft:
    """The outcomes of one call to the journal; it is added to until a transaction takes it."""

    __slots__ = ("outcomes", "taken")

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self.taken = False

    def take(self) -> Sequence[Outcome]:
        self.taken = True
        return self.outcomes


class Settling:
    """`note` from anywhere on the loop; `run` in a task of its own.

    `on_written` hears of outcomes that are on disk. While the store is away they wait here, as
    many as the windows hold.
    """

    def __init__(self, journal: Journal, on_written: Callable[[Sequence[Outcome]], None]) -> None:
        self._journal = journal
        self._on_written = on_written
        self._draft = _Draft()
        self._under_way = 0  # drafts with the journal
        self._wake = asyncio.Event()

    @property
    def idle(self) -> bool:
        """Everything noted is on disk."""
        return not self._under_way and (self._draft.taken or not self._draft.outcomes)

    def note(self, outcome: Outcome) -> None:
        if self._draft.taken:
            self._draft = _Draft()
        if not self._draft.outcomes:
            self._wake.set()
        self._draft.outcomes.append(outcome)

    async def run(self) -> None:
        """Write down what is noted, for ever."""
        async with asyncio.TaskGroup() as drafts:
            while True:
                await self._wake.wait()
                self._wake.clear()
                self._under_way += 1
                drafts.create_task(self._write_down(self._draft))

    async def _write_down(self, draft: _Draft) -> None:
        while True:
            try:
                await self._journal.settle(draft.take)
                break
            except StoreUnavailableError:
                await asyncio.sleep(STORE_RETRY_S)
        self._under_way -= 1
        self._on_written(draft.outcomes)
