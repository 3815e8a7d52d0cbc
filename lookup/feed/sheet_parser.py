"""openpyxl's reader of cells, made to tell a formula whose value was not saved from no value."""

from __future__ import annotations

from typing import Any, Final

from openpyxl.worksheet import _read_only  # type: ignore[import-untyped]  # no type information
from openpyxl.worksheet._reader import (  # type: ignore[import-untyped]  # as above
    FORMULA_TAG,
    VALUE_TAG,
    WorkSheetParser,
)

UNSAVED: Final = "unsaved"  # the data_type of such a cell


class RowsOutOfOrderError(ValueError):
    """A row has the number of one before it."""


class _Parser(WorkSheetParser):  # type: ignore[misc]  # as above
    def parse_cell(self, element: Any) -> dict[str, object]:
        cell: dict[str, object] = super().parse_cell(element)
        # An empty text is a value that some formulas have; an empty number is none.
        if (
            cell["value"] is None
            and element.find(FORMULA_TAG) is not None
            and (element.find(VALUE_TAG) is None or element.get("t", "n") != "str")
        ):
            cell["value"] = cell["data_type"] = UNSAVED
        return cell

    def parse_row(self, row: Any) -> tuple[int, list[dict[str, object]]]:
        before: int = self.row_counter
        parsed: tuple[int, list[dict[str, object]]] = super().parse_row(row)
        if parsed[0] <= before:  # openpyxl would leave it out and say nothing
            raise RowsOutOfOrderError(f"row {parsed[0]} follows row {before}")
        self.row_dimensions.clear()  # it keeps those of all rows
        return parsed


def mind_unsaved() -> None:
    """For all sheets that this process reads from now on: openpyxl takes no parser from outside,
    so the name under which it makes its own is given to ours."""
    _read_only.WorkSheetParser = _Parser
