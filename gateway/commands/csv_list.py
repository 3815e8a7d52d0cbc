"""Lists that call for somebody, as CSV (RFC 4180), written as they come: whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from gateway.billing.forms import csv_line
from gateway.billing.whole_file import create, sync, sync_folder


class CsvList:
    """See the module. `finish` puts it in its place, `close` removes what is unfinished."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._file = create(self._part)
        self.add(columns)

    def add(self, cells: Iterable[object]) -> None:
        """Lists are parted by blanks."""
        texts = [" ".join(cell) if isinstance(cell, tuple | list) else cell for cell in cells]
        self._file.write(csv_line(texts))

    def finish(self) -> None:
        sync(self._file)
        self._part.replace(self._path)
        sync_folder(self._path.parent)

    def close(self) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)
