from __future__ import annotations

import asyncio
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookup.federation import Lookup
from lookup.status import Found, NotFound, Partial, TicketRecord, Unavailable, Wanted
from tests.support.records import ticket
from tests.support.sources import ScriptedSource

REPORT = ticket(kind="crime_report", number="263100030000001")
CASE = ticket(kind="investigation", number="263100030000001")
EITHER = Wanted("263100030000001", ("crime_report", "investigation"))
APPEAL = ticket(number="061200000012345678")
AN_APPEAL = Wanted("061200000012345678", ("appeal",))


async def test_one_source_that_knows_everything_answers_in_the_order_wanted() -> None:
    source = ScriptedSource("registry", APPEAL, REPORT)
    unknown = Wanted("1", ("appeal",))
    statuses = await Lookup([source]).find_many([EITHER, unknown, AN_APPEAL])
    assert statuses == [Found((REPORT,)), NotFound(), Found((APPEAL,))]
    assert source.asked == [[EITHER, unknown, AN_APPEAL]]


async def test_asking_nothing_asks_nobody() -> None:
    source = ScriptedSource("registry")
    assert await Lookup([source]).find_many([]) == []
    assert source.asked == []


@pytest.mark.parametrize("more", [0, 1])
async def test_a_ticket_of_a_kind_not_asked_for_is_not_told(more: int) -> None:
    lookup = Lookup([ScriptedSource("registry", CASE), *[ScriptedSource("other")] * more])
    wanted = Wanted(CASE.number, ("crime_report",))
    assert await lookup.find_many([wanted]) == [NotFound()]


@pytest.mark.parametrize("tickets", [(REPORT, CASE), (CASE, REPORT)])
async def test_several_kinds_of_one_number_come_in_the_order_asked(
    tickets: tuple[TicketRecord, ...],
) -> None:
    lookup = Lookup([ScriptedSource("registry", *tickets)])
    turned = Wanted(EITHER.number, ("investigation", "crime_report"))
    assert await lookup.find_many([EITHER, turned]) == [
        Found((REPORT, CASE)),
        Found((CASE, REPORT)),
    ]


async def test_each_source_is_asked_once_and_only_for_its_kinds() -> None:
    kui = ScriptedSource("kui", REPORT, kinds=["crime_report"])
    erdr = ScriptedSource("erdr", kinds=["investigation"])
    aikyn = ScriptedSource("aikyn", APPEAL, kinds=["appeal"])
    statuses = await Lookup([kui, erdr, aikyn]).find_many([EITHER, AN_APPEAL, AN_APPEAL])
    assert statuses == [Found((REPORT,)), Found((APPEAL,)), Found((APPEAL,))]
    assert kui.asked == [[EITHER]]
    assert erdr.asked == [[EITHER]]
    assert aikyn.asked == [[AN_APPEAL, AN_APPEAL]]


async def test_sources_are_asked_at_the_same_time() -> None:
    kui = ScriptedSource("kui", REPORT, kinds=["crime_report"])
    erdr = ScriptedSource("erdr", CASE, kinds=["investigation"])
    kui.gate = erdr.gate = asyncio.Event()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        asking = group.create_task(Lookup([kui, erdr]).find_many([EITHER]))
        await kui.entered.wait()
        await erdr.entered.wait()
        kui.gate.set()
    assert asking.result() == [Found((REPORT, CASE))]


async def test_not_found_is_never_said_while_a_source_that_could_know_is_silent() -> None:
    kui = ScriptedSource("kui", kinds=["crime_report"])
    erdr = ScriptedSource("erdr", kinds=["investigation"])
    erdr.fail()
    only_reports = Wanted("1", ("crime_report",))
    statuses = await Lookup([kui, erdr]).find_many([EITHER, only_reports])
    assert statuses == [Unavailable(("erdr",)), NotFound()]


async def test_what_one_source_found_is_partial_while_another_is_silent() -> None:
    kui = ScriptedSource("kui", REPORT, kinds=["crime_report"])
    erdr = ScriptedSource("erdr", kinds=["investigation"])
    erdr.fail()
    assert await Lookup([kui, erdr]).find_many([EITHER]) == [Partial((REPORT,), ("erdr",))]


async def test_a_sole_silent_source_is_unavailable() -> None:
    source = ScriptedSource("registry", APPEAL)
    source.fail()
    assert await Lookup([source]).find_many([AN_APPEAL]) == [Unavailable(("registry",))]


@pytest.mark.parametrize("more", [0, 1])
async def test_what_a_source_answered_before_it_failed_counts(more: int) -> None:
    source = ScriptedSource("registry")
    known_absent = Wanted("1", ("appeal",))
    source.fail(answered={AN_APPEAL: (APPEAL,), known_absent: ()})
    lookup = Lookup([source, *[ScriptedSource("other")] * more])
    statuses = await lookup.find_many([AN_APPEAL, known_absent, EITHER])
    assert statuses == [Found((APPEAL,)), NotFound(), Unavailable(("registry",))]


async def test_a_number_no_source_serves_is_unavailable_not_absent() -> None:
    lookup = Lookup([ScriptedSource("aikyn", kinds=["appeal"])])
    assert await lookup.find_many([EITHER]) == [Unavailable(())]
    assert await Lookup([]).find_many([EITHER]) == [Unavailable(())]


@pytest.mark.parametrize("also_right", [False, True])
async def test_a_source_that_answers_with_another_number_is_not_believed(
    also_right: bool,
) -> None:
    another = APPEAL._replace(number="061200000012345686")
    source = ScriptedSource("mixed")
    source.always = (APPEAL, another) if also_right else (another,)
    assert await Lookup([source]).find_many([AN_APPEAL]) == [Unavailable(("mixed",))]


async def test_of_two_sources_of_one_kind_the_first_is_believed() -> None:
    late = APPEAL._replace(status="satisfied")
    lookup = Lookup([ScriptedSource("first", late), ScriptedSource("second", APPEAL)])
    assert await lookup.find_many([AN_APPEAL]) == [Found((late,))]


async def test_giving_up_gives_up_every_source() -> None:
    sources = [ScriptedSource(name) for name in ("a", "b")]
    for source in sources:
        source.gate = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(Lookup(sources).find_many([AN_APPEAL]))
        for source in sources:
            await source.entered.wait()
        asking.cancel()
    assert [source.in_flight for source in sources] == [0, 0]


async def test_health_and_closing_reach_every_source() -> None:
    sources = [ScriptedSource("a"), ScriptedSource("b")]
    sources[1].fail()
    lookup = Lookup(sources)
    assert [(one.source, one.answering) for one in await lookup.health()] == [
        ("a", True),
        ("b", False),
    ]
    await lookup.close()
    assert [source.closed for source in sources] == [1, 1]


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=4))
@settings(deadline=None, max_examples=50)
def test_the_four_outcomes_follow_from_who_answered_and_who_knew(
    states: list[tuple[bool, bool]],
) -> None:
    sources = [
        ScriptedSource(f"s{index}", *([APPEAL] if knows else []))
        for index, (knows, _) in enumerate(states)
    ]
    for source, (_, silent) in zip(sources, states, strict=True):
        if silent:
            source.fail()
    (status,) = asyncio.run(Lookup(sources).find_many([AN_APPEAL]))
    found = any(knows and not silent for knows, silent in states)
    silent_names = tuple(f"s{index}" for index, (_, silent) in enumerate(states) if silent)
    expected = {
        (True, False): Found((APPEAL,)),
        (True, True): Partial((APPEAL,), silent_names),
        (False, False): NotFound(),
        (False, True): Unavailable(silent_names),
    }
    assert set(expected) == set(product([True, False], repeat=2))
    assert status == expected[found, bool(silent_names)]
