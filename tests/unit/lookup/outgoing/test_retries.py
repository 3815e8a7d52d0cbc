from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookup.outgoing.retries import SAVED_MAX, RetryBudget


def test_a_lone_request_may_be_tried_again() -> None:
    budget = RetryBudget(retries_max=1, percent_max=10)
    budget.asked()
    assert budget.take(0)


def test_one_request_is_not_retried_for_ever() -> None:
    budget = RetryBudget(retries_max=2, percent_max=100)
    for _ in range(50):
        budget.asked()
    assert [budget.take(done) for done in range(4)] == [True, True, False, False]


def test_where_everything_fails_only_a_share_is_retried() -> None:
    budget = RetryBudget(retries_max=1, percent_max=10)
    retried = 0
    for _ in range(1_000):
        budget.asked()
        retried += budget.take(0)
    assert retried == 101  # a tenth, and the one it begins with


def test_quiet_hours_pay_for_no_storm() -> None:
    budget = RetryBudget(retries_max=1, percent_max=10)
    for _ in range(100_000):
        budget.asked()
    assert sum(budget.take(0) for _ in range(1_000)) == SAVED_MAX


def test_retries_can_be_switched_off() -> None:
    for budget in (
        RetryBudget(retries_max=0, percent_max=100),
        RetryBudget(retries_max=5, percent_max=0),
    ):
        for _ in range(100):
            budget.asked()
        assert not budget.take(0)


@pytest.mark.parametrize(("retries", "percent"), [(-1, 10), (1, -1), (1, 101)])
def test_a_budget_that_means_nothing_is_refused(retries: int, percent: int) -> None:
    with pytest.raises(ValueError, match="retry budget"):
        RetryBudget(retries_max=retries, percent_max=percent)


@given(st.lists(st.booleans()), st.integers(0, 100))
def test_retries_never_exceed_their_share(steps: list[bool], percent: int) -> None:
    budget = RetryBudget(retries_max=1, percent_max=percent)
    asked = retried = 0
    for ask in steps:
        if ask:
            budget.asked()
            asked += 1
        else:
            retried += budget.take(0)
    assert retried * 100 <= asked * percent + 100
