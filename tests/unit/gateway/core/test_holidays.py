"""The files of days off."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from gateway.core.holidays import FIXED, Basis, fallback, read_fixed, read_year
from tests.support.wording import texts


def problems(changes: dict[str, Any], name: str = "2026") -> list[str]:
    """What is said of the file of 2026 with some keys changed; None takes a key away."""
    tables = texts("calendar")
    table = {**tables["2026"], **changes}
    found: list[str] = []
    fixed = read_fixed(tables[FIXED], found)
    read_year(name, {key: value for key, value in table.items() if value is not None}, fixed, found)
    return found


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"kurban": 1}, "kurban: unknown key; did you mean kurban_ait?"),
        ({"basis": None}, "basis: write a text in quotes"),
        ({"kurban_ait": None}, "kurban_ait: write the day on which it begins"),
        ({"kurban_ait": date(2025, 6, 6)}, "kurban_ait: write dates of 2026, without quotes"),
        ({"days_off": ["2026-01-07"]}, "days_off: write dates of 2026, without quotes"),
        ({"days_off": []}, "days_off: 2026-01-07 is a holiday of every year: add it"),
        (
            {"moved": []},
            "moved: by the holidays that fall on a weekend it is 2026-03-09, 2026-03-24,"
            " 2026-03-25, 2026-05-11, 2026-10-26",
        ),
        (
            {"transfer": [{"off": date(2026, 3, 9), "worked": date(2026, 3, 14)}]},
            "transfer[0].off: 2026-03-09 is a day off already",
        ),
        (
            {"transfer": [{"off": date(2026, 1, 5), "worked": date(2026, 1, 6)}]},
            "transfer[0].worked: 2026-01-06 is worked already",
        ),
        (
            {"transfer": [{"off": "5 January", "worked": date(2026, 1, 10)}]},
            "transfer[0].off: write a date of 2026, without quotes",
        ),
        (
            {"transfer": [{"off": date(2026, 1, 5)}]},
            "transfer[0].worked: write a date of 2026, without quotes",
        ),
    ],
)
def test_what_is_wrong_with_a_year_is_told_with_its_remedy(
    changes: dict[str, Any], problem: str
) -> None:
    assert f"config/calendar/2026.toml: {problem}" in problems(changes)


def test_a_holiday_of_every_year_cannot_be_forgotten() -> None:
    holidays = [day for day in texts("calendar")["2026"]["holidays"] if day != date(2026, 12, 16)]
    assert problems({"holidays": holidays}) == [
        "config/calendar/2026.toml: holidays: 2026-12-16 is a holiday of every year: add it"
    ]


def test_a_date_given_twice_is_told() -> None:
    twice = [date(2026, 1, 7), date(2026, 1, 7)]
    assert problems({"days_off": twice}) == [
        "config/calendar/2026.toml: days_off: a date stands twice: keep one"
    ]


def test_a_file_is_that_of_the_year_it_is_named_for() -> None:
    assert problems({}, "2030") == [
        "config/calendar/2030.toml: year: the file is named 2030.toml: write the same year"
    ]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({}, "holiday: write the holidays that are the same every year"),
        ({"holiday": [{"name": "x", "days": ["8 March"]}]}, "'8 March' is no month and day"),
        ({"holiday": [{"name": "x", "days": ["02-30"]}]}, "'02-30' is no month and day"),
        ({"holiday": [{"days": ["03-08"]}]}, "holiday[0].name: write a text in quotes"),
        ({"holiday": [{"name": "x", "days": [], "on": 1}]}, "holiday[0].on: unknown key"),
    ],
)
def test_what_is_wrong_with_the_fixed_holidays_is_told(table: dict[str, Any], problem: str) -> None:
    found: list[str] = []
    read_fixed(table, found)
    assert any(problem in each for each in found)


def test_a_holiday_counts_in_its_years_alone() -> None:
    fixed = read_fixed(texts("calendar")[FIXED], [])
    republic_day = date(2021, 10, 25).toordinal()
    assert republic_day in fallback(fixed, 2021).working
    assert date(2022, 10, 25).toordinal() not in fallback(fixed, 2022).working
    assert fallback(fixed, 2021).basis is Basis.FALLBACK
