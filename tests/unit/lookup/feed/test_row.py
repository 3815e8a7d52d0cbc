from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookup.feed.fields import Refused
from lookup.feed.row import EVENTS_MAX, Row, row_of
from tests.support.feed import PHONE, appeal, event, fine, hash_phone, inspection


def row(values: dict[str, Any]) -> Row:
    return row_of(values, hash_phone)


def refused(values: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(Refused) as refusal:
        row(values)
    return refusal.value.field, refusal.value.reason


def test_a_line_of_three_fields_is_a_ticket() -> None:
    ticket = row({"kind": "appeal", "number": "10000142", "status": "registered"}).ticket
    assert (ticket.kind, ticket.number, ticket.status) == ("appeal", "10000142", "registered")
    assert (ticket.forward_count, ticket.extended_count) == (0, 0)
    assert ticket.owner_hashes is None
    assert ticket.status_us is None


@pytest.mark.parametrize("field", ["kind", "number", "status"])
def test_those_three_fields_are_required(field: str) -> None:
    assert refused(appeal(**{field: None})) == (field, "is missing")


def test_phones_are_hashed_in_normal_form_and_never_kept() -> None:
    written = row(fine(owner_phones=["8 701 000 00 14", PHONE, "+77010000015"]))
    hashes = [hash_phone("77010000014"), hash_phone("77010000015")]
    assert written.ticket.owner_hashes == " ".join(hashes)
    assert "7010000014" not in repr(written)


def test_what_is_no_phone_is_left_out_and_counted() -> None:
    written = row(fine(owner_phones=["нет", PHONE, "112"]))
    assert written.ticket.owner_hashes == hash_phone("77010000014")
    assert written.phones_left_out == 2


def test_a_refusal_never_quotes_a_phone() -> None:
    field, reason = refused(fine(owner_phones=[PHONE] * 21))
    assert field == "owner_phones"
    assert "7010" not in reason


def test_fields_the_model_does_not_know_are_kept_aside_and_named() -> None:
    written = row(
        appeal(
            clerk="A",
            fine={"points": 2},
            inspection={"type": "plan"},
            events=[event(1, "2026-01-01", "registered") | {"room": 3}],
        )
    )
    assert json.loads(written.ticket.extra or "") == {
        "clerk": "A",
        "fine": {"points": 2},
        "inspection": {"type": "plan"},
    }
    assert json.loads(written.events[0].extra or "") == {"room": 3}
    assert written.unknown_fields == ("clerk", "fine.points", "inspection.type", "events.room")


def test_a_field_name_nobody_can_read_is_counted_without_it() -> None:
    assert row(appeal(**{"a\x1b[2J": 1})).unknown_fields == ("(unreadable name)",)
    assert row(appeal(**{"+77010000012": 1})).unknown_fields == ("(unreadable name)",)


def test_the_facts_of_a_fine_are_kept_in_whole_tenge() -> None:
    facts = json.loads(row(fine()).ticket.fine or "")
    assert facts["amount"] == 19660
    assert (facts["paid_at"], facts["paid_on"]) == ("2026-09-03T18:20:00+05:00", "2026-09-03")
    assert (facts["payment_ref"], facts["bailiff_since"]) == ("KZ-4412", "2026-10-28")
    assert facts["conflict"] is True


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"amount": 196.6}, "fine.amount"),
        ({"amount": -1}, "fine.amount"),
        ({"paid_amount": "19660"}, "fine.paid_amount"),
        ({"pay_by": "19.09.2026"}, "fine.pay_by"),
        ({"paid_at": "soon"}, "fine.paid_at"),
        ({"payment_ref": 4412}, "fine.payment_ref"),
        ({"conflict": "yes"}, "fine.conflict"),
        ([], "fine"),
    ],
)
def test_a_fact_of_a_fine_that_cannot_be_is_reported_by_its_name(facts: Any, field: str) -> None:
    assert refused(fine(fine=facts))[0] == field


def test_the_dates_of_an_inspection_are_kept() -> None:
    assert json.loads(row(inspection()).ticket.inspection or "") == {
        "registered_on": None,
        "starts_on": "2026-11-20",
        "ends_on": "2026-12-04",
        "extended_to": None,
    }


def test_events_keep_their_order_and_places() -> None:
    first, second = row(appeal()).events
    assert (first.seq, first.stage, first.to_body) == (1, "registered", "almaty-akimat")
    assert (second.from_body, second.to_body) == ("almaty-akimat", "tax-shymkent")
    assert second.source_event_id == "750100000000431215-2"


@pytest.mark.parametrize(
    ("events", "field"),
    [
        ("none", "events"),
        ([event(1, "2026-01-01", "registered")] * (EVENTS_MAX + 1), "events"),
        ([5], "events[0]"),
        ([event(1, "2026-01-01", "registered") | {"seq": None}], "events[0].seq"),
        ([event(1, "2026-01-01", "registered") | {"at": None}], "events[0].at"),
        ([event(1, "0026-01-01", "registered")], "events[0].at"),
        ([event(1, "2026-01-01", "Registered")], "events[0].stage"),
        (
            [event(1, "2026-01-01", "registered") | {"source_event_id": None}],
            "events[0].source_event_id",
        ),
        (
            [event(1, "2026-01-01", "registered"), event(1, "2026-01-02", "closed")],
            "events[1].source_event_id",
        ),
    ],
)
def test_a_bad_event_is_reported_by_its_place(events: Any, field: str) -> None:
    assert refused(appeal(events=events))[0] == field


def test_a_language_is_one_of_three() -> None:
    assert row(appeal(owner_lang="en")).ticket.owner_lang == "en"
    assert refused(appeal(owner_lang="kaz")) == ("owner_lang", "must be kk, ru or en")


def test_other_bodies_are_kept_as_a_list() -> None:
    assert row(appeal(other_bodies=["a", "ә"])).ticket.other_bodies == '["a","ә"]'
    assert row(appeal(other_bodies=[])).ticket.other_bodies is None


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)


@given(st.sampled_from(sorted(appeal() | fine() | inspection())), _VALUES)
@settings(deadline=None, max_examples=300)
def test_any_value_in_any_field_is_stored_or_refused(field: str, value: object) -> None:
    outcome = attempt(appeal(**{field: value}))
    if isinstance(outcome, Refused):
        assert outcome.field.startswith(field)
    else:
        json.dumps(outcome, ensure_ascii=False).encode()  # nothing the database would refuse


def attempt(values: dict[str, Any]) -> Row | Refused:
    try:
        return row(values)
    except Refused as refusal:
        return refusal
