from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookup.feed.lines import (
    COLUMNS_MAX,
    LINE_OCTETS_MAX,
    CsvColumns,
    Problem,
    csv_columns,
    parse_ndjson,
)
from lookup.feed.row import Row
from tests.support.feed import appeal, event, fine, hash_phone, line


def row(octets: bytes) -> Row:
    parsed = parse_ndjson(octets, hash_phone)
    assert isinstance(parsed, Row), parsed
    return parsed


def problem(octets: bytes) -> Problem:
    parsed = parse_ndjson(octets, hash_phone)
    assert isinstance(parsed, Problem)
    return parsed


def columns(header: str) -> CsvColumns:
    read = csv_columns(header.encode())
    assert isinstance(read, CsvColumns), read
    return read


def test_a_line_of_the_feed_becomes_a_row() -> None:
    written = row(line(appeal()))
    assert written.ticket.number == "750100000000431215"
    assert written.unknown_fields == ()
    assert len(written.events) == 2


def test_a_line_end_of_another_system_is_no_matter() -> None:
    assert row(line(appeal()) + b"\r") == row(line(appeal()))


@pytest.mark.parametrize(
    ("octets", "part"),
    [
        (b"\xd0\xff", "not UTF-8 at octet 1"),
        ('{"kind": "ө'.encode("utf-16"), "not UTF-8"),
        (b'{"kind": "appeal"', "not JSON"),
        (b"[1]", "JSON object"),
        (b"null", "JSON object"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"forward_count": NaN}', "number that JSON does not allow"),
        (b'{"forward_count": ' + b"9" * 5_000 + b"}", "number that JSON does not allow"),
        (b'{"clerk": 1e999}', "number that JSON does not allow"),
        (b" " * (LINE_OCTETS_MAX + 1), f"longer than {LINE_OCTETS_MAX}"),
    ],
)
def test_a_line_that_cannot_be_read_says_why(octets: bytes, part: str) -> None:
    found = problem(octets)
    assert found.field == "line"
    assert part in found.reason


def test_a_bad_field_is_named() -> None:
    assert problem(line(appeal(status_at="2026-02-30"))) == Problem(
        "status_at", "is no date of the calendar"
    )


def test_half_a_letter_in_a_text_is_reported() -> None:
    assert problem(b'{"kind":"appeal","number":"1","status":"s","body_id":"\\ud83d"}').field == (
        "body_id"
    )


@pytest.mark.parametrize(
    ("part", "field"),
    [
        (b'"clerk": "\\ud83d"', "clerk"),
        (b'"room": 1, "clerk": [{"\\udc00": 1}]', "clerk"),
        (b'"\\ud83d": 1', "(unreadable name)"),
        (b'"fine": {"amount": 1, "points": "\\ud83d"}', "fine"),
        (
            b'"events": [{"source_event_id": "a", "seq": 1, "at": "2026-10-05", "stage": "a", '
            b'"room": "\\ud83d"}]',
            "events[0].room",
        ),
    ],
)
def test_half_a_letter_in_what_is_kept_aside_is_reported(part: bytes, field: str) -> None:
    found = problem(b'{"kind":"appeal","number":"1","status":"s",' + part + b"}")
    assert found == Problem(field, "holds half of a pair of surrogates")


def test_a_whole_pair_of_surrogates_is_one_letter() -> None:
    found = row(b'{"kind":"appeal","number":"1","status":"s","clerk":"\\ud83d\\ude42"}')
    assert found.ticket.extra == '{"clerk":"\U0001f642"}'


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_no_octets_make_it_raise(octets: bytes) -> None:
    assert isinstance(parse_ndjson(octets, hash_phone), Row | Problem)


@given(
    st.dictionaries(
        st.sampled_from(["kind", "number", "status", "events", "fine", "owner_phones", "x"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=6),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["seq", "at", "amount", "y"]), inner)
            ),
            max_leaves=6,
        ),
    )
)
@settings(deadline=None)
def test_no_object_makes_it_raise(values: dict[str, object]) -> None:
    assert isinstance(parse_ndjson(json.dumps(values).encode(), hash_phone), Row | Problem)


def test_a_csv_row_is_the_same_ticket_as_its_json() -> None:
    header = (
        "kind;number;source_system;created_at;first_filed_at;status;status_at;body_id;"
        "owner_phones;owner_lang;intake;answer_via;fine.amount;fine.half_until;fine.pay_by;"
        "fine.paid_amount;fine.paid_at;fine.payment_ref;fine.bailiff_since;fine.conflict\r\n"
    )
    cells = (
        "fine;197500000431233;erap;2026-08-20T14:00:00+05:00;2026-08-20T14:00:00+05:00;"
        "paid_but_enforced;2026-10-28T10:00:00+05:00;almaty-akimat;+77010000014;kk;tablet;cabinet;"
        "19660;2026-08-27;2026-09-19;19660;2026-09-03T18:20:00+05:00;KZ-4412;2026-10-28;TRUE\r\n"
    )
    assert columns(header).parse(cells.encode(), hash_phone) == row(line(fine()))


def test_csv_cells_hold_lists_events_and_quoted_commas() -> None:
    events = [event(1, "2026-10-05", "registered")]
    quoted = json.dumps(events).replace('"', '""')
    parsed = columns("kind,number,status,other_bodies,source_system,events,clerk").parse(
        f'appeal,10000142,registered,a b,"x, y","{quoted}",A'.encode(), hash_phone
    )
    assert isinstance(parsed, Row)
    assert parsed.ticket.other_bodies == '["a","b"]'
    assert parsed.ticket.source_system == "x, y"
    assert parsed.events[0].stage == "registered"
    assert parsed.unknown_fields == ("clerk",)


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        ("appeal,1", "line"),
        ('appeal,1,"registered,', "line"),
        ("appeal,1,registered,many,", "forward_count"),
        ("appeal,1,registered,-1,", "forward_count"),
        ("appeal,1,registered,1,[{", "events"),
        ("appeal,,registered,1,", "number"),
    ],
)
def test_a_bad_csv_row_is_reported(cells: str, field: str) -> None:
    parsed = columns("kind,number,status,forward_count,events").parse(cells.encode(), hash_phone)
    assert isinstance(parsed, Problem)
    assert parsed.field == field


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (b"kind,status", "number"),
        (b"", "without kind, number, status"),
        (b"kind,number,status,kind", "twice"),
        (b"kind,number,status\xff", "UTF-8"),
        (b'kind,number,"status', "CSV"),
        (b"kind,number,status," + b"a," * COLUMNS_MAX, "more than"),
    ],
)
def test_a_csv_header_that_cannot_serve_is_reported(header: bytes, part: str) -> None:
    read = csv_columns(header)
    assert isinstance(read, Problem)
    assert part in read.reason


def test_columns_without_a_name_are_no_matter_while_they_are_empty() -> None:
    found = columns("kind;number;status;;")
    assert isinstance(found.parse(b"fine;1;paid;;", hash_phone), Row)
    assert found.parse(b"fine;1;paid;;x", hash_phone) == Problem(
        "line", "has a value in a column that has no name"
    )


@given(st.binary(max_size=100), st.binary(max_size=100))
@settings(deadline=None)
def test_no_csv_makes_it_raise(header: bytes, cells: bytes) -> None:
    read = csv_columns(b"kind,number,status," + header)
    if isinstance(read, CsvColumns):
        assert isinstance(read.parse(cells, hash_phone), Row | Problem)
