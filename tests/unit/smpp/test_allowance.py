"""What a peer may send us a second."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.allowance import Allowance


def test_one_second_s_worth_may_come_at_once() -> None:
    allowance = Allowance(5, 0.0)
    assert [allowance.take(0.0) for _ in range(7)] == [True] * 5 + [False] * 2
    assert allowance.take(0.2)
    assert not allowance.take(0.2)


def test_who_keeps_to_the_rate_is_never_refused() -> None:
    allowance = Allowance(10, 0.0)
    for second in range(100):
        assert all(allowance.take(float(second)) for _ in range(10))


def test_a_pause_saves_up_no_more_than_a_second() -> None:
    allowance = Allowance(3, 0.0)
    assert sum(allowance.take(1_000.0) for _ in range(10)) == 3


def test_less_than_one_a_second_still_lets_one_through() -> None:
    allowance = Allowance(0.5, 0.0)
    assert allowance.take(0.0)
    assert not allowance.take(1.0)
    assert allowance.take(2.0)


@pytest.mark.parametrize("tps", [0, -1])
def test_no_limit_is_no_allowance(tps: int) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        Allowance(tps, 0.0)


@given(st.integers(1, 1000), st.lists(st.floats(0, 0.5), max_size=200))
def test_no_more_than_the_rate_and_one_second_s_worth_ever_comes(
    tps: int, waits: list[float]
) -> None:
    allowance, now_s, taken = Allowance(tps, 0.0), 0.0, 0
    for wait_s in waits:
        now_s += wait_s
        taken += allowance.take(now_s)
    assert taken <= tps * (now_s + 1) + 1e-6
