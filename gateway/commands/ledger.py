"""`jauap ledger` and its verify."""

from __future__ import annotations

import sys
from typing import Any

import click

from gateway.billing.verify import verify
from gateway.commands.acts import act, report
from gateway.commands.adjust import adjust_month
from gateway.commands.disputes import credit_failed, credit_question, find
from gateway.commands.exports import export_file
from gateway.commands.options import days, json_option, settings_option, show, with_journal
from gateway.commands.reconcile import reconcile_month
from gateway.rules import load_rules
from gateway.settings import Settings


@click.group()
def ledger() -> None:
    """What every message and call cost."""


for _command in (
    adjust_month,
    act,
    credit_failed,
    credit_question,
    export_file,
    find,
    reconcile_month,
    report,
):
    ledger.add_command(_command)


@ledger.command("verify")
@settings_option
@days
@json_option
def verify_days(settings: Settings, day_from: int, day_to: int, as_json: bool) -> None:
    """Check every question and call of some days against its entries."""
    triggers = load_rules(settings).tariffs.triggers
    report = with_journal(settings, lambda journal: verify(journal, day_from, day_to, triggers))
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
