"""Waiting before the next bind: never at once, never for ever, never hammering an account."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.backoff import Backoff, BackoffLimits
from smpp.status import BindAction

MIDDLE = 0.5  # a jitter of neither sign
PLAIN, BUSY, LONG = BindAction.BACKOFF, BindAction.BUSY_BACKOFF, BindAction.LONG_BACKOFF


def waits(backoff: Backoff, action: BindAction, count: int, bound_s: float = 0.0) -> list[float]:
    return [round(backoff.wait_s(action, bound_s, MIDDLE), 6) for _ in range(count)]


def test_lost_sessions_wait_1_2_4_up_to_60_seconds() -> None:
    assert waits(Backoff(BackoffLimits()), PLAIN, 9) == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_an_smsc_that_still_holds_our_old_session_is_waited_for_up_to_120_seconds() -> None:
    busy = waits(Backoff(BackoffLimits()), BUSY, 8)
    assert busy[-1] == 120
    assert busy == sorted(busy)


def test_refused_credentials_wait_minutes() -> None:
    backoff = Backoff(BackoffLimits())
    minutes = [backoff.wait_s(LONG, 0.0, 0.0) / 60 for _ in range(6)]
    assert minutes == [5, 15, 30, 60, 60, 60]


def test_a_refusal_is_never_retried_early() -> None:
    assert Backoff(BackoffLimits()).wait_s(LONG, 0.0, 1.0) == pytest.approx(360)


def test_a_short_bind_does_not_reset_the_wait() -> None:
    backoff = Backoff(BackoffLimits())
    waits(backoff, PLAIN, 3)
    assert waits(backoff, PLAIN, 1, bound_s=59.9) == [8]


def test_a_steady_bind_resets_the_wait() -> None:
    backoff = Backoff(BackoffLimits())
    waits(backoff, PLAIN, 5)
    assert waits(backoff, PLAIN, 1, bound_s=60.0) == [1]


def test_a_bind_that_succeeded_forgives_the_refusals() -> None:
    backoff = Backoff(BackoffLimits())
    waits(backoff, LONG, 3)
    waits(backoff, PLAIN, 1, bound_s=1.0)
    assert backoff.wait_s(LONG, 0.0, 0.0) == 300


@given(
    actions=st.lists(st.sampled_from([PLAIN, BUSY]), min_size=1, max_size=200),
    jitter=st.floats(0.0, 1.0),
)
def test_every_wait_is_within_a_fifth_of_its_step(actions: list[BindAction], jitter: float) -> None:
    jittered, plain = Backoff(BackoffLimits()), Backoff(BackoffLimits())
    for action in actions:
        wait_s, middle_s = jittered.wait_s(action, 0.0, jitter), plain.wait_s(action, 0.0, MIDDLE)
        assert 0.8 * middle_s - 1e-9 <= wait_s <= 1.2 * middle_s + 1e-9
        assert 0.8 - 1e-9 <= wait_s <= 144 + 1e-9
