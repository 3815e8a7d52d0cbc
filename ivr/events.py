"""What operators are told of a call while it goes on: the second seam of ivr. Pure.

Whoever shows it masks the caller; what was keyed is for the operator alone who gets the call.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, Protocol

TRIES_KEPT_MAX = 10  # of one call: its latest


class CallStage(StrEnum):
    """What happened."""

    STARTED = "started"
    TRIED = "tried"  # a number was keyed and nothing could be told; `detail` is the outcome
    TOLD = "told"  # a status was told
    TEXTED = "texted"  # the caller asked for an SMS; `detail` is what became of it
    HANDED_OVER = "handed_over"  # to operators; `detail` is the wish
    QUEUED = "queued"  # nobody was free; `place` in the queue
    CALL_BACK = "call_back"  # the caller's number was kept; `detail` is the wish
    ENDED = "ended"  # `detail` is the outcome of the call


class Tried(NamedTuple):
    """A number as keyed, and what asking for it came to (a CallOutcome)."""

    digits: str
    kind: str | None  # a menu or a kind, where the caller chose one
    outcome: str
    at_us: int


class CallEvent(NamedTuple):
    """One thing that happened, with the call as it then stood. `reference` names the call to
    people; `caller` is an MSISDN, "" where hidden. Times in Unix microseconds."""

    stage: CallStage
    at_us: int
    reference: str
    link: str
    caller: str
    called: str
    language: str
    started_us: int
    tries: tuple[Tried, ...]
    detail: str = ""
    place: int = 0  # from 1, for QUEUED alone


class CallEvents(Protocol):
    """Those who watch."""

    def on_call(self, event: CallEvent) -> None:
        """At once, on the way of the call: no I/O, and nothing is raised."""


class NobodyWatches:
    """Where no operators are set up."""

    def on_call(self, event: CallEvent) -> None:
        del event
