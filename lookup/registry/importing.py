"""Importing feeds into the ticket registry: streamed, batch by batch, safe to interrupt.

Each batch is one transaction that also holds how far the file was read, so a killed import goes
on where it stopped; and a line imported twice changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from lookup.bodies import parse_bodies
from lookup.feed import TOO_LONG, Problem, csv_columns, parse_ndjson
from lookup.feed_file import FeedFile, Line, Rejects
from lookup.feed_row import EventRow, Row
from lookup.import_report import BodiesReport, Counts, FileResult, ImportReport, Known, total
from lookup.merge import Change, Kept, judge
from lookup.registry import Registry
from lookup.registry_write import Key, Progress, RegistryWriter
from lookup.vocabulary import STATUSES

BATCH_LINES_MAX: Final = 1_000
BATCH_OCTETS_MAX: Final = 4_194_304
LINES_PER_TURN: Final = 32  # parsed before the others on the event loop get their turn
PAUSE_MS: Final = 1.0  # between turns, when the process has other work
BODIES_OCTETS_MAX: Final = 67_108_864

_encode = msgspec.json.Encoder().encode

HashPhone = Callable[[str], str]
ParseLine = Callable[[bytes, HashPhone], Row | Problem]


class ImportProgress(NamedTuple):
    """Told after every batch."""

    file: str
    octets_done: int
    octets_total: int
    lines: int


OnProgress = Callable[[ImportProgress], None]


async def import_tickets(
    registry: Registry,
    files: Sequence[Path],
    *,
    hash_phone: HashPhone,
    on_progress: OnProgress | None = None,
    rejects_dir: Path | None = None,
    statuses: Mapping[str, frozenset[str]] = STATUSES,
    pause_ms: float = PAUSE_MS,
) -> ImportReport:
    """Import NDJSON files, and CSV files by their suffix `.csv`, one after the other.

    `hash_phone` turns 7XXXXXXXXXX into the keyed hash that is stored. Bad lines go to a file of
    rejects beside the feed, or in `rejects_dir`. Raises OSError for a file that cannot be read,
    RegistryBusyError while another import runs, RegistryError when the registry cannot be
    written: what was stored before stays, and the same call goes on from there.

    `pause_ms` lets the event loop go idle between turns, or a thread that works for it (such as
    the lookups' own) would wait for the interpreter's lock as long as lines are parsed; 0 suits
    a process that does nothing else.
    """
    if rejects_dir is not None and len({path.name for path in files}) < len(files):
        raise ValueError("files of the same name need a folder of rejects each")
    results: list[FileResult] = []
    async with registry.writer() as writer:
        known = Known(await writer.body_ids(), statuses)
        for path in files:
            feed = FeedFile(path)
            try:
                before = await writer.progress(feed.identity)
                with Rejects(path, rejects_dir, before.rejects_octets if before else 0) as rejects:
                    work = _FileImport(
                        writer,
                        feed,
                        rejects=rejects,
                        before=before,
                        known=known,
                        on_progress=on_progress,
                        pause_s=pause_ms / 1_000,
                    )
                    await work.run(hash_phone)
                await writer.finish(feed.identity)
            finally:
                feed.close()
            results.append(FileResult(path, work.counts, rejects.path, before is not None))
    return total(results)


async def import_bodies(registry: Registry, file: Path) -> BodiesReport:
    """Import the directory of bodies. Bodies the file does not name stay as they are.

    Raises OSError, RegistryBusyError and RegistryError as `import_tickets` does.
    """
    size, content = await asyncio.to_thread(_read_bodies, file)
    if size > BODIES_OCTETS_MAX:
        problem = Problem("file", f"is longer than {BODIES_OCTETS_MAX} octets")
        return BodiesReport(0, 0, 0, ((file.name, problem),), {})
    read = parse_bodies(content)
    if isinstance(read, Problem):
        return BodiesReport(0, 0, 0, ((file.name, read),), {})
    async with registry.writer() as writer:
        stored = await writer.bodies()
        changed = [row for row in read.rows if stored.get(row.id) != row]
        if changed:
            await writer.store_bodies(changed)
    updated = sum(row.id in stored for row in changed)
    return BodiesReport(
        added=len(changed) - updated,
        updated=updated,
        unchanged=len(read.rows) - len(changed),
        problems=read.problems,
        unknown_fields=read.unknown_fields,
    )


def _read_bodies(file: Path) -> tuple[int, bytes]:
    """Size and content; no content when the file is too large."""
    size = file.stat().st_size
    return size, file.read_bytes() if size <= BODIES_OCTETS_MAX else b""


@dataclass(slots=True)
class _Batch:
    """Lines on their way into one transaction."""

    rows: list[Row] = field(default_factory=list)
    problems: list[tuple[int, Problem]] = field(default_factory=list)
    lines: int = 0
    octets: int = 0

    def take(self, number: int, parsed: Row | Problem) -> None:
        if isinstance(parsed, Problem):
            self.problems.append((number, parsed))
        else:
            self.rows.append(parsed)

    @property
    def full(self) -> bool:
        return self.lines >= BATCH_LINES_MAX or self.octets >= BATCH_OCTETS_MAX


class _FileImport:
    """One file on its way into the registry."""

    def __init__(
        self,
        writer: RegistryWriter,
        feed: FeedFile,
        *,
        rejects: Rejects,
        before: Progress | None,
        known: Known,
        on_progress: OnProgress | None,
        pause_s: float,
    ) -> None:
        self._writer = writer
        self._feed = feed
        self._rejects = rejects
        self._known = known
        self._on_progress = on_progress
        self._pause_s = pause_s
        self._octets = before.octets if before else 0
        self.counts = _counts(before)

    async def run(self, hash_phone: HashPhone) -> None:
        """From where the last import of this file stopped to the file's end."""
        parse = _parser(self._feed)
        batch = _Batch()
        if isinstance(parse, Problem):
            batch.take(1, parse)
            await self._store(batch, self._feed.size)
            return
        end = self._octets
        async for lines in self._feed.lines(end, self.counts.last_line):
            for line in lines:
                self._take(batch, line, parse, hash_phone)
                end = line.end
                if batch.full:
                    await self._store(batch, end)
                    batch = _Batch()
                elif line.number % LINES_PER_TURN == 0:
                    await asyncio.sleep(self._pause_s)
        await self._store(batch, end)

    def _take(self, batch: _Batch, line: Line, parse: ParseLine, hash_phone: HashPhone) -> None:
        self.counts.last_line = line.number
        batch.lines += 1
        if line.octets is None:
            batch.take(line.number, TOO_LONG)
        elif line.octets.strip() and not (self._feed.is_csv and line.number == 1):
            batch.octets += len(line.octets)
            batch.take(line.number, parse(line.octets, hash_phone))

    async def _store(self, batch: _Batch, end: int) -> None:
        """Rejects first, so that whatever counts as read is either stored or told."""
        await self._rejects.add(batch.problems)
        self.counts.reject(len(batch.problems))
        tickets, events = await self._judged(batch.rows)
        self._octets = end
        await self._writer.store(tickets, events, self._progress)
        if self._on_progress is not None:
            self._on_progress(
                ImportProgress(self._feed.path.name, end, self._feed.size, self.counts.lines)
            )

    def _progress(self, new_events: int) -> Progress:
        """What is kept with the batch, once it is known how many of its events are new."""
        self.counts.events += new_events
        return Progress(
            file=self._feed.identity,
            name=self._feed.path.name,
            octets=self._octets,
            rejects_octets=self._rejects.octets,
            counts=_encode(self.counts).decode(),
        )

    async def _judged(self, rows: Sequence[Row]) -> tuple[list[Row], dict[Key, list[EventRow]]]:
        """The tickets to write, each once with its last word, and the events that may be new."""
        kept = await self._writer.kept(list(dict.fromkeys(map(_key, rows))))
        tickets: dict[Key, Row] = {}
        events: dict[Key, list[EventRow]] = {}
        for row in rows:
            key = _key(row)
            change = judge(kept.get(key), row)
            self.counts.take(row, change, self._known)
            if change is Change.UNCHANGED:
                continue
            if row.events:
                events.setdefault(key, []).extend(row.events)
            if change is not Change.STALE:
                tickets[key] = row
                kept[key] = Kept(row.ticket.status_us, row.digest)
        return list(tickets.values()), events


def _key(row: Row) -> Key:
    return row.ticket.number, row.ticket.kind


def _counts(before: Progress | None) -> Counts:
    return Counts() if before is None else msgspec.json.decode(before.counts, type=Counts)


def _parser(feed: FeedFile) -> ParseLine | Problem:
    """How the lines of this file are read; a CSV file needs its header for that."""
    if not feed.is_csv:
        return parse_ndjson
    columns = csv_columns(feed.first_line)
    return columns if isinstance(columns, Problem) else columns.parse
