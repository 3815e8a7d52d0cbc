"""Counting what became of the lines of a feed. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from lookup.feed.fields import phone
from lookup.feed.lines import Problem
from lookup.registry.merge import Change

NAMES_COUNTED_MAX: Final = 200  # distinct unknown names counted apart, of each sort
OTHER_NAMES: Final = "(others)"
A_PHONE: Final = "(a phone)"


class Known(NamedTuple):
    """What lines are held against, to count what nobody knows yet."""

    bodies: frozenset[str]
    statuses: Mapping[str, frozenset[str]]


@dataclass(slots=True)
class Tally:
    """What good lines hold that nobody knows, whatever they did."""

    phones_left_out: int = 0
    unknown_fields: dict[str, int] = field(default_factory=dict)
    unknown_statuses: dict[str, int] = field(default_factory=dict)
    unknown_bodies: dict[str, int] = field(default_factory=dict)

    def take(self, kind: str, status: str, body_id: str | None, known: Known) -> None:
        """One good line."""
        if status not in known.statuses.get(kind, ()):
            _add(self.unknown_statuses, f"{kind}: {status}")
        if body_id is not None and body_id not in known.bodies:
            _add(self.unknown_bodies, body_id)

    def unknown(self, fields: Sequence[str], phones_left_out: int) -> None:
        """What of it is not understood."""
        self.phones_left_out += phones_left_out
        for name in fields:
            _add(self.unknown_fields, name)

    def add(self, other: Tally) -> None:
        self.phones_left_out += other.phones_left_out
        _merge(self.unknown_fields, other.unknown_fields)
        _merge(self.unknown_statuses, other.unknown_statuses)
        _merge(self.unknown_bodies, other.unknown_bodies)


@dataclass(slots=True)
class Counts:
    """What became of the lines of one file so far; kept with each batch as JSON, so that a
    resumed import adds on."""

    last_line: int = 0  # physical lines read, header and blank ones included
    lines: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    stale: int = 0
    rejected: int = 0
    deleted: int = 0
    events: int = 0
    events_left_out: int = 0
    conflicts: int = 0
    tally: Tally = field(default_factory=Tally)

    def reject(self, lines: int) -> None:
        self.lines += lines
        self.rejected += lines

    def take(self, changes: Sequence[Change]) -> None:
        """What good lines did."""
        self.lines += len(changes)
        self.added += changes.count(Change.ADDED)
        self.updated += changes.count(Change.UPDATED)
        self.unchanged += changes.count(Change.UNCHANGED)
        self.stale += changes.count(Change.STALE)
        self.rejected += changes.count(Change.NO_ROOM)

    def add(self, other: Counts) -> None:
        self.lines += other.lines
        self.added += other.added
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.stale += other.stale
        self.rejected += other.rejected
        self.deleted += other.deleted
        self.events += other.events
        self.events_left_out += other.events_left_out
        self.conflicts += other.conflicts
        self.tally.add(other.tally)


class FileResult(NamedTuple):
    """One imported file."""

    path: Path
    counts: Counts
    rejects: Path
    resumed: bool
    changed: bool = False  # while it was read


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did. `lines` = added + updated + unchanged + stale + rejected."""

    lines: int
    added: int
    updated: int
    unchanged: int
    stale: int  # an older status than the stored one: only the events were news
    rejected: int
    deleted: int  # lines that say a ticket was registered by mistake
    events: int  # new ones
    events_left_out: int  # steps beyond merge.STEPS_MAX of a ticket
    conflicts: int  # found: tickets that their systems now contradict each other about
    phones_left_out: int  # entries of owner_phones that are no phone of the country
    unknown_fields: Mapping[str, int]  # kept aside with the ticket
    unknown_statuses: Mapping[str, int]  # stored as they are; "kind: status"
    unknown_bodies: Mapping[str, int]  # named by tickets, missing in the directory
    rejects: tuple[Path, ...]  # files that tell line, field and reason
    resumed: tuple[str, ...]  # files that an earlier, interrupted import had begun
    changed: tuple[str, ...]  # files written to while they were read: import them again


@dataclass(frozen=True, slots=True)
class BodiesReport:
    """What an import of the directory did; a body with a problem is left as it was."""

    added: int
    updated: int
    unchanged: int
    problems: tuple[tuple[str, Problem], ...]  # by the body's id, or its place in the file
    unknown_fields: Mapping[str, int]
    shared_codes: tuple[str, ...] = ()  # of several bodies, so that they name none of them


def total(results: Sequence[FileResult]) -> ImportReport:
    """The figures of all files together."""
    whole = Counts()
    for result in results:
        whole.add(result.counts)
    return ImportReport(
        lines=whole.lines,
        added=whole.added,
        updated=whole.updated,
        unchanged=whole.unchanged,
        stale=whole.stale,
        rejected=whole.rejected,
        deleted=whole.deleted,
        events=whole.events,
        events_left_out=whole.events_left_out,
        conflicts=whole.conflicts,
        phones_left_out=whole.tally.phones_left_out,
        unknown_fields=whole.tally.unknown_fields,
        unknown_statuses=whole.tally.unknown_statuses,
        unknown_bodies=whole.tally.unknown_bodies,
        rejects=tuple(result.rejects for result in results if result.counts.rejected),
        resumed=tuple(result.path.name for result in results if result.resumed),
        changed=tuple(result.path.name for result in results if result.changed),
    )


def _merge(into: dict[str, int], counted: Mapping[str, int]) -> None:
    for name, times in counted.items():
        _add(into, name, times)


def _add(counted: dict[str, int], name: str, times: int = 1) -> None:
    """Count a name; the many beyond the limit are counted together. A phone that stands in a
    body's place is nobody's name."""
    if name not in counted:
        if phone(name) is not None:
            name = A_PHONE
        if name not in counted and len(counted) >= NAMES_COUNTED_MAX:
            name = OTHER_NAMES
    counted[name] = counted.get(name, 0) + times
