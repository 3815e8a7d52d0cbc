"""Tickets about which systems contradict each other, from both places that know of them: the
registries, whose imports compare what they bring, and the journal, where what showed while
citizens asked is noted. With the facts that whoever corrects them needs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date
from typing import Final, NamedTuple

from gateway.core.records import KeptFinding
from gateway.store.journal import Journal
from lookup.compare import united
from lookup.registry.source import FIRST, Conflict, Registry
from lookup.status import FineFacts, TicketRecord, Wanted

PAGE_MAX: Final = 1_000
AT_IMPORT, AT_ASKING = "import", "asking"  # where it was found

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


class Told:
    """What a list holds, to be marked as told once the list is in its place. What is found again
    meanwhile is not marked: it is told once more, and never left out."""

    def __init__(self) -> None:
        self._conflicts: list[tuple[Registry, list[Conflict]]] = []
        self._findings: list[list[KeptFinding]] = []

    def conflicts(self, registry: Registry, page: list[Conflict]) -> None:
        self._conflicts.append((registry, page))

    def findings(self, page: list[KeptFinding]) -> None:
        self._findings.append(page)

    async def mark(self, journal: Journal | None, now_us: int) -> None:
        """Raises RegistryError and StoreUnavailableError."""
        for registry, page in self._conflicts:
            async with registry.writer() as writer:
                await writer.mark_told(page, now_us)
        if journal is not None:
            for found in self._findings:
                await journal.tell_findings(found, now_us)


async def entries(
    registries: Sequence[Registry],
    journal: Journal | None,
    iso: IsoTime,
    *,
    since_us: int = 0,
    cleared: bool = False,
    new: Told | None = None,
) -> AsyncIterator[Entry]:
    """Every contradiction found since then, each once, page by page; with `cleared` also those
    that are settled. With `new` only those that are not marked as told, and it takes note of them.

    Raises RegistryError and StoreUnavailableError.
    """
    # Hashes of 64 bits: a list of a million takes some 60 MB to remember.
    seen: set[int] = set()
    async for page in _pages(registries, journal, iso, since_us, cleared=cleared, new=new):
        fresh: list[Entry] = []
        for entry, wanted in page:
            key = hash((*entry[:3], entry.cleared_at is None))
            if wanted and key not in seen:
                fresh.append(entry)
            seen.add(key)
        for entry in await _with_facts(registries, fresh):
            yield entry


async def _pages(
    registries: Sequence[Registry],
    journal: Journal | None,
    iso: IsoTime,
    since_us: int,
    *,
    cleared: bool,
    new: Told | None,
) -> AsyncIterator[list[tuple[Entry, bool]]]:
    """With each, whether it is wanted: one that a registry has told is no news in the journal."""

    def time(at_us: int | None) -> str | None:
        return None if at_us is None else iso(at_us)

    def wanted(each: Conflict | KeptFinding) -> bool:
        return (each.found_us or 0) >= since_us and (new is None or each.told_us is None)

    for registry in registries:
        after = FIRST
        while True:
            page = await registry.conflicts(open_only=not cleared, limit=PAGE_MAX, after=after)
            if new is not None:
                new.conflicts(registry, [each for each in page if wanted(each)])
            yield [
                (
                    Entry(
                        each.kind, each.number, each.rule, each.systems,
                        time(each.found_us), AT_IMPORT, time(each.cleared_us),
                    ),
                    wanted(each),
                )
                for each in page
            ]  # fmt: skip
            if len(page) < PAGE_MAX:
                break
            after = page[-1][:3]
    after_id = 0
    while journal is not None:
        kept = await journal.findings(after_id, PAGE_MAX, open_only=not cleared)
        if new is not None:
            new.findings([each for each in kept if wanted(each)])
        yield [
            (
                Entry(
                    each.kind, each.number, each.rule, each.sources,
                    time(each.found_us), AT_ASKING, time(each.cleared_us),
                ),
                wanted(each),
            )
            for each in kept
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
