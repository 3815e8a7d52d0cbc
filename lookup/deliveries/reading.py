"""One file of any form into the registry, as a whole or with its bad lines told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from lookup.deliveries.folder import Facts, write_whole
from lookup.deliveries.forms import Form, HashPhone, ParseLine, Reader
from lookup.feed.file import FeedFile
from lookup.feed.lines import Problem
from lookup.feed.report import ImportReport
from lookup.feed.sheet_process import SheetFacts, read_sheet
from lookup.registry.importing import (
    ImportProgress,
    import_bodies,
    import_tickets,
    parser_of,
)
from lookup.registry.source import Registry

SHEET_OCTETS_MAX: Final = 134_217_728  # of an XLSX file
_SHEET: Final = msgspec.json.Decoder(SheetFacts)

OnProgress = Callable[[ImportProgress], None]
ReadAs = Callable[[FeedFile], ParseLine | Problem]


class DeliveryRefusedError(Exception):
    """Nothing of the delivery was stored; the message completes "the delivery ..."."""


class Stored(NamedTuple):
    """What became of the lines, as in lookup.feed.report.ImportReport."""

    lines: int
    added: int
    updated: int
    unchanged: int
    stale: int
    rejected: int
    events: int
    sheets_left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Importing:
    """What deliveries are imported into, and how."""

    registry: Registry
    hash_phone: HashPhone
    reader: Reader
    now_us: Callable[[], int]
    pause_ms: float

    async def bring(self, path: Path, form: Form, facts: Facts, on_progress: OnProgress) -> Stored:
        """Import the file; its rejects lie beside it afterwards, `<name>.rejected.ndjson`.

        Raises DeliveryRefusedError; OSError and RegistryError for trouble of ours, and then the
        same call goes on where it stopped.
        """
        rejects = path.with_name(f"{path.name}.rejected.ndjson")
        if form is Form.BODIES:
            return await self._bodies(path, rejects)
        if form is Form.XLSX:
            return await self._sheet(path, facts, rejects, on_progress)
        read_as: ReadAs = self.reader.of_feed
        if self.reader.fields is None:
            read_as = partial(parser_of, zone=self.reader.zone)
        feed = await asyncio.to_thread(FeedFile, path)
        try:
            _refuse_if(feed.problem or read_as(feed))
        finally:
            feed.close()
        return await self._tickets(path, read_as, on_progress)

    async def _tickets(self, path: Path, read_as: ReadAs, on_progress: OnProgress) -> Stored:
        told = await import_tickets(
            self.registry, [path], hash_phone=self.hash_phone, on_progress=on_progress,
            now_us=self.now_us, read_as=read_as, pause_ms=self.pause_ms,
        )  # fmt: skip
        if told.lines and told.lines == told.rejected:
            raise DeliveryRefusedError("holds no line that could be stored; its rejects say why")
        return _stored(told)

    async def _sheet(
        self, path: Path, facts: Facts, rejects: Path, on_progress: OnProgress
    ) -> Stored:
        if facts.size > SHEET_OCTETS_MAX:
            raise DeliveryRefusedError(f"is a sheet of over {SHEET_OCTETS_MAX} octets; send CSV")
        rows = path.with_name(f"{path.name}.rows")
        told_in = path.with_name(f"{path.name}.{facts.size}-{facts.mtime_ns}.sheet")
        if not (rows.exists() and told_in.exists()):  # they are of an import cut off
            rows.unlink(missing_ok=True)
            sheet = await read_sheet(path, rows)
            if sheet.refused:
                raise DeliveryRefusedError(sheet.refused)
            await asyncio.to_thread(write_whole, told_in, msgspec.json.encode(sheet))
        sheet = _SHEET.decode(told_in.read_bytes())
        parse = self.reader.of_sheet(sheet.columns)
        try:
            _refuse_if(parse)
            stored = await self._tickets(rows, lambda _: parse, on_progress)
        except DeliveryRefusedError:
            await asyncio.to_thread(_clear, rows, rejects)
            raise
        await asyncio.to_thread(_clear, rows, rejects)
        return stored._replace(sheets_left_out=sheet.left_out)

    async def _bodies(self, path: Path, rejects: Path) -> Stored:
        told = await import_bodies(self.registry, path)
        good = told.added + told.updated + told.unchanged
        bad = [
            {"body": place, "field": problem.field, "reason": problem.reason}
            for place, problem in told.problems
        ]
        if bad:
            lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in bad)
            await asyncio.to_thread(write_whole, rejects, lines.encode())
        if not good:
            raise DeliveryRefusedError(bad[0]["reason"] if len(bad) == 1 else "holds no good body")
        return Stored(
            good + len(bad), told.added, told.updated, told.unchanged, 0, len(bad), events=0
        )


def _refuse_if(read: ParseLine | Problem) -> None:
    if isinstance(read, Problem):
        place = "" if read.field == "file" else f"cannot be read: line 1 {read.field}: "
        raise DeliveryRefusedError(f"{place}{read.reason}")


def _stored(told: ImportReport) -> Stored:
    return Stored(
        told.lines, told.added, told.updated, told.unchanged, told.stale, told.rejected, told.events
    )


def _clear(rows: Path, rejects: Path) -> None:
    """The rows have served; their rejects are the sheet's."""
    rejected = rows.with_name(f"{rows.name}.rejected.ndjson")
    if rejected.exists():
        rejected.rename(rejects)
    rows.unlink()
    for told_in in rows.parent.glob("*.sheet"):
        told_in.unlink()
