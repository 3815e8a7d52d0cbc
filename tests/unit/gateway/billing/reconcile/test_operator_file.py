from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.billing.reconcile import operator_file
from gateway.billing.reconcile.file_map import FileMap, read_map
from gateway.billing.reconcile.operator_file import FileRefusedError, OperatorFile
from gateway.billing.reconcile.row_reader import BadRow

PLAIN: dict[str, Any] = {
    "format": "csv",
    "time": "iso",
    "zone": "UTC",
    "record": "mo",
    "columns": {"msisdn": "A", "short_code": "B", "at": "T"},
}
FIXED = {"format": "fixed", "columns": {"msisdn": [1, 3], "short_code": [4, 2], "at": [6, 4]}}


def layout(**changes: Any) -> FileMap:
    return read_map(PLAIN | changes)


def read(path: Path, octets: bytes, **changes: Any) -> list[tuple[int, Any]]:
    path.write_bytes(octets)
    file = OperatorFile(path, layout(**changes))
    file.places()
    return list(file)


def test_rows_have_the_numbers_of_their_lines(tmp_path: Path) -> None:
    octets = b'A;B;T\r\n1;2;3\r\n\r\n"4\n4";5;6\r\n7;8;9'
    assert read(tmp_path / "f", octets) == [
        (2, ["1", "2", "3"]),
        (5, ["4\n4", "5", "6"]),
        (6, ["7", "8", "9"]),
    ]


def test_columns_are_found_wherever_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"report\nT; B ;x;A\n3;2;0;1\n")
    file = OperatorFile(path, layout(skip_rows=1))
    assert file.places() == {"A": 3, "B": 1, "T": 0}
    assert [row for row, _ in file] == [3]
    assert file.read == 1


def test_columns_without_a_header_stand_where_the_map_says(tmp_path: Path) -> None:
    columns = {"msisdn": 2, "short_code": 3, "at": 1}
    path = tmp_path / "f"
    path.write_bytes(b"3;1;2\n")
    file = OperatorFile(path, layout(header=False, columns=columns))
    assert file.places() == {1: 0, 2: 1, 3: 2}
    assert list(file) == [(1, ["3", "1", "2"])]


def test_a_column_named_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefusedError, match="row 1: names the column 'A' twice"):
        read(tmp_path / "f", b"A;B;T;A\n1;2;3;4\n")


def test_lines_of_fixed_width_are_cut_at_the_places_of_the_map(tmp_path: Path) -> None:
    rows = read(tmp_path / "f", b"701 22026\n702 3\n\nabc", **FIXED)
    assert rows == [(1, ["701", "2", "2026"]), (2, ["702", "3"]), (4, ["abc"])]


def test_a_line_too_short_for_any_column_is_not_lost(tmp_path: Path) -> None:
    columns = {"msisdn": [5, 3], "short_code": [8, 2], "at": [10, 4]}
    assert read(tmp_path / "f", b"abc\n", format="fixed", columns=columns) == [(1, [""])]


def test_a_trailer_of_fixed_width_is_counted_by_words(tmp_path: Path) -> None:
    trailer = {"starts": "END", "count": 3}
    path = tmp_path / "f"
    assert len(read(path, b"701 22026\nEND rows 1\n", **FIXED, trailer=trailer)) == 1
    with pytest.raises(FileRefusedError, match="row 2: counts 4 rows, the file has 1"):
        read(path, b"701 22026\nEND rows 4\n", **FIXED, trailer=trailer)
    with pytest.raises(FileRefusedError, match="row 2: is the trailer, whose cell 3 is no count"):
        read(path, b"701 22026\nEND rows\n", **FIXED, trailer=trailer)
    with pytest.raises(FileRefusedError, match="row 3: comes after the trailer of row 2"):
        read(path, b"701 22026\nEND rows 1\n702 22026\n", **FIXED, trailer=trailer)


def test_more_rows_than_can_be_compared_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operator_file, "ROWS_MAX", 2)
    with pytest.raises(FileRefusedError, match="row 4: is beyond 2 rows"):
        read(tmp_path / "f", b"A;B;T\n1;2;3\n1;2;3\n1;2;3\n")


def test_a_sheet_gives_its_rows_its_dates_and_its_bad_rows(tmp_path: Path) -> None:
    rows = tmp_path / "rows"
    rows.write_text(
        '\n{"A": 77010000001, "B": "1012", "T": {"at": "2026-11-20"}, "P": 15.5}\n'
        '["P", "is an error of the sheet"]\n\n{"A": 1, "T": true}\n',
        encoding="utf-8",
    )
    columns = {"msisdn": "A", "short_code": "B", "at": "T", "price": "P"}
    made = layout(format="xlsx", columns=columns, decimal_comma=True)
    file = OperatorFile(tmp_path / "f", made, rows, ("A", "B", "T", "P"))
    assert file.places() == {"A": 0, "B": 1, "T": 2, "P": 3}
    assert list(file) == [
        (2, ["77010000001", "1012", "2026-11-20", "15,5"]),
        (3, BadRow(3, "P", "is an error of the sheet")),
        (5, ["1", "", "True", ""]),
    ]


LAYOUTS = (
    layout(),
    layout(encoding="cp1251", trailer={"starts": "1", "count": 1}),
    layout(encoding="utf-16"),
    layout(**FIXED),
    layout(**FIXED, trailer={"starts": "\x1a", "count": 1}),
)
cells = st.lists(
    st.sampled_from([b"A", b"B", b"T", b";", b"\n", b"\r", b'"', b"1", b"\xff", b"\0"])
)


@given(st.sampled_from(LAYOUTS), st.one_of(st.binary(max_size=200), cells.map(b"".join)))
def test_whatever_a_file_holds_it_is_read_or_refused(made: FileMap, octets: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "f"
        path.write_bytes(b"A;B;T\n" + octets if made.header else octets)
        try:
            file = OperatorFile(path, made)
            file.places()
            rows = list(file)
        except FileRefusedError:
            return
        assert len(rows) == file.read > 0
