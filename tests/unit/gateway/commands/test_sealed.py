"""`jauap ledger verify`, `head` and `prove` over a sealed journal, as they are typed."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import jauap
from gateway.settings import SettingsError
from tests.support.journal import AT, DAY, entry
from tests.support.sealed import DAYS, MASTER, Made, asked, fill
from tests.support.tampering import Copy

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    made = Made(tmp_path_factory.mktemp("made"))
    made.with_journal(lambda journal: fill(made, journal), writing=True)
    return made


@pytest.fixture
def folder(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it with settings; the day after its last one."""
    monkeypatch.setattr("gateway.clock.wall_us", lambda: AT + 3 * DAY)
    folder = tmp_path / "copy"
    shutil.copytree(made.path.parent, folder)
    (folder / "key").write_text(MASTER.hex())
    (folder / "key").chmod(0o600)
    (folder / "settings.toml").write_text(
        f'[store]\nurl = "sqlite://{folder}/journal.db"\nkey_file = "{folder}/key"\n'
    )
    return folder


@pytest.fixture
def run(folder: Path) -> Run:
    def invoke(*words: str | int | Path) -> Result:
        settings = ("-c", str(folder / "settings.toml"))
        return CliRunner().invoke(jauap, ["ledger", *map(str, words), *settings])

    return invoke


def change(folder: Path, id_: int = 5) -> None:
    with Copy(folder / "journal.db").edited() as edited:
        edited.change("entry", "amount_tiyn", id_)


def refused(result: Result) -> str:
    assert isinstance(result.exception, SettingsError), result.output
    return str(result.exception)


def test_a_sound_journal_is_told_in_figures(run: Run) -> None:
    result = run("verify", "--json")
    assert result.exit_code == 0, result.output
    sealed = json.loads(result.output)["sealed"]
    assert (sealed["seals"], sealed["rows"], sealed["older"], sealed["findings"]) == (
        66,
        198,
        0,
        [],
    )
    told = run("verify").output
    assert "sealed rows      198" in told
    assert "sealed heads     0" in told


def test_a_changed_row_is_a_line_with_its_key(run: Run, folder: Path) -> None:
    change(folder)
    result = run("verify")
    assert result.exit_code == 1
    assert (
        "entry 5  row_changed  entry 5 (rated:3000) is not what was sealed in batch 1"
        in result.output
    )
    listed = json.loads(run("verify", "--json").output)["sealed"]["findings"]
    assert [(each["kind"], each["id"], each["key"]) for each in listed] == [
        ("entry", 5, "rated:3000")
    ]


def test_seals_are_of_all_days_and_can_be_left_out(run: Run, folder: Path) -> None:
    with Copy(folder / "journal.db").edited() as edited:
        edited.change("entry", "result", 5)
    other_day = ("--from", DAYS[2], "--to", DAYS[2])
    assert run("verify", *other_day).exit_code == 1
    left_out = run("verify", *other_day, "--no-seals", "--json")
    assert left_out.exit_code == 0, left_out.output
    assert "sealed" not in json.loads(left_out.output)
    assert run("verify", "--no-seals", "--head", folder / "key").exit_code == 2


def test_the_rows_that_hang_on_a_seal_stand_behind_it(run: Run, folder: Path) -> None:
    with Copy(folder / "journal.db").edited() as edited:
        edited.all("DELETE FROM seal WHERE batch = 1")
    assert "seal 2  seal_missing  a seal between the beginning and seal 2 is missing  " \
        "(entry 1 to 8)" in run("verify").output  # fmt: skip


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
def test_a_billing_file_holds_the_journal_to_its_head(run: Run, folder: Path, form: str) -> None:
    path = folder / f"file.{form}"
    whole = ("export", path, "--from", DAYS[0], "--to", DAYS[1], "--format", form)
    assert run(*whole).exit_code == 0
    assert json.loads(run("verify", "--head", path, "--json").output)["sealed"]["heads"] == 1
    with Copy(folder / "journal.db").edited() as edited:
        edited.change("entry", "amount_tiyn", 5)
        edited.seal_anew(1, Made(folder).key)
    told = json.loads(run("verify", "--head", path, "--json").output)["sealed"]["findings"]
    codes = {each["code"] for each in told}
    assert codes == {"head_differs", "seals_cut"}


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
def test_the_file_of_days_that_are_over_is_the_same_for_ever(
    run: Run, folder: Path, form: str
) -> None:
    days = ("--from", DAYS[0], "--to", DAYS[1], "--format", form)
    assert run("export", folder / "a", *days).exit_code == 0
    made = Made(folder)
    made.with_journal(lambda journal: fill(made, journal, [3]), writing=True)
    assert run("export", folder / "b", *days).exit_code == 0
    assert (folder / "a").read_bytes() == (folder / "b").read_bytes()


def test_a_daily_file_has_the_head_of_its_day(run: Run, folder: Path) -> None:
    days = ("--from", DAYS[0], "--to", DAYS[2])
    result = run("export", "--daily", folder / "daily", *days, "--format", "ndjson")
    assert result.exit_code == 0, result.output
    for day in DAYS:
        word = run("head", "--day", day).output.strip()
        for path in (folder / "daily").glob(f"*{day}.ndjson"):
            trailer = json.loads(path.read_text().splitlines()[-1])
            assert trailer["sealed_head"] == word


def test_the_head_is_that_of_yesterday_unless_told_otherwise(run: Run) -> None:
    assert run("head").output == run("head", "--day", DAYS[2]).output
    told = json.loads(run("head", "--day", DAYS[0], "--json").output)
    assert (told["day"], told["over"], told["seals"]) == (DAYS[0], True, 22)
    assert told["head"].split(":")[2:6] == [
        told["node"], str(DAYS[0]), str(told["batch"]), "22",
    ]  # fmt: skip
    assert told["head"].endswith(f"{told['root']}:{told['chain']}")


def test_a_day_that_is_not_over_says_so(run: Run) -> None:
    result = run("head", "--day", 20261123)
    assert result.exit_code == 0
    assert "20261123 is not over" in result.stderr


@pytest.mark.parametrize("day", [20261124, 20261131, 20260229])
def test_a_day_to_come_or_of_no_calendar_is_wrong_use(run: Run, day: int) -> None:
    result = run("head", "--day", day)
    assert result.exit_code == 2
    assert str(day) in result.output


def test_before_sealing_there_is_no_head(run: Run) -> None:
    result = run("head", "--day", 20261119)
    assert (result.exit_code, result.output) == (1, "nothing was sealed by the end of 20261119\n")


def test_a_row_that_cannot_be_proven_is_told_why(run: Run, folder: Path) -> None:
    for key, why in (
        ("rated:1", "no ledger entry has this key"),
        ("call_record:1", "there is no such row"),
    ):
        result = run("prove", key)
        assert (result.exit_code, why in result.output) == (1, True)
    key = f"rated:{asked(3, 0).id}"
    assert run("prove", key).exit_code == 0
    change(folder)
    result = run("prove", key)
    assert result.exit_code == 1
    assert "not those that were sealed" in result.output


@pytest.mark.parametrize("days", [-400, 400])
def test_a_row_made_under_another_clock_is_proven_too(run: Run, folder: Path, days: int) -> None:
    made, of = Made(folder), asked(1, 0)
    made.now_us = AT + 3 * DAY
    paid = entry(of, "credited:late", amount_tiyn=-1, at_us=AT + days * DAY)
    made.with_journal(lambda journal: journal.book([paid]), writing=True)
    told = json.loads(run("prove", paid.key, "--json").output)
    assert (told["day"], paid.key in told["row"]) == (20261123, True)


def test_what_was_put_in_by_hand_is_not_proven(run: Run, folder: Path) -> None:
    with Copy(folder / "journal.db").edited() as edited:
        edited.all(
            "INSERT INTO entry SELECT id + 1000, 'credited:' || question_id || ':x', day, "
            "question_id, link, operator, party, channel, 'credited', -1, currency, vat_bp, "
            "charge_point, tariff, result, 'x', key, parts, at_us FROM entry WHERE id = 5"
        )
    assert "no seal names entry 1005" in run("prove", "credited:3000:x").output


def test_the_list_of_another_seal_may_be_damaged(run: Run, folder: Path) -> None:
    with Copy(folder / "journal.db").edited() as edited:
        edited.all("UPDATE seal SET leaves = substr(leaves, 1, 10) WHERE batch = 1")
    assert run("prove", f"rated:{asked(5, 0).id}").exit_code == 0


def test_a_seal_of_no_calendar_proves_nothing(run: Run, folder: Path) -> None:
    with Copy(folder / "journal.db").edited() as edited:
        edited.all("UPDATE seal SET at_us = 1 << 62 WHERE batch = 1")
    result = run("prove", f"rated:{asked(1, 0).id}")
    assert result.exit_code == 1
    assert "'jauap ledger verify' tells" in result.output


@pytest.mark.parametrize("table", ["sealing", "head"])
def test_a_table_that_was_emptied_is_a_problem_that_is_told(
    run: Run, folder: Path, table: str
) -> None:
    with Copy(folder / "journal.db").edited() as edited:
        edited.all(f"DELETE FROM {table}")
    result = run("verify")
    assert result.exit_code == 1
    assert "the journal cannot be read" in result.output
    assert f"{table} is empty" in result.output


def test_a_file_without_a_head_is_refused(run: Run, folder: Path) -> None:
    assert "no head of the ledger stands in it" in refused(run("verify", "--head", folder / "key"))


def test_a_page_that_was_damaged_is_a_problem_that_is_told(run: Run, folder: Path) -> None:
    path = folder / "journal.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [(page,)] = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'seal'")
        [(size,)] = connection.execute("PRAGMA page_size")
    octets = bytearray(path.read_bytes())
    octets[(page - 1) * size] ^= 0xFF
    path.write_bytes(octets)
    result = run("verify")
    assert result.exit_code == 1
    assert "the journal cannot be read: database disk image is malformed" in result.output
