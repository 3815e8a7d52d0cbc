"""`jauap ledger`: export and verify."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

import click

from gateway.billing.export import ExportError, export
from gateway.billing.verify import verify
from gateway.commands.options import journal_of, json_option, settings_option, show
from gateway.rules import load_rules
from gateway.settings import Settings, SettingsError
from gateway.store.journal import Journal

T = TypeVar("T")
FIRST_DAY, LAST_DAY = 20_000_101, 29_991_231


def days(command: Callable[..., None]) -> Callable[..., None]:
    """`--from` and `--to`, handed on as `day_from` and `day_to`."""
    command = click.option("--to", "day_to", type=int, default=LAST_DAY, help="YYYYMMDD.")(command)
    return click.option("--from", "day_from", type=int, default=FIRST_DAY, help="YYYYMMDD.")(
        command
    )


@click.group()
def ledger() -> None:
    """What every message and call cost."""


@ledger.command("export")
@settings_option
@days
@click.option("--format", "form", type=click.Choice(["csv", "ndjson"]), default="csv")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def export_file(
    settings: Settings,
    day_from: int,
    day_to: int,
    form: Literal["csv", "ndjson"],
    path: Path,
    as_json: bool,
) -> None:
    """Write the billing file of some days (civil days of Kazakhstan, both included)."""
    try:
        report = _with_journal(
            settings,
            lambda journal: export(
                journal.chains(day_from, day_to), path, form, journal.call_legs(day_from, day_to)
            ),
        )
    except (ExportError, OSError) as problem:
        raise SettingsError(f"{path}: {problem}") from problem
    _show(report._asdict(), as_json)


@ledger.command("verify")
@settings_option
@days
@json_option
def verify_days(settings: Settings, day_from: int, day_to: int, as_json: bool) -> None:
    """Check every question and call of some days against its entries."""
    triggers = load_rules(settings).tariffs.triggers
    report = _with_journal(settings, lambda journal: verify(journal, day_from, day_to, triggers))
    fields = report._asdict()
    fields["findings"] = [finding._asdict() for finding in report.findings]
    _show(fields, as_json)
    sys.exit(1 if report.findings_count else 0)


def _show(fields: dict[str, Any], as_json: bool) -> None:
    def tell() -> None:
        for name, value in fields.items():
            if name == "findings":
                for finding in value:
                    click.echo("  ".join(str(part) for part in finding.values()))
            else:
                click.echo(f"{name:16} {value}")

    show(fields, as_json, tell)


def _with_journal(settings: Settings, work: Callable[[Journal], Awaitable[T]]) -> T:
    async def run() -> T:
        async with journal_of(settings) as journal:
            return await work(journal)

    return asyncio.run(run())
