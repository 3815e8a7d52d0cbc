"""`jauap ledger adjust`: what is agreed is booked, what cannot be is told."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.billing.reconcile.told import COLUMNS, csv_line
from gateway.cli import jauap
from gateway.clock import Clock
from gateway.settings import SettingsError
from gateway.store import open_store
from tests.support.months import asked, at_us, store


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal, and a reconciliation with one row of it and one of nobody's."""
    of = asked("2026-11-20 10:00")

    async def fill() -> None:
        journal = await open_store(f"sqlite://{tmp_path}/journal.db")
        await store(journal, of)
        await journal.close()

    asyncio.run(fill())
    (tmp_path / "jauap.toml").write_text(f'[store]\nurl = "sqlite://{tmp_path}/journal.db"\n')
    out = tmp_path / "out"
    out.mkdir()
    (out / "summary.json").write_text('{"operator": "north", "month": "2026-11"}')
    rows = [("price", of.question.id, -500), ("parts", 5, -1500)]
    lines = [
        csv_line([{"cause": cause, "question_id": id_, "difference_tiyn": tiyn}.get(column)
                  for column in COLUMNS])
        for cause, id_, tiyn in rows
    ]  # fmt: skip
    (out / "differing.csv").write_bytes(csv_line(COLUMNS) + b"".join(lines))
    (out / "only_ours.csv").write_bytes(csv_line(COLUMNS))
    now = at_us("2026-12-12 09:00")
    monkeypatch.setattr("gateway.commands.adjust.Clock", lambda: Clock(lambda: now))
    return out


def run(folder: Path, *words: str) -> Result:
    config = str(folder.parent / "jauap.toml")
    return CliRunner().invoke(
        jauap, ["ledger", "adjust", "-c", config, str(folder), "--by", "aigul", *words]
    )


def test_agreed_rows_are_booked_once(folder: Path) -> None:
    tried = json.loads(run(folder, "--cause", "price", "--dry-run", "--json").output)
    assert (tried["adjusted"], tried["adjusted_tiyn"], tried["written"]) == (1, -500, False)
    done = run(folder, "--cause", "price")
    assert done.exit_code == 0, done.output
    assert "adjusted_tiyn    -500" in done.output.splitlines()
    again = json.loads(run(folder, "--cause", "price", "--json").output)
    assert (again["adjusted"], again["booked_before"]) == (0, 1)


def test_what_cannot_be_booked_is_told_and_ends_with_1(folder: Path) -> None:
    result = run(folder, "--cause", "price", "--cause", "parts")
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == "  5  the journal has no question of that id"
    assert "adjusted         1" in result.output.splitlines()


def test_a_folder_of_something_else_and_words_that_do_not_fit_are_refused(folder: Path) -> None:
    assert run(folder, "--cause", "prices").exit_code == 2
    wrong = run(folder, "--cause", "price", "--by", "a;b")
    assert wrong.exit_code == 2
    assert "--by: without ';'" in wrong.output
    (folder / "summary.json").unlink()
    none = run(folder, "--cause", "price").exception
    assert isinstance(none, SettingsError)  # ends with 2
    assert "name the folder of" in str(none)
