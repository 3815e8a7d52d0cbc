from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookup.deliveries import folder as module
from lookup.deliveries.folder import (
    DONE,
    NAME_OCTETS_MAX,
    REFUSED,
    TAKING,
    Folder,
    delivery_in,
    kept_name,
    report_in,
)
from lookup.deliveries.marker import Marker

NOW_US = 1_795_331_940_000_000  # 2026-11-22 07:19:00 UTC
STAMP = "20261122T071900Z"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path, lambda: NOW_US)
    made.prepare()
    return made


def laid(folder: Folder, name: str, content: bytes = b"x") -> Path:
    path = folder.path / name
    path.write_bytes(content)
    return path


def waiting(folder: Folder) -> list[str]:
    return [file.name for file in folder.waiting()]


def test_deliveries_wait_in_the_order_of_their_names(folder: Folder) -> None:
    for name in ("b.csv", "a.ndjson", "10.xlsx", "bodies.json", "strange.pdf"):
        laid(folder, name)
    assert waiting(folder) == ["10.xlsx", "a.ndjson", "b.csv", "bodies.json", "strange.pdf"]


@pytest.mark.parametrize(
    "name",
    [".hidden.csv", "a.csv.part", "a.csv.TMP", "a.filepart", "~$a.xlsx", "a.csv~", "a.csv.ok"],
)
def test_what_is_hidden_or_unfinished_is_no_delivery(folder: Folder, name: str) -> None:
    laid(folder, name)
    assert waiting(folder) == []


def test_links_folders_and_pipes_are_no_deliveries(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to("/etc/passwd")
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    assert waiting(folder) == []


def test_a_marker_counts_unless_the_size_belies_it(folder: Folder) -> None:
    for name, marker in (("a.csv", b""), ("b.csv", b"size: 1"), ("c.csv", b"size: 2")):
        laid(folder, name)
        laid(folder, f"{name}.ok", marker)
    laid(folder, "d.csv")
    assert [file.marked for file in folder.waiting()] == [True, True, False, False]


def test_a_marker_left_from_an_earlier_delivery_does_not_speak_for_the_next(
    folder: Folder,
) -> None:
    marker = laid(folder, "a.csv.ok", b"")
    os.utime(marker, ns=(0, laid(folder, "a.csv").stat().st_mtime_ns - 1))
    assert [file.marked for file in folder.waiting()] == [False]


def test_a_marker_that_may_not_be_read_does_not_stop_the_others(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path) -> Marker | None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(module, "read_marker", refused)
    for name in ("a.csv", "a.csv.ok", "b.csv"):
        laid(folder, name)
    assert [(file.name, file.marked) for file in folder.waiting()] == [
        ("a.csv", False),
        ("b.csv", False),
    ]


def test_a_delivery_is_in_one_place_at_a_time(folder: Folder, tmp_path: Path) -> None:
    laid(folder, "fines.csv", b"content")
    laid(folder, "fines.csv.ok", b"size: 7")
    taken = folder.take("fines.csv")
    assert waiting(folder) == []
    assert taken == tmp_path / TAKING / f"{STAMP}-fines.csv"
    assert delivery_in(taken).read_bytes() == b"content"
    assert folder.taken() == [taken]
    folder.put(taken, DONE)
    assert folder.taken() == []
    assert (tmp_path / DONE / f"{STAMP}-fines.csv" / "fines.csv").read_bytes() == b"content"


def test_two_of_one_name_within_a_second_stand_side_by_side(folder: Folder) -> None:
    laid(folder, "a.csv", b"1")
    folder.put(folder.take("a.csv"), DONE)
    laid(folder, "a.csv", b"2")
    second = folder.take("a.csv")
    laid(folder, "a.csv", b"3")
    third = folder.take("a.csv")
    assert [delivery_in(path).read_bytes() for path in (second, third)] == [b"2", b"3"]


def test_what_a_crash_left_half_taken_is_given_back_with_its_marker(
    folder: Folder, tmp_path: Path
) -> None:
    laid(folder, "\udcff.csv")
    laid(folder, "\udcff.csv.ok", b"size: 1")
    taken = folder.take("\udcff.csv")
    delivery_in(taken).rename(tmp_path / "\udcff.csv")  # as if it had never been moved
    assert folder.taken() == []
    assert not taken.exists()
    assert [(file.name, file.marked) for file in folder.waiting()] == [("\udcff.csv", True)]


def test_old_ones_are_purged_and_nothing_else(folder: Folder, tmp_path: Path) -> None:
    for place in (DONE, REFUSED):
        for name in ("20261023T071859Z-old.csv", f"{STAMP}-new.csv", "notes"):
            (tmp_path / place / name).mkdir()
            (tmp_path / place / name / "file").write_text("x", encoding="utf-8")
    assert folder.purge(NOW_US - 30 * 86_400_000_000) == 2
    kept = {f"{STAMP}-new.csv", "notes"}
    assert {path.name for path in (tmp_path / DONE).iterdir()} == kept
    assert {path.name for path in (tmp_path / REFUSED).iterdir()} == kept


def test_reports_are_read_in_the_order_of_time(folder: Folder, tmp_path: Path) -> None:
    for stamp in ("20261122T000000Z", "20261121T000000Z"):
        done = tmp_path / DONE / f"{stamp}-a.csv"
        done.mkdir()
        report_in(done, DONE).write_text(json.dumps(stamp), encoding="utf-8")
    (tmp_path / DONE / "20261120T000000Z-no-report.csv").mkdir()
    (tmp_path / DONE / "notes.txt").write_text("x", encoding="utf-8")
    assert list(folder.kept_reports()) == [b'"20261121T000000Z"', b'"20261122T000000Z"']


def test_a_folder_that_is_away_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="mount it"):
        Folder(tmp_path / "away", lambda: NOW_US).prepare()


@given(st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=300))
def test_a_kept_name_can_be_shown_and_fits(name: str) -> None:
    kept = kept_name(name)
    assert kept.isprintable()
    assert "/" not in kept
    assert 0 < len(kept.encode()) <= NAME_OCTETS_MAX


def test_a_kept_name_ends_as_before() -> None:
    assert kept_name("ж" * 200 + ".csv").endswith("ж.csv")
    assert kept_name("a\nb\udcff.csv") == "a_b_.csv"
