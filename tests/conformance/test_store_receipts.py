"""The journal's contract, third part: which reply a receipt joins, and the receipts that we owe."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.core.records import (
    Duplicate,
    Outcome,
    ReceiptSeen,
    ReceiptsTaken,
    Reply,
    ReplyState,
    Waiting,
)
from gateway.store import Journal
from tests.support.journal import (
    AT,
    DAY,
    HOUR,
    SECOND,
    SqliteEngine,
    answer,
    chain_of,
    failed,
    ids,
    joined,
    kinds,
    our_receipt,
    part,
    promise,
    question,
    rated_mt,
    receipt,
    reply,
    sent,
    states,
)

QUEUED, SUBMITTING, SUBMITTED, FAILED, UNKNOWN, DELIVERED, UNDELIVERED, EXPIRED = ReplyState
ONE, TWO = question(1), question(2)
PARTY, OTHER_PARTY = ONE.party, TWO.party


async def submitted(store: Journal, *message_ids: str, mt: bool = False) -> list[Reply]:
    """Questions of a subscriber each, with a reply that the operator knows by that id."""
    asked = [question(n) for n in range(1, len(message_ids) + 1)]
    answers = [answer(one) for one in asked]
    if mt:
        answers = [
            each._replace(entries=(rated_mt(one),))
            for each, one in zip(answers, asked, strict=True)
        ]
    await store.take(asked, answers)
    replies = [reply(one) for one in asked]
    await store.settle(
        [sent(row, name) for row, name in zip(replies, message_ids, strict=True) if name]
    )
    return replies


async def state(store: Journal, n: int) -> ReplyState:
    (found,) = await states(store, question(n))
    return found


# -- by which id


async def test_a_receipt_is_told_to_have_joined_by_another_id(store: Journal) -> None:
    await submitted(store, "3039", "B2")
    taken = await store.receipts(
        [
            receipt("nobody"),
            receipt("12345", others=("3039", "74565"), party=PARTY),
            receipt("b2", others=("178",), party=OTHER_PARTY),
        ]
    )
    assert taken == ReceiptsTaken(frozenset({0}), {1: "3039"})
    assert (await state(store, 1), await state(store, 2)) == (DELIVERED, DELIVERED)


async def test_calls_at_one_time_each_hear_of_their_own_receipts(store: Journal) -> None:
    await submitted(store, "3039", "B2")
    told = await asyncio.gather(
        store.receipts([receipt("b2"), receipt("x")]),
        store.receipts([receipt("y"), receipt("12345", others=("3039",), party=PARTY)]),
    )
    assert told == [
        ReceiptsTaken(frozenset({1}), {}),
        ReceiptsTaken(frozenset({0}), {1: "3039"}),
    ]


async def test_another_id_needs_the_same_subscriber(store: Journal) -> None:
    await submitted(store, "3039")
    assert await joined(store, receipt("12345", others=("3039",), party=OTHER_PARTY)) == 0
    assert await joined(store, receipt("12345", others=("3039",))) == 0
    weeks_later = receipt("12345", others=("3039",), party=PARTY, at_us=AT + 21 * DAY)
    assert await joined(store, weeks_later) == 0
    assert await state(store, 1) is SUBMITTED


async def test_of_two_replies_the_one_to_the_subscriber_is_meant(store: Journal) -> None:
    """As long as nobody knows the operator's form of ids, an id may name two messages."""
    await submitted(store, "12345", "3039")
    taken = await store.receipts([receipt("12345", others=("3039",), party=OTHER_PARTY)])
    assert taken.otherwise == {0: "3039"}
    assert (await state(store, 1), await state(store, 2)) == (SUBMITTED, DELIVERED)


async def test_the_first_id_alone_will_do_where_no_subscriber_fits(store: Journal) -> None:
    """Some operators write the numbers in receipts in a way of their own."""
    await submitted(store, "12345")
    assert await joined(store, receipt("12345", others=("3039",), party="somebody")) == 1
    assert await state(store, 1) is DELIVERED


async def test_what_may_be_no_receipt_leaves_no_trace(store: Journal) -> None:
    rows = await submitted(store, "", "B2")
    taken = await store.receipts([receipt("a1", keep=False), receipt("b2", keep=False)])
    assert taken.unmatched == {0}
    assert await state(store, 2) is DELIVERED
    await store.settle([sent(rows[0], "A1")])
    assert await state(store, 1) is SUBMITTED


# -- by id and time


async def test_row_p11_one_id_at_two_operators_names_two_messages(store: Journal) -> None:
    other = question(2, link="south", operator="south")
    await store.take([ONE, other], [answer(ONE), answer(other)])
    await store.settle([sent(reply(ONE)), sent(reply(other))])
    assert await joined(store, receipt(link="south", state=UNDELIVERED)) == 1
    assert (await state(store, 1), await state(store, 2)) == (SUBMITTED, UNDELIVERED)


async def test_row_p11_an_id_used_again_after_weeks_is_the_new_message_s(store: Journal) -> None:
    new = question(2, received_us=AT + 21 * DAY)
    await store.take([ONE, new], [answer(ONE), answer(new)])
    await store.settle([sent(reply(ONE)), sent(reply(new))])
    at_us = new.received_us + HOUR
    assert await joined(store, receipt(at_us=at_us)) == 1
    assert (await state(store, 1), await state(store, 2)) == (SUBMITTED, DELIVERED)
    # A second one is never the old message's, which would otherwise be the newest without one.
    assert await joined(store, receipt(at_us=at_us + 1, state=UNDELIVERED)) == 0
    assert (await state(store, 1), await state(store, 2)) == (SUBMITTED, DELIVERED)


async def test_row_p11_an_early_receipt_waits_for_the_new_message_of_an_old_id(
    store: Journal,
) -> None:
    new = question(2, received_us=AT + 21 * DAY)
    await store.take([ONE, new], [answer(ONE), answer(new)])
    await store.settle([sent(reply(ONE))])
    assert await joined(store, receipt(at_us=new.received_us + SECOND)) == 0
    await store.settle([sent(reply(new))])
    assert (await state(store, 1), await state(store, 2)) == (SUBMITTED, DELIVERED)


async def test_row_p11_a_final_message_of_that_id_is_never_touched(store: Journal) -> None:
    await store.take([ONE, TWO], [answer(ONE), answer(TWO)])
    await store.settle([sent(reply(ONE))])
    await store.receipts([receipt(stat="DELIVRD")])
    await store.settle([sent(reply(TWO))])
    assert await joined(store, receipt(state=UNDELIVERED, stat="UNDELIV")) == 1
    (old,) = (await chain_of(store, ONE)).replies
    assert (old.state, old.stat) == (DELIVERED, "DELIVRD")
    assert await state(store, 2) is UNDELIVERED


async def test_row_r16_a_receipt_after_a_week_and_a_restart_is_matched(
    engine: SqliteEngine,
) -> None:
    store = await engine.open()
    await submitted(store, "A1", "3039")
    await store.purge(AT + 6 * DAY)
    await store.close()
    store = await engine.open()
    await store.recover(AT + 7 * DAY)
    late = {"at_us": AT + 7 * DAY + HOUR}
    other_form = receipt("12345", others=("3039",), party=OTHER_PARTY, **late)
    assert await joined(store, receipt(**late), other_form) == 2
    assert (await state(store, 1), await state(store, 2)) == (DELIVERED, DELIVERED)


BY_ID = receipt("a1")
BY_OTHER_ID = receipt("161", others=("a1", "353"), party=PARTY)
BY_REFERENCE = receipt("x", reference=reply(ONE).id & 0xFFFF, party=PARTY)


@pytest.mark.parametrize("early", [BY_ID, BY_OTHER_ID], ids=["id", "other"])
@pytest.mark.parametrize("crashed", [False, True])
async def test_row_r16_a_receipt_before_a_restart_joins_the_response_after_it(
    engine: SqliteEngine, early: ReceiptSeen, crashed: bool
) -> None:
    store = await engine.open()
    (row,) = await submitted(store, "")
    assert await joined(store, early, receipt("else")) == 0
    await store.close()
    store = await engine.open()
    if crashed:
        await store.recover(AT + HOUR)
        assert await state(store, 1) is UNKNOWN
    await store.settle([sent(row, "A1")])
    assert await state(store, 1) is DELIVERED


@pytest.mark.parametrize("crashed", [False, True])
async def test_row_r16_a_receipt_before_a_crash_settles_by_its_reference(
    engine: SqliteEngine, crashed: bool
) -> None:
    store = await engine.open()
    (row,) = await submitted(store, "")
    assert await joined(store, BY_REFERENCE, receipt("else")) == 0
    await store.close()
    store = await engine.open()
    assert await state(store, 1) is SUBMITTING
    if crashed:
        assert await store.recover(AT + HOUR) == 1
    else:
        await store.settle([Outcome(row.id, UNKNOWN, at_us=AT + HOUR)])
    assert await state(store, 1) is DELIVERED


# -- receipts that wait


async def test_an_early_receipt_joins_under_any_of_its_ids_once(store: Journal) -> None:
    rows = await submitted(store, "", "", "")
    early = receipt("12345", others=("3039", "74565"), party=PARTY)
    assert await joined(store, early) == 0
    await store.settle([sent(rows[1], "3039")])  # to another subscriber
    assert await state(store, 2) is SUBMITTED
    await store.settle([sent(rows[0], "3039")])
    assert await state(store, 1) is DELIVERED
    await store.settle([sent(rows[2], "12345")])  # it waits no longer, under no id
    assert await state(store, 3) is SUBMITTED


async def test_of_two_early_receipts_that_of_the_subscriber_joins(store: Journal) -> None:
    rows = await submitted(store, "")
    await store.receipts(
        [
            receipt("3039", state=UNDELIVERED, others=("12345",), party=OTHER_PARTY),
            receipt("12345", others=("3039",), party=PARTY),
        ]
    )
    await store.settle([sent(rows[0], "3039")])
    assert await state(store, 1) is DELIVERED


async def test_an_early_receipt_goes_with_all_its_ids_after_a_week(store: Journal) -> None:
    await store.receipts([receipt("12345", others=("3039", "74565"), party=PARTY)])
    assert await store.purge(AT + HOUR + 7 * DAY) == 3
    assert await store.purge(AT + HOUR + 7 * DAY) == 0


# -- by the reference, where there is no id


def echo(row: Reply, **changes: Any) -> Any:
    """A receipt that echoes the user_message_reference of a reply."""
    plain = receipt("e7", party=PARTY, reference=row.id & 0xFFFF)
    return plain._replace(**changes)


async def test_a_receipt_settles_a_reply_without_response_by_its_reference(
    store: Journal,
) -> None:
    (row,) = await submitted(store, "", mt=True)
    await store.settle([Outcome(row.id, UNKNOWN)])
    assert (await store.receipts([echo(row)])).otherwise == {0: ""}
    (trace,) = (await chain_of(store, ONE)).replies
    assert (trace.state, trace.stat, trace.submitted_us) == (DELIVERED, "DELIVRD", row.next_us)
    assert await kinds(store, ONE) == ["rated", "charged"]
    assert await store.unknown("north", 0, 9) == []


async def test_a_receipt_on_the_way_proves_the_submit_and_names_its_id(store: Journal) -> None:
    (row,) = await submitted(store, "", mt=True)
    await store.settle([Outcome(row.id, UNKNOWN)])
    on_the_way = echo(row, state=None, stat="ENROUTE", charge="charged")
    assert await joined(store, on_the_way) == 1
    assert await state(store, 1) is SUBMITTED
    assert await kinds(store, ONE) == ["rated", "charged"]
    assert await joined(store, receipt("e7")) == 1
    assert await state(store, 1) is DELIVERED


@pytest.mark.parametrize(
    "changes", [{"party": OTHER_PARTY}, {"reference": 1}, {"link": "south"}, {"party": ""}]
)
async def test_a_reference_needs_link_and_subscriber(
    store: Journal, changes: dict[str, Any]
) -> None:
    (row,) = await submitted(store, "")
    await store.settle([Outcome(row.id, UNKNOWN)])
    assert await joined(store, echo(row, **changes)) == 0
    assert await state(store, 1) is UNKNOWN


async def test_a_reference_used_again_is_not_an_older_reply_s(store: Journal) -> None:
    (row,) = await submitted(store, "")
    await store.settle([Outcome(row.id, UNKNOWN)])
    assert await joined(store, echo(row, at_us=AT + 9 * DAY)) == 0
    assert await joined(store, echo(row, at_us=AT - DAY)) == 0


async def test_a_reply_that_awaits_its_response_is_not_settled_by_its_reference(
    store: Journal,
) -> None:
    (row,) = await submitted(store, "")
    assert await joined(store, echo(row)) == 0
    assert await state(store, 1) is SUBMITTING
    await store.settle([sent(row, "E7")])
    (trace,) = (await chain_of(store, ONE)).replies
    assert (trace.state, trace.message_id) == (DELIVERED, "E7")


# -- messages of several parts (row R18)


async def parts_of(store: Journal, *fates: ReplyState, mt: bool = False) -> list[Reply]:
    """A reply of several segments, each in that state."""
    segs = len(fates)
    rows = [reply(ONE, 0, seg, segs=segs) for seg in range(1, segs + 1)]
    given = answer(ONE, *rows)
    await store.take([ONE], [given._replace(entries=(rated_mt(ONE),)) if mt else given])
    for row, fate in zip(rows, fates, strict=True):
        if fate in {DELIVERED, UNDELIVERED}:
            charge = "charged" if fate is DELIVERED else "voided"
            await store.settle([sent(row, f"{row.seg}")])
            await store.receipts([receipt(f"{row.seg}", state=fate, charge=charge)])
        elif fate is FAILED:
            await store.settle([failed(row)])
        else:
            await store.settle([sent(row, f"{row.seg}")])
    return rows


@pytest.mark.parametrize(
    ("fates", "after"),
    [
        ((DELIVERED, SUBMITTED), [DELIVERED, DELIVERED]),
        ((SUBMITTED, SUBMITTED, DELIVERED), [DELIVERED] * 3),
        ((UNDELIVERED, SUBMITTED), [UNDELIVERED, UNDELIVERED]),
        ((DELIVERED, SUBMITTED, UNDELIVERED), [DELIVERED, UNDELIVERED, UNDELIVERED]),
        ((FAILED, SUBMITTED), [FAILED, UNDELIVERED]),
        ((SUBMITTED, SUBMITTED), [SUBMITTED, SUBMITTED]),
    ],
)
async def test_row_r18_a_part_without_a_receipt_takes_the_fate_of_its_message(
    store: Journal, fates: tuple[ReplyState, ...], after: list[ReplyState]
) -> None:
    await parts_of(store, *fates)
    await store.purge(AT + 8 * DAY)
    assert await states(store, ONE) == list(fates)  # its own receipt may still come
    while await store.purge(AT + 8 * DAY + HOUR):
        pass
    assert await states(store, ONE) == after


async def test_row_r18_a_charge_waits_no_longer_than_the_parts(store: Journal) -> None:
    await parts_of(store, UNDELIVERED, SUBMITTED, mt=True)
    assert await kinds(store, ONE) == ["rated"]
    await store.purge(AT + 8 * DAY + HOUR)
    assert await kinds(store, ONE) == ["rated", "voided"]


async def test_row_r18_other_replies_of_the_question_tell_nothing_of_a_part(
    store: Journal,
) -> None:
    rows = [reply(ONE, 0, 1, segs=2), reply(ONE, 0, 2, segs=2), reply(ONE, 1)]
    await store.take([ONE], [answer(ONE, *rows)])
    await store.settle([sent(row, f"{place}") for place, row in enumerate(rows)])
    await store.receipts([receipt("2")])
    await store.purge(AT + 9 * DAY)
    assert await states(store, ONE) == [SUBMITTED, SUBMITTED, DELIVERED]


async def test_row_r18_a_receipt_for_each_part_counts_on_its_own(store: Journal) -> None:
    await parts_of(store, SUBMITTED, SUBMITTED)
    assert await joined(store, receipt("2"), receipt("1", state=UNDELIVERED)) == 2
    assert await states(store, ONE) == [UNDELIVERED, DELIVERED]
    await store.purge(AT + 9 * DAY)
    assert await states(store, ONE) == [UNDELIVERED, DELIVERED]


async def test_row_r18_a_part_passed_over_once_is_looked_at_again(store: Journal) -> None:
    """Its neighbour was sent again days later, so that its receipt may come later, too."""
    first, again = reply(ONE, 0, 1, segs=2), reply(ONE, 0, 2, segs=2)
    await store.take([ONE], [answer(ONE, first, again)])
    await store.settle([sent(first, "41"), sent(again, "42", at_us=AT + 3 * DAY)])
    await store.purge(AT + 9 * DAY)
    await store.receipts([receipt("42", at_us=AT + 9 * DAY)])
    assert await states(store, ONE) == [SUBMITTED, DELIVERED]
    for _ in range(2):
        await store.purge(AT + 10 * DAY)
    assert await states(store, ONE) == [DELIVERED, DELIVERED]


# -- receipts of ours


async def test_our_receipt_is_stored_with_its_question_and_goes_like_a_reply(
    store: Journal,
) -> None:
    ours = our_receipt(ONE)
    await store.take([ONE], [answer(ONE)], [ours])
    assert await store.queued("north", 0, 9) == [ours]
    assert await store.claim([ours.id], AT) == {ours.id}
    await store.settle([sent(ours, "z", charge="charged")])
    assert await store.queued("north", 0, 9) == []


async def test_our_receipt_may_be_claimed_from_the_start_and_be_of_unknown_fate(
    store: Journal,
) -> None:
    ours = our_receipt(ONE, state=SUBMITTING)
    await store.take([ONE], [], [ours])
    assert await store.recover(AT) == 1
    assert await store.unknown("north", 0, 9) == [ours._replace(state=UNKNOWN)]


async def test_our_receipt_is_no_part_of_the_ledger(store: Journal) -> None:
    ours = our_receipt(ONE)
    await store.take([ONE], [answer(ONE)], [ours])
    assert ids((await chain_of(store, ONE)).replies) == [reply(ONE).id]
    assert await store.stray_entries(9) == []


async def test_our_receipt_settles_no_charge_and_keeps_none_open(store: Journal) -> None:
    ours = our_receipt(ONE, state=SUBMITTING)
    await store.take([ONE], [answer(ONE)._replace(entries=(rated_mt(ONE),))], [ours])
    await store.settle([sent(ours, charge="charged")])
    assert await kinds(store, ONE) == ["rated"]
    await store.settle([failed(reply(ONE))])
    assert await kinds(store, ONE) == ["rated", "voided"]


async def test_a_late_answer_stands_behind_the_promise_not_behind_our_receipt(
    store: Journal,
) -> None:
    await store.take([ONE], [promise(ONE)], [our_receipt(ONE)])
    await store.take([], [answer(ONE, reply(ONE, id=1500))])
    assert [one.ordinal for one in (await chain_of(store, ONE)).replies] == [0, 1]


async def test_the_receipt_of_a_duplicate_is_dropped(store: Journal) -> None:
    await store.take([ONE], [answer(ONE)], [our_receipt(ONE)])
    again = question(2, fingerprint=ONE.fingerprint)
    assert await store.take([again], [answer(again)], [our_receipt(again)]) == [(2000, 1000)]
    assert ids(await store.queued("north", 0, 9)) == [our_receipt(ONE).id]


async def test_our_receipt_is_stored_once_however_often_it_is_given(store: Journal) -> None:
    ours = our_receipt(ONE)
    for given in ([], [answer(ONE)], [answer(ONE)]):
        await store.take([ONE], given, [ours])
    assert await store.queued("north", 0, 9) == [ours]


async def test_the_receipt_of_a_part_is_stored_with_it_and_outlives_it(store: Journal) -> None:
    first, second = part(1, 1), part(2, 2)
    ours = our_receipt(first)
    taken = await store.part([first, second], [ours])
    assert (list(taken.complete), list(taken.duplicates)) == ([(first, second)], [])
    again = first._replace(id=7)
    taken = await store.part([again], [our_receipt(again)])
    assert (list(taken.complete), taken.duplicates) == ([], [Duplicate(7, 1)])
    await store.take([question(1, joined=(1, 2))])
    await store.part([first], [ours])  # the call made once more
    assert await store.queued("north", 0, 9) == [ours]
    await store.claim([ours.id], AT)
    await store.settle([failed(ours)])
    assert await store.queued("north", 0, 9) == []
    assert await store.stray_entries(9) == []


async def test_of_copies_of_a_part_in_one_call_the_first_is_kept(store: Journal) -> None:
    first, copy = part(1, 1), part(5, 1, fingerprint="part1")
    taken = await store.part([first, copy], [our_receipt(first), our_receipt(copy)])
    assert taken.duplicates == [(5, 1)]
    assert ids(await store.queued("north", 0, 9)) == [our_receipt(first).id]


async def test_new_ids_start_above_our_receipts_and_they_go_after_their_term(
    store: Journal,
) -> None:
    await store.part([part(1, 1)], [our_receipt(part(1, 1))])
    assert await store.highest_id() == 901
    await store.purge(AT + 402 * DAY)
    assert await store.queued("north", 0, 9) == []


async def test_what_each_link_is_owed_is_counted_with_its_age(store: Journal) -> None:
    assert await store.waiting() == {}
    waiting = [reply(one, state=QUEUED, next_us=AT + HOUR) for one in (ONE, TWO)]
    waiting[1] = waiting[1]._replace(link="south")
    await store.take([ONE, TWO], [answer(ONE, waiting[0]), answer(TWO, waiting[1])])
    await store.part([part(9000, 1)], [our_receipt(part(9000, 1), next_us=AT + DAY)])
    assert await store.waiting() == {
        "north": Waiting(2, ONE.received_us),
        "south": Waiting(1, TWO.received_us),
    }
    await store.claim([waiting[0].id], AT)
    assert (await store.waiting())["north"].replies == 2
    await store.settle([sent(waiting[0])])
    assert (await store.waiting())["north"] == (1, part(9000, 1).received_us)
    await store.claim([waiting[1].id], AT)
    await store.settle([Outcome(waiting[1].id, UNKNOWN)])
    assert set(await store.waiting()) == {"north"}
