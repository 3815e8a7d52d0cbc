"""A billing file for each operator and day, out of a journal."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway.billing import export as exporting
from gateway.billing.export import DailyFile, ExportError, NothingFoundError, export, export_daily
from gateway.billing.forms import FORMATS, Format
from gateway.core.records import Chain
from gateway.store import Journal, open_store
from tests.support.chains import chain
from tests.support.journal import KEYS
from tests.support.legs import leg, record
from tests.support.months import asked, at_us, month_of, store

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
DAY = date(2026, 11, 20)  # that of the legs of tests.support


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A month of two operators, a day without a row, some calls."""
    url = f"sqlite://{tmp_path_factory.mktemp('daily')}/journal.db"

    async def fill() -> None:
        journal = await open_store(url, keys=KEYS)
        month = month_of(FIRST, 240, 7, ("north", "south"))
        await store(journal, *(each for each in month if each.question.day != 20261113))
        await journal.close_legs([record(leg(1)), record(leg(2))])
        await journal.close()

    asyncio.run(fill())
    return url


@pytest.fixture
async def journal(stored: str) -> AsyncIterator[Journal]:
    journal = await open_store(stored)
    yield journal
    await journal.close()


async def daily(journal: Journal, folder: Path, **changes: Any) -> list[DailyFile]:
    given: dict[str, Any] = {"first": FIRST, "last": LAST, "file_format": "csv"}
    given |= {"operators": ("north", "south")} | changes
    return await export_daily(journal, folder, **given)


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(), newline="")))


async def test_the_rows_of_the_daily_files_are_those_of_the_whole_one(
    journal: Journal, tmp_path: Path
) -> None:
    await export(
        journal.chains(20261101, 20261130), tmp_path / "whole", "csv",
        journal.call_legs(20261101, 20261130),
    )  # fmt: skip
    *whole, total = rows(tmp_path / "whole")
    files = await daily(journal, tmp_path)
    found: list[dict[str, str]] = []
    kept = 0
    for file in files:
        *own, trailer = rows(file.path)
        assert {row["operator"] for row in own} <= {file.operator}
        assert {row["day"].replace("-", "") for row in own} <= {str(file.day)}
        assert [row["seq"] for row in own] == [str(n + 1) for n in range(len(own))]
        assert int(trailer["seq"]) == len(own) == file.report.rows
        assert trailer["operator"] == file.operator
        assert trailer["day"].replace("-", "") == str(file.day)
        kept += int(trailer["gross_tiyn"])
        found += own
    assert kept == int(total["gross_tiyn"])
    assert sorted(found, key=place) == sorted(whole, key=place)


def place(row: dict[str, str]) -> tuple[str, str, int]:
    return row["day"], row["operator"], int(row["seq"])


async def test_every_operator_has_a_file_for_every_day(journal: Journal, tmp_path: Path) -> None:
    files = await daily(journal, tmp_path, operators=("north", "web"))
    assert len(files) == 30 * 4  # south and the calls of 1414 are known to the journal
    names = {each.name for each in tmp_path.iterdir()}
    assert len(names) == 2 * len(files)
    assert "ledger-north-20261113.csv" in names
    empty = next(each for each in files if (each.operator, each.day) == ("north", 20261113))
    assert empty.report[:4] == (0, 0, 0, 0)
    (trailer,) = rows(empty.path)
    assert (trailer["record_type"], trailer["seq"], trailer["day"]) == (
        "trailer",
        "0",
        "2026-11-13",
    )
    assert files == sorted(files, key=lambda each: (each.day, each.operator))


@pytest.mark.parametrize("file_format", FORMATS)
async def test_a_rerun_gives_the_same_octets(
    journal: Journal, tmp_path: Path, file_format: Format
) -> None:
    for name in ("a", "b", "b"):
        (tmp_path / name).mkdir(exist_ok=True)
        await daily(
            journal, tmp_path / name, first=DAY, last=date(2026, 11, 21), file_format=file_format
        )
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
        if path.suffix == ".sha256":
            sha256, name = path.read_text().split()
            assert hashlib.sha256((path.parent / name).read_bytes()).hexdigest() == sha256
    assert len(list((tmp_path / "b").iterdir())) == 2 * 2 * 3


async def test_one_operator_alone(journal: Journal, tmp_path: Path) -> None:
    files = await daily(journal, tmp_path, only="south")
    assert {each.operator for each in files} == {"south"}
    assert len(files) == 30
    whole = await export(
        journal.chains(20261101, 20261130), tmp_path / "south", "csv", operator="south"
    )
    assert whole.rows == sum(each.report.rows for each in files) > 0
    assert rows(tmp_path / "south")[-1]["operator"] == "south"


async def test_an_operator_whom_nobody_knows_is_refused(journal: Journal, tmp_path: Path) -> None:
    with pytest.raises(NothingFoundError, match="'sout'"):
        await daily(journal, tmp_path, only="sout")
    with pytest.raises(NothingFoundError, match="'sout'"):
        await export(
            journal.chains(20261101, 20261130), tmp_path / "a", "csv",
            operator="sout", may_be_empty=False,
        )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


async def test_a_clock_that_steps_over_midnight_puts_no_row_into_a_wrong_day(
    tmp_path: Path,
) -> None:
    journal = await open_store(f"sqlite://{tmp_path}/journal.db", keys=KEYS)
    moments = ("2026-11-20 23:59", "2026-11-21 00:00", "2026-11-20 23:58", "2026-11-21 00:01")
    given = [asked(at_us(at)) for at in moments]  # their ids rise
    await store(journal, *given)
    folder = tmp_path / "daily"
    folder.mkdir()
    files = await daily(
        journal, folder, first=DAY, last=date(2026, 11, 21), operators=(), file_format="csv"
    )
    await journal.close()
    ids = [each.question.id for each in given]
    found = [
        [row["record_id"] for row in rows(each.path) if row["record_type"] == "mo"]
        for each in files
    ]
    assert found == [[str(ids[0]), str(ids[2])], [str(ids[1]), str(ids[3])]]


async def test_names_of_files_stay_apart_and_in_the_folder() -> None:
    names = {
        exporting.name_of(operator, 20261120, "csv") for operator in ("a/b", "a_b", "..", "a%2Fb")
    }
    assert len(names) == 4
    assert not any("/" in name for name in names)
    assert exporting.name_of("north", 20261120, "ndjson") == "ledger-north-20261120.ndjson"


async def test_a_day_that_fails_leaves_nothing_and_the_days_before_it(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chains = journal.chains

    async def broken(day_from: int, day_to: int, operator: str | None) -> AsyncIterator[Chain]:
        async for each in chains(day_from, day_to, operator):
            yield each
            if day_from == 20261103:
                raise ConnectionError("the store went away")

    monkeypatch.setattr(exporting, "BATCH_MAX", 1)
    monkeypatch.setattr(journal, "chains", broken, raising=False)
    with pytest.raises(ConnectionError):
        await daily(journal, tmp_path)
    names = sorted(each.name for each in tmp_path.iterdir())
    assert len(names) == 2 * 2 * 2
    assert all("20261101" in name or "20261102" in name for name in names)


async def test_two_currencies_of_two_operators_are_no_quarrel(tmp_path: Path) -> None:
    shelf = exporting._Shelf(tmp_path, 20261120, "csv", exporting.OWN, None)
    try:
        for name, currency in (("north", "KZT"), ("south", "USD")):
            one = asked("2026-11-20 10:00", operator=name)
            entries = tuple(each._replace(currency=currency) for each in one.answer.entries)
            shelf.add([chain_of(one, entries)])
        assert [each.report.rows for each in shelf.finish(())] == [1, 1]
    finally:
        shelf.close()


def chain_of(one: Any, entries: Any) -> Chain:
    return chain(question_id=one.question.id, operator=one.question.operator, entries=entries)


@pytest.mark.parametrize(
    ("first", "last"), [(LAST, FIRST), (date(2025, 11, 30), date(2026, 12, 1))]
)
async def test_no_days_and_too_many_are_refused(
    journal: Journal, tmp_path: Path, first: date, last: date
) -> None:
    with pytest.raises(ExportError, match="name 1 to 366 with --from and --to"):
        await daily(journal, tmp_path, first=first, last=last)


async def test_operators_without_end_are_refused(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "OPERATORS_MAX", 1)
    with pytest.raises(ExportError, match="20261101: more than 1 operators"):
        await daily(journal, tmp_path)
    assert list(tmp_path.iterdir()) == []
