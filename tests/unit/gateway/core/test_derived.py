from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.derived import Derived, derive
from lookup.status import (
    FineFacts,
    Forward,
    InspectionFacts,
    PassedOn,
    Pause,
    TermFacts,
    TicketRecord,
)
from tests.support.wording import (
    NOW_US,
    TODAY,
    body,
    statuses,
    terms,
    ticket,
)

YESTERDAY = TODAY - timedelta(days=1)
TOMORROW = TODAY + timedelta(days=1)


def derived(record: TicketRecord, *, verified: bool = True) -> Derived:
    result = derive(
        record, statuses().kinds[record.kind], terms(), TODAY, NOW_US, verified=verified
    )
    assert result is not None
    return result


def code(record: TicketRecord) -> str:
    return derived(record).row.code


def fine(status: str, *, due_on: date | None = None, **facts: Any) -> TicketRecord:
    return ticket("fine", status, due_on=due_on, fine=FineFacts(**{"amount": 20000, **facts}))


def inspection(status: str, *, due_on: date | None = None, **facts: Any) -> TicketRecord:
    return ticket("inspection", status, due_on=due_on, inspection=InspectionFacts(**facts))


def test_a_status_without_a_row_is_not_derived() -> None:
    record = ticket(status="sold")
    assert derive(record, statuses().kinds["appeal"], terms(), TODAY, NOW_US, verified=True) is None


# -- overdue


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("appeal", "registered"),
        ("appeal", "forwarded"),
        ("appeal", "in_review"),
        ("appeal", "on_agreeing"),
        ("appeal", "extended"),
        ("appeal", "info_requested"),
        ("crime_report", "checking"),
        ("investigation", "opened"),
        ("service_request", "controlled"),
        ("service_request", "passed"),
        ("support", "open"),
        ("escalation", "taken"),
    ],
)
def test_an_open_ticket_past_its_due_date_is_overdue(kind: str, status: str) -> None:
    late = derived(ticket(kind, status, due_on=date(2026, 10, 22)))
    assert late.row.code == "overdue"
    assert late.values["days"] == 29
    assert late.values["due"] == date(2026, 10, 22)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("appeal", "suspended"),
        ("appeal", "objected"),
        ("appeal", "hearing"),
        ("appeal", "in_court"),
        ("appeal", "satisfied"),
        ("appeal", "not_connected"),
        ("crime_report", "interrupted"),
        ("crime_report", "court"),
        ("investigation", "closed"),
        ("inspection", "finished"),
        ("fine", "cancelled"),
        ("service_request", "done"),
        ("support", "closed"),
        ("escalation", "checked"),
    ],
)
def test_a_resting_or_final_ticket_is_never_overdue(kind: str, status: str) -> None:
    assert code(ticket(kind, status, due_on=YESTERDAY)) == status


def test_on_its_due_day_a_ticket_is_not_overdue() -> None:
    assert code(ticket(due_on=TODAY)) == "in_review"
    assert code(ticket(due_on=YESTERDAY)) == "overdue"
    assert code(ticket(due_on=None)) == "in_review"


@pytest.mark.parametrize("due_on", [None, TOMORROW])
def test_overdue_is_believed_but_no_date_is_made_up_for_it(due_on: date | None) -> None:
    late = derived(ticket(status="overdue", due_on=due_on))
    assert late.row.code == "overdue"
    assert not {"due", "days"} & late.values.keys()


# -- due dates by law


def running(kind: str = "appeal", status: str = "in_review", **changes: Any) -> TicketRecord:
    """Without a due date of its source, received on 2 November 2026."""
    facts = {"due_on": None, "due_basis": None, "term": TermFacts(), **changes}
    return ticket(kind, status, **facts)


def hours_ago(hours: float) -> TermFacts:
    return TermFacts(NOW_US - round(hours * 3_600_000_000))


def test_a_due_date_is_computed_where_the_source_gives_none() -> None:
    found = derived(running())
    assert found.values["due"] == date(2026, 11, 23)
    assert found.by_law


def test_a_due_date_of_the_source_stands_and_is_no_date_by_law() -> None:
    found = derived(running(due_on=date(2026, 12, 25), due_basis="backend"))
    assert found.values["due"] == date(2026, 12, 25)
    assert not found.by_law


def test_a_source_may_say_that_it_has_computed_the_date() -> None:
    assert derived(ticket(due_basis="computed")).by_law


def test_an_extension_that_the_source_dates_is_no_date_by_law() -> None:
    found = derived(running(status="extended", term=TermFacts(extended_to=TOMORROW)))
    assert (found.values["due"], found.by_law) == (TOMORROW, False)


def test_a_ticket_past_its_date_by_law_is_overdue() -> None:
    late = derived(running(created_on=date(2026, 10, 1), first_filed_on=date(2026, 10, 1)))
    assert (late.row.code, late.by_law) == ("overdue", True)
    assert (late.values["due"], late.values["days"]) == (date(2026, 10, 22), 29)


def test_a_term_of_hours_is_overdue_by_the_minute() -> None:
    due_now = running("crime_report", "checking", term=hours_ago(24))
    assert derived(due_now).row.code == "checking"
    late = derived(running("crime_report", "checking", term=hours_ago(24.02)))
    assert late.row.code == "overdue"
    assert (late.values["due"], late.values["at"]) == (TODAY, "09:58")
    assert "days" not in late.values
    earlier = derived(running("crime_report", "checking", term=hours_ago(49)))
    assert earlier.values["days"] == 1
    assert "at" not in earlier.values


def test_a_paused_term_tells_no_date_and_is_never_overdue() -> None:
    paused = TermFacts(pauses=(Pause(date(2026, 11, 9), None),))
    found = derived(running(created_on=date(2026, 10, 30), term=paused))
    assert found.row.code == "in_review"
    assert "due" not in found.values


def test_a_status_that_tells_no_date_has_none_computed() -> None:
    assert derived(running(status="in_court")).values.get("due") is None
    assert derived(running(status="satisfied")).values.get("due") is None


def test_the_end_of_an_inspection_is_never_computed() -> None:
    record = running("inspection", "submitted", inspection=InspectionFacts())
    assert "due" not in derived(record).values


def test_a_fine_is_owed_until_the_day_of_the_law_and_never_late_by_it() -> None:
    owed = running("fine", "unpaid", fine=FineFacts(amount=20000))
    assert derived(owed).values["due"] == date(2026, 12, 2)
    assert derived(owed).by_law
    old = date(2026, 9, 1)
    late = derived(owed._replace(created_on=old, first_filed_on=old))
    assert late.row.code == "unpaid"
    assert "due" not in late.values


def test_the_days_of_a_fine_s_source_are_no_dates_by_law() -> None:
    facts = FineFacts(amount=20000, pay_by=TOMORROW)
    assert not derived(running("fine", "unpaid", fine=facts)).by_law
    half = FineFacts(amount=20000, half_until=TOMORROW)
    assert not derived(running("fine", "unpaid", fine=half)).by_law


# -- passed on


THERE = PassedOn("appeal", "061200000012345678", "in_review", TOMORROW, body(id="there"))


def passed(status: str = "passed", **changes: Any) -> TicketRecord:
    return ticket("service_request", status, **{"due_on": None, "passed_to": THERE, **changes})


def test_a_request_passed_on_is_watched_until_its_date_there() -> None:
    found = derived(passed())
    assert found.row.code == "controlled"
    assert found.values["body"] == THERE.body
    assert found.values["due"] == TOMORROW


def test_the_date_there_counts_before_one_s_own() -> None:
    own = passed(due_on=YESTERDAY, due_basis="computed")
    assert derived(own).values["due"] == TOMORROW
    assert not derived(own).by_law
    undated = own._replace(passed_to=THERE._replace(due_on=None))
    assert derived(undated).row.code == "overdue"
    assert derived(undated).by_law


def test_a_request_is_overdue_where_it_was_passed_on_to() -> None:
    late = derived(passed(passed_to=THERE._replace(due_on=YESTERDAY)))
    assert late.row.code == "overdue"
    assert (late.values["days"], late.values["body"]) == (1, THERE.body)


def test_a_request_passed_on_without_a_date_is_told_as_passed() -> None:
    found = derived(passed(passed_to=THERE._replace(due_on=None, body=None)))
    assert found.row.code == "passed"
    assert found.values["body"] == body()


def test_an_appeal_passed_on_names_the_body_that_has_it() -> None:
    found = derived(ticket(status="forwarded", passed_to=THERE))
    assert (found.row.code, found.values["body"]) == ("forwarded", THERE.body)
    away = THERE._replace(body=body(connected=False))
    assert code(ticket(status="forwarded", passed_to=away)) == "not_connected"


def test_a_request_passed_on_again_is_watched_where_it_is_now() -> None:
    now = PassedOn("appeal", "2", "in_review", TOMORROW, body(id="now"))
    again = THERE._replace(status="forwarded", due_on=YESTERDAY, then=now)
    found = derived(passed(passed_to=again))
    assert (found.row.code, found.values["due"]) == ("controlled", TOMORROW)
    assert found.values["body"] == now.body
    unknown = derived(passed(passed_to=again._replace(then=now._replace(body=None))))
    assert unknown.values["body"] == THERE.body


def test_passings_on_are_counted_to_the_end_of_the_way() -> None:
    there = THERE._replace(status="forwarded", forward_count=3)
    found = derived(ticket(status="forwarded", forward_count=1, passed_to=there))
    assert (found.special, found.values["k"]) == ("many", 3)


def test_the_term_of_the_body_before_is_not_told_of_the_one_that_has_it() -> None:
    """Forwarded as a ticket of its own, while its first system still names the first body."""
    late = ticket(
        status="forwarded", due_on=None, due_basis=None, term=TermFacts(),
        created_on=date(2026, 9, 1), passed_to=THERE._replace(due_on=None),
    )  # fmt: skip
    found = derived(late)
    assert (found.row.code, "due" in found.values) == ("forwarded", False)
    assert THERE.body is not None
    step = Forward(date(2026, 11, 9), None, THERE.body.id)
    found = derived(late._replace(forwards=(step,)))
    assert (found.row.code, found.values["due"]) == ("forwarded", date(2026, 11, 30))


def test_what_is_done_is_done_whoever_it_was_passed_on_to() -> None:
    found = derived(passed("done"))
    assert (found.row.code, found.values["body"]) == ("done", body())


def test_a_child_counts_its_age_from_the_first_filing() -> None:
    child = ticket(status="registered", parent="10000012", first_filed_on=date(2026, 1, 5))
    assert derived(child).values["d"] == date(2026, 1, 5)


def test_a_ticket_joined_to_another_names_its_parent_to_the_owner() -> None:
    joined = ticket(status="joined", parent="061200000012345678")
    assert derived(joined).values["full"] == "061200000012345678"
    assert "full" not in derived(joined, verified=False).values
    assert "full" not in derived(ticket(parent="061200000012345678")).values


# -- contradictions


@pytest.mark.parametrize("status", ["paid", "unpaid", "bailiff", "late", "payment_pending"])
def test_a_fine_paid_and_enforced_is_told_as_such(status: str) -> None:
    record = fine(status)._replace(conflict="paid_but_enforced")
    assert code(record) == "paid_but_enforced"
    assert code(fine("cancelled")._replace(conflict="paid_but_enforced")) == "cancelled"


def test_a_fine_paid_by_one_and_owed_by_another_is_neither() -> None:
    for record in (fine("paid"), fine("unpaid", paid_amount=20000)):
        assert code(record._replace(conflict="closed_but_open")) == "payment_pending"
    assert code(fine("unpaid")._replace(conflict="closed_but_open")) == "unpaid"


def test_what_is_open_somewhere_is_never_told_as_closed() -> None:
    for kind, status in (("appeal", "satisfied"), ("inspection", "finished")):
        record = ticket(kind, status, conflict="closed_but_open")
        assert derive(record, statuses().kinds[kind], terms(), TODAY, NOW_US, verified=True) is None
    assert code(ticket(conflict="closed_but_open")) == "in_review"


def test_a_contradiction_nobody_knows_changes_nothing() -> None:
    assert code(ticket(status="satisfied", conflict="of another rule")) == "satisfied"
    assert code(fine("paid")._replace(conflict="of another rule")) == "paid"


# -- special cases of appeals


def test_forwardings_are_counted_by_whoever_counts_more() -> None:
    listed = tuple(Forward(TODAY, None, None) for _ in range(3))
    assert derived(ticket(status="forwarded", forwards=listed)).values["k"] == 3
    more = ticket(status="forwarded", forwards=listed, forward_count=5)
    assert derived(more).values["k"] == 5


@pytest.mark.parametrize(
    ("changes", "special", "k"),
    [
        ({"status": "forwarded", "forward_count": 1}, "", None),
        ({"status": "forwarded", "forward_count": 2}, "many", 2),
        ({"status": "in_review", "forward_count": 3}, "many", 3),
        ({"status": "registered", "forward_count": 2}, "many", 2),
        ({"status": "extended", "forward_count": 2}, "", None),
        ({"status": "in_review", "other_bodies": 2}, "several", 3),
        ({"status": "in_review", "other_bodies": 2, "forward_count": 4}, "many", 4),
        ({"status": "forwarded", "other_bodies": 2}, "", None),
        ({"status": "satisfied", "intake": "video", "answer_via": "visit"}, "visit", None),
        ({"status": "satisfied", "intake": "video", "answer_via": "e-mail"}, "", None),
        ({"status": "satisfied", "intake": "office", "answer_via": "visit"}, "", None),
        ({"status": "withdrawn", "intake": "video", "answer_via": "visit"}, "", None),
        ({"status": "in_review", "intake": "video", "answer_via": "visit"}, "", None),
    ],
)
def test_special_cases_of_an_appeal(changes: dict[str, Any], special: str, k: int | None) -> None:
    found = derived(ticket(**changes))
    assert (found.special, found.values.get("k")) == (special, k)


def test_overdue_is_told_before_circulation() -> None:
    late = derived(ticket(status="forwarded", forward_count=5, due_on=YESTERDAY))
    assert (late.row.code, late.special) == ("overdue", "")


@pytest.mark.parametrize("status", ["registered", "in_review", "forwarded"])
def test_with_a_body_that_is_not_connected_nothing_more_is_known(status: str) -> None:
    silent = body(connected=False)
    assert code(ticket(status=status, body=silent, due_on=YESTERDAY)) == "not_connected"


@pytest.mark.parametrize(("kind", "status"), [("appeal", "refused"), ("service_request", "passed")])
def test_what_a_body_not_connected_left_behind_is_told(kind: str, status: str) -> None:
    assert code(ticket(kind, status, body=body(connected=False))) == status


def test_the_other_number_is_for_the_owner_alone() -> None:
    joined = ticket(status="joined", joined_to="061200000012345678")
    assert derived(joined, verified=True).values["full"] == "061200000012345678"
    assert "full" not in derived(joined, verified=False).values


def test_forwarding_does_not_reset_the_day_of_filing() -> None:
    first = date(2026, 10, 5)
    assert derived(ticket(status="registered", first_filed_on=first)).values["d"] == first
    later = ticket(status="registered", first_filed_on=None, created_on=None)
    assert derived(later).values["d"] == date(2026, 11, 3)


def test_a_day_the_citizen_awaits_is_told_only_while_ahead() -> None:
    assert derived(ticket(status="hearing", status_on=TOMORROW)).values["d"] == TOMORROW
    assert "d" not in derived(ticket(status="hearing", status_on=YESTERDAY)).values


def test_a_hearing_set_today_is_not_told_as_being_today() -> None:
    assert "d" not in derived(ticket(status="hearing", status_on=TODAY)).values


@pytest.mark.parametrize("status", ["registered", "in_court", "satisfied"])
def test_nothing_has_happened_on_a_day_to_come(status: str) -> None:
    record = ticket(status=status, status_on=TOMORROW, first_filed_on=TOMORROW)
    assert "d" not in derived(record).values
    today = record._replace(status_on=TODAY, first_filed_on=TODAY)
    assert derived(today).values["d"] == TODAY


def test_the_span_of_an_inspection_is_told_only_where_no_year_is_missed() -> None:
    for ends_on, told in ((TODAY + timedelta(days=183), True), (date(2027, 12, 4), False)):
        act = inspection("registered", starts_on=TODAY, ends_on=ends_on)
        values = derived(act).values
        assert (values.get("from") == TODAY) is told
        assert values["due"] == ends_on


def test_a_fine_of_nothing_is_one_whose_amount_is_not_known() -> None:
    assert not {"sum", "half"} & derived(fine("unpaid", amount=0)).values.keys()


def test_a_reference_of_ours_is_told_whole() -> None:
    report = ticket("escalation", "taken", number="10000012", inspection=InspectionFacts())
    assert derived(report).special == "inspection"
    assert derived(report).values["ref"] == "10000012"
    assert "ref" not in derived(ticket()).values
    assert derived(report._replace(inspection=None)).special == ""


# -- inspections


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (inspection("registered", ends_on=TODAY), "registered"),
        (inspection("registered", ends_on=YESTERDAY), "expired"),
        (inspection("registered", ends_on=YESTERDAY, extended_to=TODAY), "registered"),
        (inspection("registered", due_on=YESTERDAY), "expired"),
        (inspection("registered"), "registered"),
        (inspection("participants_changed", ends_on=YESTERDAY), "expired"),
        (inspection("extended", extended_to=YESTERDAY), "expired"),
        (inspection("extended", due_on=YESTERDAY), "expired"),
        (inspection("extended", ends_on=YESTERDAY), "extended"),
        (inspection("extended", ends_on=YESTERDAY, due_on=YESTERDAY), "extended"),
        (inspection("resumed", ends_on=YESTERDAY), "resumed"),
        (inspection("resumed", ends_on=YESTERDAY, due_on=TODAY), "resumed"),
        (inspection("suspended", ends_on=YESTERDAY), "suspended"),
        (inspection("submitted", ends_on=YESTERDAY), "submitted"),
        (inspection("returned", ends_on=YESTERDAY), "returned"),
        (inspection("refused", ends_on=YESTERDAY), "refused"),
        (ticket("inspection", "registered", due_on=None), "registered"),
    ],
)
def test_an_inspection_is_past_its_end_only_for_certain(
    record: TicketRecord, expected: str
) -> None:
    assert code(record) == expected


def test_an_inspection_tells_its_days() -> None:
    starts, ends, longer = date(2026, 11, 20), date(2026, 12, 4), date(2026, 12, 11)
    facts = {"registered_on": date(2026, 11, 17), "starts_on": starts, "ends_on": ends}
    values = derived(inspection("registered", **facts)).values
    assert (values["d"], values["from"], values["to"]) == (date(2026, 11, 17), starts, ends)
    values = derived(inspection("extended", **facts, extended_to=longer)).values
    assert (values["d"], values["due"], values["to"]) == (date(2026, 11, 3), longer, longer)


def test_a_prolonged_inspection_keeps_an_end_still_ahead_and_drops_one_gone_by() -> None:
    assert derived(inspection("extended", ends_on=TODAY)).values["due"] == TODAY
    assert "due" not in derived(inspection("extended", ends_on=YESTERDAY)).values


# -- fines


PAID = {"paid_amount": 20000, "paid_on": date(2026, 9, 3)}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (fine("unpaid", half_until=TODAY, pay_by=TOMORROW), "half"),
        (fine("unpaid", half_until=YESTERDAY, pay_by=TODAY), "unpaid"),
        (fine("unpaid", half_until=YESTERDAY, pay_by=YESTERDAY), "late"),
        (fine("unpaid", due_on=YESTERDAY), "late"),
        (fine("unpaid"), "unpaid"),
        (fine("imposed", pay_by=TOMORROW), "unpaid"),
        (fine("half", half_until=YESTERDAY, pay_by=TODAY), "unpaid"),
        (fine("half"), "half"),
        (fine("late"), "late"),
        (fine("late", pay_by=TODAY), "unpaid"),
        (fine("unpaid", pay_by=TODAY, paid_amount=500), "partly"),
        (fine("partly", half_until=TOMORROW), "partly"),
        (fine("partly", pay_by=YESTERDAY, paid_amount=500), "late"),
        (fine("unpaid", pay_by=YESTERDAY, bailiff_since=TODAY), "bailiff"),
        (fine("unpaid", pay_by=YESTERDAY, **PAID), "paid"),
        (fine("paid"), "paid"),
        (fine("paid", **PAID, bailiff_since=date(2026, 9, 3)), "paid"),
        (fine("paid", **PAID, bailiff_since=date(2026, 9, 4)), "paid_but_enforced"),
        (fine("paid", bailiff_since=date(2026, 9, 4)), "paid"),
        (fine("bailiff", **PAID, bailiff_since=date(2026, 9, 4)), "paid_but_enforced"),
        (fine("bailiff", **PAID, bailiff_since=date(2026, 9, 2)), "paid"),
        (fine("bailiff", **PAID), "paid_but_enforced"),
        (fine("bailiff", paid_amount=19999), "bailiff"),
        (fine("bailiff", amount=None, paid_amount=1), "bailiff"),
        (fine("late", **PAID, bailiff_since=date(2026, 9, 4)), "paid_but_enforced"),
        (fine("unpaid", paid_amount=10000, paid_on=TODAY, half_until=TODAY), "paid"),
        (fine("unpaid", paid_amount=9999, paid_on=TODAY, half_until=TODAY), "partly"),
        (fine("unpaid", paid_amount=10000, paid_on=TODAY, half_until=YESTERDAY), "partly"),
        (fine("unpaid", paid_amount=10000, half_until=TODAY), "partly"),
        (fine("unpaid", paid_amount=10000, paid_on=TODAY), "partly"),
        (fine("paid_but_enforced"), "paid_but_enforced"),
        (fine("payment_pending", **PAID, pay_by=YESTERDAY, bailiff_since=TODAY), "payment_pending"),
        (fine("cancelled", pay_by=YESTERDAY), "cancelled"),
        (fine("appealed", pay_by=YESTERDAY), "appealed"),
        (fine("protocol", due_on=YESTERDAY), "protocol"),
        (ticket("fine", "unpaid", due_on=TOMORROW), "unpaid"),
    ],
)
def test_the_state_of_a_fine_follows_its_facts(record: TicketRecord, expected: str) -> None:
    assert code(record) == expected


@pytest.mark.parametrize(
    ("record", "values"),
    [
        (
            fine("half", half_until=TOMORROW, amount=19661),
            {"due": TOMORROW, "sum": 19661, "half": 9831},
        ),
        (fine("unpaid", pay_by=TOMORROW), {"due": TOMORROW, "sum": 20000}),
        (fine("unpaid", due_on=TOMORROW), {"due": TOMORROW}),
        (fine("partly", paid_amount=500, pay_by=TODAY), {"due": TODAY, "sum": 19500}),
        (fine("partly", pay_by=TODAY), {"sum": None}),
        (fine("partly", amount=None, paid_amount=5), {"sum": None, "half": None}),
        (fine("late", pay_by=YESTERDAY), {"due": YESTERDAY, "days": 1}),
        (fine("bailiff", bailiff_since=YESTERDAY), {"d": YESTERDAY, "due": None}),
        (fine("bailiff"), {"d": date(2026, 11, 3)}),
        (fine("paid", **PAID), {"d": date(2026, 9, 3)}),
        (fine("paid"), {"d": date(2026, 11, 3)}),
        (fine("paid", **PAID, bailiff_since=TODAY), {"d": date(2026, 9, 3)}),
        (fine("paid_but_enforced"), {"d": None}),
        (fine("protocol", due_on=TOMORROW), {"d": date(2026, 11, 2), "due": TOMORROW}),
        (fine("appealed", due_on=TOMORROW, pay_by=TODAY), {"due": TOMORROW}),
        (fine("cancelled"), {"d": date(2026, 11, 3)}),
    ],
)
def test_a_fine_tells_its_days_and_sums(record: TicketRecord, values: dict[str, Any]) -> None:
    known = derived(record).values
    assert {name: known.get(name) for name in values} == values


days = st.none() | st.dates(min_value=date(2026, 1, 1), max_value=date(2027, 12, 31))
amounts = st.none() | st.integers(min_value=0, max_value=10**8)
facts = st.builds(FineFacts, amounts, days, days, amounts, days, days)


@given(facts, st.sampled_from(["unpaid", "half", "late", "paid", "bailiff", "payment_pending"]))
def test_sums_are_never_among_what_others_may_know(facts: FineFacts, status: str) -> None:
    known = derived(ticket("fine", status, fine=facts), verified=False).values
    assert not {"sum", "half"} & known.keys()


@given(facts, st.sampled_from(["unpaid", "half", "late"]))
def test_a_fine_is_called_late_only_after_its_day(facts: FineFacts, status: str) -> None:
    found = derived(ticket("fine", status, due_on=None, fine=facts))
    if found.row.code == "late" and facts.pay_by is not None:
        assert facts.pay_by < TODAY


# -- copies of some age


BEFORE_DUE_US = NOW_US - 2 * 86_400_000_000  # the day before YESTERDAY


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (ticket("appeal", "in_review", due_on=YESTERDAY), "in_review"),
        (ticket("service_request", "controlled", due_on=YESTERDAY), "controlled"),
        (inspection("registered", ends_on=YESTERDAY), "registered"),
        (fine("unpaid", pay_by=YESTERDAY), "unpaid"),
    ],
)
def test_what_ran_out_after_a_copy_was_taken_is_not_told_as_run_out(
    record: TicketRecord, told: str
) -> None:
    late = derived(record)
    assert late.row.past_due
    copy = derived(record._replace(as_of_us=BEFORE_DUE_US))
    assert (copy.row.code, copy.values["due"]) == (told, YESTERDAY)


def test_days_of_being_overdue_are_counted_until_the_copy_was_taken() -> None:
    record = ticket(due_on=TODAY - timedelta(days=10), as_of_us=BEFORE_DUE_US)
    assert derived(record).values["days"] == 8


def test_hours_that_ran_out_after_a_copy_was_taken_are_not_over() -> None:
    facts = {"due_on": None, "created_on": YESTERDAY, "first_filed_on": YESTERDAY}
    began = NOW_US - 25 * 3_600_000_000
    record = ticket("crime_report", "checking", term=TermFacts(began), **facts)
    assert code(record) == "overdue"
    assert code(record._replace(as_of_us=NOW_US - 2 * 3_600_000_000)) == "checking"


def test_a_discount_ends_by_the_calendar_however_old_the_copy() -> None:
    record = fine("half", half_until=YESTERDAY, pay_by=TOMORROW)._replace(as_of_us=BEFORE_DUE_US)
    assert code(record) == "unpaid"


# -- what went before


@pytest.mark.parametrize(
    "moved",
    [
        {"extended_count": 1, "due_on": TOMORROW},
        {"extended_count": 1},
        {"term": TermFacts(extended_to=TOMORROW)},
        {"term": TermFacts(pauses=(Pause(TODAY - timedelta(days=9), YESTERDAY),))},
    ],
)
def test_an_inspection_whose_end_was_moved_earlier_is_not_past_its_first_end(
    moved: dict[str, Any],
) -> None:
    record = inspection("participants_changed", ends_on=YESTERDAY)
    assert code(record) == "expired"
    assert code(record._replace(**moved)) == "participants_changed"


@pytest.mark.parametrize(("kind", "status"), [("appeal", "objected"), ("fine", "appealed")])
def test_a_due_date_before_the_objection_is_not_told_as_that_of_the_objection(
    kind: str, status: str
) -> None:
    record = ticket(kind, status, status_on=YESTERDAY)
    assert "due" not in derived(record._replace(due_on=YESTERDAY - timedelta(days=1))).values
    assert derived(record._replace(due_on=YESTERDAY)).values["due"] == YESTERDAY
