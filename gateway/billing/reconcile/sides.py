"""Both sides of a reconciliation on their way to the scratch tables."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, Protocol, TypeVar

from gateway.billing.months import Month
from gateway.billing.reconcile.earlier import Leftovers
from gateway.billing.reconcile.file_map import FileMap
from gateway.billing.reconcile.month import days_around, month_at, span_us
from gateway.billing.reconcile.operator_file import FileRefusedError, OperatorFile
from gateway.billing.reconcile.our_rows import rows_of_chain
from gateway.billing.reconcile.records import LEFT_OVER, Theirs
from gateway.billing.reconcile.row_reader import BadRow, RowReader
from gateway.billing.reconcile.scratch import Scratch
from gateway.billing.reconcile.told import bad_line
from gateway.core.records import Chain

BATCH_ROWS: Final = 2_000
BAD_TOLD_MAX: Final = 3
BAD_SHARE_MAX: Final = 10  # one row in so many; with more of them the map is wrong

PHONE_SLOTS: Final = 16_777_216  # an octet for each first three octets of a phone's hash

T = TypeVar("T")


class Job(NamedTuple):
    """What is held against what."""

    operator: str
    month: Month
    path: Path
    layout: FileMap
    party: Callable[[str], str]  # keyed hash of an MSISDN, hex
    currency: str
    vat_bp: int
    free_numbers: frozenset[str]
    earlier: tuple[Path, ...] = ()  # folders of earlier months' reconciliations
    draft: bool = False  # the month is not closed yet


class Ledger(Protocol):
    """What is asked of the ledger: verbs of `Journal`."""

    def chains(
        self, day_from: int, day_to: int, operator: str, others: Callable[[str], bool]
    ) -> AsyncIterator[Chain]: ...

    async def chain(self, question_id: int) -> Chain | None: ...

    async def operators(self, day_from: int, day_to: int) -> Sequence[str]: ...


class TheirSide:
    """The file on its way to the scratch tables."""

    def __init__(self, job: Job, file: OperatorFile, scratch: Scratch) -> None:
        self._job, self._scratch = job, scratch
        self.file = file
        self.sha256 = ""
        self.left_out: Counter[str] = Counter()
        self.bad = 0
        self.compared = 0
        self.by_month: Counter[Month] = Counter()  # of rows outside the operator's month
        self._phones = bytearray(PHONE_SLOTS)
        self._first_outside = 0
        self._first_bad: list[BadRow] = []

    def load(self) -> None:
        """Every row of the file: to be compared, left out, or bad."""
        job, file = self._job, self.file
        reader = RowReader(
            job.layout, file.places(), lambda msisdn: bytes.fromhex(job.party(msisdn)), job.vat_bp
        )
        begin_us, end_us = span_us(job.month, job.layout.month_zone)
        batch: list[Theirs] = []
        for row, cells in file:
            read = cells if isinstance(cells, BadRow) else reader.read(row, cells)
            if isinstance(read, BadRow):
                self._note(read)
                continue
            batch.append(read)
            self._phones[int.from_bytes(read.party[:3])] = 1
            if read.left_out:
                self.left_out[read.left_out] += 1
            else:
                self.compared += 1
                if not begin_us <= read.at_us < end_us:
                    self.by_month[month_at(read.at_us, job.layout.month_zone)] += 1
                    self._first_outside = self._first_outside or row
            if len(batch) >= BATCH_ROWS:
                self._scratch.add_theirs(batch)
                batch = []
        self._scratch.add_theirs(batch)
        self._check()
        self.sha256 = file.sha256()

    def add_earlier(self, leftovers: Leftovers) -> None:
        """Rows that earlier months' files had too many: some may be messages of this one."""
        rows = leftovers.rows(self._job.party)
        while batch := list(islice(rows, BATCH_ROWS)):
            self._scratch.add_theirs(batch)

    def may_have(self, party: str) -> bool:
        """Whether the file has that phone (its hash, hex); one in so many it has not is said to
        be there too. For the phones of other operators, nearly none of which are."""
        return self._phones[int(party[:6], 16)] > 0

    def _note(self, bad: BadRow) -> None:
        self.bad += 1
        if len(self._first_bad) < BAD_TOLD_MAX:
            self._first_bad.append(bad)
        self._scratch.keep_bad(bad.row, bad_line(bad))

    def _check(self) -> None:
        """Refuse a file that was read with the wrong map, or is of another month."""
        if self.bad * BAD_SHARE_MAX > self.file.read:
            first = "; ".join(
                f"row {bad.row}: column {bad.column or '-'} {bad.reason}" for bad in self._first_bad
            )
            raise self.file.refuse(
                0, f"{self.bad} of {self.file.read} rows cannot be read: {first}; correct the map"
            )
        outside = self.by_month.total() - self.by_month[self._job.month]
        if outside * 2 > self.compared:
            [(month, count)] = self.by_month.most_common(1)
            raise self.file.refuse(
                self._first_outside,
                f"is of {month}, as are {count} of {self.compared} rows; {self._job.month} was "
                "asked for: take the other file, or the other month",
            )


class OurSide:
    """The ledger on its way to the scratch tables."""

    def __init__(self, job: Job, scratch: Scratch, leftovers: Leftovers) -> None:
        self._job, self._scratch, self._leftovers = job, scratch, leftovers
        self.messages = 0  # of the operator and month
        self.unknown = 0  # left over of earlier months, and not in the ledger
        self.codes: set[str] = set(job.layout.short_codes.values())

    async def load(self, ledger: Ledger, may_have: Callable[[str], bool]) -> None:
        """`may_have`: whether the operator's file has that phone; questions that came by another
        operator's link could explain no row of theirs without it."""
        job = self._job
        days = days_around(job.month)
        async for batch in _batches(ledger.chains(*days, job.operator, may_have)):
            await asyncio.to_thread(self._add, batch)
        if not self.messages:
            known = ", ".join(await ledger.operators(*days)) or "nobody"
            raise FileRefusedError(
                f"the ledger has no messages of {job.operator!r} in {job.month}; it "
                f"has some of {known}: name the operator as the links do"
            )
        for question_id in sorted(self._leftovers.messages):
            await self._add_left_over(ledger, question_id)

    def _add(self, chains: list[Chain]) -> None:
        job = self._job
        compared = job.layout.compared
        rows = []
        for chain in chains:
            for row in rows_of_chain(chain, job.operator, job.month, compared):
                place = self._leftovers.place(row) if row.own else row.place
                if place is None:
                    continue
                rows.append(row if place == row.place else row._replace(place=place))
                if row.own:
                    self.codes.add(row.code)
                    self.messages += row.place == 0 and row.counted
        self._scratch.add_ours(rows)

    async def _add_left_over(self, ledger: Ledger, question_id: int) -> None:
        job, messages = self._job, self._leftovers.messages[question_id]
        chain = await ledger.chain(question_id)
        rows = rows_of_chain(chain, job.operator, job.month, job.layout.compared) if chain else ()
        found = [
            row._replace(place=LEFT_OVER)
            for row in rows
            if row.own and (row.record, row.record_id) in messages
        ]
        self.unknown += len(messages) - len(found)
        self._scratch.add_ours(found)


async def _batches(stream: AsyncIterator[T]) -> AsyncIterator[list[T]]:
    batch: list[T] = []
    async for each in stream:
        batch.append(each)
        if len(batch) >= BATCH_ROWS:
            yield batch
            batch = []
    if batch:
        yield batch
