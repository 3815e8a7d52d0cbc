"""`jauap bench calls` with counts so small that only its workings are seen."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.commands import bench_calls
from tests.support.service import Service

SMALL = ("--count", "20", "--open", "4", "--tickets", "10")


@pytest.fixture
def jauap(tmp_path: Path) -> Service:
    """For its commands alone."""
    return Service(tmp_path / "unused.toml")


async def test_it_measures_both_ways_and_says_how_they_compare(jauap: Service) -> None:
    done = await jauap.command("bench", "calls", *SMALL, "--json")
    assert done.code == 0, done.err
    result = json.loads(done.out)
    assert (result["calls"], result["open"], result["requests"]) == (20, 4, 120)
    for way in ("kept", "new"):
        for subject in ("bare", "durable", "gateway"):
            one = result[way][subject]
            assert one["per_s"] > 0
            assert 0 < one["p50_ms"] <= one["p99_ms"]
            assert one["cpu_us"] >= 0
        rates = {subject: one["per_s"] for subject, one in result[way].items()}
        for ratios, subject in (("ratios", "bare"), ("ratios_durable", "durable")):
            beside = rates["gateway"] / rates[subject]
            assert result[ratios][way] == pytest.approx(beside, abs=0.001)


async def test_it_tells_a_person_in_a_few_lines(jauap: Service) -> None:
    done = await jauap.command("bench", "calls", *SMALL)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0] == "20 calls of 6 requests each, 4 at a time"
    assert lines[1] == "over connections that are kept:"
    assert [line.split()[0] for line in lines[3:6]] == ["bare", "durable", "gateway"]
    assert re.fullmatch(r"gateway per bare [0-9.]+, per durable [0-9.]+", lines[6])
    assert lines[7] == "over a new connection for each request:"


def test_a_run_whose_steps_are_refused_has_no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """The callers sign with another secret than the settings hold."""
    make_call_folder = bench_calls.make_call_folder

    def another(folder: Path, **given: Any) -> Any:
        return make_call_folder(folder, **given | {"secret": "another"})

    monkeypatch.setattr(bench_calls, "make_call_folder", another)
    done = CliRunner().invoke(bench_calls.calls, SMALL)
    assert done.exit_code == 1
    assert "a step went wrong: HTTP/1.1 403" in done.output


def test_a_run_whose_calls_were_not_told_a_status_has_no_figures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bench_calls, "number", lambda index: f"9{index:017d}")  # of no ticket
    done = CliRunner().invoke(bench_calls.calls, SMALL)
    assert done.exit_code == 1
    assert "these figures would mean nothing" in done.output


def test_a_gateway_that_does_not_come_up_is_told_with_its_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out_of_order = (sys.executable, "-c", "import sys; sys.exit('out of order')")
    monkeypatch.setattr(bench_calls, "_JAUAP", out_of_order)
    done = CliRunner().invoke(bench_calls.calls, SMALL)
    assert done.exit_code == 1
    assert "the gateway did not come up; it said: out of order" in done.output
