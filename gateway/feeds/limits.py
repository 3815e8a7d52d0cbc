"""How much clients of the feeds API may ask: rates by key, failures by address, batches. Pure.

Times are seconds of the caller's monotonic clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Final

from gateway.problems import Problem, RefusedRequest
from smpp.server.access import AccessLimits, Failures

KEYS_MAX: Final = 10_000  # whose rates are remembered; the one used longest ago goes first
BUSY_RETRY_S: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLimits:
    """Of [feeds]; what the keys mean is told in docs/reference/settings.md."""

    requests_per_s: float = 20.0
    burst: int = 40
    ticket_octets_max: int = 262_144
    batch_octets_max: int = 1_073_741_824
    batch_lines_max: int = 1_000_000
    batches_max: int = 4
    waiting_max: int = 64
    idle_s: float = 30.0
    repeat_hours: int = 72
    failures_max: int = 10
    failures_s: float = 600.0


class Rate:
    """A token bucket of one key."""

    __slots__ = ("_at_s", "_burst", "_left", "_per_s")

    def __init__(self, per_s: float, burst: int, now_s: float) -> None:
        self._per_s = per_s
        self._burst = float(burst)
        self._left = self._burst
        self._at_s = now_s

    def take(self, now_s: float) -> float:
        """0.0 when one more may come now; else for how many seconds it may not."""
        self._left = min(self._burst, self._left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        if self._left < 1.0:
            return (1.0 - self._left) / self._per_s
        self._left -= 1.0
        return 0.0


class Limiter:
    """What is asked of us now, and was lately."""

    def __init__(self, limits: FeedLimits) -> None:
        self._limits = limits
        self._rates: dict[str, Rate] = {}  # the key used longest ago first
        self._failures = Failures(
            AccessLimits(failures_max=limits.failures_max, refusal_s=limits.failures_s)
        )
        self._batches: set[str] = set()
        self._waiting = 0

    def pace(self, key: str, now_s: float) -> None:
        """Count a request of a key; raises RefusedRequest (429) where it comes too soon."""
        rate = self._rates.pop(key, None)
        if rate is None:
            if len(self._rates) >= KEYS_MAX:
                del self._rates[next(iter(self._rates))]
            rate = Rate(self._limits.requests_per_s, self._limits.burst, now_s)
        self._rates[key] = rate
        wait_s = rate.take(now_s)
        if wait_s:
            raise _later(429, "too-fast", "this key asks faster than it may", ceil(wait_s))

    def locked_out(self, address: str, now_s: float) -> bool:
        """Whether so many keys from there were wrong that none is looked at for a while."""
        return self._failures.refused(address, now_s)

    def failed(self, address: str, now_s: float) -> None:
        self._failures.failed(address, now_s)

    @contextmanager
    def batch(self, key: str) -> Iterator[None]:
        """While a batch of this key comes in; raises RefusedRequest (429, 503)."""
        if key in self._batches:
            raise _later(429, "batch-running", "this key has a batch on its way", BUSY_RETRY_S)
        if len(self._batches) >= self._limits.batches_max:
            raise _later(503, "busy", "other keys have batches on their way", BUSY_RETRY_S)
        self._batches.add(key)
        try:
            yield
        finally:
            self._batches.discard(key)

    @contextmanager
    def push(self) -> Iterator[None]:
        """While a push waits for the registry; raises RefusedRequest (503) when too many do."""
        if self._waiting >= self._limits.waiting_max:
            raise _later(503, "busy", "too many pushes wait for the registry", BUSY_RETRY_S)
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1


def _later(status: int, kind: str, detail: str, retry_after_s: int) -> RefusedRequest:
    return RefusedRequest(Problem(status, kind, detail, retry_after_s=retry_after_s))
