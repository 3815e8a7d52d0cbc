from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.billing.months import Month
from gateway.billing.reconcile.file_map import Bands
from gateway.billing.reconcile.summary import FileRows, Heading, Tally
from gateway.billing.reconciled import CLASSES, SummaryError, read_summary

NOVEMBER = Month(2026, 11)


def written(path: Path, **changes: Any) -> Path:
    """A summary as `ledger reconcile` makes it, of a month in which nothing was compared."""
    heading = Heading("north", "2026-11", "north.csv", "ab" * 32, "KZT")
    summary = Tally().summary(heading, FileRows(0, {}, 0), Bands(), 0, [])
    path.write_text(json.dumps(summary | changes))
    return path


def test_what_reconciliation_writes_is_read(tmp_path: Path) -> None:
    causes = [
        {
            "class": "differing",
            "cause": "price",
            "rows": 3,
            "ours_tiyn": 4500,
            "theirs_tiyn": None,
            "disputed": True,
        }
    ]
    summary = read_summary(written(tmp_path / "s.json", causes=causes), "north", NOVEMBER)
    assert set(summary.classes) == set(CLASSES)
    assert (summary.band, summary.theirs.gross_tiyn) == ("accept", None)
    (cause,) = summary.causes
    assert (cause.class_, cause.cause, cause.rows, cause.disputed) == (
        "differing",
        "price",
        3,
        True,
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"operator": "south"}, "is of south and 2026-11, this act of north and 2026-11"),
        ({"month": "2026-10"}, "is of north and 2026-10, this act of north and 2026-11"),
        ({"format": 2}, "is of format 2, this release reads 1"),
        ({"classes": {}}, "lacks the classes matched, differing"),
        ({"band": 7}, r"is no summary\.json"),
    ],
)
def test_a_summary_that_does_not_fit_is_told(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(SummaryError, match=told):
        read_summary(written(tmp_path / "s.json", **changes), "north", NOVEMBER)


@pytest.mark.parametrize("octets", [b"", b"{", b"[]", b"\xff\xfe", b"{" + b" " * 1_000_000])
def test_a_file_that_is_no_summary_is_told(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "s.json"
    path.write_bytes(octets)
    with pytest.raises(SummaryError, match=r"is no summary\.json"):
        read_summary(path, "north", NOVEMBER)


def test_a_summary_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SummaryError, match="cannot be read"):
        read_summary(tmp_path / "absent.json", "north", NOVEMBER)
