"""`jauap ledger` and its verify."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from gateway.billing.sealed.check import SealReport, verify_seals
from gateway.billing.sealed.heads import HeadError, read_heads
from gateway.billing.verify import VerifyReport, verify
from gateway.clock import Clock
from gateway.commands.accept_loss import accept_loss
from gateway.commands.acts import act
from gateway.commands.adjust import adjust_month
from gateway.commands.disputes import credit_failed, credit_question, find
from gateway.commands.exports import export_file
from gateway.commands.options import (
    days,
    json_option,
    keys_of,
    settings_option,
    show,
    with_journal,
)
from gateway.commands.reconcile import reconcile_month
from gateway.commands.reports import report
from gateway.commands.sealed import head_of_day, prove_row
from gateway.rules import load_rules
from gateway.settings import Settings, SettingsError
from gateway.store import Journal, StoreUnavailableError


@click.group()
def ledger() -> None:
    """What every message and call cost."""


for _command in (
    accept_loss,
    adjust_month,
    act,
    credit_failed,
    credit_question,
    export_file,
    find,
    head_of_day,
    prove_row,
    reconcile_month,
    report,
):
    ledger.add_command(_command)


@ledger.command("verify")
@settings_option
@days
@click.option("--no-seals", is_flag=True, help="Do not check seals, which are those of all days.")
@click.option(
    "--head", "files", type=click.Path(exists=True, dir_okay=False, path_type=Path), multiple=True,
    help="A file with a published head; may be given several times.",
)  # fmt: skip
@json_option
def verify_days(
    settings: Settings,
    day_from: int,
    day_to: int,
    no_seals: bool,
    files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Check every question and call of some days against its entries, and all that was ever sealed
    against its seals."""
    if no_seals and files:
        raise click.UsageError("--head is held against the seals: leave --no-seals out")
    triggers = load_rules(settings).tariffs.triggers
    try:
        heads = [head for file in files for head in read_heads(file)]
    except (HeadError, OSError) as problem:
        raise SettingsError(str(problem)) from problem

    async def check(journal: Journal) -> tuple[VerifyReport, SealReport | None]:
        report = await verify(journal, day_from, day_to, triggers)
        if no_seals:
            return report, None
        key = keys_of(settings).seal
        return report, await verify_seals(journal, key, heads, Clock().day)

    try:
        report, sealed = with_journal(settings, check)
    except StoreUnavailableError as problem:
        raise click.ClickException(str(problem)) from problem
    fields = _fields(report)
    if sealed is not None:
        fields["sealed"] = _fields(sealed)
    show(fields, as_json, lambda: _tell(fields))
    sys.exit(1 if report.findings_count or (sealed and sealed.findings_count) else 0)


def _fields(report: VerifyReport | SealReport) -> dict[str, Any]:
    return report._asdict() | {"findings": [finding._asdict() for finding in report.findings]}


def _tell(fields: dict[str, Any], of: str = "") -> None:
    for name, value in fields.items():
        if name == "sealed":
            _tell(value, "sealed ")
        elif name == "findings":
            for finding in value:
                click.echo("  ".join(_told(finding)))
        else:
            click.echo(f"{of + name:16} {value}")


def _told(finding: dict[str, Any]) -> Iterator[str]:
    """What it is about, the code, the sentence; the rows that hang on a seal."""
    if "question_id" in finding:
        yield str(finding["question_id"])
    else:
        yield f"{finding['kind']} {finding['id']}"
    yield finding["code"]
    yield finding["sentence"]
    if finding.get("rows"):
        yield f"({finding['rows']})"
