"""Importing feeds into the ticket registry: streamed, batch by batch, safe to interrupt.

Each batch is one transaction that also holds how far the file was read, so a killed import goes
on where it stopped; and a line imported twice changes nothing. Between batches others write.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import tzinfo
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from lookup.feed.bodies import parse_bodies
from lookup.feed.file import FeedFile, Rejects
from lookup.feed.lines import Problem, csv_columns, parse_ndjson
from lookup.feed.report import BodiesReport, Counts, FileResult, ImportReport, Known, total
from lookup.feed.times import KAZAKHSTAN
from lookup.feed.vocabulary import STATUSES
from lookup.feed.zoned import ZonedLines
from lookup.registry.merge import Change
from lookup.registry.place import SLOTS
from lookup.registry.reading import (
    BULK_LINES_MAX,
    BULK_OCTETS_MAX,
    Chunk,
    HashPhone,
    ParseLine,
    Read,
    Reader,
    Start,
    chunks,
    read_beside,
)
from lookup.registry.source import Registry
from lookup.registry.sqlite import reading
from lookup.registry.write import Outcome, Progress, RegistryWriter

BATCH_LINES_MAX: Final = 1_000
BATCH_OCTETS_MAX: Final = 4_194_304
BULK_FILE_OCTETS_MIN: Final = 16_777_216  # a smaller file is read before a process has started
LINES_PER_TURN: Final = 32  # parsed before the others on the event loop get their turn
PAUSE_MS: Final = 1.0  # between turns, when the process has other work
BODIES_OCTETS_MAX: Final = 67_108_864

NO_ROOM: Final = Problem("number", f"is told of by more than {SLOTS} kinds and systems already")

_encode = msgspec.json.Encoder().encode


class ImportProgress(NamedTuple):
    """Told after every batch."""

    file: str
    octets_done: int
    octets_total: int
    lines: int


OnProgress = Callable[[ImportProgress], None]


def parser_of(feed: FeedFile, zone: tzinfo = KAZAKHSTAN) -> ParseLine | Problem:
    """How the lines of a feed in our own form are read, with the zone of times without an offset;
    a CSV file needs its header for that."""
    columns = csv_columns(feed.first_line) if feed.is_csv else None
    if isinstance(columns, Problem):
        return columns
    if zone is not KAZAKHSTAN:
        return ZonedLines(zone, columns)
    return parse_ndjson if columns is None else columns.parse


async def import_tickets(
    registry: Registry,
    files: Sequence[Path],
    *,
    hash_phone: HashPhone,
    on_progress: OnProgress | None = None,
    rejects_dir: Path | None = None,
    statuses: Mapping[str, frozenset[str]] = STATUSES,
    pause_ms: float = PAUSE_MS,
    now_us: Callable[[], int] | None = None,
    read_as: Callable[[FeedFile], ParseLine | Problem] = parser_of,
    beside: bool = False,
) -> ImportReport:
    """Import NDJSON files, and CSV files by their suffix `.csv`, one after the other.

    `hash_phone` turns 7XXXXXXXXXX into the keyed hash that is stored. Bad lines go to a file of
    rejects beside the feed, or in `rejects_dir`. `now_us` dates what is kept of it: when the
    registry was fed, when a conflict was found. Raises OSError for a file that cannot be read,
    RegistryBusyError while another import reads it or others don't let us write, RegistryError
    when the registry cannot be written: what was stored before stays, and the same call goes on
    from there. A file that is written to while it is read is named in the report.

    `pause_ms` lets the event loop go idle between turns, or a thread that works for it (such as
    the lookups' own) would wait for the interpreter's lock as long as lines are parsed; 0 suits
    a process that does nothing else. With `beside`, which needs that `read_as` and `hash_phone`
    can be pickled, large files are read in a process of their own, in far larger batches.
    """
    if rejects_dir is not None and len({path.name for path in files}) < len(files):
        raise ValueError("files of the same name need a folder of rejects each")
    results: list[FileResult] = []
    async with registry.writer(bulk=pause_ms == 0) as writer:
        known = Known(await writer.body_ids(), statuses)
        for path in files:
            feed = FeedFile(path)
            try:
                with reading(path):
                    before = await writer.progress(feed.identity)
                    octets = before.rejects_octets if before else 0
                    with Rejects(path, rejects_dir, octets) as rejects:
                        work = _FileImport(writer, feed, rejects, before, on_progress, now_us)
                        parse = feed.problem or read_as(feed)
                        if isinstance(parse, Problem):
                            await work.refuse(parse)
                        elif beside and feed.size >= BULK_FILE_OCTETS_MIN:
                            await work.run_beside(Reader(parse, hash_phone, known))
                        else:
                            await work.run(Reader(parse, hash_phone, known), pause_ms / 1_000)
                    changed = await work.finish()
            finally:
                feed.close()
            resumed = before is not None
            results.append(FileResult(path, work.counts, rejects.path, resumed, changed))
    return total(results)


async def import_bodies(registry: Registry, file: Path) -> BodiesReport:
    """Import the directory of bodies. Bodies the file does not name stay as they are.

    Raises OSError, RegistryBusyError and RegistryError as `import_tickets` does.
    """
    content = await asyncio.to_thread(_read_bodies, file)
    if len(content) > BODIES_OCTETS_MAX:
        problem = Problem("file", f"is longer than {BODIES_OCTETS_MAX} octets; split it")
        return BodiesReport(0, 0, 0, ((file.name, problem),), {})
    read = await asyncio.to_thread(parse_bodies, content)  # a second for those of the country
    if isinstance(read, Problem):
        return BodiesReport(0, 0, 0, ((file.name, read),), {})
    async with registry.writer() as writer, writer.transaction():
        stored = await writer.bodies()
        changed = [row for row in read.rows if stored.get(row.id) != row]
        if changed:
            await writer.store_bodies(changed)
    codes = Counter(row.code for row in (stored | {row.id: row for row in read.rows}).values())
    updated = sum(row.id in stored for row in changed)
    return BodiesReport(
        added=len(changed) - updated,
        updated=updated,
        unchanged=len(read.rows) - len(changed),
        problems=read.problems,
        unknown_fields=read.unknown_fields,
        shared_codes=tuple(sorted({row.code for row in read.rows if codes[row.code] > 1})),
    )


def _read_bodies(file: Path) -> bytes:
    """Its content; an octet too much when the file is too large."""
    with file.open("rb") as opened:
        return opened.read(BODIES_OCTETS_MAX + 1)


class _FileImport:
    """One file on its way into the registry."""

    def __init__(
        self,
        writer: RegistryWriter,
        feed: FeedFile,
        rejects: Rejects,
        before: Progress | None,
        on_progress: OnProgress | None,
        now_us: Callable[[], int] | None,
    ) -> None:
        self._writer = writer
        self._feed = feed
        self._rejects = rejects
        self._on_progress = on_progress
        self._now_us = now_us
        self._octets = before.octets if before else 0
        self.counts = _counts(before)

    async def refuse(self, problem: Problem) -> None:
        """Nothing of this file can be read."""
        await self._store(Read(problems=[(1, problem)], last_line=1, end=self._feed.size))

    async def run(self, reader: Reader, pause_s: float) -> None:
        """From where the last import of this file stopped to its end, with pauses for others."""
        async for chunk in chunks(
            self._feed,
            self._octets,
            self.counts.last_line,
            lines_max=BATCH_LINES_MAX,
            octets_max=BATCH_OCTETS_MAX,
        ):
            read = Read()
            for turn in range(0, max(1, len(chunk.lines)), LINES_PER_TURN):
                lines = chunk.lines[turn : turn + LINES_PER_TURN]
                reader.read(Chunk(chunk.first + turn, lines, chunk.end), read)
                await asyncio.sleep(pause_s)
            await self._store(read)

    async def run_beside(self, reader: Reader) -> None:
        """The same, read by a process beside while this one stores; more at once while all of it
        is new."""
        feed = self._feed
        held = Read()
        start = Start(feed.path.absolute(), feed.identity, self._octets, self.counts.last_line)
        async with aclosing(read_beside(reader, start)) as beside:
            async for read in beside:
                held.join(read)
                lines, octets = held.last_line - self.counts.last_line, held.end - self._octets
                if not self._writer.adding or lines >= BULK_LINES_MAX or octets >= BULK_OCTETS_MAX:
                    await self._store(held)
                    held = Read()
        if held.end > self._octets:
            await self._store(held)

    async def finish(self) -> bool:
        """The file is read to its end; whether it was written to meanwhile, so that what we read
        may be neither what it was nor what it is."""
        changed = self._feed.changed
        async with self._writer.transaction():
            await self._writer.finish(self._feed.identity)
            stored = self.counts.lines > self.counts.rejected
            if self._now_us is not None and stored and not changed:
                await self._writer.fed(self._now_us())
        return changed

    async def _store(self, read: Read) -> None:
        """Rejects first, so that whatever counts as read is either stored or told."""
        counts = self.counts
        await self._rejects.add(read.problems)
        async with self._writer.transaction():
            now_us = self._now_us() if self._now_us is not None else None
            outcome = await self._writer.store(read.batch, now_us)
            await self._rejects.add(_left_out(read, outcome))
            counts.last_line = read.last_line
            counts.reject(len(read.problems))
            counts.take(outcome.changes)
            counts.tally.add(read.tally)
            counts.deleted += read.batch.deletions
            counts.events += outcome.new_events
            counts.events_left_out += sum(outcome.left_out.values())
            counts.conflicts += outcome.conflicts
            await self._writer.keep(
                Progress(
                    file=self._feed.identity,
                    name=self._feed.path.name,
                    octets=read.end,
                    rejects_octets=self._rejects.octets,
                    counts=_encode(counts).decode(),
                )
            )
        self._octets = read.end
        if self._on_progress is not None:
            self._on_progress(
                ImportProgress(self._feed.path.name, read.end, self._feed.size, counts.lines)
            )


def _left_out(read: Read, outcome: Outcome) -> list[tuple[int, Problem]]:
    if Change.NO_ROOM not in outcome.changes:
        return []
    judged = zip(read.numbers, outcome.changes, strict=True)
    return [(number, NO_ROOM) for number, change in judged if change is Change.NO_ROOM]


def _counts(before: Progress | None) -> Counts:
    return Counts() if before is None else msgspec.json.decode(before.counts, type=Counts)
