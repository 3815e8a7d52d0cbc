"""`jauap ledger act` and `jauap ledger report`: a month with an operator, and what days come to."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import click
import msgspec

from gateway import config
from gateway.billing import reports
from gateway.billing.act import figures_of
from gateway.billing.figures import Figures
from gateway.billing.months import Month, MonthError
from gateway.billing.pages import act_page, sums_of, svg
from gateway.billing.reconciled import SummaryError, read_summary
from gateway.billing.reports import By, Measure, Report, ReportError
from gateway.billing.totals import CurrencyError
from gateway.billing.whole_file import write_whole
from gateway.billing.words import Words, WordsError
from gateway.clock import KAZAKHSTAN, Clock
from gateway.commands.options import (
    days,
    json_option,
    operators_of,
    settings_option,
    show,
    with_journal,
)
from gateway.core.civil import Civil
from gateway.rules import load_rules
from gateway.settings import Settings, SettingsError
from gateway.store import StoreUnavailableError

Form = Literal["html", "pdf", "json"]
_LANGUAGE = click.Choice(config.LANGUAGES)


class _MonthType(click.ParamType[Month]):
    """YYYY-MM."""

    name = "month"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Month:
        try:
            return Month.read(value)
        except MonthError as problem:
            self.fail(str(problem), param, ctx)


@click.command("act")
@settings_option
@click.option("--operator", required=True, help="As in the tariffs; of calls the [[ivr]] table.")
@click.option("--month", type=_MonthType(), required=True, help="YYYY-MM.")
@click.option(
    "--language", "languages", type=_LANGUAGE, multiple=True, help="Several make several."
)
@click.option(
    "--format", "forms", type=click.Choice(["html", "pdf", "json"]), multiple=True,
    default=("pdf",), help="Several.",
)  # fmt: skip
@click.option(
    "--reconciled", type=click.Path(dir_okay=False, path_type=Path),
    help="The summary.json of `jauap ledger reconcile`.",
)  # fmt: skip
@click.argument("path", type=click.Path(path_type=Path))
@json_option
def act(
    settings: Settings,
    operator: str,
    month: Month,
    languages: tuple[str, ...],
    forms: tuple[Form, ...],
    reconciled: Path | None,
    path: Path,
    as_json: bool,
) -> None:
    """Write the reconciliation act of an operator's month, as a file or into a folder."""
    rules = load_rules(settings)
    civil = Civil(KAZAKHSTAN)
    languages = languages or (settings.service.language,)
    now_us = Clock().now_us()
    try:
        summary = read_summary(reconciled, operator, month) if reconciled else None
        figures = with_journal(
            settings,
            lambda journal: figures_of(
                journal,
                operator,
                month,
                currency=rules.tariffs.currency,
                shares=rules.tariffs.shares,
                midnight=civil.midnight_us,
                reconciled=summary,
            ),
        )
        _known(settings, figures)
        draft = now_us < civil.midnight_us(month.closes_on)
        documents = _documents(figures, languages, forms, draft)
        written = _write(documents, path)
    except (CurrencyError, SummaryError, WordsError, StoreUnavailableError) as problem:
        raise SettingsError(str(problem)) from problem
    except OSError as problem:
        raise SettingsError(f"{path}: {problem}") from problem
    _tell(figures, draft, written, as_json)


def _documents(
    figures: Figures, languages: Sequence[str], forms: Sequence[Form], draft: bool
) -> dict[str, bytes]:
    """The documents by their names in a folder."""
    name = f"act-{quote(figures.operator, safe='')}-{figures.month}"
    clock = Clock()
    documents: dict[str, bytes] = {}
    for language in languages:
        words = Words.from_table(language, config.table(f"act/{language}.toml"))
        page = act_page(figures, words, draft=draft, day_of=clock.day)
        if "html" in forms:
            documents[f"{name}-{language}.html"] = page.encode()
        if "pdf" in forms:
            documents[f"{name}-{language}.pdf"] = _pdf(page)
    if "json" in forms:
        documents[f"{name}.json"] = json_of(figures, draft)
    return documents


def json_of(figures: Figures, draft: bool) -> bytes:
    """The figures for a program: fields by name, months as YYYY-MM."""
    return msgspec.json.encode(_plain(figures) | {"draft": draft}) + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Month):
        return str(value)
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: _plain(each) for name, each in value._asdict().items()}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return msgspec.to_builtins(value)


def _pdf(page: str) -> bytes:
    """Loaded here: only a PDF needs the libraries that WeasyPrint finds on the machine."""
    try:
        made = importlib.import_module("gateway.billing.pdf").pdf_of(page)
    except OSError as problem:
        raise SettingsError(
            f"PDF cannot be made ({problem}): install libpango-1.0-0, libpangoft2-1.0-0 and "
            "libharfbuzz-subset0, or ask for --format html"
        ) from problem
    assert isinstance(made, bytes)
    return made


def _write(documents: dict[str, bytes], path: Path) -> list[dict[str, str]]:
    """The one document as `path`, several into it; what was written, and whether it differs from
    what stood there before."""
    if len(documents) > 1 or path.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        places = {path / name: octets for name, octets in documents.items()}
    else:
        places = dict(zip((path,), documents.values(), strict=True))
    written = []
    for place, octets in places.items():
        before = place.read_bytes() if place.is_file() else None
        change = "new" if before is None else "unchanged" if before == octets else "changed"
        written.append({"file": str(place), "sha256": write_whole(place, octets), "change": change})
    return written


def _known(settings: Settings, figures: Figures) -> None:
    """Raises SettingsError for a name that neither the settings nor the journal know."""
    known = operators_of(settings)
    has_rows = figures.total.questions or figures.carried_count or figures.calls
    if figures.operator not in known and not has_rows:
        raise SettingsError(
            f"operator '{figures.operator}': the settings name none of that name and the journal "
            f"has nothing of it; known are {', '.join(sorted(known))}"
        )


def _tell(figures: Figures, draft: bool, written: list[dict[str, str]], as_json: bool) -> None:
    sums = sums_of(figures)
    facts = {
        "operator": figures.operator,
        "month": str(figures.month),
        "draft": draft,
        "closes_on": figures.month.closes_on.isoformat(),
        "questions": figures.total.questions,
        "kept_tiyn": sums.gross_tiyn,
        "vat_tiyn": sums.vat_tiyn,
        "operator_tiyn": sums.operator_tiyn,
        "owner_tiyn": sums.owner_tiyn,
        "calls_tiyn": sums.calls_tiyn,
        "carried": figures.carried_count,
        "carried_tiyn": figures.carried_tiyn,
    }

    def tell() -> None:
        for name, value in facts.items():
            click.echo(f"{name:16} {value}")
        for each in written:
            click.echo(f"{each['change']:16} {each['file']}")

    show(facts | {"written": written}, as_json, tell)


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
