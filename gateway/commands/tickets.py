"""`jauap tickets` and `jauap bodies`: the embedded registry."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import click
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from gateway.clock import wall_us
from gateway.commands.options import json_option, settings_option, show
from gateway.commands.registries import with_registry
from gateway.commands.tickets_lists import circulating, conflicts
from gateway.keys import read_key_file
from gateway.settings import Settings
from lookup.feed.report import ImportReport
from lookup.registry.importing import ImportProgress, import_bodies, import_tickets
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
@json_option
def import_files(
    settings: Settings, files: tuple[Path, ...], rejects: Path | None, as_json: bool
) -> None:
    """Import NDJSON or CSV; bad lines are told in a file beside, the rest goes on. An import
    that was cut off continues where it stood."""
    keys = read_key_file(Path(settings.store.key_file))

    async def work(registry: Registry) -> ImportReport:
        with _Bar(hidden=as_json) as bar:
            return await import_tickets(
                registry,
                files,
                hash_phone=keys.owner,
                on_progress=bar.move,
                rejects_dir=rejects,
                pause_ms=0,
                now_us=wall_us,
                beside=True,
            )

    began = perf_counter()
    report = with_registry(settings, work, create=True)
    fields = asdict(report) | {"lines_per_s": round(report.lines / (perf_counter() - began))}

    def tell() -> None:
        for name, value in fields.items():
            if value or name in {"lines", "added", "rejected"}:
                click.echo(f"{name:18} {value}")

    show(fields, as_json, tell)
    sys.exit(1 if report.rejected else 0)


@tickets.command("show")
@settings_option
@click.argument("number")
@json_option
def show_ticket(settings: Settings, number: str, as_json: bool) -> None:
    """One ticket with its whole path."""
    found = with_registry(settings, lambda registry: registry.show(number))
    rows = [ticket._asdict() | {"record": ticket.record._asdict()} for ticket in found]

    def tell() -> None:
        for row in rows:
            for name, value in (row.pop("record") | row).items():
                click.echo(f"{name:18} {value}")
        if not rows:
            click.echo(f"{number} is not in the registry")

    show(rows, as_json, tell)
    sys.exit(0 if rows else 1)


@tickets.command("stats")
@settings_option
@json_option
def stats(settings: Settings, as_json: bool) -> None:
    """How many tickets, by kind and status."""
    figures = asdict(with_registry(settings, lambda registry: registry.stats()))

    def tell() -> None:
        for name, value in figures.items():
            if name != "by_status":
                click.echo(f"{name:18} {value}")
        for kind, status, count in figures["by_status"]:
            click.echo(f"  {kind:16} {status:20} {count}")

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
