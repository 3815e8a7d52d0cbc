"""Good lines on their way into one transaction, in the form in which they are stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lookup.feed.path import ordered
from lookup.feed.row import Row
from lookup.registry.contradictions import Ticket
from lookup.registry.stored import stored, suspicious

KindSystem = tuple[str, str]


@dataclass(slots=True)
class Batch:
    """In the order of the feed. Plain tuples: they are sent from process to process."""

    rows: list[tuple[Any, ...]] = field(default_factory=list)  # each as StoredRow
    events: int = 0
    deletions: int = 0
    kind_systems: set[KindSystem] = field(default_factory=set)
    suspects: set[Ticket] = field(default_factory=set)  # may contradict themselves

    def take(self, row: Row) -> None:
        ticket = row.ticket
        if row.events:
            row = row._replace(events=ordered(row.events))
            self.events += len(row.events)
        columns = stored(row)
        self.rows.append(tuple(columns))
        self.kind_systems.add((ticket.kind, columns.source_system))
        self.deletions += ticket.deleted
        if suspicious(row):
            self.suspects.add((ticket.number, ticket.kind))
