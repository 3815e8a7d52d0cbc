"""What the registry tells staff: figures, a ticket with its whole path, pages of tickets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from lookup.feed.row import EventRow, Row
from lookup.registry.stored import told_of
from lookup.registry.wire import Found, record
from lookup.status import Body, TicketRecord

_KNOWN: Final = EventRow._fields.index("extra")

_object = msgspec.json.Decoder(dict[str, object]).decode


class StatusCount(NamedTuple):
    kind: str
    status: str
    tickets: int


class SystemCount(NamedTuple):
    system: str  # "" where the feed names none
    tickets: int


@dataclass(frozen=True, slots=True)
class RegistryStats:
    """Figures of a registry file."""

    path: Path
    library: str
    octets: int  # of the main file
    tickets: int  # without those deleted
    by_status: tuple[StatusCount, ...]
    by_system: tuple[SystemCount, ...]
    events: int
    bodies: int
    unfinished_imports: int
    conflicts: int  # open
    deleted: int  # tickets


class ShownStep(NamedTuple):
    """As EventRow, without what the model does not know."""

    source_event_id: str
    seq: int
    at: str
    stage: str
    from_body: str | None
    to_body: str | None
    actor_role: str | None
    note_code: str | None
    due_on_after: str | None


class ShownTicket(NamedTuple):
    """A ticket with its whole path, for staff. Of unknown fields, of a step too, only the names: a
    feed may put personal data there."""

    record: TicketRecord
    sensitivity: str | None
    status_at: str | None
    created_at: str | None
    first_filed_at: str | None
    body_id: str | None  # also where the directory does not know it
    unknown_fields: tuple[str, ...]
    events: tuple[ShownStep, ...]
    system: str  # "" where the feed names none
    version: int | None
    deleted: bool
    outcome: Mapping[str, object] | None


class Circulating(NamedTuple):
    """One page of tickets; `next_after` where there may be more."""

    records: tuple[TicketRecord, ...]
    next_after: int | None


def unreadable(path: Path, number: str) -> str:
    return (
        f"the ticket registry {path}: what it holds of {number} cannot be read; restore it from a "
        "copy"
    )


def shown(row: Row, found: Found | None, bodies: Mapping[str, Body], source: str) -> ShownTicket:
    """`found`: the ticket as a lookup finds it; None: it is deleted, and none does."""
    ticket = row.ticket
    return ShownTicket(
        record=record(found or told_of(row), bodies, source),
        sensitivity=ticket.sensitivity,
        status_at=ticket.status_at,
        created_at=ticket.created_at,
        first_filed_at=ticket.first_filed_at,
        body_id=ticket.body_id,
        unknown_fields=_unknown(row),
        events=tuple(ShownStep._make(step[:_KNOWN]) for step in row.events),
        system=ticket.source_system or "",
        version=ticket.version,
        deleted=ticket.deleted,
        outcome=_object(ticket.outcome) if ticket.outcome else None,
    )


def _unknown(row: Row) -> tuple[str, ...]:
    extra = row.ticket.extra
    names = dict.fromkeys(_object(extra) if extra else ())
    for step in row.events:
        if step.extra:
            names |= dict.fromkeys(f"events.{name}" for name in _object(step.extra))
    return tuple(names)
