"""What the registry's statements return as JSON, and how it becomes tickets. Pure.

Decoding belongs to the path of every message, so a stored ticket is a plain tuple and a
TicketRecord is built from it in one step.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple, TypedDict

from lookup.status import Body, FineFacts, InspectionFacts, TicketRecord


class StoredFine(TypedDict):
    """Column `fine`; amounts in whole tenge. What is not told to citizens stays out."""

    amount: int | None
    half_until: date | None
    pay_by: date | None
    paid_amount: int | None
    paid_on: date | None
    bailiff_since: date | None
    bailiff_office: str | None


class StoredInspection(TypedDict):
    """Column `inspection`."""

    registered_on: date | None
    starts_on: date | None
    ends_on: date | None
    extended_to: date | None


class Stored(NamedTuple):
    """One ticket as registry_sql selects it."""

    kind: str
    number: str
    number_shown: str | None
    source_system: str | None
    status: str
    status_on: date | None
    created_on: date | None
    first_filed_on: date | None
    due_on: date | None
    due_basis: str | None
    body_id: str | None
    other_bodies: int
    forward_count: int
    extended_count: int
    owner_hashes: str | None
    owner_lang: str | None
    answer_via: str | None
    intake: str | None
    joined_to: str | None
    fine: StoredFine | None
    inspection: StoredInspection | None


class StoredEvent(NamedTuple):
    """One step of a ticket's path; `at` keeps its offset."""

    source_event_id: str
    seq: int
    at: str
    stage: str
    from_body: str | None
    to_body: str | None
    actor_role: str | None
    note_code: str | None
    due_on_after: str | None
    extra: str | None


class StoredWhole(NamedTuple):
    """A ticket with all that is kept of it, for the staff's `tickets show`."""

    ticket: Stored
    sensitivity: str | None
    status_at: str | None
    created_at: str | None
    first_filed_at: str | None
    body_id: str | None
    extra: str | None
    events: list[StoredEvent]


def record(stored: Stored, bodies: Mapping[str, Body], source: str) -> TicketRecord:
    """A ticket as every source gives it; `source` stands in where the feed named no system."""
    hashes = stored[14]
    fine = stored[19]
    inspection = stored[20]
    return TicketRecord._make(
        (
            *stored[:2],
            stored[2] or stored[1],
            stored[3] or source,
            *stored[4:10],
            bodies.get(stored[10]) if stored[10] else None,
            *stored[11:14],
            tuple(hashes.split()) if hashes else (),
            *stored[15:19],
            None if fine is None else FineFacts(**fine),
            None if inspection is None else InspectionFacts(**inspection),
        )
    )
