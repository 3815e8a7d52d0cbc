from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gateway.billing.whole_file import write_whole


def test_a_file_has_its_checksum_beside_it_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "act.html"
    sha256 = write_whole(path, b"octets")
    assert path.read_bytes() == b"octets"
    assert sha256 == hashlib.sha256(b"octets").hexdigest()
    assert (tmp_path / "act.html.sha256").read_text() == f"{sha256}  act.html\n"
    assert {each.stat().st_mode & 0o777 for each in tmp_path.iterdir()} == {0o600}


def test_what_a_crash_left_behind_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "act.html"
    path.write_bytes(b"old")
    (tmp_path / "act.html.part").write_bytes(b"half")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["act.html", "act.html.sha256"]


def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "act.html"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    assert [each.name for each in tmp_path.iterdir()] == ["act.html"]
    assert path.read_bytes() == b"old"
