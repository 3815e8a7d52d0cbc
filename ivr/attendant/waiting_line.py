"""Callers for whom no operator was free, in the order in which they came. Pure."""

from __future__ import annotations

WAITING_MAX = 10_000  # who comes later is told this place


class WaitingLine:
    """One for all lines by which the same people are called. A caller stands in it from the first
    transfer that nobody took until the call is taken, given up or over."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], None] = {}  # in order

    def __len__(self) -> int:
        return len(self._waiting)

    def place(self, link: str, call_id: str) -> int:
        """The call's place, from 1; it joins the end where it does not stand in the line yet."""
        key = (link, call_id)
        if key not in self._waiting:
            if len(self._waiting) >= WAITING_MAX:
                return WAITING_MAX
            self._waiting[key] = None
            return len(self._waiting)
        for place, other in enumerate(self._waiting, start=1):
            if other == key:
                return place
        raise AssertionError("it was found above")

    def leave(self, link: str, call_id: str) -> None:
        """Whether it stood there or not."""
        self._waiting.pop((link, call_id), None)
