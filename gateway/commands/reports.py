"""`jauap ledger report`: what days come to, as a table or a chart."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from gateway import config
from gateway.billing import reports
from gateway.billing.pages import svg
from gateway.billing.reports import By, Measure, Report, ReportError
from gateway.billing.totals import CurrencyError
from gateway.billing.whole_file import write_whole
from gateway.billing.words import Words, WordsError
from gateway.commands.options import days, json_option, settings_option, show, with_journal
from gateway.rules import load_rules
from gateway.settings import Settings, SettingsError
from gateway.store import StoreUnavailableError

_LANGUAGE = click.Choice(config.LANGUAGES)


@click.command("report")
@settings_option
@days
@click.option("--by", type=click.Choice(reports.BYS), multiple=True, default=("day",))
@click.option("--operator", help="Of this one alone.")
@click.option("--format", "form", type=click.Choice(["csv", "svg"]), default="csv")
@click.option("--measure", type=click.Choice(reports.MEASURES), default="questions")
@click.option("--language", type=_LANGUAGE, help="Of the chart.")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def report(
    settings: Settings,
    day_from: int,
    day_to: int,
    by: tuple[By, ...],
    operator: str | None,
    form: Literal["csv", "svg"],
    measure: Measure,
    language: str | None,
    path: Path,
    as_json: bool,
) -> None:
    """Write traffic, answers, credits and revenue of some days as a table or a chart."""
    by = tuple(dict.fromkeys(by))
    try:
        made = with_journal(
            settings, lambda journal: reports.report_of(journal, day_from, day_to, by, operator)
        )
        if form == "csv":
            octets = reports.csv_of(made)
        else:
            octets = _chart(settings, made, measure, language or settings.service.language)
        sha256 = write_whole(path, octets)
    except (CurrencyError, ReportError, WordsError, StoreUnavailableError) as problem:
        raise SettingsError(str(problem)) from problem
    except OSError as problem:
        raise SettingsError(f"{path}: {problem}") from problem
    facts = made.total._asdict() | {"groups": len(made.rows), "sha256": sha256}

    def tell() -> None:
        for name, value in facts.items():
            click.echo(f"{name:16} {value}")

    show(facts, as_json, tell)


def _chart(settings: Settings, made: Report, measure: Measure, language: str) -> bytes:
    words = Words.from_table(language, config.table(f"act/{language}.toml"))
    kinds = load_rules(settings).kinds
    names = {kind: kinds.nouns(kind)[language] for kind in kinds.names}
    return svg(reports.chart_of(made, measure, words, names), words).encode()
