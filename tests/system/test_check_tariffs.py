"""`jauap check` on the price table: what is wrong ends with 1, what may be meant is a warning."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway import config
from gateway.cli import jauap
from gateway.keys import read_key_file
from gateway.settings import SettingsError

SETTINGS = '[store]\nurl = "sqlite://{folder}/journal.db"\nkey_file = "{folder}/key"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    data = Path(shutil.copytree(config.folder(), tmp_path / "config"))
    monkeypatch.setattr(config, "folder", lambda: data)
    (tmp_path / "jauap.toml").write_text(SETTINGS.format(folder=tmp_path), encoding="utf-8")
    read_key_file(tmp_path / "key", create=True)
    return tmp_path


def check(folder: Path, *above: str) -> Result:
    """With those rows above all others."""
    path = folder / "config" / "tariffs.toml"
    head, mark, rest = path.read_text(encoding="utf-8").partition("[[rule]]")
    path.write_text("\n".join((head, *above, mark + rest)), encoding="utf-8")
    return CliRunner().invoke(jauap, ["check", "--json", "-c", str(folder / "jauap.toml")])


def told(done: Result) -> dict[str, list[str]]:
    """The JSON behind the log's lines."""
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found


def rule(id_: str, price_tiyn: str = "1500", **scope: str) -> str:
    lists = {"operators": '"*"', "channels": '["sms"]'} | scope
    return "\n".join(
        (
            "[[rule]]",
            f'id = "{id_}"',
            *(f"{key} = {value}" for key, value in lists.items()),
            f"price_tiyn = {price_tiyn}",
            'charge_point = "mo"',
        )
    )


def test_a_rule_that_hides_another_is_a_problem(folder: Path) -> None:
    done = check(folder, rule("all"))
    assert done.exit_code == 1
    problems = told(done)["problems"]
    hidden = "config/tariffs.toml: rule 2 (sms-15) can never match"
    assert [problem for problem in problems if "never" in problem] == [
        hidden + ": all that it covers is taken before it by rule 1 (all); move it up, or remove it"
    ]
    assert any("example 6: expected gross_tiyn = 1500 and credit = True" in p for p in problems)


def test_what_may_be_meant_is_a_warning(folder: Path) -> None:
    done = check(folder, rule("west", operators='["west"]', valid_from="2027-01-01"))
    assert done.exit_code == 0, done.stdout
    assert told(done)["problems"] == []
    assert (
        "config/tariffs.toml: rule 1 (west): operators has 'west', unknown to the settings"
        in told(done)["warnings"]
    )


def test_a_price_with_more_digits_than_money_is_refused(folder: Path) -> None:
    done = check(folder, rule("fine", "1500.25"))
    assert isinstance(done.exception, SettingsError)
    assert "/tariffs.toml: rule 1 (fine): price_tiyn = 1500.25" in str(done.exception)
