"""Reading the lines of a feed into batches ready to be stored, here or in a process beside.

A process of its own reads while this one writes: a large import then uses two cores, and the
event loop of a service is left alone. It takes frames on its input (a length, then a pickle) and
ends when its input does, however we end.
"""

from __future__ import annotations

import asyncio
import pickle
import queue
import signal
import struct
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, Final, NamedTuple

from lookup.feed.lines import Problem
from lookup.feed.report import Known, Tally
from lookup.feed.row import Row
from lookup.registry.batch import Batch
from lookup.registry.sqlite import RegistryError

STOP_S: Final = 5.0  # for the process to end by itself
FRAMES_MAX: Final = 4  # waiting in the process

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


@dataclass(slots=True)
class Read:
    """What lines hold: `rows` of the batch and `numbers` of their lines go together."""

    batch: Batch = field(default_factory=Batch)
    numbers: list[int] = field(default_factory=list)
    problems: list[tuple[int, Problem]] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)


class Reader(NamedTuple):
    """How lines are read; it can be sent to another process if its parts can."""

    parse: ParseLine
    hash_phone: HashPhone
    known: Known

    def read(self, chunk: Chunk, into: Read) -> None:
        parse, hash_phone, known = self
        for number, line in enumerate(chunk.lines, chunk.first):
            if isinstance(line, bytes):
                if not line or line.isspace():
                    continue
                row = parse(line, hash_phone)
            else:
                into.problems.append((number, line))
                continue
            if isinstance(row, Row):
                into.batch.take(row)
                into.numbers.append(number)
                into.tally.take(row, known)
            else:
                into.problems.append((number, row))


class ReadingProcess:
    """The process beside. Answers come in the order of the chunks."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def send(self, value: object) -> None:
        assert self._process.stdin is not None
        frame = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        self._process.stdin.writelines((_LENGTH.pack(len(frame)), frame))
        try:
            await self._process.stdin.drain()
        except ConnectionError:
            raise _ended() from None

    async def receive(self) -> Read:
        """What the oldest chunk not yet received holds. RegistryError if the process ended."""
        assert self._process.stdout is not None
        try:
            (size,) = _LENGTH.unpack(await self._process.stdout.readexactly(_LENGTH.size))
            frame = await self._process.stdout.readexactly(size)
        except asyncio.IncompleteReadError:
            raise _ended() from None
        read: Read = pickle.loads(frame)  # noqa: S301 - of a process that we started ourselves
        return read


@asynccontextmanager
async def reading_process(reader: Reader) -> AsyncIterator[ReadingProcess]:
    """It is gone when this is left."""
    process = await asyncio.create_subprocess_exec(
        *_COMMAND, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env={}
    )
    try:
        beside = ReadingProcess(process)
        await beside.send(reader)
        yield beside
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    if process.returncode is None:
        process.kill()  # it holds nothing: what it has read and we did not store is read again
    async with asyncio.timeout(STOP_S):
        await process.wait()


def _ended() -> RegistryError:
    return RegistryError(
        "the process that read the feed ended: see whether memory ran short, then repeat; what "
        "was stored stays"
    )


# -- in the process beside


def main() -> None:
    """Read chunks until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the import, and that ends us
    frames: queue.Queue[bytes | None] = queue.Queue(FRAMES_MAX)
    # In a thread, so that who sends never waits for us while we wait for him to receive.
    threading.Thread(target=_take_frames, args=(sys.stdin.buffer, frames), daemon=True).start()
    reader: Reader | None = None
    while frame := frames.get():
        value = pickle.loads(frame)  # noqa: S301 - from the process that started this one
        if reader is None:
            reader = value
            continue
        read = Read()
        reader.read(value, read)
        answer = pickle.dumps(read, pickle.HIGHEST_PROTOCOL)
        sys.stdout.buffer.write(_LENGTH.pack(len(answer)))
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()


def _take_frames(source: BinaryIO, frames: queue.Queue[bytes | None]) -> None:
    while len(header := source.read(_LENGTH.size)) == _LENGTH.size:
        frames.put(source.read(_LENGTH.unpack(header)[0]))
    frames.put(None)
