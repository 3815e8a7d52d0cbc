"""docs/reference/metrics.md has every metric with its type and labels, and nothing else."""

from __future__ import annotations

import re

from gateway.metrics import Metrics
from ivr.attendant import CallCounters
from tests.support.pages import names, read, table

PAGE = "reference/metrics.md"


def exposed() -> dict[str, tuple[str, list[str]]]:
    """Type and labels by name."""
    registry = Metrics().registry
    labels = {
        name: list(collector._labelnames)  # the library shows labels nowhere else before use
        for name, collector in registry._names_to_collectors.items()
    }
    return {
        family.name: (family.type, labels[family.name])
        for family in registry.collect()
        if not family.name.endswith("_created")
    }


def test_every_metric_has_its_row() -> None:
    rows = table(read(PAGE))
    assert {name: (cells[0], names(cells[1])) for name, cells in rows.items()} == exposed()


def test_outcomes_and_reasons_of_calls_are_those_of_the_code() -> None:
    said = re.sub(r"\s+", " ", CallCounters.__doc__ or "")
    outcomes, reasons = re.search(r"Outcomes: (.*)\. Reasons: (.*)\.", said).groups()
    rows = table(read(PAGE))
    assert names(rows["ivr_steps"][2]) == outcomes.split(", ")
    assert names(rows["ivr_signature_fail"][2]) == reasons.split(", ")
