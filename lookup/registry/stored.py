"""A row of a feed in the form in which the registry stores it, and back.

What a lookup tells stands in `told`, ready as JSON: to find it is one read and one decoding.
`kept` has what only staff and later updates need, `path` the steps. Lists without names, and
times cut at the day that `told` has already, keep millions of them small.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

import msgspec

from lookup.feed.fields import compact, moment_us
from lookup.feed.path import PathFacts, path_facts
from lookup.feed.row import EventRow, Row, TicketRow
from lookup.registry.place import place_of, slot_of
from lookup.registry.wire import Found, Told
from lookup.status import FineFacts, InspectionFacts

_DAY: Final = len("YYYY-MM-DD")
_ENFORCED: Final = frozenset({"bailiff", "paid_but_enforced"})


class StoredRow(NamedTuple):
    """The columns of table `ticket`, in their order."""

    id: int
    number: str
    kind: str
    source_system: str  # "" where the feed names none
    status: str
    status_us: int | None
    version: int | None
    deleted: int
    forward_count: int
    parent_place: int | None  # of the ticket it was opened for
    digest: int
    told: str
    kept: str
    path: str | None


class _FineText(msgspec.Struct):
    """TicketRow.fine."""

    amount: int | None
    half_until: str | None
    pay_by: str | None
    paid_amount: int | None
    paid_at: str | None
    paid_on: str | None
    payment_ref: str | None
    bailiff_since: str | None
    bailiff_office: str | None
    conflict: bool | None


class _InspectionText(msgspec.Struct):
    """TicketRow.inspection."""

    registered_on: str | None
    starts_on: str | None
    ends_on: str | None
    extended_to: str | None


class _Kept(NamedTuple):
    """Column `kept`; each rest is what follows the day of a time."""

    status_rest: str = ""
    created_rest: str = ""
    first_filed_rest: str = ""
    sensitivity: str | None = None
    other_bodies: str | None = None
    paid_rest: str = ""
    payment_ref: str | None = None
    outcome: str | None = None
    extra: str | None = None


class _Step(NamedTuple):
    """A step in column `path`. Its id is None where it is, as most are, "number-seq"."""

    source_event_id: str | None
    seq: int
    at: str
    stage: str
    from_body: str | None = None
    to_body: str | None = None
    actor_role: str | None = None
    note_code: str | None = None
    due_on_after: str | None = None
    extra: str | None = None


_PLAIN_STEP: Final = _Step._fields.index("actor_role")
_encode = msgspec.json.Encoder().encode
_fine = msgspec.json.Decoder(_FineText).decode
_inspection = msgspec.json.Decoder(_InspectionText).decode
_told = msgspec.json.Decoder(Told).decode
_kept = msgspec.json.Decoder(_Kept).decode
_path = msgspec.json.Decoder(list[_Step]).decode
_names = msgspec.json.Decoder(list[str]).decode


def stored(row: Row) -> StoredRow:
    """The columns of a row whose steps are in order."""
    ticket = row.ticket
    number, kind, system = ticket.number, ticket.kind, ticket.source_system or ""
    facts = path_facts(row.events)
    parent = ticket.parent_id
    fine = _fine(ticket.fine) if ticket.fine else None
    return StoredRow(
        place_of(number) + slot_of(kind, system),
        number,
        kind,
        system,
        ticket.status,
        ticket.status_us,
        ticket.version,
        int(ticket.deleted),
        max(ticket.forward_count, len(facts.forwards)),
        None if parent is None else place_of(parent),
        row.digest,
        _told_text(ticket, fine, facts),
        _kept_text(ticket, fine),
        _path_text(number, row.events) if row.events else None,
    )


def told_of(row: Row) -> Found:
    """The ticket as a lookup would find it, by itself alone."""
    columns = stored(row)
    told = _told(columns.told)
    return Found(columns.number, columns.kind, columns.source_system, columns.status, told)


def suspicious(row: Row) -> bool:
    """Whether it may contradict itself: a fine that bailiffs have, or that somebody disputes."""
    ticket = row.ticket
    if ticket.kind != "fine":
        return False
    fine = ticket.fine or ""
    return ticket.status in _ENFORCED or '"bailiff_since":"' in fine or '"conflict":true' in fine


def unstored(columns: StoredRow) -> Row:
    """The row again, with its steps in order."""
    told, kept = _told(columns.told), _kept(columns.kept)
    ticket = TicketRow(
        number=columns.number,
        kind=columns.kind,
        number_shown=told.number_shown,
        source_system=columns.source_system or None,
        status=columns.status,
        status_at=_time(told.status_on, kept.status_rest),
        status_us=columns.status_us,
        created_at=_time(told.created_on, kept.created_rest),
        first_filed_at=_time(told.first_filed_on, kept.first_filed_rest),
        body_id=told.body_id,
        other_bodies=kept.other_bodies,
        due_on=_written(told.due_on),
        due_basis=told.due_basis,
        forward_count=told.forward_count,
        extended_count=told.extended_count,
        parent_id=told.parent,
        owner_hashes=told.owner_hashes,
        owner_lang=told.owner_lang,
        intake=told.intake,
        answer_via=told.answer_via,
        sensitivity=kept.sensitivity,
        fine=None if told.fine is None else _fine_again(told.fine, told.fine_conflict, kept),
        inspection=None if told.inspection is None else _inspection_again(told.inspection),
        extra=kept.extra,
        version=columns.version,
        deleted=bool(columns.deleted),
        outcome=kept.outcome,
    )
    return Row(ticket, _events(columns), columns.digest)


def _told_text(ticket: TicketRow, fine: _FineText | None, facts: PathFacts) -> str:
    """Told as JSON, with texts for dates, cut behind the last part that says something."""
    number = ticket.number
    shown, due_on = ticket.number_shown, ticket.due_on
    status_at, created_at, filed_at = ticket.status_at, ticket.created_at, ticket.first_filed_at
    others = ticket.other_bodies
    told: tuple[object, ...] = (
        None if shown == number else shown,
        status_at and status_at[:_DAY],
        created_at and created_at[:_DAY],
        filed_at and filed_at[:_DAY],
        due_on,
        ticket.due_basis,
        ticket.body_id,
        len(_names(others)) if others else 0,
        ticket.forward_count,
        ticket.extended_count,
        ticket.owner_hashes,
        ticket.owner_lang,
        ticket.answer_via,
        ticket.intake,
    )
    parent, term = ticket.parent_id, None
    if due_on is None:
        starts_us = None if created_at is None else moment_us(created_at)
        term = (starts_us, facts.extended_to, facts.pauses)
    if parent or fine or ticket.inspection or term or facts.forwards:
        fine_facts = _fine_facts(fine) if fine else None
        inspection = _inspection_parts(ticket.inspection) if ticket.inspection else None
        forwards = facts.forwards
        conflict = fine.conflict if fine else None
        told += (parent, fine_facts, conflict, inspection, term, forwards)
        if not forwards:
            told = told[: -1 if term else -2 if inspection else -3]
    return _encode(told).decode()


def _kept_text(ticket: TicketRow, fine: _FineText | None) -> str:
    status_at, created_at, filed_at = ticket.status_at, ticket.created_at, ticket.first_filed_at
    kept: tuple[object, ...] = (
        status_at[_DAY:] if status_at else "",
        created_at[_DAY:] if created_at else "",
        filed_at[_DAY:] if filed_at else "",
        ticket.sensitivity,
    )
    if ticket.other_bodies or fine or ticket.outcome or ticket.extra:
        paid_rest, payment_ref = "", None
        if fine:
            paid_rest, payment_ref = (fine.paid_at or "")[_DAY:], fine.payment_ref
        kept += (ticket.other_bodies, paid_rest, payment_ref)
        if ticket.outcome or ticket.extra:
            kept += (ticket.outcome, ticket.extra)
    return _encode(kept).decode()


def _path_text(number: str, events: Sequence[EventRow]) -> str:
    steps = []
    for event in events:
        identity = event[0]
        own = None if identity == f"{number}-{event[1]}" else identity
        plain = event[_PLAIN_STEP:] == _NOTHING
        steps.append((own, *(event[1:_PLAIN_STEP] if plain else event[1:])))
    return _encode(steps).decode()


_NOTHING: Final = (None,) * (len(_Step._fields) - _PLAIN_STEP)


def _fine_facts(fine: _FineText) -> tuple[object, ...]:
    """As FineFacts."""
    return (
        fine.amount,
        fine.half_until,
        fine.pay_by,
        fine.paid_amount,
        fine.paid_on,
        fine.bailiff_since,
        fine.bailiff_office,
    )


def _fine_again(facts: FineFacts, conflict: bool | None, kept: _Kept) -> str:
    return compact(
        {
            "amount": facts.amount,
            "half_until": _written(facts.half_until),
            "pay_by": _written(facts.pay_by),
            "paid_amount": facts.paid_amount,
            "paid_at": _time(facts.paid_on, kept.paid_rest),
            "paid_on": _written(facts.paid_on),
            "payment_ref": kept.payment_ref,
            "bailiff_since": _written(facts.bailiff_since),
            "bailiff_office": facts.bailiff_office,
            "conflict": conflict,
        }
    )


def _inspection_parts(text: str) -> tuple[str | None, ...]:
    """As InspectionFacts."""
    dates = _inspection(text)
    return dates.registered_on, dates.starts_on, dates.ends_on, dates.extended_to


def _inspection_again(facts: InspectionFacts) -> str:
    return compact({field: _written(on) for field, on in facts._asdict().items()})


def _events(columns: StoredRow) -> tuple[EventRow, ...]:
    if columns.path is None:
        return ()
    steps = _path(columns.path)
    return tuple(
        EventRow(f"{columns.number}-{step.seq}" if step[0] is None else step[0], *step[1:])
        for step in steps
    )


def _time(on: date | None, rest: str) -> str | None:
    return None if on is None else on.isoformat() + rest


def _written(on: date | None) -> str | None:
    return None if on is None else on.isoformat()
