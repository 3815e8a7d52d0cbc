"""`jauap calls list`: the legs of calls, their sums, and no phone."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from click.testing import CliRunner

from gateway.cli import jauap
from gateway.store import open_store
from tests.support.journal import KEYS, TODAY
from tests.support.legs import leg, record


def journal(folder: Path) -> list[str]:
    """Three legs, one of them open and one of the day before; the options that name them."""
    path = folder / "journal.db"

    async def fill() -> None:
        store = await open_store(f"sqlite://{path}", keys=KEYS)
        await store.close_legs([record(leg(1)), record(leg(2, day=TODAY - 1), platform_s=59)])
        await store.open_legs([leg(3)])
        await store.close()

    asyncio.run(fill())
    config = folder / "jauap.toml"
    config.write_text(f'[store]\nurl = "sqlite://{path}"\nkey_file = "{folder}/key"\n')
    return ["calls", "list", "-c", str(config)]


def test_legs_are_told_with_their_sums(tmp_path: Path) -> None:
    result = CliRunner().invoke(jauap, journal(tmp_path))
    assert result.exit_code == 0, result.output
    *lines, sums = result.output.splitlines()
    assert len(lines) == 3
    assert lines[0].split() == [
        "1000", "2026-11-20T05:00:01+00:00", "1414", "1414", "caller", "completed", "hangup", "-",
        "60", "60", "owner", "600",
    ]  # fmt: skip
    assert lines[2].split()[5:] == ["open", "-", "-", "-", "-", "-", "-"]
    assert sums == "legs 3  open 1  billable_s 120  payer_tiyn 1200"
    assert "7701000" not in result.output


def test_days_limit_and_openness_choose_what_is_told(tmp_path: Path) -> None:
    command = journal(tmp_path)
    today = CliRunner().invoke(jauap, [*command, "--json", "--from", str(TODAY)])
    told = json.loads(today.output)
    assert (told["legs"], told["open"], told["payer_tiyn"]) == (2, 1, 600)
    assert [row["id"] for row in told["listed"]] == [1000, 3000]
    still_open = CliRunner().invoke(jauap, [*command, "--json", "--open"])
    assert [row["id"] for row in json.loads(still_open.output)["listed"]] == [3000]
    one = CliRunner().invoke(jauap, [*command, "--json", "--limit", "1"])
    assert (json.loads(one.output)["legs"], len(json.loads(one.output)["listed"])) == (3, 1)
