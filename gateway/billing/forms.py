"""The billing file as text: CSV or NDJSON, row by row. What is written goes to a sink."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Literal, Protocol

import msgspec

from gateway.billing.field_names import Layout
from gateway.billing.rows import TEXTS, Row

Format = Literal["csv", "ndjson", "parquet"]
FORMATS: tuple[Format, ...] = ("csv", "ndjson", "parquet")

# A cell that begins with one of these is run by some spreadsheet; full-width forms included.
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_DEFUSED = "'"
_RUN_SIGNS = frozenset((*_RUNS, _DEFUSED))


class Sink(Protocol):
    """Where the octets of a file go, in their order."""

    def write(self, octets: bytes) -> int: ...


class Form(Protocol):
    """A billing file on its way."""

    def rows(self, rows: Sequence[Row]) -> None:
        """Rows in their order, some at a time."""

    def trailer(self, row: Row) -> None:
        """The last row: counts and sums. Nothing follows."""

    def close(self) -> None:
        """Let go of what is held; without a trailer the file is none."""


class Csv:
    """RFC 4180: a header, CRLF, quotes where needed, no cell that a spreadsheet would run."""

    def __init__(self, sink: Sink, layout: Layout) -> None:
        self._sink = sink
        self._cells = layout.cells
        self._texts = itemgetter(*[n for n, field in enumerate(layout.fields) if field in TEXTS])
        self._write([layout.columns])

    def rows(self, rows: Sequence[Row]) -> None:
        self._write(map(self._cells, rows))

    def trailer(self, row: Row) -> None:
        self.rows([row])

    def close(self) -> None:
        """Nothing is held."""

    def _write(self, rows: Iterable[Sequence[object]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(map(self._safe, rows))
        self._sink.write(text.getvalue().encode())

    def _safe(self, row: Sequence[object]) -> Sequence[object]:
        # Hot: of a row's cells nearly none need it, and only texts can.
        for cell in self._texts(row):
            if cell and cell[0] in _RUN_SIGNS:
                return [defused(each) for each in row]
        return row


class Ndjson:
    """A JSON object a line, with every field; it names them itself, so there is no header."""

    def __init__(self, sink: Sink, layout: Layout) -> None:
        self._sink = sink
        self._columns = layout.columns
        self._cells = layout.cells

    def rows(self, rows: Sequence[Row]) -> None:
        columns, cells = self._columns, self._cells
        self._sink.write(
            _JSON.encode_lines([dict(zip(columns, cells(row), strict=True)) for row in rows])
        )

    def trailer(self, row: Row) -> None:
        self.rows([row])

    def close(self) -> None:
        """Nothing is held."""


_JSON = msgspec.json.Encoder()


def csv_line(cells: Sequence[object]) -> bytes:
    """One line of RFC 4180 with no cell that a spreadsheet would run."""
    text = io.StringIO(newline="")
    csv.writer(text).writerow([defused(cell) for cell in cells])
    return text.getvalue().encode()


def defused(cell: object) -> object:
    """A cell no spreadsheet runs: text that begins like a formula gets an apostrophe before it, and
    so does one that looks as if it had got one, so that `restored` can tell them apart.

    Numbers stay numbers: a negative amount is not a formula.
    """
    return f"{_DEFUSED}{cell}" if isinstance(cell, str) and _runs(cell) else cell


def restored(text: str) -> str:
    """What a text was before it was defused."""
    return text[1:] if text.startswith(_DEFUSED) and _runs(text) else text


def _runs(text: str) -> bool:
    return text.lstrip(_DEFUSED).startswith(_RUNS)
