from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.billing.reconcile import pairing
from gateway.billing.reconcile.pairing import pairs

moments = st.lists(st.integers(0, 60), max_size=9).map(sorted)
windows = st.integers(0, 20)


def best(ours: list[int], theirs: list[int], window: int) -> tuple[int, int]:
    """By trying everything: (pairs, less the time between them)."""

    @cache
    def rest(a: int, taken: frozenset[int]) -> tuple[int, int]:
        if a == len(ours):
            return 0, 0
        found = [rest(a + 1, taken)]
        for b, moment in enumerate(theirs):
            apart = abs(ours[a] - moment)
            if b not in taken and apart <= window:
                count, between = rest(a + 1, taken | {b})
                found.append((count + 1, between - apart))
        return max(found)

    return rest(0, frozenset())


@given(
    moments.filter(lambda each: len(each) < 6), moments.filter(lambda each: len(each) < 6), windows
)
def test_there_are_as_many_pairs_as_can_be_and_of_these_the_closest(
    ours: list[int], theirs: list[int], window: int
) -> None:
    found = pairs(ours, theirs, window)
    between = sum(abs(ours[a] - theirs[b]) for a, b in found)
    assert (len(found), -between) == best(ours, theirs, window)


@given(moments, moments, windows)
def test_each_moment_is_in_one_pair_at_most_and_no_pair_is_wider_than_the_window(
    ours: list[int], theirs: list[int], window: int
) -> None:
    found = pairs(ours, theirs, window)
    assert len({a for a, _ in found}) == len({b for _, b in found}) == len(found)
    assert all(abs(ours[a] - theirs[b]) <= window for a, b in found)
    assert found == sorted(found)


@given(moments, moments, windows)
def test_a_knot_too_large_for_the_table_has_as_many_pairs(
    ours: list[int], theirs: list[int], window: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairing, "CELLS_MAX", 0)
        quick = pairs(ours, theirs, window)
    assert len(quick) == len(pairs(ours, theirs, window))
    assert all(abs(ours[a] - theirs[b]) <= window for a, b in quick)


def test_the_nearer_of_two_is_taken() -> None:
    assert pairs([100], [40, 99], 120) == [(0, 1)]
    assert pairs([0, 100], [101], 120) == [(1, 0)]


def test_a_machine_that_texts_all_day_is_paired_at_once() -> None:
    ours = list(range(0, 200_000, 10))
    assert len(pairs(ours, [each + 3 for each in ours], 120)) == len(ours)
