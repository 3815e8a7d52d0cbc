"""What was made last, kept within a number of octets. Pure."""

from __future__ import annotations

from collections import OrderedDict


class Recent:
    """Octets by name; the least recently asked for goes first."""

    def __init__(self, octets_max: int) -> None:
        self._octets_max = octets_max
        self._octets = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, name: str) -> bytes | None:
        kept = self._kept.get(name)
        if kept is not None:
            self._kept.move_to_end(name)
        return kept

    def put(self, name: str, octets: bytes) -> None:
        """Keep `octets`, unless they alone are too many."""
        if len(octets) > self._octets_max:
            return
        before = self._kept.pop(name, None)
        self._octets += len(octets) - (len(before) if before is not None else 0)
        self._kept[name] = octets
        while self._octets > self._octets_max:
            self._octets -= len(self._kept.popitem(last=False)[1])
