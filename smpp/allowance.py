"""How much a peer may send us: a bucket of one second's worth. Pure."""

from __future__ import annotations


class Allowance:
    """`tps` PDUs a second, above 0, of which one second's worth may come at once.

    A peer that keeps to its rate in each second is never refused, however it spreads it there.
    Times are seconds of the caller's monotonic clock.
    """

    __slots__ = ("_at_s", "_left", "_tps")

    def __init__(self, tps: float, now_s: float) -> None:
        if tps <= 0:
            raise ValueError(f"tps {tps}: must be above 0; no limit is no Allowance")
        self._tps = tps
        self._left = max(1.0, tps)
        self._at_s = now_s

    def take(self, now_s: float) -> bool:
        """May one more come now? Counts it if so: what is refused costs nothing."""
        left = min(max(1.0, self._tps), self._left + (now_s - self._at_s) * self._tps)
        self._at_s = now_s
        if left < 1.0:
            self._left = left
            return False
        self._left = left - 1.0
        return True
