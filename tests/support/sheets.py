"""XLSX files: made by openpyxl, and by hand as other programs write them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl

from tests.support.tickets_as import cells_of

CONTENT_TYPES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType='
    '"application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/{kind}" Target="{target}"/></Relationships>'
)
BOOK = (
    '<?xml version="1.0"?><x:workbook'
    ' xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<x:sheets><x:sheet name="Лист1" sheetId="1" r:id="rId1"/></x:sheets></x:workbook>'
)
SHEET = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '<x:dimension ref="A1:A1"/><x:sheetData>{rows}</x:sheetData></x:worksheet>'
)


def write_sheet(path: Path, *rows: Sequence[object], others: Sequence[str] = ()) -> Path:
    """A workbook of openpyxl's: these rows in its first sheet, perhaps other sheets."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    for title in others:
        book.create_sheet(title).append(["kind", "number", "status"])
    book.save(path)
    return path


def write_ticket_sheet(path: Path, *tickets: Mapping[str, object]) -> Path:
    """Tickets as a sheet of the feed: texts, but amounts and counts as numbers."""
    return write_sheet(path, *cells_of(tickets))


def write_foreign_sheet(path: Path, rows: str = "", **parts: str | bytes) -> Path:
    """By hand: prefixed XML, texts in the cells, no cell addresses, a wrong dimension.

    `rows`: XML of the rows; `parts`: parts to replace or to add, by path with __ for / and
    _dot_ for a dot.
    """
    content: dict[str, str | bytes] = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": RELATIONS.format(kind="officeDocument", target="xl/workbook.xml"),
        "xl/workbook.xml": BOOK,
        "xl/_rels/workbook.xml.rels": RELATIONS.format(
            kind="worksheet", target="worksheets/sheet1.xml"
        ),
        "xl/worksheets/sheet1.xml": SHEET.format(rows=rows),
    }
    content |= {name.replace("__", "/").replace("_dot_", "."): part for name, part in parts.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in content.items():
            archive.writestr(name, part)
    return path


def text_row(*texts: str) -> str:
    """A row of cells that hold their text themselves."""
    cells = "".join(f'<x:c t="inlineStr"><x:is><x:t>{text}</x:t></x:is></x:c>' for text in texts)
    return f"<x:row>{cells}</x:row>"
