"""The billing file: rows of the ledger as CSV or NDJSON, with a trailer and its SHA-256 beside it.

The same chains always give the same octets. A file appears whole or not at all: it is written
beside its place, synced, and renamed. It holds plain MSISDNs, so only its owner may read it.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

from gateway.billing.call_rows import rows_of_leg
from gateway.billing.rows import TRAILER_TYPE, Money, Row, money_of, rows_of
from gateway.core.call_records import CallTrace
from gateway.core.records import Chain
from gateway.core.tariff import vat_of

Format = Literal["csv", "ndjson"]
T = TypeVar("T")

BATCH_MAX = 500  # chains or legs turned into rows at a time, away from the event loop
COLUMNS = Row._fields
PRIVATE = 0o600

# A cell that begins with one of these is run by some spreadsheet; full-width forms included.
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class ExportError(Exception):
    """The file cannot be made as asked; nothing was left behind. The text says why."""


class ExportReport(NamedTuple):
    """What a file holds; money in tiyn, credits negative, `vat_tiyn` inside what was kept, and
    `payer_vat_tiyn` inside what the payers of calls owe."""

    rows: int
    gross_tiyn: int
    charged_tiyn: int
    credited_tiyn: int
    adjusted_tiyn: int
    vat_tiyn: int
    payer_tiyn: int
    payer_vat_tiyn: int
    sha256: str


async def export(
    chains: AsyncIterator[Chain],
    path: Path,
    file_format: Format,
    legs: AsyncIterator[CallTrace] | None = None,
) -> ExportReport:
    """Write `path` and `path`.sha256, replacing what was there: the questions, then the legs of
    calls. Memory use does not depend on their number.

    Raises ExportError, OSError, and whatever reading the chains raises.
    """
    book = await asyncio.to_thread(_Book, path, file_format)
    try:
        async for batch in _batches(chains):
            await asyncio.to_thread(book.add, batch)
        if legs is not None:
            async for traces in _batches(legs):
                await asyncio.to_thread(book.add_legs, traces)
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


class _Book:
    """One file on its way; used by one thread at a time."""

    def __init__(self, path: Path, file_format: Format) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._seal = path.with_name(path.name + ".sha256")
        self._seal_part = path.with_name(path.name + ".sha256.part")
        self._write_rows = _csv if file_format == "csv" else _ndjson
        self._hash = hashlib.sha256()
        self._file = _create(self._part)
        self._rows = 0
        self._seq: dict[tuple[str, int], int] = {}
        self._currency: str | None = None
        self._gross_tiyn = self._charged_tiyn = self._credited_tiyn = self._adjusted_tiyn = 0
        self._kept_by_vat: dict[int, int] = {}
        self._payer_by_vat: dict[int, int] = {}
        if file_format == "csv":
            self._write(_csv([COLUMNS]))

    def add(self, chains: Sequence[Chain]) -> None:
        rows: list[Row] = []
        for chain in chains:
            money = money_of(chain.entries)
            self._count(money, chain)
            rows += self._numbered(rows_of(chain, money), chain.operator, chain.day)
        self._add(rows)

    def add_legs(self, traces: Sequence[CallTrace]) -> None:
        rows: list[Row] = []
        for trace in traces:
            record = trace.last
            if record is not None:
                self._agree(f"call record {record.id}", record.currency)
                _sum(self._payer_by_vat, record.vat_bp, record.amount_tiyn)
            rows += self._numbered(rows_of_leg(trace), trace.leg.link, trace.leg.day)
        self._add(rows)

    def _numbered(self, rows: Iterator[Row], operator: str, day: int) -> Iterator[Row]:
        place = (operator, day)
        for row in rows:
            seq = self._seq[place] = self._seq.get(place, 0) + 1
            yield row._replace(seq=seq)

    def _add(self, rows: Sequence[Row]) -> None:
        self._rows += len(rows)
        self._write(self._write_rows(rows))

    def _agree(self, what: str, currency: str | None) -> None:
        if currency is None or currency == self._currency:
            return
        if self._currency is not None:
            raise ExportError(
                f"{what} is in {currency}, those before it in {self._currency}: sums would mean "
                "nothing; export their days apart"
            )
        self._currency = currency

    def _count(self, money: Money, chain: Chain) -> None:
        self._agree(f"question {chain.question_id}", money.currency)
        self._gross_tiyn += money.gross_tiyn
        self._charged_tiyn += money.charged_tiyn
        self._credited_tiyn += money.credited_tiyn
        self._adjusted_tiyn += money.adjusted_tiyn
        if money.kept_tiyn:
            _sum(self._kept_by_vat, money.vat_bp, money.kept_tiyn)

    def finish(self) -> ExportReport:
        """Trailer, checksum, both files in their places and all of it on disk."""
        vat_tiyn = _vat_inside(self._kept_by_vat)
        payer_tiyn = sum(self._payer_by_vat.values())
        payer_vat_tiyn = _vat_inside(self._payer_by_vat)
        trailer = {
            "record_type": TRAILER_TYPE,
            "seq": self._rows,
            "gross_tiyn": self._gross_tiyn,
            "charged_tiyn": self._charged_tiyn,
            "credited_tiyn": self._credited_tiyn,
            "adjusted_tiyn": self._adjusted_tiyn,
            "currency": self._currency,
            "vat_tiyn": vat_tiyn,
            "payer_tiyn": payer_tiyn,
            "payer_vat_tiyn": payer_vat_tiyn,
        }
        self._write(self._write_rows([Row._make(map(trailer.get, COLUMNS))]))
        _sync(self._file)
        sha256 = self._hash.hexdigest()
        with _create(self._seal_part) as seal:
            seal.write(f"{sha256}  {self._path.name}\n".encode())
            _sync(seal)
        self._part.replace(self._path)
        self._seal_part.replace(self._seal)
        _sync_folder(self._path.parent)
        return ExportReport(
            self._rows,
            self._gross_tiyn,
            self._charged_tiyn,
            self._credited_tiyn,
            self._adjusted_tiyn,
            vat_tiyn,
            payer_tiyn,
            payer_vat_tiyn,
            sha256,
        )

    def close(self) -> None:
        """After `finish` nothing is left to remove; before it, all of it is."""
        self._file.close()
        self._part.unlink(missing_ok=True)
        self._seal_part.unlink(missing_ok=True)

    def _write(self, octets: bytes) -> None:
        self._hash.update(octets)
        self._file.write(octets)


def _sum(by_vat: dict[int, int], vat_bp: int, tiyn: int) -> None:
    by_vat[vat_bp] = by_vat.get(vat_bp, 0) + tiyn


def _vat_inside(by_vat: Mapping[int, int]) -> int:
    return sum(vat_of(tiyn, vat_bp) for vat_bp, tiyn in by_vat.items())


def defused(cell: object) -> object:
    """A cell no spreadsheet runs: text that begins like a formula gets an apostrophe before it.

    Numbers stay numbers: a negative amount is not a formula.
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_RUNS) else cell


def _csv(rows: Sequence[Sequence[object]]) -> bytes:
    """RFC 4180: CRLF, quotes where needed."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([defused(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _ndjson(rows: Sequence[Row]) -> bytes:
    return b"".join(
        json.dumps(row._asdict(), separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        for row in rows
    )


def _create(path: Path) -> io.BufferedWriter:
    """A new private file, in place of one that a crash left behind."""
    path.unlink(missing_ok=True)
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb")


def _sync(file: io.BufferedWriter) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the renames last."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
