"""The billing file as Parquet: typed columns, in row groups, so that memory use does not depend on
the number of rows. The trailer stands in the file's metadata: a table is to hold records alone.

The same rows give the same octets with one version of pyarrow, which names itself in the file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress

import pyarrow
from pyarrow import parquet

from gateway.billing.field_names import Layout
from gateway.billing.forms import Sink
from gateway.billing.rows import NUMBERS, Row

GROUP_ROWS_MIN = 50_000  # a row group is written once it has as many; about 10 MB until then
NAMES_KEY = "jauap.names"
TRAILER_KEY = "jauap.trailer"

_TEXT = pyarrow.string()
_NUMBER = pyarrow.int64()
_TIME = pyarrow.timestamp("us", tz="UTC")
_DAY = pyarrow.date32()


class Parquet:
    """A Parquet file on its way, compressed with Zstandard."""

    def __init__(self, sink: Sink, layout: Layout) -> None:
        self._layout = layout
        self._kinds = [_kind(field) for field in layout.fields]
        self._schema = pyarrow.schema(list(zip(layout.columns, self._kinds, strict=True)))
        self._writer = parquet.ParquetWriter(
            pyarrow.PythonFile(sink, mode="w"), self._schema, compression="zstd"
        )
        self._held: list[pyarrow.RecordBatch] = []
        self._held_rows = 0

    def rows(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        columns = zip(*map(self._layout.cells, rows), strict=True)
        self._held.append(
            pyarrow.record_batch(
                [_column(cells, kind) for cells, kind in zip(columns, self._kinds, strict=True)],
                schema=self._schema,
            )
        )
        self._held_rows += len(rows)
        if self._held_rows >= GROUP_ROWS_MIN:
            self._write_group()

    def trailer(self, row: Row) -> None:
        if self._held:
            self._write_group()
        cells = zip(self._layout.columns, self._layout.cells(row), strict=True)
        told = {name: cell for name, cell in cells if cell is not None}
        self._writer.add_key_value_metadata(
            {NAMES_KEY: self._layout.naming, TRAILER_KEY: json.dumps(told, ensure_ascii=False)}
        )
        self._writer.close()

    def close(self) -> None:
        self._held.clear()
        with suppress(OSError):  # the footer of a file that is given up, on a full disk
            self._writer.close()

    def _write_group(self) -> None:
        table = pyarrow.Table.from_batches(self._held, self._schema).combine_chunks()
        self._writer.write_table(table, row_group_size=self._held_rows)
        self._held.clear()
        self._held_rows = 0


def _kind(field: str) -> pyarrow.DataType:
    if field in NUMBERS:
        return _NUMBER
    if field == "day":
        return _DAY
    return _TIME if field.endswith("_at") else _TEXT


def _column(cells: Sequence[object], kind: pyarrow.DataType) -> pyarrow.Array:
    """Times and days stand in rows as ISO texts."""
    if kind is _TIME or kind is _DAY:
        return pyarrow.array(cells, _TEXT).cast(kind)
    return pyarrow.array(cells, kind)
