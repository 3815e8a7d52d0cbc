"""`jauap tickets` and `jauap bodies`: the embedded registry."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import tzinfo
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import click
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from gateway.clock import ZONE, wall_us, zone_problem
from gateway.commands.options import json_option, settings_option, show
from gateway.commands.registries import with_registry
from gateway.commands.tickets_lists import circulating, conflicts
from gateway.commands.tickets_shown import lines, named
from gateway.keys import read_key_file
from gateway.settings import Settings, SettingsError
from lookup.feed.file import REJECTS_SUFFIX
from lookup.feed.report import ImportReport
from lookup.foreign.paths import MapError
from lookup.foreign.times import zone_of
from lookup.registry.importing import (
    ImportProgress,
    import_bodies,
    import_tickets,
    parser_of,
)
from lookup.registry.source import Registry

T = TypeVar("T")
FILES = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def tickets() -> None:
    """Tickets of the embedded registry."""


tickets.add_command(conflicts)
tickets.add_command(circulating)


@tickets.command("import")
@settings_option
@click.argument("files", nargs=-1, required=True, type=FILES)
@click.option("--rejects", type=click.Path(file_okay=False, path_type=Path), help="Their folder.")
@click.option("--zone", default=ZONE, help="Of times without an offset.")
@json_option
def import_files(
    settings: Settings,
    files: tuple[Path, ...],
    rejects: Path | None,
    zone: str,
    as_json: bool,
) -> None:
    """Import NDJSON or CSV; bad lines are told in a file beside, the rest goes on. An import
    that was cut off continues where it stood."""
    keys = read_key_file(Path(settings.store.key_file))
    feeds = _feeds_of(files, rejects)
    read_as = partial(parser_of, zone=_zone(zone))

    async def work(registry: Registry) -> ImportReport:
        with _Bar(hidden=as_json) as bar:
            return await import_tickets(
                registry,
                feeds,
                hash_phone=keys.owner,
                on_progress=bar.move,
                rejects_dir=rejects,
                read_as=read_as,
                pause_ms=0,
                now_us=wall_us,
                beside=True,
            )

    began = perf_counter()
    report = with_registry(settings, work, create=True)
    elapsed_s = perf_counter() - began
    rate = None if report.resumed else round(report.lines / elapsed_s)  # some were read before
    fields = asdict(report) | {"lines_per_s": rate}

    def tell() -> None:
        for name, value in fields.items():
            if value or name in {"lines", "added", "rejected"}:
                listed = " ".join(map(str, value)) if isinstance(value, tuple) else value
                click.echo(f"{name:18} {listed}")

    show(fields, as_json, tell)
    for name in report.changed:
        click.echo(f"{name}: was written to while it was read; import it again", err=True)
    sys.exit(1 if report.rejected or report.changed else 0)


def _feeds_of(files: tuple[Path, ...], rejects: Path | None) -> list[Path]:
    """The files but those of rejects, which `*.ndjson` names too."""
    feeds = [path for path in files if not path.name.endswith(REJECTS_SUFFIX)]
    if not feeds:
        raise click.UsageError("files of rejects are no feeds")
    if rejects is not None and len({path.name for path in feeds}) < len(feeds):
        raise click.UsageError("files of the same name need a folder of rejects each")
    return feeds


def _zone(name: str) -> tzinfo:
    if (problem := zone_problem()) is not None:
        raise SettingsError(problem)
    try:
        return zone_of(name, "", "")
    except MapError:
        raise click.BadParameter(
            'write a zone such as "Asia/Atyrau" or "+05:00"', param_hint="--zone"
        ) from None


@tickets.command("show")
@settings_option
@click.argument("number")
@json_option
def show_ticket(settings: Settings, number: str, as_json: bool) -> None:
    """One ticket with its whole path."""
    found = with_registry(settings, lambda registry: registry.show(number))

    def tell() -> None:
        for ticket in found:
            for line in lines(ticket):
                click.echo(line)
        if not found:
            click.echo(f"{number} is not in the registry")

    show([named(ticket) for ticket in found], as_json, tell)
    sys.exit(0 if found else 1)


@tickets.command("stats")
@settings_option
@json_option
def stats(settings: Settings, as_json: bool) -> None:
    """How many tickets, by kind and status, and by the system that tells of them."""
    figures = asdict(with_registry(settings, lambda registry: registry.stats()))

    def tell() -> None:
        for name, value in figures.items():
            if name not in {"by_status", "by_system"}:
                click.echo(f"{name:18} {value}")
        for kind, status, count in figures["by_status"]:
            click.echo(f"  {kind:16} {status:20} {count}")
        for system, count in figures["by_system"]:
            click.echo(f"  {system or '(no system named)':37} {count}")

    show(figures, as_json, tell)


@click.group()
def bodies() -> None:
    """The directory of state bodies."""


@bodies.command("import")
@settings_option
@click.argument("file", type=FILES)
@json_option
def import_file(settings: Settings, file: Path, as_json: bool) -> None:
    """Import bodies from a JSON file; one with a problem is left as it was."""
    report = with_registry(settings, lambda registry: import_bodies(registry, file), create=True)

    def tell() -> None:
        click.echo(f"added {report.added}, updated {report.updated}, unchanged {report.unchanged}")
        for place, problem in report.problems:
            click.echo(f"{file}: {place}: {problem.field}: {problem.reason}")
        for code in report.shared_codes:
            click.echo(f"{file}: code {code}: is that of several bodies, so it names none of them")

    show(asdict(report), as_json, tell)
    sys.exit(1 if report.problems else 0)


class _Bar:
    """Progress at a terminal, nothing where nobody looks."""

    def __init__(self, *, hidden: bool) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[lines]} lines, {task.fields[rate]:.0f} a second"),
            TimeRemainingColumn(),
            disable=hidden or not sys.stderr.isatty(),
        )
        self._tasks: dict[str, TaskID] = {}
        self._lines: dict[TaskID, int] = {}  # at its first word

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def move(self, progress: ImportProgress) -> None:
        task = self._tasks.get(progress.file)
        if task is None:
            task = self._progress.add_task(
                progress.file, total=progress.octets_total, lines=0, rate=0.0
            )
            self._tasks[progress.file] = task
        self._lines.setdefault(task, progress.lines)  # a resumed import begins with what it had
        elapsed_s = self._progress.tasks[task].elapsed or 0.0
        self._progress.update(
            task,
            completed=progress.octets_done,
            lines=progress.lines,
            rate=(progress.lines - self._lines[task]) / elapsed_s if elapsed_s else 0.0,
        )
