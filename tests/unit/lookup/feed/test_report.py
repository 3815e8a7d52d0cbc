from __future__ import annotations

from pathlib import Path

import pytest

from lookup.feed_row import Row, row_of
from lookup.import_report import NAMES_COUNTED_MAX, OTHER_NAMES, Counts, FileResult, Known, total
from lookup.merge import Change
from lookup.vocabulary import STATUSES
from tests.support.feed import appeal, hash_phone

KNOWN = Known(frozenset({"tax-shymkent"}), STATUSES)


def row(**changes: object) -> Row:
    return row_of(appeal(**changes), hash_phone)


@pytest.mark.parametrize("change", list(Change))
def test_every_line_is_counted_once_by_what_it_did(change: Change) -> None:
    counts = Counts()
    counts.take(row(), change, KNOWN)
    counts.reject(2)
    assert getattr(counts, change.value) == 1
    assert counts.rejected == 2
    figures = (counts.added, counts.updated, counts.unchanged, counts.stale, counts.rejected)
    assert sum(figures) == counts.lines == 3


def test_what_nobody_knows_is_counted_by_name() -> None:
    counts = Counts()
    strange = row(status="lost", body_id="nowhere", clerk="A", owner_phones=["112"])
    for _ in range(2):
        counts.take(strange, Change.ADDED, KNOWN)
    counts.take(row(kind="riddle"), Change.ADDED, KNOWN)
    counts.take(row(body_id=None), Change.ADDED, KNOWN)
    assert counts.unknown_statuses == {"appeal: lost": 2, "riddle: forwarded": 1}
    assert counts.unknown_bodies == {"nowhere": 2}
    assert counts.unknown_fields == {"clerk": 2}
    assert counts.phones_left_out == 2


def test_a_feed_full_of_new_names_does_not_fill_the_memory() -> None:
    counts = Counts()
    for index in range(NAMES_COUNTED_MAX + 50):
        counts.take(row(body_id=f"b{index}"), Change.ADDED, KNOWN)
    counts.take(row(body_id="b0"), Change.ADDED, KNOWN)
    assert len(counts.unknown_bodies) == NAMES_COUNTED_MAX + 1
    assert counts.unknown_bodies[OTHER_NAMES] == 50
    assert counts.unknown_bodies["b0"] == 2


def test_the_report_adds_up_the_files() -> None:
    first = Counts(lines=5, added=3, rejected=2, events=7, unknown_fields={"a": 1})
    second = Counts(lines=4, updated=1, unchanged=2, stale=1, unknown_fields={"a": 2, "b": 1})
    report = total(
        [
            FileResult(Path("x.ndjson"), first, Path("x.ndjson.rejected.ndjson"), resumed=False),
            FileResult(Path("y.csv"), second, Path("y.csv.rejected.ndjson"), resumed=True),
        ]
    )
    assert (report.lines, report.added, report.updated, report.unchanged) == (9, 3, 1, 2)
    assert (report.stale, report.rejected, report.events) == (1, 2, 7)
    assert report.unknown_fields == {"a": 3, "b": 1}
    assert report.rejects == (Path("x.ndjson.rejected.ndjson"),)
    assert report.resumed == ("y.csv",)
