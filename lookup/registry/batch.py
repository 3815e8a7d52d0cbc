"""Good lines on their way into one transaction, in the form in which they are stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lookup.feed.path import ordered
from lookup.feed.row import Row
from lookup.registry.columns import suspicious
from lookup.registry.contradictions import Ticket
from lookup.registry.stored import fine_parts, stored


@dataclass(slots=True)
class Batch:
    """In the order of the feed. Plain tuples: they are sent from process to process."""

    rows: list[tuple[Any, ...]] = field(default_factory=list)  # each as StoredRow
    events: int = 0
    deletions: int = 0
    suspects: set[Ticket] = field(default_factory=set)  # may contradict themselves

    def take(self, row: Row) -> None:
        """A checked row."""
        ticket = row.ticket
        row = row._replace(events=ordered(row.events))
        doubtful = suspicious(ticket.kind, ticket.status, fine_parts(row))
        self.add(tuple(stored(row)), len(row.events), suspicious=doubtful)

    def join(self, other: Batch) -> None:
        """What follows it in the feed."""
        self.rows += other.rows
        self.events += other.events
        self.deletions += other.deletions
        self.suspects |= other.suspects

    def add(self, row: tuple[Any, ...], events: int, *, suspicious: bool) -> None:
        """A row that is in its stored form already, as a plain tuple."""
        self.rows.append(row)
        self.events += events
        self.deletions += row[7]
        if suspicious:
            self.suspects.add((row[1], row[2]))
