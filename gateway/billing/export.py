"""Billing files: the ledger of some days as one file, or as one for each operator and day.

The same chains always give the same octets. Memory use does not depend on their number.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple, TypeVar
from urllib.parse import quote

from gateway.billing.book import Book, ExportError, ExportReport
from gateway.billing.field_names import FIELDS, OWN, Layout
from gateway.billing.forms import Format
from gateway.billing.sealed.heads import Head
from gateway.core.call_records import CallTrace
from gateway.core.records import Chain
from gateway.store.journal import Journal

__all__ = [
    "COLUMNS",
    "DailyFile",
    "ExportError",
    "ExportReport",
    "NothingFoundError",
    "export",
    "export_daily",
]

BATCH_MAX = 500  # chains or legs turned into rows at a time, away from the event loop
DAYS_MAX = 366  # written in one run
OPERATORS_MAX = 250  # whose files of a day are open at once
COLUMNS = FIELDS

T = TypeVar("T")


class NothingFoundError(ExportError):
    """No rows of an operator whom the settings do not name either: its name is misspelled."""


async def export(
    chains: AsyncIterator[Chain],
    path: Path,
    file_format: Format,
    legs: AsyncIterator[CallTrace] | None = None,
    *,
    layout: Layout = OWN,
    operator: str | None = None,
    may_be_empty: bool = True,
    head: Head | None = None,
) -> ExportReport:
    """Write `path` and `path`.sha256, replacing what was there: the questions, then the legs of
    calls; of `operator` alone where one is named.

    `may_be_empty`: False refuses a file without rows. `head`: of the sealed ledger, published in
    the trailer. Raises ExportError, OSError, and whatever reading the chains raises.
    """
    told = head.word if head else None
    book = await asyncio.to_thread(Book, path, file_format, layout, operator=operator, head=told)
    try:
        async for batch in _batches(chains):
            own = batch if operator is None else [c for c in batch if c.operator == operator]
            await asyncio.to_thread(book.add, own)
        if legs is not None:
            async for traces in _batches(legs):
                of = traces if operator is None else [t for t in traces if t.leg.link == operator]
                await asyncio.to_thread(book.add_legs, of)
        if not (book.rows or may_be_empty):
            raise NothingFoundError(f"operator '{operator}': the journal has nothing on these days")
        return await asyncio.to_thread(book.finish)
    finally:
        book.close()


async def _batches(stream: AsyncIterator[T]) -> AsyncIterator[list[T]]:
    batch: list[T] = []
    async for each in stream:
        batch.append(each)
        if len(batch) >= BATCH_MAX:
            yield batch
            batch = []
    if batch:
        yield batch


class DailyFile(NamedTuple):
    """One operator's file of one day (YYYYMMDD)."""

    operator: str
    day: int
    path: Path
    report: ExportReport


async def export_daily(
    journal: Journal,
    folder: Path,
    first: date,
    last: date,
    file_format: Format,
    *,
    operators: Iterable[str],
    only: str | None = None,
    layout: Layout = OWN,
    head_on: Callable[[int], Awaitable[Head | None]] | None = None,
) -> list[DailyFile]:
    """Write a file for each operator and day from `first` to `last`, both included, into `folder`.

    `operators` have a file for every day, so that one that is missing is not taken for a day
    without rows; so have those that the journal has rows of besides. `only`: of that operator
    alone. Each file appears whole or not at all, those of a day when the day is read. A question
    belongs to the day in its row, wherever its id stands: a clock that stepped over midnight mixes
    the ids of two days. `head_on`: the head of the sealed ledger on a day (YYYYMMDD), for the
    trailers.

    Returns them by day and operator. Raises ExportError, OSError, StoreUnavailableError.
    """
    days = _days(first, last)
    wanted = {each for each in operators if only in (None, each)}
    files: dict[tuple[int, str], DailyFile] = {}
    seen = set(wanted)
    heads: dict[int, str | None] = {}
    for day in days:
        head = await head_on(day) if head_on else None
        heads[day] = head.word if head else None
        shelf = _Shelf(folder, day, file_format, layout, {only} if only else None, heads[day])
        try:
            async for batch in _batches(journal.chains(day, day, only)):
                await asyncio.to_thread(shelf.add, batch)
            async for traces in _batches(journal.call_legs(day, day, only)):
                await asyncio.to_thread(shelf.add_legs, traces)
            for each in await asyncio.to_thread(shelf.finish, wanted):
                files[day, each.operator] = each
                seen.add(each.operator)
        finally:
            shelf.close()
    for day in days:
        missing = {operator for operator in seen if (day, operator) not in files}
        shelf = _Shelf(folder, day, file_format, layout, missing, heads[day])
        try:
            for each in await asyncio.to_thread(shelf.finish, missing):
                files[day, each.operator] = each
        finally:
            shelf.close()
    if not files:
        raise NothingFoundError(f"operator '{only}': the journal has nothing on these days")
    return [files[key] for key in sorted(files)]


def name_of(operator: str, day: int, file_format: Format) -> str:
    """The fixed name of an operator's file of a day (YYYYMMDD); unlike operators, unlike names."""
    return f"ledger-{quote(operator, safe='')}-{day:08}.{file_format}"


def _days(first: date, last: date) -> list[int]:
    count = (last - first).days + 1
    if not 1 <= count <= DAYS_MAX:
        raise ExportError(
            f"{first} to {last} are {max(count, 0):,} days; name 1 to {DAYS_MAX} with --from and "
            "--to"
        )
    days = (first + timedelta(days=number) for number in range(count))
    return [day.year * 10_000 + day.month * 100 + day.day for day in days]


class _Shelf:
    """The files of one day, a book for each operator; used by one thread at a time."""

    def __init__(
        self,
        folder: Path,
        day: int,
        file_format: Format,
        layout: Layout,
        only: set[str] | None,
        head: str | None = None,
    ) -> None:
        self._folder = folder
        self._day = day
        self._format = file_format
        self._layout = layout
        self._only = only
        self._head = head
        self._books: dict[str, Book] = {}

    def add(self, chains: Iterable[Chain]) -> None:
        for operator, own in _by(((chain.operator, chain) for chain in chains), self._only).items():
            self._book(operator).add(own)

    def add_legs(self, traces: Iterable[CallTrace]) -> None:
        for link, own in _by(((trace.leg.link, trace) for trace in traces), self._only).items():
            self._book(link).add_legs(own)

    def finish(self, operators: Iterable[str]) -> list[DailyFile]:
        """Those begun, and empty ones for the rest of `operators`."""
        for operator in operators:
            self._book(operator)
        return [
            DailyFile(operator, self._day, self._path(operator), self._books[operator].finish())
            for operator in sorted(self._books)
        ]

    def close(self) -> None:
        for book in self._books.values():
            book.close()

    def _book(self, operator: str) -> Book:
        book = self._books.get(operator)
        if book is None:
            if len(self._books) >= OPERATORS_MAX:
                raise ExportError(
                    f"{self._day}: more than {OPERATORS_MAX} operators; export them one by one "
                    "with --operator"
                )
            book = self._books[operator] = Book(
                self._path(operator), self._format, self._layout,
                operator=operator, day=self._day, head=self._head,
            )  # fmt: skip
        return book

    def _path(self, operator: str) -> Path:
        return self._folder / name_of(operator, self._day, self._format)


def _by(pairs: Iterable[tuple[str, T]], only: set[str] | None) -> Mapping[str, list[T]]:
    groups: dict[str, list[T]] = {}
    for operator, each in pairs:
        if only is None or operator in only:
            groups.setdefault(operator, []).append(each)
    return groups
