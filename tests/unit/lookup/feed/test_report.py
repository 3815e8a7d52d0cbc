from __future__ import annotations

from pathlib import Path

from lookup.feed.report import (
    A_PHONE,
    NAMES_COUNTED_MAX,
    OTHER_NAMES,
    Counts,
    FileResult,
    Known,
    Tally,
    total,
)
from lookup.feed.vocabulary import STATUSES
from lookup.registry.merge import Change

KNOWN = Known(frozenset({"tax-shymkent"}), STATUSES)


def test_every_line_is_counted_once_by_what_it_did() -> None:
    counts = Counts()
    counts.take(list(Change))
    counts.reject(2)
    assert (counts.added, counts.updated, counts.unchanged, counts.stale) == (1, 1, 1, 1)
    assert counts.rejected == 3  # one of them found no room
    assert counts.lines == len(Change) + 2


def test_what_nobody_knows_is_counted_by_name() -> None:
    tally = Tally()
    for _ in range(2):
        tally.take("appeal", "lost", "nowhere", KNOWN)
        tally.unknown(("clerk",), 1)
    tally.take("riddle", "forwarded", "tax-shymkent", KNOWN)
    tally.take("appeal", "forwarded", None, KNOWN)
    assert tally.unknown_statuses == {"appeal: lost": 2, "riddle: forwarded": 1}
    assert tally.unknown_bodies == {"nowhere": 2}
    assert tally.unknown_fields == {"clerk": 2}
    assert tally.phones_left_out == 2


def test_a_phone_in_the_place_of_a_body_is_not_told() -> None:
    tally = Tally()
    for body_id in ("+77010000012", "8 (701) 000-00-13", "010140000012"):
        tally.take("appeal", "forwarded", body_id, KNOWN)
    assert tally.unknown_bodies == {A_PHONE: 2, "010140000012": 1}  # a body's number is a name


def test_a_feed_full_of_new_names_does_not_fill_the_memory() -> None:
    tally = Tally()
    for index in range(NAMES_COUNTED_MAX + 50):
        tally.take("appeal", "forwarded", f"b{index}", KNOWN)
    tally.take("appeal", "forwarded", "b0", KNOWN)
    assert len(tally.unknown_bodies) == NAMES_COUNTED_MAX + 1
    assert tally.unknown_bodies[OTHER_NAMES] == 50
    assert tally.unknown_bodies["b0"] == 2
    whole = Tally()
    whole.add(tally)
    whole.add(tally)
    assert whole.unknown_bodies[OTHER_NAMES] == 100


def test_the_report_adds_up_the_files() -> None:
    first = Counts(lines=5, added=3, rejected=2, events=7, tally=Tally(1, {"a": 1}))
    second = Counts(
        lines=4, updated=1, unchanged=2, stale=1, conflicts=3, tally=Tally(0, {"a": 2, "b": 1})
    )
    report = total(
        [
            FileResult(Path("x.ndjson"), first, Path("x.ndjson.rejected.ndjson"), resumed=False),
            FileResult(Path("y.csv"), second, Path("y.csv.rejected.ndjson"), resumed=True),
        ]
    )
    assert (report.lines, report.added, report.updated, report.unchanged) == (9, 3, 1, 2)
    assert (report.stale, report.rejected, report.events) == (1, 2, 7)
    assert (report.conflicts, report.phones_left_out) == (3, 1)
    assert report.unknown_fields == {"a": 3, "b": 1}
    assert report.rejects == (Path("x.ndjson.rejected.ndjson"),)
    assert report.resumed == ("y.csv",)
