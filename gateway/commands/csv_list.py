"""Lists that call for somebody, as CSV (RFC 4180), written as they come: whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from gateway.billing.forms import csv_line

PRIVATE: Final = 0o600


class CsvList:
    """See the module. `finish` puts it in its place, `close` removes what is unfinished."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        self._file = open(os.open(self._part, flags, PRIVATE), "wb")  # noqa: SIM115 - see `close`
        self.add(columns)

    def add(self, cells: Iterable[object]) -> None:
        """Lists are parted by blanks."""
        texts = [" ".join(cell) if isinstance(cell, tuple | list) else cell for cell in cells]
        self._file.write(csv_line(texts))

    def finish(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._part.replace(self._path)

    def close(self) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)
