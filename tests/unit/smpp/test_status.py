"""command_status to action, row by row of the table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.operators import DEFAULT, OperatorProfile
from smpp.status import (
    ACTIONS,
    BIND_BACKOFFS_S,
    Action,
    BindAction,
    action,
    bind_action,
    is_known,
    retry_delay_s,
)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([0x00], Action.SENT),
        ([0x58, 0x14], Action.THROTTLE),
        ([0x08, 0x64, 0x45, 0xFE, 0xFF], Action.RETRY),
        ([0x04], Action.REBIND),
        ([0x02, 0x03, 0x01, 0x43, 0xC0, 0xC1, 0xC2, 0xC3, 0xC4], Action.FAIL_ALARM),
        ([0x0A, 0x48, 0x49, 0x15, 0x06, 0x07, 0x61, 0x62], Action.FAIL_CONFIGURATION),
        ([0x05, 0x0D, 0x0E, 0x0F, 0x53], Action.FAIL_CONFIGURATION),
        ([0x0B, 0x50, 0x51, 0x4A, 0x4B], Action.FAIL_NUMBER),
        ([0x65, 0x66, 0x0C, 0x11, 0x13, 0x33, 0x34, 0x40, 0x42, 0x44], Action.FAIL),
        ([0x54, 0x55, 0x63, 0x67], Action.FAIL),
        ([0x400, 0x4FF, 0x520, 34, 0xFFFFFFFF], Action.RETRY),
    ],
)
def test_row_c7_each_status_has_its_action(statuses: list[int], expected: Action) -> None:
    assert {action(status, DEFAULT) for status in statuses} == {expected}
    named = {is_known(status, DEFAULT) for status in statuses}
    assert named == {0x400 not in statuses}


def test_no_status_stands_in_two_rows() -> None:
    assert len(ACTIONS) == 50


def test_the_profile_goes_before_the_table() -> None:
    profile = OperatorProfile(status_map={0x401: Action.FAIL_NUMBER, 0x65: Action.RETRY})
    assert action(0x401, profile) is Action.FAIL_NUMBER
    assert action(0x65, profile) is Action.RETRY
    assert action(0x58, profile) is Action.THROTTLE


def test_a_known_status_is_retried_five_times_and_an_unknown_one_twice() -> None:
    known = [retry_delay_s(0x08, attempts, DEFAULT) for attempts in range(8)]
    assert known == [None, 5, 30, 120, 120, 120, None, None]
    unknown = [retry_delay_s(0x520, attempts, DEFAULT) for attempts in range(1, 5)]
    assert unknown == [5, 30, None, None]
    named = OperatorProfile(status_map={0x520: Action.RETRY})
    assert (is_known(0x520, DEFAULT), is_known(0x520, named)) == (False, True)
    assert retry_delay_s(0x520, 5, named) == 120


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([0x00], BindAction.BOUND),
        ([0x05, 0x0D], BindAction.BUSY_BACKOFF),
        ([0x0E, 0x0F, 0x53], BindAction.LONG_BACKOFF),
        ([0x04, 0x08, 0x58, 0x520], BindAction.BACKOFF),
    ],
)
def test_rows_b2_b3_b4_bind_statuses(statuses: list[int], expected: BindAction) -> None:
    assert {bind_action(status) for status in statuses} == {expected}


def test_rows_b3_b4_b10_how_long_each_back_off_grows() -> None:
    assert BIND_BACKOFFS_S[BindAction.BACKOFF] == (1, 2, 4, 8, 16, 32, 60)
    assert BIND_BACKOFFS_S[BindAction.BUSY_BACKOFF][-1] == 120
    assert BIND_BACKOFFS_S[BindAction.LONG_BACKOFF][:2] == (300, 900)
    assert set(BIND_BACKOFFS_S) == set(BindAction)


@given(st.integers(0, 2**32 - 1))
def test_every_status_has_an_action(status: int) -> None:
    assert isinstance(action(status, DEFAULT), Action)
    assert isinstance(bind_action(status), BindAction)
