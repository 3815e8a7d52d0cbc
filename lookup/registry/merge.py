"""What one line of a feed does to the ticket already stored. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from lookup.feed_row import Row


class Kept(NamedTuple):
    """What decides about a later line: when the stored status came, and what is stored."""

    status_us: int | None
    digest: int


class Change(StrEnum):
    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    STALE = "stale"  # an older status than the stored one: only its events are news


def judge(kept: Kept | None, row: Row) -> Change:
    """A status never goes back in time, and one without a time never replaces one with a time.

    Of two lines with the same status time the later one in the feed counts: a source corrects
    due dates and owners without touching the status.
    """
    if kept is None:
        return Change.ADDED
    if kept.digest == row.digest:
        return Change.UNCHANGED
    status_us = row.ticket.status_us
    if kept.status_us is not None and (status_us is None or status_us < kept.status_us):
        return Change.STALE
    return Change.UPDATED
