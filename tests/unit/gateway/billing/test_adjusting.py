"""Agreed rows of a reconciliation, booked once; what cannot be booked is told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.billing import adjusting
from gateway.billing.adjusting import (
    CLASSES,
    AdjustError,
    Agreed,
    Refused,
    book_agreed,
    read_agreed,
)
from gateway.billing.forms import csv_line
from gateway.billing.reconcile.file_map import read_map
from gateway.billing.reconcile.reconciling import Job, reconcile
from gateway.billing.reconcile.told import COLUMNS
from gateway.billing.verify import verify
from gateway.core.ledger import kept_tiyn
from gateway.core.staff import Acting, Role
from gateway.keys import KEY_OCTETS, Keys
from gateway.store import Journal
from tests.support import journal as rows
from tests.support.months import Asked, asked, at_us, store
from tests.support.operator_files import MONTH, Traffic, map_of, write_csv
from tests.support.told_ledger import ToldLedger

NOW, TODAY = at_us("2026-12-12 09:00"), 20261212


@pytest.fixture
async def journal(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Journal]:
    engine = rows.SqliteEngine(tmp_path, tmp_path_factory.getbasetemp() / "sqlite.made")
    yield await engine.open()
    await engine.close()


def line(cls: str, cause: str, question_id: object, difference: object) -> bytes:
    cells = {"class": cls, "cause": cause, "question_id": question_id, "record_type": "mo",
             "difference_tiyn": difference}  # fmt: skip
    return csv_line([cells.get(column) for column in COLUMNS])


def folder(path: Path, differing: list[bytes], only_ours: list[bytes] | None = None) -> Path:
    """As a reconciliation leaves it."""
    path.mkdir()
    (path / "summary.json").write_text(json.dumps({"operator": "north", "month": "2026-11"}))
    for name, lines in (("differing", differing), ("only_ours", only_ours or [])):
        (path / f"{name}.csv").write_bytes(csv_line(COLUMNS) + b"".join(lines))
    return path


async def booked(journal: Journal, tiyn: dict[int, int], **how: Any) -> adjusting.AdjustReport:
    agreed = Agreed("north", "2026-11", len(tiyn), 0, tiyn, ("parts", "price"))
    acting = how.get("acting", Acting("aigul", Role.ACCOUNTANT))
    return await book_agreed(journal, agreed, "aigul", acting, day=TODAY, at_us=NOW)


async def outcomes(journal: Journal) -> list[tuple[str, object]]:
    return [(each.outcome, dict(each.detail)) for each in await journal.audit(0, 100, 0, 2**62)]


async def kept(journal: Journal, of: Asked) -> int:
    chain = await journal.chain(of.question.id)
    assert chain is not None
    return kept_tiyn(chain.entries)


def test_rows_of_the_agreed_causes_are_summed_by_question(tmp_path: Path) -> None:
    path = folder(
        tmp_path / "out",
        [
            line("differing", "price", 1, -500),
            line("differing", "price", 1, -100),
            line("differing", "parts", 1, -7),
            line("differing", "price", 2, 300),
            line("differing", "price", 2, -300),
            line("differing", "price", 3, None),
        ],
        [line("only_ours", "not_charged", 4, -1500), line("only_ours", "test_phone", 5, -1500)],
    )
    causes = {"price", "not_charged", "test_phone"}
    assert read_agreed(path, causes) == (
        "north", "2026-11", 6, 1, {1: -600, 4: -1500}, ("not_charged", "price", "test_phone"),
        frozenset(),
    )  # fmt: skip
    assert read_agreed(path, {"parts"}).tiyn == {1: -7}


@pytest.mark.parametrize(
    ("name", "octets", "told"),
    [
        ("summary.json", b"{}", "no summary of a reconciliation"),
        ("summary.json", b"[", "no summary of a reconciliation"),
        ("summary.json", b'{"operator": "north", "month": "2026-13"}', "write it as 2026-11"),
        ("differing.csv", b"", "the column cause is missing"),
        ("differing.csv", b"cause,question_id\r\n", "the column difference_tiyn is missing"),
        ("differing.csv", csv_line(COLUMNS) + b"differing,price,1\r\n", "line 2: cut"),
        ("differing.csv", csv_line(COLUMNS) + line("differing", "price", "9E+17", 5),
         "line 2: question_id and difference_tiyn must be whole numbers"),
        ("differing.csv", csv_line(COLUMNS) + line("differing", "price", 1, "5,00"), "line 2"),
        ("only_ours.csv", b"\xff\xfe", "only_ours.csv: "),
    ],
)  # fmt: skip
def test_a_folder_that_was_touched_is_refused(
    tmp_path: Path, name: str, octets: bytes, told: str
) -> None:
    path = folder(tmp_path / "out", [])
    (path / name).write_bytes(octets)
    with pytest.raises(AdjustError) as refused:
        read_agreed(path, {"price"})
    assert told in str(refused.value)
    assert name in str(refused.value)


def test_late_rows_that_are_told_differently_are_agreed_on_too(tmp_path: Path) -> None:
    path = folder(tmp_path / "out", [line("differing", "price", 1, -500)])
    late = [line("late", "", 2, 0), line("late", "price", 3, -300), line("late", "parts", 4, 9)]
    (path / "late.csv").write_bytes(csv_line(COLUMNS) + b"".join(late))
    agreed = read_agreed(path, {"price"})
    assert (agreed.rows, agreed.tiyn, agreed.late) == (2, {1: -500, 3: -300}, {3})


async def test_a_late_row_is_adjusted_unless_its_own_months_reconciliation_was(
    journal: Journal,
) -> None:
    """There the message was agreed away: the difference alone would be wrong money."""
    fresh, adjusted = asked("2026-11-20 10:00"), asked("2026-11-20 11:00")
    await store(journal, fresh, adjusted)
    first, second = fresh.question.id, adjusted.question.id
    acting = Acting("aigul", Role.ACCOUNTANT)
    for agreed in (
        Agreed("north", "2026-11", 1, 0, {second: -1500}, ("unknown",)),
        Agreed("north", "2026-12", 2, 0, {first: -300, second: 200}, ("price",), {first, second}),
    ):
        report = await book_agreed(journal, agreed, "aigul", acting, day=TODAY, at_us=NOW)
    assert report.adjusted == 1
    [refused] = report.refused_first
    assert (refused.question_id, "of 2026-11" in refused.why) == (second, True)
    assert (await kept(journal, fresh), await kept(journal, adjusted)) == (1200, 0)


def test_what_was_compared_before_the_close_is_not_booked(tmp_path: Path) -> None:
    """The ledger has gone on since, and a question is adjusted once a month."""
    path = folder(tmp_path / "out", [line("differing", "price", 1, -500)])
    heading = {"operator": "north", "month": "2026-11"}
    (path / "summary.json").write_text(json.dumps(heading | {"draft": True}))
    with pytest.raises(AdjustError, match="before 2026-11 was closed on 2026-12-11"):
        read_agreed(path, {"price"})
    (path / "summary.json").write_text(json.dumps(heading | {"draft": False}))
    assert read_agreed(path, {"price"}).tiyn == {1: -500}


async def test_what_a_reconciliation_has_written_is_read_to_the_tiyn(tmp_path: Path) -> None:
    """Its own folder: of each cause that has prices, the difference that its summary tells."""
    keys = Keys(bytes(KEY_OCTETS))
    traffic = Traffic(keys.party, count=800, every=4)
    job = Job(
        operator="north",
        month=MONTH,
        path=write_csv(tmp_path / "month.csv", sorted(traffic.lines("north"))),
        layout=read_map(map_of("north")),
        party=keys.party,
        currency="KZT",
        vat_bp=1600,
        free_numbers=frozenset(),
    )
    summary = await reconcile(job, ToldLedger.of(traffic), tmp_path / "out")
    causes = [each for each in summary["causes"] if each["class"] in CLASSES and each["disputed"]]
    for cause in {each["cause"] for each in causes}:
        of_it = [each for each in causes if each["cause"] == cause]
        agreed = read_agreed(tmp_path / "out", {cause})
        assert (agreed.operator, agreed.month) == ("north", str(MONTH))
        assert agreed.rows == sum(each["rows"] for each in of_it)
        assert agreed.unpriced == 0
        assert sum(agreed.tiyn.values()) == sum(
            (each["theirs_tiyn"] or 0) - each["ours_tiyn"] for each in of_it
        )
    assert len(causes) > 5
    assert read_agreed(tmp_path / "out", {"test_phone", "month_border"}).rows == 0


def test_a_folder_without_its_files_is_refused(tmp_path: Path) -> None:
    path = folder(tmp_path / "out", [])
    (path / "only_ours.csv").unlink()
    with pytest.raises(AdjustError, match=r"only_ours\.csv"):
        read_agreed(path, {"price"})


async def test_agreed_differences_are_booked_once(journal: Journal) -> None:
    less, more = asked("2026-11-20 10:00"), asked("2026-11-20 10:01")
    await store(journal, less, more)
    tiyn = {less.question.id: -1500, more.question.id: 500}
    report = await booked(journal, tiyn)
    assert (report.adjusted, report.adjusted_tiyn, report.refused) == (2, -1000, 0)
    again = await booked(journal, tiyn)
    assert (again.adjusted, again.booked_before, again.refused) == (0, 2, 0)
    causes = {"causes": "parts price"}
    assert await outcomes(journal) == [
        ("booked", causes | {"booked": 2, "booked_tiyn": -1000}),
        ("nothing", causes | {"refused": 0}),
    ]
    assert (await kept(journal, less), await kept(journal, more)) == (0, 2000)
    assert (await verify(journal, 20261101, 20261130)).findings == ()


async def test_what_cannot_be_booked_is_told_and_the_rest_goes_on(journal: Journal) -> None:
    given, free, south = (
        asked("2026-11-20 10:00"),
        asked("2026-11-20 10:01", "not_found"),
        asked("2026-11-20 10:02", operator="south"),
    )
    await store(journal, given, free, south)
    ids = [each.question.id for each in (given, free, south)]
    report = await booked(journal, dict.fromkeys([5, *ids], -1500))
    assert (report.adjusted, report.refused) == (1, 3)
    assert report.refused_first == (
        Refused(5, "the journal has no question of that id"),
        Refused(ids[1], f"adjusted:{ids[1]}:reconciled:2026-11 gives back more than was charged"),
        Refused(ids[2], "it came by south, not by north"),
    )
    other = await booked(journal, {ids[0]: -500})
    assert other.refused_first == (Refused(ids[0], "adjusted by -1500 tiyn for that month before"),)


async def test_a_trial_writes_nothing(journal: Journal) -> None:
    of = asked("2026-11-20 10:00")
    await store(journal, of)
    tried = await booked(journal, {of.question.id: -1500}, acting=None)
    assert await kept(journal, of) == 1500
    assert await outcomes(journal) == []
    assert tried == await booked(journal, {of.question.id: -1500})
