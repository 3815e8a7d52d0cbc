"""An operator's file as rows of cells, one at a time: CSV, fixed-width, or the rows of a sheet.

A file that is not what its map says is refused as a whole, with its name, row and the remedy.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from gateway.billing.reconcile.file_map import Encoding, FileForm, FileMap, Place
from gateway.billing.reconcile.row_reader import BadRow

CELL_CHARACTERS_MAX: Final = 4_096
LINE_CHARACTERS_MAX: Final = 65_536
ROWS_MAX: Final = 20_000_000
READ_OCTETS: Final = 1_048_576
HEAD_OCTETS: Final = 4_096

_UTF8_BOM: Final = b"\xef\xbb\xbf"
_UTF16_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_PACKED: Final = {b"PK\x03\x04": "an XLSX file or a ZIP archive", b"\x1f\x8b": "a gzip archive"}

_OTHER: Final = "set `encoding` as it is, or ask for the file in that one"

Numbered = tuple[int, Sequence[str] | BadRow]  # line of the file, from 1, and its cells


class FileRefusedError(Exception):
    """The file cannot be compared; the text names it, the row, and the remedy."""


class OperatorFile:
    """One file, read once from its beginning to its end. `rows` may be another file, with what a
    sheet holds (`lookup.feed.sheet_process`); `columns` then names its columns."""

    def __init__(
        self, path: Path, layout: FileMap, rows: Path | None = None, columns: Sequence[str] = ()
    ) -> None:
        self._path = path
        self._layout = layout
        self._rows = rows
        self._header = tuple(columns)
        self.read = 0  # rows that are messages: no header, no trailer, none that is empty
        self.warnings: list[str] = []
        if rows is None:
            self._check_head()

    def refuse(self, row: int, sentence: str) -> FileRefusedError:
        where = f"{self._path}: row {row}" if row else f"{self._path}"
        return FileRefusedError(f"{where}: {sentence}")

    def _check_head(self) -> None:
        with self._path.open("rb") as file:
            head = file.read(HEAD_OCTETS)
        encoding = self._layout.encoding
        for magic, form in _PACKED.items():
            if head.startswith(magic):
                raise self.refuse(0, f'is {form}; set format = "xlsx" or unpack it')
        if head.startswith(_UTF8_BOM) and encoding is not Encoding.UTF_8:
            raise self.refuse(0, f'is UTF-8, not {encoding}; set encoding = "utf-8"')
        if head.startswith(_UTF16_BOMS) and encoding is not Encoding.UTF_16:
            raise self.refuse(0, f'is UTF-16, not {encoding}; set encoding = "utf-16"')
        if b"\0" in head and encoding is not Encoding.UTF_16:
            raise self.refuse(0, "holds NUL octets: it is no text, or UTF-16 without a mark")
        if not head:
            raise self.refuse(0, "is empty; ask for it again")

    def places(self) -> dict[Place, int]:
        """At which cell each place of the map stands. Raises FileRefusedError."""
        layout = self._layout
        wanted = [*layout.columns.values(), *layout.at, *(each.place for each in layout.leave_out)]
        if layout.form is FileForm.FIXED:
            return {place: n for n, place in enumerate(self._spans(wanted))}
        if not layout.header:
            return {place: place - 1 for place in wanted if isinstance(place, int)}
        header = self._header or self._read_header()
        missing = [place for place in wanted if place not in header]
        if missing:
            raise self.refuse(1 + layout.skip_rows, self._unknown_columns(missing, header))
        twice = [place for place in wanted if header.count(str(place)) > 1]
        if twice:
            raise self.refuse(1 + layout.skip_rows, f"names the column {twice[0]!r} twice")
        return {place: header.index(str(place)) for place in wanted}

    def _unknown_columns(self, missing: Sequence[Place], header: Sequence[str]) -> str:
        told = ", ".join(repr(each) for each in missing)
        remedy = "write the names in the map as the file has them"
        if self._rows is None and len(header) == 1:
            remedy = "set `delimiter`"
        elif self._rows is None and not all(each.isascii() for each in header):
            remedy += ", or set another `encoding`"
        return f"has no column {told}; it has {', '.join(map(repr, header))[:400]}: {remedy}"

    def _read_header(self) -> tuple[str, ...]:
        with self._open() as file:
            for row, cells in self._guarded(csv.reader(file, delimiter=self._layout.delimiter)):
                if row > self._layout.skip_rows:
                    self._header = tuple(cell.strip() for cell in cells)
                    return self._header
        raise self.refuse(0, "has no header")

    def __iter__(self) -> Iterator[Numbered]:
        """Rows in their order. Raises FileRefusedError."""
        total: tuple[int, int] | None = None  # what the trailer counts, and its row
        skip = self._layout.skip_rows + self._layout.header
        trailer = self._layout.trailer is not None
        first = self._header[0] if self._header else None
        for row, cells in self._all():
            if (row <= skip and self._rows is None) or not cells:
                continue
            if total is not None:
                raise self.refuse(row, f"comes after the trailer of row {total[1]}; join no files")
            if not isinstance(cells, BadRow):
                if cells[0] == first and tuple(cell.strip() for cell in cells) == self._header:
                    raise self.refuse(row, "is the header again: deliver one file, once")
                counted = self._trailer(row, cells) if trailer else None
                if counted is not None:
                    total = counted, row
                    continue
            self.read += 1
            if self.read > ROWS_MAX:
                raise self.refuse(row, f"is beyond {ROWS_MAX} rows; compare it in pieces")
            yield row, cells
        self._check_end(total)

    def _all(self) -> Iterator[Numbered]:
        if self._rows is not None:
            yield from self._of_sheet(self._rows)
            return
        with self._open() as file:
            if self._layout.form is FileForm.FIXED:
                yield from self._of_lines(file)
            else:
                yield from self._guarded(csv.reader(file, delimiter=self._layout.delimiter))

    def _guarded(self, reader: Any) -> Iterator[tuple[int, list[str]]]:
        csv.field_size_limit(CELL_CHARACTERS_MAX)
        try:
            for cells in reader:
                yield reader.line_num, cells
        except csv.Error as error:
            raise self.refuse(
                reader.line_num, f"is no CSV ({error}); a quote is not closed, or `delimiter` wrong"
            ) from None
        except UnicodeError:
            raise self._other_code(reader.line_num) from None

    def _of_lines(self, file: TextIO) -> Iterator[tuple[int, list[str]]]:
        layout = self._layout
        wanted = [*layout.columns.values(), *layout.at, *(each.place for each in layout.leave_out)]
        spans = [(first - 1, first - 1 + length) for first, length in self._spans(wanted)]
        row = 0
        try:
            while line := file.readline(LINE_CHARACTERS_MAX):
                row += 1
                line = line.rstrip("\r\n")
                if layout.trailer and line.startswith(layout.trailer.starts):
                    yield row, line.split()
                elif line.strip():
                    yield row, [line[a:b].strip() for a, b in spans if a < len(line)] or [""]
        except UnicodeError:
            raise self._other_code(row) from None

    @staticmethod
    def _spans(wanted: Sequence[Place]) -> list[tuple[int, int]]:
        return sorted({place for place in wanted if isinstance(place, tuple)})

    def _of_sheet(self, rows: Path) -> Iterator[Numbered]:
        comma = self._layout.decimal_comma
        with rows.open("rb") as file:
            for row, line in enumerate(file, start=1):
                told = json.loads(line) if line.strip() else {}
                if isinstance(told, list):
                    yield row, BadRow(row, *told)
                elif told:
                    yield row, [_cell(told.get(name), comma=comma) for name in self._header]

    def _other_code(self, row: int) -> FileRefusedError:
        """The first line that is not of the map's encoding; `row`: the last that was read."""
        encoding = self._layout.encoding
        if encoding is not Encoding.UTF_16:  # whose lines are not to be had without decoding
            with self._path.open("rb") as file:
                lines = iter(lambda: file.readline(LINE_CHARACTERS_MAX), b"")
                for number, line in enumerate(lines, start=1):
                    try:
                        line.decode(encoding)
                    except UnicodeDecodeError as error:
                        return self.refuse(
                            number, f"octet {error.start + 1} is not {encoding}; {_OTHER}"
                        )
        return self.refuse(row + 1, f"or one soon after it is not {encoding}; {_OTHER}")

    def _open(self) -> TextIO:
        encoding = self._layout.encoding
        name = "utf-8-sig" if encoding is Encoding.UTF_8 else str(encoding)
        return self._path.open(encoding=name, newline="")

    def _trailer(self, row: int, cells: Sequence[str]) -> int | None:
        trailer = self._layout.trailer
        if trailer is None or not cells[0].strip().startswith(trailer.starts):
            return None
        written = cells[trailer.cell - 1].strip() if len(cells) >= trailer.cell else ""
        if not (written.isascii() and written.isdigit()):
            raise self.refuse(row, f"is the trailer, whose cell {trailer.cell} is no count")
        return int(written[:18])

    def _check_end(self, total: tuple[int, int] | None) -> None:
        if self._layout.trailer is not None:
            if total is None:
                raise self.refuse(0, "has no trailer: it is cut; ask for it again")
            if total[0] != self.read:
                raise self.refuse(
                    total[1], f"counts {total[0]} rows, the file has {self.read}: ask for it again"
                )
        elif self._rows is None and not self._ends_with_a_line():
            self.warnings.append("the last row has no line end: it may be cut")
        if not self.read:
            raise self.refuse(0, "has no rows besides its header; ask for it again")

    def _ends_with_a_line(self) -> bool:
        with self._path.open("rb") as file:
            file.seek(-min(4, self._path.stat().st_size), 2)
            return b"\n" in file.read()

    def sha256(self) -> str:
        digest = hashlib.sha256()
        with self._path.open("rb") as file:
            while octets := file.read(READ_OCTETS):
                digest.update(octets)
        return digest.hexdigest()


def _cell(value: object, *, comma: bool) -> str:
    """A cell of a sheet as a CSV file would have it."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return str(value["at"])
    if isinstance(value, float):
        return str(value).replace(".", ",") if comma else str(value)
    return str(value)
