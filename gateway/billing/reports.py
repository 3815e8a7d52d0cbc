"""Reports: questions, answers, credits and revenue of some days, grouped as asked.

The days are those on which questions were received and calls began, as in the billing file, and
so are the sums: a report and an export of the same days agree.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

from gateway.billing.charts import BARS_MAX, NAMES_MAX, Chart, lying, upright
from gateway.billing.forms import defused
from gateway.billing.rows import iso_day, outcome_of
from gateway.billing.totals import Currency, Line, PayerTally, Tally
from gateway.billing.words import Words
from gateway.core.call_records import CallTrace
from gateway.core.ledger import kept_tiyn
from gateway.core.records import Chain
from gateway.core.results import Result
from gateway.core.tariff import vat_of
from gateway.store.journal import Journal

By = Literal["day", "operator", "channel", "result", "kind"]
Measure = Literal["questions", "answers", "credited", "kept"]

GROUPS_MAX = 100_000  # of one report

_ANSWERS = frozenset(str(result) for result in Result if result.answers)
_NOT_SENT = frozenset(("waiting", "failed", "expired"))
_CALL = "call"
_TIYN = 100  # in a tenge


class ReportError(Exception):
    """The report cannot be made as asked; the text says why."""


class ReportRow(NamedTuple):
    """One group; money in tiyn, credits negative. `vat_tiyn` is taken out of the group's sum, by
    rate: a total has its own, which is not the sum of those of its groups."""

    questions: int
    answers: int  # of them, that told what was asked for
    parts: int  # segments of the questions
    segments: int  # of the replies, that were sent
    gross_tiyn: int
    charged_tiyn: int
    credited_tiyn: int
    adjusted_tiyn: int
    kept_tiyn: int
    vat_tiyn: int
    calls: int  # legs
    billable_s: int
    payer_tiyn: int


class Report(NamedTuple):
    """Groups in the order of their keys."""

    by: tuple[By, ...]
    rows: tuple[tuple[tuple[str, ...], ReportRow], ...]
    total: ReportRow


async def report_of(
    journal: Journal, day_from: int, day_to: int, by: Sequence[By], operator: str | None = None
) -> Report:
    """What the days `day_from` to `day_to` (YYYYMMDD, both included) come to; of one operator, or
    of all. Raises ReportError, CurrencyError, StoreUnavailableError."""
    gathering = _Gathering(tuple(by))
    async for chain in journal.chains(day_from, day_to, operator):
        gathering.question(chain)
    async for trace in journal.call_legs(day_from, day_to, operator):
        gathering.leg(trace)
    return gathering.report()


class _Group:
    """A row on its way."""

    __slots__ = ("answers", "calls", "kept_by_vat", "segments", "tally")

    def __init__(self) -> None:
        self.tally = Tally()
        self.calls = PayerTally()
        self.answers = 0
        self.segments = 0
        self.kept_by_vat: dict[int, int] = {}

    def add(self, chain: Chain) -> None:
        self.tally.question(chain.parts)
        self.tally.book(chain.entries)
        self.answers += chain.result in _ANSWERS
        self.segments += sum(outcome_of(reply) not in _NOT_SENT for reply in chain.replies)
        if kept := kept_tiyn(chain.entries):
            vat_bp = chain.entries[0].vat_bp
            self.kept_by_vat[vat_bp] = self.kept_by_vat.get(vat_bp, 0) + kept

    def call(self, trace: CallTrace) -> None:
        self.calls.leg(trace)
        if (last := trace.last) is not None:
            self.calls.book(last.billable_s, last.amount_tiyn, last.vat_bp)

    @property
    def row(self) -> ReportRow:
        line: Line = self.tally.line
        calls = self.calls.line
        return ReportRow(
            questions=line.questions,
            answers=self.answers,
            parts=line.parts,
            segments=self.segments,
            gross_tiyn=line.gross_tiyn,
            charged_tiyn=line.charged_tiyn,
            credited_tiyn=line.credited_tiyn,
            adjusted_tiyn=line.adjusted_tiyn,
            kept_tiyn=line.kept_tiyn,
            vat_tiyn=sum(vat_of(tiyn, bp) for bp, tiyn in self.kept_by_vat.items()),
            calls=calls.legs,
            billable_s=calls.billable_s,
            payer_tiyn=calls.payer_tiyn,
        )


class _Gathering:
    def __init__(self, by: tuple[By, ...]) -> None:
        self._by = by
        self._groups: dict[tuple[str, ...], _Group] = {}
        self._total = _Group()
        self._currency = Currency()

    def question(self, chain: Chain) -> None:
        if chain.entries:
            self._currency.agree(f"question {chain.question_id}", chain.entries[0].currency)
        values = {
            "day": iso_day(chain.day),
            "operator": chain.operator,
            "channel": chain.channel,
            "result": chain.result or "",
            "kind": chain.ticket_kind or "",
        }
        self._total.add(chain)
        self._group(values).add(chain)

    def leg(self, trace: CallTrace) -> None:
        if trace.last is not None:
            self._currency.agree(f"call record {trace.last.id}", trace.last.currency)
        values = {
            "day": iso_day(trace.leg.day),
            "operator": trace.leg.link,
            "channel": _CALL,
            "result": "",
            "kind": "",
        }
        self._total.call(trace)
        self._group(values).call(trace)

    def _group(self, values: dict[str, str]) -> _Group:
        key = tuple(values[each] for each in self._by)
        group = self._groups.get(key)
        if group is None:
            if len(self._groups) >= GROUPS_MAX:
                raise ReportError(
                    f"more than {GROUPS_MAX} groups by {', '.join(self._by)}: ask for fewer days"
                )
            group = self._groups[key] = _Group()
        return group

    def report(self) -> Report:
        rows = tuple((key, group.row) for key, group in sorted(self._groups.items()))
        return Report(self._by, rows, self._total.row)


def csv_of(report: Report) -> bytes:
    """RFC 4180, UTF-8: a row for each group, and one for all, whose keys are empty but for the
    first, `total`."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow((*report.by, *ReportRow._fields))
    for key, row in report.rows:
        writer.writerow([defused(cell) for cell in (*key, *row)])
    writer.writerow(("total", *("" for _ in report.by[1:]), *report.total))
    return text.getvalue().encode()


def chart_of(
    report: Report, measure: Measure, words: Words, kinds: dict[str, str] | None = None
) -> Chart:
    """One bar for each group; `kinds`: the names of kinds of tickets. Money in whole tenge, what
    was given back as a positive sum. Raises ReportError where groups have several keys, or are
    more than a chart has room for."""
    if len(report.by) != 1:
        raise ReportError("a chart has one --by; the CSV form has them all")
    (by,) = report.by
    room = BARS_MAX if by == "day" else NAMES_MAX
    if len(report.rows) > room:
        raise ReportError(
            f"{len(report.rows)} bars by {by}, a chart has room for {room}: ask for fewer days, "
            "or for the CSV form"
        )
    title = f"{words.name('measures', measure)}, {words.name('by', by)}"
    values = [
        (_label(by, key, words, kinds or {}), _value(row, measure)) for (key,), row in report.rows
    ]
    if by == "day":
        return upright(title, values)
    return lying(title, sorted(values, key=lambda each: (-each[1], each[0])))


def _label(by: By, key: str, words: Words, kinds: dict[str, str]) -> str:
    if by == "day":
        return f"{key[8:]}.{key[5:7]}"
    if not key:
        return "–"
    if by == "kind":
        return kinds.get(key, key)
    return words.name(f"{by}s", key) if by in ("channel", "result") else key


def _value(row: ReportRow, measure: Measure) -> int:
    match measure:
        case "questions":
            return row.questions
        case "answers":
            return row.answers
        case "credited":
            return -row.credited_tiyn // _TIYN
        case "kept":
            return row.kept_tiyn // _TIYN


BYS: tuple[By, ...] = get_args(By)
MEASURES: tuple[Measure, ...] = get_args(Measure)
