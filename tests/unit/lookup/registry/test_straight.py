"""The short way and the full checks give the same columns, whatever a line holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lookup.feed.lines import Problem, parse_ndjson
from lookup.registry.batch import Batch
from lookup.registry.straight import straight
from tests.support.feed import PHONE, appeal, event, fine, hash_phone, inspection, line
from tests.support.feed_lines import LINES
from tests.support.tickets import ticket

ORDINARY = (appeal(), fine(), inspection(), ticket(750_100_000_000_431_207))


def check(octets: bytes) -> bool:
    """Whether the line took the short way; fails where that leads elsewhere."""
    short = straight(octets, hash_phone)
    if short is None:
        return False
    row = parse_ndjson(octets, hash_phone)
    assert not isinstance(row, Problem), row
    assert row.unknown_fields == ()
    batch = Batch()
    batch.take(row)
    assert short.columns == batch.rows[0]
    assert type(short.columns) is tuple
    assert (short.events, short.phones_left_out) == (len(row.events), row.phones_left_out)
    assert short.suspicious == bool(batch.suspects)
    assert short.body_id == row.ticket.body_id
    return True


@pytest.mark.parametrize("values", ORDINARY, ids=lambda values: values["kind"])
def test_ordinary_lines_take_the_short_way(values: dict[str, Any]) -> None:
    assert check(line(values))


def test_letters_of_the_country_are_ordinary() -> None:
    assert check(line(appeal(number="ЖТ-2026-00431220", body_id="әкімдік")))


@pytest.mark.parametrize(
    "values",
    [
        appeal(clerk="A"),
        appeal(deleted=True),
        appeal(outcome={"code": "explained"}),
        appeal(status_at="2026-10-20T12:00:00Z"),
        appeal(body_id="a\\b"),
        appeal(body_id="a\x7fb"),
        appeal(body_id="a\u2028b"),
        appeal(events=[event(2, "2026-10-06", "b"), event(1, "2026-10-05", "a")]),
        appeal(
            events=[
                event(1, "2026-10-06", "b"),
                event(1, "2026-10-05", "a") | {"source_event_id": "x"},
            ]
        ),
        appeal(events=[event(seq, "2026-10-06", "b") | {"source_event_id": "x"} for seq in (1, 2)]),
        appeal(
            events=[
                event(1, "2026-10-05", "a") | {"source_event_id": "750100000000431215-2"},
                event(2, "2026-10-06", "b"),
            ]
        ),
        appeal(status_at="", events=[event(1, "", "registered")]),
        appeal(created_at="", events=[event(1, "", "forwarded")]),
        appeal(status_at="2026-02-30", events=[event(1, "2026-02-30", "forwarded")]),
        appeal(created_at="2026-02-30", events=[event(1, "2026-02-30", "forwarded")]),
        appeal(number=""),
        appeal(status=""),
        fine(fine={"points": 2}),
    ],
)
def test_everything_else_is_left_to_the_full_checks(values: dict[str, Any]) -> None:
    assert not check(line(values))


@given(LINES)
@settings(deadline=None, max_examples=300)
def test_good_lines_lead_to_the_same_columns(values: dict[str, Any]) -> None:
    check(line(values))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["", "2026-10-20", "2026-02-30", "in_review", "2026-10-20T25:00:00+05:00"])
    | st.sampled_from([PHONE, "x" * 101, 2**63, 1.0, -1, "2026-10-20T12:00:00+06:00"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4) | st.sampled_from(["amount", "at", "seq"]), inner)
    ),
    max_leaves=5,
)
FIELDS = st.sampled_from(sorted(appeal() | fine() | inspection() | {"version": 1, "deleted": 1}))
STEP_FIELDS = st.sampled_from(sorted(event(1, "", "") | {"actor_role": 1, "due_on_after": 1}))


@given(st.sampled_from(ORDINARY), st.dictionaries(FIELDS, VALUES, max_size=3))
@example(appeal(), {"forward_count": 1.0})
@example(appeal(), {"forward_count": True})
@example(fine(), {"fine": {"amount": 19660.0}})
@settings(deadline=None, max_examples=500)
def test_any_value_in_any_field_is_judged_alike(
    values: dict[str, Any], changes: dict[str, Any]
) -> None:
    check(line(values | changes))


@given(st.dictionaries(STEP_FIELDS, VALUES, max_size=3))
@settings(deadline=None, max_examples=300)
def test_any_value_in_any_field_of_a_step_is_judged_alike(changes: dict[str, Any]) -> None:
    first, second = appeal()["events"]
    check(line(appeal(events=[first, second | changes])))


@given(st.sampled_from(ORDINARY), st.data())
@settings(deadline=None, max_examples=300)
def test_a_damaged_line_is_judged_alike(values: dict[str, Any], data: st.DataObject) -> None:
    octets = bytearray(line(values))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(octets) - 1))
        octets[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    check(bytes(octets))


@given(st.binary(max_size=60))
def test_octets_that_are_no_ticket_take_no_short_way(octets: bytes) -> None:
    assert straight(octets, hash_phone) is None


def test_a_name_that_stands_twice_means_its_last_value() -> None:
    twice = line(appeal())[:-1] + b', "due_on": "2026-12-30"}'
    assert json.loads(twice)["due_on"] == "2026-12-30"
    assert check(twice)
