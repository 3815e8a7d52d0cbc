"""A row of a feed in the form in which the registry stores it, and back."""

from __future__ import annotations

from datetime import date

import msgspec

from lookup.feed.fields import compact, moment_us
from lookup.feed.path import path_facts
from lookup.feed.row import EventRow, Row, TicketRow
from lookup.registry.columns import DAY, FineParts, Kept, Step, StoredRow, columns
from lookup.registry.wire import Found, Told
from lookup.status import FineFacts, InspectionFacts


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


_fine = msgspec.json.Decoder(_FineText).decode
_inspection = msgspec.json.Decoder(_InspectionText).decode
_told = msgspec.json.Decoder(Told).decode
_kept = msgspec.json.Decoder(Kept).decode
_path = msgspec.json.Decoder(list[Step]).decode
_names = msgspec.json.Decoder(list[str]).decode


def stored(row: Row) -> StoredRow:
    """The columns of a row whose steps are in order."""
    ticket = row.ticket
    number, others, outcome, extra = (
        ticket.number,
        ticket.other_bodies,
        ticket.outcome,
        ticket.extra,
    )
    status_at, created_at, filed_at = ticket.status_at, ticket.created_at, ticket.first_filed_at
    own = columns(
        number,
        ticket.kind,
        ticket.source_system or "",
        ticket.status,
        status_us=ticket.status_us,
        version=ticket.version,
        deleted=ticket.deleted,
        head=(
            None if ticket.number_shown == number else ticket.number_shown,
            status_at and status_at[:DAY],
            created_at and created_at[:DAY],
            filed_at and filed_at[:DAY],
            ticket.due_on,
            ticket.due_basis,
            ticket.body_id,
            len(_names(others)) if others else 0,
            ticket.forward_count,
            ticket.extended_count,
            ticket.owner_hashes,
            ticket.owner_lang,
            ticket.answer_via,
            ticket.intake,
        ),
        created_us=None if created_at is None else moment_us(created_at),
        parent=ticket.parent_id,
        fine=fine_parts(row),
        inspection=_inspection_parts(ticket.inspection) if ticket.inspection else None,
        facts=path_facts(row.events),
        kept=(
            status_at[DAY:] if status_at else "",
            created_at[DAY:] if created_at else "",
            filed_at[DAY:] if filed_at else "",
            ticket.sensitivity,
        ),
        kept_more=(others, outcome, extra) if others or outcome or extra else None,
        steps=[_step(number, event) for event in row.events],
    )
    return StoredRow._make(own)


def digest_of(row: Row) -> int:
    """What tells this line from any other, as it is stored."""
    return stored(row).digest


def fine_parts(row: Row) -> FineParts | None:
    text = row.ticket.fine
    if text is None:
        return None
    fine = _fine(text)
    facts = (
        fine.amount,
        fine.half_until,
        fine.pay_by,
        fine.paid_amount,
        fine.paid_on,
        fine.bailiff_since,
        fine.bailiff_office,
    )
    return FineParts(facts, fine.conflict, (fine.paid_at or "")[DAY:], fine.payment_ref)


def told_of(row: Row) -> Found:
    """The ticket as a lookup would find it, by itself alone."""
    own = stored(row)
    return Found(own.number, own.kind, own.source_system, own.status, _told(own.told))


def unstored(stored: StoredRow) -> Row:
    """The row again, with its steps in order."""
    told, kept = _told(stored.told), _kept(stored.kept)
    ticket = TicketRow(
        number=stored.number,
        kind=stored.kind,
        number_shown=told.number_shown,
        source_system=stored.source_system or None,
        status=stored.status,
        status_at=_time(told.status_on, kept.status_rest),
        status_us=stored.status_us,
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
        version=stored.version,
        deleted=bool(stored.deleted),
        outcome=kept.outcome,
    )
    return Row(ticket, _events(stored), stored.digest)


def _step(number: str, event: EventRow) -> tuple[object, ...]:
    identity = None if event[0] == f"{number}-{event[1]}" else event[0]
    if event[6:] == _NOTHING:
        return (identity, *event[1:6])
    return (identity, *event[1:])


_NOTHING = (None,) * len(EventRow._fields[6:])


def _fine_again(facts: FineFacts, conflict: bool | None, kept: Kept) -> str:
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


def _events(stored: StoredRow) -> tuple[EventRow, ...]:
    if stored.path is None:
        return ()
    steps = _path(stored.path)
    return tuple(
        EventRow(f"{stored.number}-{step.seq}" if step[0] is None else step[0], *step[1:])
        for step in steps
    )


def _time(on: date | None, rest: str) -> str | None:
    return None if on is None else on.isoformat() + rest


def _written(on: date | None) -> str | None:
    return None if on is None else on.isoformat()
