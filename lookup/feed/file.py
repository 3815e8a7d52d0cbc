"""A feed file read as lines with their place, and the file of rejects beside it."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import json
import os
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from lookup.feed.lines import LINE_OCTETS_MAX, TOO_LONG, Problem
from lookup.feed.sniff import sniff

READ_OCTETS: Final = 262_144
HEAD_OCTETS: Final = 65_536
REJECTS_SUFFIX: Final = ".rejected.ndjson"
REJECTS_OCTETS_MAX: Final = 67_108_864  # told in a file of rejects; further ones are only counted
NULS: Final = Problem("line", "holds NUL octets, as files damaged on their way do")
CUT: Final = Problem(
    "line", "is the last one and has no line end, so it may be cut; end every line with one"
)
UNTOLD: Final = Problem(
    "file", "has more rejects than are told here; further ones are only counted"
)

_LOCKLESS: Final = frozenset({errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS})  # of some shares


class Line(NamedTuple):
    """One physical line; `octets` is None when it is not read, `problem` says why."""

    number: int  # from 1
    end: int  # offset of the octet after its line end
    octets: bytes | None
    problem: Problem | None = None


class FeedFile:
    """A file to import, open for reading; what is appended meanwhile is not read.

    Lines end with LF or CRLF, or all of them with CR. The last line of a CSV file must end so,
    too: a number cut short would be another ticket's. A JSON object that is cut is none.
    """

    def __init__(self, path: Path) -> None:
        """Raises OSError when the file cannot be read, or is a pipe: it has no place to go on
        from."""
        self.path = path
        self.is_csv = path.suffix.lower() == ".csv"
        if not stat.S_ISREG(path.stat().st_mode):  # to open a pipe could wait for ever
            raise OSError(errno.ESPIPE, "is no regular file; make it one first", str(path))
        self._file = path.open("rb", buffering=0)
        status = os.fstat(self._file.fileno())
        self.size, self._mtime_ns = status.st_size, status.st_mtime_ns
        with _named(path):
            head = self._file.read(HEAD_OCTETS)
        self.identity = f"{sha256(head).hexdigest()}-{status.st_size}-{status.st_mtime_ns}"
        self._start, self._line_end, self.problem = sniff(head, whole=len(head) >= self.size)
        # its head, if it is very long
        self.first_line = head[self._start :].partition(self._line_end)[0]

    async def lines(self, offset: int = 0, number: int = 0) -> AsyncIterator[list[Line]]:
        """Lines from a line start at `offset`, `number` lines into the file, as they are read."""
        begin = max(offset, self._start)
        await asyncio.to_thread(self._file.seek, begin)
        splitter = _Splitter(begin, number, self._line_end)
        left = self.size - begin
        while left > 0:
            with _named(self.path):
                chunk = await asyncio.to_thread(self._file.read, min(READ_OCTETS, left))
            if not chunk:  # cut short by somebody while we read
                break
            left -= len(chunk)
            lines = splitter.feed(chunk)
            if lines:
                yield lines
        last = splitter.rest()
        if last:
            cut = self.is_csv and last.octets is not None and last.octets.strip()
            yield [last._replace(octets=None, problem=CUT) if cut else last]

    @property
    def changed(self) -> bool:
        """Whether somebody has written to it since it was opened."""
        status = os.fstat(self._file.fileno())
        return (status.st_size, status.st_mtime_ns) != (self.size, self._mtime_ns)

    def close(self) -> None:
        self._file.close()


class _Splitter:
    """Cuts octets into lines, never holding more of one than a line may have."""

    def __init__(self, offset: int, number: int, line_end: bytes) -> None:
        self._end = offset
        self._number = number
        self._line_end = line_end
        self._kept = bytearray()
        self._too_long = False

    def feed(self, chunk: bytes) -> list[Line]:
        *pieces, tail = chunk.split(self._line_end)
        lines = []
        nuls = b"\0" in chunk
        for piece in pieces:
            if nuls or self._kept or self._too_long or len(piece) > LINE_OCTETS_MAX:
                self._keep(piece)
                self._end += 1
                lines.append(self._line())
            else:  # nearly every line
                self._number += 1
                self._end += len(piece) + 1
                lines.append(Line(self._number, self._end, piece))
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
        if self._too_long:
            line = Line(self._number, self._end, None, TOO_LONG)
        elif b"\0" in self._kept:
            line = Line(self._number, self._end, None, NULS)
        else:
            line = Line(self._number, self._end, bytes(self._kept))
        self._kept.clear()
        self._too_long = False
        return line


class Rejects:
    """`<name>.rejected.ndjson`: line number, field and reason of each line that was not stored.

    It never repeats the line itself: feeds hold plain phones. An empty one is removed at the end.
    One that has grown to REJECTS_OCTETS_MAX says so and ends.
    """

    def __init__(self, feed: Path, folder: Path | None, octets: int) -> None:
        """`octets`: how much of an earlier, interrupted run's file still counts. Raises OSError
        when it cannot be written, or another import writes it."""
        self.path = (folder or feed.parent) / f"{feed.name}{REJECTS_SUFFIX}"
        # Who may write to the folder of feeds must not lead us to another file of ours.
        try:
            descriptor = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            reason = f"{error.strerror}; give a folder for the rejects"
            raise OSError(error.errno, reason, str(self.path)) from None
        self._file = os.fdopen(descriptor, "r+b")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            reason = "is written by another import; give each a folder of rejects"
            raise BlockingIOError(errno.EWOULDBLOCK, reason, str(self.path)) from None
        except OSError as error:
            if error.errno not in _LOCKLESS:
                self._file.close()
                raise
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
        with _named(self.path):
            for number, problem in problems:
                if self.octets >= REJECTS_OCTETS_MAX:
                    break
                self._write(number, problem)
                if self.octets >= REJECTS_OCTETS_MAX:
                    self._write(number, UNTOLD)
            self._file.flush()
            os.fsync(self._file.fileno())

    def _write(self, number: int, problem: Problem) -> None:
        entry = {"line": number, "field": problem.field, "reason": problem.reason}
        self._file.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with _named(self.path):
            if self.octets == 0:  # while we have its lock
                self.path.unlink(missing_ok=True)
            self._file.close()


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Errors of a file that is open already do not say which it is."""
    try:
        yield
    except OSError as error:
        error.filename = str(path)
        raise
