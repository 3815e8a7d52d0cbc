"""From the fields of one ticket to the row that is stored. Pure.

Times become ISO text with a Kazakh offset, phones keyed hashes, a part such as the fine one JSON
text. Fields the model does not know go to `extra` and are named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from lookup.feed.fields import (
    VERSION_MAX,
    Moment,
    Refused,
    code,
    compact,
    count,
    day,
    moment,
    names,
    number,
    phone,
    required,
    text,
    truth,
)
from lookup.feed.parts import aside, fine, inspection, kept_aside, outcome

EVENTS_MAX: Final = 1_000  # of one ticket in one line
OWNERS_MAX: Final = 20  # phones of one ticket
LANGUAGES: Final = frozenset({"kk", "ru", "en"})


class TicketRow(NamedTuple):
    """A ticket as one system tells it."""

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
    version: int | None = None  # rises with each update of one system
    deleted: bool = False  # registered by mistake: no longer told
    outcome: str | None = None  # JSON object


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


class Key(NamedTuple):
    """What one row of the registry stands for: a ticket as one system knows it."""

    number: str
    kind: str
    system: str  # "" where the feed names none


class Row(NamedTuple):
    """One good line. `digest` is that of the line last stored, where the row comes from there."""

    ticket: TicketRow
    events: tuple[EventRow, ...]
    digest: int = 0
    unknown_fields: tuple[str, ...] = ()
    phones_left_out: int = 0  # entries of owner_phones that are no phone of the country

    @property
    def key(self) -> Key:
        ticket = self.ticket
        return Key(ticket.number, ticket.kind, ticket.source_system or "")


def row_of(values: Mapping[str, object], hash_phone: Callable[[str], str]) -> Row:
    """Check every field; raises Refused for the first that cannot be stored.

    `hash_phone` takes 7XXXXXXXXXX and returns a keyed hash without spaces.
    """
    unknown: list[str] = []
    extra = aside(values, TICKET_FIELDS, "", unknown)
    status_at = moment(values, "status_at")
    deleted = truth(values, "deleted")
    if deleted and status_at is None:
        raise Refused("status_at", "is missing: a deletion says when")
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
        other_bodies=compact(other_bodies) if other_bodies else None,
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
        fine=fine(values, unknown, extra),
        inspection=inspection(values, unknown, extra),
        version=count(values, "version", maximum=VERSION_MAX),
        deleted=deleted,
        outcome=outcome(values, unknown, extra),
        extra=kept_aside(extra),  # after the parts, which add to it
    )
    events = _events(values, unknown)
    return Row(ticket, events, unknown_fields=tuple(unknown), phones_left_out=left_out)


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
    extra = aside(item, EVENT_FIELDS, "events.", unknown)
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
        extra=kept_aside(extra),
    )
