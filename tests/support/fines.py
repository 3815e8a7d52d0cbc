"""The paid fines that were given to bailiffs, found: at import and at asking, each and no other.

`python -m tests.support.fines 52000` plays the case in the size in which it was counted, and says
what was found and how long it took. The feeds are those of `fine_feeds`.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path

from gateway.findings import RECHECK_MAX, Findings
from gateway.rules import Rules, load_rules
from gateway.settings import Settings
from gateway.store import Journal, open_store
from lookup.compare import PAID_BUT_ENFORCED
from lookup.federation import Lookup
from lookup.registry.importing import import_tickets
from lookup.registry.source import FIRST, Registry
from lookup.status import Found, TicketRecord, Wanted
from tests.support.feed import hash_phone
from tests.support.fine_feeds import Register

TODAY = date(2026, 11, 20)
NOW_US = 1_795_150_800_000_000  # 10:00 on that day in Almaty
LANGUAGES = ("kk", "ru", "en")
TEXT_ID = "fine.paid_but_enforced_call"
ASKED_AT_ONCE = 500
PAGE = 1_000
EACH_CORRECTED = 10  # the bailiffs correct one in so many
FINES, CONTRADICTIONS = 200_000, 52_000


@dataclass
class Figures:
    """What a run found; `missed` and `invented` are over all comparisons of the run."""

    fines: int
    contradictions: int
    found_at_import: int = 0
    found_at_asking: int = 0
    noted_at_asking: int = 0  # in the journal, for correction
    told_as_such: int = 0  # in all three languages
    corrected: int = 0
    open_after_import: int = 0
    open_after_asking: int = 0
    missed: int = 0
    invented: int = 0
    import_s: float = 0.0
    asking_s: float = 0.0

    def compare(self, expected: frozenset[str], found: Iterable[str]) -> int:
        numbers = frozenset(found)
        self.missed += len(expected - numbers)
        self.invented += len(numbers - expected)
        return len(numbers)


class Replay:
    """One run in an empty folder: both feeds into one registry, then each into one of its own
    behind the federation; then the bailiffs correct some. `now`: seconds, for the figures."""

    def __init__(self, folder: Path, register: Register, now: Callable[[], float]) -> None:
        self._folder = folder
        self._register = register
        self._now = now
        self._feeds = register.write(folder)
        self._corrected = frozenset(sorted(register.expected)[::EACH_CORRECTED])
        self._correction = register.write_corrections(folder / "correction.ndjson", self._corrected)
        self._rules: Rules = load_rules(Settings())
        self.figures = Figures(
            len(register.numbers), len(register.expected), corrected=len(self._corrected)
        )

    async def run(self) -> Figures:
        await self._import_into_one()
        journal = await open_store(f"sqlite://{self._folder / 'journal.db'}")
        try:
            await self._ask_of_two(journal)
        finally:
            await journal.close()
        return self.figures

    async def _import_into_one(self) -> None:
        figures, expected = self.figures, self._register.expected
        async with registry(self._folder / "one.db") as one:
            started = self._now()
            await feed(one, self._feeds)
            figures.import_s = self._now() - started
            figures.found_at_import = figures.compare(expected, await conflicts(one))
            await feed(one, [self._correction])
            figures.open_after_import = figures.compare(
                expected - self._corrected, await conflicts(one)
            )
            # What is settled stays listed as such, also what was so for a time.
            listed = await conflicts(one, open_only=False)
            figures.compare(expected, frozenset(listed) - self._register.passing)

    async def _ask_of_two(self, journal: Journal) -> None:
        figures, expected = self.figures, self._register.expected
        findings = Findings(journal, lambda: NOW_US, Strict())
        async with (
            registry(self._folder / "treasury.db") as treasury,
            registry(self._folder / "bailiffs.db") as bailiffs,
        ):
            await feed(treasury, [self._feeds.treasury, self._feeds.later])
            await feed(bailiffs, [self._feeds.bailiffs])
            lookup = Lookup([treasury, bailiffs], on_contradiction=findings.on_contradiction)
            found: list[str] = []
            started = self._now()
            async for tickets in asked(lookup, self._register.told):
                for ticket in tickets:
                    if ticket.conflict == PAID_BUT_ENFORCED:
                        found.append(ticket.number)
                    figures.told_as_such += self._is_told(ticket)
                assert await findings.flush()
            figures.asking_s = self._now() - started
            figures.found_at_asking = figures.compare(expected, found)
            figures.noted_at_asking = figures.compare(expected, await noted(journal))
            await feed(bailiffs, [self._correction])
            for _ in range(len(expected) // RECHECK_MAX + 1):
                await findings.recheck(lookup.find_many)
                assert await findings.flush()
            figures.open_after_asking = figures.compare(
                expected - self._corrected, await noted(journal)
            )

    def _is_told(self, ticket: TicketRecord) -> bool:
        """Whether its owner learns in every language that it is paid, yet with the bailiff."""
        words = self._rules.telling.words
        said = {
            words(ticket, language, today=TODAY, now_us=NOW_US, verified=True).text_id
            for language in LANGUAGES
        }
        return said == {TEXT_ID}


class Strict:
    """Counters of findings, none of which may be dropped."""

    def conflicts(self, count: int) -> None:
        """Of no interest here."""

    def findings_dropped(self, count: int) -> None:
        raise AssertionError(f"{count} findings were dropped")


@asynccontextmanager
async def registry(path: Path) -> AsyncIterator[Registry]:
    opened = await Registry.open(path, name=path.stem, create=True)
    try:
        yield opened
    finally:
        await opened.close()


async def feed(into: Registry, files: Sequence[Path]) -> None:
    report = await import_tickets(
        into, files, hash_phone=hash_phone, pause_ms=0, now_us=lambda: NOW_US
    )
    assert not report.rejected, f"{report.rejected} lines of {files} were rejected"


async def conflicts(of: Registry, *, open_only: bool = True) -> list[str]:
    """The numbers that imports found to be contradicted."""
    numbers: list[str] = []
    after = FIRST
    while True:
        page = await of.conflicts(open_only=open_only, limit=PAGE, after=after)
        numbers += [each.number for each in page]
        if len(page) < PAGE:
            return numbers
        after = page[-1][:3]


async def noted(journal: Journal) -> list[str]:
    """The numbers that are noted in the journal and open."""
    numbers: list[str] = []
    after_id = 0
    while True:
        page = await journal.findings(after_id, PAGE, open_only=True)
        numbers += [each.number for each in page]
        if len(page) < PAGE:
            return numbers
        after_id = page[-1].id


async def asked(lookup: Lookup, numbers: Sequence[str]) -> AsyncIterator[list[TicketRecord]]:
    """What is found of all these, some at a time."""
    for start in range(0, len(numbers), ASKED_AT_ONCE):
        wanted = [Wanted(number, ("fine",)) for number in numbers[start:][:ASKED_AT_ONCE]]
        statuses = await lookup.find_many(wanted)
        assert all(isinstance(status, Found) for status in statuses)
        yield list(
            itertools.chain.from_iterable(
                status.tickets for status in statuses if isinstance(status, Found)
            )
        )


def main(contradictions: int) -> None:
    """Play it and print the figures. Ends with 1 where one was missed or invented."""
    fines = max(contradictions, FINES * contradictions // CONTRADICTIONS)
    with tempfile.TemporaryDirectory(prefix="jauap-fines-") as folder:
        register = Register(fines, contradictions)
        figures = asyncio.run(Replay(Path(folder), register, time.perf_counter).run())
    for each in fields(figures):
        value = getattr(figures, each.name)
        shown = f"{value:,}" if isinstance(value, int) else f"{value:.1f}"
        print(f"{each.name:20} {shown:>12}")  # noqa: T201 - this is its output
    sys.exit(1 if figures.missed or figures.invented else 0)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CONTRADICTIONS)
