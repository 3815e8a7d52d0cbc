from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lookup.feed.lines import parse_ndjson
from lookup.feed.path import ordered
from lookup.feed.row import Row, row_of
from lookup.registry.merge import merge
from lookup.registry.place import place_of
from lookup.registry.stored import digest_of, stored, told_of, unstored
from lookup.registry.wire import Told
from lookup.status import FineFacts, Forward, InspectionFacts, Pause, TermFacts
from tests.support.feed import appeal, event, fine, hash_phone, inspection
from tests.support.feed_lines import LINES


def row(values: dict[str, Any]) -> Row:
    checked = row_of(values, hash_phone)
    return checked._replace(events=ordered(checked.events))


def told(values: dict[str, Any]) -> Told:
    return told_of(row(values)).told


@given(LINES)
def test_a_row_comes_back_as_it_was_stored(values: dict[str, Any]) -> None:
    before = row(values)
    after = unstored(stored(before))
    shown = before.ticket.number_shown
    ticket = before.ticket._replace(number_shown=None if shown == before.ticket.number else shown)
    assert after == Row(ticket, before.events, stored(before).digest)
    assert stored(after) == stored(before)


ANY_TEXT = st.text(st.characters(), max_size=4)  # halves of pairs too
BORDERS = st.sampled_from(["1899-12-31", "1900-01-01", "2999-12-31", "3000-01-01"])
OFFSETS = st.sampled_from(["", "Z", "+14:00", "-12:00", "+05:00", "+06:00"])
ODD_TIMES = st.builds(lambda on, at, offset: f"{on}T{at}{offset}", BORDERS, st.times(), OFFSETS)
ODD_STEPS = st.fixed_dictionaries(
    {"source_event_id": st.just("x"), "seq": st.just(1), "at": ODD_TIMES, "stage": st.just("a")},
    optional={"room": ANY_TEXT},
)
ODD = st.fixed_dictionaries(
    {},
    optional={
        "status_at": ODD_TIMES,
        "created_at": ODD_TIMES,
        "first_filed_at": ODD_TIMES,
        "fine": st.fixed_dictionaries({}, optional={"paid_at": ODD_TIMES, "points": ANY_TEXT}),
        "outcome": st.fixed_dictionaries({"at": ODD_TIMES}),
        "events": st.lists(ODD_STEPS, max_size=1),
        "clerk": st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=2),
    },
)


@given(ODD, ODD)
@example({"created_at": "2999-12-31T23:59:59Z"}, {})
@example({"first_filed_at": "1900-01-01T00:00:00+14:00"}, {"first_filed_at": "2026-10-05"})
@example({"clerk": "\ud83d"}, {})
@settings(deadline=None)
def test_whatever_the_full_checks_let_pass_can_be_stored_and_merged(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    kept: Row | None = None
    for values in (first, second):
        line = json.dumps({"kind": "fine", "number": "1", "status": "paid"} | values)
        read = parse_ndjson(line.encode(), hash_phone)
        if isinstance(read, Row):
            kept = unstored(stored(merge(kept, read).row))


def test_a_lookup_is_told_all_that_it_needs() -> None:
    assert told(appeal()) == Told(
        number_shown=None,
        status_on=date(2026, 10, 20),
        created_on=date(2026, 10, 5),
        first_filed_on=date(2026, 10, 3),
        due_on=date(2026, 12, 1),
        due_basis="backend",
        body_id="tax-shymkent",
        forward_count=3,
        owner_hashes=hash_phone("77010000012"),
        owner_lang="ru",
        answer_via="post",
        intake="office",
        forwards=(Forward(date(2026, 10, 20), "almaty-akimat", "tax-shymkent"),),
    )


def test_only_a_ticket_opened_for_another_is_looked_for_behind_that_one() -> None:
    """Thousands may be joined to one: a question about that one would read them all."""
    child = stored(row(appeal(parent_id="10000142", status="in_review")))
    assert child.parent_place == place_of("10000142")
    joined = row(appeal(parent_id="10000142", status="joined"))
    assert stored(joined).parent_place is None
    assert unstored(stored(joined)).ticket.parent_id == "10000142"


def test_parts_of_fines_and_inspections_are_told() -> None:
    facts = told(fine())
    assert facts.fine == FineFacts(
        19660,
        date(2026, 8, 27),
        date(2026, 9, 19),
        19660,
        date(2026, 9, 3),
        date(2026, 10, 28),
    )
    assert facts.fine_conflict is True
    assert told(inspection()).inspection == InspectionFacts(
        None, date(2026, 11, 20), date(2026, 12, 4)
    )


def test_what_a_due_date_is_computed_from_is_told_only_where_there_is_none() -> None:
    steps = [
        event(1, "2026-10-05", "suspended"),
        event(2, "2026-10-07", "extended") | {"due_on_after": "2026-12-30"},
    ]
    assert told(appeal(events=steps)).term is None
    assert told(appeal(events=steps, due_on=None)).term == TermFacts(
        1_791_183_600_000_000,  # 2026-10-05 12:00 +05:00
        date(2026, 12, 30),
        (Pause(date(2026, 10, 5), date(2026, 10, 7)),),
    )


@pytest.mark.parametrize(
    "change",
    [
        {"status": "in_review"},
        {"status_at": "2026-10-20T12:00:01+05:00"},
        {"due_on": "2026-12-02"},
        {"owner_phones": []},
        {"events": []},
        {"clerk": "A"},
        {"forward_count": 4},
        {"parent_id": "1"},
        {"version": 1},
        {"deleted": True},
        {"outcome": {"code": "explained"}},
        {"sensitivity": "public"},
    ],
)
def test_the_digest_tells_any_stored_difference(change: dict[str, Any]) -> None:
    assert digest_of(row(appeal(**change))) != digest_of(row(appeal()))


def test_the_digest_does_not_depend_on_the_order_of_fields() -> None:
    backwards = dict(reversed(appeal().items()))
    assert digest_of(row(backwards)) == digest_of(row(appeal()))
    assert -(2**63) <= digest_of(row(appeal())) < 2**63
