from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.call_records import CallLeg, CallRecord, CallTrace, measured_s

LEG = CallLeg(1, "1414", "CA1", "caller", "party", "77010000001", "1414", 5_000_000, 20_261_120)


def record(number: int) -> CallRecord:
    return CallRecord(
        id=2 + number, leg=LEG, number=number, answered_us=5_000_000, ended_us=9_000_000,
        platform_s=None, measured_s=4, outcome="completed", closed_by="hangup", language="kk",
        tariff="call", payer="owner", billable_s=4, amount_tiyn=4, currency="KZT", vat_bp=1600,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("answered_us", "ended_us", "seconds"),
    [
        (None, 9_000_000, 0),  # nobody answered
        (5_000_000, 5_000_000, 0),
        (5_000_000, 5_000_001, 1),  # a begun second counts
        (5_000_000, 6_000_000, 1),
        (5_000_000, 6_000_001, 2),
        (5_000_000, 4_000_000, 0),  # a clock that was set back
    ],
)
def test_begun_seconds_count_from_the_answer_to_the_end(
    answered_us: int | None, ended_us: int, seconds: int
) -> None:
    assert measured_s(answered_us, ended_us) == seconds


@given(st.integers(0, 10**15), st.integers(0, 10**12))
def test_the_seconds_cover_the_time_and_less_than_one_more(start_us: int, length_us: int) -> None:
    seconds = measured_s(start_us, start_us + length_us)
    assert 0 <= seconds * 1_000_000 - length_us < 1_000_000


def test_the_last_record_of_a_leg_counts() -> None:
    assert CallTrace(LEG, ()).last is None
    assert CallTrace(LEG, (record(0),)).last == record(0)
    assert CallTrace(LEG, (record(0), record(1))).last == record(1)
