from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.billing.reconcile.phone import join
from gateway.billing.reconcile.records import SECOND_US
from tests.support.two_sides import TERMS, ours, theirs


def test_one_message_and_one_row_within_the_window_are_one() -> None:
    assert join([ours()], [theirs(120)], TERMS).joined == {0: [0]}
    assert join([ours()], [theirs(121)], TERMS).joined == {}


def test_the_skew_of_their_clock_is_taken_off() -> None:
    skewed = TERMS._replace(skew_us=300 * SECOND_US)
    assert join([ours()], [theirs(310)], skewed).joined == {0: [0]}
    assert join([ours()], [theirs(0)], skewed).joined == {}


def test_rows_of_another_code_or_record_are_another_message() -> None:
    assert join([ours()], [theirs(code="1021")], TERMS).joined == {}
    assert join([ours()], [theirs(record="mt")], TERMS).joined == {}


def test_a_row_left_out_and_a_message_of_another_link_are_not_joined() -> None:
    assert join([ours()], [theirs(left_out="receipts")], TERMS).joined == {}
    assert join([ours(own=False)], [theirs()], TERMS).joined == {}
    assert join([ours(counted=False)], [theirs()], TERMS).joined == {}


def test_a_row_left_out_makes_no_copy_of_one_that_counts() -> None:
    found = join([ours()], [theirs(left_out="tests"), theirs()], TERMS)
    assert found.joined == {0: [1]}
    assert found.twins == {}


def test_a_reference_wins_over_the_time() -> None:
    mine = [ours(0, record="mt", refs="aa"), ours(60, record="mt", refs="bb")]
    rows = [theirs(1, record="mt", ref="bb"), theirs(59, record="mt", ref="aa")]
    assert join(mine, rows, TERMS).joined == {0: [1], 1: [0]}


def test_our_own_reference_is_as_good() -> None:
    mine = [ours(0, record_id=7), ours(60, record_id=8)]
    rows = [theirs(1, our_ref="8"), theirs(59, our_ref="7")]
    assert join(mine, rows, TERMS).joined == {0: [1], 1: [0]}


def test_a_reference_is_found_however_far_the_times_are_apart() -> None:
    mine = [ours(0, record="mt", refs="aa")]
    assert join(mine, [theirs(4_000, record="mt", ref="aa")], TERMS).joined == {0: [0]}


def test_a_second_row_with_a_reference_takes_no_other_message() -> None:
    mine = [ours(0, record="mt", refs="aa"), ours(30, record="mt", refs="bb")]
    rows = [theirs(0, record="mt", ref="aa"), theirs(31, record="mt", ref="aa")]
    assert join(mine, rows, TERMS).joined == {0: [0]}


def test_an_unknown_reference_falls_back_on_the_time() -> None:
    mine = [ours(0, record="mt", refs="aa")]
    assert join(mine, [theirs(5, record="mt", ref="zz")], TERMS).joined == {0: [0]}


def test_a_copy_of_a_row_takes_no_other_question() -> None:
    found = join([ours(0), ours(60)], [theirs(1), theirs(1)], TERMS)
    assert found.joined == {0: [0]}
    assert found.twins == {1: 0}


def test_a_copy_of_a_row_is_a_second_question_where_we_have_two_at_once() -> None:
    assert join([ours(0), ours(1)], [theirs(1), theirs(1)], TERMS).joined == {1: [0], 0: [1]}


def test_segments_gather_at_their_message() -> None:
    parts = TERMS._replace(per_part=True)
    rows = [theirs(0), theirs(0), theirs(2)]
    assert join([ours(parts=3)], rows, parts).joined == {0: [0, 2, 1]}
    assert join([ours(parts=2)], rows, parts).joined == {0: [0, 2]}
    assert join([ours(parts=3)], rows, TERMS).joined == {0: [0]}
    numbered = [theirs(0, part_no=1), theirs(0, part_no=1), theirs(2, part_no=2)]
    assert join([ours(parts=3)], numbered, parts).joined == {0: [0, 2]}


def test_segments_with_ids_of_their_own_gather_by_these() -> None:
    parts = TERMS._replace(per_part=True)
    mine = [ours(0, record="mt", refs="aa ab", parts=2), ours(5, record="mt", refs="ba", parts=2)]
    rows = [theirs(at, record="mt", ref=ref) for at, ref in ((4, "aa"), (5, "ba"), (6, "ab"))]
    assert join(mine, rows, parts).joined == {0: [0, 2], 1: [1]}


def test_a_copy_of_a_segment_is_no_further_segment() -> None:
    parts = TERMS._replace(per_part=True)
    mine = [ours(0, record="mt", refs="aa ab", parts=2)]
    rows = [theirs(at, record="mt", ref=ref) for at, ref in ((4, "aa"), (4, "aa"), (5, "ab"))]
    found = join(mine, rows, parts)
    assert found.joined == {0: [0, 2]}
    assert found.twins == {1: 0}


moments = st.lists(st.integers(0, 400), max_size=7).map(sorted)


@given(moments, moments, st.booleans())
def test_each_row_is_used_once_and_each_message_holds_no_more_than_its_parts(
    mine: list[int], rows: list[int], per_part: bool
) -> None:
    messages = [ours(at, parts=1 + at % 3) for at in mine]
    found = join(messages, [theirs(at) for at in rows], TERMS._replace(per_part=per_part))
    used = [b for joined in found.joined.values() for b in joined]
    assert len(used) == len(set(used))
    for a, joined in found.joined.items():
        assert 1 <= len(joined) <= (messages[a].parts if per_part else 1)
