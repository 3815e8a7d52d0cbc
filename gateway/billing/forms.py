"""The billing file as text: CSV or NDJSON, row by row. What is written goes to a sink."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Literal, Protocol

from gateway.billing.field_names import Layout
from gateway.billing.rows import Row

Format = Literal["csv", "ndjson", "parquet"]
FORMATS: tuple[Format, ...] = ("csv", "ndjson", "parquet")

# A cell that begins with one of these is run by some spreadsheet; full-width forms included.
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


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
        self._write([layout.columns])

    def rows(self, rows: Sequence[Row]) -> None:
        self._write(map(self._cells, rows))

    def trailer(self, row: Row) -> None:
        self.rows([row])

    def close(self) -> None:
        """Nothing is held."""

    def _write(self, rows: Iterable[Sequence[object]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerows([defused(cell) for cell in row] for row in rows)
        self._sink.write(text.getvalue().encode())


class Ndjson:
    """A JSON object a line, with every field; it names them itself, so there is no header."""

    def __init__(self, sink: Sink, layout: Layout) -> None:
        self._sink = sink
        self._columns = layout.columns
        self._cells = layout.cells

    def rows(self, rows: Sequence[Row]) -> None:
        encode, columns, cells = _JSON.encode, self._columns, self._cells
        lines = [encode(dict(zip(columns, cells(row), strict=True))) for row in rows]
        self._sink.write("".join(f"{line}\n" for line in lines).encode())

    def trailer(self, row: Row) -> None:
        self.rows([row])

    def close(self) -> None:
        """Nothing is held."""


_JSON = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def defused(cell: object) -> object:
    """A cell no spreadsheet runs: text that begins like a formula gets an apostrophe before it.

    Numbers stay numbers: a negative amount is not a formula.
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_RUNS) else cell
