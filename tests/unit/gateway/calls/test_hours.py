from __future__ import annotations

from datetime import datetime

import pytest

from gateway import config
from gateway.calls.hours import OperatorHours, hour_by_hour, operator_hours
from gateway.clock import Clock
from gateway.core.workdays import Workdays
from gateway.settings import OperatorsSettings
from gateway.settings.checks import SettingsError, check
from gateway.settings.tables import Settings

FILES = ("fixed", "2026", "2027")
WORKDAYS = Workdays.from_tables({name: config.table(f"calendar/{name}.toml") for name in FILES})
FRIDAY, SATURDAY, SUNDAY = "2026-11-20", "2026-11-21", "2026-11-22"


def hours(workday: tuple[int, int], day_off: tuple[int, int]) -> OperatorHours:
    settings = OperatorsSettings(workday_hours=workday, day_off_hours=day_off)
    return operator_hours(settings, WORKDAYS)


def at(day: str, time: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{time}+05:00")


@pytest.mark.parametrize(
    ("now", "closed"),
    [
        (at(FRIDAY, "09:00"), None),
        (at(FRIDAY, "17:59"), None),
        (at(FRIDAY, "08:59"), (9, 18)),
        (at(FRIDAY, "18:00"), (10, 14)),
        (at(SATURDAY, "10:00"), None),
        (at(SATURDAY, "15:00"), (10, 14)),
        (at(SUNDAY, "23:00"), (9, 18)),
    ],
)
def test_who_calls_outside_the_hours_is_told_those_that_come_next(
    now: datetime, closed: tuple[int, int] | None
) -> None:
    assert hours((9, 18), (10, 14)).closed(now) == closed


def test_each_hour_is_asked_anew_and_no_minute() -> None:
    now_us = [0]
    closed = hour_by_hour(hours((9, 18), (10, 14)), Clock(lambda: now_us[0]))
    said = []
    for time in ("08:59:59", "09:00:00", "17:59:59", "18:00:00"):
        now_us[0] = int(at(FRIDAY, time).timestamp()) * 1_000_000
        said += [closed(), closed()]
    assert said == [(9, 18), (9, 18), None, None, None, None, (10, 14), (10, 14)]


def test_days_off_without_hours_are_passed_over() -> None:
    assert hours((9, 18), (0, 0)).closed(at(FRIDAY, "20:00")) == (9, 18)
    assert hours((0, 0), (10, 14)).closed(at("2026-11-23", "12:00")) == (10, 14)


def test_a_public_holiday_is_a_day_off() -> None:
    assert hours((9, 18), (0, 0)).closed(at("2026-12-16", "12:00")) == (9, 18)


def test_round_the_clock_is_never_closed() -> None:
    assert hours((0, 24), (0, 24)).closed(at(FRIDAY, "23:59")) is None


def test_people_who_have_no_hours_are_never_there() -> None:
    assert not hours((0, 0), (0, 0)).ever
    assert hours((0, 0), (0, 1)).ever


@pytest.mark.parametrize("wrong", [(18, 9), (-1, 9), (9, 25)])
def test_hours_that_no_day_has_are_refused(wrong: tuple[int, int]) -> None:
    with pytest.raises(SettingsError, match="workday_hours"):
        check(Settings(operators=OperatorsSettings(workday_hours=wrong)), "x.toml")
