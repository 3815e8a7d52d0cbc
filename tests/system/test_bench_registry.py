"""`jauap bench registry` with sizes so small that only its workings are seen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.commands.bench_feed import Feed
from lookup.feed.lines import Problem, parse_ndjson
from lookup.feed.vocabulary import STATUSES
from tests.support.feed import hash_phone
from tests.support.service import Service


@pytest.fixture
def jauap(tmp_path: Path) -> Service:
    """For its commands alone."""
    return Service(tmp_path / "unused.toml")


async def test_it_measures_each_size_and_holds_it_against_the_first(
    jauap: Service, tmp_path: Path
) -> None:
    folder = tmp_path / "bench"
    words = ("--tickets", "1000", "--tickets", "2000", "--folder", str(folder), "--json")
    done = await jauap.command("bench", "registry", *words)
    assert done.code == 0, done.err
    result = json.loads(done.out)
    small, large = result["sizes"]
    assert 1_000 <= small["tickets"] < large["tickets"] < 2_200
    assert small["events"] / small["tickets"] == pytest.approx(2.9, abs=0.2)
    for figures in (small, large):
        assert all(figures[name] > 0 for name in figures if name.endswith(("_us", "_per_s")))
        assert figures["conflicts"] > 0
    assert result["ratios"]["1000"]["warm_single"] == 1.0
    ratio = large["import_per_s"] / large["bare_per_s"]
    assert result["ratios"]["2000"]["import_per_bare"] == pytest.approx(ratio, abs=0.001)
    kept = {path.name for path in folder.iterdir()}
    assert kept == {"bodies.json"} | {
        f"feed-{size}.{suffix}" for size in (1_000, 2_000) for suffix in ("json", "ndjson")
    }
    again = await jauap.command("bench", "registry", *words, "--no-bare")
    assert json.loads(again.out)["sizes"][1]["tickets"] == large["tickets"]
    assert "import_per_bare" not in json.loads(again.out)["ratios"]["2000"]


def test_its_feed_is_good_holds_every_kind_and_is_the_same_each_time() -> None:
    feed = Feed(3_000, 100)
    lines = list(feed)
    rows = [parse_ndjson(line.encode(), hash_phone) for line in lines]
    assert not [row for row in rows if isinstance(row, Problem)]
    tickets = [row.ticket for row in rows if not isinstance(row, Problem)]
    assert {ticket.kind for ticket in tickets} == set(STATUSES)
    assert all(ticket.status in STATUSES[ticket.kind] for ticket in tickets)
    assert len({row.key for row in rows if not isinstance(row, Problem)}) == len(rows)
    assert len(feed.sample) == 100
    assert list(Feed(3_000, 100)) == lines
