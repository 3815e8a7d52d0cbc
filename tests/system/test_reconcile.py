"""`jauap ledger reconcile` as a process, on a real journal."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from gateway.keys import KEY_OCTETS, Keys
from tests.support.operator_files import OPERATORS, Traffic, map_of, write_csv
from tests.support.reconcile_bench import build, toml

JAUAP = str(Path(sys.executable).parent / "jauap")
NORTH = OPERATORS[0]
PROCESS_S = 30.0


class Desk:
    """A journal of a month, and the command beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.month = folder / "month.csv"
        self.layout = folder / "north.toml"
        self.traffic = Traffic(
            Keys(bytes(KEY_OCTETS)).party, count=400, every=40, operators=(NORTH,)
        )

    async def lay_out(self) -> None:
        journal, key = self.folder / "journal.db", self.folder / "key"
        await build(journal, self.traffic)
        key.write_text("00" * KEY_OCTETS, encoding="ascii")
        key.chmod(0o600)
        (self.folder / "jauap.toml").write_text(
            f'[store]\nurl = "sqlite://{journal}"\nkey_file = "{key}"\n', encoding="utf-8"
        )
        self.layout.write_text(toml(map_of(NORTH.name)), encoding="utf-8")
        write_csv(self.month, sorted(self.traffic.lines(NORTH.name)))

    async def reconcile(self, *more: str, operator: str = "north") -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            *(JAUAP, "ledger", "reconcile", "-c", str(self.folder / "jauap.toml")),
            *("--operator", operator, "--month", "2026-11", *more, str(self.month)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(PROCESS_S):
            out, error = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode(), error.decode()


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    await made.lay_out()
    return made


async def test_a_month_is_reconciled_and_what_differs_is_handed_on(desk: Desk) -> None:
    out = desk.folder / "out"
    arguments = ("--map", str(desk.layout), "--out", str(out))
    code, printed, error = await desk.reconcile(*arguments, "--json")
    assert (code, error) == (1, "")
    summary = json.loads(printed)
    assert summary == json.loads((out / "summary.json").read_text(encoding="utf-8"))
    differing = [each for each in desk.traffic.truth(NORTH.name) if each.cause]
    assert sum(each["rows"] for each in summary["causes"]) == len(differing) == 10
    code, printed, _ = await desk.reconcile(*arguments)
    assert code == 1
    assert "exchange, exchange the disputed rows within five working days" in printed
    assert f"written       {out}" in printed


async def test_a_difference_within_the_first_band_is_accepted(desk: Desk) -> None:
    desk.layout.write_text(toml(map_of(NORTH.name, bands={"accept_bp": 300})), encoding="utf-8")
    code, printed, _ = await desk.reconcile("--map", str(desk.layout))
    assert code == 0
    assert "accept, the operator's figure stands" in printed


async def test_what_cannot_be_used_is_named_and_ends_with_2(desk: Desk) -> None:
    code, _, error = await desk.reconcile()
    assert code == 2
    assert "reconcile/north.toml: there is no map" in error
    desk.layout.write_text(toml(map_of(NORTH.name, encoding="utf-8")), encoding="utf-8")
    code, _, error = await desk.reconcile("--map", str(desk.layout))
    assert code == 2
    assert f"{desk.month}: row 1: octet 1 is not utf-8" in error
    assert "set `encoding`" in error
    desk.layout.write_text(toml(map_of(NORTH.name, window=3)), encoding="utf-8")
    code, _, error = await desk.reconcile("--map", str(desk.layout))
    assert code == 2
    assert f"{desk.layout}: map: unknown key 'window'" in error
