from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookup.feed import fields
from lookup.feed.fields import Refused
from lookup.feed.times import with_zone


def refusal(check: Any, value: object, *more: object) -> str:
    with pytest.raises(Refused) as refused:
        check({"f": value}, "f", *more)
    assert refused.value.field.endswith("f")
    return refused.value.reason


@pytest.mark.parametrize("check", [fields.text, fields.code, fields.day, fields.moment])
@pytest.mark.parametrize("values", [{}, {"f": None}, {"f": ""}])
def test_what_is_missing_null_or_empty_is_null(check: Any, values: dict[str, object]) -> None:
    assert check(values, "f") is None


@pytest.mark.parametrize(
    "value", [1, True, ["a"], "a" * 101, "line\nbreak", "nul\x00", "\ud800", "no\u00a0break"]
)
def test_a_text_is_short_and_printable(value: object) -> None:
    assert refusal(fields.text, value)


def test_a_text_of_the_largest_size_is_kept_as_it_is() -> None:
    assert fields.text({"f": "Ә" * 100}, "f") == "Ә" * 100


@pytest.mark.parametrize("value", ["In_review", "1st", "in review", "a" * 49, "қаралуда", 5])
def test_a_code_is_small_latin_letters(value: object) -> None:
    assert "code" in refusal(fields.code, value)


@pytest.mark.parametrize("value", ["in_review", "e-mail", "a", "a" * 48])
def test_codes_of_the_model_are_kept(value: str) -> None:
    assert fields.code({"f": value}, "f") == value


@pytest.mark.parametrize("value", ["061200000012345678", "ЖТ-2026-00431220", "10000142", "7"])
def test_a_number_in_normal_form_is_kept(value: str) -> None:
    assert fields.number({"f": value}, "f") == value


@pytest.mark.parametrize(
    "value",
    ["жт-2026-00431220", "0612 0000", " 0612", "7.5E+17", "-1", "٠٦١٢", "1" * 33, "", None],
)
def test_a_number_nobody_could_ever_ask_for_is_refused(value: object) -> None:
    assert refusal(fields.number, value)


def test_a_number_written_as_a_json_number_is_refused_for_its_zeros() -> None:
    assert "leading zeros" in refusal(fields.number, 61200000012345678)


@pytest.mark.parametrize("value", [0, 7, fields.COUNT_MAX])
def test_a_count_is_kept(value: int) -> None:
    assert fields.count({"f": value}, "f") == value


@pytest.mark.parametrize("value", [-1, fields.COUNT_MAX + 1, 1.0, "3", True, [1]])
def test_anything_but_a_whole_number_in_range_is_no_count(value: object) -> None:
    assert refusal(fields.count, value)


def test_a_refusal_inside_an_object_names_the_object() -> None:
    with pytest.raises(Refused) as refused:
        fields.count({"amount": 1.5}, "amount", "fine.")
    assert refused.value.field == "fine.amount"


@pytest.mark.parametrize("value", ["2026-02-29", "2026-13-01", "02.11.2026", "20261102", 20261102])
def test_a_date_is_one_of_the_calendar(value: object) -> None:
    assert refusal(fields.day, value)


@pytest.mark.parametrize("value", ["1900-01-01", "2999-12-31", "2024-02-29"])
def test_a_date_is_kept(value: str) -> None:
    assert fields.day({"f": value}, "f") == value


@pytest.mark.parametrize("check", [fields.day, fields.moment])
@pytest.mark.parametrize("year", ["1899", "0026", "3000", "9999"])
def test_an_absurd_year_is_reported(check: Any, year: str) -> None:
    assert "1900-2999" in refusal(check, f"{year}-01-01")


def test_an_absurd_year_of_a_time_is_reported() -> None:
    assert "1900-2999" in refusal(fields.moment, "0026-11-02T10:05:00+05:00")


@pytest.mark.parametrize("written", ["2999-12-31T23:59:59Z", "1900-01-01T00:00:00+14:00"])
def test_a_time_is_judged_by_its_year_in_kazakhstan(written: str) -> None:
    assert "1900-2999" in refusal(fields.moment, written)


@pytest.mark.parametrize("written", ["3000-01-01T04:59:59+05:00", "1899-12-31T16:00:00.5+06:00"])
def test_a_year_that_is_stored_already_can_be_compared(written: str) -> None:
    since = datetime.fromisoformat(written) - datetime(1970, 1, 1, tzinfo=UTC)
    assert fields.moment_us(written) == since // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("2026-11-02T10:05:00+05:00", "2026-11-02T10:05:00+05:00"),
        ("2023-11-02T23:30:00+06:00", "2023-11-02T23:30:00+06:00"),  # the older offset: its day
        ("2026-11-02T21:30:00Z", "2026-11-03T02:30:00+05:00"),
        ("2026-11-02T21:30:00+03:00", "2026-11-02T23:30:00+05:00"),
        ("2026-11-02T10:05", "2026-11-02T10:05:00+05:00"),
        ("2026-11-02 10:05:00", "2026-11-02T10:05:00+05:00"),
        ("2026-11-02", "2026-11-02"),
        # UTC+6 until the night to 1 March 2024, UTC+5 since
        ("2023-12-31T18:30:00Z", "2024-01-01T00:30:00+06:00"),
        ("2024-02-29T17:59:59Z", "2024-02-29T23:59:59+06:00"),
        ("2024-02-29T18:00:00Z", "2024-02-29T23:00:00+05:00"),
        ("2024-02-29T19:00:00Z", "2024-03-01T00:00:00+05:00"),
        ("2023-07-01 10:00", "2023-07-01T10:00:00+06:00"),
        ("2024-03-01 00:10", "2024-03-01T00:10:00+05:00"),
    ],
)
def test_a_time_begins_with_its_civil_date_in_kazakhstan(written: str, stored: str) -> None:
    found = fields.moment({"f": written}, "f")
    assert found is not None
    assert found.text == stored


@pytest.mark.parametrize(
    "value",
    ["2026-11-02T25:00:00Z", "2026-11-02T10:05:00+99:00", "2026-W45-1", "yesterday", 1, "2" * 500],
)
def test_what_is_no_time_is_refused(value: object) -> None:
    assert refusal(fields.moment, value)


@given(st.datetimes().filter(lambda at: 1900 < at.year < 2999))
@settings(deadline=None)
def test_times_compare_as_the_moments_they_are(at: datetime) -> None:
    """One moment in three spellings has one number, and a microsecond later has the next."""
    local = with_zone(at)
    numbers = set()
    for spelling in (at.isoformat(), local.isoformat(), local.astimezone(UTC).isoformat()):
        found = fields.moment({"f": spelling}, "f")
        assert found is not None
        assert datetime.fromisoformat(found.text) == local
        assert found.text[:10] == f"{at.date()}"
        numbers.add(found.us)
    later = fields.moment({"f": (local + timedelta(microseconds=1)).isoformat()}, "f")
    assert later is not None
    assert numbers == {later.us - 1}


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("+77010000011", "77010000011"),
        ("87010000011", "77010000011"),
        ("+7 (701) 000-00-11", "77010000011"),
        ("77010000011", "77010000011"),
        ("7010000011", None),
        ("+87010000011", None),
        ("+998901234567", None),
        ("", None),
        ("нет", None),
    ],
)
def test_a_phone_has_one_normal_form(written: str, normal: str | None) -> None:
    assert fields.phone(written) == normal


@pytest.mark.parametrize("value", ["a b", {"a": 1}, [1], ["a", None], ["x" * 101], ["a\nb"]])
def test_a_list_holds_short_texts_only(value: object) -> None:
    assert refusal(fields.names, value)


def test_a_missing_value_that_is_required_is_named() -> None:
    with pytest.raises(Refused) as refused:
        fields.required(None, "status")
    assert (refused.value.field, refused.value.reason) == ("status", "is missing")
