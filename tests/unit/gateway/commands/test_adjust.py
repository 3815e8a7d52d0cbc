"""`jauap ledger adjust`: what is agreed is booked, what cannot be is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.billing.forms import csv_line
from gateway.billing.reconcile.told import COLUMNS
from gateway.cli import jauap
from gateway.clock import Clock
from gateway.core.staff import AuditRecord, Role
from gateway.keys import read_key_file
from gateway.settings import SettingsError
from gateway.store import open_store
from tests.support.months import asked, at_us, store
from tests.support.staff import hire, key_of


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal, a reconciliation with one row of it and one of nobody's, and an accountant."""
    of = asked("2026-11-20 10:00")

    async def fill() -> None:
        keys = read_key_file(tmp_path / "key", create=True)
        journal = await open_store(f"sqlite://{tmp_path}/journal.db", keys=keys)
        await store(journal, of)
        await hire(journal, keys)
        await hire(journal, keys, "zhanar", Role.AUDITOR)
        await journal.close()

    asyncio.run(fill())
    (tmp_path / "jauap.toml").write_text(
        f'[store]\nurl = "sqlite://{tmp_path}/journal.db"\nkey_file = "{tmp_path}/key"\n'
    )
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


def run(folder: Path, *words: str, by: str = "aigul") -> Result:
    config = str(folder.parent / "jauap.toml")
    return CliRunner().invoke(
        jauap,
        ["ledger", "adjust", "-c", config, str(folder), "--by", by, *words],
        env={"JAUAP_STAFF_KEY": key_of(by)},
    )


def recorded(folder: Path) -> list[tuple[str, str, str]]:
    """Who, of what, with what outcome; not how they came."""

    async def read() -> Sequence[AuditRecord]:
        journal = await open_store(f"sqlite://{folder.parent}/journal.db")
        try:
            return await journal.audit(2, 100, 0, 2**62)
        finally:
            await journal.close()

    return [(each.who, each.target, each.outcome) for each in asyncio.run(read())]


def test_agreed_rows_are_booked_once(folder: Path) -> None:
    tried = json.loads(run(folder, "--cause", "price", "--dry-run", "--json").output)
    assert (tried["adjusted"], tried["adjusted_tiyn"], tried["written"]) == (1, -500, False)
    done = run(folder, "--cause", "price")
    assert done.exit_code == 0, done.output
    assert "adjusted_tiyn    -500" in done.output.splitlines()
    again = json.loads(run(folder, "--cause", "price", "--json").output)
    assert (again["adjusted"], again["booked_before"]) == (0, 1)
    assert recorded(folder) == [("aigul", "north 2026-11", each) for each in ("booked", "nothing")]


def test_who_may_not_adjusts_nothing_and_is_recorded(folder: Path) -> None:
    refused = run(folder, "--cause", "price", by="zhanar")
    assert refused.exit_code == 2
    assert "the role of zhanar does not allow this" in refused.output
    assert recorded(folder) == [("zhanar", "north 2026-11", "refused")]
    assert json.loads(run(folder, "--cause", "price", "--json").output)["adjusted"] == 1


def test_what_cannot_be_booked_is_told_and_ends_with_1(folder: Path) -> None:
    result = run(folder, "--cause", "price", "--cause", "parts")
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == "  5  the journal has no question of that id"
    assert "adjusted         1" in result.output.splitlines()


def test_a_folder_of_something_else_and_words_that_do_not_fit_are_refused(folder: Path) -> None:
    assert run(folder, "--cause", "prices").exit_code == 2
    wrong = run(folder, "--cause", "price", "--by", "a;b")
    assert wrong.exit_code == 2
    assert "a name has 2 to 40 of" in wrong.output
    (folder / "summary.json").unlink()
    none = run(folder, "--cause", "price").exception
    assert isinstance(none, SettingsError)  # ends with 2
    assert "name the folder of" in str(none)
