"""What a ticket's steps say of it: where it was passed on, when its term stood still. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple, Protocol, TypeVar

from lookup.status import Forward, Pause

FORWARDING: Final = frozenset({"forwarded", "passed"})
PAUSING: Final = frozenset({"suspended", "interrupted"})
EXTENDING: Final = "extended"
ANEW: Final = "forwarded"
"""A body to which an appeal is forwarded has a term of its own; what is passed on by jurisdiction
keeps that of the case."""
NO_STAGE: Final = frozenset({"corrected", "deleted"})
"""Steps that mend what is written and move nothing: no pause ends by one."""
TELLING: Final = FORWARDING | PAUSING | {EXTENDING}

_DAY: Final = len("YYYY-MM-DD")


class Step(Protocol):
    """As far as a step tells facts; EventRow is one. Empty texts are none."""

    @property
    def seq(self) -> int: ...
    @property
    def at(self) -> str: ...
    @property
    def stage(self) -> str: ...
    @property
    def from_body(self) -> str | None: ...
    @property
    def to_body(self) -> str | None: ...
    @property
    def due_on_after(self) -> str | None: ...


S = TypeVar("S", bound=Step)


class PathFacts(NamedTuple):
    """Facts that follow from the steps alone."""

    forwards: tuple[Forward, ...] = ()
    pauses: tuple[Pause, ...] = ()
    extended_to: date | None = None  # by the body that has it, the latest that names a date


NOTHING: Final = PathFacts()


def ordered(events: Sequence[S]) -> tuple[S, ...]:
    """Steps as they followed each other: by number, then by time."""
    last = -1
    for event in events:
        if event.seq <= last:
            return tuple(sorted(events, key=_place))
        last = event.seq
    return tuple(events)  # as nearly all of them come


def path_facts(events: Sequence[Step]) -> PathFacts:
    """Facts of steps in any order; dates are civil dates in Kazakhstan."""
    if TELLING.isdisjoint([event.stage for event in events]):
        return NOTHING
    forwards: list[Forward] = []
    pauses: list[Pause] = []
    paused_on: date | None = None
    extended_to: date | None = None
    left: dict[str | None, date | None] = {}  # extensions by bodies that sent it on
    holder: str | None = None
    for event in ordered(events):
        stage = event.stage
        if stage in NO_STAGE:
            continue
        on = date.fromisoformat(event.at[:_DAY])
        if stage in PAUSING:
            paused_on = paused_on or on
            continue
        if paused_on is not None:
            pauses.append(Pause(paused_on, on))
            paused_on = None
        if stage in FORWARDING:
            forwards.append(Forward(on, event.from_body or None, event.to_body or None))
            if stage == ANEW:
                left[event.from_body or holder] = extended_to
                holder = event.to_body or None
                extended_to = left.get(holder) if holder else None
        elif stage == EXTENDING and event.due_on_after:
            extended_to = date.fromisoformat(event.due_on_after)
    if paused_on is not None:
        pauses.append(Pause(paused_on, None))
    return PathFacts(tuple(forwards), tuple(pauses), extended_to)


def _place(event: Step) -> tuple[int, str]:
    return event.seq, event.at
