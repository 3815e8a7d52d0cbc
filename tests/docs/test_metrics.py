"""docs/reference/metrics.md has every metric with its type and labels, and nothing else."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

import pytest

from gateway.metrics import Metrics
from ivr.attendant.attendant import CallCounters
from lookup.watch import SourceStats
from smpp.stats import LinkStats, ServerStats
from tests.support.pages import ROOT, names, read, section, table

PAGE = "reference/metrics.md"
COUNTED_BY = {  # names in Metrics
    "jauap_questions": "answered",
    "jauap_received": "received",
    "jauap_refused": "refused",
    "jauap_duplicates": "duplicated",
    "jauap_submitted": "submitted",
    "jauap_settled": "settled",
    "jauap_receipts": "receipts_joined",
    "jauap_receipt_match_ratio": "receipt_match_ratio",
    "jauap_parked": "park",
    "jauap_answer_seconds": "took",
    "jauap_link_bound": "bound",
    "jauap_account_binds": "binds",
    "jauap_owed": "owed",
    "jauap_owed_oldest_seconds": "owed",
    "jauap_tls_not_after_timestamp_seconds": "certificate",
    "jauap_link_events": "of_carrier",
    "jauap_smsc_events": "of_listener",
    "jauap_source_numbers": "of_source",
    "jauap_source_seconds": "source_took",
    "jauap_source_breaker": "of_source",
    "jauap_deliveries": "delivery",
    "jauap_conflicts_open": "conflicts",
    "jauap_findings_dropped": "findings_dropped",
    "jauap_pushes": "pushed",
    "jauap_feed_refusals": "feed_refused",
    "ivr_steps": "call_step",
    "jauap_call_records": "call_closed",
    "jauap_operator_requests": "operator_request",
    "jauap_operator_streams": "operator_streams",
    "ivr_signature_fail": "signature_failed",
}


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


@pytest.mark.parametrize(
    ("heading", "stats"),
    [
        ("What sessions count", LinkStats),
        ("What the listener counts", ServerStats),
        ("What becomes of numbers asked", SourceStats),
    ],
)
def test_what_is_counted_elsewhere_is_listed(heading: str, stats: type[Any]) -> None:
    body = section(read(PAGE), heading).body
    assert {field.name for field in fields(stats)} <= set(names(body))


def test_a_metric_that_nothing_counts_says_so() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8")
        for package in ("gateway", "ivr")
        for path in (ROOT / package).rglob("*.py")
        if path.name != "metrics.py"
    )
    rows = table(read(PAGE))
    assert set(COUNTED_BY) == set(rows)
    for metric, name in COUNTED_BY.items():
        counted = re.search(rf"\b_?(counters|metrics)\.{name}\b", sources) is not None
        assert (rows[metric][2] == "not counted") != counted, metric
