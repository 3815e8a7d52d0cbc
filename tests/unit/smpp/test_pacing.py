"""The rate of a link: smooth, never above what was agreed, slowed and won back."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.pacing import AHEAD_S, BURST_S, THROTTLE_PAUSE_S, UNLIMITED_FLOOR, Pacing


def taken(pacing: Pacing, now_s: float) -> int:
    count = 0
    while pacing.take(now_s):
        count += 1
    return count


def busy(tps_max: float, at: int, until_s: float) -> Pacing:
    """A link that has sent `at` PDUs a second until then."""
    pacing = Pacing(tps_max, until_s - 3.0)
    for tick in range(1, 3 * at + 1):
        pacing.take(until_s - 3.0 + tick / at)
    return pacing


def test_a_negative_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="tps_max -1"):
        Pacing(-1, 0.0)


def test_a_limit_of_zero_means_unlimited() -> None:
    pacing = Pacing(0, 0.0)
    assert pacing.allowance(0.0) > 10_000
    assert taken(pacing, 0.0) == 5_000


def test_a_throttle_on_an_unlimited_link_halves_the_rate_in_use() -> None:
    pacing = busy(0, 800, 10.0)
    assert pacing.throttled(10.0, 9.9)
    assert pacing.rate == pytest.approx(400, abs=8)
    pacing.allowance(10.0 + THROTTLE_PAUSE_S + 10.0)
    assert pacing.rate == pytest.approx(560, abs=12)
    assert Pacing(0, 0.0).throttled(1.0, 0.5)


def test_throttles_never_bring_an_unlimited_link_below_its_floor() -> None:
    pacing = Pacing(0, 0.0)
    for second in range(1, 30):
        pacing.throttled(second * 2.0, second * 2.0 - 0.1)
    assert pacing.rate >= UNLIMITED_FLOOR


def test_a_throttle_far_below_the_limit_slows_what_is_in_use() -> None:
    pacing = busy(1_000, 200, 10.0)
    pacing.throttled(10.0, 9.9)
    assert pacing.rate == pytest.approx(100, abs=3)


def test_no_more_than_a_burst_leaves_at_once() -> None:
    assert taken(Pacing(100, 0.0), 0.0) == 100 * BURST_S
    assert taken(Pacing(100, 0.0), 60.0) == 100 * BURST_S


def test_a_rate_below_one_a_burst_still_lets_single_pdus_out() -> None:
    pacing = Pacing(1, 0.0)
    assert taken(pacing, 0.0) == 1
    assert taken(pacing, 0.5) == 0
    assert taken(pacing, 1.0) == 1


@given(tps=st.integers(1, 500), steps=st.lists(st.floats(0.0, 0.3), min_size=1, max_size=30))
def test_no_second_carries_more_than_the_rate_and_one_burst(tps: int, steps: list[float]) -> None:
    pacing = Pacing(tps, 0.0)
    now_s = 0.0
    sent: deque[tuple[float, int]] = deque()  # of the last second: when, how many
    for step in steps:
        now_s += step
        sent.append((now_s, taken(pacing, now_s)))
        while sent[0][0] <= now_s - 1.0:
            sent.popleft()
        assert sum(count for _, count in sent) <= tps + max(1.0, tps * BURST_S) + 1e-6


def test_the_allowance_is_what_can_leave_and_a_tenth_of_a_second() -> None:
    pacing = Pacing(100, 0.0)
    assert pacing.allowance(0.0) == pytest.approx(100 * (BURST_S + AHEAD_S))
    taken(pacing, 0.0)
    assert pacing.allowance(0.0) == pytest.approx(100 * AHEAD_S)
    assert Pacing(1, 0.0).allowance(0.0) == 2


def test_ready_tells_when_the_next_one_may_leave() -> None:
    pacing = Pacing(100, 0.0)
    taken(pacing, 0.0)
    ready_s = pacing.ready_s(0.0)
    assert ready_s == pytest.approx(0.01)
    assert not pacing.take(ready_s - 0.001)
    assert pacing.take(ready_s + 1e-9)


def test_high_rates_wait_a_step_and_release_several() -> None:
    pacing = Pacing(10_000, 0.0)
    taken(pacing, 0.0)
    assert pacing.ready_s(0.0) == pytest.approx(0.005)
    assert taken(pacing, 0.005) == pytest.approx(50, abs=1)


def test_a_throttle_pauses_and_halves() -> None:
    pacing = busy(100, 100, 10.0)
    assert pacing.throttled(10.0, 9.9)
    assert pacing.rate == pytest.approx(50, abs=1)
    assert pacing.paused(10.0 + THROTTLE_PAUSE_S - 0.01)
    assert not pacing.take(10.5)
    assert pacing.allowance(10.5) == 0
    assert pacing.ready_s(10.5) == 10.0 + THROTTLE_PAUSE_S
    assert not pacing.paused(10.0 + THROTTLE_PAUSE_S)
    assert pacing.take(10.0 + THROTTLE_PAUSE_S)


def test_a_burst_of_throttles_of_one_window_counts_once() -> None:
    pacing = busy(100, 100, 10.0)
    assert pacing.throttled(10.0, 9.9)
    assert not pacing.throttled(10.1, 9.95)
    assert pacing.rate == pytest.approx(50, abs=1)
    assert pacing.throttled(11.2, 11.1)
    assert pacing.rate == pytest.approx(25, abs=1)


def test_the_rate_never_falls_below_its_floor() -> None:
    pacing = Pacing(100, 0.0)
    for turn in range(20):
        pacing.throttled(float(turn), turn - 0.1)
    assert pacing.rate == 5
    slow = Pacing(1, 0.0)
    slow.throttled(1.0, 0.9)
    assert slow.rate == 1


def test_the_rate_is_won_back_step_by_step_but_not_while_paused() -> None:
    pacing = busy(100, 100, 10.0)
    pacing.throttled(10.0, 9.9)
    pacing.allowance(10.0 + THROTTLE_PAUSE_S)
    assert pacing.rate == pytest.approx(50, abs=1)
    pacing.allowance(10.0 + THROTTLE_PAUSE_S + 5.0)
    assert pacing.rate == pytest.approx(60, abs=1)
    pacing.allowance(200.0)
    assert pacing.rate == 100


def test_two_throttles_of_a_hundred_stop_sending_for_seconds_only() -> None:
    pacing = busy(100, 100, 10.0)
    pacing.throttled(10.0, 9.9)
    pacing.throttled(10.0, 9.9)
    sent = sum(taken(pacing, 10.0 + tick / 100) for tick in range(500))
    assert sent > 150


def test_a_pause_is_never_shortened_by_another() -> None:
    pacing = Pacing(100, 0.0)
    pacing.pause(0.0, 300.0)
    pacing.throttled(1.0, 0.9)
    assert pacing.paused(299.0)


def test_a_clock_that_stands_still_gives_nothing_away() -> None:
    pacing = Pacing(20, 5.0)
    assert pacing.take(5.0)
    assert not pacing.take(5.0)
    assert not pacing.take(4.0)


def test_a_throttle_is_felt_until_its_pause_is_over_and_the_rate_is_back() -> None:
    pacing = busy(100, 100, 10.0)
    assert not pacing.slowed(10.0)
    pacing.throttled(10.0, 9.9)
    assert pacing.slowed(10.0)
    assert pacing.slowed(10.0 + THROTTLE_PAUSE_S + 20.0)
    assert not pacing.slowed(10.0 + THROTTLE_PAUSE_S + 26.0)


def test_a_link_as_slow_as_can_be_feels_a_throttle_as_long_as_its_pause() -> None:
    pacing = Pacing(1, 0.0)
    pacing.throttled(1.0, 0.9)
    assert pacing.slowed(1.0 + THROTTLE_PAUSE_S - 0.01)
    assert not pacing.slowed(1.0 + THROTTLE_PAUSE_S)


def test_an_unlimited_link_has_recovered_at_the_rate_that_was_in_use() -> None:
    pacing = busy(0, 800, 10.0)
    pacing.throttled(10.0, 9.9)
    pacing.throttled(12.0, 11.9)  # a second one is measured by the rate before the first
    assert pacing.slowed(12.0 + THROTTLE_PAUSE_S + 20.0)
    assert not pacing.slowed(12.0 + THROTTLE_PAUSE_S + 400.0)
    assert pacing.rate < 10_000


def test_the_rate_at_a_time_has_what_was_won_back_by_then() -> None:
    pacing = busy(100, 100, 10.0)
    pacing.throttled(10.0, 9.9)
    assert pacing.rate_at(10.0 + THROTTLE_PAUSE_S + 5.0) == pytest.approx(60, abs=1)
