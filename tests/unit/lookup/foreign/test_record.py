from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookup.feed.fields import Refused
from lookup.foreign.mapping import FieldMap
from lookup.foreign.record import RECORDS_MAX, Foreign, Sorted
from lookup.source import SourceUnavailableError
from lookup.status import (
    Body,
    FineFacts,
    Forward,
    InspectionFacts,
    Pause,
    TermFacts,
    TicketRecord,
    Wanted,
)
from tests.support.feed import appeal, event, fine, hash_phone, inspection

AKIMAT = Body("almaty-akimat", "750001", True, "Almaty", None, {}, {}, {})
BODIES = {"almaty-akimat": AKIMAT, "750001": AKIMAT}
ONE = "750100000000431215"
TWO = "750100000000431216"


def foreign(*kinds: str) -> Foreign:
    kinds_ = frozenset(kinds or {"*"})
    return Foreign("aqjol", kinds_, FieldMap.identity(), BODIES.get, hash_phone)


def record(values: dict[str, Any], *kinds: str) -> TicketRecord:
    told = foreign(*kinds).record(values)
    assert told is not None
    return told


def test_a_record_is_told_as_every_source_tells_it() -> None:
    assert record(appeal(body_id="750001", other_bodies=["a", "b"])) == TicketRecord(
        kind="appeal",
        number=ONE,
        number_shown=ONE,
        source="aikyn",
        status="forwarded",
        status_on=date(2026, 10, 20),
        created_on=date(2026, 10, 5),
        first_filed_on=date(2026, 10, 3),
        due_on=date(2026, 12, 1),
        due_basis="backend",
        body=AKIMAT,
        other_bodies=2,
        forward_count=3,
        extended_count=0,
        owner_hashes=(hash_phone("77010000012"),),
        owner_lang="ru",
        answer_via="post",
        intake="office",
        joined_to=None,
        fine=None,
        inspection=None,
        forwards=(Forward(date(2026, 10, 20), "almaty-akimat", "tax-shymkent"),),
    )


def test_what_its_source_calls_secret_is_secret() -> None:
    told = [record(appeal(sensitivity=each)) for each in ("secret", "personal", None)]
    assert [each is not None and each.secret for each in told] == [True, False, False]


def test_what_a_due_date_is_computed_from_is_told_where_none_is_given() -> None:
    events = [
        event(1, "2026-10-05T12:00:00+05:00", "registered"),
        event(2, "2026-10-06T12:00:00+05:00", "suspended"),
        event(3, "2026-10-09T12:00:00+05:00", "extended") | {"due_on_after": "2026-12-20"},
    ]
    assert record(appeal(due_on=None, events=events)).term == TermFacts(
        starts_us=1_791_183_600_000_000,
        extended_to=date(2026, 12, 20),
        pauses=(Pause(date(2026, 10, 6), date(2026, 10, 9)),),
    )
    assert record(appeal(due_on=None, created_at=None, events=[])).term == TermFacts()


def test_the_parts_of_a_ticket_are_told() -> None:
    told = record(fine())
    assert told.fine == FineFacts(
        19660, date(2026, 8, 27), date(2026, 9, 19), 19660, date(2026, 9, 3), date(2026, 10, 28)
    )
    assert told.conflict == "paid_but_enforced"
    assert record(fine(fine={"amount": 5})).conflict is None
    assert record(inspection()).inspection == InspectionFacts(
        None, date(2026, 11, 20), date(2026, 12, 4)
    )


def test_forwards_that_are_listed_count_where_no_count_is_stated() -> None:
    assert record(appeal(forward_count=None)).forward_count == 1


def test_a_joined_ticket_names_the_other() -> None:
    joined = record(appeal(status="joined", parent_id=TWO))
    assert (joined.joined_to, joined.parent) == (TWO, TWO)
    assert record(appeal(parent_id=TWO)).joined_to is None


def test_a_record_without_kind_is_of_the_only_kind_the_source_has() -> None:
    assert record(appeal(kind=None), "appeal").kind == "appeal"
    with pytest.raises(Refused):
        foreign("appeal", "fine").record(appeal(kind=None))


def test_a_record_without_system_or_shown_number_has_the_sources_own() -> None:
    told = record(appeal(source_system=None, number_shown=None))
    assert (told.source, told.number_shown) == ("aqjol", ONE)


def test_a_ticket_registered_by_mistake_is_not_there() -> None:
    assert foreign().record(appeal(deleted=True)) is None
    assert foreign().sort_out([ONE], [appeal(deleted=True)]) == Sorted({ONE: ()}, {})


@pytest.mark.parametrize("nothing", [None, [], ()])
def test_an_empty_answer_says_surely_not_there(nothing: object) -> None:
    assert foreign().sort_out([ONE, TWO], nothing) == Sorted({ONE: (), TWO: ()}, {})


def test_one_record_may_stand_without_a_list() -> None:
    assert foreign().sort_out([ONE], appeal()).records == {ONE: (record(appeal()),)}


def test_several_records_of_a_number_are_all_told() -> None:
    both = [
        appeal(kind="crime_report", status="opened"),
        appeal(kind="investigation", status="opened"),
    ]
    told = foreign().sort_out([ONE], both).records[ONE]
    assert [ticket.kind for ticket in told] == ["crime_report", "investigation"]


def test_a_refused_record_makes_its_number_silent_and_no_other() -> None:
    bad = appeal(number=TWO, status="nobody knows")
    out = foreign().sort_out([ONE, TWO], [appeal(), bad, appeal(number=TWO)])
    assert set(out.records) == {ONE}
    assert set(out.silent) == out.refused == {TWO}
    assert "nobody knows" not in out.silent[TWO]


@pytest.mark.parametrize("strange", [appeal(number=TWO), {}, "text", 5, appeal(number=None)])
def test_a_strange_record_puts_in_doubt_whatever_was_not_found(strange: object) -> None:
    three = "750100000000431217"
    out = foreign().sort_out([ONE, three], [strange, appeal()])
    assert set(out.records) == {ONE}
    assert set(out.silent) == {three}
    assert not out.refused


def test_too_many_records_are_no_answer() -> None:
    out = foreign().sort_out([ONE], [appeal()] * (RECORDS_MAX + 1))
    assert out == Sorted({}, {ONE: "it answered with too many records"})


A = Wanted(ONE, ("appeal",))
B = Wanted(TWO, ("appeal",))
ODD = Wanted("'\"],[%_\\", ("appeal",))


def test_numbers_no_ticket_can_have_are_not_asked() -> None:
    assert foreign().askable([A, ODD, B, A]) == [ONE, TWO]
    assert foreign().answers([ODD], Sorted({}, {})) == {}


def test_what_was_found_is_answered_and_what_is_not_there_left_out() -> None:
    told = record(appeal())
    assert foreign().answers([A, B, ODD], Sorted({ONE: (told,), TWO: ()}, {})) == {A: (told,)}


@pytest.mark.parametrize("alive", [True, False])
def test_a_silent_number_is_never_told_as_not_there(alive: bool) -> None:
    told = record(appeal())
    out = Sorted({ONE: (told,)}, {TWO: "status: is odd"}, frozenset({TWO} if alive else ()))
    with pytest.raises(SourceUnavailableError, match="status: is odd") as error:
        foreign().answers([A, B, ODD], out)
    assert error.value.source == "aqjol"
    assert error.value.answered == {A: (told,), ODD: ()}
    assert error.value.alive is alive


def test_a_number_that_was_forgotten_is_silent() -> None:
    with pytest.raises(SourceUnavailableError, match="not asked"):
        foreign().answers([A], Sorted({}, {}))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
_near = st.builds(
    lambda base, changes: base | changes,
    st.sampled_from([appeal(), fine(), inspection()]),
    st.dictionaries(st.sampled_from(sorted(appeal() | fine() | inspection())), _json, max_size=3),
)


@given(_json | _near)
def test_any_record_is_a_ticket_or_refused(values: object) -> None:
    try:
        told = foreign("appeal").record(values)
    except Refused:
        return
    assert told is None or isinstance(told, TicketRecord)


@given(st.lists(_json | _near, max_size=4) | _json)
def test_whatever_is_answered_every_number_is_either_told_or_silent(items: object) -> None:
    out = foreign("appeal").sort_out([ONE, TWO], items)
    assert set(out.records) | set(out.silent) == {ONE, TWO}
    assert set(out.records).isdisjoint(out.silent)
