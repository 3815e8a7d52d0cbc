"""Reading the lines of a feed into batches ready to be stored, here or in a process beside.

A process of its own reads a large file while this one writes: the import then uses two cores.
It is given the file, sends frames (a length, then MessagePack) and waits while none is taken;
it ends when we do, however we end: its output has nobody left to read it, or its input ends.
"""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import signal
import struct
import sys
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import msgspec

from lookup.feed.file import FeedFile, Line
from lookup.feed.lines import TOO_LONG, Problem, parse_ndjson
from lookup.feed.report import Known, Tally
from lookup.feed.row import Row
from lookup.feed.zoned import ZonedLines
from lookup.registry.batch import Batch
from lookup.registry.sqlite import RegistryError
from lookup.registry.straight import Straight, straight

FRAME_LINES_MAX: Final = 4_096  # read beside and stored at once: under a second of the lock
FRAME_OCTETS_MAX: Final = 8_388_608
BULK_LINES_MAX: Final = 32_768  # where all are new tickets, which take a tenth of the time
BULK_OCTETS_MAX: Final = 67_108_864
STOP_S: Final = 5.0  # for the process to end
PIPE_OCTETS: Final = 33_554_432  # taken before they are asked for: a frame or two

HashPhone = Callable[[str], str]
ParseLine = Callable[[bytes, HashPhone], Row | Problem]

_LENGTH: Final = struct.Struct(">Q")
_COMMAND: Final = (
    *(sys.executable, "-P", "-c"),
    "from lookup.registry.reading import main; main()",  # not -m: pickles must name this module
)


class Chunk(NamedTuple):
    """Lines that follow each other, as octets, or why they are not read; blank ones say nothing."""

    first: int  # line number, from 1
    lines: list[bytes | Problem]
    end: int  # offset in the file of what comes after them


@dataclass(slots=True)
class Read:
    """What lines hold: `rows` of the batch and `numbers` of their lines go together."""

    batch: Batch = field(default_factory=Batch)
    numbers: list[int] = field(default_factory=list)
    problems: list[tuple[int, Problem]] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    last_line: int = 0
    end: int = 0  # offset in the file of what comes after them

    def join(self, other: Read) -> None:
        """What follows it in the file."""
        self.batch.join(other.batch)
        self.numbers += other.numbers
        self.problems += other.problems
        self.tally.add(other.tally)
        self.last_line, self.end = other.last_line, other.end


_encode = msgspec.msgpack.Encoder().encode
_read = msgspec.msgpack.Decoder(Read).decode


class Reader(NamedTuple):
    """How lines are read; it can be sent to another process if its parts can."""

    parse: ParseLine
    hash_phone: HashPhone
    known: Known

    def read(self, chunk: Chunk, into: Read) -> None:
        parse, hash_phone, known = self
        zoned = isinstance(parse, ZonedLines) and parse.columns is None
        short = straight if zoned or parse is parse_ndjson else _never
        for number, line in enumerate(chunk.lines, chunk.first):
            if not isinstance(line, bytes):
                into.problems.append((number, line))
            elif (way := short(line, hash_phone)) is not None:
                row, events, suspicious, body_id, phones_left_out = way
                into.batch.add(row, events, suspicious=suspicious)
                into.numbers.append(number)
                into.tally.take(row[2], row[4], body_id, known)
                if phones_left_out:
                    into.tally.unknown((), phones_left_out)
            elif line and not line.isspace():
                self._check(number, line, into)
        into.last_line = chunk.first + len(chunk.lines) - 1
        into.end = chunk.end

    def _check(self, number: int, line: bytes, into: Read) -> None:
        """The full checks."""
        row = self.parse(line, self.hash_phone)
        if isinstance(row, Problem):
            into.problems.append((number, row))
            return
        ticket = row.ticket
        into.batch.take(row)
        into.numbers.append(number)
        into.tally.take(ticket.kind, ticket.status, ticket.body_id, self.known)
        into.tally.unknown(row.unknown_fields, row.phones_left_out)


def _never(line: bytes, hash_phone: HashPhone) -> Straight | None:
    """Lines of another form take no short way."""
    return None


class Start(NamedTuple):
    """Where reading begins: behind `octets` and `lines` of a file that is still the same."""

    path: Path
    identity: str
    octets: int
    lines: int


async def chunks(
    feed: FeedFile, octets: int, lines: int, *, lines_max: int, octets_max: int
) -> AsyncIterator[Chunk]:
    """The lines behind that place; the last chunk may be empty, so that the file's end is told."""
    chunk: list[bytes | Problem] = []
    end, held = octets, 0
    async for some in feed.lines(octets, lines):
        taken = 0
        while taken < len(some):
            part = some[taken : taken + lines_max - len(chunk)]
            taken += len(part)
            read = [line.octets or line.problem or _absent(line) for line in part]
            if feed.is_csv and part[0].number == 1:
                read[0] = b""  # its header
            chunk += read
            end = part[-1].end
            held += sum(map(len, read))
            if len(chunk) >= lines_max or held >= octets_max:
                lines = part[-1].number
                yield Chunk(lines - len(chunk) + 1, chunk, end)
                chunk, held = [], 0
    yield Chunk(lines + 1, chunk, end)


def _absent(line: Line) -> bytes | Problem:
    return b"" if line.octets is not None else TOO_LONG


async def read_beside(reader: Reader, start: Start) -> AsyncGenerator[Read, None]:
    """What the file holds, read by a process of its own, which is gone when this is closed.

    Raises RegistryError when that process ends before it is done.
    """
    async with _process() as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(_frame(pickle.dumps((reader, start))))
            await process.stdin.drain()
            while True:
                (size,) = _LENGTH.unpack(await process.stdout.readexactly(_LENGTH.size))
                if not size:
                    return
                frame = await process.stdout.readexactly(size)
                yield _read(frame)
        except (ConnectionError, asyncio.IncompleteReadError):
            raise RegistryError(
                f"the process that read {start.path} ended: see whether memory ran short or the "
                "file was changed, then repeat; what was stored stays"
            ) from None


@asynccontextmanager
async def _process() -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *_COMMAND,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=PIPE_OCTETS,
        env={},  # settings of a service are none of its business
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()  # it holds nothing: what we did not store is read again
        async with asyncio.timeout(STOP_S):
            await process.wait()


def _frame(octets: bytes) -> bytes:
    return _LENGTH.pack(len(octets)) + octets


# -- in the process beside


def main() -> None:
    """Read one file and send what it holds."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the import, and that ends us
    source, target = sys.stdin.buffer, sys.stdout.buffer
    (size,) = _LENGTH.unpack(source.read(_LENGTH.size))
    reader, start = pickle.loads(source.read(size))  # noqa: S301 - from whoever started us
    gc.disable()  # nothing here refers to itself, and looking for it takes a twentieth of the time
    threading.Thread(target=_end_with, args=(source.fileno(),), daemon=True).start()
    asyncio.run(_send(reader, start, target))


def _end_with(source: int) -> None:
    """Nobody writes to us: our input ends with the process that started us."""
    while os.read(source, 1):  # not of sys.stdin: it would be locked when we end
        pass
    os._exit(1)


async def _send(reader: Reader, start: Start, target: BinaryIO) -> None:
    feed = FeedFile(start.path)
    try:
        if feed.identity != start.identity:
            raise SystemExit(1)
        async for chunk in chunks(
            feed, start.octets, start.lines, lines_max=FRAME_LINES_MAX, octets_max=FRAME_OCTETS_MAX
        ):
            read = Read()
            reader.read(chunk, read)
            target.write(_frame(_encode(read)))
            target.flush()
        target.write(_LENGTH.pack(0))
        target.flush()
    finally:
        feed.close()
