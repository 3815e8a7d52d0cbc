"""A line that replaces a row as a whole does what merging the two would do."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lookup.feed.row import row_of
from lookup.registry import places
from lookup.registry.batch import Batch
from lookup.registry.columns import StoredRow
from lookup.registry.merge import Change
from lookup.registry.places import Places, Taken, UnreadableError
from tests.support.feed import appeal, event, hash_phone

NOW_US = 1_760_500_000_000_000  # 2025-10-15: some of the days lie ahead
DAYS = st.sampled_from(["2025-10-05", "2025-10-12T09:00:00+05:00", "2025-10-15", "2062-10-20"])
STEPS = st.lists(
    st.builds(event, st.integers(1, 3), DAYS, st.sampled_from(["a", "forwarded", "suspended"])),
    max_size=3,
    unique_by=lambda step: step["source_event_id"],
)
LINES = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["in_review", "forwarded"]),
        "status_at": st.none() | DAYS,
        "first_filed_at": st.none() | DAYS,
        "version": st.none() | st.integers(1, 2),
        "due_on": st.none() | st.just("2025-12-01"),
        "other_bodies": st.sampled_from([[], ["b"]]),
        "deleted": st.booleans(),
        "events": STEPS,
    }
).filter(lambda line: line["status_at"] or not line["deleted"])


def row(values: dict[str, Any]) -> StoredRow:
    batch = Batch()
    batch.take(row_of(appeal(**values), hash_phone))
    return StoredRow._make(batch.rows[0])


def done(kept: StoredRow, new: StoredRow) -> tuple[list[StoredRow], Taken]:
    taken = Taken()
    return Places([kept], NOW_US).take([new], taken), taken


@given(LINES, LINES, st.booleans())
@example({"events": []}, {"events": [event(1, "2025-10-05", "a")], "due_on": None}, False)
def test_a_row_is_replaced_only_where_merging_leaves_nothing_of_it(
    before: dict[str, Any], line: dict[str, Any], whole: bool
) -> None:
    if whole:  # a system that tells the whole path each time
        known = {step["source_event_id"] for step in before["events"]}
        more = [step for step in line["events"] if step["source_event_id"] not in known]
        line = line | {"events": [*before["events"], *more]}
    kept, new = row(before)._replace(id=7), row(line)
    short = done(kept, new)
    with patch.object(places, "_replaced", lambda *_: None):
        assert short == done(kept, new)


def test_a_ticket_told_with_its_whole_path_takes_the_place_of_its_row() -> None:
    path = [event(seq, "2025-10-05", "in_review") for seq in range(1, 5)]
    kept = row({"events": path[:2], "status_at": "2025-10-05"})._replace(id=7)
    new = row({"events": path, "status_at": "2025-10-06"})
    with patch.object(places, "merge", side_effect=AssertionError):
        written, taken = done(kept, new)
    assert written == [new._replace(id=7)]
    assert (taken.changes, taken.new_events) == ([Change.UPDATED], 2)


@pytest.mark.parametrize("column", ["told", "kept"])
def test_a_row_that_cannot_be_read_is_not_replaced(column: str) -> None:
    kept = row({"status_at": "2025-10-05"})._replace(**{column: "[1"})
    with pytest.raises(UnreadableError, match=kept.number):
        done(kept, row({"status_at": "2025-10-06"}))


def test_a_line_that_says_what_several_have_said_changes_nothing() -> None:
    first = row({"status_at": "2025-10-05", "first_filed_at": "2025-10-01"})._replace(id=7)
    later = {"status_at": "2025-10-06", "first_filed_at": "2025-10-03"}
    ((kept,), _) = done(first, row(later))
    written, taken = done(kept, row(later | {"first_filed_at": "2025-10-01"}))
    assert (written, taken.changes) == ([], [Change.UNCHANGED])
