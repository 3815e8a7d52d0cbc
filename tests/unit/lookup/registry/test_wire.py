from __future__ import annotations

from datetime import date

from lookup.registry.wire import Child, Found, Told, record
from lookup.status import (
    Body,
    FineFacts,
    Forward,
    InspectionFacts,
    PassedOn,
    Pause,
    TermFacts,
    TicketRecord,
)

BODY = Body("b1", "750001", True, "Almaty", None, {}, {}, {})
FORWARDS = (Forward(date(2026, 11, 4), "b0", "b1"),)
TOLD = Told(
    number_shown="1000-0142",
    status_on=date(2026, 11, 5),
    created_on=date(2026, 11, 4),
    first_filed_on=date(2026, 11, 3),
    due_on=date(2026, 11, 25),
    due_basis="backend",
    body_id="b1",
    other_bodies=2,
    forward_count=3,
    extended_count=1,
    owner_hashes="aa bb",
    owner_lang="kk",
    answer_via="post",
    intake="office",
    parent="10000134",
    forwards=FORWARDS,
)


def found(status: str = "in_review", told: Told = TOLD, **more: object) -> Found:
    return Found("10000142", "appeal", "aikyn", status, told)._replace(**more)


def test_every_stored_value_lands_in_its_field() -> None:
    assert record(found(), {"b1": BODY}, "registry") == TicketRecord(
        kind="appeal",
        number="10000142",
        number_shown="1000-0142",
        source="aikyn",
        status="in_review",
        status_on=date(2026, 11, 5),
        created_on=date(2026, 11, 4),
        first_filed_on=date(2026, 11, 3),
        due_on=date(2026, 11, 25),
        due_basis="backend",
        body=BODY,
        other_bodies=2,
        forward_count=3,
        extended_count=1,
        owner_hashes=("aa", "bb"),
        owner_lang="kk",
        answer_via="post",
        intake="office",
        joined_to=None,
        fine=None,
        inspection=None,
        forwards=FORWARDS,
        parent="10000134",
    )


def test_what_the_feed_left_out_has_a_stand_in() -> None:
    ticket = record(found(told=Told(), system=""), {"b1": BODY}, "registry")
    assert ticket.number_shown == "10000142"
    assert ticket.source == "registry"
    assert ticket.body is None
    assert ticket.owner_hashes == ()
    assert ticket.status_on is None


def test_a_body_the_directory_does_not_know_is_no_body() -> None:
    assert record(found(), {}, "registry").body is None


def test_a_joined_ticket_was_not_opened_for_the_other() -> None:
    ticket = record(found("joined"), {}, "registry")
    assert (ticket.joined_to, ticket.parent) == ("10000134", None)


def test_facts_of_a_fine_an_inspection_and_a_term_are_told() -> None:
    fine = FineFacts(19660, date(2026, 8, 27), date(2026, 9, 19), 19660, date(2026, 9, 3))
    inspection = InspectionFacts(None, date(2026, 11, 20), date(2026, 12, 4))
    term = TermFacts(5, date(2026, 12, 5), (Pause(date(2026, 11, 5), None),))
    told = TOLD._replace(fine=fine, inspection=inspection, term=term)
    ticket = record(found(told=told), {}, "registry")
    assert (ticket.fine, ticket.inspection, ticket.term) == (fine, inspection, term)
    assert ticket.conflict is None


def test_a_conflict_that_the_feed_names_is_one() -> None:
    told = TOLD._replace(fine=FineFacts(), fine_conflict=True)
    assert record(found(told=told), {}, "registry").conflict == "paid_but_enforced"


def test_more_forwards_seen_than_stated_are_counted() -> None:
    three = tuple(Forward(date(2026, 11, day), None, None) for day in (1, 2, 3))
    told = TOLD._replace(forward_count=1, forwards=three)
    assert record(found(told=told), {}, "registry").forward_count == 3


def test_the_ticket_opened_for_it_is_told() -> None:
    child = Child("20000015", "service_request", "accepted", TOLD)
    ticket = record(found("passed", children=(child,)), {"b1": BODY}, "registry")
    passed = PassedOn("service_request", "20000015", "accepted", date(2026, 11, 25), BODY)
    passed = passed._replace(forward_count=len(FORWARDS))
    assert ticket.passed_to == passed
    hidden = child._replace(told=TOLD._replace(secret=True))
    ticket = record(found("passed", children=(hidden,)), {"b1": BODY}, "registry")
    assert ticket.passed_to == passed._replace(secret=True)


def test_a_ticket_opened_for_another_was_filed_with_that_one() -> None:
    above = Told(
        first_filed_on=date(2026, 9, 1),
        forward_count=5,
        forwards=(Forward(date(2026, 9, 2), "a", "b"), FORWARDS[0]),
    )
    ticket = record(found(ancestors=(above, Told())), {}, "registry")
    assert ticket.first_filed_on == date(2026, 9, 1)
    assert ticket.forwards == (Forward(date(2026, 9, 2), "a", "b"), FORWARDS[0])
    assert ticket.forward_count == 5
