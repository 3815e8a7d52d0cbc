from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookup.feed.fields import Refused, moment, moment_us
from lookup.feed.times import NotPlainError, days, plain_us


@given(
    st.datetimes().filter(lambda at: 1900 <= at.year <= 2999),
    st.sampled_from([5, 6]),
)
def test_a_plain_time_is_what_the_full_check_says(at: datetime, hours: int) -> None:
    zone = timezone(timedelta(hours=hours))
    written = at.replace(microsecond=0, tzinfo=zone).isoformat()
    checked = moment({"at": written}, "at")
    assert checked is not None
    assert (written, plain_us(written)) == checked


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
