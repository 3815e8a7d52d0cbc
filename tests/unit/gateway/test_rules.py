"""config/ as a whole: what is refused at start, and what the check finds."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from gateway import config, rules
from gateway.rules import load_rules, problems, tariff_warnings
from gateway.settings import IvrSettings, LinkSettings, Settings, SettingsError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(config.folder(), tmp_path / "config"))


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_shipped_files_have_no_problems() -> None:
    assert problems(load_rules(Settings())) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("bases.toml", "[police]", "[police]\nde = 'Polizei'", "config/bases.toml: police.de"),
        ("calendar/2026.toml", "2026-03-09, ", "", "config/calendar/2026.toml: moved"),
        ("terms.toml", "length = 15", "length = 16", "config/terms.toml: appeal: the example"),
        (
            "tariffs.toml",
            'channels = ["push"]',
            'channels = ["web"]',
            "tariffs.toml: rule 5 (push-",
        ),
        ("terms.toml", 'status = "taken"', 'status = "kept"', "escalation has no status 'kept'"),
    ],
)
def test_the_check_reads_the_calendar_the_terms_and_the_bases(
    root: Path, file: str, old: str, new: str, problem: str
) -> None:
    change(root / file, old, new)
    assert any(problem in each for each in problems(load_rules(Settings(), root)))


def test_tariffs_that_cannot_be_read_are_refused_by_file_and_row(root: Path) -> None:
    change(root / "tariffs.toml", "price_tiyn = 1500", "price_tiyn = 15.5")
    with pytest.raises(SettingsError, match=r"config/tariffs.toml: rule 1 \(sms-15\): price_tiyn"):
        load_rules(Settings(), root)


def test_what_may_be_a_slip_in_the_tariffs_is_a_warning(root: Path) -> None:
    today = date(2026, 11, 20)
    settings = Settings(
        link=(
            LinkSettings(name="north-1", host="127.0.0.1", system_id="1012", operator="north"),
            LinkSettings(name="south", host="127.0.0.1", system_id="1012"),
        ),
        ivr=(IvrSettings(name="1414", dialect="twiml", path="/ivr/1414", numbers=("1414",)),),
    )
    assert tariff_warnings(settings, load_rules(settings).tariffs, today) == []
    change(
        root / "tariffs.toml",
        'operators = "*"\nchannels = ["sms"]',
        'operators = ["north", "south", "web", "1414", "west"]\nchannels = ["sms"]',
    )
    assert tariff_warnings(settings, load_rules(settings, root).tariffs, today) == [
        "config/tariffs.toml: rule 1 (sms-15): operators has 'west', unknown to the settings"
    ]


def test_a_year_without_a_file_is_no_error(root: Path) -> None:
    (root / "calendar" / "2026.toml").unlink()
    assert problems(load_rules(Settings(), root)) == []


def test_old_zone_data_are_refused_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "zone_problem", lambda: "update tzdata")
    with pytest.raises(SettingsError, match="update tzdata"):
        load_rules(Settings())
