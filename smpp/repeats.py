"""Which repetition of the same news is worth a log line: the first, then ever fewer. Pure."""

from __future__ import annotations

REMIND_EVERY = 64  # the 1st, 2nd, 4th ... 64th time, then each 64th: about hourly at waits of 60 s
NEWS_MAX = 16  # different ones at once; more, and all counts begin anew


class Repeats:
    """Counts what comes again and again until `clear`."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def times(self, news: str) -> int:
        """How often this has come by now, if this time is worth a line; else 0."""
        if news not in self._counts and len(self._counts) >= NEWS_MAX:
            self._counts.clear()
        count = self._counts[news] = self._counts.get(news, 0) + 1
        doubled = count & (count - 1) == 0
        return count if (doubled and count <= REMIND_EVERY) or count % REMIND_EVERY == 0 else 0

    def clear(self) -> None:
        """What follows is news again."""
        self._counts.clear()
