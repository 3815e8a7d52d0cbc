"""The short way of an ordinary line of NDJSON into the registry: what nearly all of a feed take.

It never refuses: it gives the very columns that the full checks of `lookup.feed.row` lead to, or
None, and then those decide (tests/unit/lookup/registry/test_straight.py holds the two together).
JSON is read by types, texts are checked by one look at the whole line, times through tables of
days and of seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, NamedTuple

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
from lookup.feed.path import NOTHING, TELLING, PathFacts, path_facts
from lookup.feed.row import EVENTS_MAX, LANGUAGES, OWNERS_MAX
from lookup.feed.times import NotPlainError, days, plain_us
from lookup.registry.columns import DAY, FineParts, columns, encode, suspicious

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


class Straight(NamedTuple):
    """A good line, and what is counted of it."""

    columns: tuple[Any, ...]  # as StoredRow
    events: int
    suspicious: bool  # it may contradict itself
    body_id: str | None
    phones_left_out: int


def straight(line: bytes, hash_phone: Callable[[str], str]) -> Straight | None:
    """What an ordinary line stores; None: not ordinary, which says nothing of whether it is good.

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
        return _straight(_line(line), hash_phone)
    except (msgspec.DecodeError, NotPlainError):
        return None


def _straight(line: _Line, hash_phone: Callable[[str], str]) -> Straight:
    number, kind, status, others = line.number, line.kind, line.status, line.other_bodies
    if not (number.isdigit() and number.isascii()) and not is_number(number):
        raise NotPlainError
    for word in (kind, status, line.due_basis, line.intake, line.answer_via, line.sensitivity):
        if word and word not in _codes:
            _learn(word)
    if not kind or not status or (line.owner_lang and line.owner_lang not in LANGUAGES):
        raise NotPlainError
    status_at, created_at, filed_at = line.status_at, line.created_at, line.first_filed_at
    status_us = plain_us(status_at) if status_at else None
    created_us = plain_us(created_at) if created_at else None
    if filed_at and filed_at != created_at:
        plain_us(filed_at)
    if line.due_on:
        days[line.due_on]  # is one of the calendar
    owners, left_out = _owners(line.owner_phones, hash_phone) if line.owner_phones else (None, 0)
    fine = None if line.fine is None else _fine(line.fine)
    events = line.events
    steps, facts = _steps(number, events, status_at, created_at) if events else ([], NOTHING)
    body_id = line.body_id or None
    stored = columns(
        number,
        kind,
        line.source_system or "",
        status,
        status_us=status_us,
        version=line.version,
        deleted=False,
        head=(
            None if line.number_shown == number else line.number_shown or None,
            status_at[:DAY] if status_at else None,
            created_at[:DAY] if created_at else None,
            filed_at[:DAY] if filed_at else None,
            line.due_on or None,
            line.due_basis or None,
            body_id,
            len(others) if others else 0,
            line.forward_count or 0,
            line.extended_count or 0,
            owners,
            line.owner_lang or None,
            line.answer_via or None,
            line.intake or None,
        ),
        created_us=created_us,
        parent=line.parent_id or None,
        fine=fine,
        inspection=None if line.inspection is None else _inspection(line.inspection),
        facts=facts,
        kept=(
            status_at[DAY:] if status_at else "",
            created_at[DAY:] if created_at else "",
            filed_at[DAY:] if filed_at else "",
            line.sensitivity or None,
        ),
        kept_more=(encode(others).decode(), None, None) if others else None,
        steps=steps,
    )
    return Straight(stored, len(steps), suspicious(kind, status, fine), body_id, left_out)


def _steps(
    number: str, events: Sequence[_Event], *known: str | None
) -> tuple[list[tuple[Any, ...]], PathFacts]:
    """In their order, or it is not ordinary; and what they tell. `known`: times that have been
    looked at already; the ends of a path repeat those of the ticket."""
    steps: list[tuple[Any, ...]] = []
    named: set[str] = set()
    last = -1
    telling = False
    for event in events:
        identity, seq, at, stage = event.source_event_id, event.seq, event.at, event.stage
        if seq <= last:
            raise NotPlainError
        last = seq
        if at not in known or not at:  # nor is a time that is missing there one
            plain_us(at)
        if stage not in _codes:
            _learn(stage)
        if stage in TELLING:
            telling = True
        if identity == f"{number}-{seq}":
            step: tuple[Any, ...] = (None, seq, at, stage, event.from_body or None)
        elif identity and identity not in named and not _numbered(identity, number):
            named.add(identity)
            step = (identity, seq, at, stage, event.from_body or None)
        else:
            raise NotPlainError
        if event.actor_role or event.note_code or event.due_on_after:
            step = (*step, event.to_body or None, *_more(event), None)
        else:
            step = (*step, event.to_body or None)
        steps.append(step)
    return steps, path_facts(events) if telling else NOTHING


def _numbered(identity: str, number: str) -> bool:
    """Whether it may be what another step of this ticket is called by its number."""
    return identity.startswith(number) and identity[len(number) + 1 :].isdigit()


def _more(event: _Event) -> tuple[str | None, str | None, str | None]:
    """What few steps have."""
    for word in (event.actor_role, event.note_code):
        if word and word not in _codes:
            _learn(word)
    return event.actor_role or None, event.note_code or None, _day(event.due_on_after)


def _fine(fine: _Fine) -> FineParts:
    paid_at = fine.paid_at
    if paid_at:
        plain_us(paid_at)
    facts = (
        fine.amount,
        _day(fine.half_until),
        _day(fine.pay_by),
        fine.paid_amount,
        paid_at[:DAY] if paid_at else None,
        _day(fine.bailiff_since),
        fine.bailiff_office or None,
    )
    rest = paid_at[DAY:] if paid_at else ""
    return FineParts(facts, fine.conflict, rest, fine.payment_ref or None)


def _inspection(inspection: _Inspection) -> tuple[str | None, ...]:
    return (
        _day(inspection.registered_on),
        _day(inspection.starts_on),
        _day(inspection.ends_on),
        _day(inspection.extended_to),
    )


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
