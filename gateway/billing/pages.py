"""Acts and charts as HTML and SVG: the only file that fills in templates.

The same figures and words always give the same text: no clock, no chance, no network.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import jinja2

from gateway.billing.charts import Chart, lying, upright
from gateway.billing.figures import Carried, Figures, Terms
from gateway.billing.parties import Party
from gateway.billing.reconciled import CLASSES, late_of
from gateway.billing.words import Words
from gateway.core.results import Result

CARRIED_SHOWN_MAX = 200  # rows of earlier months in a page
HEAD = 28  # units of a chart's height, for its title

_HERE = Path(__file__).parent / "templates"
_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_RESULTS = frozenset(map(str, Result))


class Sums(NamedTuple):
    """What a page adds up over the months that an act settles."""

    gross_tiyn: int
    vat_tiyn: int
    net_tiyn: int
    operator_tiyn: int
    owner_tiyn: int
    messages: int
    segments: int
    calls_tiyn: int
    open_legs: int


class _Charts(NamedTuple):
    day: Chart | None
    result: Chart | None


def sums_of(figures: Figures) -> Sums:
    """The sums of an act."""
    settled = figures.settled
    return Sums(
        gross_tiyn=sum(each.gross_tiyn for each in settled),
        vat_tiyn=sum(each.vat_tiyn for each in settled),
        net_tiyn=sum(each.net_tiyn for each in settled),
        operator_tiyn=sum(each.operator_tiyn for each in settled),
        owner_tiyn=sum(each.owner_tiyn for each in settled),
        messages=sum(each.messages for each in settled),
        segments=sum(segments for _, segments in figures.out),
        calls_tiyn=sum(each.line.payer_tiyn for each in figures.calls),
        open_legs=sum(each.line.open for each in figures.calls),
    )


def act_page(figures: Figures, words: Words, *, draft: bool, day_of: Callable[[int], int]) -> str:
    """The act as one HTML page that needs nothing beside it.

    `draft`: the month is not closed yet; `day_of`: the day of a moment in Kazakhstan, YYYYMMDD.
    Raises WordsError.
    """

    def reason(code: str) -> str:
        return words.name("results" if code in _RESULTS else "reasons", code)

    def booked(carried: Carried) -> str:
        return words.day(day_of(carried.booked_us))

    def terms(of: Terms) -> str:
        if of.part_bp is not None:
            return words.text(f"{of.side}_percent", percent=words.percent(of.part_bp), rule=of.rule)
        return words.text(f"{of.side}_flat", sum=words.money(of.flat_tiyn), rule=of.rule)

    questions = figures.total.questions
    return _TEMPLATES.get_template("act.html").render(
        words=words,
        figures=figures,
        sums=sums_of(figures),
        subtitle=words.text(
            "subtitle", operator=figures.operator, month=words.month(figures.month)
        ),
        draft=draft,
        style=(_HERE / "act.css").read_text(encoding="utf-8"),
        charts=_charts(figures, words) if questions else _Charts(None, None),
        drawn=lambda chart: svg(chart, words, head=0),
        carried=figures.carried[:CARRIED_SHOWN_MAX],
        classes=CLASSES,
        late=late_of(figures.reconciled.late) if figures.reconciled else None,
        contract=_contract(figures.sides.operator, words),
        reason=reason,
        booked=booked,
        terms=terms,
    )


def _contract(side: Party | None, words: Words) -> str | None:
    if side is None or side.contract is None:
        return None
    if side.contract_date is None:
        return words.text("contract_number", number=side.contract)
    day = words.date(side.contract_date)
    return words.text("contract_dated", number=side.contract, day=day)


def svg(chart: Chart, words: Words, *, head: int = HEAD) -> str:
    """A chart as an SVG document; `head`: the room above it for its title, 0: it stands below a
    heading that says it."""
    return _TEMPLATES.get_template("chart.svg").render(chart=chart, words=words, head=head)


def _charts(figures: Figures, words: Words) -> _Charts:
    by_day = [(str(day % 100), line.questions) for day, line in figures.by_day]
    by_result = [(words.name("results", code), line.questions) for code, line in figures.by_result]
    return _Charts(
        upright(words.text("day_chart"), by_day), lying(words.text("result_chart"), by_result)
    )
