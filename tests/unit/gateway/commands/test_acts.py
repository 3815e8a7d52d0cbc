"""`jauap ledger act` and `jauap ledger report`, as they are typed."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.billing.reconcile.file_map import BANDS
from gateway.billing.reconcile.summary import FileRows, Heading, Tally
from gateway.cli import jauap
from gateway.commands import acts
from gateway.settings import SettingsError
from gateway.store import open_store
from tests.support.acts import EMPTY
from tests.support.journal import KEYS
from tests.support.months import at_us, month_of, store

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal with a month of two operators."""
    folder = tmp_path_factory.mktemp("acts")

    async def fill() -> None:
        journal = await open_store(f"sqlite://{folder}/journal.db", keys=KEYS)
        await store(journal, *month_of(date(2026, 11, 1), 120, 11, ("north", "south")))
        await journal.close()

    asyncio.run(fill())
    (folder / "settings.toml").write_text(
        f'[store]\nurl = "sqlite://{folder}/journal.db"\nkey_file = "{folder}/key"\n'
        '[[link]]\nname = "north"\nhost = "127.0.0.1"\nsystem_id = "x"\npassword_env = "NORTH"\n'
    )
    return folder


@pytest.fixture
def run(made: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("NORTH", "secret")
    now(monkeypatch, "2026-12-11 00:00")

    def invoke(*words: str | Path) -> Result:
        settings = ("-c", str(made / "settings.toml"))
        return CliRunner().invoke(jauap, ["ledger", *map(str, words), *settings])

    return invoke


def now(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("gateway.clock.wall_us", lambda: at_us(text))


def act(*words: str | Path, operator: str = "north") -> tuple[str | Path, ...]:
    return ("act", "--operator", operator, "--month", "2026-11", *words)


def told(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output + str(result.exception)
    found = json.loads(result.output)
    assert isinstance(found, dict)
    return found


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_one_document_is_the_file_that_was_named(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "november.html"
    result = told(run(*act("--language", "kk", "--format", "html", path, "--json")))
    assert (result["month"], result["draft"]) == ("2026-11", False)
    assert result["written"][0]["change"] == "new"
    assert "Салыстыру актісі" in path.read_text()
    assert names(tmp_path) == ["november.html", "november.html.sha256"]


def test_several_documents_stand_in_a_folder_with_fixed_names(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "acts"
    languages = ("--language", "ru", "--language", "en")
    told(run(*act(*languages, "--format", "html", "--format", "pdf", folder, "--json")))
    assert [each for each in names(folder) if not each.endswith(".sha256")] == [
        "act-north-2026-11-en.html",
        "act-north-2026-11-en.pdf",
        "act-north-2026-11-ru.html",
        "act-north-2026-11-ru.pdf",
    ]


def test_the_second_run_gives_the_same_octets(run: Run, tmp_path: Path) -> None:
    words = act("--format", "pdf", "--format", "json", tmp_path, "--json")
    first, second = told(run(*words)), told(run(*words))
    assert {each["change"] for each in second["written"]} == {"unchanged"}
    assert [each["sha256"] for each in first["written"]] == [
        each["sha256"] for each in second["written"]
    ]


def test_before_the_close_an_act_is_a_draft_and_becomes_another_afterwards(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = act("--language", "en", "--format", "html", tmp_path / "a.html", "--json")
    now(monkeypatch, "2026-12-10 23:59")
    assert told(run(*words))["draft"]
    assert "Draft." in (tmp_path / "a.html").read_text()
    now(monkeypatch, "2026-12-11 00:00")
    assert told(run(*words))["written"][0]["change"] == "changed"
    assert "Draft." not in (tmp_path / "a.html").read_text()


def test_a_closed_month_acted_twice_says_the_same_whoever_asks_when(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--language", "kk", "--language", "ru", "--format", "html", "--format", "json")
    told(run(*act(*words, tmp_path / "first", "--json")))
    now(monkeypatch, "2027-03-01 09:00")
    told(run(*act(*words, tmp_path / "again", "--json")))
    told(run("act", "--all", "--month", "2026-11", *words, tmp_path / "all", "--json"))
    made = {each.name: each.read_bytes() for each in (tmp_path / "first").iterdir()}
    assert len(made) == 6
    for folder in ("again", "all"):
        for name, octets in made.items():
            assert (tmp_path / folder / name).read_bytes() == octets, (folder, name)


def test_a_month_that_has_not_begun_has_no_act(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now(monkeypatch, "2026-10-31 23:59")
    result = run(*act("--format", "html", tmp_path / "a.html"))
    assert isinstance(result.exception, SettingsError)
    assert "2026-11 has not begun" in str(result.exception)
    assert names(tmp_path) == []


# -- all operators at once


def all_acts(*words: str | Path) -> tuple[str | Path, ...]:
    return ("act", "--all", "--month", "2026-11", *words)


def test_all_acts_go_into_a_folder(run: Run, tmp_path: Path) -> None:
    result = told(run(*all_acts("--format", "json", tmp_path / "acts", "--json")))
    assert [each["operator"] for each in result["acts"]] == ["north", "south"]
    assert sum(each["questions"] for each in result["acts"]) == 120
    assert [each for each in names(tmp_path / "acts") if not each.endswith(".sha256")] == [
        "act-north-2026-11.json",
        "act-south-2026-11.json",
    ]


def test_an_act_is_of_one_operator_or_of_all(run: Run, tmp_path: Path) -> None:
    for words in (("--month", "2026-11"), ("--month", "2026-11", "--all", "--operator", "north")):
        result = run("act", *words, tmp_path / "a")
        assert isinstance(result.exception, SettingsError)
        assert "name one --operator, or give --all" in str(result.exception)
    result = run("act", "--all", "--month", "2026-09", tmp_path / "a")
    assert isinstance(result.exception, SettingsError)
    assert "the journal has nothing of any operator for the act of 2026-09" in str(result.exception)
    assert names(tmp_path) == []


def summary_of(path: Path, operator: str = "north", **changes: Any) -> Path:
    heading = Heading(operator, "2026-11", f"{operator}.csv", "ab" * 32, "KZT")
    summary = Tally().summary(heading, FileRows(0, {}, 0), BANDS, 0, [])
    path.write_text(json.dumps(summary | changes))
    return path


def test_each_act_has_its_own_summary(run: Run, tmp_path: Path) -> None:
    north, south = (summary_of(tmp_path / name, name) for name in ("north", "south"))
    words = all_acts("--reconciled", north, "--reconciled", south, "--format", "json")
    told(run(*words, tmp_path / "acts", "--json"))
    for name in ("north", "south"):
        act_of = json.loads((tmp_path / "acts" / f"act-{name}-2026-11.json").read_text())
        assert act_of["reconciled"]["file"] == f"{name}.csv"
    result = run(*all_acts("--reconciled", north, "--reconciled", north), tmp_path / "acts")
    assert isinstance(result.exception, SettingsError)
    assert "north has another one" in str(result.exception)


def test_a_reconciliation_of_an_open_month_stands_in_drafts_alone(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = summary_of(tmp_path / "early", draft=True)
    words = act("--reconciled", early, "--format", "json", tmp_path / "a.json", "--json")
    result = run(*words)
    assert isinstance(result.exception, SettingsError)
    assert "was made before 2026-11 was closed on 2026-12-11" in str(result.exception)
    assert "reconcile again" in str(result.exception)
    now(monkeypatch, "2026-12-10 23:59")
    assert told(run(*words))["draft"]


# -- legal names


def test_both_sides_are_named_in_every_form(run: Run, tmp_path: Path) -> None:
    parties = tmp_path / "parties.toml"
    parties.write_text(
        '[[party]]\nof = ["north"]\nbin = "990140001233"\ncontract = "17/2026"\n'
        'contract_date = 2026-01-15\nname = { kk = "Солтүстік", ru = "Север", en = "North" }\n'
    )
    words = ("--parties", parties, "--language", "kk", "--format", "html", "--format", "json")
    result = told(run(*act(*words, tmp_path / "acts", "--json")))
    assert result["warnings"] == [
        "party 'owner': no row holds then; name, BIN and who signs are left to fill in",
        "party 'north': position, signatory left to fill in",
    ]
    html = (tmp_path / "acts" / "act-north-2026-11-kk.html").read_text()
    assert "Солтүстік" in html
    assert "№ 17/2026, 15.01.2026" in html
    sides = json.loads((tmp_path / "acts" / "act-north-2026-11.json").read_text())["sides"]
    assert sides["owner"] is None
    assert (sides["operator"]["bin"], sides["operator"]["contract_date"]) == (
        "990140001233",
        "2026-01-15",
    )
    plain = run(*act("--parties", parties, "--format", "html", tmp_path / "a.html"))
    assert "note             party 'owner'" in plain.output


def test_names_that_cannot_be_used_are_told(run: Run, tmp_path: Path) -> None:
    parties = tmp_path / "parties.toml"
    parties.write_text('[[party]]\nof = ["north"]\nbin = "1"\n')
    result = run(*act("--parties", parties, tmp_path / "a.html"))
    assert isinstance(result.exception, SettingsError)
    assert "parties.toml: party 1 (north)" in str(result.exception)


def test_the_figures_of_an_act_are_those_of_the_export(run: Run, tmp_path: Path) -> None:
    told(run("export", "--from", "20261101", "--to", "20261130", tmp_path / "e.csv", "--json"))
    told(run(*act("--format", "json", tmp_path / "a.json", "--json")))
    figures = json.loads((tmp_path / "a.json").read_text())
    with (tmp_path / "e.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["operator"] == "north"]
    for name in ("gross_tiyn", "charged_tiyn", "credited_tiyn", "adjusted_tiyn"):
        ours = sum(line[1][name] for line in figures["by_result"])
        assert ours == sum(int(row[name]) for row in rows if row["record_type"] == "mo"), name
    assert sum(count for _, count in figures["out"]) == sum(
        row["record_type"] == "mt" for row in rows
    )
    assert figures["settled"][0]["month"] == "2026-11"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--month", "2026-13"), "'2026-13' is no month; write it as 2026-11"),
        (("--month", "november"), "write it as 2026-11"),
        (("--language", "de"), "'de' is not one of"),
    ],
)
def test_what_was_typed_wrong_is_told(
    run: Run, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    result = run("act", "--operator", "north", "--month", "2026-11", *words, tmp_path / "a.html")
    assert result.exit_code == 2
    assert sentence in result.output
    assert names(tmp_path) == []


def test_an_operator_that_nobody_knows_is_told(run: Run, tmp_path: Path) -> None:
    result = run(*act(tmp_path / "a.pdf", operator="nrth"))
    assert isinstance(result.exception, SettingsError)
    assert "operator 'nrth'" in str(result.exception)
    assert "known are north, web" in str(result.exception)
    assert names(tmp_path) == []


def test_an_operator_that_only_the_journal_knows_has_its_act(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    assert told(run(*act("--format", "html", path, "--json", operator="south")))["questions"] > 0


def test_a_summary_of_another_month_is_refused(run: Run, tmp_path: Path) -> None:
    summary = tmp_path / "summary.json"
    summary.write_text("{}")
    result = run(*act("--reconciled", summary, tmp_path / "a.html"))
    assert isinstance(result.exception, SettingsError)
    assert "is no summary.json" in str(result.exception)


def test_a_folder_that_is_not_there_is_told(run: Run, tmp_path: Path) -> None:
    result = run(*act("--format", "html", tmp_path / "absent" / "a.html"))
    assert isinstance(result.exception, SettingsError)
    assert "absent" in str(result.exception)


def test_without_the_libraries_of_pdf_the_way_out_is_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: str) -> None:
        raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.setattr(acts.importlib, "import_module", missing)
    with pytest.raises(SettingsError, match="ask for --format html"):
        acts._pdf("<p>")


def test_a_name_with_signs_of_a_path_stays_in_the_folder() -> None:
    figures = EMPTY._replace(operator="../up")
    (name,) = acts._documents(figures, ["en"], ["html"], draft=False)
    assert "/" not in name


# -- report


def report(*words: str | Path) -> tuple[str | Path, ...]:
    return ("report", "--from", "20261101", "--to", "20261130", *words)


def test_a_report_is_a_table_by_day_unless_told_otherwise(run: Run, tmp_path: Path) -> None:
    facts = told(run(*report(tmp_path / "r.csv", "--json")))
    with (tmp_path / "r.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["day"] == "2026-11-01"
    assert rows[-1]["day"] == "total"
    assert int(rows[-1]["questions"]) == facts["questions"] == 120
    assert len(rows) == facts["groups"] + 1


def test_a_report_may_be_of_one_operator(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    both = told(run(*report("--by", "operator", path, "--json")))
    one = told(run(*report("--operator", "south", path, "--json")))
    assert both["groups"] == 2
    assert 0 < one["questions"] < both["questions"]


def test_a_report_may_be_a_chart_in_a_language(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "r.svg"
    words = ("--by", "kind", "--format", "svg", "--measure", "kept", "--language", "ru")
    told(run(*report(*words, path, "--json")))
    assert "Удержано, тенге, по видам обращений" in path.read_text()


def test_a_chart_by_two_keys_is_refused(run: Run, tmp_path: Path) -> None:
    words = ("--by", "day", "--by", "kind", "--format", "svg")
    result = run(*report(*words, tmp_path / "r.svg"))
    assert isinstance(result.exception, SettingsError)
    assert "a chart has one --by" in str(result.exception)
    assert names(tmp_path) == []
