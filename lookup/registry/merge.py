"""What one line of a feed does to the ticket already stored. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from lookup.feed.fields import COUNT_MAX, moment_us
from lookup.feed.path import ordered
from lookup.feed.row import EventRow, Row, TicketRow

STEPS_MAX: Final = 10_000  # of one ticket in all; further ones are left out
AHEAD_MAX_US: Final = 86_400_000_000  # a status later than a day from now is no status yet
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
    left_out: int = 0  # new steps beyond STEPS_MAX


def merge(kept: Row | None, row: Row, now_us: int | None = None) -> Merged:
    """Neither a version nor a status ever goes back, a first filing never gets later, and a step
    once stored is neither changed nor lost.

    Of two lines with the same version, or the same status time where one of them has no version,
    the later one in the feed counts: a source corrects due dates and owners without touching the
    status. A status without a time never replaces one with a time. One that lies ahead of
    `now_us` (UTC microseconds, None where nobody gave a clock), as by a mistyped year, holds back
    no other: else no correction would ever be newer.
    """
    if kept is None:
        events = ordered(_told_once(row))
        return Merged(Change.ADDED, row._replace(events=events), len(events))
    taken = not_older(kept.ticket, row.ticket, now_us)
    events, left_out = _joined(kept, _told_once(row, kept) if taken else row.events)
    ticket = row.ticket if taken else kept.ticket
    ticket = ticket._replace(
        first_filed_at=_earlier(kept.ticket.first_filed_at, row.ticket.first_filed_at),
        version=_version(kept.ticket, row.ticket),
    )
    if taken and ticket == kept.ticket and events == kept.events:
        return Merged(Change.UNCHANGED, kept, 0, left_out)
    merged = kept._replace(
        ticket=ticket, events=events, digest=row.digest if taken else kept.digest
    )
    change = Change.UPDATED if taken else Change.STALE
    return Merged(change, merged, len(events) - len(kept.events), left_out)


class Dated(Protocol):
    """As far as what is newer follows from it; TicketRow is one."""

    @property
    def version(self) -> int | None: ...
    @property
    def status_us(self) -> int | None: ...


def not_older(kept: Dated, new: Dated, now_us: int | None) -> bool:
    """Whether what the new line says counts, by the rules of `merge`."""
    if kept.version is not None and new.version is not None and kept.version != new.version:
        return new.version > kept.version
    if kept.status_us is None:
        return True
    if now_us is not None and kept.status_us > now_us + AHEAD_MAX_US:
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


def _joined(kept: Row, told: tuple[EventRow, ...]) -> tuple[tuple[EventRow, ...], int]:
    """The stored steps and the new ones in their order; how many had no room."""
    stored = {event.source_event_id for event in kept.events}
    new = [event for event in told if event.source_event_id not in stored]
    if not new:
        return kept.events, 0
    room = max(0, STEPS_MAX - len(kept.events))
    return ordered((*kept.events, *new[:room])), max(0, len(new) - room)


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
