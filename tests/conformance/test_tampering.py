"""A journal made through its verbs, edited with plain SQL: whatever somebody does to what is
sealed, it is told, with the row it was done to, and nothing else is."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from random import Random

import pytest

from gateway.billing.sealed.check import SealReport
from gateway.core.seal import FIRST_CHAIN, RowKind, Seal, named
from gateway.core.staff import Acting
from gateway.store import Journal, open_store
from gateway.store.witness import Witness
from tests.support.journal import answer
from tests.support.sealed import DAYS, KEYS, Made, asked, fill
from tests.support.tampering import EACH_FIELD, OTHERS, Copy, Rows

ALL = EACH_FIELD | OTHERS
TAMPERINGS = 200
CASES = [
    (name, seed)
    for seed, name in enumerate([*ALL, *(list(OTHERS) * 9)][:TAMPERINGS], start=20_261_120)
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    made = Made(tmp_path_factory.mktemp("sealed"))
    made.with_journal(lambda journal: fill(made, journal), writing=True)
    return made


@pytest.fixture
def copy(made: Made, tmp_path: Path) -> Made:
    shutil.copytree(made.path.parent, tmp_path / "copy")
    return Made(tmp_path / "copy")


def rows_told(report: SealReport) -> Rows:
    return {(each.kind, each.id) for each in report.findings if each.kind not in ("seal", "head")}


def seals_told(report: SealReport) -> set[int]:
    return {each.id for each in report.findings if each.kind == "seal"}


def codes(report: SealReport) -> set[str]:
    return {each.code for each in report.findings}


def test_an_untouched_journal_has_nothing_to_tell(made: Made) -> None:
    report = made.check(*(made.head(day) for day in DAYS))
    assert report.findings == ()
    assert (report.seals, report.rows, report.heads) == (66, 198, len(DAYS))
    assert report.witnessed is not None
    assert report.witnessed >= report.last_batch


def test_every_column_is_among_those_that_are_changed(made: Made) -> None:
    with Copy(made.path).edited() as edited:
        for table in ("entry", "call_record", "call_leg", "audit", "staff"):
            columns = {name for _, name, *_ in edited.all(f"PRAGMA table_info({table})")}
            told = {name.split(".")[1] for name in EACH_FIELD if name.startswith(f"{table}.")}
            assert told == columns - {"id"}


@pytest.mark.parametrize(("name", "seed"), CASES, ids=str)
def test_a_tampering_is_found_and_what_it_was_done_to_is_named(
    copy: Made, name: str, seed: int
) -> None:
    with Copy(copy.path).edited() as edited:
        told = ALL[name](edited, Random(seed))
    report = copy.check()
    assert rows_told(report) == told.rows
    assert seals_told(report) == told.seals
    assert codes(report) == told.codes
    assert report.findings_count == len(report.findings)


def test_a_row_is_told_by_its_key(copy: Made) -> None:
    with Copy(copy.path).edited() as edited:
        edited.change("entry", "amount_tiyn", 5)
        edited.all("DELETE FROM entry WHERE id = 9")
        [(link, call_id, leg, record)] = edited.all(
            "SELECT link, call_id, leg, r.id FROM call_record r JOIN call_leg l ON l.id = leg_id "
            "LIMIT 1"
        )
        edited.change("call_record", "billable_s", record)
    changed, gone, called = sorted(copy.check().findings, key=lambda each: each.id)
    assert (changed.key, gone.key, called.key) == ("rated:3000", None, f"{link} {call_id} {leg}")
    assert changed.sentence == "entry 5 (rated:3000) is not what was sealed in batch 1"
    assert gone.sentence == "entry 9 was sealed in batch 2 and is gone"


def test_a_last_row_taken_out_is_missed_when_its_id_was_given_anew(copy: Made) -> None:
    with Copy(copy.path).edited() as edited:
        last = max(edited.ids("entry"))
        edited.all("DELETE FROM entry WHERE id = ?", last)
    new = asked(90, 2)
    copy.with_journal(lambda journal: journal.take([new], [answer(new)]), writing=True)
    report = copy.check()
    assert [(each.kind, each.id, each.code) for each in report.findings] == [
        ("entry", last, "row_missing")
    ]


def test_a_row_put_in_between_two_commits_is_found(copy: Made) -> None:
    with Copy(copy.path).edited() as edited:
        id_ = max(edited.ids("entry")) + 1
        edited.all(
            "INSERT INTO entry SELECT ?, 'credited:' || question_id || ':x', day, question_id, "
            "link, operator, party, channel, 'credited', -1, currency, vat_bp, charge_point, "
            "tariff, result, 'x', key, parts, at_us FROM entry WHERE id = 2", id_,
        )  # fmt: skip
    new = asked(91, 2)
    copy.with_journal(lambda journal: journal.take([new], [answer(new)]), writing=True)
    assert rows_told(copy.check()) == {("entry", id_)}


def test_an_old_backup_put_back_is_found(tmp_path: Path) -> None:
    made = Made(tmp_path)

    async def two_days_and_one(journal: Journal) -> None:
        await fill(made, journal, range(2))
        await journal.backup(tmp_path / "old.db")
        await fill(made, journal, range(2, 3))

    made.with_journal(two_days_and_one, writing=True)
    last = made.check().witnessed
    for each in tmp_path.glob("journal.db-*"):
        each.unlink()
    (tmp_path / "old.db").replace(made.path)
    report = made.check()
    assert [(each.code, each.id) for each in report.findings] == [("seals_cut", last)]


def test_a_loss_that_was_accepted_is_no_finding_but_its_heads_are(tmp_path: Path) -> None:
    made = Made(tmp_path)

    async def two_days_and_one(journal: Journal) -> None:
        await fill(made, journal, range(2))
        await journal.backup(tmp_path / "old.db")
        await fill(made, journal, range(2, 3))

    made.with_journal(two_days_and_one, writing=True)
    kept, lost = made.head(DAYS[1]), made.head(DAYS[2])
    for each in tmp_path.glob("journal.db-*"):
        each.unlink()
    (tmp_path / "old.db").replace(made.path)

    async def accept() -> None:
        journal = await open_store(made.url, keys=KEYS, check=False)
        try:
            await journal.accept_loss(Acting("aliya", "engineer"), "the disk died", made.now_us)
        finally:
            await journal.close()

    asyncio.run(accept())
    assert made.check(kept).findings == ()
    (found,) = made.check(kept, lost).findings
    assert (found.code, found.id) == ("head_lost", lost.batch)
    assert "given up by aliya" in found.sentence


def test_commits_without_money_are_missed_too(copy: Made) -> None:
    with Copy(copy.path).edited() as edited:
        edited.all("UPDATE head SET batch = batch - 1")
    (found,) = copy.check().findings
    assert found.code == "seals_cut"
    assert "commits are missing" in found.sentence


@pytest.mark.parametrize("day", [0, 1, 2])
def test_who_holds_the_key_is_found_by_a_head_of_the_day_or_later(
    made: Made, copy: Made, day: int
) -> None:
    heads = [made.head(each) for each in DAYS]
    before = heads[day - 1].batch if day else 0
    with Copy(copy.path).edited() as edited:
        batch = min(each for each in edited.batches() if each > before)
        id_ = next(row.id for row in named(edited.seal(batch)[3]) if row.kind == RowKind.ENTRY)
        edited.all("UPDATE entry SET amount_tiyn = 1 WHERE id = ?", id_)
        edited.seal_anew(batch, KEYS.seal)
        last = Seal(*edited.seal(max(edited.batches())))
    seen = copy.check().witnessed
    assert seen is not None
    witness = Witness(Path(f"{copy.path}.witness"))
    witness.write(seen, last.chain)
    witness.close()
    assert copy.check(*heads[:day]).findings == ()  # nothing inside the journal tells
    report = copy.check(*heads)
    assert [(each.code, each.id) for each in report.findings] == [
        ("head_differs", head.batch) for head in heads[day:]
    ]
    assert report.heads == day
    assert f"what was sealed after seal {before} is not what it was" in report.findings[0].sentence


def test_a_head_of_another_node_or_with_another_root_is_told(made: Made) -> None:
    head = made.head(DAYS[1])
    foreign = head._replace(node="0123456789abcdef")
    other_root = head._replace(root=FIRST_CHAIN)
    (found,) = made.check(foreign).findings
    assert found.code == "head_foreign"
    (found,) = made.check(other_root).findings
    assert found.code == "head_root"


@pytest.mark.parametrize("at_us", [1 << 62, -(1 << 62)])
def test_a_time_of_no_calendar_is_told_as_any_other(made: Made, copy: Made, at_us: int) -> None:
    heads = [made.head(day) for day in DAYS]
    with Copy(copy.path).edited() as edited:
        edited.all("UPDATE seal SET at_us = ? WHERE batch = 5", at_us)
    report = copy.check(*heads)
    assert seals_told(report) == {5}
    assert codes(report) == {"seal_changed", "head_root"}


def test_text_that_is_none_harms_no_other_row(copy: Made) -> None:
    with Copy(copy.path).edited() as edited:
        edited.all("UPDATE entry SET result = CAST(x'5cff22fe' AS TEXT) WHERE id = 12")
    assert rows_told(copy.check()) == {("entry", 12)}


@pytest.mark.parametrize("table", ["entry", "call_record"])
def test_who_calls_sealed_rows_old_hides_nothing_among_them(copy: Made, table: str) -> None:
    with Copy(copy.path).edited() as edited:
        told = OTHERS["entry added" if table == "entry" else "record added"](edited, Random(3))
        [(mark,)] = edited.all(f"SELECT max(id) FROM {table}")
        edited.all(f"UPDATE sealing SET after_{table.removeprefix('call_')} = ?", mark)
    report = copy.check()
    assert rows_told(report) == told.rows | {(table, mark)}
    assert codes(report) == told.codes | {"older_rows"}
    assert report.older == 0


def test_who_takes_all_seals_out_and_calls_all_rows_old_is_found(made: Made, copy: Made) -> None:
    head = made.head(DAYS[0])
    with Copy(copy.path).edited() as edited:
        edited.all("DELETE FROM seal")
        edited.all(
            "UPDATE sealing SET after_entry = (SELECT max(id) FROM entry), "
            "after_record = (SELECT max(id) FROM call_record)"
        )
    report = copy.check(head)
    assert {"seals_cut", "head_differs"} <= codes(report)
