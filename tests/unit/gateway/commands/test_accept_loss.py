"""`jauap ledger accept-loss`: an engineer decides, on record; nothing is written before."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from click.testing import CliRunner, Result

from gateway.cli import jauap
from gateway.core.staff import AuditRecord, Role
from gateway.keys import Keys, read_key_file
from gateway.settings import SettingsError
from gateway.store import Journal, StoreLossError, open_store
from gateway.store.journal import Loss
from tests.support.journal import answer, question
from tests.support.staff import hire, key_of

T = TypeVar("T")


class Damaged:
    """A journal of some commits, put back as it was before the last three of them."""

    def __init__(self, folder: Path, *, staffed: bool) -> None:
        self.path = folder / "journal.db"
        self.keys = read_key_file(folder / "key", create=True)
        self.config = folder / "jauap.toml"
        self.config.write_text(
            f'[store]\nurl = "sqlite://{self.path}"\nkey_file = "{folder}/key"\n'
        )

        async def begin(journal: Journal) -> None:
            await journal.take([question(1)], [answer(question(1))])
            if staffed:
                await hire(journal, self.keys, "erlan", Role.ENGINEER)
                await hire(journal, self.keys, "aigul", Role.ACCOUNTANT)

        async def go_on(journal: Journal) -> None:
            for n in (2, 3, 4):
                await journal.take([question(n)], [answer(question(n))])

        self.work(begin)
        shutil.copy(self.path, folder / "old.db")
        self.work(go_on)
        shutil.copy(folder / "old.db", self.path)

    def work(self, verbs: Callable[[Journal], Awaitable[T]], keys: Keys | None = None) -> T:
        async def run() -> T:
            journal = await open_store(f"sqlite://{self.path}", keys=keys or self.keys)
            try:
                return await verbs(journal)
            finally:
                await journal.close()

        return asyncio.run(run())

    def refused(self) -> bool:
        async def nothing(_: Journal) -> None: ...

        try:
            self.work(nothing)
        except StoreLossError:
            return True
        return False

    def run(self, *words: str, by: str = "erlan", key: str | None = None) -> Result:
        command = ["ledger", "accept-loss", "-c", str(self.config), "--by", by, *words]
        return CliRunner().invoke(
            jauap, command, env={"JAUAP_STAFF_KEY": key_of(by) if key is None else key}
        )


@pytest.fixture
def damaged(tmp_path: Path) -> Damaged:
    return Damaged(tmp_path, staffed=True)


async def told(journal: Journal) -> tuple[list[Loss], list[AuditRecord]]:
    every = await journal.audit(0, 100, 0, 2**62)
    return list(await journal.losses()), [one for one in every if one.action == "accept-loss"]


def test_an_engineer_goes_on_without_what_is_missing(damaged: Damaged) -> None:
    assert damaged.refused()
    result = damaged.run("--reason", "restored from the copy of Monday", "--json")
    assert result.exit_code == 0, result.output
    given_up = json.loads(result.output)
    assert given_up["last_batch"] - given_up["first_batch"] == 2
    assert not damaged.refused()
    (loss,), (record,) = damaged.work(told)
    assert (loss.who, loss.reason) == ("erlan", "restored from the copy of Monday")
    assert loss.chain == given_up["chain"]
    assert (record.who, record.role, record.outcome) == ("erlan", "engineer", "done")
    assert record.target == f"batches {loss.first_batch} to {loss.last_batch}"
    assert record.detail == {"reason": loss.reason}


@pytest.mark.parametrize("command", [["check"], ["questions", "replay", "1"]])
def test_nothing_that_writes_begins_before(damaged: Damaged, command: list[str]) -> None:
    result = CliRunner().invoke(jauap, [*command, "-c", str(damaged.config)])
    assert isinstance(result.exception, SettingsError)
    assert "acknowledged data is missing: batches" in str(result.exception)


def test_a_copy_is_made_and_looked_at_before(damaged: Damaged, tmp_path: Path) -> None:
    copy = ["backup", "-c", str(damaged.config), str(tmp_path / "copy.db")]
    result = CliRunner().invoke(jauap, copy)
    assert result.exit_code == 0, result.output
    assert result.output.endswith("up to batch 3\n")


def test_where_nothing_is_missing_it_says_so(damaged: Damaged) -> None:
    assert damaged.run("--reason", "restored").exit_code == 0
    again = damaged.run("--reason", "restored")
    assert (again.exit_code, again.output) == (1, "nothing is missing\n")
    assert len(damaged.work(told)[0]) == 1


@pytest.mark.parametrize(
    ("by", "key", "why"),
    [
        ("aigul", "aigul", "does not allow"),
        ("erlan", "aigul", "nobody of the name erlan has this key"),
        ("zhanar", "zhanar", "nobody of the name zhanar"),
    ],
)
def test_nobody_else_decides_and_nothing_is_written(
    damaged: Damaged, by: str, key: str, why: str
) -> None:
    before = damaged.path.read_bytes()
    result = damaged.run("--reason", "restored", by=by, key=key_of(key))
    assert result.exit_code == 2
    assert why in result.output
    assert damaged.refused()
    assert damaged.path.read_bytes() == before


def test_where_no_engineer_is_known_the_key_file_is_enough(tmp_path: Path) -> None:
    damaged = Damaged(tmp_path, staffed=False)
    result = damaged.run("--reason", "restored", key="")
    assert result.exit_code == 0, result.output
    (loss,), (record,) = damaged.work(told)
    assert loss.who == record.who == "(key file)"


def test_a_journal_that_is_gone_as_a_whole_begins_anew(damaged: Damaged) -> None:
    damaged.path.unlink()
    assert damaged.refused()
    result = damaged.run("--reason", "the disk is gone", key="")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("batches 1 to ")
    (loss,), _ = damaged.work(told)
    assert loss.first_batch == 1


def test_a_path_without_journal_and_witness_is_a_mistake(damaged: Damaged) -> None:
    damaged.path.unlink()
    damaged.path.with_name("journal.db.witness").unlink()
    result = damaged.run("--reason", "restored")
    assert isinstance(result.exception, SettingsError)
    assert not damaged.path.exists()


@pytest.mark.parametrize("reason", ["", "a\nb", "77010001234", "x" * 201])
def test_a_reason_is_a_line_without_numbers(damaged: Damaged, reason: str) -> None:
    result = damaged.run("--reason", reason)
    assert result.exit_code == 2
    assert "reason" in result.output
    assert damaged.refused()
