from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookup.feed.fields import Refused, day, moment
from lookup.feed.times import KAZAKHSTAN
from lookup.foreign.paths import MapError
from lookup.foreign.times import Times, Unfit, times_of, zone_of

PLAIN = datetime.fromisoformat("2026-11-20")  # as a database without zones gives it
FIRST = datetime.fromisoformat("1900-01-03")
LAST = datetime.fromisoformat("2999-12-30")


def times(*patterns: str, zone: str = "Asia/Almaty") -> Times:
    return times_of(patterns or ("iso",), zone_of(zone, "", ""), "map.toml", "formats.patterns")


@pytest.mark.parametrize(
    ("pattern", "written", "told"),
    [
        ("dd.mm.yyyy", "20.11.2026", "2026-11-20"),
        ("d.m.yyyy", "3.1.2026", "2026-01-03"),
        ("dd.MM.yyyy HH:mm:ss", "20.11.2026 09:05:59", "2026-11-20T09:05:59+05:00"),
        ("dd/mm/yyyy h:mm", "20/11/2026 9:05", "2026-11-20T09:05:00+05:00"),
        ("yyyymmdd", 20261120, "2026-11-20"),
        (
            "yyyy-mm-ddThh:mm:ss.fffzzz",
            "2026-11-20T09:05:00.5Z",
            "2026-11-20T14:05:00.500000+05:00",
        ),
        ("epoch_s", 1_795_150_800, "2026-11-20T10:00:00+05:00"),
        ("epoch_s", "1795150800", "2026-11-20T10:00:00+05:00"),
        ("epoch_ms", 1_795_150_800_250, "2026-11-20T10:00:00.250000+05:00"),
        ("epoch_ms", 1_795_150_800_000.0, "2026-11-20T10:00:00+05:00"),
        ("epoch_s", Decimal("1795150800.000"), "2026-11-20T10:00:00+05:00"),
        ("iso", "2026-11-20", "2026-11-20"),
        ("iso", "2026-11-20T10:00", "2026-11-20T10:00:00+05:00"),
        ("iso", "2026-11-20 10:00:00.1234567", "2026-11-20T10:00:00.123456+05:00"),
        ("iso", "2026-11-20T10:00:00+0500", "2026-11-20T10:00:00+05:00"),
        ("iso", " 2026-11-20T05:00:00Z ", "2026-11-20T10:00:00+05:00"),
        ("iso", "2026-11-19T23:30:00-02", "2026-11-20T06:30:00+05:00"),
    ],
)
def test_times_are_read_by_their_pattern(pattern: str, written: object, told: str) -> None:
    assert times(pattern).moment(written) == told
    assert times(pattern).day(written) == told[:10]


def test_the_first_pattern_that_fits_counts() -> None:
    both = times("dd.mm.yyyy hh:mm", "dd.mm.yyyy", "epoch_ms")
    assert both.moment("20.11.2026 10:00") == "2026-11-20T10:00:00+05:00"
    assert both.moment("20.11.2026") == "2026-11-20"
    assert both.moment(1_795_150_800_000) == "2026-11-20T10:00:00+05:00"


def test_a_time_without_offset_has_that_of_its_day() -> None:
    assert times().moment("2024-02-29T23:30:00") == "2024-02-29T23:30:00+06:00"
    assert times().moment("2024-03-01T00:30:00") == "2024-03-01T00:30:00+05:00"
    assert times("epoch_s").moment(1_700_000_000) == "2023-11-15T04:13:20+06:00"


def test_a_summer_of_last_century_keeps_its_civil_date() -> None:
    assert times().day("2000-07-01T00:30:00") == "2000-07-01"
    assert times().moment("2000-07-01T00:30:00") == "2000-07-01T00:30:00+07:00"


def test_a_region_s_clock_is_that_of_its_zone() -> None:
    west = times(zone="Asia/Oral")
    assert west.moment("2003-01-15T00:30:00") == "2003-01-15T00:30:00+04:00"
    assert west.moment("2020-05-10T23:30:00") == "2020-05-10T23:30:00+05:00"
    assert times(zone="Asia/Qyzylorda").day("2018-12-21T00:30:00") == "2018-12-21"


def test_a_zone_of_theirs_moves_the_civil_date() -> None:
    assert times(zone="UTC").day("2026-11-20T20:00:00") == "2026-11-21"
    assert times(zone="+03:00").moment("2026-11-20T23:00:00") == "2026-11-21T01:00:00+05:00"
    assert times(zone="-01:30").day("2026-11-20T17:00:00") == "2026-11-20"


def test_what_a_database_gives_as_a_time_is_taken_as_it_is() -> None:
    assert times().moment(datetime(2026, 11, 20, 5, tzinfo=UTC)) == "2026-11-20T10:00:00+05:00"
    assert times().moment(PLAIN.replace(hour=10)) == "2026-11-20T10:00:00+05:00"
    assert times().day(datetime(2026, 11, 20, 20, tzinfo=UTC)) == "2026-11-21"
    assert times().day(date(2026, 11, 20)) == "2026-11-20"


@pytest.mark.parametrize(
    "written",
    [
        *("", "вчера", "31.02.2026", "2026-11-20", "20.11.26", "20.11.2026 10:00", "9" * 10_000),
        *("٢٠.١١.٢٠٢٦", True, None, [], 1.5, 2**5_000, float("nan")),
        *(Decimal("1e99999"), Decimal("NaN")),
    ],
)
def test_what_the_map_does_not_tell_is_refused_without_its_value(written: object) -> None:
    with pytest.raises(Unfit) as unfit:
        times("dd.mm.yyyy").moment(written)
    assert not str(written) or str(written) not in unfit.value.reason


@pytest.mark.parametrize("written", ["01.01.1899", "01.01.3000", "01.01.0001"])
def test_years_that_no_ticket_has_are_refused(written: str) -> None:
    with pytest.raises(Unfit, match="1900-2999"):
        times("dd.mm.yyyy").day(written)


@pytest.mark.parametrize(
    "value", [-(10**12), 10**14, date(1, 1, 1), datetime.max.replace(tzinfo=UTC)]
)
def test_such_years_are_refused_in_every_form(value: object) -> None:
    with pytest.raises(Unfit, match="1900-2999"):
        times("epoch_s").moment(value)


@pytest.mark.parametrize(
    "pattern",
    [
        *("dd.mm", "yy.mm.dd", "dd.mm.yyyy mm", "dd.mm.yyyy ss", "dd.dd.yyyy", "", "дата"),
        *("dd.mm.yyyy zzz", "dd.mm.yyyy q", "d" * 41),
    ],
)
def test_a_pattern_that_cannot_be_meant_is_an_error_with_a_remedy(pattern: str) -> None:
    with pytest.raises(MapError, match=r'^map\.toml: formats\.patterns: .*"dd\.mm\.yyyy hh:mm"'):
        times(pattern)


@pytest.mark.parametrize("zone", ["Asia/Almati", "5", "", "../etc/passwd", 5, "+15:00", "+05:99"])
def test_a_zone_nobody_knows_is_an_error(zone: object) -> None:
    with pytest.raises(MapError, match=r"formats\.zone: write a zone"):
        zone_of(zone, "map.toml", "formats.zone")


@given(st.datetimes(FIRST, LAST), st.integers(-14, 14))
def test_every_time_of_these_years_is_one_of_the_feed(at: datetime, hours: int) -> None:
    aware = at.replace(tzinfo=timezone(timedelta(hours=hours)))
    told = moment({"at": times().moment(aware)}, "at")
    assert told is not None
    assert told.us == (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    assert told == moment({"at": aware.isoformat()}, "at")
    assert day({"at": times().day(at)}, "at") == at.date().isoformat()


_any = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals()
    | st.dates() | st.datetimes(timezones=st.none() | st.just(KAZAKHSTAN)) | st.binary()
)  # fmt: skip


@given(_any)
def test_any_value_is_a_time_of_the_feed_or_refused(value: object) -> None:
    read = times("iso", "epoch_ms", "dd.mm.yyyy hh:mm:ss", "yyyymmdd")
    try:
        told = read.moment(value)
    except Unfit:
        return
    try:
        assert moment({"at": told}, "at") is not None
    except Refused as refusal:
        raise AssertionError(told) from refusal
