"""Sheets written by another program than the one that reads them: SheetJS, by npm's xlsx."""

from __future__ import annotations

import io
import json
import subprocess
import warnings
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lookup.feed.sheet import write_lines
from tests.support.feed import appeal, fine, inspection
from tests.support.foreign.program import found
from tests.support.foreign.scripts import NPM, npm_version
from tests.support.sheets import write_ticket_sheet
from tests.support.tickets_as import cells_of

WRITE_S = 20.0
DAY_ZERO = date(1899, 12, 30)  # of the numbers by which a sheet counts days
HEADER = ["number", "status_at", "created_at", "fine.amount", "deleted"]
TICKETS = (appeal(), fine(), inspection())
PACKED: tuple[dict[str, bool], ...] = (
    {},
    {"bookSST": True},
    {"compression": True, "bookSST": True},
)


def written(path: Path, rows: Sequence[Sequence[object]], **more: object) -> Path:
    """The file, by the program of others."""
    npm_version("xlsx")  # says how to install it where it is missing
    order = json.dumps({"file": str(path), "rows": rows, "options": {}, **more})
    command = [str(found("node")), str(NPM / "sheets.js")]
    subprocess.run(command, input=order.encode(), check=True, timeout=WRITE_S)
    return path


def lines(path: Path) -> list[Any]:
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as the process of its own is started
        write_lines(path, out)
    return [json.loads(line) if line else None for line in out.getvalue().splitlines()]


def day(when: date, format_: str, time: float = 0.0) -> dict[str, object]:
    return {"serial": (when - DAY_ZERO).days + time, "format": format_}


@pytest.mark.parametrize("options", PACKED, ids=["plain", "shared texts", "packed"])
def test_tickets_are_the_same_whoever_wrote_their_sheet(
    tmp_path: Path, options: dict[str, bool]
) -> None:
    ours = write_ticket_sheet(tmp_path / "ours.xlsx", *TICKETS)
    theirs = written(tmp_path / "theirs.xlsx", cells_of(TICKETS), options=options)
    assert lines(theirs) == lines(ours)
    assert len(lines(theirs)) == 1 + len(TICKETS)


@pytest.mark.parametrize("format_", ["dd.mm.yyyy", "yyyy-mm-dd", "m/d/yy", "[$-419]d mmmm yyyy;@"])
def test_dates_are_dates_in_whatever_form_they_are_shown(tmp_path: Path, format_: str) -> None:
    when = day(date(2026, 10, 5), format_)
    moment = day(date(2026, 10, 5), format_ + " hh:mm", 0.395_833_333)
    row = ["061200000040000001", when, moment, 19660, True]
    (_, read) = lines(written(tmp_path / "a.xlsx", [HEADER, row]))
    assert read["status_at"] == {"at": "2026-10-05"}
    assert read["created_at"] == {"at": "2026-10-05T09:30:00"}
    assert (read["fine.amount"], read["deleted"]) == (19660, True)


def test_formulas_and_merged_cells_lose_nothing_without_a_word(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        [*HEADER],
        ["1", None, None, {"formula": "1+1", "value": 2}],
        ["2", None, None, {"formula": "1+1"}],
        [{"formula": 'LOWER("A3")', "value": "a3"}, day(date(2026, 10, 5), "dd.mm.yyyy")],
        ["4"],
        ["5"],
    ]
    _, saved, unsaved, first, second, last = lines(
        written(tmp_path / "a.xlsx", rows, merged=["B4:B5"])
    )
    assert saved == {"number": "1", "fine.amount": 2}
    assert unsaved[0] == "fine.amount"
    assert "not saved" in unsaved[1]
    assert first == {"number": "a3", "status_at": {"at": "2026-10-05"}}
    assert second[0] == "status_at"
    assert "merged" in second[1]
    assert last == {"number": "5"}
