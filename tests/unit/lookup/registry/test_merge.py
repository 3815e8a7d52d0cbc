from __future__ import annotations

import pytest

from lookup.feed.row import Row, row_of
from lookup.registry.merge import STEPS_MAX, Change, Merged, merge
from tests.support.feed import appeal, event, hash_phone


def row(**changes: object) -> Row:
    return row_of(appeal(**changes), hash_phone)


def stored(**changes: object) -> Row:
    return merge(None, row(**changes)).row


def test_a_ticket_not_stored_yet_is_added() -> None:
    assert merge(None, row()) == Merged(Change.ADDED, row(), 2)


def test_the_same_line_again_changes_nothing() -> None:
    assert merge(stored(), row()) == Merged(Change.UNCHANGED, stored(), 0)


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
    kept = stored(status_at=stored_at, status="registered")
    merged = merge(kept, row(status_at=status_at, status="in_review"))
    assert merged.change is change
    taken = change is Change.UPDATED
    assert merged.row.ticket.status == ("in_review" if taken else "registered")


@pytest.mark.parametrize(
    ("kept", "new", "change"),
    [
        ((2, "2026-10-20"), (1, "2026-10-21"), Change.STALE),
        ((1, "2026-10-21"), (2, "2026-10-20"), Change.UPDATED),
        ((2, "2026-10-20"), (2, "2026-10-19"), Change.STALE),
        ((2, "2026-10-20"), (2, "2026-10-21"), Change.UPDATED),
        ((2, "2026-10-20"), (None, "2026-10-21"), Change.UPDATED),
        ((2, "2026-10-20"), (None, "2026-10-19"), Change.STALE),
        ((None, "2026-10-20"), (1, "2026-10-19"), Change.STALE),
        ((None, "2026-10-20"), (1, "2026-10-21"), Change.UPDATED),
    ],
)
def test_a_version_never_goes_back_and_comes_before_the_time(
    kept: tuple[int | None, str], new: tuple[int | None, str], change: Change
) -> None:
    before = stored(version=kept[0], status_at=kept[1], status="registered")
    merged = merge(before, row(version=new[0], status_at=new[1], status="in_review"))
    assert merged.change is change
    assert merged.row.ticket.version == max(version for version in (kept[0], new[0]) if version)


@pytest.mark.parametrize(
    ("kept", "new", "first"),
    [
        ("2026-10-03", "2026-10-05", "2026-10-03"),
        ("2026-10-03", "2026-10-01", "2026-10-01"),
        ("2026-10-03", None, "2026-10-03"),
        (None, "2026-10-03", "2026-10-03"),
        ("2023-10-03T01:00:00+06:00", "2023-10-03T00:30:00+05:00", "2023-10-03T01:00:00+06:00"),
    ],
)
def test_a_first_filing_never_gets_later(kept: str | None, new: str | None, first: str) -> None:
    merged = merge(stored(first_filed_at=kept), row(first_filed_at=new, due_on="2026-12-30"))
    assert merged.row.ticket.first_filed_at == first
    assert merged.row.ticket.due_on == "2026-12-30"


def test_steps_are_joined_in_their_order_and_never_rewritten() -> None:
    kept = stored(
        events=[event(3, "2026-10-20", "satisfied"), event(1, "2026-10-05", "registered")]
    )
    late = [event(2, "2026-10-10", "in_review"), event(3, "2026-10-21", "refused")]
    merged = merge(kept, row(events=late, status_at="2026-10-10"))
    assert (merged.change, merged.new_events) == (Change.STALE, 1)
    assert [step.stage for step in merged.row.events] == ["registered", "in_review", "satisfied"]


def test_a_stale_line_without_news_leaves_the_row_as_it_is() -> None:
    kept = stored(status_at="2026-11-01")
    assert merge(kept, row()) == Merged(Change.STALE, kept, 0)


def test_a_path_has_an_end_and_what_is_stored_of_it_stays() -> None:
    steps = [event(seq, "2026-10-05", "in_review") for seq in range(1_000)]
    kept = stored(events=steps)
    left_out = 0
    for start in range(1_000, STEPS_MAX + 1_500, 1_000):
        more = [event(seq, "2026-10-05", "in_review") for seq in range(start, start + 999)]
        merged = merge(kept, row(events=more))
        kept, left_out = merged.row, left_out + merged.left_out
        assert merge(kept, row(events=more)).left_out == merged.left_out, "as often as it comes"
    assert len(kept.events) == STEPS_MAX
    assert left_out == 1_000 + 11 * 999 - STEPS_MAX


@pytest.mark.parametrize(
    ("ahead", "version", "change"),
    [
        ("2026-11-24T12:00:00+05:00", None, Change.STALE),  # as a clock of theirs may go wrong
        ("2026-11-24T12:00:01+05:00", None, Change.UPDATED),
        ("2062-10-20T12:00:00+05:00", None, Change.UPDATED),
        ("2062-10-20T12:00:00+05:00", 1, Change.UPDATED),
        ("2062-10-20T12:00:00+05:00", 2, Change.STALE),  # versions never go back
    ],
)
def test_a_status_dated_ahead_holds_back_no_later_line(
    ahead: str, version: int | None, change: Change
) -> None:
    now_us = row(status_at="2026-11-23T12:00:00+05:00").ticket.status_us
    kept = stored(status_at=ahead, version=version)
    again = row(status_at="2026-11-20", version=version and 1, due_on="2026-12-30")
    assert merge(kept, again, now_us).change is change
    assert merge(kept, again).change is Change.STALE, "nobody told what day it is"


def test_a_deletion_is_a_step_of_the_path() -> None:
    merged = merge(stored(), row(deleted=True, status_at="2026-11-01"))
    assert merged.row.ticket.deleted
    step = merged.row.events[-1]
    assert (step.stage, step.seq, step.at) == ("deleted", 3, "2026-11-01")
    again = merge(merged.row, row(deleted=True, status_at="2026-11-01", due_on="2026-12-02"))
    assert again.new_events == 0


def test_a_deletion_that_brings_its_own_step_gets_no_other() -> None:
    own = [event(9, "2026-11-01", "deleted")]
    merged = merge(stored(), row(deleted=True, status_at="2026-11-01", events=own))
    assert [step.stage for step in merged.row.events] == ["registered", "forwarded", "deleted"]


def test_a_deletion_that_comes_late_deletes_nothing_and_is_no_step() -> None:
    kept = stored(status_at="2026-11-02")
    assert merge(kept, row(deleted=True, status_at="2026-11-01")) == Merged(Change.STALE, kept, 0)


def test_a_ticket_deleted_by_mistake_comes_back() -> None:
    gone = merge(stored(), row(deleted=True, status_at="2026-11-01")).row
    back = merge(gone, row(status_at="2026-11-02")).row
    assert not back.ticket.deleted
    assert back.events == gone.events
