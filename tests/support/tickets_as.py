"""Tickets of a feed in the form of a table, as CSV files and sheets have it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def flat(ticket: Mapping[str, Any]) -> dict[str, object]:
    """Columns with dots for the parts of an object, lists parted by spaces, events as JSON."""
    cells: dict[str, object] = {}
    for name, value in ticket.items():
        if value is None:
            continue
        if name == "events":
            cells[name] = json.dumps(value, ensure_ascii=False)
        elif isinstance(value, list):
            cells[name] = " ".join(value)
        elif isinstance(value, dict):
            cells |= {f"{name}.{inner}": cell for inner, cell in value.items() if cell is not None}
        else:
            cells[name] = value
    return cells


def cells_of(tickets: Sequence[Mapping[str, Any]]) -> list[list[object]]:
    """The header and a row for each ticket."""
    rows = [flat(ticket) for ticket in tickets]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    columns += [name for name in ("kind", "number", "status") if name not in columns]
    return [[*columns], *([row.get(name) for name in columns] for row in rows)]


def write_csv(path: Path, *tickets: Mapping[str, Any], delimiter: str = ",") -> Path:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    for row in cells_of(tickets):
        writer.writerow(["" if cell is None else _cell(cell) for cell in row])
    path.write_bytes(out.getvalue().encode())
    return path


def _cell(cell: object) -> object:
    return str(cell).lower() if isinstance(cell, bool) else cell
