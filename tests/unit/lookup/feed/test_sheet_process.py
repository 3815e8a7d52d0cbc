from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lookup.feed import sheet_process
from lookup.feed.sheet_process import read_sheet
from tests.support.sheets import text_row, write_foreign_sheet, write_sheet

ROOT = Path(__file__).parents[4]

BOUNDED = """
import sys
from lookup.feed import sheet
sheet.MEMORY_OCTETS_MAX = int(sys.argv.pop(2))
sheet.main()
"""


async def test_the_rows_and_the_facts_come_back(tmp_path: Path) -> None:
    path = write_sheet(tmp_path / "a.xlsx", ("kind",), ("fine",), others=["b"])
    facts = await read_sheet(path, tmp_path / "rows")
    assert (facts.columns, facts.left_out, facts.rows) == (("kind",), ("b",), 2)
    assert (tmp_path / "rows").read_bytes() == b'\n{"kind": "fine"}\n'
    assert (tmp_path / "rows").stat().st_mode & 0o077 == 0


async def test_of_a_refused_sheet_nothing_is_left(tmp_path: Path) -> None:
    path = write_sheet(tmp_path / "a.xlsx", ("kind", "kind"))
    facts = await read_sheet(path, tmp_path / "rows")
    assert "twice" in facts.refused
    assert list(tmp_path.iterdir()) == [path]


async def test_a_file_that_went_away_is_trouble_of_ours(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        await read_sheet(tmp_path / "a.xlsx", tmp_path / "rows")


async def test_the_process_knows_no_secret_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAUAP_SECRET", "x")
    told = tmp_path / "told"
    spy = tmp_path / "lookup" / "feed"
    spy.mkdir(parents=True)
    for folder in (spy, spy.parent):
        (folder / "__init__.py").write_text("", encoding="utf-8")
    (spy / "sheet.py").write_text(
        f"import os, sys\nopen({str(told)!r}, 'w').write(repr(dict(os.environ)))\n"
        "sys.stderr.write('{}')\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    await read_sheet(tmp_path / "a.xlsx", tmp_path / "rows")
    assert "PYTHONPATH" in told.read_text(encoding="utf-8")
    assert "JAUAP_SECRET" not in told.read_text(encoding="utf-8")


async def test_a_process_that_dies_is_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet_process.sys, "executable", "/bin/false")
    facts = await read_sheet(tmp_path / "a.xlsx", tmp_path / "rows")
    assert "bounds of memory and time" in facts.refused


async def test_reading_given_up_ends_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = tmp_path / "python"
    stand_in.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 60\n", encoding="utf-8")
    stand_in.chmod(0o700)
    os.mkfifo(tmp_path / "pid")
    monkeypatch.setattr(sheet_process.sys, "executable", str(stand_in))
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        reading = group.create_task(read_sheet(tmp_path / "a.xlsx", tmp_path / "rows"))
        pid = int(await asyncio.to_thread((tmp_path / "pid").read_text))
        reading.cancel()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not (tmp_path / "rows").exists()


async def test_xml_that_only_unfolds_in_memory_meets_its_bound(tmp_path: Path) -> None:
    names = "".join(f"<x:b{n * n}/>" for n in range(200_000))
    path = write_foreign_sheet(tmp_path / "a.xlsx", text_row("kind") + names)
    for octets, said in ((1_073_741_824, "columns"), (67_108_864, "memory")):
        ended = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-W", "ignore", "-c", BOUNDED, str(path), str(octets)],
            cwd=ROOT, capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert said in json.loads(ended.stderr).get("refused", ended.stderr), ended.stderr
