from __future__ import annotations

import pytest

from lookup.feed_row import Row, row_of
from lookup.merge import Change, Kept, judge
from tests.support.feed import appeal, hash_phone


def row(**changes: object) -> Row:
    return row_of(appeal(**changes), hash_phone)


def kept(stored: Row) -> Kept:
    return Kept(stored.ticket.status_us, stored.digest)


def test_a_ticket_not_stored_yet_is_added() -> None:
    assert judge(None, row()) is Change.ADDED


def test_the_same_line_again_changes_nothing() -> None:
    assert judge(kept(row()), row()) is Change.UNCHANGED


@pytest.mark.parametrize(
    ("stored_at", "status_at", "change"),
    [
        ("2026-10-20T12:00:00+05:00", "2026-10-20T12:00:01+05:00", Change.UPDATED),
        ("2026-10-20T12:00:00+05:00", "2026-10-20T11:59:59+05:00", Change.STALE),
        ("2026-10-20T12:00:00+05:00", "2026-10-20T07:00:00Z", Change.UPDATED),  # the same moment
        ("2026-10-20T12:00:00+05:00", "2026-10-20T12:30:00+06:00", Change.STALE),
        ("2026-10-20T12:00:00+05:00", None, Change.STALE),
        (None, "2026-10-20T12:00:00+05:00", Change.UPDATED),
        (None, None, Change.UPDATED),
    ],
)
def test_a_status_never_goes_back_in_time(
    stored_at: str | None, status_at: str | None, change: Change
) -> None:
    stored = row(status_at=stored_at, status="registered")
    assert judge(kept(stored), row(status_at=status_at, status="in_review")) is change
