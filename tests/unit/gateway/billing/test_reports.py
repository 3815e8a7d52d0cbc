"""Reports over a journal on SQLite: the sums of the export, grouped."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from gateway import config
from gateway.billing import reports as reporting
from gateway.billing.export import export
from gateway.billing.reports import (
    BYS,
    By,
    Report,
    ReportError,
    ReportRow,
    chart_of,
    csv_of,
    report_of,
)
from gateway.billing.totals import CurrencyError
from gateway.billing.words import Words
from gateway.store import Journal
from tests.support.journal import SqliteEngine
from tests.support.legs import leg, record
from tests.support.months import asked, month_of, store

WORDS = Words.from_table("en", config.table("act/en.toml"))
ADDED_UP = [name for name in ReportRow._fields if name != "vat_tiyn"]


@pytest.fixture
async def journal(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Journal]:
    engine = SqliteEngine(tmp_path, tmp_path_factory.getbasetemp() / "reports.made")
    yield await engine.open()
    await engine.close()


async def november(journal: Journal, *by: By, operator: str | None = None) -> Report:
    return await report_of(journal, 20261101, 20261130, by, operator)


@pytest.fixture
async def filled(journal: Journal) -> Journal:
    await store(journal, *month_of(date(2026, 11, 1), 400, 7, ("north", "south")))
    await store(journal, asked("2026-12-01 00:00"))
    legs = [leg(n, day=20261120) for n in (1, 2)]
    await journal.open_legs(legs)
    await journal.close_legs([record(legs[0])])
    return journal


async def test_a_report_has_the_sums_of_the_export(filled: Journal, tmp_path: Path) -> None:
    exported = await export(
        filled.chains(20261101, 20261130),
        tmp_path / "a",
        "csv",
        filled.call_legs(20261101, 20261130),
    )
    total = (await november(filled, "day")).total
    for name in ("gross_tiyn", "charged_tiyn", "credited_tiyn", "adjusted_tiyn", "payer_tiyn"):
        assert getattr(total, name) == getattr(exported, name), name
    assert total.vat_tiyn == exported.vat_tiyn
    assert total.questions + total.segments + total.calls == exported.rows


@pytest.mark.parametrize("by", BYS)
async def test_groups_add_up_to_the_total(filled: Journal, by: By) -> None:
    report = await november(filled, by)
    for name in ADDED_UP:
        assert sum(getattr(row, name) for _, row in report.rows) == getattr(report.total, name)
    assert [key for key, _ in report.rows] == sorted({key for key, _ in report.rows})


async def test_groups_may_have_several_keys(filled: Journal) -> None:
    report = await november(filled, "operator", "kind")
    keys = [key for key, _ in report.rows]
    assert ("north", "crime_report") in keys
    assert ("1414", "") in keys  # calls are of no kind
    assert await november(filled, "operator", operator="south") != report


async def test_answers_are_what_was_asked_for(journal: Journal) -> None:
    await store(
        journal,
        asked("2026-11-01 10:00"),
        asked("2026-11-01 10:01", "not_found", segments=2),
        asked("2026-11-01 10:02", "unregistered"),
    )
    [(key, row)] = (await november(journal, "day")).rows
    assert key == ("2026-11-01",)
    assert (row.questions, row.answers, row.segments) == (3, 2, 4)
    assert (row.gross_tiyn, row.credited_tiyn, row.kept_tiyn) == (4500, -1500, 3000)
    assert row.vat_tiyn == 414


async def test_replies_that_were_not_sent_are_not_counted(journal: Journal) -> None:
    waiting = asked("2026-11-01 10:00", segments=2)
    await journal.take([waiting.question], [waiting.answer])
    await store(journal, asked("2026-11-01 10:01"))
    assert (await november(journal, "day")).total.segments == 1


async def test_days_without_rows_make_an_empty_report(journal: Journal) -> None:
    report = await november(journal, "day")
    assert report.rows == ()
    assert set(report.total) == {0}


async def test_too_many_groups_are_refused(
    filled: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "GROUPS_MAX", 3)
    with pytest.raises(ReportError, match="more than 3 groups by day: ask for fewer days"):
        await november(filled, "day")


async def test_two_currencies_are_not_summed(filled: Journal) -> None:
    other = leg(7, day=20261121)
    await filled.open_legs([other])
    await filled.close_legs([record(other, currency="USD")])
    with pytest.raises(CurrencyError, match="call record 7001 is in USD"):
        await november(filled, "day")


async def test_the_table_has_a_row_for_each_group_and_one_for_all(filled: Journal) -> None:
    report = await november(filled, "operator", "result")
    rows = list(csv.DictReader(io.StringIO(csv_of(report).decode(), newline="")))
    assert len(rows) == len(report.rows) + 1
    assert (rows[-1]["operator"], rows[-1]["result"]) == ("total", "")
    assert rows[-1]["kept_tiyn"] == str(report.total.kept_tiyn)


def report(by: By, **groups: ReportRow) -> Report:
    return Report((by,), tuple(((key,), row) for key, row in groups.items()), NOTHING)


NOTHING = ReportRow(*[0] * len(ReportRow._fields))
SOME = NOTHING._replace(questions=3, credited_tiyn=-1550, kept_tiyn=2050)


def test_a_cell_from_outside_is_not_run_by_a_spreadsheet() -> None:
    assert b"'=cmd|x" in csv_of(report("operator", **{"=cmd|x": SOME}))


def test_a_chart_of_days_keeps_their_order_and_one_of_names_begins_with_the_longest() -> None:
    days = report("day", **{"2026-11-01": SOME, "2026-11-02": SOME._replace(questions=9)})
    assert [(bar.label, bar.value) for bar in chart_of(days, "questions", WORDS).bars] == [
        ("01.11", 3), ("02.11", 9),
    ]  # fmt: skip
    names = report("kind", **{"": NOTHING, "fine": SOME, "appeal": SOME._replace(questions=9)})
    chart = chart_of(names, "questions", WORDS, {"appeal": "an appeal"})
    assert [(bar.label, bar.value) for bar in chart.bars] == [
        ("an appeal", 9), ("fine", 3), ("–", 0),
    ]  # fmt: skip
    assert chart.title == "Questions, by kind of ticket"


def test_money_in_a_chart_is_whole_tenge_and_credits_are_positive() -> None:
    rows = report("result", status=SOME)
    assert [bar.value for bar in chart_of(rows, "credited", WORDS).bars] == [15]
    assert [bar.value for bar in chart_of(rows, "kept", WORDS).bars] == [20]
    assert [bar.label for bar in chart_of(rows, "answers", WORDS).bars] == ["status told"]


def test_a_chart_of_several_keys_is_refused() -> None:
    with pytest.raises(ReportError, match="a chart has one --by"):
        chart_of(Report(("day", "kind"), (), NOTHING), "questions", WORDS)


@pytest.mark.parametrize(("by", "room"), [("day", 62), ("operator", 40)])
def test_a_chart_with_more_bars_than_it_has_room_for_is_refused(by: By, room: int) -> None:
    keys = [f"2026-01-{n:03}" for n in range(room + 1)]
    full = report(by, **dict.fromkeys(keys[1:], SOME))
    assert len(chart_of(full, "questions", WORDS).bars) == room
    with pytest.raises(ReportError, match=f"{room + 1} bars by {by}, a chart has room for {room}"):
        chart_of(report(by, **dict.fromkeys(keys, SOME)), "questions", WORDS)
