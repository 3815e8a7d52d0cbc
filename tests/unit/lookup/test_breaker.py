from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookup.breaker import Breaker, BreakerState


def admitted(breaker: Breaker, now: float) -> int:
    permit = breaker.admit(now)
    assert permit is not None
    return permit


def opened(at: float = 0.0) -> Breaker:
    breaker = Breaker(failures_max=3, open_s=10)
    for _ in range(3):
        breaker.failed(admitted(breaker, at), at)
    return breaker


def test_it_opens_after_that_many_failures_in_a_row() -> None:
    breaker = Breaker(failures_max=3, open_s=10)
    for _ in range(2):
        breaker.failed(admitted(breaker, 0), 0)
    assert breaker.state(0) is BreakerState.CLOSED
    breaker.failed(admitted(breaker, 0), 0)
    assert breaker.state(0) is BreakerState.OPEN
    assert breaker.admit(9.9) is None


def test_a_success_between_failures_starts_the_count_again() -> None:
    breaker = Breaker(failures_max=3, open_s=10)
    for _ in range(2):
        breaker.failed(admitted(breaker, 0), 0)
    breaker.succeeded(admitted(breaker, 0))
    for _ in range(2):
        breaker.failed(admitted(breaker, 0), 0)
    assert breaker.state(0) is BreakerState.CLOSED


def test_only_one_probe_goes_out_after_the_pause() -> None:
    breaker = opened()
    assert breaker.state(10) is BreakerState.HALF_OPEN
    admitted(breaker, 10)
    assert breaker.admit(10) is None
    assert breaker.admit(1_000) is None


def test_a_good_probe_closes_it() -> None:
    breaker = opened()
    breaker.succeeded(admitted(breaker, 10))
    assert breaker.state(10) is BreakerState.CLOSED
    assert breaker.admit(10) is not None
    assert breaker.admit(10) is not None


def test_a_bad_probe_opens_it_again_for_the_whole_pause() -> None:
    breaker = opened()
    breaker.failed(admitted(breaker, 12), 13)
    assert breaker.admit(22.9) is None
    assert breaker.admit(23) is not None


def test_an_abandoned_probe_lets_another_try() -> None:
    breaker = opened()
    breaker.abandoned(admitted(breaker, 10))
    assert breaker.state(10) is BreakerState.HALF_OPEN
    assert breaker.admit(10) is not None


def test_calls_begun_before_it_opened_decide_nothing() -> None:
    breaker = Breaker(failures_max=1, open_s=10)
    early, late = admitted(breaker, 0), admitted(breaker, 0)
    breaker.failed(early, 0)
    breaker.succeeded(late)
    assert breaker.state(0) is BreakerState.OPEN
    probe = admitted(breaker, 10)
    breaker.failed(late, 10)
    assert breaker.state(10) is BreakerState.HALF_OPEN
    breaker.succeeded(probe)
    assert breaker.state(10) is BreakerState.CLOSED


@pytest.mark.parametrize(("failures_max", "open_s"), [(0, 1.0), (1, 0.0)])
def test_settings_that_would_never_open_or_close_are_refused(
    failures_max: int, open_s: float
) -> None:
    with pytest.raises(ValueError, match="failures_max"):
        Breaker(failures_max=failures_max, open_s=open_s)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["admit", "succeeded", "failed", "abandoned"]),
            st.floats(0, 30, allow_nan=False),
        ),
        max_size=60,
    )
)
@settings(deadline=None)
def test_it_never_lets_two_probes_out_and_never_locks_for_good(
    steps: list[tuple[str, float]],
) -> None:
    breaker = Breaker(failures_max=2, open_s=10)
    now = 0.0
    held: list[int] = []
    probes: list[int] = []
    for what, passed in steps:
        now += passed
        if what == "admit":
            state = breaker.state(now)
            permit = breaker.admit(now)
            assert (permit is None) >= (state is BreakerState.OPEN)
            assert permit is not None or state is not BreakerState.CLOSED
            if permit is not None:
                held.append(permit)
                if state is BreakerState.HALF_OPEN:
                    probes.append(permit)
                    assert len(probes) == 1
        elif held:
            permit = held.pop(0)
            if what == "failed":
                breaker.failed(permit, now)
            else:
                getattr(breaker, what)(permit)
            probes = [probe for probe in probes if probe != permit]
    for permit in held:
        breaker.abandoned(permit)
    assert breaker.admit(now + 10) is not None
