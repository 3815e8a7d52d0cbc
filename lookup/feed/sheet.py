"""The first sheet of an XLSX file as lines: row n of the sheet is line n. A process of its own.

`python -m lookup.feed.sheet FILE` writes the lines to its standard output and one JSON object of
facts, or of the refusal, to its standard error. Strangers made the file, so it is read where
nothing else lives: without the gateway's environment, with bounds on memory, time and output.

A line is `{"column": value}`; `["column", "reason"]` for a row that is refused; empty for a row
without values, and for the first, which names the columns. A date is `{"at": "2026-10-05"}`.
Formulas are not computed and macros not run: a cell has the value that was saved with it.
Where a value is shown that the file does not give to the row, the row is refused.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

import openpyxl  # type: ignore[import-untyped]  # it ships without type information

from lookup.feed.lines import COLUMNS_MAX, LINE_OCTETS_MAX
from lookup.feed.merged import BLOCKS_MAX, Covered, TooManyError, blocks_of
from lookup.feed.sheet_parser import UNSAVED, mind_unsaved

MEMORY_OCTETS_MAX: Final = 1_073_741_824  # address space of this process
CPU_S_MAX: Final = 900
ENTRIES_MAX: Final = 1_000  # parts of the archive
UNPACKED_OCTETS_MAX: Final = 268_435_456  # of all parts together
RATIO_MAX: Final = 200  # unpacked to packed, of a part above RATIO_FROM_OCTETS
RATIO_FROM_OCTETS: Final = 1_048_576
PROLOG_OCTETS_MAX: Final = 4_096
COLUMN_NAME_MAX: Final = 200  # characters
TITLE_MAX: Final = 100  # characters of a sheet's name that are told
SHEETS_TOLD_MAX: Final = 20
ROWS_MAX: Final = 1_048_576  # what office programs allow
LINES_OCTETS_MAX: Final = 1_073_741_824  # what is written, all rows together
EXPAT_NO_MEMORY: Final = 1  # XML_ERROR_NO_MEMORY, as a ParseError has it
WHOLE_NUMBER_END: Final = 10**15  # a sheet keeps 15 digits of a number and makes the rest zeros

READ_OCTETS: Final = 1_048_576  # of a sheet's XML at once, when its merged cells are looked for

_CSV: Final = "deliver it as CSV or NDJSON"
_XML: Final = (".xml", ".rels", ".vml")
_PROLOG: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:<\?xml(?P<declared>[^>]*)\?>)?"
    rb"(?:\s|(?><!--.*?-->)|(?><\?.*?\?>))*+<[A-Za-z_]",
    re.DOTALL,
)
_ENCODING: Final = re.compile(rb"encoding\s*=\s*[\"'](?!(?i:utf-?8|us-ascii)[\"'])")
_DTD: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


class Cell(Protocol):
    """What is read of a cell of openpyxl's."""

    @property
    def value(self) -> object: ...
    @property
    def data_type(self) -> str: ...


class SheetRefusedError(Exception):
    """The file is not read; the message completes "the delivery ..."."""


class _RowRefusedError(Exception):
    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"{column}: {reason}")
        self.told = [column, reason]


def check_archive(path: Path) -> None:
    """Refuse bombs before anything is unpacked. Raises SheetRefusedError."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_sizes(archive.infolist())
            for entry in archive.infolist():
                if entry.filename.lower().endswith(_XML):
                    with archive.open(entry) as part:
                        _check_prolog(part.read(PROLOG_OCTETS_MAX))
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError) as error:
        raise SheetRefusedError(f"is not a whole XLSX file; save it anew, or {_CSV}") from error


def _check_sizes(entries: Sequence[zipfile.ZipInfo]) -> None:
    if len(entries) > ENTRIES_MAX:
        raise SheetRefusedError(f"has {len(entries)} parts, over {ENTRIES_MAX}; {_CSV}")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > UNPACKED_OCTETS_MAX:
        raise SheetRefusedError(
            f"would unpack to {unpacked} octets, over {UNPACKED_OCTETS_MAX}; {_CSV}"
        )
    for entry in entries:
        if entry.flag_bits & 1:
            raise SheetRefusedError("is encrypted; save it without a password")
        if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise SheetRefusedError("is packed in a way that XLSX does not know; save it anew")
        if (
            entry.file_size > RATIO_FROM_OCTETS
            and entry.file_size > RATIO_MAX * entry.compress_size
        ):
            raise SheetRefusedError(
                f"holds a part packed more than {RATIO_MAX} to 1, as bombs are; {_CSV}"
            )


def _check_prolog(head: bytes) -> None:
    """No document type, so no entities of its own: a DTD can only stand before the root element."""
    found = _PROLOG.match(head)
    if _DTD.search(head):
        raise SheetRefusedError("holds XML with a document type, as XML bombs do; save it anew")
    if found is None or (found["declared"] and _ENCODING.search(found["declared"])):
        raise SheetRefusedError("holds a part that is not XML in UTF-8; save it anew")


def write_lines(path: Path, out: BinaryIO) -> dict[str, object]:
    """Write the lines of the first visible sheet; returns what is to be told of it.

    Raises SheetRefusedError.
    """
    check_archive(path)
    told: dict[str, object] = {"rows": 0}
    try:
        with path.open("rb") as file:
            _write_lines(file, out, told)
    except SheetRefusedError:
        raise
    except Exception as error:  # whatever openpyxl meets in a file that breaks its form
        if isinstance(error, MemoryError) or getattr(error, "code", None) == EXPAT_NO_MEMORY:
            raise SheetRefusedError(
                f"needs more than {MEMORY_OCTETS_MAX} octets of memory; {_CSV}"
            ) from None
        if isinstance(error, OSError) and error.errno is not None:  # of the disk
            raise
        what = type(error).__name__
        raise SheetRefusedError(
            f"breaks the form of XLSX after row {told['rows']} ({what}); save it anew, or {_CSV}"
        ) from error
    return told


def _write_lines(file: BinaryIO, out: BinaryIO, told: dict[str, object]) -> None:
    mind_unsaved()
    book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    sheet, told["left_out"] = _first_sheet(book)
    sheet.reset_dimensions()  # what a file says of its size is often wrong
    covered = _covered(sheet)
    rows: Iterator[Sequence[Cell]] = sheet.iter_rows(max_col=COLUMNS_MAX + 1)
    told["columns"] = columns = _columns(next(rows, ()))
    told["rows"] = 1
    out.write(b"\n")
    written = 0
    for row, cells in enumerate(rows, start=2):
        if row > ROWS_MAX:
            raise SheetRefusedError(f"has more than {ROWS_MAX} rows; {_CSV}")
        written += out.write(_line(columns, cells, covered.first(row)) + b"\n")
        if written > LINES_OCTETS_MAX:
            raise SheetRefusedError(f"holds over {LINES_OCTETS_MAX} octets; {_CSV}")
        told["rows"] = row


def _covered(sheet: Any) -> Covered:
    try:
        with sheet._get_source() as part:
            return Covered(blocks_of(iter(lambda: part.read(READ_OCTETS), b"")))
    except TooManyError:
        raise SheetRefusedError(
            f"has more than {BLOCKS_MAX} merged blocks of cells; part them, or {_CSV}"
        ) from None


def _first_sheet(book: Any) -> tuple[Any, list[str]]:
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if not visible:
        raise SheetRefusedError("has no visible sheet")
    others = [sheet.title[:TITLE_MAX] for sheet in book.worksheets if sheet is not visible[0]]
    return visible[0], others[:SHEETS_TOLD_MAX]


def _columns(cells: Sequence[Cell]) -> list[str]:
    """The header row; columns without a name at its end are none."""
    names: list[str] = []
    for cell in cells:
        if cell.value is not None and not isinstance(cell.value, str):
            raise SheetRefusedError("has a first row that is no header: it must hold texts alone")
        names.append(cell.value.strip() if cell.value else "")
    while names and not names[-1]:
        names.pop()
    if not names:
        raise SheetRefusedError("has no header: the first row must name the columns")
    if len(names) > COLUMNS_MAX:
        raise SheetRefusedError(f"names more than {COLUMNS_MAX} columns")
    if max(map(len, names)) > COLUMN_NAME_MAX:
        raise SheetRefusedError(f"names a column with over {COLUMN_NAME_MAX} characters")
    named = [name for name in names if name]
    if len(set(named)) != len(named):
        raise SheetRefusedError("names a column twice")
    return names


def _line(columns: Sequence[str], cells: Sequence[Cell], covered: int | None) -> bytes:
    """`covered`: the first column of this row, from 1, whose value is another cell's."""
    try:
        values = {
            _name(columns, place): value
            for place, cell in enumerate(cells)
            if (value := _value(cell, columns, place)) is not None
        }
    except _RowRefusedError as refusal:
        return json.dumps(refusal.told, ensure_ascii=False).encode()
    if not values:
        return b""
    if covered is not None and covered <= len(columns):
        reason = "is merged with another cell, which alone has the value; part the cells"
        return json.dumps([columns[covered - 1] or "line", reason]).encode()
    try:
        line = json.dumps(values, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:  # half of a pair of surrogates, or a number that is none
        return json.dumps(["line", "holds what is neither text nor a number"]).encode()
    if len(line) > LINE_OCTETS_MAX:
        return json.dumps(["line", f"is longer than {LINE_OCTETS_MAX} octets"]).encode()
    return line


def _name(columns: Sequence[str], place: int) -> str:
    name = columns[place] if place < len(columns) else ""
    if not name:
        letter = openpyxl.utils.get_column_letter(place + 1)
        raise _RowRefusedError("line", f"has a value in column {letter}, which has no name")
    return name


def _value(cell: Cell, columns: Sequence[str], place: int) -> object:
    """What the cell holds as JSON; None for nothing."""
    value: object = cell.value
    if value is None:
        return None
    if cell.data_type == UNSAVED:
        raise _RowRefusedError(
            _name(columns, place),
            "is a formula whose value was not saved; open the file in an office program, save it",
        )
    if isinstance(value, str):
        text = value.strip()
        if cell.data_type == "e":
            raise _RowRefusedError(_name(columns, place), "is an error of the sheet")
        return text or None
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        if abs(value) >= WHOLE_NUMBER_END:
            raise _RowRefusedError(
                _name(columns, place),
                "is a number of over 15 digits, which a sheet does not keep; make the column text",
            )
        return int(value) if value == int(value) else value
    if isinstance(value, datetime):
        moment = (value + timedelta(milliseconds=500)).replace(microsecond=0)
        has_time = moment.time() != time()
        return {"at": moment.isoformat() if has_time else moment.date().isoformat()}
    if isinstance(value, date):
        return {"at": value.isoformat()}
    raise _RowRefusedError(_name(columns, place), "is a time without a date, or a duration")


def main() -> None:
    """Read the file named on the command line, within bounds."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_OCTETS_MAX, MEMORY_OCTETS_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S_MAX, CPU_S_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        facts = write_lines(Path(sys.argv[1]), sys.stdout.buffer)
        sys.stdout.buffer.flush()
    except SheetRefusedError as refusal:
        facts = {"refused": str(refusal)}
    except OSError as error:
        facts = {"trouble": f"{error.strerror}"}
    json.dump(facts, sys.stderr)


if __name__ == "__main__":
    if not openpyxl.DEFUSEDXML:
        raise SystemExit("defusedxml is missing: install the locked requirements")
    main()
