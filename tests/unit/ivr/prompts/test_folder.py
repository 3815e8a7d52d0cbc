from __future__ import annotations

from pathlib import Path

import pytest

from ivr.prompts import folder as module
from ivr.prompts import manifest
from ivr.prompts.folder import (
    RecordingsError,
    read_clip,
    read_manifest,
    read_recordings,
    unused,
    write_whole,
)
from ivr.prompts.recordings import FILE_OCTETS_MAX, Missing
from tests.support.recordings import clip, inventory_of, recorded, tone, write_folder

DUE, END = clip("due"), clip("goodbye", language="kk")


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    found = read_recordings(tmp_path / "none", inventory_of(DUE, END))
    assert found.missing == {"ru": {"due": Missing.NO_FILE}, "kk": {"goodbye": Missing.NO_FILE}}


def test_what_is_there_can_be_played(tmp_path: Path) -> None:
    write_folder(tmp_path, {DUE: recorded(tone(80))})
    found = read_recordings(tmp_path, inventory_of(DUE, END))
    assert found.get("ru", "due") is not None
    assert found.missing == {"ru": {}, "kk": {"goodbye": Missing.NO_FILE}}


def test_a_folder_without_its_manifest_is_not_believed(tmp_path: Path) -> None:
    write_folder(tmp_path, {DUE: recorded(tone(80))})
    (tmp_path / manifest.NAME).unlink()
    assert read_recordings(tmp_path, inventory_of(DUE)).missing["ru"] == {"due": Missing.NOT_NOTED}


def test_a_broken_manifest_is_told_with_its_folder(tmp_path: Path) -> None:
    (tmp_path / manifest.NAME).write_text("{", encoding="utf-8")
    with pytest.raises(RecordingsError, match=str(tmp_path)):
        read_manifest(tmp_path)


def test_what_may_not_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / manifest.NAME).mkdir()
    with pytest.raises(RecordingsError, match="right to read"):
        read_manifest(tmp_path)
    (tmp_path / "ru" / "due.wav").mkdir(parents=True)
    with pytest.raises(RecordingsError, match=r"due\.wav"):
        read_clip(tmp_path, "ru", "due")


def test_more_than_memory_may_hold_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MEMORY_OCTETS_MAX", 2_000)
    write_folder(tmp_path, {DUE: recorded(tone(80)), END: recorded(tone(80))})
    with pytest.raises(RecordingsError, match="2000 octets"):
        read_recordings(tmp_path, inventory_of(DUE, END))


def test_of_a_huge_file_only_so_much_is_read_that_it_is_seen_to_be_huge(tmp_path: Path) -> None:
    write_folder(tmp_path, {DUE: recorded(tone(80)) + bytes(3 * FILE_OCTETS_MAX)})
    assert len(read_clip(tmp_path, "ru", "due") or b"") == FILE_OCTETS_MAX + 1
    assert read_recordings(tmp_path, inventory_of(DUE)).missing["ru"]


def test_a_file_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new" / "a.wav"
    write_whole(path, b"before")
    (tmp_path / "new" / "a.wav.part").mkdir()
    with pytest.raises(RecordingsError, match="cannot be written"):
        write_whole(path, b"after")
    assert path.read_bytes() == b"before"


def test_files_that_no_text_needs_are_found(tmp_path: Path) -> None:
    write_folder(tmp_path, {DUE: b"", clip("goodby"): b"", clip("end"): b""})
    assert [path.name for path in unused(tmp_path, inventory_of(DUE))] == ["end.wav", "goodby.wav"]


@pytest.mark.parametrize("slip", ["ru/due.WAV", "ru/Due.wav", "due.wav"])
def test_a_slip_in_a_name_or_its_ending_is_found(tmp_path: Path, slip: str) -> None:
    write_folder(tmp_path, {DUE: b""})
    wrong = tmp_path / slip
    wrong.parent.mkdir(exist_ok=True)
    wrong.write_bytes(recorded(tone(80)))
    (tmp_path / "master").mkdir()
    (tmp_path / "master" / "due.wav").write_bytes(b"")
    assert list(unused(tmp_path, inventory_of(DUE))) == [wrong]
