from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.billing.months import Month
from gateway.billing.reconcile.file_map import Bands
from gateway.billing.reconcile.summary import FileRows, Heading, Tally
from gateway.billing.reconciled import (
    CLASSES,
    ClassLine,
    SummaryError,
    late_of,
    read_summary,
)

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
    assert set(summary.classes) == {*CLASSES, "late"}
    assert (summary.late, summary.draft) == ((), False)
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


def test_late_rows_are_read_by_their_day(tmp_path: Path) -> None:
    late = [
        {"day": 20261003, "rows": 1, "ours_tiyn": 1500, "theirs_tiyn": None},
        {"day": 20261012, "rows": 2, "ours_tiyn": 3000, "theirs_tiyn": 3000},
    ]
    summary = read_summary(written(tmp_path / "s.json", late=late, draft=True), None, None)
    assert summary.draft
    assert [each.day for each in summary.late] == [20261003, 20261012]
    assert late_of(summary.late) == ClassLine(3, 4500, None), "a sum that is not whole is none"
    assert late_of(summary.late[1:]) == ClassLine(2, 3000, 3000)


def test_a_summary_of_any_operator_is_still_one_of_that_month(tmp_path: Path) -> None:
    path = written(tmp_path / "s.json")
    assert read_summary(path, None, NOVEMBER).operator == "north"
    with pytest.raises(SummaryError, match="this act of north and 2026-12"):
        read_summary(path, None, Month(2026, 12))


@pytest.mark.parametrize("octets", [b"", b"{", b"[]", b"\xff\xfe", b"{" + b" " * 1_000_000])
def test_a_file_that_is_no_summary_is_told(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "s.json"
    path.write_bytes(octets)
    with pytest.raises(SummaryError, match=r"is no summary\.json"):
        read_summary(path, "north", NOVEMBER)


def test_a_summary_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SummaryError, match="cannot be read"):
        read_summary(tmp_path / "absent.json", "north", NOVEMBER)
