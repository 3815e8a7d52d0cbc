"""`jauap prompts`: placeholders made, deliveries noted, faults found."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands import prompts as module
from gateway.commands.prompts import prompts
from gateway.settings import SettingsError
from ivr.prompts.recordings import Inventory
from tests.support.recordings import clip, inventory_of, recorded, tone, wav_of
from tests.support.speaker import make_speaker

TEXTS = {"menu": "Меню.", "due": "Срок"}

Jauap = Callable[..., Result]


def needed(texts: dict[str, str]) -> Inventory:
    return inventory_of(
        *(clip(each, text, language) for language in ("kk", "ru") for each, text in texts.items())
    )


@pytest.fixture
def jauap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Jauap:
    """`jauap prompts COMMAND` of a service with two texts in two languages."""
    programs = tmp_path / "bin"
    programs.mkdir()
    make_speaker(programs).rename(programs / "espeak-ng")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(module, "clips_needed", lambda _: needed(TEXTS))
    settings = tmp_path / "jauap.toml"
    settings.write_text(f'[prompts]\nfolder = "{tmp_path}/prompts"\n')

    def run(command: str, *words: str) -> Result:
        return CliRunner().invoke(prompts, [command, "-c", str(settings), *words])

    return run


def test_a_folder_is_built_checked_and_filled_by_a_studio(jauap: Jauap, tmp_path: Path) -> None:
    built = jauap("build")
    assert built.exit_code == 0
    assert (
        "kk  2 clips: 0 recorded, 2 placeholders (2 made now), 0 cannot be played" in built.output
    )
    assert "no voice for citizens" in built.output
    assert f"{tmp_path}/prompts/studio" in built.output
    assert jauap("check", "--final").exit_code == 1
    for path in (tmp_path / "prompts").glob("*/*.wav"):
        path.write_bytes(recorded(tone(200)))
    assert "2 recorded, 0 placeholders" in jauap("build").output
    final = jauap("check", "--final")
    assert final.exit_code == 0
    assert final.output == "kk 2 clips, 0 placeholders; ru 2 clips, 0 placeholders; 0 findings\n"


def test_what_was_built_is_told_as_json(jauap: Jauap, tmp_path: Path) -> None:
    told = json.loads(jauap("build", "--json").stdout)
    assert told["folder"] == f"{tmp_path}/prompts"
    assert told["languages"]["ru"] == {
        "clips": 2, "recorded": 0, "placeholders": 2, "placeholders_made": 2, "missing": 0,
        "lists": [f"{tmp_path}/prompts/studio/ru.{kind}" for kind in ("csv", "html")],
    }  # fmt: skip


def test_faults_are_told_one_a_line_and_end_with_one(jauap: Jauap, tmp_path: Path) -> None:
    jauap("build")
    kazakh = tmp_path / "prompts" / "kk"
    for path in (tmp_path / "prompts").glob("*/*.wav"):
        path.write_bytes(recorded(tone(200)))
    (kazakh / "menu.wav").write_bytes(wav_of(tone(200), rate=44_100))
    (kazakh / "due.wav").rename(kazakh / "deu.wav")
    found = jauap("check")
    assert found.exit_code == 1
    first, second, third, last = found.output.splitlines()
    assert first.startswith("kk/menu.wav: format: it is 44100 Hz, 16 bit, mono")
    assert second.startswith("kk/due.wav: missing: record 'Срок'")
    assert third == "kk/deu.wav: no text needs it; is its name right?"
    assert last.endswith("2 findings")
    told = json.loads(jauap("check", "--json").stdout)
    assert [(each["file"], each["what"]) for each in told["findings"]] == [
        ("kk/menu.wav", "format"),
        ("kk/due.wav", "missing"),
    ]
    assert told["unused"] == ["kk/deu.wav"]


def test_many_faults_are_cut_short_for_people(
    jauap: Jauap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FAULTS_SHOWN_MAX", 1)
    assert "... and 3 more; --json shows all" in jauap("check").output
    assert len(json.loads(jauap("check", "--json").stdout)["findings"]) == 4


def test_without_espeak_the_lists_are_written_and_one_is_returned(
    jauap: Jauap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    built = jauap("build")
    assert built.exit_code == 1
    assert "espeak-ng is not installed" in built.output
    assert "2 cannot be played" in built.output
    assert (tmp_path / "prompts" / "studio" / "ru.csv").exists()


def test_what_cannot_be_played_after_a_build_is_to_be_looked_up(
    jauap: Jauap, tmp_path: Path
) -> None:
    jauap("build")
    (tmp_path / "prompts" / "kk" / "menu.wav").write_bytes(wav_of(tone(200), rate=44_100))
    built = jauap("build")
    assert built.exit_code == 1
    assert "1 cannot be played" in built.output
    assert "jauap prompts check" in built.stderr


def test_another_folder_can_be_named(jauap: Jauap, tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert jauap("build", "--folder", str(other)).exit_code == 0
    assert len(list(other.glob("*/*.wav"))) == 4
    assert "kk 2 clips, 2 placeholders" in jauap("check", "--folder", str(other)).output


def test_a_folder_that_cannot_be_used_is_a_problem_of_settings(
    jauap: Jauap, tmp_path: Path
) -> None:
    (tmp_path / "prompts").write_bytes(b"")
    for command in ("build", "check"):
        assert isinstance(jauap(command).exception, SettingsError)
