"""`jauap ledger reconcile`: a month held against the operator's own file of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import click

from gateway.billing.months import Month, MonthError
from gateway.billing.reconcile.reconciling import EarlierError, FileRefusedError, Job, reconcile
from gateway.billing.reconcile.summary import Band
from gateway.clock import KAZAKHSTAN, Clock
from gateway.commands.operator_maps import load_map
from gateway.commands.options import json_option, settings_option, show, with_journal
from gateway.core.civil import Civil
from gateway.core.tariff_vat import vat_on
from gateway.keys import read_key_file
from gateway.rules import load_rules
from gateway.settings import Settings, SettingsError

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
MEANING: Final = {
    Band.ACCEPT: "the operator's figure stands",
    Band.EXCHANGE: "exchange the disputed rows within five working days",
    Band.HOLD: "hold the disputed part of the payment and open a dispute",
    Band.ALARM: "hold the disputed part, and find out now what is broken",
}


@click.command("reconcile")
@settings_option
@click.option("--operator", required=True, help="As the links and the ledger name it.")
@click.option("--month", required=True, help="YYYY-MM, in Kazakhstan.")
@click.option("--map", "map_path", type=FILE, help="In place of config/reconcile/OPERATOR.toml.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="A folder.")
@click.option(
    "--earlier", type=click.Path(exists=True, file_okay=False, path_type=Path), multiple=True,
    help="The folder of an earlier month, for rows that came late. Several.",
)  # fmt: skip
@click.argument("file", type=FILE)
@json_option
def reconcile_month(
    settings: Settings,
    operator: str,
    month: str,
    map_path: Path | None,
    out: Path | None,
    earlier: tuple[Path, ...],
    file: Path,
    as_json: bool,
) -> None:
    """Hold a month of the ledger against the operator's own file of it."""
    tariffs = load_rules(settings).tariffs
    if out is not None and out.resolve() in {each.resolve() for each in earlier}:
        raise SettingsError(f"{out}: is one of --earlier; name another folder for --out")
    try:
        of = Month.read(month)
        job = Job(
            operator=operator,
            month=of,
            path=file,
            layout=load_map(operator, map_path),
            party=read_key_file(Path(settings.store.key_file)).party,
            currency=tariffs.currency,
            vat_bp=vat_on(tariffs.vat, of.first).rate_bp,
            free_numbers=tariffs.free_numbers,
            earlier=earlier,
            draft=Clock().now_us() < Civil(KAZAKHSTAN).midnight_us(of.closes_on),
        )
        summary = with_journal(settings, lambda journal: reconcile(job, journal, out))
    except (EarlierError, FileRefusedError, MonthError, OSError) as problem:
        raise SettingsError(str(problem)) from problem
    show(summary, as_json, lambda: _tell(summary, out))
    sys.exit(0 if summary["band"] == Band.ACCEPT else 1)


def _tell(summary: dict[str, Any], out: Path | None) -> None:
    rows, ours, theirs = summary["rows"], summary["ours"], summary["theirs"]
    click.echo(f"{summary['operator']} {summary['month']}: {summary['file']}")
    left_out = ", ".join(f"{name} {count}" for name, count in rows["left_out"].items()) or "0"
    click.echo(f"{'rows':14}{rows['read']}; left out: {left_out}; not readable: {rows['bad']}")
    click.echo(f"{'ours':14}{ours['messages']} messages, {ours['gross_tiyn']} tiyn")
    told = "no prices" if theirs["gross_tiyn"] is None else f"{theirs['gross_tiyn']} tiyn"
    click.echo(f"{'theirs':14}{theirs['messages']} messages, {told}")
    for name, figures in summary["classes"].items():
        click.echo(f"{name:14}{figures['rows']}")
        for each in summary["causes"]:
            if each["class"] == name:
                aside = "" if each["disputed"] else "  (not disputed)"
                click.echo(f"  {each['cause']:18}{each['rows']}{aside}")
    percent = f"{summary['difference_bp'] // 100}.{summary['difference_bp'] % 100:02}"
    band = Band(summary["band"])
    click.echo(f"{'disputed':14}{summary['disputed_rows']}, {percent} %: {band}, {MEANING[band]}")
    if summary["draft"]:
        closes_on = Month.read(summary["month"]).closes_on
        click.echo(f"{'draft':14}the month closes on {closes_on}; reconcile again for its act")
    for warning in summary["warnings"]:
        click.echo(f"{'note':14}{warning}")
    if out is not None:
        click.echo(f"{'written':14}{out}")
