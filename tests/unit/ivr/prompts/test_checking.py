from __future__ import annotations

from pathlib import Path

from ivr.prompts.checking import check
from ivr.prompts.manifest import PLACEHOLDER_MARK
from ivr.prompts.sound import silence, wav
from ivr.speech.clips import Clip
from tests.support.recordings import clip, inventory_of, recorded, tone, wav_of, write_folder

DUE, END, MENU, FIVE = clip("due", "Срок"), clip("goodbye"), clip("menu"), clip("digit-5")
GOOD = recorded(tone(100))


def whats(folder: Path, *clips: Clip, final: bool = False) -> list[tuple[str, str]]:
    checked = check(folder, inventory_of(*clips), final=final)
    return [(problem.file, problem.what) for problem in checked.problems]


def test_a_good_folder_has_no_findings(tmp_path: Path) -> None:
    write_folder(tmp_path, {DUE: GOOD, END: GOOD})
    checked = check(tmp_path, inventory_of(DUE, END))
    assert (checked.problems, checked.unused) == ((), ())
    assert (checked.clips, checked.placeholders) == ({"ru": 2}, {"ru": 0})


def test_each_fault_is_found_with_its_file(tmp_path: Path) -> None:
    write_folder(
        tmp_path, {DUE: wav_of(tone(400), rate=44_100), END: recorded(tone(100, peak=900))}
    )
    (tmp_path / "ru" / "menu.wav").write_bytes(GOOD)
    assert whats(tmp_path, DUE, END, MENU, FIVE) == [
        ("ru/due.wav", "format"),
        ("ru/goodbye.wav", "too_quiet"),
        ("ru/menu.wav", "not_noted"),
        ("ru/digit-5.wav", "missing"),
    ]


def test_half_a_placeholder_is_no_voice(tmp_path: Path) -> None:
    """Cut off, it has lost the mark by which it is known."""
    whole = wav(silence(60) + tone(100) + silence(200), PLACEHOLDER_MARK)
    write_folder(tmp_path, {DUE: whole[:-500]})
    assert whats(tmp_path, DUE, final=True) == [("ru/due.wav", "not_a_wav")]


def test_a_text_changed_since_it_was_recorded_is_found(tmp_path: Path) -> None:
    write_folder(tmp_path, {DUE: GOOD})
    (problem,) = check(tmp_path, inventory_of(DUE._replace(text="Крайний срок"))).problems
    assert problem.what == "text_changed"
    assert "'Срок'" in problem.detail
    assert "'Крайний срок'" in problem.detail


def test_a_placeholder_is_counted_and_a_finding_only_at_the_end(tmp_path: Path) -> None:
    write_folder(tmp_path, {DUE: wav(silence(60) + tone(100) + silence(60), PLACEHOLDER_MARK)})
    assert check(tmp_path, inventory_of(DUE)).placeholders == {"ru": 1}
    assert whats(tmp_path, DUE) == []
    assert whats(tmp_path, DUE, final=True) == [("ru/due.wav", "placeholder")]


def test_files_with_a_slip_in_their_name_are_told(tmp_path: Path) -> None:
    write_folder(tmp_path, {DUE: GOOD, clip("goodby"): GOOD})
    checked = check(tmp_path, inventory_of(DUE, END))
    assert checked.unused == ("ru/goodby.wav",)
    assert [problem.what for problem in checked.problems] == ["missing"]
