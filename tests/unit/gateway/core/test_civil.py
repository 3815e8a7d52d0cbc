"""Civil days and hours."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import KAZAKHSTAN
from gateway.core.civil import Civil


def us(iso: str) -> int:
    return int(datetime.fromisoformat(iso).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("moment", "day", "hour"),
    [
        ("2024-02-29T17:30:00+00:00", date(2024, 2, 29), "23:30"),  # at UTC+6
        ("2024-02-29T18:30:00+00:00", date(2024, 2, 29), "23:30"),  # again, at UTC+5
        ("2024-02-29T19:00:00+00:00", date(2024, 3, 1), "00:00"),
        ("2024-02-10T18:30:00+00:00", date(2024, 2, 11), "00:30"),
        ("2024-03-10T18:30:00+00:00", date(2024, 3, 10), "23:30"),
        ("2026-11-20T10:05:59+05:00", date(2026, 11, 20), "10:05"),
    ],
)
def test_a_moment_is_dated_by_the_offset_of_its_time(moment: str, day: date, hour: str) -> None:
    civil = Civil(KAZAKHSTAN)
    assert civil.day(us(moment)) == day
    assert civil.hour(us(moment)) == hour


def test_midnight_is_that_of_the_offset_of_its_day() -> None:
    civil = Civil(KAZAKHSTAN)
    assert civil.midnight_us(date(2024, 2, 29)) == us("2024-02-29T00:00:00+06:00")
    assert civil.midnight_us(date(2024, 3, 1)) == us("2024-03-01T00:00:00+05:00")


@given(st.dates(date(2019, 1, 1), date(2030, 1, 1)))
def test_a_day_begins_at_its_midnight(day: date) -> None:
    civil = Civil(KAZAKHSTAN)
    begins = civil.midnight_us(day)
    assert civil.day(begins) == day
    assert civil.day(begins - 1) < day
