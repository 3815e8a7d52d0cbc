"""What is remembered of phones, kept near: a bounded cache over the store's subscribers.

The cache is ahead of the store by what is being committed; when a commit fails or turns out to be
a duplicate, `forget` drops the phone and the store's word counts again. It is larger than all
questions that can be on their way at one time, so nothing uncommitted is ever evicted.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection

from gateway.core import memory as remembering
from gateway.core.memory import Memory
from gateway.store.journal import Journal

KEPT_MAX = 50_000  # phones


class Memories:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._kept: OrderedDict[str, Memory] = OrderedDict()

    async def load(self, parties: Collection[str]) -> None:
        """Make `get` answer for these. Raises StoreUnavailableError."""
        missing = [party for party in parties if party not in self._kept]
        if not missing:
            return
        stored = await self._journal.subscribers(missing)
        for party in missing:
            if party in self._kept:
                continue  # another batch was faster
            row = stored.get(party)
            self._keep(party, row.facts if row else None)

    def learn(self, party: str, facts: str | None) -> None:
        """What the store has told of a phone on another way; None: nothing is known of it."""
        if party not in self._kept:
            self._keep(party, facts)

    def get(self, party: str) -> Memory:
        return self._kept.get(party, remembering.EMPTY)

    def put(self, party: str, memory: Memory) -> None:
        self._kept[party] = memory
        self._kept.move_to_end(party)

    def _keep(self, party: str, facts: str | None) -> None:
        self._kept[party] = remembering.EMPTY if facts is None else remembering.from_json(facts)
        if len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)

    def forget(self, parties: Collection[str]) -> None:
        for party in parties:
            self._kept.pop(party, None)
