"""`jauap ledger adjust`: what a reconciliation showed and both sides agreed on, booked."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gateway.billing.adjusting import AdjustError, AdjustReport, book_agreed, read_agreed
from gateway.billing.reconcile.records import Cause
from gateway.clock import Clock
from gateway.commands.authority import Authority, by_option, proved
from gateway.commands.options import json_option, settings_option, show, with_journal
from gateway.core.staff import Action
from gateway.settings import Settings, SettingsError
from gateway.store import Journal, StoreUnavailableError

CAUSES = tuple(str(cause) for cause in Cause if cause)


@click.command("adjust")
@settings_option
@click.option(
    "--cause",
    "causes",
    type=click.Choice(CAUSES),
    required=True,
    multiple=True,
    help="Rows of this cause; several times.",
)
@by_option(required=True, help="Who agreed: an accountant.")
@click.option("--dry-run", is_flag=True, help="Tell what would be booked.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
def adjust_month(
    settings: Settings, causes: tuple[str, ...], by: str, dry_run: bool, folder: Path, as_json: bool
) -> None:
    """Book the rows of a reconciliation in which the operator's figure is agreed to stand."""
    try:
        agreed = read_agreed(folder, causes)
    except AdjustError as wrong:
        raise SettingsError(str(wrong)) from wrong
    clock = Clock()
    at_us = clock.now_us()
    authority = None if dry_run else Authority(settings, by)

    async def work(journal: Journal) -> AdjustReport:
        target = f"{agreed.operator} {agreed.month}"
        acting = await proved(authority, journal, Action.ADJUST, target, at_us)
        return await book_agreed(journal, agreed, by, acting, day=clock.day(at_us), at_us=at_us)

    try:
        report = with_journal(settings, work, keys=authority.keys if authority else None)
    except StoreUnavailableError as problem:
        raise SettingsError(str(problem)) from problem
    _tell(report, dry_run, as_json)
    sys.exit(1 if report.refused else 0)


def _tell(report: AdjustReport, dry_run: bool, as_json: bool) -> None:
    fields = report._asdict() | {
        "refused_first": [each._asdict() for each in report.refused_first],
        "written": not dry_run,
    }

    def tell() -> None:
        for name, value in fields.items():
            if name != "refused_first":
                click.echo(f"{name:16} {value}")
        for each in report.refused_first:
            click.echo(f"  {each.question_id}  {each.why}")

    show(fields, as_json, tell)
