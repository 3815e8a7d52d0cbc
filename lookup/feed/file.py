"""A feed file read as lines with their place, and the file of rejects beside it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from lookup.feed import LINE_OCTETS_MAX, Problem

READ_OCTETS: Final = 262_144
HEAD_OCTETS: Final = 65_536
_BOM: Final = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """One physical line. `octets` is None when it is longer than LINE_OCTETS_MAX."""

    number: int  # from 1
    end: int  # offset of the octet after its line end
    octets: bytes | None


class FeedFile:
    """A file to import, open for reading; what is appended meanwhile is not read."""

    def __init__(self, path: Path) -> None:
        """Raises OSError when the file cannot be read."""
        self.path = path
        self.is_csv = path.suffix.lower() == ".csv"
        self._file = path.open("rb", buffering=0)
        status = os.fstat(self._file.fileno())
        self.size = status.st_size
        head = self._file.read(HEAD_OCTETS)
        self.identity = f"{sha256(head).hexdigest()}-{status.st_size}-{status.st_mtime_ns}"
        self._start = len(_BOM) if head.startswith(_BOM) else 0
        self.first_line = head[self._start :].partition(b"\n")[0]  # its head, if it is very long

    async def lines(self, offset: int = 0, number: int = 0) -> AsyncIterator[list[Line]]:
        """Lines from a line start at `offset`, `number` lines into the file, as they are read."""
        begin = max(offset, self._start)
        await asyncio.to_thread(self._file.seek, begin)
        splitter = _Splitter(begin, number)
        left = self.size - begin
        while left > 0:
            chunk = await asyncio.to_thread(self._file.read, min(READ_OCTETS, left))
            if not chunk:  # cut short by somebody while we read
                break
            left -= len(chunk)
            lines = splitter.feed(chunk)
            if lines:
                yield lines
        last = splitter.rest()
        if last:
            yield [last]

    def close(self) -> None:
        self._file.close()


class _Splitter:
    """Cuts octets into lines, never holding more of one than a line may have."""

    def __init__(self, offset: int, number: int) -> None:
        self._end = offset
        self._number = number
        self._kept = bytearray()
        self._too_long = False

    def feed(self, chunk: bytes) -> list[Line]:
        *pieces, tail = chunk.split(b"\n")
        lines = []
        for piece in pieces:
            self._keep(piece)
            self._end += 1
            lines.append(self._line())
        self._keep(tail)
        return lines

    def rest(self) -> Line | None:
        """The last line, where the file does not end with a line end."""
        return self._line() if self._kept or self._too_long else None

    def _keep(self, piece: bytes) -> None:
        self._end += len(piece)
        if self._too_long or len(self._kept) + len(piece) > LINE_OCTETS_MAX:
            self._too_long = True
            self._kept.clear()
        else:
            self._kept += piece

    def _line(self) -> Line:
        self._number += 1
        line = Line(self._number, self._end, None if self._too_long else bytes(self._kept))
        self._kept.clear()
        self._too_long = False
        return line


class Rejects:
    """`<name>.rejected.ndjson`: line number, field and reason of each line that was not stored.

    It never repeats the line itself: feeds hold plain phones. An empty one is removed at the end.
    """

    def __init__(self, feed: Path, folder: Path | None, octets: int) -> None:
        """`octets`: how much of an earlier, interrupted run's file still counts."""
        self.path = (folder or feed.parent) / f"{feed.name}.rejected.ndjson"
        descriptor = os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600)
        self._file = os.fdopen(descriptor, "r+b")
        self._file.truncate(min(octets, os.fstat(descriptor).st_size))
        self._file.seek(0, os.SEEK_END)

    @property
    def octets(self) -> int:
        return self._file.tell()

    async def add(self, problems: Sequence[tuple[int, Problem]]) -> None:
        """On disk when it returns, so that a stored batch never misses its rejects."""
        if problems:
            await asyncio.to_thread(self._add, problems)

    def _add(self, problems: Sequence[tuple[int, Problem]]) -> None:
        for number, problem in problems:
            entry = {"line": number, "field": problem.field, "reason": problem.reason}
            self._file.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        empty = self.octets == 0
        self._file.close()
        if empty:
            self.path.unlink(missing_ok=True)
