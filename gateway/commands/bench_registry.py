"""`jauap bench registry`: what a lookup and an import cost as the registry grows.

Figures depend on the machine; what counts are ratios taken in one run: lookups in the largest
file beside those in the smallest, an import beside bare inserts of the same rows.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table

from gateway.commands.bench_feed import Feed
from gateway.commands.bench_store import Asked, Stored, TicketLostError, ask, bodies_of_feed, store
from gateway.commands.options import json_option, show
from lookup.status import Wanted

SMALL: Final = 100_000
SAMPLES: Final = 100_000  # numbers kept to be asked
TICKETS_MAX: Final = 100_000_000


@click.command()
@click.option(
    "--tickets",
    type=click.IntRange(1_000, TICKETS_MAX),
    multiple=True,
    default=(SMALL, 1_000_000),
    show_default=True,
    help="Size of a registry; give it several times. The first is what others are held against.",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keeps the feeds for another run; about 1 kB a ticket, and as much again while it runs.",
)
@click.option("--no-bare", is_flag=True, help="Leave out the bare inserts.")
@json_option
def registry(tickets: tuple[int, ...], folder: Path | None, no_bare: bool, as_json: bool) -> None:
    """Measure import and lookups of the ticket registry by its size."""
    sizes = tuple(sorted(set(tickets)))
    with nullcontext(folder) if folder else TemporaryDirectory(prefix="jauap-bench-") as where:
        place = Path(where)
        place.mkdir(parents=True, exist_ok=True)
        try:
            stored, asked = asyncio.run(_measure(place, sizes, not no_bare, quiet=as_json))
        except TicketLostError as problem:
            raise click.ClickException(str(problem)) from None
    ratios = _ratios(sizes, stored, asked)
    result = {
        "sizes": [
            asdict(of_store) | asdict(of_ask)
            for of_store, of_ask in zip(stored, asked, strict=True)
        ],
        "ratios": ratios,
    }
    show(result, as_json, lambda: _tell(stored, asked, ratios))


async def _measure(
    folder: Path, sizes: Sequence[int], bare: bool, *, quiet: bool
) -> tuple[list[Stored], list[Asked]]:
    say = Console(stderr=True, quiet=quiet).print
    bodies = folder / "bodies.json"
    bodies.write_text(json.dumps({"bodies": bodies_of_feed()}), encoding="utf-8")
    files = [folder / f"tickets-{size}.db" for size in sizes]
    stored: list[Stored] = []
    samples: list[list[Wanted]] = []
    try:
        for size, file in zip(sizes, files, strict=True):
            _remove(file)
            say(f"{size} tickets: the feed")
            feed, sample = await asyncio.to_thread(_feed, folder, size)
            say(f"{size} tickets: import" + (", bare inserts" if bare else ""))
            stored.append(await store(feed, file, bodies, bare=bare))
            samples.append(sample)
        say("lookups")
        return stored, await ask(files, samples)
    finally:
        for file in files:
            _remove(file)


def _feed(folder: Path, size: int) -> tuple[Path, list[Wanted]]:
    """A feed of this size, from an earlier run if it is there."""
    path, sample = folder / f"feed-{size}.ndjson", folder / f"feed-{size}.json"
    if not sample.exists():  # written last
        feed = Feed(size, SAMPLES)
        feed.write(path)
        sample.write_text(json.dumps(feed.sample), encoding="utf-8")
    listed = json.loads(sample.read_text(encoding="utf-8"))
    return path, [Wanted(number, (kind,)) for number, kind in listed]


def _remove(file: Path) -> None:
    for part in file.parent.glob(file.name + "*"):
        part.unlink()


def _ratios(
    sizes: Sequence[int], stored: Sequence[Stored], asked: Sequence[Asked]
) -> dict[str, dict[str, float]]:
    """By size: lookups against the smallest file, import against bare inserts."""
    first = asdict(asked[0])
    ratios: dict[str, dict[str, float]] = {}
    for size, of_store, of_ask in zip(sizes, stored, asked, strict=True):
        own = {
            name.removesuffix("_us"): round(us / first[name], 3)
            for name, us in asdict(of_ask).items()
        }
        if of_store.bare_per_s:
            own["import_per_bare"] = round(of_store.import_per_s / of_store.bare_per_s, 3)
        own["rss_growth"] = round(of_store.rss_last_octets / of_store.rss_first_octets, 3)
        ratios[str(size)] = own
    return ratios


def _tell(
    stored: Sequence[Stored], asked: Sequence[Asked], ratios: dict[str, dict[str, float]]
) -> None:
    table = Table("", *(f"{each.tickets:,}" for each in stored), title="Ticket registry by size")
    rows: list[tuple[str, list[Any]]] = [
        ("steps", [f"{each.events:,}" for each in stored]),
        ("imported a second", [f"{each.import_per_s:,.0f}" for each in stored]),
        (
            "bare inserts a second",
            ["-" if each.bare_per_s is None else f"{each.bare_per_s:,.0f}" for each in stored],
        ),
        ("octets a ticket", [f"{each.octets_per_ticket:.0f}" for each in stored]),
        (
            "memory after a tenth, at the end, MB",
            [
                f"{each.rss_first_octets / 1e6:.0f}, {each.rss_last_octets / 1e6:.0f}"
                for each in stored
            ],
        ),
        ("lookup of one, warm, us", [f"{each.warm_single_us:.1f}" for each in asked]),
        ("of a number in a batch, warm, us", [f"{each.warm_batch_us:.2f}" for each in asked]),
        ("lookup of one, cold, median, us", [f"{each.cold_median_us:.0f}" for each in asked]),
        ("lookup of one, cold, mean, us", [f"{each.cold_mean_us:.0f}" for each in asked]),
        ("cold start, ms", [f"{each.cold_start_us / 1e3:.0f}" for each in asked]),
    ]
    names = list(next(iter(ratios.values())))
    rows += [
        (f"ratio: {name.replace('_', ' ')}", [f"{own[name]:.3f}" for own in ratios.values()])
        for name in names
    ]
    for name, cells in rows:
        table.add_row(name, *cells)
    Console().print(table)
