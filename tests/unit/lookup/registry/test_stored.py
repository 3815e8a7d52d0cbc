from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given

from lookup.feed.path import ordered
from lookup.feed.row import Row, row_of
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
