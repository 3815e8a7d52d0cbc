"""The figures of an act, from a journal on SQLite."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from gateway.billing import act as acting
from gateway.billing.act import ActTerms, figures_of, figures_of_all
from gateway.billing.export import export
from gateway.billing.figures import Figures, Reason, Terms, Waiting
from gateway.billing.months import Month
from gateway.billing.pages import sums_of
from gateway.billing.totals import CurrencyError, Line, Taxed
from gateway.clock import Ids
from gateway.core.cdr import Entry, EntryKind
from gateway.core.ledger import kept_tiyn, settle
from gateway.core.records import Outcome, ReceiptSeen, ReplyState
from gateway.core.tariff_shares import Shares, read_shares
from gateway.store import Journal
from tests.support.acts import FULL
from tests.support.journal import MINUTE, SECOND, SqliteEngine
from tests.support.legs import leg, record
from tests.support.months import (
    CIVIL,
    TARIFFS,
    Asked,
    answered_late,
    asked,
    at_us,
    credited,
    month_of,
    store,
)

OCTOBER, NOVEMBER, DECEMBER = Month(2026, 10), Month(2026, 11), Month(2026, 12)


@pytest.fixture
async def journal(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Journal]:
    engine = SqliteEngine(tmp_path, tmp_path_factory.getbasetemp() / "act.made")
    yield await engine.open()
    await engine.close()


async def figures(
    journal: Journal,
    month: Month = NOVEMBER,
    operator: str = "north",
    shares: Shares = TARIFFS.shares,
) -> Figures:
    terms = ActTerms("KZT", shares, CIVIL.midnight_us)
    return await figures_of(journal, operator, month, terms)


async def book(journal: Journal, of: Asked, *entries: Entry) -> None:
    """Entries of a promised question, with its late answer."""
    late = answered_late(of, "2026-11-01 00:00", entries=entries)
    await journal.take([], [late._replace(answered_us=of.question.received_us + MINUTE)])


# -- the month itself


async def test_an_act_has_the_sums_of_the_export_of_its_month(
    journal: Journal, tmp_path: Path
) -> None:
    operators = ("north", "south")
    await store(journal, *month_of(date(2026, 10, 1), 200, 1, operators))
    await store(journal, *month_of(date(2026, 11, 1), 600, 2, operators))
    await store(journal, *month_of(date(2026, 12, 1), 200, 3, operators))
    acts = [await figures(journal, operator=each) for each in operators]
    exported = await export(journal.chains(20261101, 20261130), tmp_path / "month.csv", "csv")

    totals = [each.total for each in acts]
    assert sum(each.questions for each in totals) == 600
    assert sum(each.gross_tiyn for each in totals) == exported.gross_tiyn
    assert sum(each.charged_tiyn for each in totals) == exported.charged_tiyn
    assert sum(each.credited_tiyn for each in totals) == exported.credited_tiyn
    assert sum(each.adjusted_tiyn for each in totals) == exported.adjusted_tiyn == 0
    alone = [
        await export(only(journal, each), tmp_path / f"{each}.csv", "csv") for each in operators
    ]
    assert [sums_of(each).vat_tiyn for each in acts] == [each.vat_tiyn for each in alone]
    segments = sum(sums_of(each).segments for each in acts)
    assert segments + 600 == exported.rows


async def only(journal: Journal, operator: str) -> AsyncIterator[acting.Chain]:
    async for chain in journal.chains(20261101, 20261130):
        if chain.operator == operator:
            yield chain


async def test_the_acts_of_all_operators_are_those_of_each(journal: Journal) -> None:
    operators = ("east", "north", "south")
    await store(journal, *month_of(date(2026, 10, 1), 60, 1, operators))
    late = asked("2026-10-20 10:00", "promised", operator="south")
    await store(journal, late, *month_of(date(2026, 11, 1), 120, 2, operators))
    await journal.take([], [answered_late(late, "2026-11-20 09:00")])
    await journal.close_legs([record(leg(link="1414", day=20261105))])
    terms = ActTerms("KZT", TARIFFS.shares, CIVIL.midnight_us)
    acts = await figures_of_all(journal, NOVEMBER, terms, {})
    assert [each.operator for each in acts] == ["1414", *operators]
    assert acts == [await figures(journal, operator=each.operator) for each in acts]
    assert next(each for each in acts if each.operator == "south").carried_count > 0


async def test_whoever_has_only_a_summary_has_an_act_and_who_has_nothing_has_none(
    journal: Journal,
) -> None:
    await store(journal, asked("2026-10-20 10:00", operator="west"))
    await journal.close_legs([record(leg(link="8800", day=20261005))])
    terms = ActTerms("KZT", TARIFFS.shares, CIVIL.midnight_us)
    summary = FULL.reconciled
    assert summary is not None
    assert await figures_of_all(journal, NOVEMBER, terms, {}) == []
    (act,) = await figures_of_all(journal, NOVEMBER, terms, {"north": summary})
    assert (act.operator, act.reconciled, act.total.questions) == ("north", summary, 0)


async def test_every_grouping_of_an_act_has_the_same_total(journal: Journal) -> None:
    await store(journal, *month_of(date(2026, 11, 1), 300, 4))
    await store(journal, asked("2026-11-30 23:59", channel="copy", parts=2))
    act = await figures(journal)
    for groups in (act.by_result, act.by_channel, act.by_day):
        assert acting.total_of(line for _, line in groups) == act.total
    assert act.total.questions == 301
    assert [day for day, _ in act.by_day] == NOVEMBER.days()
    assert act.by_day[-1][1].questions > 0
    assert [line.questions for _, line in act.by_result] == sorted(
        (line.questions for _, line in act.by_result), reverse=True
    )
    assert sum(each.amount_tiyn for each in act.reasons) == act.total.credited_tiyn


async def test_the_months_border_is_midnight_in_kazakhstan(journal: Journal) -> None:
    await store(
        journal,
        asked("2026-10-31 23:59"),
        asked("2026-11-01 00:00"),
        asked("2026-11-30 23:59"),
        asked("2026-12-01 00:00"),
    )
    assert [
        (await figures(journal, month)).total.questions for month in (OCTOBER, NOVEMBER, DECEMBER)
    ] == [1, 2, 1]


async def test_a_month_without_rows_is_an_act_of_noughts(journal: Journal) -> None:
    act = await figures(journal)
    assert act.total == Line(0, 0, 0, 0, 0, 0)
    assert len(act.by_day) == 30
    assert act.settled[0].by_vat == ()
    assert sums_of(act) == (0, 0, 0, 0, 0, 0, 0, 0, 0)


async def test_vat_is_that_of_the_sum_and_shares_are_of_what_is_left(journal: Journal) -> None:
    await store(journal, *(asked(f"2026-11-10 10:{n:02}") for n in range(20)))
    shares = read_shares(
        [
            {"id": "north-40", "operators": ["north"], "operator_keeps_bp": 4000},
            {"id": "rest", "operators": "*", "owner_gets_bp": 0},
        ],
        [],
    )
    (own,) = (await figures(journal, shares=shares)).settled
    assert own.by_vat == (Taxed(1600, 30_000, 4_138),)  # row by row it would be 4 140
    assert (own.terms, own.messages) == (Terms("north-40", "operator", 4000, None), 20)
    assert (own.operator_tiyn, own.owner_tiyn) == (10_345, 15_517)
    assert own.operator_tiyn + own.owner_tiyn == own.net_tiyn == 25_862


async def test_what_hangs_on_a_reply_is_charged_voided_or_not_known_yet(journal: Journal) -> None:
    sent = [asked(f"2026-11-10 10:0{n}", channel="copy") for n in range(3)]
    await store(journal, *sent)
    for of, state, charge in (
        (sent[0], ReplyState.DELIVERED, "charged"),
        (sent[1], ReplyState.UNDELIVERED, "voided"),
    ):
        one = of.answer.replies[0]
        seen = ReceiptSeen("north", str(one.id), state, "X", "0", charge, one.next_us + 2 * SECOND)
        assert not (await journal.receipts([seen])).unmatched
    act = await figures(journal)
    assert act.total == Line(3, 3, 4500, 1500, 0, 0)
    assert (act.voided, act.provisional) == (Waiting(1, 1500), Waiting(1, 1500))
    assert dict(act.out) == {"submitted": 1, "delivered": 1, "undelivered": 1}
    assert act.settled[0].messages == 1


async def test_a_redelivery_is_counted_and_costs_nothing(journal: Journal) -> None:
    of = asked("2026-11-10 10:00")
    await store(journal, of)
    again = of.question._replace(id=of.question.id + 500)
    assert await journal.take([again]) != ()
    act = await figures(journal)
    assert (act.duplicates, act.total.questions) == (1, 1)


async def test_two_currencies_are_not_summed(journal: Journal) -> None:
    first, of = asked("2026-11-10 09:00"), asked("2026-11-10 10:00")
    foreign = tuple(each._replace(currency="USD") for each in of.answer.entries)
    await store(journal, first, Asked(of.question, of.answer._replace(entries=foreign)))
    with pytest.raises(CurrencyError, match=f"question {of.question.id} is in USD"):
        await figures(journal)


# -- rows of earlier months


async def test_a_credit_goes_to_the_act_of_its_own_day(journal: Journal) -> None:
    of = asked("2026-10-20 10:00", "promised")
    await store(journal, of)
    await journal.take([], [answered_late(of, "2026-11-05 09:00")])
    october, november = await figures(journal, OCTOBER), await figures(journal)
    assert october.total == Line(1, 1, 1500, 1500, 0, 0)
    assert (october.settled[0].gross_tiyn, october.carried_count) == (1500, 0)
    assert november.total.questions == 0
    own, earlier = november.settled
    assert own.gross_tiyn == 0
    assert (earlier.month, earlier.gross_tiyn, earlier.messages) == (OCTOBER, -1500, -1)
    (row,) = november.carried
    assert (row.question_id, row.day, row.kind) == (of.question.id, 20261020, "credited")
    assert (row.amount_tiyn, row.reason, row.booked_us) == (
        -1500, "not_found", at_us("2026-11-05 09:00"),
    )  # fmt: skip
    assert november.reasons == (Reason("credited", "not_found", 1, -1500),)
    assert november.carried_tiyn == sums_of(november).gross_tiyn == -1500


async def test_a_closed_act_says_the_same_whatever_is_booked_later(journal: Journal) -> None:
    of = asked("2026-10-20 10:00", "promised")
    await store(journal, of, *month_of(date(2026, 10, 1), 50, 5))
    before = await figures(journal, OCTOBER)
    await journal.take([], [answered_late(of, "2026-11-11 00:00")])
    await store(journal, *month_of(date(2026, 11, 1), 50, 6))
    assert await figures(journal, OCTOBER) == before
    assert dict(before.by_result)["promised"].questions > 0
    assert (await figures(journal)).carried_count == 1


async def test_a_reply_stands_in_the_act_that_was_open_when_it_was_made(journal: Journal) -> None:
    of = asked("2026-10-20 10:00", "promised")
    await store(journal, of)
    await journal.take([], [answered_late(of, "2026-11-11 00:00")])
    assert (await figures(journal, OCTOBER)).out == (("submitted", 1),)
    assert (await figures(journal)).out == (("waiting", 1),)


async def test_what_a_question_came_to_is_that_of_the_close(journal: Journal) -> None:
    of = asked("2026-10-20 10:00", "promised")
    await store(journal, of)
    await journal.take([], [answered_late(of, "2026-11-10 23:59", "status")])
    assert [result for result, _ in (await figures(journal, OCTOBER)).by_result] == ["status"]


async def test_a_charge_settled_after_the_close_goes_to_the_next_act(journal: Journal) -> None:
    of = asked("2026-10-31 23:00", channel="copy")
    await journal.take([of.question], [of.answer])
    late_us = at_us("2026-11-12 10:00")
    one = of.answer.replies[0]
    await journal.settle([Outcome(one.id, ReplyState.DELIVERED, charge="charged", at_us=late_us)])
    october, november = await figures(journal, OCTOBER), await figures(journal)
    assert october.total.charged_tiyn == 0
    assert october.provisional == Waiting(1, 1500)
    (row,) = november.carried
    assert (row.kind, row.amount_tiyn, row.booked_us) == ("charged", 1500, late_us)
    assert november.settled[1].messages == 1


async def test_a_second_credit_knows_what_earlier_acts_have_given_back(journal: Journal) -> None:
    of = asked("2026-10-20 10:00", "promised")
    await store(journal, of)
    half = credited(of, "2026-11-05 10:00", "case-1", 700)
    rest = credited(of, "2026-12-15 10:00", "case-2", 800)
    await book(journal, of, half, rest)
    november, december = await figures(journal), await figures(journal, DECEMBER)
    assert [(each.amount_tiyn, each.reason) for each in november.carried] == [(-700, "case-1")]
    assert november.settled[1].messages == 0
    assert [(each.amount_tiyn, each.reason) for each in december.carried] == [(-800, "case-2")]
    assert december.settled[1].messages == -1
    assert november.reasons == (Reason("credited", "decision", 1, -700),)


async def test_an_adjustment_stands_apart_from_credits(journal: Journal) -> None:
    of = asked("2026-11-20 10:00", "promised")
    await store(journal, of)
    charged = of.answer.entries[1]
    adjusted = charged._replace(
        key=f"adjusted:{of.question.id}:north-2026-11",
        kind=EntryKind.ADJUSTED,
        amount_tiyn=-500,
        reason="north 2026-11",
        corrects=charged.key,
        at_us=at_us("2026-11-25 10:00"),
    )
    await book(journal, of, adjusted)
    act = await figures(journal)
    assert act.total.adjusted_tiyn == -500
    assert act.reasons == (Reason("adjusted", "decision", 1, -500),)


async def test_only_so_many_rows_are_told_and_all_are_summed(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acting, "CARRIED_KEPT_MAX", 2)
    late = [asked(f"2026-10-20 10:0{n}", "promised") for n in range(4)]
    await store(journal, *late)
    await journal.take([], [answered_late(each, "2026-11-05 09:00") for each in late])
    act = await figures(journal)
    assert (len(act.carried), act.carried_count, act.carried_tiyn) == (2, 4, -6000)


async def test_an_act_has_nothing_of_another_operators_earlier_rows(journal: Journal) -> None:
    of = asked("2026-10-20 10:00", "promised", operator="south")
    await store(journal, of)
    await journal.take([], [answered_late(of, "2026-11-05 09:00")])
    assert (await figures(journal)).carried == ()
    assert (await figures(journal, operator="south")).carried_count == 1


async def test_all_acts_together_hold_what_the_ledger_holds(journal: Journal) -> None:
    random = Random(8)
    given = [*month_of(date(2026, 10, 1), 150, 8), *month_of(date(2026, 11, 1), 150, 9)]
    await store(journal, *given)
    promised = [each for each in given if each.answer.result == "promised"]
    for of in promised:
        day = date(2026, 12, 1) + timedelta(days=random.randrange(100))
        await journal.take([], [answered_late(of, f"{day} 10:00")])
    months = [OCTOBER, NOVEMBER, DECEMBER, Month(2027, 1), Month(2027, 2), Month(2027, 3)]
    acts = [await figures(journal, month) for month in months]
    chains = [chain async for chain in journal.chains(20261001, 20261130)]
    assert sum(each.carried_count for each in acts) == len(promised) > 10
    assert all(each.carried_count for each in acts[2:5])
    assert sum(sums_of(each).gross_tiyn for each in acts) == sum(
        kept_tiyn(chain.entries) for chain in chains
    )
    assert sum(sums_of(each).messages for each in acts) == sum(
        kept_tiyn(chain.entries) > 0 for chain in chains
    )


def test_a_settled_entry_keeps_its_questions_day() -> None:
    """What the reading of earlier months leans on."""
    rated = asked("2026-10-31 23:00", channel="copy").answer.entries[0]
    assert settle(rated, EntryKind.VOIDED, at_us("2026-11-12 10:00")).day == 20261031


# -- calls


def id_at(text: str) -> int:
    return Ids(lambda: at_us(text))()


async def test_calls_are_summed_by_their_payers(journal: Journal) -> None:
    legs = [leg(n, link="north", day=20261120) for n in (1, 2, 3, 4)]
    await journal.open_legs([*legs, leg(5, link="south", day=20261120)])
    await journal.close_legs(
        [
            record(legs[0]),
            record(legs[1], payer="state", amount_tiyn=9000, billable_s=600),
            record(legs[2], vat_bp=1200),
        ]
    )
    act = await figures(journal)
    assert [(each.payer, *each.line) for each in act.calls] == [
        ("", 1, 1, 0, 0),
        ("owner", 2, 0, 120, 1200),
        ("state", 1, 0, 600, 9000),
    ]
    assert act.calls[1].by_vat == (Taxed(1200, 600, 64), Taxed(1600, 600, 83))
    assert (sums_of(act).calls_tiyn, sums_of(act).open_legs) == (10_200, 1)


async def test_a_call_restated_after_the_close_adds_its_difference_to_the_next_act(
    journal: Journal,
) -> None:
    begun = leg(1, link="north", day=20261031, started_us=at_us("2026-10-31 12:00"))
    await journal.open_legs([begun])
    closed = record(begun, id=id_at("2026-10-31 12:01"))
    await journal.close_legs([closed])
    again = closed._replace(
        id=id_at("2026-11-12 10:00"), platform_s=50, billable_s=50, amount_tiyn=500
    )
    await journal.close_legs([again])
    october, november = await figures(journal, OCTOBER), await figures(journal)
    assert [tuple(each.line) for each in october.calls] == [(1, 0, 60, 600)]
    assert [tuple(each.line) for each in november.calls] == [(0, 0, -10, -100)]
    assert november.calls_carried_tiyn == -100


async def test_a_call_restated_at_once_stands_with_its_last_word(journal: Journal) -> None:
    begun = leg(1, link="north", day=20261120)
    await journal.open_legs([begun])
    await journal.close_legs([record(begun)])
    await journal.close_legs([record(begun, 2, platform_s=50, billable_s=50, amount_tiyn=500)])
    assert [tuple(each.line) for each in (await figures(journal)).calls] == [(1, 0, 50, 500)]
