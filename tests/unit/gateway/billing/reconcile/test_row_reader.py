from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.billing.reconcile.file_map import read_map
from gateway.billing.reconcile.records import NO_PRICE, Theirs
from gateway.billing.reconcile.row_reader import BadRow, RowReader

COLUMNS = ("msisdn", "short_code", "at", "price", "message_id", "part_no", "parts", "our_ref")
AT = 1_795_150_800_000_000  # 2026-11-20 10:00 in Almaty


def reader(**changes: Any) -> RowReader:
    table: dict[str, Any] = {
        "format": "csv",
        "header": False,
        "time": "dd.mm.yyyy hh:mm:ss",
        "zone": "Asia/Almaty",
        "record": "mo",
        "columns": {name: place for place, name in enumerate(COLUMNS, start=1)},
    }
    layout = read_map(table | changes)
    places = {place: place - 1 for place in range(1, 20)}
    return RowReader(layout, places, lambda msisdn: msisdn.encode("utf-8", "replace"), 1600)


def read(cells: dict[str, str] | None = None, **changes: Any) -> Theirs | BadRow:
    plain = {
        "msisdn": "77010000001", "short_code": "1012", "at": "20.11.2026 10:00:00",
        "price": "15.00", "message_id": "", "part_no": "", "parts": "", "our_ref": "",
    }  # fmt: skip
    return reader(**changes).read(7, list((plain | (cells or {})).values()))


def test_a_row_is_a_message() -> None:
    assert read() == Theirs(
        b"77010000001", AT, "mo", "1012", 7, 0, 0, 1500, "", "", "77010000001", "", moved=False
    )


@pytest.mark.parametrize(
    "written",
    ["+7 701 000 00 01", "87010000001", "7010000001", "8 (701) 000-00-01", "0077010000001"],
)
def test_a_phone_is_one_in_any_spelling(written: str) -> None:
    found = read({"msisdn": written})
    assert isinstance(found, Theirs)
    assert (found.msisdn, found.party) == ("77010000001", b"77010000001")


def test_a_phone_that_a_spreadsheet_has_rounded_is_refused() -> None:
    for written in ("7,701E+10", "7.7010000001E10", "7E+10"):
        found = read({"msisdn": written})
        assert isinstance(found, BadRow)
        assert (found.row, found.column) == (7, "1")
        assert "export the column as text" in found.reason


@pytest.mark.parametrize(
    ("written", "tiyn", "changes"),
    [
        ("15.00", 1500, {}),
        ("15", 1500, {}),
        ("1 500,5", 150050, {"decimal_comma": True}),
        ("1500", 1500, {"price_unit": "tiyn"}),
        ("12.93", 1500, {"price_vat": "excluded"}),
        ("12.931", 1500, {"price_vat": "excluded"}),
        ("0", 0, {}),
    ],
)
def test_a_price_is_whole_tiyn_with_vat(written: str, tiyn: int, changes: dict[str, Any]) -> None:
    found = read({"price": written}, **changes)
    assert isinstance(found, Theirs)
    assert found.price_tiyn == tiyn


@pytest.mark.parametrize(
    ("written", "told", "changes"),
    [
        ("15,00", "decimal_comma = true", {}),
        ("15.00", "decimal_comma = false", {"decimal_comma": True}),
        ("15.005", "finer than a tiyn", {}),
        ("-15", "below 0", {}),
        ("free", "is no sum", {}),
        ("nan", "below 0", {}),
        ("", "is no sum", {}),
    ],
)
def test_a_price_that_is_none_is_refused(written: str, told: str, changes: dict[str, Any]) -> None:
    found = read({"price": written}, **changes)
    assert isinstance(found, BadRow)
    assert found.column == "4"
    assert told in found.reason


@pytest.mark.parametrize(
    ("pattern", "written", "at_us"),
    [
        ("dd.mm.yyyy hh:mm:ss", "20.11.2026 10:00:07", AT + 7_000_000),
        ("iso", "2026-11-20T05:00:00Z", AT),
        ("iso", "2026-11-20 10:00:00.25", AT + 250_000),
        ("yyyymmddhhmmsszzz", "20261120080000+0300", AT),
        ("epoch_s", "1795150800", AT),
        ("epoch_ms", "1795150800500", AT + 500_000),
        ("dd.mm.yyyy hh:mm", "20.11.2026 10:00", AT),
    ],
)
def test_a_time_is_read_by_the_pattern_and_the_zone(pattern: str, written: str, at_us: int) -> None:
    found = read({"at": written}, time=pattern)
    assert isinstance(found, Theirs)
    assert found.at_us == at_us


@pytest.mark.parametrize(
    "written",
    [
        "31.11.2026 10:00:00",
        "20.11.2026 24:00:00",
        "20.11.2026 10:60:00",
        "2026-11-20",
        "",
        "x" * 99,
    ],
)
def test_a_time_that_is_none_is_refused(written: str) -> None:
    found = read({"at": written})
    assert isinstance(found, BadRow)
    assert found.column == "3"
    assert "no time in the form" in found.reason


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        ("epoch_s", "99999999999999999"),
        ("epoch_s", "-99999999999"),
        ("epoch_s", "1e400"),
        ("iso", "0001-01-01T00:00:00Z"),
        ("iso", "9999-12-31T23:59:59-12:00"),
    ],
)
def test_a_time_of_no_century_of_ours_is_refused(pattern: str, written: str) -> None:
    assert isinstance(read({"at": written}, time=pattern), BadRow)


def test_the_hour_that_the_zone_lived_twice_is_read_by_its_first_offset() -> None:
    # On 1 March 2024 clocks went from +06:00 to +05:00 at midnight.
    before = read({"at": "29.02.2024 22:00:00"})
    after = read({"at": "01.03.2024 01:00:00"})
    assert isinstance(before, Theirs)
    assert isinstance(after, Theirs)
    assert after.at_us - before.at_us == 4 * 3_600_000_000


def test_an_id_is_compared_in_the_form_of_ours() -> None:
    found = read({"message_id": "255"}, message_id_form="hex_to_dec")
    assert isinstance(found, Theirs)
    assert found.ref == "ff"
    plain = read({"message_id": "0x00FF", "our_ref": " 42 "})
    assert isinstance(plain, Theirs)
    assert (plain.ref, plain.our_ref) == ("ff", "42")


def test_a_short_code_in_another_spelling_is_ours() -> None:
    found = read({"short_code": " 71012"}, short_codes={"71012": "1012"})
    assert isinstance(found, Theirs)
    assert found.code == "1012"


def test_a_row_that_is_left_out_needs_no_price() -> None:
    rows = [{"as": "receipts", "column": 2, "values": ["DLR"]}]
    found = read({"short_code": "DLR", "price": "-"}, leave_out=rows)
    assert isinstance(found, Theirs)
    assert (found.left_out, found.price_tiyn) == ("receipts", NO_PRICE)


def test_numbers_of_parts_are_small_numbers() -> None:
    found = read({"part_no": "2", "parts": "00003"})
    assert isinstance(found, Theirs)
    assert (found.part_no, found.parts) == (2, 3)
    for written in ("256", "-1", "two", "99999"):
        bad = read({"parts": written})
        assert isinstance(bad, BadRow)
        assert bad.column == "7"


def test_a_kind_that_the_map_does_not_know_is_refused() -> None:
    columns = {"msisdn": 1, "short_code": 2, "at": 3, "record": 8}
    table = {"record": None, "columns": columns, "records_mo": ["I"]}
    changes = {key: value for key, value in table.items() if value is not None}
    layout = {"record": "mo"} | changes
    del layout["record"]
    made = RowReader(
        read_map({"format": "csv", "header": False, "time": "iso", "zone": "UTC"} | layout),
        {place: place - 1 for place in range(1, 9)},
        str.encode,
        1600,
    )
    cells = ["77010000001", "1012", "2026-11-20T05:00:00Z", "", "", "", "", "I"]
    found = made.read(1, cells)
    assert isinstance(found, Theirs)
    assert found.record == "mo"
    bad = made.read(1, [*cells[:-1], "X"])
    assert isinstance(bad, BadRow)
    assert "records_mo" in bad.reason


def test_a_short_row_is_told_as_cut() -> None:
    found = reader().read(9, ["77010000001", "1012"])
    assert isinstance(found, BadRow)
    assert found.row == 9
    assert "is it cut?" in found.reason


READERS = (
    reader(),
    reader(time="iso", decimal_comma=True),
    reader(time="epoch_s", price_vat="excluded", message_id_form="dec_to_hex"),
)


@given(st.sampled_from(READERS), st.lists(st.text(max_size=30), max_size=10))
def test_whatever_a_row_holds_it_is_a_message_or_a_bad_row(
    each: RowReader, cells: list[str]
) -> None:
    assert isinstance(each.read(1, cells), Theirs | BadRow)
