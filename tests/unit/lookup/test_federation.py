from __future__ import annotations

import asyncio
from datetime import date
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookup.compare import Contradiction
from lookup.federation import Lookup
from lookup.guard import Guarded, GuardLimits
from lookup.status import (
    FineFacts,
    Forward,
    Found,
    NotFound,
    Partial,
    Status,
    TicketRecord,
    Unavailable,
    Wanted,
)
from tests.support.records import ticket
from tests.support.sources import ScriptedSource

REPORT = ticket(kind="crime_report", number="263100030000001")
CASE = ticket(kind="investigation", number="263100030000001")
EITHER = Wanted("263100030000001", ("crime_report", "investigation"))
APPEAL = ticket(number="061200000012345678")
AN_APPEAL = Wanted("061200000012345678", ("appeal",))
SHORT_S = 0.02
LONG_S = 5.0  # only a hung test meets it


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
async def test_a_day_that_stands_for_none_is_not_told(more: int) -> None:
    empty = APPEAL._replace(due_on=date(1900, 1, 1), first_filed_on=date(1970, 1, 1))
    lookup = Lookup([ScriptedSource("registry", empty), *[ScriptedSource("other")] * more])
    (status,) = await lookup.find_many([AN_APPEAL])
    told = APPEAL._replace(due_on=None, due_basis=None, first_filed_on=None)
    assert status == Found((told,))


async def test_a_day_that_stands_for_none_contradicts_nobody() -> None:
    fine = ticket(kind="fine", number="197500000431233", status="paid")
    facts = FineFacts(20_000, paid_amount=20_000, paid_on=date(2026, 11, 1))
    paid = fine._replace(fine=facts)
    empty = paid._replace(fine=facts._replace(bailiff_since=date(2999, 12, 31)))
    seen: list[Contradiction] = []
    lookup = Lookup([ScriptedSource("registry", empty)], on_contradiction=seen.append)
    assert await lookup.find_many([Wanted(fine.number, ("fine",))]) == [Found((paid,))]
    assert seen == []


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


# -- several systems, one ticket

PAID = ticket(
    kind="fine",
    number="197500000431233",
    source="treasury",
    status="paid",
    status_on=date(2026, 9, 3),
    fine=FineFacts(amount=100, paid_amount=100, paid_on=date(2026, 9, 3)),
)
ENFORCED = ticket(
    kind="fine",
    number="197500000431233",
    source="aisoip",
    status="bailiff",
    status_on=date(2026, 10, 28),
    fine=FineFacts(bailiff_since=date(2026, 10, 28)),
)
A_FINE = Wanted("197500000431233", ("fine",))


@pytest.mark.parametrize(
    "sources", [[(PAID, ENFORCED)], [(PAID,), (ENFORCED,)], [(ENFORCED,), (PAID,)]]
)
async def test_two_views_of_one_fine_are_told_as_one_and_their_conflict_once(
    sources: list[tuple[TicketRecord, ...]],
) -> None:
    told: list[Contradiction] = []
    lookup = Lookup(
        [ScriptedSource(f"s{at}", *tickets) for at, tickets in enumerate(sources)],
        on_contradiction=told.append,
    )
    (status,) = await lookup.find_many([A_FINE])
    assert isinstance(status, Found)
    (fine,) = status.tickets
    assert (fine.status, fine.conflict) == ("paid_but_enforced", "paid_but_enforced")
    assert told == [
        Contradiction("fine", A_FINE.number, "paid_but_enforced", ("aisoip", "treasury"))
    ]


async def test_a_fine_that_contradicts_itself_is_told_so_and_one_that_does_not_is_left() -> None:
    told: list[Contradiction] = []
    both = PAID._replace(fine=PAID.fine._replace(bailiff_since=date(2026, 10, 28)))  # type: ignore[union-attr]  # it has facts
    for record, conflict in ((both, "paid_but_enforced"), (PAID, None)):
        lookup = Lookup([ScriptedSource("erap", record)], on_contradiction=told.append)
        (status,) = await lookup.find_many([A_FINE])
        assert status == Found((record._replace(conflict=conflict),))
    assert [each.rule for each in told] == ["paid_but_enforced"]


async def test_forwards_are_counted_over_all_sources() -> None:
    one = APPEAL._replace(
        source="aikyn", forward_count=1, forwards=(Forward(date(2026, 11, 1), "a", "b"),)
    )
    other = APPEAL._replace(
        source="police", forward_count=1, forwards=(Forward(date(2026, 11, 9), "b", "a"),)
    )
    (status,) = await Lookup(
        [ScriptedSource("aikyn", one), ScriptedSource("police", other)]
    ).find_many([AN_APPEAL])
    assert isinstance(status, Found)
    assert (status.tickets[0].forward_count, len(status.tickets[0].forwards)) == (2, 2)


async def test_of_two_views_one_is_partial_while_the_other_source_is_silent() -> None:
    bailiffs = ScriptedSource("bailiffs", ENFORCED)
    bailiffs.fail()
    statuses = await Lookup([ScriptedSource("treasury", PAID), bailiffs]).find_many([A_FINE])
    assert statuses == [Partial((PAID,), ("bailiffs",))]


# -- time


def hanging(name: str, *kinds: str) -> ScriptedSource:
    source = ScriptedSource(name, kinds=kinds)
    source.gate = asyncio.Event()
    return source


@pytest.mark.parametrize("hurried", [False, True])
async def test_a_source_that_hangs_takes_nothing_from_what_others_answered(hurried: bool) -> None:
    registry = ScriptedSource("registry", APPEAL, REPORT)
    slow = hanging("erdr", "investigation")
    statuses = await Lookup([registry, slow]).find_many(
        [AN_APPEAL, EITHER], within_s=SHORT_S, hurried=hurried
    )
    late: Status = (
        Unavailable(("erdr",), pending=True) if hurried else Partial((REPORT,), ("erdr",))
    )
    assert statuses == [Found((APPEAL,)), late]
    assert slow.in_flight == 0


@pytest.mark.parametrize("hurried", [False, True])
async def test_a_sole_source_that_hangs_is_silent_in_time(hurried: bool) -> None:
    statuses = await Lookup([hanging("registry", "*")]).find_many(
        [AN_APPEAL], within_s=SHORT_S, hurried=hurried
    )
    assert statuses == [Unavailable(("registry",), pending=hurried)]


async def test_a_source_that_refused_is_not_waited_for_again() -> None:
    registry, erdr = ScriptedSource("registry", REPORT), ScriptedSource("erdr")
    erdr.fail()
    statuses = await Lookup([registry, erdr]).find_many([EITHER], within_s=LONG_S, hurried=True)
    assert statuses == [Partial((REPORT,), ("erdr",))]


async def test_those_in_a_hurry_do_not_wait_for_a_source_known_to_be_slow() -> None:
    loop = asyncio.get_running_loop()
    slow = hanging("erdr", "investigation")
    guarded = Guarded(
        slow, clock=loop.time, limits=GuardLimits(prompt_ms=0, cache_ttl_s=0, apart=True)
    )
    lookup = Lookup([ScriptedSource("registry", APPEAL, REPORT), guarded])
    async with asyncio.timeout(LONG_S), asyncio.TaskGroup() as group:
        home = group.create_task(guarded.run())
        await asyncio.sleep(0)
        first = group.create_task(lookup.find_many([EITHER], within_s=LONG_S, hurried=True))
        await slow.entered.wait()
        assert guarded.slow
        # this one sets nothing out: what it asks is on its way already, and it is not waited for
        assert await lookup.find_many([EITHER, AN_APPEAL], within_s=LONG_S, hurried=True) == [
            Unavailable(("erdr",), pending=True),
            Found((APPEAL,)),
        ]
        assert slow.asked == [[EITHER]]
        assert slow.gate is not None
        slow.gate.set()
        assert await first == [Found((REPORT,))]
        home.cancel()


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


@pytest.mark.parametrize("beside", [0, 1])
async def test_what_goes_from_body_to_body_elsewhere_is_told_of_when_asked(beside: int) -> None:
    """Of a registry nothing is: it can be read from end to end."""
    walked = APPEAL._replace(forward_count=2, source="kui")
    once = REPORT._replace(forward_count=1, source="kui")
    seen: list[tuple[TicketRecord, tuple[str, ...]]] = []

    def looked_up(*, apart: bool) -> Lookup:
        guarded = Guarded(
            ScriptedSource("police", walked, once),
            clock=asyncio.get_running_loop().time,
            limits=GuardLimits(apart=apart),
        )
        others = [ScriptedSource("registry")] * beside
        return Lookup([guarded, *others], on_walk=lambda *told: seen.append(told))

    for apart in (False, True):
        statuses = await looked_up(apart=apart).find_many([AN_APPEAL, EITHER])
        assert statuses == [Found((walked,)), Found((once,))]
        assert seen == ([(walked, ("kui",))] if apart else [])


async def test_steps_of_a_registry_and_of_a_system_elsewhere_make_one_walk() -> None:
    steps = (Forward(date(2026, 3, 1), "a", "b"), Forward(date(2026, 8, 1), "b", "a"))
    here, there = (
        APPEAL._replace(forwards=(step,), forward_count=1, source=source)
        for step, source in zip(steps, ("aikyn", "kui"), strict=True)
    )
    seen: list[tuple[int, tuple[str, ...]]] = []
    guarded = Guarded(
        ScriptedSource("police", there),
        clock=asyncio.get_running_loop().time,
        limits=GuardLimits(apart=True),
    )
    lookup = Lookup(
        [ScriptedSource("registry", here), guarded],
        on_walk=lambda ticket, sources: seen.append((ticket.forward_count, sources)),
    )
    await lookup.find_many([AN_APPEAL])
    assert seen == [(2, ("aikyn", "kui"))]
