"""What `jauap bench registry` measures of one file: import, bare inserts, lookups, size, memory."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import mean, median
from time import perf_counter
from typing import Final

from gateway.commands.bench_feed import BODIES, SEED
from gateway.intake import BATCHES_OPEN_MAX, QUESTIONS_MAX
from gateway.keys import KEY_OCTETS, Keys
from lookup.feed.file import FeedFile
from lookup.feed.lines import parse_ndjson
from lookup.feed.report import Known
from lookup.feed.vocabulary import STATUSES
from lookup.registry.importing import ImportProgress, import_bodies, import_tickets
from lookup.registry.reading import BULK_LINES_MAX, Chunk, Read, Reader
from lookup.registry.source import Registry
from lookup.registry.sql import ADD_MANY
from lookup.registry.sqlite import BULK_CACHE_KIB, BULK_CHECKPOINT_OCTETS, PAGE_OCTETS
from lookup.status import Wanted

BATCH: Final = QUESTIONS_MAX  # numbers asked together
WARMING: Final = 60_000  # numbers asked first: so many that all inner pages were met
ROUNDS: Final = 12  # of each file, by turns, so that all see the same machine
PER_ROUND: Final = 500  # numbers asked one by one, and as many in batches
COLD_STARTS: Final = 4  # of each file, by turns, with no page of it in memory
AFTER_START: Final = 500  # numbers asked one after the other behind each
READ_OCTETS: Final = 8_388_608

_KEYS: Final = Keys(bytes(KEY_OCTETS))  # of nobody: these phones are invented
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class TicketLostError(Exception):
    """A line of our own feed was not stored, or is not found."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One import, and the bare inserts of the same rows."""

    tickets: int
    events: int
    conflicts: int
    import_s: float
    import_per_s: float
    bare_per_s: float | None  # None: not measured
    rss_first_octets: int  # after the first tenth, the reading process included
    rss_last_octets: int
    octets_per_ticket: float


@dataclass(frozen=True, slots=True)
class Asked:
    """Microseconds of a lookup; of a batch, for each of its numbers. Warm ones are asked side by
    side, cold ones each after the other."""

    warm_single_us: float
    warm_batch_us: float
    cold_median_us: float
    cold_mean_us: float
    cold_start_us: float  # until the first may be asked


async def store(feed: Path, file: Path, bodies: Path, *, bare: bool) -> Stored:
    """Import `feed` into the new registry `file`. Raises TicketLostError."""
    rss: list[int] = []
    done: list[ImportProgress] = []

    def on_progress(progress: ImportProgress) -> None:
        done.append(progress)
        if len(done) == 1 or progress.octets_done * 10 <= progress.octets_total:
            rss[:1] = [_rss()]
        rss[1:] = [_rss()]
        del done[:-1]

    registry = await Registry.open(file, create=True)
    try:
        await import_bodies(registry, bodies)
        began = perf_counter()
        report = await import_tickets(
            registry,
            [feed],
            hash_phone=_KEYS.owner,
            on_progress=on_progress,
            pause_ms=0,
            beside=True,
        )
        took_s = perf_counter() - began
    finally:
        await registry.close()
    if report.added != report.lines:
        raise TicketLostError(f"of {report.lines} lines only {report.added} were added")
    bare_s = await _bare(feed, file.with_suffix(".bare")) if bare else None
    await asyncio.to_thread(_forget, feed)  # what is in memory is the registry's
    return Stored(
        tickets=report.added,
        events=report.events,
        conflicts=report.conflicts,
        import_s=took_s,
        import_per_s=report.added / took_s,
        bare_per_s=None if bare_s is None else report.added / bare_s,
        rss_first_octets=rss[0],
        rss_last_octets=rss[-1],
        octets_per_ticket=file.stat().st_size / report.added,
    )


async def _bare(feed: Path, file: Path) -> float:
    """Seconds of a plain executemany of the same rows, in the same order and transactions, into
    the same schema with the same pragmas; to read and check the lines is not counted."""
    await (await Registry.open(file, create=True)).close()
    known = Known(frozenset(), STATUSES)
    reader = Reader(parse_ndjson, _KEYS.owner, known)
    source = FeedFile(feed)
    took_s = 0.0
    try:
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA cache_size = -{BULK_CACHE_KIB}")
            connection.execute("PRAGMA synchronous = FULL")
            pages = BULK_CHECKPOINT_OCTETS // PAGE_OCTETS
            connection.execute(f"PRAGMA wal_autocheckpoint = {pages}")
            lines: list[bytes] = []
            async for some in source.lines():
                lines += [line.octets for line in some if line.octets is not None]
                if len(lines) >= BULK_LINES_MAX:
                    took_s += _insert(connection, reader, lines[:BULK_LINES_MAX])
                    del lines[:BULK_LINES_MAX]
            took_s += _insert(connection, reader, lines)
    finally:
        source.close()
        for part in file.parent.glob(file.name + "*"):
            part.unlink()
    return took_s


def _insert(connection: sqlite3.Connection, reader: Reader, lines: Sequence[bytes]) -> float:
    read = Read()
    reader.read(Chunk(1, list(lines), 0), read)
    began = perf_counter()
    connection.execute("BEGIN")
    connection.executemany(ADD_MANY, read.batch.rows)
    connection.execute("COMMIT")
    return perf_counter() - began


async def ask(files: Sequence[Path], samples: Sequence[Sequence[Wanted]]) -> list[Asked]:
    """Look up random numbers of each file, by turns."""
    shuffled = [Random(SEED).sample(sample, len(sample)) for sample in samples]  # noqa: S311 - a fixed choice
    await asyncio.to_thread(os.sync)  # the imports are on disk and write nothing beside us
    cold = await _cold(files, shuffled)
    registries = [await Registry.open(file) for file in files]
    try:
        warm = await _warm(files, registries, shuffled)
    finally:
        for registry in registries:
            await registry.close()
    return [Asked(*of_warm, *of_cold) for of_warm, of_cold in zip(warm, cold, strict=True)]


async def _warm(
    files: Sequence[Path], registries: Sequence[Registry], samples: Sequence[Sequence[Wanted]]
) -> list[tuple[float, float]]:
    """Medians of the rounds. Before them the files' pages are in memory, as far as it holds them,
    and the connections' own caches are as full as they will be."""
    for file, registry, sample in zip(files, registries, samples, strict=True):
        await asyncio.to_thread(_read_through, file)
        await _side_by_side(registry, sample, WARMING, BATCH)
    singles: list[list[float]] = [[] for _ in files]
    batches: list[list[float]] = [[] for _ in files]
    for turn in range(ROUNDS):
        for place, (registry, sample) in enumerate(zip(registries, samples, strict=True)):
            begin = (WARMING + turn * 2 * PER_ROUND) % len(sample)
            numbers = [*sample, *sample][begin : begin + 2 * PER_ROUND]
            singles[place].append(await _side_by_side(registry, numbers, PER_ROUND, 1))
            later = numbers[PER_ROUND:]
            batches[place].append(await _side_by_side(registry, later, PER_ROUND, BATCH))
    return [
        (median(of_singles), median(of_batches))
        for of_singles, of_batches in zip(singles, batches, strict=True)
    ]


async def _side_by_side(
    registry: Registry, numbers: Sequence[Wanted], count: int, together: int
) -> float:
    """Microseconds a number, asked as the service asks when it is busy: so many batches open that
    nobody sleeps between one and the next, and what is measured is work."""
    parts = iter([numbers[start : start + together] for start in range(0, count, together)])

    async def ask_on() -> None:
        for part in parts:
            await _timed(registry, part)

    began = perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(BATCHES_OPEN_MAX):
            group.create_task(ask_on())
    return (perf_counter() - began) / count * 1_000_000


async def _cold(
    files: Sequence[Path], samples: Sequence[Sequence[Wanted]]
) -> list[tuple[float, float, float]]:
    """Median and mean of the first lookups of a service that starts on a machine that has just
    started; median of its starts."""
    lookups: list[list[float]] = [[] for _ in files]
    starts: list[list[float]] = [[] for _ in files]
    for turn in range(COLD_STARTS):
        for place, (file, sample) in enumerate(zip(files, samples, strict=True)):
            await asyncio.to_thread(_forget, file)
            began = perf_counter()
            registry = await Registry.open(file)
            try:
                await registry.read_ahead()
                starts[place].append((perf_counter() - began) * 1_000_000)
                for index in range(turn * AFTER_START, (turn + 1) * AFTER_START):
                    wanted = [sample[index % len(sample)]]
                    lookups[place].append(await _timed(registry, wanted))
            finally:
                await registry.close()
    return [
        (median(of_lookups), mean(of_lookups), median(of_starts))
        for of_lookups, of_starts in zip(lookups, starts, strict=True)
    ]


async def _timed(registry: Registry, wanted: Sequence[Wanted]) -> float:
    """Microseconds of one call that finds them all."""
    began = perf_counter()
    found = await registry.find_many(wanted)
    took_us = (perf_counter() - began) * 1_000_000
    if len(found) < len(set(wanted)):
        raise TicketLostError(f"one of {len(wanted)} tickets that were imported is not found")
    return took_us


def _read_through(file: Path) -> None:
    with file.open("rb", buffering=0) as pages:
        while pages.read(READ_OCTETS):
            pass


def _forget(file: Path) -> None:
    """No page of it stays in the system's memory. With a registry, SQLite's locks go too (see the
    registry's sqlite.py), which nobody else needs: the file is ours alone."""
    with file.open("rb") as pages:
        os.fdatasync(pages.fileno())
        os.posix_fadvise(pages.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _rss() -> int:
    """Octets of memory that this process and those it started hold now."""
    own = os.getpid()
    children = Path(f"/proc/{own}/task/{own}/children").read_text(encoding="ascii").split()
    octets = 0
    for pid in (str(own), *children):
        try:
            octets += int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE
        except (OSError, IndexError):  # it has ended meanwhile
            continue
    return octets


def bodies_of_feed() -> list[dict[str, object]]:
    """The directory that the tickets of the feed name."""
    name = {"kk": "Орган", "ru": "Орган", "en": "Body"}
    return [
        {
            "id": f"body-{index:03d}",
            "code": f"{610_000 + index}",
            "sms_name": name,
            "name": name,
            "voice_name": name,
        }
        for index in range(BODIES)
    ]
