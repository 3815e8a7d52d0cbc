"""What `jauap conform` prints: a table at a terminal, a line a row elsewhere, or JSON."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import Final

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gateway.commands.options import show
from smpp.conform import ROWS, Result, Role, Verdict, plays_of

_COLOURS: Final = {
    Verdict.PASSED: "green",
    Verdict.FAILED: "bold red",
    Verdict.UNTESTABLE: "yellow",
}
_JUDGED: Final = (Verdict.PASSED, Verdict.FAILED, Verdict.UNTESTABLE)


def tell(role: Role, address: str, results: Sequence[Result], every: bool, as_json: bool) -> None:
    """The table, or the same as JSON."""
    counts = Counter(result.verdict for result in results)
    shown = [result for result in results if every or result.verdict in _JUDGED]

    def lines() -> None:
        if sys.stdout.isatty():
            Console().print(_table(shown))
        else:
            for result in shown:
                click.echo(_line(result))
        played = ", ".join(f"{counts[verdict]} {verdict}" for verdict in _JUDGED)
        click.echo(
            f"{address} as {role}: {played}. Of {len(ROWS)} rows the kit has plays of "
            f"{len(plays_of(role))} for this role; {counts[Verdict.SKIPPED]} were skipped."
        )

    rows = [
        {
            "row": result.row_id,
            "title": ROWS[result.row_id].title,
            "expected": ROWS[result.row_id].expected,
            "section": ROWS[result.row_id].section,
            "verdict": result.verdict,
            "detail": result.detail,
        }
        for result in shown
    ]
    figures = {verdict.value: counts[verdict] for verdict in Verdict}
    show({"role": role, "address": address, "counts": figures, "rows": rows}, as_json, lines)


def _line(result: Result) -> str:
    line = f"{result.row_id:4} {result.verdict:10} {ROWS[result.row_id].title}"
    return f"{line}: {result.detail}" if result.detail else line


def _table(results: Sequence[Result]) -> Table:
    table = Table("row", "verdict", "what comes", "what is expected", "seen")
    for result in results:
        row = ROWS[result.row_id]
        table.add_row(
            result.row_id, result.verdict, row.title, row.expected, escape(result.detail),
            style=_COLOURS.get(result.verdict, "dim"),
        )  # fmt: skip
    return table
