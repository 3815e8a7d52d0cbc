"""Lookups that are asked side by side go to the sources as one batch.

The SMS of a link come in batches; calls and the public page come one by one. A source that is a
file takes one visit to its thread for a batch, however large, and each visit costs the event loop
more than the lookup itself. What is asked of sources elsewhere is asked apart: a batch has its
answer with the slowest of its numbers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from lookup.status import Status, Wanted


class Finder(Protocol):
    """What is asked in the end (lookup.federation.Lookup)."""

    def at_hand(self, wanted: Sequence[Wanted]) -> bool: ...

    async def find_many(
        self, wanted: Sequence[Wanted], *, within_s: float, hurried: bool = False
    ) -> list[Status]: ...


class _Batch:
    """What is asked in one turn of the event loop; each asker after the first waits in `others`."""

    __slots__ = ("others", "wanted")

    def __init__(self, wanted: Sequence[Wanted]) -> None:
        self.wanted = list(wanted)
        self.others: list[asyncio.Future[list[Status] | None]] = []

    def tell(self, found: list[Status] | None) -> None:
        """None: whoever asked for all of them was stopped."""
        for other in self.others:
            if not other.done():
                other.set_result(found)


class Together:
    """See the module."""

    def __init__(self, lookup: Finder) -> None:
        self._lookup = lookup
        self._gathering: dict[float, _Batch] = {}  # by deadline: no one waits for longer than asked

    async def find_many(self, wanted: Sequence[Wanted], within_s: float) -> list[Status]:
        """As `Lookup.find_many`, in one batch with all that is asked in this turn of the loop."""
        if not self._lookup.at_hand(wanted):
            return await self._lookup.find_many(wanted, within_s=within_s)
        batch = self._gathering.get(within_s)
        if batch is None:
            return await self._ask(wanted, within_s)
        first = len(batch.wanted)
        batch.wanted += wanted
        told: asyncio.Future[list[Status] | None] = asyncio.get_running_loop().create_future()
        batch.others.append(told)
        found = await told
        if found is None:
            return await self._lookup.find_many(wanted, within_s=within_s)
        return found[first : first + len(wanted)]

    async def _ask(self, wanted: Sequence[Wanted], within_s: float) -> list[Status]:
        batch = self._gathering[within_s] = _Batch(wanted)
        found: list[Status] | None = None
        try:
            try:
                await asyncio.sleep(0)  # the others of this turn join
            finally:
                del self._gathering[within_s]
            found = await self._lookup.find_many(batch.wanted, within_s=within_s)
        finally:
            batch.tell(found)
        return found[: len(wanted)]
