"""The journal's contract, of calls: their legs, their records, who waits to be called."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.call_records import (
    CLOSING,
    RESTATED,
    CallBackState,
    CallBegun,
    CallTrace,
)
from gateway.store import Journal, StoreDataError
from gateway.store.limits import (
    CALL_BACK_DONE_US,
    CALL_BACK_OPEN_US,
    CALL_BACK_TAKEN_US,
    MSISDN_US,
    PAGE_ROWS,
)
from tests.support.journal import (
    AT,
    DAY,
    HOUR,
    MINUTE,
    TODAY,
    SqliteEngine,
    answer,
    question,
)
from tests.support.legs import leg, record, waiting


async def legs(store: Journal, day_from: int = TODAY, day_to: int = TODAY) -> list[CallTrace]:
    return [trace async for trace in store.call_legs(day_from, day_to)]


# -- legs and records


async def test_a_leg_is_kept_with_all_that_is_known_of_it(store: Journal) -> None:
    assert await store.open_legs([leg()]) == {leg().id}
    assert await store.find_leg("1414", "CA0001", "caller") == CallTrace(leg(), ())
    assert await legs(store) == [CallTrace(leg(), ())]


async def test_a_leg_opened_again_stays_as_it_was(store: Journal) -> None:
    await store.open_legs([leg()])
    again = leg(id=5, called="8800", started_us=AT + HOUR)
    assert await store.open_legs([again, leg(2)]) == {leg(2).id}
    assert await legs(store) == [CallTrace(leg(), ()), CallTrace(leg(2), ())]


async def test_two_that_open_one_leg_at_once_open_it_once(store: Journal) -> None:
    first, second = await asyncio.gather(store.open_legs([leg()]), store.open_legs([leg(id=1500)]))
    assert (first, second) == ({leg().id}, frozenset())


async def test_a_call_that_begins_hears_what_is_remembered_of_its_phone(store: Journal) -> None:
    asked = question(1)
    await store.take([asked], [answer(asked)])
    stranger, known = leg(2), leg(1, party=asked.party)
    begun = [store.begin_call(each) for each in (stranger, known, known._replace(id=5))]
    assert await asyncio.gather(*begun) == [
        CallBegun(written=True, facts=None),
        CallBegun(written=True, facts='{"language":"kk"}'),
        CallBegun(written=False, facts='{"language":"kk"}'),
    ]
    assert {trace.leg.id for trace in await legs(store)} == {stranger.id, known.id}


async def test_a_phone_of_which_only_the_number_is_known_is_remembered_for_nothing(
    store: Journal,
) -> None:
    await store.open_legs([leg()])
    assert await store.begin_call(leg(2, party=leg().party)) == CallBegun(True, None)


async def test_a_record_closes_its_leg_and_keeps_all_its_fields(store: Journal) -> None:
    await store.open_legs([leg()])
    closing_ = record(leg(), platform_s=61)
    assert await store.close_legs([closing_]) == {closing_.id}
    assert await legs(store) == [CallTrace(leg(), (closing_,))]


async def test_a_leg_that_was_never_opened_is_opened_by_its_record(store: Journal) -> None:
    of = leg(leg="operator")
    await store.close_legs([record(of)])
    assert await store.find_leg("1414", "CA0001", "operator") == CallTrace(of, (record(of),))


async def test_the_first_record_counts_whoever_it_is_from(store: Journal) -> None:
    await store.open_legs([leg()])
    await store.close_legs([record(leg(), 1, closed_by="reaper", outcome="reaped")])
    assert await store.close_legs([record(leg(), 2)]) == frozenset()
    (trace,) = await legs(store)
    assert [kept.closed_by for kept in trace.records] == ["reaper"]


async def test_of_two_that_close_a_leg_at_once_one_has_done_it(store: Journal) -> None:
    await store.open_legs([leg()])
    heard = await asyncio.gather(
        *(store.close_legs([record(leg(), n, platform_s=9)]) for n in range(1, 6))
    )
    assert sum(map(len, heard)) == 1
    (trace,) = await legs(store)
    assert len(trace.records) == 1


async def test_the_platforms_seconds_that_come_later_restate_the_record_once(
    store: Journal,
) -> None:
    await store.open_legs([leg()])
    await store.close_legs([record(leg(), 1)])
    late = record(leg(), 2, platform_s=58, closed_by="callback")
    assert await store.close_legs([late]) == {late.id}
    assert await store.close_legs([record(leg(), 3, platform_s=59)]) == frozenset()
    (trace,) = await legs(store)
    assert [(one.number, one.platform_s) for one in trace.records] == [(0, None), (1, 58)]
    assert trace.last == late._replace(number=RESTATED)


async def test_both_in_one_transaction_are_a_record_and_its_restatement(store: Journal) -> None:
    told = [record(leg(), 1), record(leg(), 2, platform_s=58), record(leg(), 3, platform_s=58)]
    assert await store.close_legs(told) == {told[0].id, told[1].id}
    (trace,) = await legs(store)
    assert [one.number for one in trace.records] == [CLOSING, RESTATED]


async def test_a_restatement_has_the_times_of_the_record_it_restates(store: Journal) -> None:
    first = record(leg(), 1)
    late = record(leg(), 2, platform_s=58)
    moved = late._replace(
        answered_us=None, ended_us=late.ended_us + MINUTE, measured_s=late.measured_s + 60
    )
    for told in (first, moved):
        await store.close_legs([told])
    (trace,) = await legs(store)
    assert trace.records == (first, late._replace(number=RESTATED))


async def test_a_record_with_the_platforms_seconds_is_never_restated(store: Journal) -> None:
    await store.close_legs([record(leg(), 1, platform_s=58)])
    assert await store.close_legs([record(leg(), 2, platform_s=3)]) == frozenset()


async def test_both_legs_of_a_call_have_records_of_their_own(store: Journal) -> None:
    spoken = leg(2, call_id="CA0001", leg="operator", party="party1", msisdn=leg().msisdn)
    await store.close_legs([record(leg()), record(spoken)])
    assert [trace.leg.leg for trace in await legs(store)] == ["caller", "operator"]


async def test_one_call_id_on_two_links_is_two_calls(store: Journal) -> None:
    await store.open_legs([leg(), leg(2, call_id="CA0001", link="8800")])
    assert len(await legs(store)) == 2


async def test_open_legs_are_those_without_a_record_begun_before_a_time(store: Journal) -> None:
    await store.open_legs([leg(n) for n in range(1, 6)])
    await store.close_legs([record(leg(2))])
    first = await store.open_calls(leg(5).started_us, 0, 2)
    rest = await store.open_calls(leg(5).started_us, first[-1].id, 10)
    assert [one.id for one in (*first, *rest)] == [leg(n).id for n in (1, 3, 4)]


async def test_a_closed_leg_told_open_again_stays_closed(store: Journal) -> None:
    await store.close_legs([record(leg())])
    await store.open_legs([leg(), leg(id=1500)])
    assert await store.open_calls(AT + DAY, 0, 10) == []


async def test_legs_are_read_by_days_and_in_the_order_of_their_ids(store: Journal) -> None:
    await store.open_legs([leg(2), leg(1), leg(3, day=TODAY + 1), leg(4, day=TODAY - 1)])
    assert [trace.leg.id for trace in await legs(store)] == [leg(1).id, leg(2).id]
    assert len(await legs(store, TODAY - 1, TODAY + 1)) == 4
    assert await legs(store, TODAY + 5, TODAY + 9) == []


async def test_more_legs_than_a_page_are_all_read(store: Journal) -> None:
    count = PAGE_ROWS + 1
    await store.close_legs([record(leg(n)) for n in range(1, count + 1)])
    assert [len(trace.records) for trace in await legs(store)] == [1] * count


async def test_nothing_is_known_of_a_call_that_nobody_told_of(store: Journal) -> None:
    assert await store.find_leg("1414", "CA0001", "caller") is None
    assert await store.open_legs([]) == await store.close_legs([]) == frozenset()


async def test_a_hidden_caller_leaves_no_phone(store: Journal) -> None:
    hidden = leg(msisdn="")
    await store.open_legs([hidden])
    assert await store.subscribers(["party1"]) == {}
    assert await legs(store) == [CallTrace(hidden, ())]


async def test_a_callers_phone_is_erased_in_time_and_the_record_stays(store: Journal) -> None:
    await store.close_legs([record(leg())])
    await store.purge(leg().started_us + MSISDN_US)
    (trace,) = await legs(store)
    assert (trace.leg.msisdn, trace.leg.party) == ("", "party1")
    assert trace.records[0].leg == trace.leg


async def test_ids_of_calls_are_not_given_again(store: Journal) -> None:
    await store.open_legs([leg(5)])
    assert await store.highest_id() == leg(5).id
    await store.close_legs([record(leg(5), 7)])
    assert await store.highest_id() == leg(5).id + 7
    await store.keep_call_back(waiting(9), 10)
    assert await store.highest_id() == waiting(9).id


async def test_what_is_open_survives_a_restart(engine: SqliteEngine) -> None:
    store = await engine.open()
    await store.open_legs([leg(1), leg(2)])
    await store.close_legs([record(leg(1))])
    await store.close()
    store = await engine.open()
    assert [one.id for one in await store.open_calls(AT + DAY, 0, 10)] == [leg(2).id]


@pytest.mark.parametrize("table", ["call_leg", "call_record"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET id = id + 1"])
async def test_no_row_of_a_call_can_be_changed_or_removed(
    engine: SqliteEngine, table: str, change: str
) -> None:
    store = await engine.open()
    await store.close_legs([record(leg())])
    await store.close()
    with (
        closing(sqlite3.connect(engine.path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="never"),
    ):
        connection.execute(change.format(table))


Said = tuple[int, str, int | None]  # leg, by whom, the platform's seconds


@settings(max_examples=25, deadline=None)
@given(
    said=st.lists(
        st.tuples(
            st.integers(1, 3),
            st.sampled_from(["hangup", "callback", "reaper"]),
            st.one_of(st.none(), st.integers(0, 99)),
        ),
        max_size=12,
    ),
    together=st.booleans(),
)
def test_whatever_is_said_of_legs_each_has_one_record_and_at_most_one_restatement(
    said: Sequence[Said], together: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    base = tmp_path_factory.getbasetemp()
    folder = tmp_path_factory.mktemp("calls")

    async def play() -> list[CallTrace]:
        engine = SqliteEngine(folder, base / "sqlite.made")
        store = await engine.open()
        rows = [
            record(leg(n), at, closed_by=by, platform_s=seconds)
            for at, (n, by, seconds) in enumerate(said, start=1)
        ]
        calls = [store.close_legs([row]) for row in rows]
        if together:
            await asyncio.gather(*calls)
        else:
            for call in calls:
                await call
        found = await legs(store)
        await engine.close()
        return found

    found = asyncio.run(play())
    assert {trace.leg.id // 1000 for trace in found} == {n for n, _, _ in said}
    for trace in found:
        of = [(by, seconds) for n, by, seconds in said if n == trace.leg.id // 1000]
        told = next((seconds for _, seconds in of if seconds is not None), None)
        assert trace.records[0].closed_by == of[0][0]
        assert trace.last is not None
        assert trace.last.platform_s == told
        assert len(trace.records) == (2 if told is not None and of[0][1] is None else 1)


# -- call-backs


async def test_a_caller_who_waits_is_kept_with_all_that_is_known(store: Journal) -> None:
    assert await store.keep_call_back(waiting(), 10)
    assert await store.call_backs(0, 10) == [waiting()]


async def test_a_phone_that_waits_already_is_kept_once(store: Journal) -> None:
    await store.keep_call_back(waiting(), 10)
    assert await store.keep_call_back(waiting(2, party="party1"), 10)
    assert await store.keep_call_back(waiting(3, call_id="CA0001"), 10)  # the same call again
    assert [one.id for one in await store.call_backs(0, 10)] == [waiting().id]


async def test_no_more_are_promised_than_can_wait(store: Journal) -> None:
    assert await store.keep_call_back(waiting(1), 2)
    assert await store.keep_call_back(waiting(2), 2)
    assert not await store.keep_call_back(waiting(3), 2)
    assert await store.keep_call_back(waiting(1), 2)  # waits already
    await store.take_call_back(waiting(1).id, AT)
    assert not await store.keep_call_back(waiting(3), 2)  # it may yet be handed back
    await store.end_call_back(waiting(1).id, AT, "reached")
    assert await store.keep_call_back(waiting(3), 2)


async def test_one_operator_takes_a_call_back(store: Journal) -> None:
    await store.keep_call_back(waiting(), 10)
    assert await store.take_call_back(waiting().id, AT)
    assert not await store.take_call_back(waiting().id, AT + MINUTE)
    (kept,) = await store.call_backs(0, 10)
    assert (kept.state, kept.taken_us) == (CallBackState.TAKEN, AT)


async def test_a_call_back_taken_and_forgotten_can_be_taken_again(store: Journal) -> None:
    await store.keep_call_back(waiting(), 10)
    await store.take_call_back(waiting().id, AT)
    assert not await store.take_call_back(waiting().id, AT + CALL_BACK_TAKEN_US - 1)
    assert await store.take_call_back(waiting().id, AT + CALL_BACK_TAKEN_US)


async def test_a_call_back_ends_once_with_how_it_came_out(store: Journal) -> None:
    await store.keep_call_back(waiting(), 10)
    assert not await store.end_call_back(waiting().id, AT, "reached")  # nobody has taken it
    await store.take_call_back(waiting().id, AT)
    assert await store.end_call_back(waiting().id, AT + MINUTE, "reached")
    assert not await store.end_call_back(waiting().id, AT + HOUR, "gave_up")
    assert not await store.take_call_back(waiting().id, AT + DAY)
    assert await store.call_backs(0, 10) == []
    (kept,) = await store.call_backs(0, 10, open_only=False)
    assert (kept.state, kept.done_us, kept.note) == (CallBackState.DONE, AT + MINUTE, "reached")


async def test_a_call_back_can_be_handed_back(store: Journal) -> None:
    await store.keep_call_back(waiting(), 10)
    await store.take_call_back(waiting().id, AT)
    assert await store.end_call_back(waiting().id, AT, "")
    (kept,) = await store.call_backs(0, 10)
    assert (kept.state, kept.taken_us) == (CallBackState.OPEN, None)
    assert await store.take_call_back(waiting().id, AT)


async def test_of_an_unknown_call_back_nothing_can_be_done(store: Journal) -> None:
    assert not await store.take_call_back(7, AT)
    assert not await store.end_call_back(7, AT, "reached")


async def test_a_number_that_no_store_holds_is_refused_and_harms_nobody(store: Journal) -> None:
    await store.keep_call_back(waiting(), 10)
    for call in (
        store.take_call_back(10**19, AT),
        store.end_call_back(1, 10**30, "reached"),
        store.keep_call_back(waiting(2, id=10**40), 10),
        store.open_legs([leg(id=10**40)]),
    ):
        async with asyncio.timeout(5):
            with pytest.raises(StoreDataError):
                await call
    assert await store.take_call_back(waiting().id, AT)


async def test_call_backs_come_page_by_page(store: Journal) -> None:
    for n in range(1, 6):
        await store.keep_call_back(waiting(n), 10)
    first = await store.call_backs(0, 2)
    rest = await store.call_backs(first[-1].id, 10)
    assert [one.id // 1000 for one in (*first, *rest)] == [1, 2, 3, 4, 5]


async def test_who_was_called_may_wait_again_on_another_call(store: Journal) -> None:
    await store.keep_call_back(waiting(), 10)
    await store.take_call_back(waiting().id, AT)
    await store.end_call_back(waiting().id, AT, "reached")
    assert await store.keep_call_back(waiting(2, party="party1"), 10)
    assert [one.id for one in await store.call_backs(0, 10)] == [waiting(2).id]


async def test_phones_that_wait_in_vain_go_after_their_term(store: Journal) -> None:
    await store.keep_call_back(waiting(1), 10)
    await store.keep_call_back(waiting(2), 10)
    await store.take_call_back(waiting(2).id, AT)
    await store.end_call_back(waiting(2).id, AT, "reached")
    await store.purge(AT + CALL_BACK_OPEN_US - 1)
    assert len(await store.call_backs(0, 10, open_only=False)) == 2
    await store.purge(AT + CALL_BACK_OPEN_US)
    assert [one.id for one in await store.call_backs(0, 10, open_only=False)] == [waiting(2).id]
    await store.purge(AT + CALL_BACK_DONE_US)
    assert await store.call_backs(0, 10, open_only=False) == []
