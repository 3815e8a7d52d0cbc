"""What one line of a feed does to the ticket already stored. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from lookup.feed.fields import COUNT_MAX, moment_us
from lookup.feed.path import ordered
from lookup.feed.row import EventRow, Row, TicketRow

STEPS_MAX: Final = 10_000  # of one ticket in all; further ones are left out
DELETED: Final = "deleted"


class Change(StrEnum):
    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    STALE = "stale"  # an older version or status than the stored one: only its events are news
    NO_ROOM = "no_room"  # too many kinds and systems tell of this number already


class Merged(NamedTuple):
    """`row` is what is to be stored; it is the stored one where nothing is to be written."""

    change: Change
    row: Row
    new_events: int


def merge(kept: Row | None, row: Row) -> Merged:
    """Neither a version nor a status ever goes back, a first filing never gets later, and a step
    once stored is neither changed nor lost.

    Of two lines with the same version, or the same status time where one of them has no version,
    the later one in the feed counts: a source corrects due dates and owners without touching the
    status. A status without a time never replaces one with a time.
    """
    if kept is None:
        events = ordered(_told_once(row))
        return Merged(Change.ADDED, row._replace(events=events), len(events))
    taken = _not_older(kept.ticket, row.ticket)
    events = _joined(kept, row)
    ticket = row.ticket if taken else kept.ticket
    ticket = ticket._replace(
        first_filed_at=_earlier(kept.ticket.first_filed_at, row.ticket.first_filed_at),
        version=_version(kept.ticket, row.ticket),
    )
    if taken and ticket == kept.ticket and events == kept.events:
        return Merged(Change.UNCHANGED, kept, 0)
    merged = kept._replace(
        ticket=ticket, events=events, digest=row.digest if taken else kept.digest
    )
    change = Change.UPDATED if taken else Change.STALE
    return Merged(change, merged, len(events) - len(kept.events))


def _not_older(kept: TicketRow, new: TicketRow) -> bool:
    if kept.version is not None and new.version is not None and kept.version != new.version:
        return new.version > kept.version
    if kept.status_us is None:
        return True
    return new.status_us is not None and new.status_us >= kept.status_us


def _version(kept: TicketRow, new: TicketRow) -> int | None:
    if kept.version is None or new.version is None:
        return new.version if kept.version is None else kept.version
    return max(kept.version, new.version)


def _earlier(kept: str | None, new: str | None) -> str | None:
    if kept is None or new is None:
        return new if kept is None else kept
    return new if moment_us(new) < moment_us(kept) else kept


def _joined(kept: Row, row: Row) -> tuple[EventRow, ...]:
    """The stored steps and the new ones in their order."""
    stored = {event.source_event_id for event in kept.events}
    new = [event for event in _told_once(row, kept) if event.source_event_id not in stored]
    room = STEPS_MAX - len(kept.events)
    return ordered((*kept.events, *new[: max(0, room)])) if new else kept.events


def _told_once(row: Row, kept: Row | None = None) -> tuple[EventRow, ...]:
    """The steps of a line; a deletion without a step of its own gets one."""
    ticket = row.ticket
    if not ticket.deleted or ticket.status_at is None:
        return row.events
    if any(event.stage == DELETED for event in row.events) or (kept and kept.ticket.deleted):
        return row.events
    last = max((event.seq for event in (*row.events, *(kept.events if kept else ()))), default=0)
    step = EventRow(
        source_event_id=f"{DELETED}-{ticket.status_at}",
        seq=min(last + 1, COUNT_MAX),
        at=ticket.status_at,
        stage=DELETED,
        from_body=None,
        to_body=None,
        actor_role=None,
        note_code=None,
        due_on_after=None,
        extra=None,
    )
    return (*row.events, step)
