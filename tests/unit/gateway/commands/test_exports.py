"""`jauap ledger export`, as it is typed."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pyarrow import parquet

from gateway.cli import jauap
from gateway.settings import SettingsError
from gateway.store import open_store
from tests.support.journal import KEYS
from tests.support.months import at_us, month_of, store

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal with a month of two operators; the settings know one of them, and a new one."""
    folder = tmp_path_factory.mktemp("exports")

    async def fill() -> None:
        journal = await open_store(f"sqlite://{folder}/journal.db", keys=KEYS)
        await store(journal, *month_of(date(2026, 11, 1), 90, 11, ("north", "gone")))
        await journal.close()

    asyncio.run(fill())
    (folder / "settings.toml").write_text(
        f'[store]\nurl = "sqlite://{folder}/journal.db"\nkey_file = "{folder}/key"\n'
        '[[link]]\nname = "n1"\noperator = "north"\nhost = "127.0.0.1"\nsystem_id = "x"\n'
        'password_env = "NORTH"\n'
        '[[link]]\nname = "new"\nhost = "127.0.0.1"\nsystem_id = "x"\npassword_env = "NORTH"\n'
    )
    return folder


@pytest.fixture
def run(made: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("NORTH", "secret")
    monkeypatch.setattr("gateway.clock.wall_us", lambda: at_us("2026-11-21 12:00"))

    def invoke(*words: str | Path) -> Result:
        settings = ("-c", str(made / "settings.toml"))
        return CliRunner().invoke(jauap, ["ledger", "export", *map(str, words), *settings])

    return invoke


def refused(result: Result) -> str:
    assert isinstance(result.exception, SettingsError), result.output
    return str(result.exception)


def days(first: int, last: int) -> tuple[str, ...]:
    return ("--from", str(first), "--to", str(last))


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
def test_a_file_holds_what_the_report_says(run: Run, tmp_path: Path, form: str) -> None:
    path = tmp_path / "a"
    result = run("--format", form, path, "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.output)
    if form == "csv":
        with path.open(newline="") as file:
            assert len(list(csv.reader(file))) == report["rows"] + 2  # header, trailer
    elif form == "ndjson":
        assert len(path.read_text().splitlines()) == report["rows"] + 1
    else:
        assert parquet.read_metadata(path).num_rows == report["rows"]


def test_one_operator_alone_with_names_of_3gpp(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    words = ("--operator", "north", "--names", "3gpp", "--format", "ndjson")
    assert run(*words, path).exit_code == 0
    *found, trailer = map(json.loads, path.read_text().splitlines())
    assert {row["operator"] for row in found} == {"north"}
    assert {row["recordType"] for row in found} == {"sCSMORecord", "sCSMTRecord"}
    assert (trailer["operator"], trailer["localRecordSequenceNumber"]) == ("north", len(found))


def test_daily_writes_a_file_for_each_operator_and_day(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "daily"
    result = run("--daily", folder, *days(20261120, 20261121), "--json")
    assert result.exit_code == 0, result.output
    files = json.loads(result.output)["files"]
    assert [(each["operator"], each["day"], each["over"]) for each in files] == [
        (operator, day, day == 20261120)
        for day in (20261120, 20261121)
        for operator in ("gone", "new", "north", "web")
    ]
    assert all(Path(each["file"]).exists() for each in files)
    told = run("--daily", folder, *days(20261121, 20261121)).output
    assert "ledger-north-20261121.csv  (the day is not over)" in told


def test_an_operator_that_is_gone_keeps_its_files(run: Run, tmp_path: Path) -> None:
    month = days(20261101, 20261120)
    assert run("--operator", "gone", tmp_path / "a.csv").exit_code == 0
    result = run("--operator", "gone", "--daily", tmp_path / "daily", *month, "--json")
    assert len(json.loads(result.output)["files"]) == 20


def test_a_new_operator_has_a_file_without_rows(run: Run, tmp_path: Path) -> None:
    assert json.loads(run("--operator", "new", tmp_path / "a", "--json").output)["rows"] == 0


def test_an_operator_misspelled_is_refused_and_those_known_are_named(
    run: Run, tmp_path: Path
) -> None:
    for place in ((tmp_path / "a.csv",), ("--daily", tmp_path / "b", *days(20261101, 20261102))):
        text = refused(run("--operator", "nort", *place))
        assert "operator 'nort': the journal has nothing on these days" in text
        assert "new, north, web" in text
    assert not (tmp_path / "a.csv").exists()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((), "--daily needs --from and --to"),
        (days(20261120, 20261122), "--to 20261122: it has not begun; today is 20261121"),
        (days(20261131, 20261132), "20261131 is no day; write it as 20261120"),
        (days(20261121, 20261120), "are 0 days; name 1 to 366"),
        (days(20241101, 20261120), "are 750 days; name 1 to 366"),
    ],
)
def test_daily_wants_days_that_have_been(
    run: Run, tmp_path: Path, words: tuple[str, ...], text: str
) -> None:
    assert text in refused(run("--daily", tmp_path / "daily", *words))
    assert not any(tmp_path.rglob("*.csv"))


def test_a_file_and_a_folder_are_not_both_meant(run: Run, tmp_path: Path) -> None:
    for words in ((), (tmp_path / "a", "--daily", tmp_path)):
        result = run(*words)
        assert result.exit_code == 2
        assert "name a file (PATH) or a folder (--daily), one of them" in result.output


def test_a_folder_that_cannot_be_made_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    text = refused(run("--daily", tmp_path / "file" / "daily", *days(20261120, 20261120)))
    assert str(tmp_path / "file" / "daily") in text
