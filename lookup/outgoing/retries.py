"""How often a system in trouble may be asked once more. Pure.

Retries help against a single lost connection. Where everything fails they double the load, so
they are a share of the requests lately made: each request earns a part of a retry, and what is
saved up is bounded.
"""

from __future__ import annotations

from typing import Final

_RETRY: Final = 100  # what one retry costs; a request earns `percent_max` of it
SAVED_MAX: Final = 10  # retries: beyond them requests of an hour ago would pay for a storm now


class RetryBudget:
    """Of one system. It begins with one retry, so that a lone request may be tried again."""

    __slots__ = ("_percent_max", "_retries_max", "_saved")

    def __init__(self, *, retries_max: int, percent_max: int) -> None:
        if retries_max < 0 or not 0 <= percent_max <= 100:
            raise ValueError("a retry budget needs retries_max >= 0 and percent_max of 0 to 100")
        self._retries_max = retries_max  # of one request
        self._percent_max = percent_max  # of the requests lately made
        self._saved = _RETRY if percent_max else 0

    def asked(self) -> None:
        """A request is made for the first time."""
        self._saved = min(self._saved + self._percent_max, SAVED_MAX * _RETRY)

    def take(self, retries_done: int) -> bool:
        """Whether a request that was retried so often may be made again; if so, it is paid."""
        if retries_done >= self._retries_max or self._saved < _RETRY:
            return False
        self._saved -= _RETRY
        return True
