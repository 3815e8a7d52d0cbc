"""Which files of the folder are whole, by how they behave between two looks. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from lookup.deliveries.folder import Facts, Waiting

HELD_BACK_S_MAX: Final = 600.0  # a file written to for so long does not hold back the others


class _Watched(NamedTuple):
    facts: Facts
    same_since_s: float
    first_seen_s: float


class Settling:
    """Remembers the files that wait. Times are seconds of any steady clock."""

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._watched: dict[str, _Watched] = {}

    def whole(self, waiting: Sequence[Waiting], now_s: float) -> list[Waiting]:
        """Those to take now, in their order: marked, or unchanged for settle_s.

        A file still written to holds back those after it, since of two lines on one ticket the
        one in the later file counts.
        """
        watched: dict[str, _Watched] = {}
        ready: list[Waiting] = []
        held_back = False
        for file in waiting:
            before = self._watched.get(file.name)
            if before is None:
                seen = _Watched(file.facts, now_s, now_s)
            elif before.facts != file.facts:
                seen = _Watched(file.facts, now_s, before.first_seen_s)
            else:
                seen = before
            watched[file.name] = seen
            if not file.marked and now_s - seen.same_since_s < self._settle_s:
                held_back |= now_s - seen.first_seen_s < HELD_BACK_S_MAX
            elif not held_back:
                ready.append(file)
        self._watched = watched
        return ready
