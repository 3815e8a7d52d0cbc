from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from gateway.billing.reconcile.records import LEFT_OVER, SECOND_US, TOLD_EARLIER, Class
from gateway.billing.reconcile.scratch import Scratch
from tests.support.two_sides import AT, ours, theirs


@pytest.fixture
def scratch() -> Iterator[Scratch]:
    with closing(Scratch()) as made:
        yield made


def test_rows_come_back_as_they_went_a_phone_at_a_time(scratch: Scratch) -> None:
    mine = [ours(9, party=b"b"), ours(3, party=b"a", own=False), ours(1, party=b"b")]
    rows = [theirs(5, party=b"c"), theirs(2, party=b"b", row=3)]
    scratch.add_ours(mine)
    scratch.add_theirs(rows)
    assert list(scratch.phones()) == [
        ([mine[1]], []),
        ([mine[2], mine[0]], [rows[1]]),
        ([], [rows[0]]),
    ]


def test_rows_of_one_moment_come_in_the_order_of_the_file(scratch: Scratch) -> None:
    scratch.add_theirs([theirs(row=9), theirs(row=3), theirs(row=5)])
    [(_, rows)] = scratch.phones()
    assert [each.row for each in rows] == [3, 5, 9]


def test_a_reference_finds_its_message_under_another_phone(scratch: Scratch) -> None:
    scratch.add_ours(
        [
            ours(0, party=b"a", record="mt", refs='a"b aa', record_id=5),
            ours(900, party=b"b", record="mt", refs="aa", record_id=6),
        ]
    )
    scratch.add_theirs(
        [
            theirs(890, party=b"x", record="mt", ref="aa", row=2),
            theirs(0, party=b"y", record="mt", our_ref="5", row=3),
            theirs(0, party=b"z", record="mt", ref="none", row=4),
            theirs(0, party=b"a", record="mt", ref="aa", row=5),
            theirs(0, party=b"w", record="mt", ref='a"b', row=6),
        ]
    )
    assert scratch.find_moved() == 3
    found = {row.row: (row.party, bool(row.moved)) for _, rows in scratch.phones() for row in rows}
    assert found == {
        2: (b"b", True), 3: (b"a", True), 4: (b"z", False), 5: (b"a", False), 6: (b"a", True),
    }  # fmt: skip


def test_delays_are_those_of_phones_with_as_many_messages_on_either_side(
    scratch: Scratch,
) -> None:
    scratch.add_ours([ours(0, party=b"a"), ours(50, party=b"a"), ours(0, party=b"b")])
    scratch.add_theirs(
        [
            theirs(4, party=b"a"),
            theirs(53, party=b"a"),
            theirs(1, party=b"b"),
            theirs(9, party=b"b"),
            theirs(2, party=b"b", left_out="receipts"),
        ]
    )
    assert scratch.delays_us() == [4 * SECOND_US, 3 * SECOND_US]


def test_the_file_covers_the_time_from_its_first_row_to_its_last(scratch: Scratch) -> None:
    around = (AT - 9 * SECOND_US, AT + 9 * SECOND_US)
    assert scratch.covered_us(around) == (0, 0)
    scratch.add_theirs([theirs(7), theirs(-7), theirs(0)])
    assert scratch.covered_us(around) == (AT - 7 * SECOND_US, AT + 7 * SECOND_US)


def test_rows_of_other_months_and_of_earlier_files_cover_nothing(scratch: Scratch) -> None:
    scratch.add_theirs([theirs(-60), theirs(2), theirs(5, left_out=TOLD_EARLIER), theirs(60)])
    around = (AT - 9 * SECOND_US, AT + 9 * SECOND_US)
    assert scratch.covered_us(around) == (AT + 2 * SECOND_US, AT + 2 * SECOND_US)


def test_what_earlier_months_left_over_says_nothing_of_the_clocks(scratch: Scratch) -> None:
    scratch.add_ours([ours(-600, party=b"a", place=LEFT_OVER), ours(0, party=b"a")])
    scratch.add_theirs([theirs(4, party=b"a"), theirs(9, party=b"a", left_out=TOLD_EARLIER)])
    assert scratch.delays_us() == [4 * SECOND_US]


def test_lines_are_kept_by_class_in_the_order_of_time(scratch: Scratch) -> None:
    scratch.keep([(Class.ONLY_OURS, 9, b"late"), (Class.ONLY_OURS, 3, b"early")])
    scratch.keep([(Class.DIFFERING, 5, b"other")])
    scratch.keep_bad(4, b"bad")
    assert list(scratch.kept(Class.ONLY_OURS)) == [b"early", b"late"]
    assert list(scratch.kept_bad()) == [b"bad"]
    assert list(scratch.kept(Class.ONLY_THEIRS)) == []
