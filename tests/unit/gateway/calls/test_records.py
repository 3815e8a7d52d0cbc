"""The records of calls over a real journal: opened, closed once, none left open."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.calls import records
from gateway.calls.records import LEG_S_MAX, LOST_AFTER_S
from gateway.core.call_ledger import verify_leg
from ivr.switch import Leg
from tests.support.call_gateway import CALLER, call_gateway, end, start
from tests.support.journal import AT, SECOND


async def test_a_call_has_one_record_with_who_when_and_what_it_costs(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        await gateway.records.open(start())
        await gateway.records.close(end(after_s=61, answered_us=AT + SECOND, seconds=59))
        (trace,) = await gateway.legs()
        leg, (record,) = trace
    assert (leg.link, leg.call_id, leg.leg, leg.msisdn) == ("1414", "CA1", "caller", CALLER)
    assert (leg.called, leg.started_us, leg.day) == ("1414", AT, 20_261_120)
    assert leg.party == gateway.keys.party(CALLER)
    assert (record.answered_us, record.ended_us) == (AT + SECOND, AT + 61 * SECOND)
    assert (record.platform_s, record.measured_s) == (59, 60)
    assert (record.outcome, record.closed_by, record.language) == ("completed", "hangup", "ru")
    # by the platform's 59 seconds: one begun minute of rule call-1414
    assert (record.tariff, record.payer, record.billable_s) == ("call-1414", "owner", 60)
    assert (record.amount_tiyn, record.currency, record.vat_bp) == (600, "KZT", 1600)


async def test_a_call_that_nobody_answered_costs_nothing(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        await gateway.records.open(start())
        await gateway.records.close(end(answered_us=None, outcome="no-answer"))
        (trace,) = await gateway.legs()
    assert (trace.records[0].measured_s, trace.records[0].amount_tiyn) == (0, 0)


async def test_a_hidden_callers_record_names_the_call_and_no_phone(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        await gateway.records.open(start(caller=""))
        (trace,) = await gateway.legs()
        assert (trace.leg.msisdn, trace.leg.party) == ("", gateway.keys.party("call:CA1"))


async def test_a_call_said_to_begin_again_is_the_same_call(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        await gateway.records.open(start())
        gateway.now_us += SECOND
        await gateway.records.open(start(started_us=AT + SECOND))
        assert [trace.leg.started_us for trace in await gateway.legs()] == [AT]


@pytest.mark.parametrize("order", [("hangup", "callback"), ("callback", "hangup")])
async def test_whoever_says_first_that_it_ended_closes_it(
    order: tuple[str, str], tmp_path: Path
) -> None:
    async with call_gateway(tmp_path) as gateway:
        await gateway.records.open(start())
        for n, by in enumerate(order):
            await gateway.records.close(end(after_s=10 + n, closed_by=by))
        (trace,) = await gateway.legs()
    assert [(one.closed_by, one.measured_s) for one in trace.records] == [(order[0], 10)]


async def test_two_ends_at_once_close_it_once(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        await gateway.records.open(start())
        await asyncio.gather(*(gateway.records.close(end(after_s=n)) for n in range(10, 20)))
        (trace,) = await gateway.legs()
        assert len(trace.records) == 1
        assert (
            gateway.metrics.registry.get_sample_value(
                "jauap_call_records_total",
                {"link": "1414", "outcome": "completed", "closed_by": "hangup"},
            )
            == 1
        )


async def test_the_platforms_seconds_that_come_later_restate_the_price_alone(
    tmp_path: Path,
) -> None:
    async with call_gateway(tmp_path) as gateway:
        await gateway.records.open(start())
        await gateway.records.close(end(after_s=70))
        await gateway.records.close(end(after_s=99, seconds=42, closed_by="callback"))
        await gateway.records.close(end(after_s=99, seconds=7, closed_by="callback"))
        (trace,) = await gateway.legs()
    first, second = trace.records
    assert (first.billable_s, first.amount_tiyn) == (120, 1200)
    assert (second.platform_s, second.billable_s, second.amount_tiyn) == (42, 60, 600)
    assert (second.measured_s, second.ended_us) == (first.measured_s, first.ended_us)


async def test_seconds_told_of_a_call_long_closed_leave_its_times_as_they_were(
    tmp_path: Path,
) -> None:
    late = AT + 900 * SECOND
    async with call_gateway(tmp_path) as gateway:
        await gateway.records.open(start())
        await gateway.records.close(end(after_s=70))
        # Nothing near knows the call any more: its report opens it anew, as if it had just ended.
        gateway.now_us = late
        await gateway.records.open(start(started_us=late))
        began = late - 42 * SECOND
        told = end(seconds=42, started_us=began, answered_us=began, closed_by="callback")
        await gateway.records.close(told._replace(ended_us=late))
        (trace,) = await gateway.legs()
        assert verify_leg(trace) == []
        assert [one.measured_s for one in trace.records] == [70, 70]
        gateway.now_us += 2 * LOST_AFTER_S * SECOND
        await gateway.records.sweep()
        assert await gateway.legs() == [trace]


async def test_two_ends_written_at_once_tell_one_story(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        await gateway.records.open(start())
        gateway.journal.away = {"close_legs"}
        await gateway.records.close(end(after_s=70, answered_us=None))
        await gateway.records.close(end(after_s=75, seconds=42, closed_by="callback"))
        gateway.journal.away = set()
        await gateway.records.sweep()
        (trace,) = await gateway.legs()
    assert [one.platform_s for one in trace.records] == [None, 42]
    assert trace.records[1].amount_tiyn == 600
    assert verify_leg(trace) == []


async def test_the_operators_leg_has_a_record_of_its_own(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        await gateway.records.open(start())
        later = AT + 30 * SECOND
        spoken = end(leg=Leg.OPERATOR, started_us=later, answered_us=later, after_s=90)
        await gateway.records.close(spoken)
        await gateway.records.close(end(after_s=90, outcome="transferred"))
        caller, operator = await gateway.legs()
    assert (operator.leg.leg, operator.leg.started_us) == ("operator", later)
    assert [one.measured_s for one in (*caller.records, *operator.records)] == [90, 60]


async def test_an_end_that_the_store_refuses_is_kept_and_written_later(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        await gateway.records.open(start())
        gateway.journal.away = {"close_legs"}
        await gateway.records.close(end())
        (trace,) = await gateway.legs()
        assert trace.records == ()
        gateway.journal.away = set()
        await gateway.records.sweep()
        (trace,) = await gateway.legs()
    assert [one.measured_s for one in trace.records] == [60]


async def test_a_call_begun_while_the_store_was_away_has_its_record_in_the_end(
    tmp_path: Path,
) -> None:
    async with call_gateway(tmp_path) as gateway:
        gateway.journal.away = {"begin_call"}
        await gateway.records.open(start())
        gateway.journal.away = set()
        await gateway.records.close(end())
        (trace,) = await gateway.legs()
    assert (trace.leg.started_us, len(trace.records)) == (AT, 1)


async def test_a_call_begun_while_the_store_was_away_is_written_when_it_is_back(
    tmp_path: Path,
) -> None:
    async with call_gateway(tmp_path) as gateway:
        gateway.journal.away = {"begin_call"}
        await gateway.records.open(start())
        assert await gateway.legs() == []
        gateway.journal.away = set()
        await gateway.records.sweep()
        (trace,) = await gateway.legs()
    assert (trace.leg.started_us, trace.records) == (AT, ())


async def test_a_call_known_from_before_a_restart_keeps_its_start_though_the_store_was_away(
    tmp_path: Path,
) -> None:
    async with call_gateway(tmp_path) as gateway:
        await gateway.records.open(start())
    later = AT + 40 * SECOND
    async with call_gateway(tmp_path, now_us=later) as gateway:
        gateway.journal.away = {"begin_call"}
        await gateway.records.open(start(started_us=later))
        gateway.journal.away = set()
        await gateway.records.close(end(after_s=60, started_us=later, answered_us=later))
        (trace,) = await gateway.legs()
    assert (trace.leg.started_us, trace.records[0].measured_s) == (AT, 60)


async def test_a_call_of_before_a_restart_keeps_its_start_though_the_store_stays_away(
    tmp_path: Path,
) -> None:
    async with call_gateway(tmp_path) as gateway:
        await gateway.records.open(start())
    later = AT + 40 * SECOND
    async with call_gateway(tmp_path, now_us=later) as gateway:
        gateway.journal.away = {"find_leg"}  # it goes away between writing and reading back
        await gateway.records.open(start(started_us=later))
        gateway.journal.away = set()
        await gateway.records.close(end(after_s=60, started_us=later, answered_us=later))
        (trace,) = await gateway.legs()
    assert (trace.leg.started_us, trace.records[0].measured_s) == (AT, 60)


async def test_no_more_ends_are_kept_than_there_is_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "ENDS_KEPT_MAX", 2)
    async with call_gateway(tmp_path) as gateway:
        gateway.journal.away = {"find_leg"}
        for n in range(4):
            await gateway.records.close(end(f"CA{n}"))
        gateway.journal.away = set()
        await gateway.records.sweep()
        assert [trace.leg.call_id for trace in await gateway.legs()] == ["CA0", "CA1"]


# -- restarts and forgotten calls


async def test_a_call_that_outlives_a_restart_is_measured_from_its_true_start(
    tmp_path: Path,
) -> None:
    async with call_gateway(tmp_path) as gateway:
        await gateway.records.open(start())
    later = AT + 40 * SECOND
    async with call_gateway(tmp_path, now_us=later) as gateway:
        await gateway.records.open(start(started_us=later))
        await gateway.records.close(end(after_s=60, started_us=later, answered_us=later))
        (trace,) = await gateway.legs()
    assert (trace.leg.started_us, trace.records[0].measured_s) == (AT, 60)


async def test_a_call_that_ended_while_we_were_down_is_closed_without_a_charge(
    tmp_path: Path,
) -> None:
    async with call_gateway(tmp_path) as gateway:
        await gateway.records.open(start())
    async with call_gateway(tmp_path, now_us=AT + 60 * SECOND) as gateway:
        gateway.now_us += LOST_AFTER_S * SECOND - 1
        await gateway.records.sweep()
        (trace,) = await gateway.legs()
        assert trace.last is None
        gateway.now_us += 1
        await gateway.records.sweep()
        (trace,) = await gateway.legs()
        assert trace.last is not None
        reaped = (trace.last.outcome, trace.last.closed_by, trace.last.amount_tiyn)
        assert reaped == ("reaped", "reaper", 0)
        # The platform's word, when it does come, is what is paid by.
        await gateway.records.close(end(seconds=61, closed_by="callback"))
        (trace,) = await gateway.legs()
    assert (trace.last.platform_s, trace.last.amount_tiyn) == (61, 1200)
    assert trace.last.outcome == "completed"


async def test_a_call_told_of_after_a_restart_is_not_reaped(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        await gateway.records.open(start())
    async with call_gateway(tmp_path, now_us=AT + 60 * SECOND) as gateway:
        await gateway.records.open(start(started_us=gateway.now_us))
        gateway.now_us += 2 * LOST_AFTER_S * SECOND
        await gateway.records.sweep()
        (trace,) = await gateway.legs()
    assert trace.last is None


async def test_no_leg_stays_open_for_longer_than_a_day(tmp_path: Path) -> None:
    async with call_gateway(tmp_path) as gateway:
        await gateway.records.open(start())
        gateway.now_us += LEG_S_MAX * SECOND + 1
        await gateway.records.sweep()
        (trace,) = await gateway.legs()
    assert trace.last is not None
    assert trace.last.closed_by == "reaper"


async def test_many_forgotten_calls_are_all_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "PAGE", 3)
    async with call_gateway(tmp_path) as gateway:
        for n in range(8):
            await gateway.records.open(start(f"CA{n}"))
    async with call_gateway(tmp_path) as gateway:
        await gateway.records.open(start("CA4"))
        gateway.now_us += LOST_AFTER_S * SECOND + 1
        await gateway.records.sweep()
        still_open = [trace.leg.call_id for trace in await gateway.legs() if not trace.records]
    assert still_open == ["CA4"]
