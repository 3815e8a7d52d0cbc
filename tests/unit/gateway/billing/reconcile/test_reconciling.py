"""A month of several operators with every kind of difference, and files that cannot be used."""

from __future__ import annotations

import csv
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from gateway.billing.reconcile.file_map import read_map
from gateway.billing.reconcile.reconciling import FileRefusedError, Job, reconcile
from gateway.billing.reconcile.records import Cause, Class, Ours
from gateway.billing.reconcile.scratch import Scratch
from gateway.billing.reconciled import read_summary
from gateway.keys import KEY_OCTETS, Keys
from tests.support.operator_files import (
    MONTH,
    OPERATORS,
    Line,
    Told,
    Traffic,
    counted,
    map_of,
    replies,
    write_csv,
    write_fixed,
    write_sheet,
)
from tests.support.plain_join import plain_join, write_ours
from tests.support.told_ledger import ToldLedger

KEYS = Keys(bytes(KEY_OCTETS))
TRAFFIC = Traffic(KEYS.party, count=1_600, every=4)
LEDGER = ToldLedger.of(TRAFFIC)


def job(path: Path, operator: str = "north", **changes: Any) -> Job:
    return Job(
        operator=operator,
        month=MONTH,
        path=path,
        layout=read_map(map_of(operator, **changes)),
        party=KEYS.party,
        currency="KZT",
        vat_bp=1600,
        free_numbers=frozenset(),
    )


def told_rows(folder: Path) -> list[Told]:
    told = []
    for cls in (Class.DIFFERING, Class.ONLY_OURS, Class.ONLY_THEIRS):
        with (folder / f"{cls}.csv").open(encoding="utf-8", newline="") as file:
            told += [
                Told(Class(row["class"]), Cause(row["cause"]), row["msisdn"])
                for row in csv.DictReader(file)
            ]
    return told


@pytest.mark.parametrize("operator", [each.name for each in OPERATORS])
async def test_every_difference_is_found_and_named_and_none_is_invented(
    tmp_path: Path, operator: str
) -> None:
    path = write_csv(tmp_path / "month.csv", sorted(TRAFFIC.lines(operator)))
    summary = await reconcile(job(path, operator), LEDGER, tmp_path / "out")
    truth = TRAFFIC.truth(operator)
    differences = [each for each in truth if each.cls is not Class.MATCHED]
    assert sorted(told_rows(tmp_path / "out")) == sorted(differences)
    counts = {(each["class"], each["cause"]): each["rows"] for each in summary["causes"]}
    assert counts == dict(counted(differences))
    assert summary["classes"]["matched"]["rows"] == counted(truth)[Class.MATCHED, Cause.NONE]
    assert len(counted(differences)) == 17
    assert json.loads((tmp_path / "out" / "summary.json").read_text("utf-8")) == summary


async def north(path: Path, out: Path | None = None, **changes: Any) -> dict[str, Any]:
    return await reconcile(job(path, **changes), LEDGER, out)


async def refused(path: Path, **changes: Any) -> str:
    out = path.parent / "out"
    with pytest.raises(FileRefusedError) as refusal:
        await north(path, out, **changes)
    assert not out.exists()
    assert not list(path.parent.glob("*.part"))
    return str(refusal.value)


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    return sorted(TRAFFIC.lines("north"))


async def test_a_plain_join_by_duckdb_leaves_the_same_rows_alone(
    tmp_path: Path, lines: list[Line]
) -> None:
    path = write_csv(tmp_path / "month.csv", lines, encoding="utf-8")
    summary = await north(path, tmp_path / "out", encoding="utf-8")
    chains = [chain for each in TRAFFIC for chain in each.chains]
    ours = write_ours(tmp_path / "ours.csv", chains, "north", 202611)
    joined = plain_join(ours, path, skew_s=summary["skew_s"])
    rows = rows_of(tmp_path / "out")
    apart = [row for row in rows if row["cause"] == "short_code" and row["row"]]
    only_ours = {int(row["question_id"]) for row in rows if row["class"] == "only_ours"}
    only_theirs = {
        int(row["row"])
        for row in rows
        if row["class"] == "only_theirs" and row["cause"] != "month_border"
    }
    assert only_theirs >= {int(row["row"]) for row in apart if row["class"] == "only_theirs"}
    differing = [row for row in apart if row["class"] == "differing"]
    assert joined.only_ours == only_ours | {int(row["question_id"]) for row in differing}
    assert joined.only_theirs == only_theirs | {int(row["row"]) for row in differing}
    both = summary["classes"]["matched"]["rows"] + summary["classes"]["differing"]["rows"]
    border = sum(
        each["rows"]
        for each in summary["causes"]
        if (each["class"], each["cause"]) == ("only_theirs", "month_border")
    )
    assert joined.pairs == both - len(differing) + border


def rows_of(folder: Path) -> list[dict[str, str]]:
    found = []
    for cls in (Class.DIFFERING, Class.ONLY_OURS, Class.ONLY_THEIRS):
        with (folder / f"{cls}.csv").open(encoding="utf-8", newline="") as file:
            found += list(csv.DictReader(file))
    return found


async def test_every_row_of_the_file_is_accounted_for(tmp_path: Path, lines: list[Line]) -> None:
    path = write_csv(tmp_path / "month.csv", lines)
    with path.open("a", encoding="cp1251", newline="") as file:
        file.write("SMS;31.11.2026 10:00:00;77010000000;1012;15,00;\r\n")
        file.write("SMS;30.11.2026 10:00:00;77010000000;1012;15.00;\r\n")
    summary = await north(path, tmp_path / "out")
    rows = summary["rows"]
    assert rows["read"] == len(lines) + 2
    assert rows["read"] == rows["compared"] + sum(rows["left_out"].values()) + rows["bad"]
    assert rows["left_out"] == {"not_charged": 5, "receipts": 5}
    with (tmp_path / "out" / "bad_rows.csv").open(encoding="utf-8", newline="") as file:
        date, price = csv.DictReader(file)
    assert (date["row"], date["column"]) == (str(len(lines) + 2), "Дата")
    assert "no time" in date["reason"]
    assert (price["row"], price["column"]) == (str(len(lines) + 3), "Стоимость")
    assert "decimal_comma = false" in price["reason"]
    assert any("cannot be read" in warning for warning in summary["warnings"])


async def test_the_same_file_gives_the_same_octets_and_replaces_what_was_there(
    tmp_path: Path, lines: list[Line]
) -> None:
    path = write_csv(tmp_path / "month.csv", lines)
    seen = []
    for _ in range(2):
        await north(path, tmp_path / "out")
        seen.append({each.name: each.read_bytes() for each in (tmp_path / "out").iterdir()})
    assert seen[0] == seen[1]
    assert sorted(seen[0]) == [
        "bad_rows.csv", "differing.csv", "late.csv", "only_ours.csv", "only_theirs.csv",
        "summary.json",
    ]  # fmt: skip
    modes = {each.stat().st_mode & 0o777 for each in (tmp_path / "out").iterdir()}
    assert modes == {0o600}
    assert sorted(each.name for each in tmp_path.iterdir()) == ["month.csv", "out"]


async def test_of_other_operators_only_the_phones_of_the_file_are_kept(
    tmp_path: Path, lines: list[Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Ours] = []
    add = Scratch.add_ours

    def noted(scratch: Scratch, rows: list[Ours]) -> None:
        kept.extend(rows)
        add(scratch, rows)

    monkeypatch.setattr(Scratch, "add_ours", noted)
    await north(write_csv(tmp_path / "month.csv", lines))
    phones = {line.msisdn for line in lines}
    strangers = [row for row in kept if not row.own]
    assert strangers
    assert {row.msisdn for row in strangers} <= phones
    assert {row.msisdn for row in kept if row.own} - phones


async def test_the_act_reads_what_a_reconciliation_has_written(
    tmp_path: Path, lines: list[Line]
) -> None:
    path = write_csv(tmp_path / "month.csv", lines)
    written = await north(path, tmp_path / "out")
    read = read_summary(tmp_path / "out" / "summary.json", "north", MONTH)
    assert read.disputed_rows == written["disputed_rows"]
    assert [each.rows for each in read.causes] == [each["rows"] for each in written["causes"]]


async def test_a_folder_with_other_things_in_it_is_left_alone(
    tmp_path: Path, lines: list[Line]
) -> None:
    path = write_csv(tmp_path / "month.csv", lines)
    out = tmp_path / "out"
    out.mkdir()
    (out / "letter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError, match="name another folder"):
        await north(path, out)
    assert [each.name for each in out.iterdir()] == ["letter.txt"]


async def test_cells_that_a_spreadsheet_would_run_are_defused(
    tmp_path: Path, lines: list[Line]
) -> None:
    wild = lines[50]._replace(msisdn="=1+2", code="1012")
    path = write_csv(tmp_path / "month.csv", [*lines, wild])
    await north(path, tmp_path / "out")
    assert any(row["msisdn"] == "'=1+2" for row in rows_of(tmp_path / "out"))


async def test_the_order_of_the_rows_and_a_byte_order_mark_change_nothing(
    tmp_path: Path, lines: list[Line]
) -> None:
    one = await north(write_csv(tmp_path / "one.csv", lines))
    two = await north(
        write_csv(tmp_path / "two.csv", lines[::-1], encoding="utf-8-sig"), encoding="utf-8"
    )
    three = await north(
        write_csv(tmp_path / "three.csv", lines, encoding="utf-16"), encoding="utf-16"
    )
    del one["file"], two["file"], three["file"], one["sha256"], two["sha256"], three["sha256"]
    assert one == two == three


async def test_a_file_that_is_doubled_is_refused(tmp_path: Path, lines: list[Line]) -> None:
    path = write_csv(tmp_path / "month.csv", lines + lines)
    assert "it is doubled" in await refused(path)


async def test_two_files_in_one_are_refused_at_the_second_header(
    tmp_path: Path, lines: list[Line]
) -> None:
    path = write_csv(tmp_path / "month.csv", lines)
    path.write_bytes(path.read_bytes() * 2)
    told = await refused(path)
    assert f"{path}: row {len(lines) + 2}: is the header again" in told


async def test_a_file_that_is_cut_within_a_row_names_the_row(
    tmp_path: Path, lines: list[Line]
) -> None:
    path = write_csv(tmp_path / "month.csv", lines)
    path.write_bytes(path.read_bytes()[:-40])
    summary = await north(path, tmp_path / "out")
    assert summary["rows"]["bad"] == 1
    assert "the last row has no line end: it may be cut" in summary["warnings"]
    told = (tmp_path / "out" / "bad_rows.csv").read_text("utf-8")
    assert f"{len(lines) + 1},," in told
    assert "is it cut?" in told


async def test_a_file_that_ends_early_is_told_and_our_rows_after_it_are_named(
    tmp_path: Path, lines: list[Line]
) -> None:
    last = lines[len(lines) // 2]
    path = write_csv(tmp_path / "month.csv", [each for each in lines if each <= last])
    summary = await north(path)
    cut = [each for each in summary["causes"] if each["cause"] == "not_covered"]
    assert cut[0]["rows"] > 100
    assert any("is it whole?" in warning for warning in summary["warnings"])
    assert summary["band"] == "alarm"


async def test_a_trailer_that_counts_other_rows_refuses_the_file(
    tmp_path: Path, lines: list[Line]
) -> None:
    trailer = {"starts": "ИТОГО", "count": 2}
    path = write_csv(tmp_path / "month.csv", lines)
    assert "has no trailer: it is cut" in await refused(path, trailer=trailer)
    whole = path.read_bytes()
    path.write_bytes(whole + f"ИТОГО;{len(lines) + 1}\r\n".encode("cp1251"))
    told = await refused(path, trailer=trailer)
    assert f"row {len(lines) + 2}: counts {len(lines) + 1} rows" in told
    path.write_bytes(whole + f"ИТОГО;{len(lines)}\r\n".encode("cp1251"))
    assert (await north(path, trailer=trailer))["rows"]["read"] == len(lines)


@pytest.mark.parametrize(
    ("written", "told", "remedy"),
    [
        ("utf-8", "cp1251", "encoding"),
        ("utf-8-sig", "cp1251", 'encoding = "utf-8"'),
        ("utf-16", "utf-8", 'encoding = "utf-16"'),
        ("cp1251", "utf-8", "set `encoding`"),
        ("utf-16-le", "utf-8", "NUL"),
    ],
)
async def test_a_file_in_another_encoding_is_refused_with_the_remedy(
    tmp_path: Path, lines: list[Line], written: str, told: str, remedy: str
) -> None:
    path = write_csv(tmp_path / "month.csv", lines, encoding=written)
    refusal = await refused(path, encoding=told)
    assert str(path) in refusal
    assert remedy in refusal


async def test_a_letter_of_another_encoding_in_the_middle_names_its_row(
    tmp_path: Path, lines: list[Line]
) -> None:
    path = write_csv(tmp_path / "month.csv", lines, encoding="utf-8")
    octets = path.read_bytes().split(b"\r\n")
    octets[200] = octets[200].replace(b"SMS", "СМС".encode("cp1251"))
    path.write_bytes(b"\r\n".join(octets))
    assert f"{path}: row 201: octet 1 is not utf-8" in await refused(path, encoding="utf-8")


async def test_a_column_that_is_not_there_is_named_with_those_that_are(
    tmp_path: Path, lines: list[Line]
) -> None:
    path = write_csv(tmp_path / "month.csv", lines)
    columns = {"msisdn": "Номер А", "short_code": "Номер", "at": "Дата"}
    told = await refused(path, columns=columns)
    assert "row 1: has no column 'Номер А'; it has 'Тип', 'Дата', 'Абонент'" in told
    assert "set `delimiter`" in await refused(path, delimiter=",")


async def test_the_file_of_another_month_is_refused(tmp_path: Path, lines: list[Line]) -> None:
    month_us = 31 * 24 * 3_600 * 1_000_000
    earlier = [each._replace(at_us=each.at_us - month_us) for each in lines]
    told = await refused(write_csv(tmp_path / "month.csv", earlier))
    assert "row 2: is of 2026-10" in told
    assert "2026-11 was asked for" in told


async def test_a_zone_that_is_wrong_in_the_map_is_told(tmp_path: Path, lines: list[Line]) -> None:
    path = write_csv(tmp_path / "month.csv", lines)
    told = await refused(path, zone="+06:00")
    assert "its times lie 60 minutes before ours: correct `zone`" in told


async def test_a_map_of_another_file_is_refused_by_its_first_rows(
    tmp_path: Path, lines: list[Line]
) -> None:
    path = write_csv(tmp_path / "month.csv", lines)
    told = await refused(path, decimal_comma=False)
    assert "rows cannot be read: row 2: column Стоимость" in told
    assert "set decimal_comma = true" in told


async def test_ten_times_as_many_rows_are_all_told_and_the_size_is_noted(
    tmp_path: Path, lines: list[Line]
) -> None:
    others = [
        line._replace(msisdn=f"7{700 + n}{line.msisdn[4:]}", code="3040")
        for n in range(80, 89)
        for line in lines
    ]
    path = write_csv(tmp_path / "month.csv", [*lines, *others])
    summary = await north(path)
    assert summary["rows"]["read"] == 10 * len(lines)
    assert any("other services" in warning for warning in summary["warnings"])
    wrong_code = [each["rows"] for each in summary["causes"] if each["cause"] == "short_code"]
    assert max(wrong_code) > 8 * len(lines)


async def test_an_operator_that_the_ledger_does_not_know_is_told_who_is(
    tmp_path: Path, lines: list[Line]
) -> None:
    path = write_csv(tmp_path / "month.csv", lines)
    mistyped = job(path)._replace(operator="nroth")
    with pytest.raises(FileRefusedError, match=r"no messages of 'nroth'.*east, north, south, west"):
        await reconcile(mistyped, LEDGER)


async def test_messages_of_the_neighbouring_months_alone_are_no_month(
    tmp_path: Path, lines: list[Line]
) -> None:
    path = write_csv(tmp_path / "month.csv", lines)
    later = [c._replace(day=20261201) for each in TRAFFIC for c in each.chains]
    with pytest.raises(FileRefusedError, match="no messages of 'north' in 2026-11"):
        await reconcile(job(path), ToldLedger(later))


@pytest.mark.parametrize("octets", [b"", b"PK\x03\x04 and more", b"\x1f\x8b and more"])
async def test_what_is_no_such_file_at_all_is_refused(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "month.csv"
    path.write_bytes(octets)
    assert str(path) in await refused(path)


async def test_a_header_alone_is_refused(tmp_path: Path) -> None:
    assert "no rows" in await refused(write_csv(tmp_path / "month.csv", []))


async def test_a_quote_that_is_never_closed_names_its_row(
    tmp_path: Path, lines: list[Line]
) -> None:
    path = write_csv(tmp_path / "month.csv", [*lines[:10], lines[10]._replace(ref='"'), *lines])
    assert "a quote is not closed" in await refused(path)


async def test_a_sheet_and_lines_of_fixed_width_give_what_csv_gives(
    tmp_path: Path, lines: list[Line]
) -> None:
    plain = await north(write_csv(tmp_path / "month.csv", lines))
    sheet = await north(write_sheet(tmp_path / "month.xlsx", lines), format="xlsx")
    fixed = await north(
        write_fixed(tmp_path / "month.txt", lines),
        format="fixed",
        columns={
            "short_code": [21, 8], "msisdn": [5, 16], "at": [[29, 10], [39, 8]], "price": [47, 8],
        },
        leave_out=[
            {"as": "receipts", "column": [1, 4], "values": ["DLR"]},
            {"as": "not_charged", "column": [47, 8], "values": ["0,00"]},
        ],
    )  # fmt: skip
    for each in (plain, sheet, fixed):
        del each["file"], each["sha256"]
    assert plain == sheet == fixed


async def test_replies_are_joined_by_the_ids_of_their_segments(tmp_path: Path) -> None:
    chains, rows, truth = replies(KEYS.party, 300)
    made = job(
        write_csv(tmp_path / "month.csv", rows),
        record="mt",
        row="part",
        message_id_form="hex_to_dec",
        month_zone="Asia/Almaty",
        columns={
            "msisdn": "Абонент", "short_code": "Номер", "at": "Дата", "message_id": "Сообщение",
            "price": "Стоимость",
        },
        leave_out=[],
    )  # fmt: skip
    summary = await reconcile(made, ToldLedger(chains), tmp_path / "out")
    differences = [each for each in truth if each.cls is not Class.MATCHED]
    assert sorted(told_rows(tmp_path / "out")) == sorted(differences)
    assert len(counted(differences)) == 5
    assert summary["classes"]["matched"]["rows"] == counted(truth)[Class.MATCHED, Cause.NONE]
    assert summary["rows"]["read"] == summary["rows"]["compared"] == len(rows)
    assert summary["theirs"]["parts"] == len(rows)


async def test_a_disk_that_is_full_is_told_as_such(
    tmp_path: Path, lines: list[Line], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Scratch, "add_theirs", fails)
    path = write_csv(tmp_path / "month.csv", lines)
    with pytest.raises(OSError, match="cannot be written: database or disk is full"):
        await north(path, tmp_path / "out")
    assert [each.name for each in tmp_path.iterdir()] == ["month.csv"]
