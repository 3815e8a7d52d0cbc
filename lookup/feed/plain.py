"""The short way for ordinary lines of NDJSON: what almost every line of a large feed is.

It never refuses: it gives the very row that the full checks of `lookup.feed.row` would give, or
None, and then those decide (tests/unit/lookup/feed/test_plain.py holds the two together). JSON is
read by types, texts are checked by one look at the whole line, times through tables of days and
of seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import msgspec

from lookup.feed.fields import (
    AMOUNT_TENGE_MAX,
    COUNT_MAX,
    NUMBER_MAX,
    TEXT_MAX,
    VERSION_MAX,
    is_code,
    is_number,
    phone,
)
from lookup.feed.row import EVENTS_MAX, LANGUAGES, OWNERS_MAX, EventRow, Row, TicketRow, digest_of
from lookup.feed.times import DAY, NotPlainError, days, plain_us

_CODES_MAX: Final = 4_096  # remembered
_PHONE: Final = len("+7XXXXXXXXXX")

_Text = Annotated[str, msgspec.Meta(max_length=TEXT_MAX)]
_Number = Annotated[str, msgspec.Meta(min_length=1, max_length=NUMBER_MAX)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=COUNT_MAX)]
_Version = Annotated[int, msgspec.Meta(ge=0, le=VERSION_MAX)]
_Amount = Annotated[int, msgspec.Meta(ge=0, le=AMOUNT_TENGE_MAX)]


class _Fine(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    amount: _Amount | None = None
    half_until: str | None = None
    pay_by: str | None = None
    paid_amount: _Amount | None = None
    paid_at: str | None = None
    payment_ref: _Text | None = None
    bailiff_since: str | None = None
    bailiff_office: _Text | None = None
    conflict: bool | None = None


class _Inspection(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    registered_on: str | None = None
    starts_on: str | None = None
    ends_on: str | None = None
    extended_to: str | None = None


class _Event(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    source_event_id: _Text
    seq: _Count
    at: str
    stage: str
    from_body: _Text | None = None
    to_body: _Text | None = None
    actor_role: str | None = None
    note_code: str | None = None
    due_on_after: str | None = None


class _Line(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    kind: str
    number: _Number
    status: str
    number_shown: _Text | None = None
    source_system: _Text | None = None
    status_at: str | None = None
    created_at: str | None = None
    first_filed_at: str | None = None
    body_id: _Text | None = None
    other_bodies: list[_Text] | None = None
    due_on: str | None = None
    due_basis: str | None = None
    forward_count: _Count | None = None
    extended_count: _Count | None = None
    parent_id: _Text | None = None
    owner_phones: Annotated[list[_Text], msgspec.Meta(max_length=OWNERS_MAX)] | None = None
    owner_lang: str | None = None
    intake: str | None = None
    answer_via: str | None = None
    sensitivity: str | None = None
    fine: _Fine | None = None
    inspection: _Inspection | None = None
    version: _Version | None = None
    events: Annotated[list[_Event], msgspec.Meta(max_length=EVENTS_MAX)] | None = None


_codes: Final[set[str]] = set()
_line = msgspec.json.Decoder(_Line).decode
_event = tuple.__new__  # of a NamedTuple: half the time of its own constructor
_encode = msgspec.json.Encoder().encode


def plain_row(line: bytes, hash_phone: Callable[[str], str]) -> Row | None:
    """The row of an ordinary line; None: not ordinary, which says nothing of whether it is good.

    `hash_phone` takes 7XXXXXXXXXX and returns a keyed hash without spaces.
    """
    if b"\\" in line:
        return None
    if line.isascii():  # control characters other than this one are no JSON inside a text
        if b"\x7f" in line:
            return None
    elif not _printable(line):
        return None
    try:
        return _row(_line(line), hash_phone)
    except (msgspec.DecodeError, NotPlainError):
        return None


def _row(line: _Line, hash_phone: Callable[[str], str]) -> Row:
    number = line.number
    if not (number.isdigit() and number.isascii()) and not is_number(number):
        raise NotPlainError
    for code in line.kind, line.status:
        if code not in _codes:
            _learn(code)
    for optional in line.due_basis, line.intake, line.answer_via, line.sensitivity:
        if optional and optional not in _codes:
            _learn(optional)
    if line.owner_lang and line.owner_lang not in LANGUAGES:
        raise NotPlainError
    status_at, created_at, first_filed_at = line.status_at, line.created_at, line.first_filed_at
    status_us = plain_us(status_at) if status_at else None
    if created_at and created_at != status_at:
        plain_us(created_at)
    if first_filed_at and first_filed_at != created_at:
        plain_us(first_filed_at)
    if line.due_on:
        days[line.due_on]  # is one of the calendar
    owners, left_out = _owners(line.owner_phones, hash_phone) if line.owner_phones else (None, 0)
    ticket = TicketRow(
        number,
        line.kind,
        line.number_shown or None,
        line.source_system or None,
        line.status,
        status_at or None,
        status_us,
        created_at or None,
        first_filed_at or None,
        line.body_id or None,
        _json(line.other_bodies) if line.other_bodies else None,
        line.due_on or None,
        line.due_basis or None,
        line.forward_count or 0,
        line.extended_count or 0,
        line.parent_id or None,
        owners,
        line.owner_lang or None,
        line.intake or None,
        line.answer_via or None,
        line.sensitivity or None,
        None if line.fine is None else _fine(line.fine),
        None if line.inspection is None else _inspection(line.inspection),
        None,
        line.version,
    )
    events = _events(line.events, status_at, created_at) if line.events else ()
    return Row(ticket, events, digest_of(_encode((ticket, events))), (), left_out)


def _events(listed: list[_Event], *known: str | None) -> tuple[EventRow, ...]:
    """`known`: times that have been looked at already; the ends of a path repeat the ticket's."""
    events = []
    for event in listed:
        at, stage, role, note = event.at, event.stage, event.actor_role, event.note_code
        if at not in known:
            plain_us(at)
        if stage not in _codes:
            _learn(stage)
        if role and role not in _codes:
            _learn(role)
        if note and note not in _codes:
            _learn(note)
        if event.due_on_after:
            days[event.due_on_after]  # is one of the calendar
        events.append(
            _event(
                EventRow,
                (
                    event.source_event_id,
                    event.seq,
                    at,
                    stage,
                    event.from_body or None,
                    event.to_body or None,
                    role or None,
                    note or None,
                    event.due_on_after or None,
                    None,
                ),
            )
        )
    ids = {event[0] for event in events}
    if len(ids) < len(events) or "" in ids:
        raise NotPlainError
    return tuple(events)


def _fine(fine: _Fine) -> str:
    paid_at = fine.paid_at or None
    if paid_at:
        plain_us(paid_at)
    return _json(
        {
            "amount": fine.amount,
            "half_until": _day(fine.half_until),
            "pay_by": _day(fine.pay_by),
            "paid_amount": fine.paid_amount,
            "paid_at": paid_at,
            "paid_on": paid_at[:DAY] if paid_at else None,
            "payment_ref": fine.payment_ref or None,
            "bailiff_since": _day(fine.bailiff_since),
            "bailiff_office": fine.bailiff_office or None,
            "conflict": fine.conflict,
        }
    )


def _inspection(inspection: _Inspection) -> str:
    return _json(
        {
            "registered_on": _day(inspection.registered_on),
            "starts_on": _day(inspection.starts_on),
            "ends_on": _day(inspection.ends_on),
            "extended_to": _day(inspection.extended_to),
        }
    )


def _json(value: object) -> str:
    return _encode(value).decode()


def _owners(written: list[str], hash_phone: Callable[[str], str]) -> tuple[str | None, int]:
    if len(written) == 1:
        one = written[0]
        if len(one) == _PHONE and one.startswith("+7") and one.isascii() and one[1:].isdigit():
            return hash_phone(one[1:]), 0
    phones = [normal for normal in map(phone, written) if normal]
    return " ".join(dict.fromkeys(map(hash_phone, phones))) or None, len(written) - len(phones)


def _printable(line: bytes) -> bool:
    try:
        return line.decode().strip().isprintable()
    except UnicodeDecodeError:
        return False


def _learn(code: str) -> None:
    """Remember one more code word, if it is one."""
    if not is_code(code):
        raise NotPlainError
    if len(_codes) >= _CODES_MAX:
        _codes.clear()
    _codes.add(code)


def _day(value: str | None) -> str | None:
    if not value:
        return None
    days[value]  # is one of the calendar
    return value
