"""The journal's contract, second half: what becomes of replies, and of the money on them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.core.cdr import ChargePoint
from gateway.core.records import Outcome, Question, QuestionState, Reply, ReplyState
from gateway.store import Journal
from tests.support.journal import (
    AT,
    DAY,
    HOUR,
    SECOND,
    answer,
    chain_of,
    entry,
    failed,
    joined,
    kinds,
    promise,
    question,
    rated_mt,
    receipt,
    reply,
    sent,
    states,
)

QUEUED, SUBMITTING, SUBMITTED, FAILED, UNKNOWN, DELIVERED, UNDELIVERED, EXPIRED = ReplyState


async def given(store: Journal, *replies: ReplyState, mt: bool = False) -> tuple[Question, ...]:
    """An answered question whose replies are in these states."""
    asked = question()
    rows = [reply(asked, n, state=min(state, SUBMITTING)) for n, state in enumerate(replies)]
    entries = (rated_mt(asked),) if mt else (entry(asked), entry(asked, "charged"))
    await store.take([asked], [answer(asked, *rows)._replace(entries=entries)])
    for n, (row, state) in enumerate(zip(rows, replies, strict=True)):
        if state in {DELIVERED, UNDELIVERED}:
            await store.settle([sent(row, f"G{n}")])
            await store.receipts([receipt(f"g{n}", state=state, charge=None)])
        elif state > SUBMITTING:
            await store.settle([Outcome(row.id, state, canonical_id=f"g{n}", at_us=AT)])
    assert await states(store, asked) == list(replies)
    return asked, *rows  # type: ignore[return-value]  # a question, then its replies


OPEN = {SUBMITTING, UNKNOWN}


@pytest.mark.parametrize("to", [QUEUED, SUBMITTED, FAILED, UNKNOWN, EXPIRED])
@pytest.mark.parametrize("state", ReplyState)
async def test_an_outcome_counts_while_the_reply_may_be_with_the_link(
    store: Journal, state: ReplyState, to: ReplyState
) -> None:
    asked, row = await given(store, state)
    await store.settle([Outcome(row.id, to, status=5, at_us=AT + HOUR)])
    assert await states(store, asked) == [to if state in OPEN else state]


async def test_an_accepted_reply_keeps_what_the_operator_said(store: Journal) -> None:
    asked, row = await given(store, SUBMITTING)
    await store.settle([sent(row, "0A1B", attempts=2, maybe_sent=True)])
    (trace,) = (await chain_of(store, asked)).replies
    assert trace[5:] == (
        SUBMITTED, 2, True, "0A1B", 0, row.next_us + SECOND, None, True, None, None,
    )  # fmt: skip


async def test_a_refused_reply_keeps_its_status_and_its_time(store: Journal) -> None:
    asked, row = await given(store, SUBMITTING)
    await store.settle([failed(row)])
    (trace,) = (await chain_of(store, asked)).replies
    assert trace[5:] == (FAILED, 0, False, None, 8, None, AT + HOUR, True, None, None)


async def test_a_reply_queued_again_waits_for_its_time(store: Journal) -> None:
    asked, row = await given(store, SUBMITTING)
    again = Outcome(row.id, QUEUED, status=0x58, next_us=AT + HOUR, attempts=3, at_us=AT)
    await store.settle([again])
    waiting = row._replace(state=QUEUED, next_us=AT + HOUR, attempts=3)
    assert await store.queued("north", 0, 9) == [waiting]
    assert await store.claim([row.id], AT + 2 * HOUR) == {row.id}
    await store.settle([sent(row)])
    assert await states(store, asked) == [SUBMITTED]
    assert (await chain_of(store, asked)).replies[0].attempts == 3


async def test_a_reply_of_unknown_fate_can_be_sent_once_more(store: Journal) -> None:
    _, row = await given(store, UNKNOWN)
    assert await store.unknown("north", 0, 9) == [row._replace(state=UNKNOWN)]
    assert await store.unknown("north", row.id, 9) == []
    await store.settle([Outcome(row.id, QUEUED, next_us=AT, maybe_sent=True)])
    assert await store.unknown("north", 0, 9) == []
    (again,) = await store.queued("north", 0, 9)
    assert again == row._replace(state=QUEUED, next_us=AT, maybe_sent=True)


async def test_a_response_may_follow_its_timer_in_one_batch(store: Journal) -> None:
    asked, row = await given(store, SUBMITTING)
    await store.settle([Outcome(row.id, UNKNOWN), sent(row), failed(row)])
    assert await states(store, asked) == [SUBMITTED]


async def test_of_outcomes_at_one_time_the_first_counts(store: Journal) -> None:
    asked, row = await given(store, SUBMITTING)
    await asyncio.gather(store.settle([failed(row)]), store.settle([sent(row)]))
    assert await states(store, asked) == [FAILED]


async def test_outcomes_of_nobody_are_dropped(store: Journal) -> None:
    await store.settle([Outcome(99, SUBMITTED)])
    await store.settle([])


async def test_after_a_crash_claimed_replies_are_of_unknown_fate(store: Journal) -> None:
    asked, *rows = await given(store, SUBMITTING, QUEUED, SUBMITTED)
    assert await store.recover(AT) == 1
    assert await states(store, asked) == [UNKNOWN, QUEUED, SUBMITTED]
    assert not (await store.unknown("north", 0, 9))[0].maybe_sent
    assert await store.recover(AT) == 0
    await store.settle([sent(rows[0])])
    assert await states(store, asked) == [SUBMITTED, QUEUED, SUBMITTED]


# -- receipts


async def test_a_receipt_ends_its_reply(store: Journal) -> None:
    asked, row = await given(store, SUBMITTING)
    await store.settle([sent(row)])
    assert await joined(store, receipt(), receipt("other")) == 1
    (trace,) = (await chain_of(store, asked)).replies
    assert (trace.state, trace.done_us, trace.stat, trace.error) == (
        DELIVERED, AT + HOUR, "DELIVRD", "000",
    )  # fmt: skip


@pytest.mark.parametrize("together", [True, False])
async def test_the_first_final_receipt_counts(store: Journal, together: bool) -> None:
    asked, row = await given(store, SUBMITTING)
    await store.settle([sent(row)])
    seen = [
        receipt(state=None, stat="ENROUTE"),
        receipt(state=UNDELIVERED, stat="EXPIRED"),
        receipt(state=None, stat="ACCEPTD"),
        receipt(),
    ]
    if together:
        await store.receipts(seen)
    else:
        for one in seen:
            await store.receipts([one])
    (trace,) = (await chain_of(store, asked)).replies
    assert (trace.state, trace.stat) == (UNDELIVERED, "EXPIRED")


async def test_a_receipt_on_the_way_is_noted_only(store: Journal) -> None:
    asked, row = await given(store, SUBMITTING, mt=True)
    await store.settle([sent(row)])
    assert await joined(store, receipt(state=None, stat="ENROUTE", charge=None)) == 1
    (trace,) = (await chain_of(store, asked)).replies
    assert (trace.state, trace.stat, trace.done_us) == (SUBMITTED, "ENROUTE", None)
    assert await kinds(store, asked) == ["rated"]


@pytest.mark.parametrize("state", [SUBMITTING, UNKNOWN])
async def test_a_receipt_before_the_response_is_joined_to_it(
    store: Journal, state: ReplyState
) -> None:
    asked, row = await given(store, state, mt=True)
    early = [receipt(state=None, stat="ENROUTE"), receipt(), receipt(state=UNDELIVERED)]
    assert await joined(store, *early) == 0
    await store.settle([sent(row)])
    (trace,) = (await chain_of(store, asked)).replies
    assert (trace.state, trace.stat) == (DELIVERED, "DELIVRD")
    assert await kinds(store, asked) == ["rated", "charged"]


async def test_an_early_receipt_is_joined_once(store: Journal) -> None:
    asked, *rows = await given(store, SUBMITTING, SUBMITTING)
    await store.receipts([receipt()])
    await store.settle([sent(rows[0])])
    await store.settle([sent(rows[1])])  # an SMSC that gives both one id
    assert await states(store, asked) == [DELIVERED, SUBMITTED]


async def test_an_early_receipt_on_the_way_ends_nothing(store: Journal) -> None:
    asked, row = await given(store, SUBMITTING)
    await store.receipts([receipt(state=None, stat="ENROUTE")])
    await store.settle([sent(row)])
    assert await states(store, asked) == [SUBMITTED]
    assert await joined(store, receipt()) == 1
    assert await states(store, asked) == [DELIVERED]


async def test_response_and_receipt_may_come_at_one_time(store: Journal) -> None:
    asked, row = await given(store, SUBMITTING)
    told = await asyncio.gather(joined(store, receipt()), store.settle([sent(row)]))
    assert told == [1, None]
    assert await states(store, asked) == [DELIVERED]


async def test_a_receipt_belongs_to_its_link(store: Journal) -> None:
    asked, row = await given(store, SUBMITTING)
    await store.settle([sent(row)])
    assert await joined(store, receipt(link="south")) == 0
    assert await states(store, asked) == [SUBMITTED]


async def test_a_receipt_older_than_the_question_is_of_an_earlier_message(store: Journal) -> None:
    """SMSCs use their ids again."""
    asked, row = await given(store, SUBMITTING)
    await store.receipts([receipt(at_us=AT - DAY)])
    await store.settle([sent(row)])
    assert await states(store, asked) == [SUBMITTED]
    assert await joined(store, receipt()) == 1


async def test_an_id_used_again_is_the_latest_message_s(store: Journal) -> None:
    old, new = question(1), question(2)
    await store.take([old, new], [answer(old), answer(new)])
    await store.settle([sent(reply(old)), sent(reply(new))])
    assert await joined(store, receipt()) == 1
    assert (await states(store, old), await states(store, new)) == ([SUBMITTED], [DELIVERED])


async def test_receipts_wait_a_week_for_their_reply(store: Journal) -> None:
    asked, row = await given(store, SUBMITTING)
    await store.receipts([receipt(), receipt("b2", at_us=AT + 2 * HOUR)])
    assert await store.purge(AT + HOUR + 7 * DAY - 1) == 1  # the question's fingerprint
    assert await store.purge(AT + HOUR + 7 * DAY) == 1
    await store.settle([sent(row)])
    assert await states(store, asked) == [SUBMITTED]
    assert await store.purge(AT + 2 * HOUR + 7 * DAY) == 1


# -- money


async def test_an_accepted_reply_charges_where_the_charge_is_on_replies(store: Journal) -> None:
    asked, row = await given(store, SUBMITTING, mt=True)
    for _ in range(2):
        await store.settle([sent(row, charge="charged")])
    rated, settled = (await chain_of(store, asked)).entries
    assert settled == rated._replace(
        key=f"settled:{asked.id}", kind=settled.kind, at_us=row.next_us + SECOND
    )
    assert (settled.kind, settled.charge_point) == ("charged", ChargePoint.MT)


async def test_a_charge_on_the_question_is_not_touched_by_replies(store: Journal) -> None:
    asked = question()
    await store.take([asked], [answer(asked)._replace(entries=(entry(asked),))])
    await store.settle([sent(reply(asked), charge="charged")])
    await store.receipts([receipt(state=UNDELIVERED, charge="voided")])
    assert await kinds(store, asked) == ["rated"]


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [(FAILED, "failed"), (EXPIRED, "expired"), (UNDELIVERED, "undelivered")],
)
async def test_a_charge_is_voided_with_its_reason_and_for_good(
    store: Journal, outcome: ReplyState, reason: str
) -> None:
    asked, row = await given(store, SUBMITTING, mt=True)
    if outcome is UNDELIVERED:
        await store.settle([sent(row)])
        await store.receipts([receipt(state=UNDELIVERED, charge="voided")])
    else:
        await store.settle([Outcome(row.id, outcome, charge="voided", at_us=AT)])
    await store.settle([sent(row, charge="charged")])
    await store.receipts([receipt()])
    _, settled = (await chain_of(store, asked)).entries
    assert (settled.kind, settled.reason, settled.amount_tiyn) == ("voided", reason, 1500)


@pytest.mark.parametrize("other", [QUEUED, SUBMITTING, SUBMITTED, UNKNOWN, DELIVERED])
async def test_nothing_is_voided_while_another_reply_brings_the_answer(
    store: Journal, other: ReplyState
) -> None:
    asked, row, _ = await given(store, SUBMITTING, other, mt=True)
    await store.settle([failed(row)])
    assert await kinds(store, asked) == ["rated"]


@pytest.mark.parametrize("other", [FAILED, UNDELIVERED, EXPIRED])
async def test_the_last_reply_to_fail_voids(store: Journal, other: ReplyState) -> None:
    asked, row, _ = await given(store, SUBMITTING, other, mt=True)
    await store.settle([failed(row)])
    assert await kinds(store, asked) == ["rated", "voided"]


async def test_segments_that_fail_together_void(store: Journal) -> None:
    asked, *rows = await given(store, SUBMITTING, SUBMITTING, mt=True)
    await store.settle([sent(rows[0], "A"), sent(rows[1], "B")])
    bad: dict[str, Any] = {"state": UNDELIVERED, "charge": "voided"}
    await store.receipts([receipt("a", **bad), receipt("b", **bad)])
    assert await kinds(store, asked) == ["rated", "voided"]


async def test_of_a_failing_and_a_sent_segment_the_sent_one_charges(store: Journal) -> None:
    asked, *rows = await given(store, SUBMITTING, SUBMITTING, mt=True)
    await store.settle([failed(rows[0]), sent(rows[1], charge="charged")])
    assert await kinds(store, asked) == ["rated", "charged"]


async def test_a_promise_that_fails_voids_nothing_while_the_answer_is_owed(
    store: Journal,
) -> None:
    asked = question()
    await store.take([asked], [promise(asked)._replace(entries=(rated_mt(asked),))])
    await store.settle([failed(reply(asked))])
    assert await kinds(store, asked) == ["rated"]
    late: Reply = reply(asked, 1)
    await store.take([], [answer(asked, late)._replace(entries=())])
    await store.settle([failed(late)])
    assert await kinds(store, asked) == ["rated", "voided"]


async def test_an_outcome_that_comes_too_late_charges_nothing(store: Journal) -> None:
    asked, row = await given(store, EXPIRED, mt=True)
    await store.settle([sent(row, charge="charged")])
    assert (await kinds(store, asked), await states(store, asked)) == (["rated"], [EXPIRED])


async def test_a_parked_question_s_charge_stays_open(store: Journal) -> None:
    asked = question()
    parked = answer(asked, state=QuestionState.PARKED)._replace(entries=(rated_mt(asked),))
    await store.take([asked], [parked])
    await store.settle([failed(reply(asked))])
    assert await kinds(store, asked) == ["rated"]
