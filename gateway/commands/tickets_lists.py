"""`jauap tickets conflicts` and `jauap tickets circulating`: the lists that call for somebody."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from gateway.clock import KAZAKHSTAN, Clock
from gateway.commands.options import journal_of, json_option, settings_option, show
from gateway.commands.registries import registries_of
from gateway.contradictions import CsvList, Entry, entries
from gateway.settings import Settings, SettingsError
from gateway.store import StoreUnavailableError, file_of
from lookup.circulation import LISTED_MIN, Circulation, Walk
from lookup.circulation import circulating as walks_of

SHOWN_MAX = 1_000


@click.command()
@settings_option
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Found on this day or later.")
@click.option("--all", "cleared", is_flag=True, help="Also those that are settled.")
@click.option("--csv", "path", type=click.Path(dir_okay=False, path_type=Path), help="The whole.")
@json_option
def conflicts(
    settings: Settings, since: datetime | None, cleared: bool, path: Path | None, as_json: bool
) -> None:
    """Tickets about which systems contradict each other, for correction."""
    since_us = 0
    if since is not None:
        since_us = int(since.replace(tzinfo=KAZAKHSTAN).timestamp()) * 1_000_000
    try:
        open_, closed, shown = asyncio.run(_conflicts(settings, since_us, cleared, path))
    except StoreUnavailableError as problem:
        raise SettingsError(str(problem)) from problem
    except OSError as problem:
        raise SettingsError(f"{path}: {problem.strerror}") from problem
    figures: dict[str, Any] = {"open": open_}
    if cleared:
        figures["cleared"] = closed

    def tell() -> None:
        for entry in shown:
            click.echo("  ".join(_told(entry)))
        if open_ + closed > len(shown):
            click.echo(f"... {open_ + closed - len(shown)} more; --csv FILE has them all")
        click.echo(", ".join(f"{count} {name}" for name, count in figures.items()))

    show(figures | {"listed": [entry._asdict() for entry in shown]}, as_json, tell)
    sys.exit(1 if open_ else 0)


async def _conflicts(
    settings: Settings, since_us: int, cleared: bool, path: Path | None
) -> tuple[int, int, list[Entry]]:
    """How many are open and settled, and the first of them; all go to the file."""
    open_, closed = 0, 0
    shown: list[Entry] = []
    async with AsyncExitStack() as held:
        registries = await held.enter_async_context(registries_of(settings))
        journal = None
        if file_of(settings.store.url).exists():
            journal = await held.enter_async_context(journal_of(settings))
        listed = CsvList(path) if path is not None else None
        if listed is not None:
            held.callback(listed.close)
        found = entries(registries, journal, _iso, since_us=since_us, cleared=cleared)
        async for entry in found:
            if entry.cleared_at is None:
                open_ += 1
            else:
                closed += 1
            if len(shown) < SHOWN_MAX:
                shown.append(entry)
            if listed is not None:
                listed.add(entry)
        if listed is not None:
            listed.finish()
    return open_, closed, shown


def _told(entry: Entry) -> list[str]:
    words = [entry.found_at or "(no time)", entry.kind, entry.number, entry.rule]
    words += [" ".join(entry.systems), f"found at {entry.found_in}"]
    if entry.paid_on is not None:
        words.append(f"paid {entry.paid_on}")
    if entry.bailiff_since is not None:
        words.append(f"enforced {entry.bailiff_since}")
    if entry.cleared_at is not None:
        words.append(f"settled {entry.cleared_at}")
    return words


def _iso(at_us: int) -> str:
    at = datetime.fromtimestamp(at_us // 1_000_000, UTC)
    return at.astimezone(KAZAKHSTAN).isoformat()


@click.command()
@settings_option
@click.option(
    "--from",
    "forwards_min",
    type=click.IntRange(min=LISTED_MIN),
    default=3,
    help="Forwardings at least.",
)
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=SHOWN_MAX, help="Told at most, the worst."
)
@json_option
def circulating(settings: Settings, forwards_min: int, limit: int, as_json: bool) -> None:
    """Complaints that walk from body to body, the worst first."""
    found = asyncio.run(_circulating(settings, forwards_min, limit))
    today = Clock().now().date()
    language = settings.service.language
    rows = [_row(walk, today, language) for walk in found.walks]

    def tell() -> None:
        for row in rows:
            chain = row.pop("chain")
            click.echo("  ".join(f"{name} {value}" for name, value in row.items()))
            if len(chain) > 1:
                click.echo("  came by way of " + ", ".join(chain[:-1]))
        if found.total > len(rows):
            click.echo(f"... {found.total - len(rows)} more; --limit tells more of them")
        click.echo(f"{found.total} forwarded {forwards_min} times or more")

    show({"total": found.total, "listed": rows}, as_json, tell)
    sys.exit(1 if found.total else 0)


async def _circulating(settings: Settings, forwards_min: int, limit: int) -> Circulation:
    async with registries_of(settings) as registries:
        return await walks_of(registries, forwards_min, limit=limit)


def _row(walk: Walk, today: date, language: str) -> dict[str, Any]:
    return {
        "forwards": walk.forwards,
        "age_days": walk.age_days(today),
        "first_filed_on": walk.first_filed_on,
        "kind": walk.kind,
        "number": walk.number,
        "status": walk.status,
        "body": walk.body.sms_name[language] if walk.body is not None else None,
        "chain": [number for _, number in walk.chain],
    }
