"""One operator's rows, read apart from those of the others, on every engine."""

from __future__ import annotations

import pytest

from gateway.store import Journal
from gateway.store import sqlite_reader as reading
from tests.support.legs import leg
from tests.support.months import Asked, answered_late, asked, at_us, store

DAY = 20261120
FROM_US, TO_US = at_us("2026-12-01 00:00"), at_us("2026-12-11 00:00")


@pytest.fixture
async def journal(store: Journal) -> Journal:
    return store


@pytest.fixture(params=[1, 2, 250])
def page_rows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("PAGE_ROWS", "OTHERS_ROWS"):
        monkeypatch.setattr(reading, limit, request.param)


def mixed(*operators: str) -> list[Asked]:
    """A question of each, one a minute; the parties are numbered from 0."""
    return [
        asked(f"2026-11-20 10:{n:02}", operator=operator, party=f"party{n}")
        for n, operator in enumerate(operators)
    ]


async def read(journal: Journal, operator: str | None, parties: str | None = None) -> list[str]:
    """The parties; `parties`: of other operators, those of these numbers are wanted."""
    others = None if parties is None else lambda party: party[-1] in parties
    found = [each async for each in journal.chains(DAY, DAY, operator, others)]
    assert [each.question_id for each in found] == sorted(each.question_id for each in found)
    return [each.party[-1] for each in found]


@pytest.mark.usefixtures("page_rows")
async def test_the_questions_of_one_operator_are_read_alone(journal: Journal) -> None:
    await store(journal, *mixed("south", "north", "north", "south", "west", "north", "south"))
    assert await read(journal, "north") == ["1", "2", "5"]
    assert await read(journal, "south") == ["0", "3", "6"]
    assert await read(journal, "nobody") == []
    assert await read(journal, None) == list("0123456")


@pytest.mark.usefixtures("page_rows")
async def test_of_other_operators_the_phones_that_are_asked_for_are_read_too(
    journal: Journal,
) -> None:
    await store(journal, *mixed("south", "north", "north", "south", "west", "north", "south"))
    assert await read(journal, "north", "34") == ["1", "2", "3", "4", "5"]
    assert await read(journal, "north", "06") == ["0", "1", "2", "5", "6"]
    assert await read(journal, "north", "") == ["1", "2", "5"]
    assert await read(journal, "nobody", "2") == ["2"]


async def test_an_id_that_no_journal_can_hold_is_of_no_question(journal: Journal) -> None:
    for question_id in (0, -1, 2**63, -(2**63), 10**30):
        assert await journal.chain(question_id) is None


async def test_whoever_has_no_operator_in_mind_reads_all_phones(journal: Journal) -> None:
    await store(journal, *mixed("south", "north"))
    assert await read(journal, None, "") == ["0", "1"]


async def test_a_chain_read_apart_comes_whole(journal: Journal) -> None:
    await store(journal, *mixed("south", "north"))
    every = [each async for each in journal.chains(DAY, DAY)]
    apart = [each async for each in journal.chains(DAY, DAY, "north")]
    beside = [each async for each in journal.chains(DAY, DAY, "north", lambda _: True)]
    assert apart == every[1:]
    assert beside == every


@pytest.mark.usefixtures("page_rows")
async def test_what_was_booked_late_is_read_by_operator(journal: Journal) -> None:
    late = [
        asked(f"2026-11-20 11:{n:02}", "promised", operator=operator)
        for n, operator in enumerate(("north", "south", "north", "south", "south"))
    ]
    await store(journal, *late)
    await journal.take([], [answered_late(each, "2026-12-05 09:00") for each in late])

    async def booked(operator: str | None) -> list[int]:
        found = journal.chains_booked(20261201, FROM_US, TO_US, operator)
        return [each.question_id async for each in found]

    ids = [each.question.id for each in late]
    assert await booked("north") == [ids[0], ids[2]]
    assert await booked("south") == [ids[1], ids[3], ids[4]]
    assert await booked("nobody") == []
    assert await booked(None) == ids


@pytest.mark.usefixtures("page_rows")
async def test_legs_are_read_by_the_link_they_came_by(journal: Journal) -> None:
    legs = [leg(n, link="1414" if n % 3 else "8800") for n in range(1, 7)]
    await journal.open_legs(legs)

    async def read_legs(link: str | None) -> list[int]:
        found = journal.call_legs(legs[0].day, legs[0].day, link)
        return [trace.leg.id // 1000 async for trace in found]

    assert await read_legs("1414") == [1, 2, 4, 5]
    assert await read_legs("8800") == [3, 6]
    assert await read_legs("nobody") == []
    assert await read_legs(None) == [1, 2, 3, 4, 5, 6]


async def test_who_brought_questions_is_told_once_each(journal: Journal) -> None:
    await store(journal, *mixed("south", "north", "south"), asked("2026-11-21 10:00"))
    assert await journal.operators(DAY, DAY) == ["north", "south"]
    assert await journal.operators(20261121, 20261121) == ["north"]
    assert await journal.operators(20261101, 20261102) == []
