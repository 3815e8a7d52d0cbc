from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookup.feed.fields import Refused, moment, moment_us
from lookup.feed.times import NotPlainError, days, plain_us

FIRST = datetime.fromisoformat("1985-01-01")
LAST = datetime.fromisoformat("2030-01-01")
TOWNS = ("Almaty", "Aqtau", "Aqtobe", "Atyrau", "Oral", "Qostanay", "Qyzylorda")


def _us(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


times = st.datetimes().filter(lambda at: 1901 <= at.year <= 2998)
lately = st.datetimes(FIRST, LAST)


@given(times | lately, st.sampled_from([5, 6]))
def test_a_plain_time_is_what_the_full_check_says(at: datetime, hours: int) -> None:
    zone = timezone(timedelta(hours=hours))
    written = at.replace(microsecond=0, tzinfo=zone).isoformat()
    checked = moment({"at": written}, "at")
    assert checked is not None
    try:
        assert (written, plain_us(written)) == checked
    except NotPlainError:  # hours after the clocks went back for good
        assert hours == 6
        assert written >= "2024-03-01"


# -- the clocks of the country


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2000-07-01T00:30:00", "2000-07-01T00:30:00+07:00"),  # a summer
        ("2000-12-01T00:30:00", "2000-12-01T00:30:00+06:00"),
        ("1991-12-01T00:30:00", "1991-12-01T00:30:00+05:00"),  # the winter of one hour less
        ("1910-12-01T00:30:00", "1910-12-01T00:30:00+05:00"),  # each town had its own time
        ("2000-07-01T00:30:00+07:00", "2000-07-01T00:30:00+07:00"),  # as Almaty had it
        ("2003-01-15T00:30:00+04:00", "2003-01-15T00:30:00+04:00"),  # as Oral had it
        ("2003-07-15T00:30:00+04:00", "2003-07-15T03:30:00+07:00"),  # nobody's in summer
        ("2005-07-01T00:30:00+07:00", "2005-06-30T23:30:00+06:00"),  # summers had ended
        ("2020-05-10T23:30:00+05:00", "2020-05-10T23:30:00+05:00"),  # as the west had it
        ("2024-02-29T23:59:59+06:00", "2024-02-29T23:59:59+06:00"),
        ("2024-03-01T00:30:00+06:00", "2024-02-29T23:30:00+05:00"),
        ("2026-11-20T00:30:00+06:00", "2026-11-19T23:30:00+05:00"),  # a clock nobody set back
        ("2026-11-20T01:30:00+07:00", "2026-11-19T23:30:00+05:00"),
        ("1910-12-01T00:30:00+06:00", "1910-12-01T00:30:00+06:00"),
        ("1910-12-01T00:30:00Z", "1910-12-01T05:30:00+05:00"),
    ],
)
def test_a_time_has_the_day_that_a_clock_of_the_country_showed(written: str, kept: str) -> None:
    found = moment({"at": written}, "at")
    assert found is not None
    assert found.text == kept
    assert found.us == _us(datetime.fromisoformat(kept))


@given(lately, st.integers(-12, 14))
def test_an_offset_is_kept_where_a_region_had_it_and_else_moved(at: datetime, hours: int) -> None:
    aware = at.replace(microsecond=0, tzinfo=timezone(timedelta(hours=hours)))
    clocks = [aware.astimezone(ZoneInfo(f"Asia/{name}")) for name in TOWNS]
    found = moment({"at": aware.isoformat()}, "at")
    assert found is not None
    assert found.us == _us(aware)
    had = hours == 5 or any(clock.utcoffset() == aware.utcoffset() for clock in clocks)
    had = had or (hours == 6 and at.year < 2024)  # one winter of 1991 nobody had it
    assert found.text == (aware if had else clocks[0]).isoformat()


@given(lately)
def test_a_day_alone_begins_at_the_midnight_of_almaty(at: datetime) -> None:
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=ZoneInfo("Asia/Almaty"))
    assert plain_us(at.date().isoformat()) == _us(midnight)


@given(st.dates(date(1900, 1, 1), date(2999, 12, 31)))
def test_a_date_alone_begins_in_kazakhstan(day: date) -> None:
    checked = moment({"at": str(day)}, "at")
    assert checked is not None
    assert plain_us(str(day)) == checked.us == moment_us(str(day))


@given(st.text(alphabet="0123456789-T:+Z. ", max_size=27))
def test_what_the_full_check_refuses_is_never_plain(written: str) -> None:
    try:
        us = plain_us(written)
    except NotPlainError:
        return
    try:
        checked = moment({"at": written}, "at")
    except Refused:
        checked = None
    assert checked is not None
    assert (checked.text, checked.us) == (written, us)


@pytest.mark.parametrize(
    "written", ["2026-02-30", "1899-12-31", "3000-01-01", "20260101", "2026-W01-1", "", "x" * 10]
)
def test_what_is_no_day_is_none(written: str) -> None:
    with pytest.raises(NotPlainError):
        days[written]


def test_a_time_written_otherwise_still_has_its_microseconds() -> None:
    zulu = datetime(2026, 10, 20, 7, 0, tzinfo=UTC)
    assert moment_us("2026-10-20T12:00:00.000000+05:00") == int(zulu.timestamp()) * 1_000_000
