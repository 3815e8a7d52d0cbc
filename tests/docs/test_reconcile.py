"""docs/reference/reconcile.md has every key, class, cause, band and column, and nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gateway.billing.reconcile.file_map import BANDS, LeftAs, read_map
from gateway.billing.reconcile.records import Cause, Class
from gateway.billing.reconcile.summary import Band, FileRows, Heading, Tally
from gateway.billing.reconcile.told import BAD_COLUMNS, COLUMNS
from gateway.core.tariff_row import TariffError
from tests.support.pages import read, section, table

PAGE = read("reference/reconcile.md")
MAP: dict[str, Any] = {
    "format": "csv",
    "time": "iso",
    "zone": "UTC",
    "record": "mo",
    "columns": {"msisdn": "A", "short_code": "B", "at": "T"},
}
LEFT = {"as": "tests", "column": "K", "values": ["x"]}
NOBODYS = "qqqqqqqq"


def known(changes: dict[str, Any]) -> set[str]:
    """The keys that the reader knows, as it tells them of one that nobody has."""
    with pytest.raises(TariffError) as refusal:
        read_map(MAP | changes)
    told = re.search(r"known are (.*)$", str(refusal.value))
    assert told is not None
    return set(told[1].split(", "))


def told(heading: str) -> set[str]:
    return set(table(section(PAGE, heading).body))


@pytest.mark.parametrize(
    ("heading", "changes"),
    [
        ("The map", {NOBODYS: 1}),
        ("[columns]", {"columns": MAP["columns"] | {NOBODYS: "C"}}),
        ("[[leave_out]]", {"leave_out": [LEFT | {NOBODYS: 1}]}),
        ("[trailer]", {"trailer": {"starts": "T", "count": 1, NOBODYS: 1}}),
        ("[bands]", {"bands": {NOBODYS: 1}}),
    ],
)  # fmt: skip
def test_every_key_of_the_map_has_its_row(heading: str, changes: dict[str, Any]) -> None:
    assert told(heading) == known(changes)


def test_every_reason_for_leaving_rows_out_is_told() -> None:
    meaning = table(section(PAGE, "[[leave_out]]").body)["as"][-1]
    assert all(f"`{each}`" in meaning for each in LeftAs)


def test_every_class_cause_and_band_has_its_row() -> None:
    assert told("Classes") == set(Class)
    assert told("Causes") == set(Cause) - {Cause.NONE}
    assert told("Bands") == set(Band)


def test_every_figure_of_the_summary_has_its_row() -> None:
    heading = Heading("north", "2026-11", "month.csv", "", "KZT")
    summary = Tally().summary(heading, FileRows(0, {}, 0), BANDS, 0, [])
    assert tuple(table(section(PAGE, "summary.json").body)) == tuple(summary)


def test_every_column_has_its_row() -> None:
    lists = section(PAGE, "only_ours.csv, only_theirs.csv, differing.csv, late.csv").body
    assert tuple(table(lists)) == COLUMNS
    assert tuple(table(section(PAGE, "bad_rows.csv").body)) == BAD_COLUMNS
