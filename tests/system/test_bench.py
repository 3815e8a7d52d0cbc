"""`jauap bench` with counts so small that only its workings are seen."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.commands import bench
from tests.support.service import JAUAP, Service, until

SMALL = ("--count", "60", "--window", "7", "--tickets", "20")


@pytest.fixture
def jauap(tmp_path: Path) -> Service:
    """For its commands alone."""
    return Service(tmp_path / "unused.toml")


async def test_it_measures_all_three_and_says_how_they_compare(jauap: Service) -> None:
    done = await jauap.command("bench", *SMALL, "--receipts", "--json")
    assert done.code == 0, done.err
    result = json.loads(done.out)
    assert (result["count"], result["window"], result["tickets"]) == (60, 7, 20)
    for name in ("echo", "esme", "gateway"):
        one = result[name]
        assert one["per_s"] > 0
        assert 0 < one["p50_ms"] <= one["p99_ms"]
        assert one["cpu_us"] >= 0
    for name, ratio in result["ratios"].items():
        beside = result[name.removeprefix("gateway_per_")]["per_s"]
        assert ratio == pytest.approx(result["gateway"]["per_s"] / beside, abs=0.001)


async def test_it_tells_a_person_in_a_few_lines(jauap: Service) -> None:
    done = await jauap.command("bench", *SMALL)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0] == "60 round trips each, window 7, 20 tickets"
    assert [line.split()[0] for line in lines[2:5]] == ["echo", "esme", "gateway"]
    assert [line.rsplit(maxsplit=1)[0] for line in lines[5:]] == [
        "gateway per esme", "gateway per echo",
    ]  # fmt: skip


async def test_settings_of_the_environment_do_not_reach_what_is_measured(
    jauap: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = jauap.folder / "real.db"
    monkeypatch.setenv("JAUAP_STORE__URL", f"sqlite://{real}")
    done = await jauap.command("bench", *SMALL)
    assert done.code == 0, done.err
    assert not real.exists()


def test_a_gateway_that_does_not_come_up_is_told_with_its_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out_of_order = (sys.executable, "-c", "import sys; sys.exit('out of order')")
    monkeypatch.setattr(bench, "_JAUAP", out_of_order)
    monkeypatch.setattr("gateway.logs.configure", lambda *_: None)  # it is for the whole process
    done = CliRunner().invoke(bench.bench, SMALL)
    assert done.exit_code == 1
    assert "the gateway did not come up; it said: out of order" in done.output


def children(pid: int) -> list[int]:
    """Of a process, as proc(5) tells."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text(encoding="ascii").split()]


async def test_what_it_started_ends_with_it(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *JAUAP, "bench", "--count", "1000000", stderr=asyncio.subprocess.PIPE, cwd=tmp_path
    )
    assert process.stderr is not None
    try:
        await until(lambda: children(process.pid) != [])
        (child,) = children(process.pid)
        process.terminate()
        async with asyncio.timeout(10):
            told = await process.stderr.read()
            assert await process.wait() == 1
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert told == b"Error: ended before it was done\n"
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
