"""How much clients of the feeds API may ask."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.feeds.limits import FeedLimits, Limiter, Rate
from gateway.problems import RefusedRequest

LIMITS = FeedLimits(requests_per_s=2.0, burst=3, batches_max=2, waiting_max=1, failures_max=2)


def refused(error: pytest.ExceptionInfo[RefusedRequest]) -> tuple[int, str | None, int | None]:
    problem = error.value.problem
    return problem.status, problem.kind, problem.retry_after_s


def test_a_key_that_asks_too_fast_is_told_when_to_come_again() -> None:
    limiter = Limiter(LIMITS)
    for _ in range(3):
        limiter.pace("a", 10.0)
    with pytest.raises(RefusedRequest) as error:
        limiter.pace("a", 10.0)
    assert refused(error) == (429, "too-fast", 1)
    limiter.pace("b", 10.0)
    limiter.pace("a", 10.5)


@given(st.lists(st.floats(0, 3), max_size=60), st.floats(0.1, 50), st.integers(1, 20))
def test_no_more_passes_than_burst_and_rate_allow(
    pauses: list[float], per_s: float, burst: int
) -> None:
    rate, now_s, passed = Rate(per_s, burst, 0.0), 0.0, 0
    for pause_s in pauses:
        now_s += pause_s
        wait_s = rate.take(now_s)
        passed += wait_s == 0.0
        assert 0.0 <= wait_s <= 1 / per_s
    assert passed <= burst + now_s * per_s + 1e-6


def test_a_key_has_one_batch_at_a_time_and_all_have_a_few() -> None:
    limiter = Limiter(LIMITS)
    with limiter.batch("a"), limiter.batch("b"):
        with pytest.raises(RefusedRequest) as error, limiter.batch("a"):
            pass
        assert refused(error) == (429, "batch-running", 1)
        with pytest.raises(RefusedRequest) as error, limiter.batch("c"):
            pass
        assert refused(error) == (503, "busy", 1)
    with limiter.batch("a"), limiter.batch("c"):
        pass


def test_pushes_wait_in_a_queue_that_ends() -> None:
    limiter = Limiter(LIMITS)
    with limiter.push():
        with pytest.raises(RefusedRequest) as error, limiter.push():
            pass
        assert refused(error) == (503, "busy", 1)
    with limiter.push():
        pass


def test_an_address_is_locked_out_after_its_failures() -> None:
    limiter = Limiter(LIMITS)
    limiter.failed("192.0.2.1", 0.0)
    assert not limiter.locked_out("192.0.2.1", 0.0)
    limiter.failed("192.0.2.1", 1.0)
    assert limiter.locked_out("192.0.2.1", 600.0)
    assert not limiter.locked_out("192.0.2.2", 600.0)
    assert not limiter.locked_out("192.0.2.1", 601.0)
