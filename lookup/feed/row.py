"""From the fields of one ticket to the row that is stored. Pure.

Times become ISO text with a Kazakh offset, phones keyed hashes, the parts of a fine or an
inspection one JSON text. Fields the model does not know go to `extra` and are named.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Final, NamedTuple

from lookup.feed_fields import (
    AMOUNT_TENGE_MAX,
    TEXT_MAX,
    Moment,
    Refused,
    code,
    count,
    day,
    moment,
    names,
    number,
    phone,
    required,
    text,
)

EVENTS_MAX: Final = 1_000  # of one ticket in one line
OWNERS_MAX: Final = 20  # phones of one ticket
LANGUAGES: Final = frozenset({"kk", "ru", "en"})

FINE_FIELDS: Final = frozenset(
    {"amount", "half_until", "pay_by", "paid_amount", "paid_at", "payment_ref"}
    | {"bailiff_since", "bailiff_office", "conflict"}
)
INSPECTION_FIELDS: Final = frozenset({"registered_on", "starts_on", "ends_on", "extended_to"})


class TicketRow(NamedTuple):
    """A ticket as stored, in the order of the columns of table `ticket`."""

    number: str
    kind: str
    number_shown: str | None
    source_system: str | None
    status: str
    status_at: str | None
    status_us: int | None
    created_at: str | None
    first_filed_at: str | None
    body_id: str | None
    other_bodies: str | None  # JSON list of ids; None when empty
    due_on: str | None
    due_basis: str | None
    forward_count: int
    extended_count: int
    parent_id: str | None
    owner_hashes: str | None  # parted by spaces; None when there are none
    owner_lang: str | None
    intake: str | None
    answer_via: str | None
    sensitivity: str | None
    fine: str | None  # JSON object
    inspection: str | None  # JSON object
    extra: str | None  # JSON object of the fields the model does not know


class EventRow(NamedTuple):
    """One stage event as stored: a step of "the whole path" of a ticket."""

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


TICKET_FIELDS: Final = frozenset(TicketRow._fields) - {"status_us", "owner_hashes", "extra"} | {
    "owner_phones",
    "events",
}
EVENT_FIELDS: Final = frozenset(EventRow._fields) - {"extra"}


class Row(NamedTuple):
    """One good line. `digest` changes when anything stored would."""

    ticket: TicketRow
    events: tuple[EventRow, ...]
    digest: int
    unknown_fields: tuple[str, ...]
    phones_left_out: int  # entries of owner_phones that are no phone of the country


def row_of(values: Mapping[str, object], hash_phone: Callable[[str], str]) -> Row:
    """Check every field; raises Refused for the first that cannot be stored.

    `hash_phone` takes 7XXXXXXXXXX and returns a keyed hash without spaces.
    """
    unknown: list[str] = []
    extra = _aside(values, TICKET_FIELDS, "", unknown)
    status_at = moment(values, "status_at")
    owners, left_out = _owners(values, hash_phone)
    other_bodies = names(values, "other_bodies")
    ticket = TicketRow(
        number=number(values, "number"),
        kind=required(code(values, "kind"), "kind"),
        number_shown=text(values, "number_shown"),
        source_system=text(values, "source_system"),
        status=required(code(values, "status"), "status"),
        status_at=_text_of(status_at),
        status_us=status_at.us if status_at else None,
        created_at=_text_of(moment(values, "created_at")),
        first_filed_at=_text_of(moment(values, "first_filed_at")),
        body_id=text(values, "body_id"),
        other_bodies=json.dumps(other_bodies, ensure_ascii=False) if other_bodies else None,
        due_on=day(values, "due_on"),
        due_basis=code(values, "due_basis"),
        forward_count=count(values, "forward_count") or 0,
        extended_count=count(values, "extended_count") or 0,
        parent_id=text(values, "parent_id"),
        owner_hashes=owners,
        owner_lang=_language(values),
        intake=code(values, "intake"),
        answer_via=code(values, "answer_via"),
        sensitivity=code(values, "sensitivity"),
        fine=_fine(values, unknown, extra),
        inspection=_inspection(values, unknown, extra),
        extra=json.dumps(extra) if extra else None,
    )
    events = _events(values, unknown)
    digest = blake2b(repr((ticket, events)).encode(), digest_size=8).digest()
    return Row(ticket, events, int.from_bytes(digest, signed=True), tuple(unknown), left_out)


def _text_of(at: Moment | None) -> str | None:
    return at.text if at else None


def _language(values: Mapping[str, object]) -> str | None:
    value = text(values, "owner_lang")
    if value is not None and value not in LANGUAGES:
        raise Refused("owner_lang", "must be kk, ru or en")
    return value


def _owners(
    values: Mapping[str, object], hash_phone: Callable[[str], str]
) -> tuple[str | None, int]:
    """The owners' hashes; an entry that is no phone can verify nobody, so it only counts."""
    written = names(values, "owner_phones")
    if not written:
        return None, 0
    if len(written) > OWNERS_MAX:
        raise Refused("owner_phones", f"holds more than {OWNERS_MAX} phones")
    phones = [normal for normal in map(phone, written) if normal]
    hashes = dict.fromkeys(map(hash_phone, phones))
    return " ".join(hashes) or None, len(written) - len(phones)


def _aside(
    values: Mapping[str, object], known: frozenset[str], prefix: str, unknown: list[str]
) -> dict[str, object]:
    if known.issuperset(values):
        return {}
    extra = {key: value for key, value in values.items() if key not in known}
    for key in extra:
        fits = len(key) <= TEXT_MAX and key.isprintable()
        unknown.append(prefix + (key if fits else "(unreadable name)"))
    return extra


def _part(values: Mapping[str, object], field: str) -> Mapping[str, object] | None:
    value = values.get(field)
    if value is None:
        return None
    if type(value) is not dict:
        raise Refused(field, "must be an object")
    return value


def _fine(values: Mapping[str, object], unknown: list[str], extra: dict[str, object]) -> str | None:
    part = _part(values, "fine")
    if part is None:
        return None
    aside = _aside(part, FINE_FIELDS, "fine.", unknown)
    if aside:
        extra["fine"] = aside
    conflict = part.get("conflict")
    if conflict is not None and type(conflict) is not bool:
        raise Refused("fine.conflict", "must be true or false")
    paid_at = moment(part, "paid_at", "fine.")
    return json.dumps(
        {
            "amount": count(part, "amount", "fine.", AMOUNT_TENGE_MAX),
            "half_until": day(part, "half_until", "fine."),
            "pay_by": day(part, "pay_by", "fine."),
            "paid_amount": count(part, "paid_amount", "fine.", AMOUNT_TENGE_MAX),
            "paid_at": _text_of(paid_at),
            "paid_on": paid_at.text[:10] if paid_at else None,
            "payment_ref": _inner(part, "payment_ref", "fine."),
            "bailiff_since": day(part, "bailiff_since", "fine."),
            "bailiff_office": _inner(part, "bailiff_office", "fine."),
            "conflict": conflict,
        },
        ensure_ascii=False,
    )


def _inspection(
    values: Mapping[str, object], unknown: list[str], extra: dict[str, object]
) -> str | None:
    part = _part(values, "inspection")
    if part is None:
        return None
    aside = _aside(part, INSPECTION_FIELDS, "inspection.", unknown)
    if aside:
        extra["inspection"] = aside
    dates = ("registered_on", "starts_on", "ends_on", "extended_to")
    return json.dumps({field: day(part, field, "inspection.") for field in dates})


def _inner(part: Mapping[str, object], field: str, prefix: str) -> str | None:
    """A text inside an object, refused under the object's name."""
    try:
        return text(part, field)
    except Refused as refusal:
        raise Refused(prefix + field, refusal.reason) from None


def _events(values: Mapping[str, object], unknown: list[str]) -> tuple[EventRow, ...]:
    listed = values.get("events")
    if listed is None:
        return ()
    if type(listed) is not list or len(listed) > EVENTS_MAX:
        raise Refused("events", f"must be a list of at most {EVENTS_MAX} events")
    events: list[EventRow] = []
    seen: set[str] = set()
    for index, item in enumerate(listed):
        try:
            if type(item) is not dict:
                raise Refused("", "must be an object")
            event = _event(item, unknown)
        except Refused as refusal:
            field = f"events[{index}].{refusal.field}".removesuffix(".")
            raise Refused(field, refusal.reason) from None
        if event.source_event_id in seen:
            raise Refused(f"events[{index}].source_event_id", "stands twice in this line")
        seen.add(event.source_event_id)
        events.append(event)
    return tuple(events)


def _event(item: Mapping[str, object], unknown: list[str]) -> EventRow:
    extra = _aside(item, EVENT_FIELDS, "events.", unknown)
    seq = count(item, "seq")
    at = moment(item, "at")
    if seq is None or at is None:
        raise Refused("seq" if seq is None else "at", "is missing")
    return EventRow(
        source_event_id=required(text(item, "source_event_id"), "source_event_id"),
        seq=seq,
        at=at.text,
        stage=required(code(item, "stage"), "stage"),
        from_body=text(item, "from_body"),
        to_body=text(item, "to_body"),
        actor_role=code(item, "actor_role"),
        note_code=code(item, "note_code"),
        due_on_after=day(item, "due_on_after"),
        extra=json.dumps(extra) if extra else None,
    )
