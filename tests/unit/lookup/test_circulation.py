from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest

from lookup.circulation import CHAIN_MAX, WAY_MAX, Circulation, Walk, circulating
from lookup.source import Answers
from lookup.status import Forward, PassedOn, TicketRecord, Wanted
from tests.support import records
from tests.support.feed import directory

FILED = date(2026, 3, 1)


def ticket(number: str, count: int = 0, **changes: Any) -> TicketRecord:
    dates = {"created_on": FILED, "first_filed_on": FILED, "status_on": date(2026, 10, 1)}
    stated = {"number": number, "forward_count": count, "status": "forwarded", **dates}
    return records.ticket(**stated | changes)


def passed(number: str, kind: str = "appeal") -> PassedOn:
    return PassedOn(kind, number, "in_review", None, None)


class OnePage(NamedTuple):
    records: Sequence[TicketRecord]
    next_after: int | None


class Listing:
    """A registry of these records, which gives pages of `page_size` records."""

    def __init__(self, *records: TicketRecord, page_size: int = 2) -> None:
        self._records = records
        self._page_size = page_size

    async def circulating(self, forwards_min: int, *, limit: int, after: int) -> OnePage:
        further = [
            (place, record)
            for place, record in enumerate(self._records, 1)
            if record.forward_count >= forwards_min and place > after
        ]
        page = further[: min(limit, self._page_size)]
        next_after = page[-1][0] if len(page) < len(further) else None
        return OnePage([record for _, record in page], next_after)

    async def find_many(self, wanted: Sequence[Wanted]) -> Answers:
        found = {
            item: tuple(each for each in self._records if each.number == item.number)
            for item in wanted
        }
        return {item: records for item, records in found.items() if records}


async def walks(
    *registries: Listing, at_least: int = 3, limit: int = 100, ended: bool = False
) -> Circulation:
    return await circulating(registries, at_least, limit=limit, ended=ended)


def told(circulation: Circulation) -> list[tuple[str, int]]:
    assert circulation.total == len(circulation.walks)
    return [(walk.number, walk.forwards) for walk in circulation.walks]


async def test_tickets_forwarded_often_enough_come_worst_first() -> None:
    older = ticket("4", 5, first_filed_on=date(2025, 1, 1))
    registry = Listing(ticket("1", 3), ticket("2", 2), ticket("3", 5), older, ticket("5", 9))
    assert told(await walks(registry)) == [("5", 9), ("4", 5), ("3", 5), ("1", 3)]


async def test_forwardings_of_two_systems_are_added() -> None:
    early, late = (Forward(date(2026, month, 1), "a", "b") for month in (3, 8))
    one = ticket("1", 2, forwards=(early, early._replace(on=date(2026, 4, 1))))
    other = ticket("1", 2, source="eotinish", forwards=(late, late._replace(on=date(2026, 9, 1))))
    for registries in ([Listing(one, other, page_size=1)], [Listing(one), Listing(other)]):
        assert told(await walks(*registries, at_least=4)) == [("1", 4)]


async def test_one_forwarding_that_two_systems_wrote_down_counts_once() -> None:
    forwards = tuple(Forward(date(2026, month, 1), "a", "b") for month in (3, 5))
    one = ticket("1", 2, forwards=forwards)
    again = ticket("1", 2, source="eotinish", forwards=forwards)
    assert told(await walks(Listing(one), Listing(again))) == []


def steps(*months: int, year: int = 2026) -> tuple[Forward, ...]:
    return tuple(Forward(date(year, month, 1), f"b{month}", f"b{month + 1}") for month in months)


async def test_a_chain_of_tickets_is_one_walk_with_all_forwardings() -> None:
    """The steps of a parent may stand in the record of its child as well."""
    before, after = steps(1, 2), steps(5, 6, 7)
    parent = ticket("1", 2, passed_to=passed("2"), forwards=before)
    parent = parent._replace(first_filed_on=date(2024, 2, 29))
    child = ticket("2", 2, parent="1", passed_to=passed("3", "service_request"), forwards=before)
    grandchild = ticket(
        "3", 3, kind="service_request", status="accepted", parent="2", forwards=after
    )
    found = await walks(Listing(grandchild, parent, child, page_size=1), at_least=4)
    assert told(found) == [("3", 5)]
    assert found.walks[0] == Walk(
        kind="service_request",
        number="3",
        forwards=5,
        first_filed_on=date(2024, 2, 29),
        status="accepted",
        body=None,
        chain=(("appeal", "1"), ("appeal", "2"), ("service_request", "3")),
        way=("b1", "b2", "b3", "b5", "b6", "b7", "b8"),
    )
    assert found.walks[0].age_days(date(2024, 3, 31)) == 31


async def test_numbers_that_are_only_stated_are_not_added() -> None:
    parent = ticket("1", 4, passed_to=passed("2"))
    child = ticket("2", 4, parent="1")  # may count the same steps
    assert told(await walks(Listing(parent), Listing(child))) == [("2", 4)]


async def test_what_is_listed_after_the_last_word_of_a_number_is_added_to_it() -> None:
    """One system states that it was forwarded four times, the next one lists its own steps. A
    step within three days of that word may be in the number already, and is not added."""
    word = date(2026, 4, 30)
    parent = ticket("1", 4, passed_to=passed("2"), status_on=word)
    child = ticket("2", 0, parent="1", created_on=word, forwards=steps(2, 5, 6, 7))
    assert told(await walks(Listing(parent), Listing(child))) == [("2", 6)]
    late = child._replace(created_on=date(2026, 6, 15))
    assert told(await walks(Listing(parent), Listing(late))) == [("2", 5)]
    undated = parent._replace(status_on=None)
    assert told(await walks(Listing(undated), Listing(child))) == [("2", 4)]
    # what lists all of its steps is not counted by number and by steps
    listed = parent._replace(forwards=steps(1, 2, 3, 4))
    assert told(await walks(Listing(listed), Listing(child))) == [("2", 7)]


async def test_what_is_closed_calls_for_nobody() -> None:
    closed = ticket("1", 5, status="explained")
    child = ticket("3", 2, parent="2", status="done", kind="service_request")
    parent = ticket("2", 4, passed_to=passed("3", "service_request"))
    found = Listing(closed, parent, child, ticket("4", 3))
    assert told(await walks(found)) == [("4", 3)]
    assert told(await walks(found, ended=True)) == [("1", 5), ("3", 4), ("4", 3)]


async def test_who_has_how_many_is_counted_over_all() -> None:
    akimat, tax = directory()["almaty-akimat"], directory()["tax-shymkent"]
    registry = Listing(
        ticket("1", 3, body=tax), ticket("2", 9, body=akimat), ticket("3", 3, body=tax),
        ticket("4", 3), ticket("5", 2, body=akimat),
    )  # fmt: skip
    found = await walks(registry, limit=1)
    assert found.by_body == ((tax, 2), (akimat, 1), (None, 1))


async def test_the_way_names_the_bodies_it_went_round() -> None:
    day = date(2026, 5, 1)
    there, back, on = (
        Forward(day.replace(month=month), *pair)
        for month, pair in ((5, ("a", "b")), (6, ("b", "a")), (7, (None, "c")))
    )
    (walk,) = (await walks(Listing(ticket("1", 3, forwards=(there, back, on))))).walks
    assert walk.way == ("a", "b", "a", "c")
    many = tuple(
        Forward(date(2025, 1, 1) + timedelta(days=n), f"b{n}", f"b{n + 1}") for n in range(99)
    )
    (walk,) = (await walks(Listing(ticket("1", 99, forwards=many)))).walks
    assert (len(walk.way), walk.way[-1]) == (WAY_MAX, "b99")


async def test_two_tickets_opened_for_one_are_walks_of_their_own() -> None:
    parent = ticket("1", 2, passed_to=passed("2"), forwards=steps(1, 2))
    one, other = (
        ticket(number, 2, parent="1", forwards=steps(6, month))
        for number, month in (("2", 7), ("3", 8))
    )
    assert set(told(await walks(Listing(parent, one, other)))) == {("2", 4), ("3", 4)}


async def test_a_chain_ends_in_the_ticket_that_was_opened_last() -> None:
    parent = ticket("1", 3, passed_to=passed("2"))
    child = ticket("2", 0, parent="1", status="in_review")
    (walk,) = (await walks(Listing(parent), Listing(child))).walks
    assert (walk.number, walk.status, walk.forwards) == ("2", "in_review", 3)


async def test_a_ticket_joined_to_another_did_not_come_from_it() -> None:
    joined = ticket("2", 2, parent="1", joined_to="1", status="joined")
    assert told(await walks(Listing(ticket("1", 2), joined))) == []


async def test_a_parent_of_another_kind_with_the_same_number_is_told_apart() -> None:
    of_this = ticket("1", 1, kind="crime_report", passed_to=passed("2", "investigation"))
    stranger = ticket("1", 7, kind="appeal")
    child = ticket("2", 2, kind="investigation", parent="1", forwards=steps(4, 5))
    of_this = of_this._replace(forwards=steps(1))
    found = await walks(Listing(stranger, of_this, child))
    assert told(found) == [("1", 7), ("2", 3)]


async def test_an_unknown_parent_or_child_ends_the_chain() -> None:
    alone = ticket("1", 3, parent="7", passed_to=passed("9"))
    assert told(await walks(Listing(alone))) == [("1", 3)]


async def test_a_circle_of_parents_comes_to_an_end() -> None:
    one = ticket("1", 2, parent="2", passed_to=passed("2"))
    other = ticket("2", 2, parent="1", passed_to=passed("1"))
    found = await walks(Listing(one, other), at_least=2)
    assert (found.total, [walk.forwards for walk in found.walks]) == (1, [2])


async def test_an_endless_chain_is_followed_so_far_and_no_further() -> None:
    chain = [ticket("0", 0, passed_to=passed("1"))]
    chain += [
        ticket(str(n), 0, parent=str(n - 1), passed_to=passed(str(n + 1))) for n in range(1, 50)
    ]
    chain[0] = chain[0]._replace(forward_count=3)
    (walk,) = (await walks(Listing(*chain))).walks
    assert len(walk.chain) == CHAIN_MAX + 1


async def test_of_many_only_the_worst_are_told_and_all_are_counted() -> None:
    registry = Listing(*(ticket(str(n), n) for n in range(1, 40)), page_size=7)
    found = await walks(registry, at_least=10, limit=3)
    assert [walk.forwards for walk in found.walks] == [39, 38, 37]
    assert found.total == 30


async def test_a_ticket_without_a_date_of_filing_has_no_age_and_comes_after_the_old() -> None:
    undated = ticket("1", 3, first_filed_on=None, created_on=None)
    found = await walks(Listing(undated, ticket("2", 3)))
    assert told(found) == [("2", 3), ("1", 3)]
    assert found.walks[1].age_days(date(2026, 3, 31)) is None


async def test_where_nobody_tells_the_first_filing_it_began_when_it_was_registered() -> None:
    parent = ticket("1", 3, passed_to=passed("2"), first_filed_on=None)
    child = ticket("2", parent="1", first_filed_on=None, created_on=date(2026, 5, 1))
    (walk,) = (await walks(Listing(parent), Listing(child))).walks
    assert walk.first_filed_on == FILED


@pytest.mark.parametrize(("at_least", "limit"), [(1, 9), (3, 0)])
async def test_one_forwarding_is_no_walk_and_no_limit_no_list(at_least: int, limit: int) -> None:
    with pytest.raises(ValueError, match="2 forwardings or more"):
        await walks(Listing(), at_least=at_least, limit=limit)
