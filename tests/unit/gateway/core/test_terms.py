"""Due dates by law."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.clock import KAZAKHSTAN
from gateway.core.civil import Civil
from gateway.core.holidays import Basis
from gateway.core.terms import BACKEND, COMPUTED, EXTENDED, Due, Terms
from lookup.status import Forward, Pause, TermFacts, TicketRecord
from tests.support.wording import NOW_US, table, terms, ticket, workdays

KNOWN = {"appeal": ("in_review",)}
HOUR_US = 3_600_000_000


def us(iso: str) -> int:
    return int(datetime.fromisoformat(iso).timestamp()) * 1_000_000


def at(day: date) -> int:
    """Ten in the morning of a day, UTC microseconds."""
    moment = datetime(day.year, day.month, day.day, 10, tzinfo=KAZAKHSTAN)
    return int(moment.timestamp()) * 1_000_000


def running(
    kind: str = "appeal",
    status: str = "in_review",
    *,
    starts_us: int | None = None,
    extended_to: date | None = None,
    pauses: tuple[Pause, ...] = (),
    **changes: Any,
) -> TicketRecord:
    """A ticket whose source gives no due date, filed on 2 November 2026."""
    facts = TermFacts(starts_us, extended_to, pauses)
    return ticket(kind, status, due_on=None, due_basis=None, term=facts, **changes)


def due_on(record: TicketRecord, now_us: int = NOW_US) -> date | None:
    found = terms().due(record, now_us)
    return None if found is None else found.on


def of_rule(**row: Any) -> Terms:
    """Terms of one rule: 15 working days of an appeal, with some keys changed."""
    rule = {
        "id": "usual",
        "kind": "appeal",
        "unit": "working",
        "length": 15,
        "basis": "art. 76",
        "examples": [{"start": date(2026, 11, 2), "due": date(2026, 11, 23)}],
        **row,
    }
    return Terms.from_table({"rule": [rule]}, KNOWN, workdays(), Civil(KAZAKHSTAN))


def test_the_shipped_rules_have_no_problems() -> None:
    assert terms().check() == []


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (running(), Due(date(2026, 11, 23), None, "appeal", Basis.PROVISIONAL)),
        (
            running(status="objected", status_on=date(2026, 11, 3)),
            Due(date(2026, 12, 1), None, "appeal-objected", Basis.PROVISIONAL),
        ),
        (
            running(source="services", starts_us=us("2026-11-16T09:00:00+05:00")),
            Due(date(2026, 11, 23), None, "public-service-complaint", Basis.PROVISIONAL),
        ),
        (
            running("crime_report", "checking", starts_us=us("2026-11-20T01:00:00+05:00")),
            Due(date(2026, 11, 21), us("2026-11-21T01:00:00+05:00"), "crime-report"),
        ),
        (
            running("investigation", "opened"),
            Due(date(2027, 1, 5), None, "investigation", Basis.PROVISIONAL),
        ),
        (
            running("fine", "imposed"),
            Due(date(2026, 12, 2), None, "fine-payment", Basis.PROVISIONAL),
        ),
    ],
)
def test_each_kind_has_its_term(record: TicketRecord, expected: Due) -> None:
    assert terms().due(record, NOW_US) == expected


def test_the_day_of_filing_decides_which_rule_holds() -> None:
    july = running(first_filed_on=date(2021, 7, 1), created_on=date(2021, 7, 1))
    june = running(first_filed_on=date(2021, 6, 30), created_on=date(2021, 7, 1))
    assert due_on(july) == date(2021, 7, 26)  # past a Saturday worked and Kurban Ait
    assert due_on(june) == date(2021, 7, 16)


def test_a_term_begins_anew_with_the_body_that_has_the_ticket() -> None:
    forwarded = running(starts_us=us("2026-11-16T18:00:00+05:00"))
    assert due_on(forwarded) == date(2026, 12, 7)


@pytest.mark.parametrize(
    ("starts", "day"),
    [
        ("2024-02-29T18:59:59+00:00", date(2024, 3, 27)),  # still 29 February, at UTC+5
        ("2024-02-29T19:00:00+00:00", date(2024, 3, 28)),
        ("2024-02-27T17:59:59+00:00", date(2024, 3, 20)),  # still 27 February, at UTC+6
        ("2024-02-27T18:00:00+00:00", date(2024, 3, 26)),
    ],
)
def test_a_term_begins_on_the_civil_day_of_its_time(starts: str, day: date) -> None:
    record = running(starts_us=us(starts), first_filed_on=None, created_on=None)
    assert due_on(record) == day


@pytest.mark.parametrize(
    ("created", "starts", "day"),
    [
        (date(2023, 10, 10), "2023-10-10T23:30:00+05:00", date(2023, 11, 1)),  # as Atyrau had it
        (date(2023, 10, 11), "2023-10-11T00:30:00+06:00", date(2023, 11, 2)),  # the same moment
    ],
)
def test_a_term_begins_on_the_day_its_region_s_clock_showed(
    created: date, starts: str, day: date
) -> None:
    record = running(starts_us=us(starts), created_on=created, first_filed_on=created)
    assert due_on(record) == day


# -- passed on


def sent(on: date, to: str | None) -> Forward:
    return Forward(on, "elsewhere", to)


@pytest.mark.parametrize(
    ("forwards", "day"),
    [
        ([sent(date(2026, 11, 9), "almaty-akimat")], date(2026, 11, 30)),
        ([sent(date(2026, 11, 9), None)], date(2026, 11, 30)),
        ([sent(date(2026, 11, 9), "almaty-akimat")] * 2, date(2026, 11, 30)),
        (
            [sent(date(2026, 11, 4), "almaty-akimat"), sent(date(2026, 11, 9), "almaty-akimat")],
            date(2026, 11, 30),
        ),
        ([sent(date(2026, 11, 9), "another")], date(2026, 11, 23)),  # its parent was, not it
        ([sent(date(2026, 10, 9), "almaty-akimat")], date(2026, 11, 23)),  # registered there since
    ],
)
def test_a_term_begins_anew_with_a_body_it_was_forwarded_to(
    forwards: list[Forward], day: date
) -> None:
    record = running(starts_us=us("2026-11-02T10:00:00+05:00"), forwards=tuple(forwards))
    assert due_on(record) == day


@pytest.mark.parametrize(
    ("way", "day", "as_its_own"),
    [
        ("4 here b, 17 b here", date(2026, 11, 23), date(2026, 11, 25)),
        ("4 a here, 5 here b, 17 b here", date(2026, 11, 25), date(2026, 11, 26)),
        ("17 here here", date(2026, 11, 23), date(2026, 12, 8)),  # within the body
    ],
)
def test_coming_back_to_a_body_that_had_it_begins_no_new_term(
    way: str, day: date, as_its_own: date
) -> None:
    """Sent in circles so that the term is not missed, it is missed all the same; also where each
    body registers it as a ticket of its own, counted from the latest day it had it first."""
    steps = [step.replace("here", "almaty-akimat").split() for step in way.split(", ")]
    forwards = tuple(Forward(date(2026, 11, int(on)), *pair) for on, *pair in steps)
    assert due_on(running(forwards=forwards)) == day
    assert due_on(running(forwards=forwards, created_on=date(2026, 11, 17))) == as_its_own


def test_a_step_of_no_real_day_moves_no_term() -> None:
    """The empty date of a base, and a mistyped year."""
    here = "almaty-akimat"
    for on in (date(1900, 1, 1), date(2062, 11, 9)):
        for pair in ((here, "b"), ("a", here), (None, None)):
            assert due_on(running(forwards=(Forward(on, *pair),))) == date(2026, 11, 23)


def test_an_extension_that_may_be_another_body_s_lengthens_no_term() -> None:
    record = running(extended_count=1, forwards=(sent(date(2026, 11, 9), None),))
    assert due_on(record) is None
    assert due_on(record._replace(status="extended")) == date(2027, 2, 1)
    own = record._replace(created_on=date(2026, 11, 9))
    assert due_on(own) == date(2027, 2, 1)
    late = running(starts_us=us("2026-11-09T10:00:00+05:00"), extended_count=1)
    assert due_on(late) == date(2027, 2, 1)


def test_the_term_of_a_case_runs_on_where_it_is_passed_by_jurisdiction() -> None:
    record = running("investigation", "passed", forwards=(sent(date(2026, 11, 9), None),))
    assert due_on(record) == date(2027, 1, 5)


def test_an_extension_to_before_it_was_forwarded_is_not_the_new_body_s() -> None:
    record = running(extended_to=date(2026, 11, 6), forwards=(sent(date(2026, 11, 9), None),))
    assert due_on(record) == date(2026, 11, 30)


def test_hours_begin_anew_with_the_day_of_passing_on() -> None:
    rule = {"unit": "hours", "length": 24, "anew": True}
    start = us("2026-11-02T10:00:00+05:00")
    passed = running(starts_us=start, forwards=(sent(date(2026, 11, 9), None),))
    assert of_rule(**rule).due(passed, NOW_US) == Due(date(2026, 11, 10), None, "usual")
    same_day = running(starts_us=start, forwards=(sent(date(2026, 11, 2), None),))
    found = of_rule(**rule).due(same_day, NOW_US)
    assert found is not None
    assert found.at_us == us("2026-11-03T10:00:00+05:00")


def test_hours_run_through_the_change_of_offset() -> None:
    record = running("crime_report", "registered", starts_us=us("2024-02-29T12:00:00+06:00"))
    found = terms().due(record, NOW_US)
    assert found is not None
    assert found.at_us == us("2024-03-01T11:00:00+05:00")


def test_hours_of_a_day_without_a_time_are_over_a_day_later() -> None:
    midnight = us("2026-11-02T00:00:00+05:00")  # as sources give a day alone
    for record in (
        running("crime_report", "registered"),
        running("crime_report", "registered", starts_us=midnight),
    ):
        assert terms().due(record, NOW_US) == Due(date(2026, 11, 3), None, "crime-report")


@pytest.mark.parametrize(
    "record",
    [
        ticket(due_on=None),  # no facts to go by
        ticket(due_on=date(2026, 11, 25), term=TermFacts()),  # the source gives one
        running("service_request", "accepted"),  # no rule
        running(first_filed_on=None, created_on=None),
        running(status="objected", status_on=None),
    ],
)
def test_nothing_is_computed_without_a_rule_a_start_or_a_need(record: TicketRecord) -> None:
    assert terms().due(record, NOW_US) is None
    assert terms().with_due(record, NOW_US) is record


def test_a_ticket_says_where_its_due_date_is_from() -> None:
    computed = terms().with_due(running(), NOW_US)
    assert (computed.due_on, computed.due_basis) == (date(2026, 11, 23), COMPUTED)
    stated = terms().with_due(running(extended_to=date(2026, 12, 31)), NOW_US)
    assert (stated.due_on, stated.due_basis) == (date(2026, 12, 31), BACKEND)


# -- extension


def test_a_stated_extension_stands() -> None:
    assert terms().due(running(extended_to=date(2026, 12, 31)), NOW_US) == Due(
        date(2026, 12, 31), None, EXTENDED
    )
    no_rule = running("support", "open", extended_to=date(2026, 12, 31))
    assert due_on(no_rule) == date(2026, 12, 31)


def test_an_extension_nobody_dates_is_as_long_as_the_law_allows() -> None:
    assert due_on(running(status="extended")) == date(2027, 1, 25)
    assert due_on(running(extended_count=3)) == date(2027, 1, 25)


def test_without_a_longest_extension_nothing_is_told_of_an_extended_term() -> None:
    assert due_on(running("investigation", "opened", extended_count=1)) is None


def test_an_extension_to_before_the_start_is_no_date_to_tell() -> None:
    record = running(extended_to=date(2026, 10, 1), extended_count=1)
    assert due_on(record) == date(2027, 1, 25)


# -- pauses


@pytest.mark.parametrize(
    ("pauses", "day"),
    [
        ([(date(2026, 11, 9), date(2026, 11, 16))], date(2026, 11, 30)),
        ([(date(2026, 11, 7), date(2026, 11, 9))], date(2026, 11, 23)),  # a weekend
        ([(date(2026, 10, 1), date(2026, 10, 9))], date(2026, 11, 23)),  # before it was received
        ([(date(2026, 12, 1), date(2026, 12, 9))], date(2026, 11, 23)),  # after the term
        ([(date(2026, 11, 9), date(2026, 11, 9))], date(2026, 11, 23)),  # gone on at once
        (
            [(date(2026, 11, 9), date(2026, 11, 13)), (date(2026, 11, 11), date(2026, 11, 16))],
            date(2026, 11, 30),
        ),
        (  # the second lies in the time that the first has added
            [(date(2026, 11, 25), date(2026, 11, 27)), (date(2026, 11, 9), date(2026, 11, 16))],
            date(2026, 12, 2),
        ),
    ],
)
def test_a_pause_moves_the_due_date_by_its_working_days(
    pauses: list[tuple[date, date]], day: date
) -> None:
    assert due_on(running(pauses=tuple(Pause(*pair) for pair in pauses))) == day


def test_a_term_that_is_paused_now_has_no_due_date() -> None:
    assert due_on(running(pauses=(Pause(date(2026, 11, 9), None),))) is None
    late = running(pauses=(Pause(date(2026, 11, 9), None),), extended_to=date(2026, 12, 31))
    assert due_on(late) is None


def test_a_pause_after_the_term_was_over_stops_nothing() -> None:
    over = running(pauses=(Pause(date(2026, 11, 24), None),))
    assert due_on(over, at(date(2026, 12, 1))) == date(2026, 11, 23)


def test_a_pause_still_to_come_stops_nothing_yet() -> None:
    ahead = running(pauses=(Pause(date(2026, 11, 21), None),))
    assert due_on(ahead) == date(2026, 11, 23)


def test_a_pause_moves_a_term_of_hours_by_whole_days() -> None:
    record = running(
        "crime_report",
        "checking",
        starts_us=us("2026-11-16T10:00:00+05:00"),
        pauses=(Pause(date(2026, 11, 16), date(2026, 11, 19)),),
    )
    found = terms().due(record, NOW_US)
    assert found is not None
    assert found.at_us == us("2026-11-20T10:00:00+05:00")


def test_a_rule_may_run_through_pauses() -> None:
    paused = running(pauses=(Pause(date(2026, 11, 9), date(2026, 11, 16)),))
    found = of_rule(pauses=False).due(paused, NOW_US)
    assert found is not None
    assert found.on == date(2026, 11, 23)


# -- what proves nothing


def test_a_date_that_proves_nothing_is_not_told_once_it_has_passed() -> None:
    fine = running("fine", "unpaid")
    assert due_on(fine, at(date(2026, 12, 2))) == date(2026, 12, 2)
    assert due_on(fine, at(date(2026, 12, 3))) is None


# -- units


@pytest.mark.parametrize(
    ("unit", "length", "start", "day"),
    [
        ("calendar", 15, date(2026, 11, 2), date(2026, 11, 17)),
        ("calendar", 5, date(2026, 11, 2), date(2026, 11, 9)),  # a Saturday: the next Monday
        ("months", 1, date(2026, 1, 31), date(2026, 3, 2)),  # 28 February is a Saturday
        ("months", 3, date(2026, 1, 15), date(2026, 4, 15)),
        ("months", 1, date(2026, 12, 15), date(2027, 1, 15)),
        ("working", 1, date(2026, 11, 6), date(2026, 11, 9)),
    ],
)
def test_a_term_is_counted_in_its_unit(unit: str, length: int, start: date, day: date) -> None:
    one = of_rule(unit=unit, length=length)
    found = one.due(running(first_filed_on=start, created_on=start), NOW_US)
    assert found is not None
    assert found.on == day


def test_a_bad_example_is_told() -> None:
    wrong = [{"start": date(2026, 11, 2), "due": date(2026, 11, 20)}]
    assert of_rule(examples=wrong).check() == [
        "config/terms.toml: usual: the example of 2026-11-02 is due 2026-11-23, not 2026-11-20"
    ]
    older = [{"start": date(2020, 11, 2), "due": date(2026, 11, 20)}]
    assert of_rule(**{"from": date(2021, 7, 1), "examples": older}).check() == [
        "config/terms.toml: usual: the example of 2020-11-02 goes by another rule or none"
    ]


def test_what_a_rule_rests_on_can_be_told_to_staff() -> None:
    assert terms().basis("appeal").startswith("Administrative Procedure Code art. 76")
    assert terms().basis(EXTENDED) == ""


def test_every_kind_of_the_rules_is_a_kind_with_statuses() -> None:
    assert {row["kind"] for row in table("terms.toml")["rule"]} <= table("statuses.toml").keys()


# -- whatever the facts are

days = st.dates(date(2019, 1, 1), date(2027, 12, 31))
moments = days.map(at)
pauses = st.lists(
    st.builds(lambda first, length: Pause(first, first + timedelta(days=length)), days,
              st.integers(0, 90)),
    max_size=3,
).map(tuple)  # fmt: skip
kinds = st.sampled_from(
    [
        *(("appeal", "in_review"), ("crime_report", "checking"), ("investigation", "opened")),
        *(("fine", "unpaid"), ("inspection", "submitted"), ("escalation", "taken")),
    ]
)


@given(kinds, moments, pauses, days.map(at))
def test_nothing_is_due_before_it_was_received(
    kind: tuple[str, str], starts_us: int, stops: tuple[Pause, ...], now_us: int
) -> None:
    record = running(*kind, starts_us=starts_us, pauses=stops)
    found = terms().due(record, now_us)
    if found is not None:
        assert found.on >= Civil(KAZAKHSTAN).day(starts_us)
        assert found.at_us is None or found.at_us >= starts_us + 24 * HOUR_US
        assert found.at_us is not None or workdays().is_working(found.on)


@given(kinds, moments, pauses)
def test_a_pause_never_makes_a_term_shorter(
    kind: tuple[str, str], starts_us: int, stops: tuple[Pause, ...]
) -> None:
    record = running(*kind, starts_us=starts_us, pauses=stops)
    plain = terms().due(running(*kind, starts_us=starts_us), starts_us)
    paused = terms().due(record, starts_us)
    assert plain is not None
    assert paused is not None
    assert paused.on >= plain.on


@given(days, st.integers(1, 14), st.integers(0, 60))
def test_a_pause_within_the_term_moves_it_by_its_working_days(
    start: date, after: int, length: int
) -> None:
    assume(start >= date(2021, 7, 1))
    first = workdays().add(start, after)
    stop = Pause(first, first + timedelta(days=length))
    plain = due_on(running(starts_us=at(start), created_on=start, first_filed_on=start))
    paused = due_on(
        running(starts_us=at(start), created_on=start, first_filed_on=start, pauses=(stop,))
    )
    assert plain is not None
    assert paused is not None
    count = workdays().between(first, first + timedelta(days=length))
    assert workdays().between(plain, paused) == count


@given(days, days)
def test_a_later_receipt_is_never_due_earlier(one: date, other: date) -> None:
    early, late = sorted((one, other))
    first = due_on(running(starts_us=at(early), first_filed_on=date(2022, 1, 1)))
    second = due_on(running(starts_us=at(late), first_filed_on=date(2022, 1, 1)))
    assert first is not None
    assert second is not None
    assert first <= second


def test_a_stated_extension_that_a_pause_may_have_moved_is_over_when_the_pause_is_made_up() -> None:
    pause = Pause(date(2026, 11, 9), date(2026, 11, 16))  # five working days
    record = running(extended_to=date(2026, 11, 18), pauses=(pause,))
    assert due_on(record, at(date(2026, 11, 18))) == date(2026, 11, 18)
    assert due_on(record, at(date(2026, 11, 19))) is None
    assert due_on(record, at(date(2026, 11, 25))) is None
    assert due_on(record, at(date(2026, 11, 26))) == date(2026, 11, 18)
    before = Pause(date(2026, 10, 1), date(2026, 10, 9))
    untouched = running(extended_to=date(2026, 11, 18), pauses=(before,))
    assert due_on(untouched, at(date(2026, 11, 19))) == date(2026, 11, 18)
