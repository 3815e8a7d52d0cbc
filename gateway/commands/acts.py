"""`jauap ledger act`: a month with an operator, or with all of them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import click
import msgspec

from gateway import config
from gateway.billing.act import ActTerms, figures_of, figures_of_all
from gateway.billing.figures import Figures
from gateway.billing.months import Month, MonthError
from gateway.billing.pages import act_page, sums_of
from gateway.billing.parties import gaps
from gateway.billing.reconciled import Summary, SummaryError, read_summary
from gateway.billing.totals import CurrencyError
from gateway.billing.whole_file import write_whole
from gateway.billing.words import Words, WordsError
from gateway.clock import KAZAKHSTAN, Clock
from gateway.commands.options import (
    NO_OPERATOR,
    json_option,
    operators_of,
    settings_option,
    show,
    with_journal,
)
from gateway.commands.parties import load_parties
from gateway.core.civil import Civil
from gateway.rules import load_rules
from gateway.settings import Settings, SettingsError
from gateway.store import Journal, StoreUnavailableError

Form = Literal["html", "pdf", "json"]
_LANGUAGE = click.Choice(config.LANGUAGES)
_FILE = click.Path(dir_okay=False, path_type=Path)


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
@click.option("--operator", help="As in the tariffs; of calls the [[ivr]] table.")
@click.option("--all", "every", is_flag=True, help="Of all operators, into a folder.")
@click.option("--month", type=_MonthType(), required=True, help="YYYY-MM.")
@click.option(
    "--language", "languages", type=_LANGUAGE, multiple=True, help="Several make several."
)
@click.option(
    "--format", "forms", type=click.Choice(["html", "pdf", "json"]), multiple=True,
    default=("pdf",), help="Several.",
)  # fmt: skip
@click.option(
    "--reconciled", type=_FILE, multiple=True,
    help="The summary.json of `jauap ledger reconcile`; with --all one of each operator.",
)  # fmt: skip
@click.option("--parties", "parties_path", type=_FILE, help="In place of config/parties.toml.")
@click.argument("path", type=click.Path(path_type=Path))
@json_option
def act(
    settings: Settings,
    operator: str | None,
    every: bool,
    month: Month,
    languages: tuple[str, ...],
    forms: tuple[Form, ...],
    reconciled: tuple[Path, ...],
    parties_path: Path | None,
    path: Path,
    as_json: bool,
) -> None:
    """Write the reconciliation act of an operator's month, as a file or into a folder."""
    if every == (operator is not None):
        raise SettingsError("whose act? name one --operator, or give --all")
    draft = _is_draft(month)
    parties = load_parties(parties_path)
    languages = languages or (settings.service.language,)
    try:
        summaries = _summaries(reconciled, operator, month, draft)
        acts = [
            figures._replace(sides=parties.sides(figures.operator, month))
            for figures in _gathered(settings, operator, month, summaries)
        ]
        documents: dict[str, bytes] = {}
        for figures in acts:
            documents |= _documents(figures, languages, forms, draft)
        written = _write(documents, path, folder=every)
    except (CurrencyError, SummaryError, WordsError, StoreUnavailableError) as problem:
        raise SettingsError(str(problem)) from problem
    except OSError as problem:
        raise SettingsError(f"{path}: {problem}") from problem
    _tell(acts, draft, written, every=every, as_json=as_json)


def _is_draft(month: Month) -> bool:
    """Whether it is not closed yet. Raises SettingsError for one that has not begun."""
    civil, now_us = Civil(KAZAKHSTAN), Clock().now_us()
    if now_us < civil.midnight_us(month.first):
        raise SettingsError(f"{month} has not begun: there is nothing to settle")
    return now_us < civil.midnight_us(month.closes_on)


def _summaries(
    paths: Sequence[Path], operator: str | None, month: Month, draft: bool
) -> dict[str, Summary]:
    """By operator. Raises SummaryError."""
    found: dict[str, Summary] = {}
    for path in paths:
        summary = read_summary(path, operator, month)
        if summary.operator in found:
            raise SummaryError(f"{path}: {summary.operator} has another one; give one of each")
        if summary.draft and not draft:
            raise SummaryError(
                f"{path}: was made before {month} was closed on {month.closes_on}; the ledger has "
                "gone on since: reconcile again"
            )
        found[summary.operator] = summary
    return found


def _gathered(
    settings: Settings, operator: str | None, month: Month, summaries: Mapping[str, Summary]
) -> list[Figures]:
    """Of that operator, or of all who have rows; the page settles with nobody."""
    tariffs = load_rules(settings).tariffs
    terms = ActTerms(tariffs.currency, tariffs.shares, Civil(KAZAKHSTAN).midnight_us)

    async def gather(journal: Journal) -> list[Figures]:
        if operator is None:
            acts = await figures_of_all(journal, month, terms, summaries)
            return [each for each in acts if each.operator != NO_OPERATOR]
        return [await figures_of(journal, operator, month, terms, summaries.get(operator))]

    acts = with_journal(settings, gather)
    if operator is not None:
        _known(settings, acts[0])
    elif not acts:
        raise SettingsError(f"the journal has nothing of any operator for the act of {month}")
    return acts


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


def _write(documents: dict[str, bytes], path: Path, *, folder: bool) -> list[dict[str, str]]:
    """The one document as `path`, several into it; what was written, and whether it differs from
    what stood there before."""
    if folder or len(documents) > 1 or path.is_dir():
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
    if figures.operator not in known and not figures.has_rows:
        raise SettingsError(
            f"operator '{figures.operator}': the settings name none of that name and the journal "
            f"has nothing of it; known are {', '.join(sorted(known))}"
        )


def _tell(
    acts: Sequence[Figures],
    draft: bool,
    written: list[dict[str, str]],
    *,
    every: bool,
    as_json: bool,
) -> None:
    told = [_facts(figures, draft) for figures in acts]
    notes = {note: None for each in acts for note in gaps(each.sides, each.operator)}

    def tell() -> None:
        for facts in told:
            for name, value in facts.items():
                click.echo(f"{name:16} {value}")
        for each in written:
            click.echo(f"{each['change']:16} {each['file']}")
        for note in notes:
            click.echo(f"{'note':16} {note}")

    facts = {"acts": told} if every else told[0]
    show(facts | {"written": written, "warnings": list(notes)}, as_json, tell)


def _facts(figures: Figures, draft: bool) -> dict[str, Any]:
    sums = sums_of(figures)
    return {
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
