"""Time and ids."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import Clock, Ids, day_date, fixed, made_us, zone_problem


def us(iso: str) -> int:
    return int(datetime.fromisoformat(iso).timestamp()) * 1_000_000


def test_a_day_begins_at_midnight_in_kazakhstan() -> None:
    clock = Clock()
    assert clock.day(us("2026-11-19T23:59:59+05:00")) == 20_261_119
    assert clock.day(us("2026-11-20T00:00:00+05:00")) == 20_261_120


def test_days_before_march_2024_are_those_of_the_old_offset() -> None:
    clock = Clock()
    assert clock.day(us("2024-02-10T18:30:00+00:00")) == 20_240_211
    assert clock.day(us("2024-03-10T18:30:00+00:00")) == 20_240_310


def test_days_are_right_in_any_order_of_asking() -> None:
    clock = Clock()
    moments = [
        "2026-11-20T10:00:00+05:00",
        "2025-01-01T00:30:00+05:00",
        "2026-11-20T23:00:00+05:00",
    ]
    assert [clock.day(us(moment)) for moment in moments] == [20_261_120, 20_250_101, 20_261_120]


def test_zone_data_without_the_change_of_2024_are_refused() -> None:
    assert zone_problem() is None
    for old in (timezone(timedelta(hours=6)), timezone(timedelta(hours=5)), UTC):
        assert "update the system's tzdata" in (zone_problem(old) or "")


def test_a_day_as_a_date() -> None:
    assert day_date(20_261_120) == date(2026, 11, 20)


def test_a_fixed_clock_starts_where_it_is_told_and_runs_on() -> None:
    now_us = fixed("2026-11-20T10:00:00+05:00")
    first = now_us()
    assert 0 <= first - us("2026-11-20T10:00:00+05:00") < 60_000_000
    assert now_us() >= first


@given(st.lists(st.integers(-5_000, 5_000), min_size=2, max_size=60))
def test_ids_rise_whatever_the_clock_does(steps: list[int]) -> None:
    now = us("2026-11-20T10:00:00+05:00")
    times = []
    for step in steps:
        now += step * 1_000
        times.append(now)
    moment = iter(times)
    ids = Ids(lambda: next(moment), node=3)
    made = [ids() for _ in times]
    assert made == sorted(set(made))
    assert all(id_ >> 12 & 0x3FF == 3 for id_ in made)
    assert all(0 < id_ < 1 << 63 for id_ in made)


def test_ids_start_above_the_highest_stored() -> None:
    now = us("2026-11-20T10:00:00+05:00")
    before = Ids(lambda: now)
    highest = [before() for _ in range(10_000)][-1]
    assert Ids(lambda: now - 3_600_000_000, after=highest)() > highest


@given(st.integers(1_600_000_000_000, 3_000_000_000_000), st.integers(0, 1023))
def test_an_id_tells_when_it_was_made(ms: int, node: int) -> None:
    assert made_us(Ids(lambda: ms * 1_000 + 999, node)()) == ms * 1_000
