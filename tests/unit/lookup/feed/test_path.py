from __future__ import annotations

from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookup.feed.path import NOTHING, PathFacts, ordered, path_facts
from lookup.feed.row import EventRow
from lookup.status import Forward, Pause


def step(seq: int, on: str, stage: str, **more: str | None) -> EventRow:
    blank = EventRow(f"e{seq}", seq, on, stage, None, None, None, None, None, None)
    return blank._replace(**more)  # type: ignore[arg-type]  # names of its own fields


def test_a_path_without_turns_tells_nothing() -> None:
    assert path_facts([]) == NOTHING
    assert path_facts(
        [step(1, "2026-10-05", "registered"), step(2, "2026-10-06", "in_review")]
    ) == (NOTHING)


def test_forwards_are_told_with_their_bodies_in_order() -> None:
    steps = [
        step(3, "2026-10-20T12:00:00+05:00", "passed", from_body="b", to_body="c"),
        step(1, "2026-10-05", "registered"),
        step(2, "2026-10-07", "forwarded", from_body="a", to_body="b"),
    ]
    assert path_facts(steps).forwards == (
        Forward(date(2026, 10, 7), "a", "b"),
        Forward(date(2026, 10, 20), "b", "c"),
    )


@pytest.mark.parametrize("stage", ["suspended", "interrupted"])
def test_a_pause_lasts_until_the_next_other_step(stage: str) -> None:
    steps = [
        step(1, "2026-10-05", stage),
        step(2, "2026-10-06", stage),
        step(3, "2026-10-07", "corrected"),
        step(4, "2026-10-10", "in_review"),
        step(5, "2026-10-12", stage),
    ]
    assert path_facts(steps).pauses == (
        Pause(date(2026, 10, 5), date(2026, 10, 10)),
        Pause(date(2026, 10, 12), None),
    )


def test_no_pause_ends_by_a_deletion_that_was_taken_back() -> None:
    steps = [
        step(1, "2026-10-05", "suspended"),
        step(2, "2026-10-07", "deleted"),
        step(3, "2026-10-12", "in_review"),
    ]
    assert path_facts(steps).pauses == (Pause(date(2026, 10, 5), date(2026, 10, 12)),)
    assert path_facts(steps[:2]).pauses == (Pause(date(2026, 10, 5), None),)


def test_the_latest_extension_that_names_a_date_counts() -> None:
    steps = [
        step(1, "2026-10-05", "extended", due_on_after="2026-11-05"),
        step(2, "2026-10-06", "extended", due_on_after="2026-12-05"),
        step(3, "2026-10-07", "extended"),
    ]
    assert path_facts(steps) == PathFacts(extended_to=date(2026, 12, 5))


def test_an_extension_by_the_body_that_sent_it_on_is_not_the_next_one_s() -> None:
    steps = [
        step(1, "2026-10-05", "extended", due_on_after="2026-12-05"),
        step(2, "2026-10-06", "forwarded", from_body="a", to_body="b"),
    ]
    assert path_facts(steps).extended_to is None
    again = step(3, "2026-10-20", "extended", due_on_after="2026-11-30")
    assert path_facts([*steps, again]).extended_to == date(2026, 11, 30)
    by_jurisdiction = [steps[0], step(2, "2026-10-06", "passed")]
    assert path_facts(by_jurisdiction).extended_to == date(2026, 12, 5)


def test_an_extension_is_there_again_when_the_ticket_comes_back() -> None:
    steps = [
        step(1, "2026-10-05", "extended", due_on_after="2026-12-05"),
        step(2, "2026-10-06", "forwarded", from_body="a", to_body="b"),
        step(3, "2026-10-08", "extended", due_on_after="2026-12-31"),
        step(4, "2026-10-09", "forwarded", to_body="a"),
    ]
    assert path_facts(steps).extended_to == date(2026, 12, 5)
    again = step(5, "2026-10-12", "forwarded", from_body="a", to_body="b")
    assert path_facts([*steps, again]).extended_to == date(2026, 12, 31)
    nobody = step(5, "2026-10-12", "forwarded")
    assert path_facts([*steps, nobody]).extended_to is None


def test_steps_of_one_number_follow_their_time() -> None:
    late, early = step(1, "2026-10-06", "b"), step(1, "2026-10-05", "a")
    assert ordered([late, early]) == (early, late)


STEPS = st.builds(
    step,
    st.integers(0, 9),
    st.dates(date(2026, 1, 1), date(2026, 12, 31)).map(str),
    st.sampled_from(["forwarded", "passed", "suspended", "extended", "corrected", "in_review"]),
    to_body=st.sampled_from(["a", "b"]),
)


@given(st.lists(STEPS, max_size=8, unique_by=lambda e: (e.seq, e.at)), st.randoms())
def test_facts_do_not_depend_on_the_order_in_which_steps_come(
    steps: list[EventRow], random: Random
) -> None:
    shuffled = list(steps)
    random.shuffle(shuffled)
    facts = path_facts(steps)
    assert path_facts(shuffled) == facts
    turns = sum(each.stage in {"forwarded", "passed"} for each in steps)
    assert len(facts.forwards) == turns
    assert all(pause.to_on is not None for pause in facts.pauses[:-1])
