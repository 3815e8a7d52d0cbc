from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookup.compare import (
    CLOSED_BUT_OPEN,
    PAID_BUT_ENFORCED,
    contradiction,
    paid_in_full,
    united,
)
from lookup.feed.vocabulary import STATUSES
from lookup.joined import COMPARED_MAX
from lookup.status import FineFacts, Forward, InspectionFacts, Pause, TermFacts, TicketRecord
from tests.support.records import ticket
from tests.support.wording import body

FINE_NUMBER = "197500000431233"
PAID = date(2026, 9, 3)
AFTER = date(2026, 10, 28)
BEFORE = date(2026, 8, 30)
DAY = date(2026, 8, 20)


def fine(status: str, on: date | None, source: str, **facts: Any) -> TicketRecord:
    return ticket(
        kind="fine",
        number=FINE_NUMBER,
        source=source,
        status=status,
        status_on=on,
        due_on=None,
        due_basis=None,
        fine=FineFacts(**facts) if facts else None,
    )


POLICE = fine("unpaid", DAY, "erap", amount=19_660, pay_by=date(2026, 9, 19))
TREASURY = fine("paid", PAID, "treasury", paid_amount=19_660, paid_on=PAID)
BAILIFFS = fine("bailiff", AFTER, "aisoip", bailiff_since=AFTER, bailiff_office="Almaty-1")


# -- fines


def test_paid_in_the_treasury_and_later_with_the_bailiff_is_found() -> None:
    for records in ([TREASURY, BAILIFFS], [POLICE, BAILIFFS, TREASURY]):
        assert contradiction(records) == PAID_BUT_ENFORCED
        told = united(records)
        assert (told.status, told.conflict) == ("paid_but_enforced", PAID_BUT_ENFORCED)
        assert told.fine is not None
        assert (told.fine.paid_on, told.fine.bailiff_since) == (PAID, AFTER)
        assert told.fine.bailiff_office == "Almaty-1"


def test_the_police_and_the_treasury_make_one_paid_fine() -> None:
    told = united([POLICE, TREASURY])
    assert (told.status, told.status_on, told.conflict) == ("paid", PAID, None)
    assert told.fine == FineFacts(19_660, None, date(2026, 9, 19), 19_660, PAID)


@pytest.mark.parametrize(
    ("records", "rule", "status"),
    [
        # the bailiff was there first: the payment ended it
        ([TREASURY, fine("bailiff", BEFORE, "b", bailiff_since=BEFORE)], None, "paid"),
        # on the same day nothing can be said
        ([TREASURY, fine("bailiff", PAID, "b", bailiff_since=PAID)], None, "paid"),
        # he began before it, and was still at work weeks later, knowing of no payment
        (
            [TREASURY, fine("bailiff", AFTER, "b", bailiff_since=BEFORE)],
            PAID_BUT_ENFORCED,
            "paid_but_enforced",
        ),
        # a payment by its amount, without the word for it
        (
            [
                POLICE,
                fine("unpaid", PAID, "t", paid_amount=19_660, paid_on=PAID),
                BAILIFFS,
            ],
            PAID_BUT_ENFORCED,
            "paid_but_enforced",
        ),
        # a part of it is no payment in full
        (
            [POLICE, fine("partly", PAID, "t", paid_amount=9_000, paid_on=PAID), BAILIFFS],
            None,
            None,
        ),
        # dates from the statuses alone
        ([fine("paid", PAID, "t"), fine("bailiff", AFTER, "b")], PAID_BUT_ENFORCED, None),
        ([fine("paid", PAID, "t"), fine("bailiff", BEFORE, "b")], None, "paid"),
        ([fine("paid", None, "t"), fine("bailiff", AFTER, "b")], None, "paid"),
        ([fine("paid", None, "t"), fine("bailiff", None, "b")], PAID_BUT_ENFORCED, None),
        # a system says so itself
        ([fine("paid_but_enforced", AFTER, "erap")], PAID_BUT_ENFORCED, "paid_but_enforced"),
        (
            [fine("bailiff", AFTER, "erap")._replace(conflict=PAID_BUT_ENFORCED)],
            PAID_BUT_ENFORCED,
            "bailiff",
        ),
        # cancelled since: nothing is owed and nothing is enforced
        ([TREASURY, BAILIFFS, fine("cancelled", date(2026, 11, 1), "erap")], None, "cancelled"),
        # one record with both dates
        (
            [
                fine(
                    "unpaid",
                    AFTER,
                    "e",
                    amount=10,
                    paid_amount=10,
                    paid_on=PAID,
                    bailiff_since=AFTER,
                )
            ],
            PAID_BUT_ENFORCED,
            "unpaid",
        ),
        (
            [
                fine(
                    "bailiff",
                    AFTER,
                    "e",
                    amount=9,
                    paid_amount=9,
                    paid_on=PAID,
                    bailiff_since=BEFORE,
                )
            ],
            None,
            "bailiff",
        ),
        # the police count it late, the treasury has been paid: neither is told for certain
        ([fine("late", AFTER, "erap"), TREASURY], CLOSED_BUT_OPEN, "payment_pending"),
        ([fine("appealed", AFTER, "erap"), TREASURY], None, "appealed"),
    ],
)
def test_payments_and_bailiffs_compared(
    records: list[TicketRecord], rule: str | None, status: str | None
) -> None:
    assert contradiction(records) == rule
    told = united(records)
    assert told.conflict == rule
    if status is not None:
        assert told.status == status


LATER = date(2026, 11, 9)


def test_a_fine_paid_twice_was_paid_the_first_time() -> None:
    """The bailiff came after the payment, and was paid once more: he still has no right to it."""
    again = fine(
        "bailiff", LATER, "aisoip", bailiff_since=AFTER, amount=19_660, paid_amount=19_660,
        paid_on=LATER,
    )  # fmt: skip
    told = united([POLICE, TREASURY, again])
    assert (told.status, told.conflict) == ("paid_but_enforced", PAID_BUT_ENFORCED)
    assert told.fine is not None
    assert (told.fine.paid_on, told.fine.bailiff_since) == (PAID, AFTER)


def test_what_a_bailiff_adds_to_the_amount_does_not_make_a_payment_too_small() -> None:
    paid = fine("unpaid", PAID, "t", amount=19_660, paid_amount=19_660, paid_on=PAID)
    dearer = fine("bailiff", AFTER, "aisoip", bailiff_since=AFTER, amount=21_626)
    told = united([paid, dearer])
    assert told.conflict == PAID_BUT_ENFORCED
    assert told.fine is not None
    assert told.fine.amount == 19_660


def test_an_amount_raised_since_the_payment_is_not_paid_by_it() -> None:
    paid = fine("unpaid", PAID, "t", amount=19_660, paid_amount=19_660, paid_on=PAID)
    raised = fine("unpaid", LATER, "erap", amount=39_320)
    assert contradiction([paid, raised, BAILIFFS]) is None


@pytest.mark.parametrize(
    ("ended", "status"),
    [
        (fine("paid", LATER, "aisoip", bailiff_since=AFTER), "paid"),
        (fine("paid", LATER, "aisoip", bailiff_since=AFTER, paid_on=LATER), "paid"),
        (fine("paid", AFTER, "aisoip", bailiff_since=AFTER), "paid"),
        (fine("cancelled", LATER, "aisoip", bailiff_since=AFTER), "cancelled"),
    ],
    ids=["called paid", "paid to him", "on the same day", "given up"],
)
def test_a_bailiff_who_has_ended_it_may_keep_the_date_he_came(
    ended: TicketRecord, status: str
) -> None:
    told = united([POLICE, TREASURY, ended])
    assert (told.status, told.conflict) == (status, None)
    assert told.fine is not None
    assert told.fine.bailiff_since is None
    treasury = TREASURY._replace(status_on=date(2026, 11, 19))  # written anew since
    assert united([POLICE, treasury, ended]).conflict is None


def test_a_system_that_knows_of_both_days_and_calls_it_paid_has_not_ended_it() -> None:
    late = fine("paid", LATER, "erap", paid_on=PAID, bailiff_since=AFTER)
    assert contradiction([late]) == PAID_BUT_ENFORCED
    assert contradiction([late, POLICE]) == PAID_BUT_ENFORCED


def test_the_first_system_to_call_it_paid_counts_where_nobody_gives_the_day() -> None:
    noted_late = fine("paid", LATER, "erap")
    told = united([fine("paid", PAID, "t"), noted_late, BAILIFFS])
    assert told.conflict == PAID_BUT_ENFORCED
    assert told.fine is not None
    assert told.fine.paid_on == PAID


def test_a_part_paid_before_the_bailiff_came_is_not_the_day_it_was_settled() -> None:
    """Paid in full after he had come, by a system that gives no day of its own."""
    part = fine("partly", DAY, "t", amount=19_660, paid_amount=9_000, paid_on=DAY)
    bailiffs = fine("bailiff", BEFORE, "b", bailiff_since=BEFORE)
    told = united([part, bailiffs, fine("paid", PAID, "erap")])
    assert (told.status, told.status_on, told.conflict) == ("paid", PAID, None)


def test_a_part_whose_amount_nobody_tells_did_not_settle_it_either() -> None:
    part = fine("partly", DAY, "t", amount=19_660, paid_on=DAY)
    bailiffs = fine("bailiff", BEFORE, "b", bailiff_since=BEFORE)
    told = united([part, bailiffs, fine("paid", PAID, "erap", paid_amount=19_660, paid_on=PAID)])
    assert (told.status, told.status_on, told.conflict) == ("paid", PAID, None)


def test_a_payment_of_no_known_day_is_not_told_with_the_day_of_another_word() -> None:
    told = united([fine("paid", None, "t"), fine("bailiff", AFTER, "b", bailiff_since=AFTER)])
    assert (told.status, told.status_on) == ("paid", None)


@pytest.mark.parametrize("status", ["bailiff", "late"])
def test_a_payment_that_is_being_checked_holds_back_bailiff_and_lateness(status: str) -> None:
    checked = fine("payment_pending", PAID, "t", amount=19_660)._replace(as_of_us=7)
    told = united([checked, fine(status, AFTER, "b", bailiff_since=AFTER)])
    assert (told.status, told.status_on, told.conflict) == ("payment_pending", PAID, None)
    assert told.as_of_us == 7
    assert united([checked, fine("partly", AFTER, "b")]).status == "partly"
    assert united([checked, TREASURY, BAILIFFS]).conflict == PAID_BUT_ENFORCED


def test_the_latest_payment_counts() -> None:
    first = fine("partly", AFTER, "bank", paid_amount=9_830, paid_on=DAY)
    told = united([POLICE, first, TREASURY]).fine
    assert told is not None
    assert (told.paid_amount, told.paid_on) == (19_660, PAID)


@pytest.mark.parametrize(
    ("facts", "full"),
    [
        (FineFacts(), False),
        (FineFacts(amount=10), False),
        (FineFacts(amount=10, paid_amount=9), False),
        (FineFacts(amount=10, paid_amount=10), True),
        (FineFacts(amount=9, paid_amount=5, half_until=PAID, paid_on=PAID), True),
        (FineFacts(amount=9, paid_amount=4, half_until=PAID, paid_on=PAID), False),
        (FineFacts(amount=9, paid_amount=5, half_until=BEFORE, paid_on=PAID), False),
        (FineFacts(amount=9, paid_amount=5, half_until=PAID), False),
    ],
)
def test_half_in_time_is_paid_in_full(facts: FineFacts, full: bool) -> None:
    assert paid_in_full(facts) is full


# -- any ticket


def test_the_newest_status_leads_and_the_others_fill_what_it_leaves_open() -> None:
    old = ticket(
        source="aikyn", status="forwarded", status_on=DAY, owner_hashes=("b", "a"), owner_lang="kk"
    )
    new = ticket(
        source="police",
        status="in_review",
        status_on=PAID,
        due_on=None,
        due_basis=None,
        owner_hashes=("c",),
        first_filed_on=date(2026, 11, 9),
    )
    told = united([old, new])
    assert (told.status, told.source, told.status_on) == ("in_review", "police", PAID)
    assert (told.due_on, told.due_basis) == (old.due_on, "backend")
    assert told.first_filed_on == date(2026, 11, 4)
    assert told.owner_hashes == ("a", "b", "c")
    assert told.owner_lang == "kk"
    assert told.conflict is None


def test_what_the_next_body_tells_on_the_day_of_a_passing_on_comes_after_it() -> None:
    """The other way round a citizen would for ever be told that it is on its way to those who
    have answered."""
    there, here = body(id="tax-shymkent"), body()
    passed = ticket(source="almaty", status="forwarded", status_on=DAY, body=there)
    for status in ("satisfied", "in_review"):
        for source in ("a", "z"):
            taken = ticket(source=source, status=status, status_on=DAY, body=there)
            told = united([passed, taken])
            assert (told.status, told.conflict) == (status, None)
    elsewhere = ticket(source="a", status="satisfied", status_on=DAY, body=here)
    assert united([passed, elsewhere]).status == "forwarded"
    again = ticket(source="z", status="forwarded", status_on=DAY, body=here)
    held = ticket(source="a", status="in_review", status_on=DAY, body=here)
    assert united([again, held]).status == "in_review"


def test_a_final_status_wins_only_when_it_is_newer() -> None:
    closed = ticket(source="aikyn", status="refused", status_on=PAID)
    for on, status, rule in (
        (BEFORE, "refused", None),
        (PAID, "in_review", None),
        (AFTER, "in_review", CLOSED_BUT_OPEN),
    ):
        opened = ticket(source="police", status="in_review", status_on=on)
        told = united([closed, opened])
        assert (told.status, told.conflict) == (status, rule)


@pytest.mark.parametrize("status", ["objected", "in_court", "a_word_nobody_knows"])
def test_what_may_follow_a_final_status_is_no_contradiction(status: str) -> None:
    closed = ticket(source="aikyn", status="refused", status_on=PAID)
    assert contradiction([closed, ticket(source="b", status=status, status_on=AFTER)]) is None


def test_a_status_without_a_date_is_older_than_any() -> None:
    undated = ticket(source="a", status="refused", status_on=None)
    told = united([undated, ticket(source="b", status="in_review", status_on=DAY)])
    assert (told.status, told.conflict) == ("in_review", None)


def test_forwards_are_counted_over_all_systems_each_once() -> None:
    def on(day: int) -> date:
        return date(2026, 10, day)

    aikyn = ticket(
        source="aikyn",
        forward_count=2,
        forwards=(Forward(on(5), "akimat", "police"), Forward(on(12), "police", "akimat")),
    )
    police = ticket(
        source="police",
        forward_count=2,
        forwards=(
            Forward(on(7), None, "police"),  # the same as of the 5th
            Forward(on(20), "police", "tax"),
        ),
    )
    told = united([aikyn, police])
    assert told.forwards == (
        Forward(on(5), "akimat", "police"),
        Forward(on(12), "police", "akimat"),
        Forward(on(20), "police", "tax"),
    )
    assert told.forward_count == 3
    assert united([aikyn._replace(forward_count=9), police]).forward_count == 9


def test_what_one_system_tells_twice_happened_twice() -> None:
    there = Forward(DAY, "a", "b")
    again = Forward(DAY + timedelta(days=2), "a", "b")
    one = ticket(source="x", forwards=(there, again))
    assert united([one, ticket(source="y", forwards=(there,))]).forwards == (there, again)


def test_a_path_without_reason_is_compared_in_little_time() -> None:
    """Ten thousand steps of one day, from two systems, block nobody for seconds."""
    one, other = (
        tuple(Forward(DAY, f"{name}{n}", "b") for n in range(10_000)) for name in ("x", "y")
    )
    looked_at = 0

    class Counted(str):
        def __eq__(self, other: object) -> bool:
            nonlocal looked_at
            looked_at += 1
            return super().__eq__(other)

        __hash__ = str.__hash__

    one = tuple(each._replace(from_body=Counted(each.from_body)) for each in one)
    told = united([ticket(source="x", forwards=one), ticket(source="y", forwards=other)])
    assert told.forward_count == 20_000
    assert looked_at < 20_000 * (COMPARED_MAX + 20)


def test_a_due_date_of_any_system_needs_no_term() -> None:
    computed = ticket(source="a", due_on=None, term=TermFacts(5, None, (Pause(DAY, None),)))
    other = ticket(source="b", due_on=None, term=TermFacts(None, PAID, (Pause(BEFORE, PAID),)))
    assert united([computed, other]).term == TermFacts(
        5, PAID, (Pause(DAY, None), Pause(BEFORE, PAID))
    )
    assert united([computed, ticket(source="c")]).term is None


@pytest.mark.parametrize(
    ("older", "newer"), [("forwarded", "in_review"), ("extended", "forwarded")]
)
def test_dates_of_a_body_that_has_sent_the_ticket_on_are_not_told_of_the_next(
    older: str, newer: str
) -> None:
    due = date(2026, 12, 31)
    sent = ticket(
        status=older, status_on=DAY, body=body(id="a"), due_on=due, extended_count=1, source="a"
    )
    facts = TermFacts(starts_us=1)
    here = ticket(
        status=newer, status_on=AFTER, body=body(id="b"), due_on=None, due_basis=None, term=facts,
        source="b",
    )  # fmt: skip
    told = united([sent, here])
    assert (told.due_on, told.due_basis, told.term, told.extended_count) == (None, None, facts, 0)
    prolonged = sent._replace(due_on=None, due_basis=None, term=TermFacts(2, extended_to=due))
    assert united([prolonged, here]).term == facts
    same = united([sent._replace(body=body(id="b")), here])
    assert (same.due_on, same.extended_count) == (due, 1)
    beside = united([sent._replace(status="in_review"), here._replace(status="hearing")])
    assert beside.due_on == due  # two bodies at work on it


def test_dates_of_an_inspection_are_joined() -> None:
    one = ticket(kind="inspection", source="a", inspection=InspectionFacts(ends_on=PAID))
    other = ticket(
        kind="inspection",
        source="b",
        inspection=InspectionFacts(registered_on=DAY, extended_to=AFTER),
    )
    assert united([one, other]).inspection == InspectionFacts(DAY, None, PAID, AFTER)


def test_the_age_told_is_that_of_the_leading_status() -> None:
    stale = ticket(source="a", status="forwarded", status_on=DAY, as_of_us=7)
    assert united([stale, ticket(source="b", status_on=PAID)]).as_of_us is None
    assert united([stale, ticket(source="b", status_on=BEFORE)]).as_of_us is None
    assert (
        united(
            [stale._replace(status_on=AFTER), ticket(source="b")._replace(status_on=PAID)]
        ).as_of_us
        == 7
    )
    assert united([TREASURY._replace(as_of_us=7), BAILIFFS]).as_of_us == 7


@pytest.mark.parametrize(
    "records",
    [[], [ticket(), ticket(number="061200000012345686")], [ticket(), ticket(kind="fine")]],
)
def test_records_of_two_tickets_are_refused(records: list[TicketRecord]) -> None:
    with pytest.raises(ValueError, match="record"):
        united(records)
    with pytest.raises(ValueError, match="record"):
        contradiction(records)


# -- properties

days = st.none() | st.dates(date(2026, 8, 1), date(2026, 8, 12))
bodies = st.sampled_from((None, "a", "b"))
forwards = st.builds(Forward, st.dates(date(2026, 8, 1), date(2026, 8, 12)), bodies, bodies)
facts = st.builds(
    FineFacts,
    amount=st.none() | st.integers(0, 4),
    half_until=days,
    pay_by=days,
    paid_amount=st.none() | st.integers(0, 4),
    paid_on=days,
    bailiff_since=days,
)


@st.composite
def histories(draw: st.DrawFn, *, least: int = 1) -> list[TicketRecord]:
    """Records of one ticket in several systems."""
    kind = draw(st.sampled_from(("fine", "appeal")))
    statuses = st.sampled_from((*sorted(STATUSES[kind]), "a_word_nobody_knows"))

    def one(index: int) -> TicketRecord:
        return ticket(
            kind=kind,
            source=draw(st.sampled_from("xyz")),
            status=draw(statuses),
            status_on=draw(days),
            created_on=draw(days),
            first_filed_on=draw(days),
            due_on=draw(days),
            forward_count=draw(st.integers(0, 3)),
            forwards=tuple(draw(st.lists(forwards, max_size=3))),
            owner_hashes=tuple(draw(st.sets(st.sampled_from("pqr"), max_size=2))),
            fine=draw(st.none() | facts) if kind == "fine" else None,
            as_of_us=draw(st.none() | st.integers(0, 3)),
        )

    return [one(index) for index in range(draw(st.integers(least, 4)))]


@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(records: list[TicketRecord], chance: Any) -> None:
    mixed = list(records)
    chance.shuffle(mixed)
    assert united(mixed) == united(records)
    assert contradiction(mixed) == contradiction(records)


def test_what_one_system_calls_secret_is_secret() -> None:
    open_one = ticket(source="a", status_on=date(2026, 11, 7))
    assert united([open_one, ticket(source="b", secret=True)]).secret
    assert not united([open_one, ticket(source="b")]).secret


@given(histories())
def test_uniting_again_changes_nothing(records: list[TicketRecord]) -> None:
    told = united(records)
    assert united([told]) == told
    assert united([*records, *records]) == told


@given(histories())
def test_nothing_is_told_that_no_record_says(records: list[TicketRecord]) -> None:
    told = united(records)
    assert (told.kind, told.number) == (records[0].kind, records[0].number)
    assert set(told.owner_hashes) == {each for one in records for each in one.owner_hashes}
    assert told.status in {one.status for one in records} | {
        "paid",
        "payment_pending",
        "paid_but_enforced",
    }
    assert told.due_on in {one.due_on for one in records}
    assert told.forward_count >= max(one.forward_count for one in records)
    assert len(told.forwards) <= sum(len(one.forwards) for one in records)
    assert len(told.forwards) >= max(len(one.forwards) for one in records)
    filed = [one.first_filed_on for one in records if one.first_filed_on]
    assert not filed or (told.first_filed_on is not None and told.first_filed_on <= min(filed))


@given(histories())
def test_paid_but_enforced_needs_a_payment_and_a_bailiff_after_it(
    records: list[TicketRecord],
) -> None:
    """The rule once more, said over the plain facts."""
    if contradiction(records) == PAID_BUT_ENFORCED:
        assert _says_so(records) or (_paid(records) and _enforced(records))
        assert records[0].kind == "fine"
    elif records[0].kind == "fine" and united(records).status != "cancelled":
        assert not _says_so(records)


@given(days, days)
def test_paid_but_enforced_exactly_when_the_bailiff_is_later(
    paid: date | None, since: date | None
) -> None:
    treasury = fine("paid", paid, "treasury", paid_amount=5, paid_on=paid)
    bailiffs = fine("bailiff", since, "aisoip", bailiff_since=since)
    rule = contradiction([treasury, bailiffs])
    later = since is None or (paid is not None and since > paid)
    assert (rule == PAID_BUT_ENFORCED) is later


def _says_so(records: Sequence[TicketRecord]) -> bool:
    return any(one.status == "paid_but_enforced" for one in records)


def _paid(records: Sequence[TicketRecord]) -> bool:
    return any(one.status == "paid" or (one.fine and one.fine.paid_amount) for one in records)


def _enforced(records: Sequence[TicketRecord]) -> bool:
    return any(one.status == "bailiff" or (one.fine and one.fine.bailiff_since) for one in records)
