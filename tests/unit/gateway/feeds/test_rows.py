"""Pushed tickets: from octets to rows, and from outcomes to what is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.feeds.rows import answer_to_lines, answer_to_put, line_from, row_from, warnings
from gateway.problems import Problem
from lookup.feed.fields import Refused
from lookup.feed.row import Row
from lookup.registry.feed_scope import Refusal
from lookup.registry.feeds import Answer, Outcome
from lookup.registry.merge import Change
from tests.support import feed
from tests.support.contract import conforms

BARE = {"kind": "appeal", "number": "12", "status": "in_review", "body_id": "almaty-akimat"}

NOW_US = 1_795_000_000_000_000  # 2026-11-18

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def row(**changes: object) -> Row:
    return row_from(feed.line(BARE | changes), "aikyn", feed.hash_phone, NOW_US)


@given(
    st.binary(max_size=200)
    | st.builds(
        lambda more: json.dumps(BARE | more).encode(),
        st.dictionaries(st.sampled_from([*BARE, "version", "fine", "events", "x"]), json_values),
    )
)
def test_whatever_comes_is_a_row_or_a_field_with_its_reason(octets: bytes) -> None:
    line = line_from(3, octets, "aikyn", feed.hash_phone, NOW_US)
    assert (line.row is None) == (line.refused is not None)
    outcomes = [] if line.row is None else [Outcome(Change.ADDED)]
    (told,) = answer_to_lines([line], outcomes).splitlines()
    conforms("LineResult", json.loads(told))
    if line.row is not None:
        assert line.row.key.system == "aikyn"
        assert line.row.unknown_fields == ()


def test_a_status_and_a_step_lie_no_further_ahead_than_a_year() -> None:
    step = feed.event(1, "2027-11-19T23:00:00+05:00", "in_review")
    assert row(status_at="2027-11-19", events=[step]).ticket.status_at == "2027-11-19"
    with pytest.raises(Refused, match=r"^status_at: lies more than 366 days ahead"):
        row(status_at="2062-11-18")
    with pytest.raises(Refused, match=r"^events\[1\].at: lies more than 366 days ahead"):
        row(events=[step, feed.event(2, "2999-01-01", "in_review")])


@pytest.mark.parametrize("given_name", ["aikyn", None, ""])
def test_the_system_is_that_of_the_feed(given_name: str | None) -> None:
    assert row(source_system=given_name).key.system == "aikyn"
    with pytest.raises(Refused, match="source_system: must be the name of this feed"):
        row(source_system="erap")


def test_what_the_address_says_may_be_left_out_and_not_said_otherwise() -> None:
    octets = feed.line({"status": "in_review", "number": None})
    found = row_from(octets, "aikyn", feed.hash_phone, NOW_US, "77", "fine")
    assert found.key[:2] == ("77", "fine")
    for wrong in ({"number": "78"}, {"number": {}}, {"kind": "appeal"}):
        with pytest.raises(Refused, match="must be as in the address"):
            row_from(
                feed.line({"status": "x"} | wrong), "aikyn", feed.hash_phone, NOW_US, "77", "fine"
            )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"role": 1}, "role"),
        ({"fine": {"role": 1}}, "fine.role"),
        ({"a\nb": 1}, "(unreadable name)"),
    ],
)
def test_a_field_that_a_ticket_does_not_have_is_refused(
    changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        row(**changes)
    assert (refused.value.field, refused.value.reason) == (field, "is no field of a ticket")


def test_what_is_stored_but_not_understood_is_warned_of() -> None:
    assert warnings(row()) == []
    odd = row(status="lost", owner_phones=["12", "+77010000014"])
    assert [each.field for each in warnings(odd)] == ["status", "owner_phones"]


def test_what_was_refused_is_a_problem_and_what_was_done_an_answer() -> None:
    refused = answer_to_put(row(), Outcome(None, Refusal("number", "is held", forbidden=True)))
    assert isinstance(refused, Problem)
    assert (refused.status, refused.kind) == (403, "scope")
    wrong = answer_to_put(row(), Outcome(None, Refusal("body_id", "is missing")))
    assert isinstance(wrong, Problem)
    assert wrong.status == 422
    for change, status in ((Change.ADDED, 201), (Change.UPDATED, 200), (Change.UNCHANGED, 200)):
        told = answer_to_put(row(), Outcome(change))
        assert isinstance(told, Answer)
        assert told.status == status
        conforms("Stored", json.loads(told.octets))


def test_a_stale_one_is_told_what_is_stored() -> None:
    told = answer_to_put(row(version=1), Outcome(Change.STALE, held=row(version=5)))
    assert isinstance(told, Answer)
    assert told.status == 409
    document = json.loads(told.octets)
    conforms("Stale", document)
    assert document["stored"] == {"version": 5, "status_at": None}


def test_steps_that_had_no_room_are_told() -> None:
    told = answer_to_put(row(), Outcome(Change.UPDATED, left_out=2))
    assert isinstance(told, Answer)
    assert json.loads(told.octets)["warnings"] == [
        {"field": "events", "reason": "2 left out: a ticket has at most 10000"}
    ]
