from __future__ import annotations

from datetime import date

from lookup.registry_wire import Stored, StoredFine, StoredInspection, record
from lookup.status import Body, FineFacts, InspectionFacts, TicketRecord

BODY = Body("b1", "750001", True, "Almaty", None, {}, {}, {})
STORED = Stored(
    kind="appeal",
    number="10000142",
    number_shown="1000-0142",
    source_system="aikyn",
    status="joined",
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
    joined_to="10000134",
    fine=None,
    inspection=None,
)


def test_every_stored_value_lands_in_its_field() -> None:
    assert record(STORED, {"b1": BODY}, "registry") == TicketRecord(
        kind="appeal",
        number="10000142",
        number_shown="1000-0142",
        source="aikyn",
        status="joined",
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
        joined_to="10000134",
        fine=None,
        inspection=None,
    )


def test_what_the_feed_left_out_has_a_stand_in() -> None:
    bare = STORED._replace(
        number_shown=None, source_system=None, body_id=None, owner_hashes=None, status_on=None
    )
    ticket = record(bare, {"b1": BODY}, "registry")
    assert ticket.number_shown == "10000142"
    assert ticket.source == "registry"
    assert ticket.body is None
    assert ticket.owner_hashes == ()
    assert ticket.status_on is None


def test_a_body_the_directory_does_not_know_is_no_body() -> None:
    assert record(STORED, {}, "registry").body is None


def test_facts_of_a_fine_and_an_inspection_are_told() -> None:
    fine = StoredFine(
        amount=19660,
        half_until=date(2026, 8, 27),
        pay_by=date(2026, 9, 19),
        paid_amount=19660,
        paid_on=date(2026, 9, 3),
        bailiff_since=date(2026, 10, 28),
        bailiff_office=None,
    )
    inspection = StoredInspection(
        registered_on=None,
        starts_on=date(2026, 11, 20),
        ends_on=date(2026, 12, 4),
        extended_to=None,
    )
    ticket = record(STORED._replace(fine=fine, inspection=inspection), {}, "registry")
    assert ticket.fine == FineFacts(**fine)
    assert ticket.inspection == InspectionFacts(**inspection)
