"""One billing file on its way: rows numbered and counted, a trailer, its SHA-256 beside it.

A file appears whole or not at all: it is written beside its place, synced, and renamed. It holds
plain MSISDNs, so only its owner may read it.
"""

from __future__ import annotations

import hashlib
import importlib
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gateway.billing.call_rows import rows_of_leg
from gateway.billing.field_names import FIELDS, OWN, Layout
from gateway.billing.forms import Csv, Form, Format, Ndjson
from gateway.billing.rows import TRAILER_TYPE, Money, Row, iso_day, money_of, rows_of
from gateway.billing.whole_file import create, seal_of, sync, sync_folder
from gateway.core.call_records import CallTrace
from gateway.core.records import Chain
from gateway.core.tariff import vat_of


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


class Book:
    """Used by one thread at a time. `operator` and `day` (YYYYMMDD) stand in the trailer where the
    file is of one alone, and so does the head of the sealed ledger."""

    def __init__(
        self,
        path: Path,
        file_format: Format,
        layout: Layout = OWN,
        *,
        operator: str | None = None,
        day: int | None = None,
        head: str | None = None,
    ) -> None:
        self._path = path
        self._about = {
            "operator": operator,
            "day": None if day is None else iso_day(day),
            "sealed_head": head,
        }
        self._part = path.with_name(path.name + ".part")
        self._seal = path.with_name(path.name + ".sha256")
        self._seal_part = path.with_name(path.name + ".sha256.part")
        self._file = create(self._part)
        self._hash = hashlib.sha256()
        self.rows = 0  # so far
        self._seq: dict[tuple[str, int], int] = {}
        self._currency: str | None = None
        self._sums = dict.fromkeys(_SUMMED, 0)
        self._kept_by_vat: dict[int, int] = {}
        self._payer_by_vat: dict[int, int] = {}
        self._form = _form(file_format, _Hashed(self._file, self._hash), layout)

    def add(self, chains: Sequence[Chain]) -> None:
        rows: list[Row] = []
        for chain in chains:
            money = money_of(chain.entries)
            self._count(money, chain)
            place = (chain.operator, chain.day)
            seq = self._seq.get(place, 0)
            rows += rows_of(chain, money, seq + 1)
            self._seq[place] = seq + 1 + len(chain.replies)
        self._add(rows)

    def add_legs(self, traces: Sequence[CallTrace]) -> None:
        rows: list[Row] = []
        for trace in traces:
            record = trace.last
            if record is not None:
                self._agree(f"call record {record.id}", record.currency)
                self._sums["billable_s"] += record.billable_s
                _sum(self._payer_by_vat, record.vat_bp, record.amount_tiyn)
            rows += self._numbered(rows_of_leg(trace), trace.leg.link, trace.leg.day)
        self._add(rows)

    def _numbered(self, rows: Iterator[Row], operator: str, day: int) -> Iterator[Row]:
        place = (operator, day)
        for row in rows:
            seq = self._seq[place] = self._seq.get(place, 0) + 1
            yield row._replace(seq=seq)

    def _add(self, rows: Sequence[Row]) -> None:
        self.rows += len(rows)
        self._form.rows(rows)

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
        sums = self._sums
        sums["mo_parts"] += chain.parts
        sums["duplicates"] += chain.duplicates
        sums["gross_tiyn"] += money.gross_tiyn
        sums["charged_tiyn"] += money.charged_tiyn
        sums["credited_tiyn"] += money.credited_tiyn
        sums["adjusted_tiyn"] += money.adjusted_tiyn
        if money.kept_tiyn:
            _sum(self._kept_by_vat, money.vat_bp, money.kept_tiyn)

    def finish(self) -> ExportReport:
        """Trailer, checksum, both files in their places and all of it on disk."""
        sums = self._sums | {
            "vat_tiyn": _vat_inside(self._kept_by_vat),
            "payer_tiyn": sum(self._payer_by_vat.values()),
            "payer_vat_tiyn": _vat_inside(self._payer_by_vat),
        }
        trailer: Mapping[str, object] = {
            "record_type": TRAILER_TYPE,
            "seq": self.rows,
            "currency": self._currency,
            **self._about,
            **sums,
        }
        self._form.trailer(Row._make(map(trailer.get, FIELDS)))
        sync(self._file)
        sha256 = self._hash.hexdigest()
        with create(self._seal_part) as seal:
            seal.write(seal_of(self._path, sha256))
            sync(seal)
        self._part.replace(self._path)
        self._seal_part.replace(self._seal)
        sync_folder(self._path.parent)
        told = {name: sums[name] for name in ExportReport._fields if name in sums}
        return ExportReport(rows=self.rows, sha256=sha256, **told)

    def close(self) -> None:
        """After `finish` nothing is left to remove; before it, all of it is."""
        self._form.close()
        try:
            self._file.close()
        finally:
            self._part.unlink(missing_ok=True)  # also where a full disk takes no last octets
            self._seal_part.unlink(missing_ok=True)


_SUMMED = (
    "mo_parts", "duplicates", "gross_tiyn", "charged_tiyn", "credited_tiyn", "adjusted_tiyn",
    "billable_s",
)  # fmt: skip


class _Hashed(io.RawIOBase):
    """A file whose octets are hashed on their way, for they are never read again."""

    def __init__(self, file: io.BufferedWriter, digest: hashlib._Hash) -> None:
        self._file = file
        self._digest = digest

    def writable(self) -> bool:
        return True

    def write(self, octets: bytes) -> int:  # type: ignore[override]  # of buffers, bytes alone
        self._digest.update(octets)
        return self._file.write(octets)

    def tell(self) -> int:
        return self._file.tell()


def _form(file_format: Format, sink: _Hashed, layout: Layout) -> Form:
    if file_format == "csv":
        return Csv(sink, layout)
    if file_format == "ndjson":
        return Ndjson(sink, layout)
    # Loaded here: pyarrow takes longer to load than a day of CSV takes to write.
    made: Form = importlib.import_module("gateway.billing.parquet").Parquet(sink, layout)
    return made


def _sum(by_vat: dict[int, int], vat_bp: int, tiyn: int) -> None:
    by_vat[vat_bp] = by_vat.get(vat_bp, 0) + tiyn


def _vat_inside(by_vat: Mapping[int, int]) -> int:
    return sum(vat_of(tiyn, vat_bp) for vat_bp, tiyn in by_vat.items())
