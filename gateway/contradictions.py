"""Tickets about which systems contradict each other, from both places that know of them: the
registries, whose imports compare what they bring, and the journal, where what showed while
citizens asked is noted. With the facts that whoever corrects them needs.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from gateway.billing.forms import defused
from gateway.store.journal import Journal
from lookup.compare import united
from lookup.registry.source import FIRST, Registry
from lookup.status import FineFacts, TicketRecord, Wanted

PAGE_MAX: Final = 1_000
PRIVATE: Final = 0o600
AT_IMPORT, AT_ASKING = "import", "asking"  # where it was found

Key = tuple[str, str, str]  # kind, number, rule
IsoTime = Callable[[int], str]


class Entry(NamedTuple):
    """One contradiction. Times are ISO with the offset of Kazakhstan; amounts whole tenge."""

    kind: str
    number: str
    rule: str
    systems: tuple[str, ...]
    found_at: str | None
    found_in: str
    cleared_at: str | None  # since when the systems agree again
    amount: int | None = None
    paid_on: date | None = None
    paid_amount: int | None = None
    bailiff_since: date | None = None
    bailiff_office: str | None = None


async def entries(
    registries: Sequence[Registry],
    journal: Journal | None,
    iso: IsoTime,
    *,
    since_us: int = 0,
    cleared: bool = False,
) -> AsyncIterator[Entry]:
    """Every contradiction found since then, each once, page by page; with `cleared` also those
    that are settled.

    Raises RegistryError and StoreUnavailableError.
    """
    told: set[Key] = set()
    async for page in _pages(registries, journal, iso, since_us, cleared=cleared):
        fresh = [entry for entry in page if entry[:3] not in told]
        told.update(entry[:3] for entry in fresh)
        for entry in await _with_facts(registries, fresh):
            yield entry


async def _pages(
    registries: Sequence[Registry],
    journal: Journal | None,
    iso: IsoTime,
    since_us: int,
    *,
    cleared: bool,
) -> AsyncIterator[list[Entry]]:
    def time(at_us: int | None) -> str | None:
        return None if at_us is None else iso(at_us)

    for registry in registries:
        after = FIRST
        while True:
            page = await registry.conflicts(open_only=not cleared, limit=PAGE_MAX, after=after)
            yield [
                Entry(
                    each.kind, each.number, each.rule, each.systems,
                    time(each.found_us), AT_IMPORT, time(each.cleared_us),
                )
                for each in page
                if (each.found_us or 0) >= since_us
            ]  # fmt: skip
            if len(page) < PAGE_MAX:
                break
            after = page[-1].number, page[-1].kind
    after_id = 0
    while journal is not None:
        kept = await journal.findings(after_id, PAGE_MAX, open_only=not cleared)
        yield [
            Entry(
                each.kind, each.number, each.rule, each.sources,
                time(each.found_us), AT_ASKING, time(each.cleared_us),
            )
            for each in kept
            if each.found_us >= since_us
        ]  # fmt: skip
        if len(kept) < PAGE_MAX:
            break
        after_id = kept[-1].id


async def _with_facts(registries: Sequence[Registry], page: Sequence[Entry]) -> list[Entry]:
    """What the registries know of these tickets; what only foreign systems know stays out."""
    wanted = [Wanted(number, ()) for number in dict.fromkeys(entry.number for entry in page)]
    found: dict[tuple[str, str], list[TicketRecord]] = {}
    for registry in registries:
        for records in (await registry.find_many(wanted)).values() if wanted else ():
            for record in records:
                found.setdefault((record.kind, record.number), []).append(record)
    return [_with_fine(entry, found.get((entry.kind, entry.number), ())) for entry in page]


def _with_fine(entry: Entry, records: Sequence[TicketRecord]) -> Entry:
    fine = (united(records).fine if records else None) or FineFacts()
    return entry._replace(
        amount=fine.amount,
        paid_on=fine.paid_on,
        paid_amount=fine.paid_amount,
        bailiff_since=fine.bailiff_since,
        bailiff_office=fine.bailiff_office,
    )


class CsvList:
    """A list for correction as CSV (RFC 4180), written as it comes. It appears whole or not at
    all: `finish` puts it in its place, `close` removes what is unfinished."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        self._file = open(os.open(self._part, flags, PRIVATE), "wb")  # noqa: SIM115 - see `close`
        self._add(Entry._fields)

    def add(self, entry: Entry) -> None:
        self._add([" ".join(cell) if isinstance(cell, tuple) else cell for cell in entry])

    def _add(self, cells: Sequence[object]) -> None:
        line = io.StringIO(newline="")
        csv.writer(line).writerow([defused(cell) for cell in cells])
        self._file.write(line.getvalue().encode())

    def finish(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._part.replace(self._path)

    def close(self) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)
