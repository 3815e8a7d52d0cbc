from __future__ import annotations

import json
import pickle
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookup.feed.lines import CsvColumns, Problem, csv_columns, parse_ndjson
from lookup.feed.row import Row
from lookup.feed.zoned import ZonedLines, in_zone
from tests.support.feed import appeal, event, hash_phone, line

ATYRAU = ZoneInfo("Asia/Atyrau")
ORAL = ZoneInfo("Asia/Oral")


def row(fields: dict[str, Any], zone: tzinfo = ATYRAU) -> Row:
    read = ZonedLines(zone)(line(appeal(**fields)), hash_phone)
    assert isinstance(read, Row), read
    return read


@pytest.mark.parametrize(
    ("zone", "written", "kept"),
    [
        (ATYRAU, "2020-05-10T23:30:00", "2020-05-10T23:30:00+05:00"),
        (ATYRAU, "2020-05-10 23:30", "2020-05-10T23:30:00+05:00"),
        (ATYRAU, "2026-05-10T23:30:00", "2026-05-10T23:30:00+05:00"),
        (ORAL, "2003-01-10T23:30:00.5", "2003-01-10T23:30:00.500000+04:00"),
        (ZoneInfo("Asia/Qyzylorda"), "2018-12-20T12:00:00", "2018-12-20T12:00:00+06:00"),
        (ZoneInfo("Asia/Qyzylorda"), "2018-12-21T12:00:00", "2018-12-21T12:00:00+05:00"),
        (ATYRAU, "2020-05-10T23:30:00+06:00", "2020-05-10T23:30:00+06:00"),  # it says so itself
        (ATYRAU, "2020-05-10T23:30:00Z", "2020-05-11T05:30:00+06:00"),
        (ATYRAU, "2020-05-10", "2020-05-10"),
        (ZoneInfo("UTC"), "2026-05-10T23:30:00", "2026-05-11T04:30:00+05:00"),
    ],
)
def test_a_time_without_an_offset_is_of_the_zone(zone: tzinfo, written: str, kept: str) -> None:
    assert row({"created_at": written}, zone).ticket.created_at == kept


def test_every_time_of_a_line_is_of_the_zone() -> None:
    at, kept = "2020-05-10T23:30:00", "2020-05-10T23:30:00+05:00"
    read = row(
        {
            **dict.fromkeys(("status_at", "created_at", "first_filed_at"), at),
            "fine": {"paid_at": at, "amount": 5},
            "outcome": {"at": at, "code": "granted"},
            "events": [event(1, at, "registered")],
        }
    )
    ticket = read.ticket
    assert (ticket.status_at, ticket.created_at, ticket.first_filed_at) == (kept, kept, kept)
    assert ticket.fine is not None
    assert ticket.outcome is not None
    assert (json.loads(ticket.fine)["paid_at"], json.loads(ticket.outcome)["at"]) == (kept, kept)
    assert read.events[0].at == kept


def test_csv_has_a_zone_too() -> None:
    columns = csv_columns(b"kind,number,status,created_at")
    assert isinstance(columns, CsvColumns)
    read = pickle.loads(pickle.dumps(ZonedLines(ATYRAU, columns)))(
        b"appeal,750100000000431215,in_review,2020-05-10 23:30", hash_phone
    )
    assert isinstance(read, Row)
    assert read.ticket.created_at == "2020-05-10T23:30:00+05:00"


@pytest.mark.parametrize(
    "written", ["2020-02-30T10:00:00", "0001-01-01T00:00:00", "3000-01-01T00:00", "9" * 50, 5, None]
)
def test_what_is_no_time_is_left_to_the_checks(written: object) -> None:
    octets = line(appeal(created_at=written))
    assert ZonedLines(ATYRAU)(octets, hash_phone) == parse_ndjson(octets, hash_phone)


@pytest.mark.parametrize("octets", [b"{", b"[1]", b"\xff", b'{"events": [5], "fine": 1}'])
def test_a_line_that_cannot_be_read_is_told_as_ever(octets: bytes) -> None:
    told = ZonedLines(ATYRAU)(octets, hash_phone)
    assert isinstance(told, Problem)
    assert told == parse_ndjson(octets, hash_phone)


_json = st.recursive(
    st.none() | st.integers() | st.text(max_size=20) | st.just("2020-05-10T23:30:00"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)
_named = st.sampled_from(["created_at", "status_at", "fine", "outcome", "events", "number"])


@given(st.dictionaries(_named, _json))
def test_in_the_zone_of_almaty_nothing_changes_but_the_spelling(values: dict[str, object]) -> None:
    zone = ZoneInfo("Asia/Almaty")
    moved = in_zone(values, zone)
    assert moved.keys() == values.keys()
    assert in_zone(moved, ORAL) == moved  # all have an offset now
