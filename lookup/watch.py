"""What is seen of a source while it is asked: figures, and the moments its state changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from lookup.breaker import BreakerState


@dataclass(slots=True)
class SourceStats:
    """Numbers, counted since the start."""

    asked: int = 0
    answered: int = 0  # found, or said not to be there
    silent: int = 0  # nothing could be concluded
    stale: int = 0  # of those answered: told from memory, with their age


class Observer(Protocol):
    """Told of single sources; called on the path of messages, so it must not wait."""

    def took(self, source: str, seconds: float) -> None:
        """A batch was answered or refused by the source itself."""

    def silent(self, source: str, reason: str) -> None:
        """The first failure after it had answered."""

    def left_alone(self, source: str, reason: str) -> None:
        """The breaker opened."""

    def back(self, source: str) -> None:
        """It answers again."""

    def fault(self, source: str, fault: Exception) -> None:
        """Our own code failed on what it answered."""


class Watch:
    """Tells an observer what changed of one source; without one, nobody."""

    __slots__ = ("_failing", "_observer", "_source", "_state")

    def __init__(self, source: str = "", observer: Observer | None = None) -> None:
        self._source = source
        self._observer = observer
        self._failing = False
        self._state = BreakerState.CLOSED

    def answered(self, seconds: float) -> None:
        if self._observer is None:
            return
        self._observer.took(self._source, seconds)
        if self._failing:
            self._failing = False
            self._state = BreakerState.CLOSED
            self._observer.back(self._source)

    def late(self, seconds: float) -> None:
        """It did not answer this batch, but others meanwhile."""
        if self._observer is not None:
            self._observer.took(self._source, seconds)

    def failed(self, seconds: float, reason: str, state: BreakerState) -> None:
        """`state` of the breaker after it."""
        observer = self._observer
        if observer is None:
            return
        observer.took(self._source, seconds)
        if not self._failing:
            self._failing = True
            observer.silent(self._source, reason)
        if state is BreakerState.OPEN and self._state is not BreakerState.OPEN:
            observer.left_alone(self._source, reason)
        self._state = state

    def fault(self, fault: Exception) -> None:
        if self._observer is not None:
            self._observer.fault(self._source, fault)
