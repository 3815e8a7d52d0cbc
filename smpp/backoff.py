"""How long a bind waits before its next try. Pure.

Seconds. A wait never grows without bound, is never zero, and differs from peer to peer by jitter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from smpp.status import BIND_BACKOFFS_S, BindAction

JITTER_SHARE = 0.2  # either way
STEADY_S = 60.0


@dataclass(frozen=True, slots=True)
class BackoffLimits:
    """`delays_s`: the waits after the first, second ... failure by kind; the last one repeats."""

    delays_s: Mapping[BindAction, tuple[float, ...]] = field(
        default_factory=lambda: MappingProxyType(BIND_BACKOFFS_S)
    )
    steady_s: float = STEADY_S  # bound for so long: the next failure counts as the first


class Backoff:
    """1, 2, 4 ... 60 s; longer where the SMSC still holds our old session; minutes where it
    refused the credentials, as fast retries lock accounts."""

    __slots__ = ("_failures", "_limits", "_refusals")

    def __init__(self, limits: BackoffLimits) -> None:
        self._limits = limits
        self._failures = 0
        self._refusals = 0

    def wait_s(self, action: BindAction, bound_s: float, jitter: float) -> float:
        """The wait after a try or session that ended so.

        `bound_s`: how long it was bound, 0 for never. `jitter` from 0 to 1 is drawn by the caller.
        """
        if bound_s > 0:
            self._refusals = 0
        if bound_s >= self._limits.steady_s:
            self._failures = 0
        delays_s = self._limits.delays_s[action]
        if action is BindAction.LONG_BACKOFF:
            wait_s = delays_s[min(self._refusals, len(delays_s) - 1)]
            self._refusals += 1
            return wait_s * (1.0 + JITTER_SHARE * jitter)  # never earlier: the operator counts
        wait_s = delays_s[min(self._failures, len(delays_s) - 1)]
        self._failures += 1
        return wait_s * (1.0 - JITTER_SHARE + 2 * JITTER_SHARE * jitter)
