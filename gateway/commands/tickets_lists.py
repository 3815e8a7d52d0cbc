"""`jauap tickets conflicts` and `jauap tickets circulating`: the lists that call for somebody."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from gateway.clock import KAZAKHSTAN, Clock
from gateway.commands.csv_list import CsvList
from gateway.commands.options import journal_of, json_option, keys_of, settings_option, show
from gateway.commands.registries import registries_of
from gateway.contradictions import Entry, Told, entries
from gateway.settings import Settings, SettingsError
from gateway.store import StoreUnavailableError, file_of
from gateway.walks import Noted
from lookup.circulation import LISTED_MIN, Circulation, Listed, Walk
from lookup.circulation import circulating as walks_of
from lookup.status import Body

SHOWN_MAX = 1_000
BODIES_SHOWN = 10  # of those who have complaints that circulate
WALK_COLUMNS = (
    "forwards", "age_days", "first_filed_on", "kind", "number", "status", "body", "seen_at",
    "chain", "way",
)  # fmt: skip
CSV_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@settings_option
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Found on this day or later.")
@click.option("--all", "cleared", is_flag=True, help="Also those that are settled.")
@click.option("--new", is_flag=True, help="Only what no earlier --new had; needs --csv.")
@click.option("--csv", "path", type=CSV_FILE, help="The whole.")
@json_option
def conflicts(
    settings: Settings,
    since: datetime | None,
    cleared: bool,
    new: bool,
    path: Path | None,
    as_json: bool,
) -> None:
    """Tickets about which systems contradict each other, for correction."""
    if new and (path is None or cleared):
        raise click.UsageError("--new goes with --csv, since a file is what tells, and not --all")
    since_us = 0
    if since is not None:
        since_us = int(since.replace(tzinfo=KAZAKHSTAN).timestamp()) * 1_000_000
    try:
        open_, closed, shown = asyncio.run(_conflicts(settings, since_us, cleared, path, new=new))
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
    settings: Settings, since_us: int, cleared: bool, path: Path | None, *, new: bool
) -> tuple[int, int, list[Entry]]:
    """How many are open and settled, and the first of them; all go to the file."""
    open_, closed = 0, 0
    shown: list[Entry] = []
    async with AsyncExitStack() as held:
        registries = await held.enter_async_context(registries_of(settings))
        journal = None
        if file_of(settings.store.url).exists():
            keys = keys_of(settings) if new else None
            journal = await held.enter_async_context(journal_of(settings, keys=keys))
        told = Told() if new else None
        listed = CsvList(path, Entry._fields) if path is not None else None
        if listed is not None:
            held.callback(listed.close)
        found = entries(registries, journal, _iso, since_us=since_us, cleared=cleared, new=told)
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
        if told is not None:
            await told.mark(journal, Clock().now_us())
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
@click.option("--all", "ended", is_flag=True, help="Also those that are closed.")
@click.option("--csv", "path", type=CSV_FILE, help="All that --limit lets through.")
@json_option
def circulating(
    settings: Settings,
    forwards_min: int,
    limit: int,
    ended: bool,
    path: Path | None,
    as_json: bool,
) -> None:
    """Complaints that walk from body to body and are not closed, the worst first."""
    try:
        found, bodies = asyncio.run(_circulating(settings, forwards_min, limit, ended=ended))
    except StoreUnavailableError as problem:
        raise SettingsError(str(problem)) from problem
    today = Clock().now().date()
    names = {
        identity: body.sms_name[settings.service.language] for identity, body in bodies.items()
    }
    rows = [_row(walk, today, names) for walk in found.walks]
    if path is not None:
        _write(path, rows)
    by_body = [
        {"body": None if body is None else names.get(body.id, body.id), "total": total}
        for body, total in found.by_body
    ]

    def tell() -> None:
        for row in rows:
            chain, way = row.pop("chain"), row.pop("way")
            click.echo("  ".join(f"{name} {value}" for name, value in row.items()))
            if way:
                click.echo("  went " + " > ".join(way))
            if len(chain) > 1:
                click.echo("  came by way of " + ", ".join(chain[:-1]))
        if found.total > len(rows):
            click.echo(f"... {found.total - len(rows)} more; --limit tells more of them")
        for each in by_body[:BODIES_SHOWN]:
            click.echo(f"  {each['total']:6} with {each['body'] or 'a body that is not known'}")
        if len(by_body) > BODIES_SHOWN:
            click.echo(f"  ... and {len(by_body) - BODIES_SHOWN} bodies more; --json has them all")
        click.echo(f"{found.total} forwarded {forwards_min} times or more")

    show({"total": found.total, "by_body": by_body, "listed": rows}, as_json, tell)
    sys.exit(1 if found.total else 0)


async def _circulating(
    settings: Settings, forwards_min: int, limit: int, *, ended: bool
) -> tuple[Circulation, dict[str, Body]]:
    """And the bodies of all registries, by id."""
    async with AsyncExitStack() as held:
        registries = await held.enter_async_context(registries_of(settings))
        bodies: dict[str, Body] = {}
        for registry in registries:
            bodies |= await registry.directory()
        listed: list[Listed] = [*registries]
        if file_of(settings.store.url).exists():
            journal = await held.enter_async_context(journal_of(settings))
            listed.append(Noted(journal, bodies.get))
        return await walks_of(listed, forwards_min, limit=limit, ended=ended), bodies


def _row(walk: Walk, today: date, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "forwards": walk.forwards,
        "age_days": walk.age_days(today),
        "first_filed_on": walk.first_filed_on,
        "kind": walk.kind,
        "number": walk.number,
        "status": walk.status,
        "body": walk.body and names.get(walk.body.id, walk.body.id),
        "seen_at": None if walk.as_of_us is None else _iso(walk.as_of_us),
        "chain": [number for _, number in walk.chain],
        "way": [names.get(identity, identity) for identity in walk.way],
    }


def _write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Raises SettingsError."""
    try:
        listed = CsvList(path, WALK_COLUMNS)
        with closing(listed):
            for row in rows:
                listed.add((row | {"way": " > ".join(row["way"])}).values())
            listed.finish()
    except OSError as problem:
        raise SettingsError(f"{path}: {problem.strerror}") from problem
