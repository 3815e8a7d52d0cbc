"""`jauap ledger reconcile`, as it is typed: what depends on the day, and on earlier months."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli import jauap
from gateway.keys import KEY_OCTETS, Keys
from gateway.settings import SettingsError
from tests.support.months import at_us
from tests.support.operator_files import (
    OPERATORS,
    Happening,
    Line,
    Traffic,
    chain_of,
    map_of,
    write_csv,
)
from tests.support.reconcile_bench import build, toml

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal with a month of one operator, his file and its map."""
    folder = tmp_path_factory.mktemp("reconcile")
    traffic = Traffic(Keys(bytes(KEY_OCTETS)).party, count=120, every=1000, operators=OPERATORS[:1])
    asyncio.run(build(folder / "journal.db", traffic))
    lay_out(folder)
    write_csv(folder / "north.csv", sorted(traffic.lines("north")))
    return folder


def lay_out(folder: Path) -> None:
    """All that the command needs beside the journal and the file."""
    (folder / "key").write_text("00" * KEY_OCTETS, encoding="ascii")
    (folder / "key").chmod(0o600)
    (folder / "jauap.toml").write_text(
        f'[store]\nurl = "sqlite://{folder}/journal.db"\nkey_file = "{folder}/key"\n'
    )
    (folder / "north.toml").write_text(toml(map_of("north")), encoding="utf-8")


def sms(number: int, at: str) -> Happening:
    """A message that both sides have."""
    us, msisdn = at_us(at), f"7701{number:07}"
    chain = chain_of(number * 100, "north", msisdn, us, Keys(bytes(KEY_OCTETS)).party)
    return Happening("north", (chain,), (Line(us, msisdn),), ())


@pytest.fixture
def run(made: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    now(monkeypatch, "2026-12-11 00:00")

    def invoke(*words: str | Path) -> Result:
        own = (made / "north.csv", "--map", made / "north.toml", "-c", made / "jauap.toml")
        typed = ("--operator", "north", "--month", "2026-11", *words, *own)
        return CliRunner().invoke(jauap, ["ledger", "reconcile", *map(str, typed)])

    return invoke


def now(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("gateway.clock.wall_us", lambda: at_us(text))


def test_before_the_close_a_reconciliation_is_a_draft(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    now(monkeypatch, "2026-12-10 23:59")
    assert json.loads(run("--json").output)["draft"]
    told = "draft         the month closes on 2026-12-11; reconcile again for its act"
    assert told in run().output
    now(monkeypatch, "2026-12-11 00:00")
    assert not json.loads(run("--json").output)["draft"]
    assert "draft" not in run().output


def test_a_closed_month_reconciled_twice_gives_the_same_octets(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("--out", tmp_path / "first")
    now(monkeypatch, "2027-03-01 12:00")
    run("--out", tmp_path / "again")
    first = {each.name: each.read_bytes() for each in (tmp_path / "first").iterdir()}
    assert len(first) == 6
    assert first == {each.name: each.read_bytes() for each in (tmp_path / "again").iterdir()}


def test_folders_of_earlier_months_are_named_one_by_one(run: Run, tmp_path: Path) -> None:
    run("--out", tmp_path / "nov")
    result = run("--earlier", tmp_path / "nov", "--earlier", tmp_path / "nov")
    assert isinstance(result.exception, SettingsError)
    assert "is of 2026-11, which is not before 2026-11" in str(result.exception)
    assert "does not exist" in run("--earlier", tmp_path / "absent").output


def test_an_earlier_months_folder_is_not_written_over(run: Run, tmp_path: Path) -> None:
    october = tmp_path / "oct"
    october.mkdir(exist_ok=True)
    (october / "summary.json").write_text("{}")
    (tmp_path / "link").symlink_to(october)
    for out in (october, tmp_path / "link"):
        result = run("--earlier", october, "--out", out)
        assert isinstance(result.exception, SettingsError)
        assert "is one of --earlier; name another folder for --out" in str(result.exception)
    assert (october / "summary.json").read_text() == "{}"


def test_a_row_that_comes_late_stands_in_the_next_act_with_its_true_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two months of one journal: October's file lacks a row, November's has it."""
    now(monkeypatch, "2026-12-11 00:00")
    october, november = (
        [sms(first + day, f"{month}-{day:02} 12:00") for day in range(5, 25)]
        for first, month in ((100, "2026-10"), (200, "2026-11"))
    )
    late = october.pop(7)
    asyncio.run(build(tmp_path / "journal.db", [*october, late, *november]))
    lay_out(tmp_path)
    for name, told in (("2026-10", october), ("2026-11", [*november, late])):
        write_csv(tmp_path / f"{name}.csv", sorted(line for each in told for line in each.lines))

    def typed(*words: str | Path) -> dict[str, Any]:
        own = ("--operator", "north", "-c", tmp_path / "jauap.toml", "--json")
        result = CliRunner().invoke(jauap, ["ledger", *map(str, (*words, *own))])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        found: dict[str, Any] = json.loads(result.output)
        return found

    def reconciled(month: str, *words: str | Path) -> dict[str, Any]:
        map_ = ("--map", tmp_path / "north.toml", "--out", tmp_path / f"out-{month}")
        return typed("reconcile", "--month", month, *words, *map_, tmp_path / f"{month}.csv")

    assert reconciled("2026-10")["disputed_rows"] == 1
    assert reconciled("2026-11")["disputed_rows"] == 1
    assert reconciled("2026-11", "--earlier", tmp_path / "out-2026-10")["disputed_rows"] == 0
    made = ("--reconciled", tmp_path / "out-2026-11" / "summary.json", "--format", "html")
    typed("act", "--month", "2026-11", "--language", "en", *made, tmp_path / "act.html")
    text = re.sub(r"<[^>]+>|\s", " ", (tmp_path / "act.html").read_text("utf-8"))
    assert "2026-10-12 1 15.00 15.00" in re.sub(r" +", " ", text)
