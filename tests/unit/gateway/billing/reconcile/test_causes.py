from __future__ import annotations

from collections.abc import Sequence

import pytest

from gateway.billing.reconcile.causes import Known, settle
from gateway.billing.reconcile.phone import Terms
from gateway.billing.reconcile.records import (
    NO_PRICE,
    SECOND_US,
    Cause,
    Class,
    Ours,
    Theirs,
    is_disputed,
)
from tests.support.two_sides import AT, DAY, KNOWN, MONTH, TERMS, ours, theirs

MATCHED = (Class.MATCHED, Cause.NONE)


def told(
    mine: Sequence[Ours], rows: Sequence[Theirs], terms: Terms = TERMS, known: Known = KNOWN
) -> list[tuple[Class, Cause]]:
    return [(each.cls, each.cause) for each in settle(mine, rows, terms, known)]


def only_ours(mine: Ours, rows: Sequence[Theirs] = (), known: Known = KNOWN) -> Cause:
    [(cls, cause)] = told([mine], rows, TERMS, known)
    assert cls is Class.ONLY_OURS
    return cause


def only_theirs(row: Theirs, mine: Sequence[Ours] = (), terms: Terms = TERMS) -> Cause:
    *_, (cls, cause) = told(mine, [row], terms)
    assert cls is Class.ONLY_THEIRS
    return cause


def test_what_is_the_same_is_matched() -> None:
    assert told([ours()], [theirs(3)]) == [MATCHED]
    assert told([ours()], [theirs(3, price_tiyn=NO_PRICE)]) == [MATCHED]


@pytest.mark.parametrize(
    ("mine", "row", "cause"),
    [
        (ours(), theirs(price_tiyn=1499), Cause.PRICE),
        (ours(parts=2), theirs(price_tiyn=3000), Cause.PARTS),
        (ours(parts=2), theirs(price_tiyn=4500), Cause.PRICE),
        (ours(parts=2), theirs(parts=3), Cause.PARTS),
        (ours(), theirs(moved=True, our_ref="1"), Cause.PHONE),
        (ours(), theirs(code="8-1012"), Cause.SHORT_CODE),
    ],
)
def test_one_message_may_be_told_in_two_ways(mine: Ours, row: Theirs, cause: Cause) -> None:
    assert told([mine], [row]) == [(Class.DIFFERING, cause)]


def test_segments_are_a_message_when_all_of_them_are_there() -> None:
    parts = TERMS._replace(per_part=True)
    halves = [theirs(0, price_tiyn=750), theirs(1, price_tiyn=750)]
    assert told([ours(parts=2)], halves, parts) == [MATCHED]
    assert told([ours(parts=2)], halves[:1], parts) == [(Class.DIFFERING, Cause.PARTS)]


def test_what_only_we_have_is_explained_by_what_we_know() -> None:
    assert only_ours(ours()) is Cause.UNKNOWN
    assert only_ours(ours(msisdn="77070000000")) is Cause.TEST_PHONE
    far = KNOWN._replace(prefixes=("702",))
    assert only_ours(ours(), known=far) is Cause.PORTED
    assert only_ours(ours(msisdn=""), known=far) is Cause.UNKNOWN
    assert only_ours(ours(), known=KNOWN._replace(prefixes=("702", "701"))) is Cause.UNKNOWN


def test_a_row_they_left_out_explains_ours() -> None:
    for left_out, cause in (
        ("not_charged", Cause.NOT_CHARGED),
        ("tests", Cause.TEST_PHONE),
        ("other", Cause.LEFT_OUT),
    ):
        assert only_ours(ours(), [theirs(5, left_out=left_out)]) is cause
    assert only_ours(ours(), [theirs(500, left_out="not_charged")]) is Cause.UNKNOWN


def test_a_row_they_left_out_may_not_tell_what_it_is() -> None:
    nameless = theirs(5, left_out="not_charged", record="")
    assert only_ours(ours(), [nameless]) is Cause.NOT_CHARGED
    assert only_ours(ours(record="mt"), [nameless]) is Cause.NOT_CHARGED
    assert only_ours(ours(), [nameless._replace(code="1021")]) is Cause.UNKNOWN
    assert only_ours(ours(), [nameless._replace(record="mt")]) is Cause.UNKNOWN
    assert only_ours(ours(), [nameless._replace(left_out="receipts")]) is Cause.UNKNOWN


def test_the_months_borders_explain_ours() -> None:
    begin, end = MONTH
    later = KNOWN._replace(their_month_us=(begin + DAY, end + DAY))
    assert only_ours(ours(at_us=begin + 5), known=later) is Cause.MONTH_BORDER
    assert only_ours(ours(at_us=begin + DAY), known=later) is Cause.UNKNOWN
    short = KNOWN._replace(covered_us=(begin, AT - DAY))
    assert only_ours(ours(), known=short) is Cause.NOT_COVERED


def test_messages_of_other_months_and_links_are_not_told_as_ours() -> None:
    assert told([ours(place=1), ours(own=False), ours(counted=False)], []) == []


@pytest.mark.parametrize(
    ("row", "cause"),
    [
        (theirs(), Cause.UNKNOWN),
        (theirs(msisdn="77070000000"), Cause.TEST_PHONE),
        (theirs(msisdn="INFO"), Cause.UNKNOWN_NUMBER),
        (theirs(msisdn="+79161234567"), Cause.UNKNOWN_NUMBER),
        (theirs(code="1021"), Cause.SHORT_CODE),
        (theirs(at_us=MONTH[0] - 1), Cause.OTHER_MONTH),
        (theirs(at_us=MONTH[1]), Cause.OTHER_MONTH),
    ],
)
def test_what_only_they_have_is_explained_by_itself(row: Theirs, cause: Cause) -> None:
    assert only_theirs(row) is cause


def test_a_row_of_a_neighbouring_month_of_ours_is_of_the_border() -> None:
    assert only_theirs(theirs(3), [ours(place=1)]) is Cause.MONTH_BORDER
    assert only_theirs(theirs(3), [ours(place=-1)]) is Cause.MONTH_BORDER


def test_a_row_beside_others_is_explained_by_these() -> None:
    assert only_theirs(theirs(3), [ours(own=False)]) is Cause.PORTED
    assert only_theirs(theirs(3), [ours(counted=False)]) is Cause.NOT_ACKNOWLEDGED


def test_a_second_row_is_a_copy_a_part_a_receipt_or_a_redelivery() -> None:
    extra = (Class.ONLY_THEIRS, Cause.DUPLICATE)
    assert told([ours()], [theirs(3), theirs(3)]) == [MATCHED, extra]
    assert told([ours(duplicates=1)], [theirs(3), theirs(9)]) == [MATCHED, extra]
    parts = (Class.ONLY_THEIRS, Cause.PARTS)
    assert told([ours(parts=2)], [theirs(3), theirs(4)]) == [MATCHED, parts]
    receipt = ours(receipts_us=str(AT + 20 * SECOND_US))
    assert told([receipt], [theirs(0), theirs(24)]) == [
        MATCHED,
        (Class.ONLY_THEIRS, Cause.RECEIPT),
    ]
    unknown = (Class.ONLY_THEIRS, Cause.UNKNOWN)
    assert told([receipt], [theirs(0), theirs(45)]) == [MATCHED, unknown]


def test_a_part_or_a_receipt_is_what_is_nearer() -> None:
    both = ours(parts=2, receipts_us=str(AT + 6 * SECOND_US))
    assert told([both], [theirs(0), theirs(1)])[1][1] is Cause.PARTS
    assert told([both], [theirs(0), theirs(5)])[1][1] is Cause.RECEIPT


def test_a_receipt_may_be_told_by_the_id_of_our_reply() -> None:
    mine = ours(reply_refs="aa bb")
    assert only_theirs(theirs(600, ref="bb"), [mine]) is Cause.RECEIPT


def test_each_explanation_is_used_once() -> None:
    rows = [theirs(3), theirs(9), theirs(15)]
    assert told([ours(duplicates=1)], rows) == [
        MATCHED,
        (Class.ONLY_THEIRS, Cause.DUPLICATE),
        (Class.ONLY_THEIRS, Cause.UNKNOWN),
    ]
    receipt = ours(receipts_us=str(AT + 9 * SECOND_US))
    assert [cause for _, cause in told([receipt], rows)][1:] == [Cause.RECEIPT, Cause.UNKNOWN]


def test_a_question_has_no_more_parts_than_it_came_in() -> None:
    rows = [theirs(0), theirs(1), theirs(2)]
    assert [cause for _, cause in told([ours(parts=2)], rows)] == [
        Cause.NONE,
        Cause.PARTS,
        Cause.UNKNOWN,
    ]


def test_a_copy_under_another_code_stands_for_no_other_message() -> None:
    mine = [ours(0), ours(60)]
    rows = [theirs(0, code="8-1012"), theirs(0, code="8-1012")]
    assert sorted(told(mine, rows)) == [
        (Class.DIFFERING, Cause.SHORT_CODE),
        (Class.ONLY_OURS, Cause.UNKNOWN),
        (Class.ONLY_THEIRS, Cause.SHORT_CODE),
    ]


def test_a_second_row_by_the_same_reference_is_a_copy_whatever_its_time() -> None:
    mine = ours(record="mt", refs="aa")
    rows = [theirs(0, record="mt", ref="aa"), theirs(900, record="mt", ref="aa")]
    found = list(settle([mine], rows, TERMS, KNOWN))
    assert [each.cause for each in found] == [Cause.NONE, Cause.DUPLICATE]
    assert found[1].counterpart is mine


def test_a_wrong_code_beside_a_counted_question_is_another_message() -> None:
    rows = [theirs(-30, code="1021"), theirs(0)]
    assert told([ours()], rows) == [MATCHED, (Class.ONLY_THEIRS, Cause.SHORT_CODE)]


def test_a_machine_that_texts_all_month_is_settled_by_what_stands_near() -> None:
    mine = [ours(10 * n, question_id=n, record_id=n) for n in range(20_000)]
    rows = [theirs(10 * n + 1, row=n) for n in range(20_000) if n % 100]
    rows += [theirs(10 * n + 4, row=n, msisdn="INFO") for n in range(0, 20_000, 50)]
    rows += [theirs(10 * n + 5, row=n, code="1021") for n in range(0, 20_000, 100)]
    found = told(mine, sorted(rows))
    assert len(found) == 20_000 + 400
    assert found.count((Class.ONLY_OURS, Cause.UNKNOWN)) == 0


def test_what_the_other_months_act_has_is_not_disputed() -> None:
    assert not is_disputed(Class.MATCHED, Cause.NONE)
    for cls in (Class.ONLY_OURS, Class.ONLY_THEIRS):
        assert not is_disputed(cls, Cause.MONTH_BORDER)
        assert is_disputed(cls, Cause.UNKNOWN)
    assert not is_disputed(Class.ONLY_OURS, Cause.TEST_PHONE)
    assert is_disputed(Class.ONLY_THEIRS, Cause.TEST_PHONE)
    assert is_disputed(Class.DIFFERING, Cause.PRICE)
