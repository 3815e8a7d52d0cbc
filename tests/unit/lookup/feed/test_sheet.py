from __future__ import annotations

import io
import json
import warnings
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from lookup.feed import merged, sheet
from lookup.feed.lines import LINE_OCTETS_MAX
from lookup.feed.sheet import SheetRefusedError, write_lines
from tests.support.sheets import (
    BOOK,
    RELATIONS,
    SHEET,
    text_row,
    write_foreign_sheet,
    write_sheet,
)

HEADER = ("kind", "number", "status", "status_at", "fine.amount")


def read(path: Path) -> tuple[dict[str, object], list[Any]]:
    """The facts, and the rows; None for a row without values."""
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as the process of its own is started
        facts = write_lines(path, out)
    lines = out.getvalue().decode().split("\n")
    assert lines.pop() == ""
    return facts, [json.loads(line) if line else None for line in lines]


def rows(path: Path) -> list[Any]:
    return read(path)[1]


def refused(path: Path) -> str:
    with pytest.raises(SheetRefusedError) as refusal:
        read(path)
    return str(refusal.value)


def test_row_n_of_the_sheet_is_line_n(tmp_path: Path) -> None:
    path = write_sheet(
        tmp_path / "a.xlsx", HEADER, ("fine", "012", "unpaid"), (), ("fine", "2", "paid")
    )
    assert rows(path) == [
        None,
        {"kind": "fine", "number": "012", "status": "unpaid"},
        None,
        {"kind": "fine", "number": "2", "status": "paid"},
    ]


def test_the_first_visible_sheet_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    path = write_sheet(tmp_path / "a.xlsx", HEADER, others=["Архив", "list"])
    facts, _ = read(path)
    assert facts == {"columns": list(HEADER), "left_out": ["Архив", "list"], "rows": 1}
    book = openpyxl.load_workbook(path)
    book.worksheets[0].sheet_state = "hidden"
    book.save(path)
    facts, _ = read(path)
    assert (facts["columns"], facts["left_out"]) == (
        ["kind", "number", "status"],
        ["Sheet", "list"],
    )


def test_dates_numbers_and_truth_keep_what_they_are(tmp_path: Path) -> None:
    path = write_sheet(
        tmp_path / "a.xlsx",
        ("at", "on", "old", "far", "amount", "part", "yes", "text"),
        (
            datetime(2026, 11, 22, 12, 19, 59, 999_900),  # noqa: DTZ001  a sheet has no zones
            date(2026, 11, 22),
            date(1900, 3, 1),
            date(2999, 12, 31),
            19660,
            19660.5,
            True,
            " 0075 ",
        ),
    )
    assert rows(path)[1] == {
        "at": {"at": "2026-11-22T12:20:00"},
        "on": {"at": "2026-11-22"},
        "old": {"at": "1900-03-01"},
        "far": {"at": "2999-12-31"},
        "amount": 19660,
        "part": 19660.5,
        "yes": True,
        "text": "0075",
    }


@pytest.mark.parametrize("number", [7.50100000000431e17, 750100000000431215, -(10**15)])
def test_a_number_that_lost_its_last_digits_is_refused_by_name(
    tmp_path: Path, number: float
) -> None:
    path = write_sheet(tmp_path / "a.xlsx", HEADER, ("appeal", number, "x"), ("appeal", "1", "x"))
    _, lost, good = rows(path)
    assert lost[0] == "number"
    assert "15 digits" in lost[1]
    assert good["number"] == "1"


def test_formulas_are_not_computed(tmp_path: Path) -> None:
    saved = write_foreign_sheet(
        tmp_path / "b.xlsx",
        text_row("kind", "fine.amount", "number")
        + '<x:row><x:c t="str"><x:f>LOWER("FINE")</x:f><x:v>fine</x:v></x:c>'
        "<x:c><x:f>1+1</x:f><x:v>2</x:v></x:c>"
        '<x:c t="str"><x:f>IF(TRUE,"")</x:f><x:v></x:v></x:c></x:row>',
    )
    assert rows(saved)[1] == {"kind": "fine", "fine.amount": 2}


@pytest.mark.parametrize(
    "cell",
    [
        "<x:c><x:f>1+1</x:f></x:c>",
        "<x:c><x:f>1+1</x:f><x:v/></x:c>",
        '<x:c t="str"><x:f>A</x:f></x:c>',
    ],
)
def test_a_formula_whose_value_was_not_saved_is_not_taken_for_an_empty_cell(
    tmp_path: Path, cell: str
) -> None:
    head = text_row("kind", "fine.amount")
    row = f'<x:row><x:c t="inlineStr"><x:is><x:t>fine</x:t></x:is></x:c>{cell}</x:row>'
    _, bad, good = rows(write_foreign_sheet(tmp_path / "a.xlsx", head + row + text_row("fine")))
    assert bad[0] == "fine.amount"
    assert "not saved" in bad[1]
    assert good == {"kind": "fine"}


def test_a_row_that_shares_the_value_of_a_merged_cell_is_refused(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (HEADER, *(("fine", str(n), "unpaid", None, n) for n in range(1, 7))):
        sheet.append(list(row))
    sheet["D2"] = date(2026, 10, 5)
    for block in ("D2:D4", "D6:E6", "G7:H8", "A9:A20"):  # the last two: beside, and below, all
        sheet.merge_cells(block)
    book.save(tmp_path / "a.xlsx")
    _, first, *shared, alone, wide, last = rows(tmp_path / "a.xlsx")[:7]
    assert first["status_at"] == {"at": "2026-10-05"}
    assert [(bad[0], "merged" in bad[1]) for bad in shared] == [("status_at", True)] * 2
    assert alone["number"] == "4"
    assert wide[0] == "fine.amount"
    assert last["number"] == "6"


def test_countless_merged_cells_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merged, "BLOCKS_MAX", 2)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(HEADER))
    for row in (2, 4, 6):
        sheet.merge_cells(f"A{row}:A{row + 1}")
    book.save(tmp_path / "a.xlsx")
    assert "merged" in refused(tmp_path / "a.xlsx")


@pytest.mark.parametrize(
    ("cell", "said"),
    [("#REF!", "error of the sheet"), (time(12, 30), "time without a date")],
)
def test_what_is_no_value_is_refused_by_its_column(tmp_path: Path, cell: object, said: str) -> None:
    path = write_sheet(tmp_path / "a.xlsx", HEADER, ("fine", "1", "x", cell), ("fine", "2", "x"))
    _, bad, good = rows(path)
    assert bad[0] == "status_at"
    assert said in bad[1]
    assert good["number"] == "2"


def test_a_value_beside_the_header_is_refused(tmp_path: Path) -> None:
    path = write_sheet(tmp_path / "a.xlsx", ("kind", None, "status"), ("a", "b", "c"), ("a",))
    assert rows(path)[1:] == [
        ["line", "has a value in column B, which has no name"],
        {"kind": "a"},
    ]
    path = write_sheet(tmp_path / "a.xlsx", ("kind",), ("a", None, None, "d"))
    assert rows(path)[1] == ["line", "has a value in column D, which has no name"]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ((), "no header"),
        (("kind", 7), "hold texts alone"),
        (("kind", "number", "kind"), "twice"),
        (tuple(f"c{n}" for n in range(201)), "more than 200"),
        (("k" * 201,), "over 200 characters"),
    ],
)
def test_a_sheet_without_a_usable_header_is_refused(
    tmp_path: Path, header: tuple[object, ...], said: str
) -> None:
    assert said in refused(write_sheet(tmp_path / "a.xlsx", header, ("a", "b", "c")))


def test_a_row_too_long_for_a_line_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    names = [f"c{n}" for n in range(50)]
    path = write_sheet(tmp_path / "a.xlsx", names, ["".join(map(str, range(6_500)))] * 50, ["x"])
    assert rows(path)[1:] == [["line", f"is longer than {LINE_OCTETS_MAX} octets"], {"c0": "x"}]


def test_sheets_of_other_programs_are_read(tmp_path: Path) -> None:
    path = write_foreign_sheet(
        tmp_path / "a.xlsx", text_row("kind", "number") + text_row("appeal", "ЖТ-2026-00431220")
    )
    assert rows(path)[1] == {"kind": "appeal", "number": "ЖТ-2026-00431220"}


@pytest.mark.parametrize("number", [2, 1, 0, -5])
def test_rows_out_of_order_are_refused_and_not_left_out(tmp_path: Path, number: int) -> None:
    header, first, again = (text_row(*texts) for texts in (HEADER[:3], "abc", "def"))
    rows = header + first + again.replace("<x:row>", f'<x:row r="{number}">')
    path = write_foreign_sheet(tmp_path / "a.xlsx", rows)
    assert "after row 2 (RowsOutOfOrderError)" in refused(path)


def test_rows_left_out_keep_the_numbers_of_the_others(tmp_path: Path) -> None:
    header = text_row("kind").replace("<x:row>", '<x:row r="1">')
    fifth = text_row("fine").replace("<x:row>", '<x:row r="5">')
    assert rows(write_foreign_sheet(tmp_path / "a.xlsx", header + fifth)) == [
        None, None, None, None, {"kind": "fine"},
    ]  # fmt: skip


ENTITIES = "<!DOCTYPE x [" + "".join(
    f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "lol"}">' for n in range(10)
)
BOMB = (
    ENTITIES + "]><x:worksheet xmlns:x="
    '"http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData><x:row>'
    '<x:c t="inlineStr"><x:is><x:t>&e9;</x:t></x:is></x:c></x:row></x:sheetData></x:worksheet>'
)


@pytest.mark.parametrize(
    "part",
    [
        BOMB,
        '<?xml version="1.0"?>' + BOMB,
        "<!-- - -->\n<?a b?>" + BOMB,
        '<!doctype x SYSTEM "http://192.0.2.1/x"><x/>',
    ],
)
@pytest.mark.parametrize("name", ["xl__worksheets__sheet1_dot_xml", "xl__sharedStrings_dot_XML"])
def test_an_xml_bomb_is_refused_before_it_is_parsed(tmp_path: Path, part: str, name: str) -> None:
    path = write_foreign_sheet(tmp_path / "a.xlsx", text_row("kind"), **{name: part})
    assert "document type" in refused(path)


@pytest.mark.parametrize(
    "part",
    [
        BOMB.encode("utf-16"),
        BOMB.encode("utf-16-le"),
        b'<?xml version="1.0" encoding="cp037"?><x/>',
        b'<?xml version="1.0" encoding="utf-7"?><x/>',
        b"<!-- " + b"x" * 5_000 + b" -->" + BOMB.encode(),
        b"\0" * 100,
        b"",
    ],
)
def test_a_bomb_cannot_hide_behind_a_code_or_a_comment(tmp_path: Path, part: bytes) -> None:
    path = write_foreign_sheet(tmp_path / "a.xlsx", xl__workbook_dot_xml=part)
    assert "not XML in UTF-8" in refused(path)


def test_the_head_of_a_part_is_judged_in_time_whatever_it_holds(tmp_path: Path) -> None:
    for part in ("<!--" + "-->" * 1_300, " " * 4_096, "<??>" * 1_000 + "<!"):
        path = write_foreign_sheet(tmp_path / "a.xlsx", xl__workbook_dot_xml=part)
        assert "not XML in UTF-8" in refused(path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    zeros = "<x>" + " " * 50_000_000
    assert "as bombs are" in refused(write_foreign_sheet(tmp_path / "a.xlsx", xl__a_dot_xml=zeros))


def test_the_sum_of_all_parts_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "UNPACKED_OCTETS_MAX", 1_000)
    said = refused(write_foreign_sheet(tmp_path / "a.xlsx", text_row("kind")))
    assert "unpack" in said
    assert "over 1000" in said


def test_an_archive_of_countless_parts_is_refused(tmp_path: Path) -> None:
    parts = {f"p{n}": "" for n in range(1_001)}
    assert "parts" in refused(write_foreign_sheet(tmp_path / "a.xlsx", **parts))


def test_other_ways_of_packing_and_passwords_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
    assert "does not know" in refused(path)
    write_foreign_sheet(path)
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02")
    content[entry + 8] |= 1
    path.write_bytes(content)
    assert "encrypted" in refused(path)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_half_a_file_is_refused(tmp_path: Path, share: float) -> None:
    path = write_sheet(tmp_path / "a.xlsx", HEADER, ("fine", "1", "unpaid"))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert "not a whole XLSX" in refused(path)


def test_a_damaged_part_is_refused(tmp_path: Path) -> None:
    path = write_sheet(tmp_path / "a.xlsx", HEADER, *(("fine", str(n), "x") for n in range(500)))
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        place = archive.getinfo("xl/worksheets/sheet1.xml").header_offset + 200
    content[place : place + 40] = b"\x55" * 40
    path.write_bytes(content)
    assert "XLSX" in refused(path)


@pytest.mark.parametrize(
    "parts",
    [
        {"xl__workbook_dot_xml": BOOK.replace("</x:sheets>", "")},
        {"xl__workbook_dot_xml": "<x/>"},
        {"[Content_Types]_dot_xml": "<x/>"},
        {"xl___rels__workbook_dot_xml_dot_rels": RELATIONS.format(kind="x", target="../../y")},
        {"xl__worksheets__sheet1_dot_xml": SHEET.format(rows='<x:row r="x"/>')},
        {"xl__worksheets__sheet1_dot_xml": SHEET.format(rows='<x:row><x:c t="s"><x:v>9</x:v>')},
    ],
)
def test_what_breaks_the_form_is_refused_whatever_it_is(
    tmp_path: Path, parts: dict[str, str]
) -> None:
    said = refused(write_foreign_sheet(tmp_path / "a.xlsx", **parts))
    assert "XLSX" in said or "no visible sheet" in said


def test_a_row_number_beyond_all_sheets_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet, "ROWS_MAX", 100)
    far = text_row("kind") + text_row("fine").replace("<x:row>", '<x:row r="99999999999">')
    assert "more than 100 rows" in refused(write_foreign_sheet(tmp_path / "a.xlsx", far))


def test_a_text_shared_by_many_cells_does_not_fill_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet, "LINES_OCTETS_MAX", 100_000)
    path = write_sheet(tmp_path / "a.xlsx", ("a",), *(("x" * 30_000,) for _ in range(9)))
    assert "over 100000 octets" in refused(path)
