"""config/ as a whole: what is refused at start, and what the check finds."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway import config, rules
from gateway.rules import load_rules, problems
from gateway.settings import Settings, SettingsError


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
        ("terms.toml", 'status = "taken"', 'status = "kept"', "escalation has no status 'kept'"),
    ],
)
def test_the_check_reads_the_calendar_the_terms_and_the_bases(
    root: Path, file: str, old: str, new: str, problem: str
) -> None:
    change(root / file, old, new)
    assert any(problem in each for each in problems(load_rules(Settings(), root)))


def test_a_year_without_a_file_is_no_error(root: Path) -> None:
    (root / "calendar" / "2026.toml").unlink()
    assert problems(load_rules(Settings(), root)) == []


def test_old_zone_data_are_refused_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "zone_problem", lambda: "update tzdata")
    with pytest.raises(SettingsError, match="update tzdata"):
        load_rules(Settings())
