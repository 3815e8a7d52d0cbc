"""`jauap ledger export`: the billing file of some days, or one for each operator and day."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import click

from gateway.billing.export import (
    DailyFile,
    ExportError,
    ExportReport,
    NothingFoundError,
    export,
    export_daily,
)
from gateway.billing.field_names import LAYOUTS, Layout, Naming
from gateway.billing.forms import FORMATS, Format
from gateway.billing.sealed.heads import head_for
from gateway.clock import KAZAKHSTAN, Clock
from gateway.commands.options import (
    FIRST_DAY,
    LAST_DAY,
    days,
    json_option,
    operators_of,
    settings_option,
    show,
    with_journal,
)
from gateway.core.civil import Civil
from gateway.settings import Settings, SettingsError
from gateway.store import Journal, StoreUnavailableError

_midnight_us = Civil(KAZAKHSTAN).midnight_us


@click.command("export")
@settings_option
@days
@click.option("--format", "form", type=click.Choice(FORMATS), default="csv")
@click.option("--operator", help="Of this one alone; of calls the [[ivr]] table.")
@click.option(
    "--daily", "folder", type=click.Path(file_okay=False, path_type=Path),
    help="In place of PATH: a file for each operator and day, into this folder.",
)  # fmt: skip
@click.option("--names", "naming", type=click.Choice(list(LAYOUTS)), default="own",
              help="What the columns are called.")  # fmt: skip
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), required=False)
@json_option
def export_file(
    settings: Settings,
    day_from: int,
    day_to: int,
    form: Format,
    operator: str | None,
    folder: Path | None,
    naming: Naming,
    path: Path | None,
    as_json: bool,
) -> None:
    """Write the billing file of some days (civil days of Kazakhstan, both included)."""
    place = path or folder
    if place is None or (path and folder):
        raise click.UsageError("name a file (PATH) or a folder (--daily), one of them")
    wanted = _Wanted(day_from, day_to, form, operator, LAYOUTS[naming])
    try:
        if folder is not None:
            _daily(settings, folder, wanted, as_json)
        else:
            _whole(settings, place, wanted, as_json)
    except NothingFoundError as problem:
        known = ", ".join(sorted(operators_of(settings)))
        raise SettingsError(f"{place}: {problem}, the settings know {known} alone") from problem
    except (ExportError, StoreUnavailableError, OSError) as problem:
        raise SettingsError(f"{place}: {problem}") from problem


class _Wanted(NamedTuple):
    """What is asked for; days as YYYYMMDD."""

    day_from: int
    day_to: int
    form: Format
    operator: str | None
    layout: Layout


def _whole(settings: Settings, path: Path, wanted: _Wanted, as_json: bool) -> None:
    day_from, day_to, form, operator, layout = wanted
    clock = Clock()
    today = clock.day(clock.now_us())

    async def write(journal: Journal) -> ExportReport:
        return await export(
            journal.chains(day_from, day_to, operator),
            path,
            form,
            journal.call_legs(day_from, day_to, operator),
            layout=layout,
            operator=operator,
            may_be_empty=operator is None or operator in operators_of(settings),
            head=await head_for(journal, day_to, today, clock.day, _midnight_us),
        )

    report = with_journal(settings, write)
    fields = report._asdict()

    def tell() -> None:
        for name, value in fields.items():
            click.echo(f"{name:16} {value}")

    show(fields, as_json, tell)


def _daily(settings: Settings, folder: Path, wanted: _Wanted, as_json: bool) -> None:
    clock = Clock()
    today = clock.day(clock.now_us())
    first, last = _date(wanted.day_from), _date(wanted.day_to)
    if wanted.day_from == FIRST_DAY or wanted.day_to == LAST_DAY:
        raise SettingsError("--daily needs --from and --to")
    if wanted.day_to > today:
        raise SettingsError(f"--to {wanted.day_to}: it has not begun; today is {today}")
    folder.mkdir(parents=True, exist_ok=True)
    files = with_journal(
        settings,
        lambda journal: export_daily(
            journal,
            folder,
            first,
            last,
            wanted.form,
            operators=operators_of(settings),
            only=wanted.operator,
            layout=wanted.layout,
            head_on=lambda day: head_for(journal, day, today, clock.day, _midnight_us),
        ),
    )

    def tell() -> None:
        for each in files:
            note = "  (the day is not over)" if each.day == today else ""
            click.echo(f"{each.report.rows:>10,} rows  {each.path}{note}")

    show({"files": [_told(each, today) for each in files]}, as_json, tell)


def _told(file: DailyFile, today: int) -> dict[str, Any]:
    about = {"operator": file.operator, "day": file.day, "over": file.day < today}
    return about | {"file": str(file.path)} | file.report._asdict()


def _date(day: int) -> date:
    try:
        return date(day // 10_000, day // 100 % 100, day % 100)
    except ValueError as problem:
        raise SettingsError(f"{day} is no day; write it as 20261120") from problem
