"""The billing file as Parquet, read back by a reader of columns."""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet as reading

from gateway.billing import book as books
from gateway.billing import export as exporting
from gateway.billing import parquet
from gateway.billing.export import COLUMNS, ExportError, export
from gateway.billing.field_names import OWN
from gateway.billing.rows import Row, money_of, rows_of
from gateway.core.call_records import CallTrace
from gateway.core.ledger import open_chain
from gateway.core.records import Chain
from tests.support.chains import AT_US, MO, MO_CREDITED, chain, question, reply
from tests.support.legs import leg, record


def rated(number: int, **changes: object) -> Chain:
    entries = open_chain(question(id=number), MO, "status", AT_US)
    return chain(question_id=number, entries=entries, **changes)


CHAINS = (
    rated(1, replies=(reply(id=11, message_id="=1+1"),)),
    chain(
        question_id=2,
        entries=open_chain(question(id=2), MO_CREDITED, "not_found", AT_US),
        msisdn=None,
        duplicates=3,
        answered_us=None,
    ),
    rated(3, parts=2, operator="south"),
)
LEGS = (CallTrace(leg(1), (record(leg(1)),)), CallTrace(leg(2), ()))


async def stream(chains: Iterable[Chain]) -> AsyncIterator[Chain]:
    for each in chains:
        yield each


async def legs() -> AsyncIterator[CallTrace]:
    for each in LEGS:
        yield each


async def test_columns_have_types_and_the_rows_are_those_of_the_other_forms(
    tmp_path: Path,
) -> None:
    await export(stream(CHAINS), tmp_path / "a.parquet", "parquet", legs())
    await export(stream(CHAINS), tmp_path / "a.ndjson", "ndjson", legs())
    table = reading.read_table(tmp_path / "a.parquet")
    kinds = {field.name: str(field.type) for field in table.schema}
    assert tuple(kinds) == COLUMNS
    assert (kinds["record_id"], kinds["credited_tiyn"]) == ("int64", "int64")
    assert (kinds["received_at"], kinds["day"]) == ("timestamp[us, tz=UTC]", "date32[day]")
    assert (kinds["msisdn"], kinds["error_code"]) == ("string", "string")
    *rows, trailer = map(json.loads, (tmp_path / "a.ndjson").read_text().splitlines())
    assert [as_texts(row) for row in table.to_pylist()] == rows
    told = json.loads(reading.read_metadata(tmp_path / "a.parquet").metadata[b"jauap.trailer"])
    assert told == {name: cell for name, cell in trailer.items() if cell is not None}


def as_texts(row: dict[str, object]) -> dict[str, object]:
    return {name: _text(cell) for name, cell in row.items()}


def _text(cell: object) -> object:
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat(timespec="microseconds")
    return cell.isoformat() if isinstance(cell, date) else cell


async def test_the_trailer_is_in_the_metadata_and_no_record(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    report = await export(stream(CHAINS), path, "parquet", legs(), operator=None)
    file = reading.ParquetFile(path)
    trailer = json.loads(file.metadata.metadata[b"jauap.trailer"])
    assert (file.metadata.num_rows, trailer["seq"], report.rows) == (6, 6, 6)
    assert (trailer["gross_tiyn"], trailer["credited_tiyn"]) == (4500, -1500)
    assert (trailer["mo_parts"], trailer["duplicates"], trailer["billable_s"]) == (4, 3, 60)
    assert file.metadata.metadata[b"jauap.names"] == b"own"
    assert (tmp_path / "a.parquet.sha256").read_text().split()[0] == report.sha256
    assert hashlib.sha256(path.read_bytes()).hexdigest() == report.sha256
    assert path.stat().st_mode & 0o777 == 0o600


async def test_row_groups_are_bounded_and_a_second_run_gives_the_same_octets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "GROUP_ROWS_MIN", 4)
    monkeypatch.setattr(exporting, "BATCH_MAX", 2)
    chains = [rated(number) for number in range(1, 12)]
    for name in ("a", "b"):
        await export(stream(chains), tmp_path / name, "parquet")
    file = reading.ParquetFile(tmp_path / "a").metadata
    assert [file.row_group(n).num_rows for n in range(file.num_row_groups)] == [4, 4, 3]
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    found = reading.read_table(tmp_path / "a")["record_id"].to_pylist()
    assert found == list(range(1, 12))


async def test_no_questions_make_a_table_without_rows(tmp_path: Path) -> None:
    report = await export(stream(()), tmp_path / "a", "parquet")
    table = reading.read_table(tmp_path / "a")
    assert (table.num_rows, table.column_names, report.rows) == (0, list(COLUMNS), 0)


async def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    chains = [rated(1), chain(question_id=2, entries=foreign())]
    with pytest.raises(ExportError, match="question 2 is in USD"):
        await export(stream(chains), tmp_path / "a", "parquet")
    assert list(tmp_path.iterdir()) == []


def foreign() -> tuple[object, ...]:
    return open_chain(question(id=2), MO._replace(currency="USD"), "status", AT_US)


@pytest.mark.parametrize("also", [None, ConnectionError("the store went away")])
async def test_a_full_disk_leaves_nothing_and_hides_no_other_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, also: Exception | None
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(parquet, "GROUP_ROWS_MIN", 1)
    monkeypatch.setattr(exporting, "BATCH_MAX", 1)

    async def until_full() -> AsyncIterator[Chain]:
        yield rated(1)
        monkeypatch.setattr(books._Hashed, "write", full)
        if also:
            raise also
        yield rated(2)

    with pytest.raises(type(also) if also else OSError, match="went away" if also else "No space"):
        await export(until_full(), tmp_path / "a", "parquet")
    assert list(tmp_path.iterdir()) == []


AT = st.integers(0, 4_102_444_800_000_000)  # until 2100, in microseconds


@given(
    st.lists(
        st.builds(
            lambda at, msisdn, stat, parts: rated(
                7,
                received_us=at,
                msisdn=msisdn,
                parts=parts,
                replies=(reply(stat=stat, done_us=at),),
            ),
            AT,
            st.none() | st.text("0123456789", min_size=1, max_size=15),
            st.none() | st.text(max_size=20),
            st.integers(1, 10),
        ),
        max_size=5,
    )
)
def test_every_row_comes_back_as_it_was(chains: list[Chain]) -> None:
    sink = pyarrow.BufferOutputStream()
    form = parquet.Parquet(Octets(sink), OWN)
    rows = [row for each in chains for row in rows_of(each, money_of(each.entries))]
    form.rows(rows)
    form.trailer(Row._make([None] * len(COLUMNS)))
    found = reading.read_table(pyarrow.BufferReader(sink.getvalue())).to_pylist()
    assert [as_texts(each) for each in found] == [row._asdict() for row in rows]


class Octets:
    """A sink in memory."""

    closed = False

    def __init__(self, stream: pyarrow.BufferOutputStream) -> None:
        self._stream = stream

    def write(self, octets: bytes) -> int:
        self._stream.write(octets)
        return len(octets)

    def tell(self) -> int:
        return int(self._stream.tell())

    def flush(self) -> None:
        """Nothing is held."""

    def close(self) -> None:
        """It is read afterwards."""
