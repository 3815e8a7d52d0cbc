from __future__ import annotations

import asyncio
import io
import shutil
import wave
from pathlib import Path

import pytest

from ivr import prompts as module
from ivr.prompts import NAMES_MAX, Prompts, PromptsBusyError, telephone_wav
from tests.support.speaker import GARBAGE, SILENT, STUCK, WAV, make_speaker, runs

BASE = "https://gw.example.kz/prompts/"


def make(folder: Path, program: str = WAV) -> tuple[Prompts, Path]:
    speaker = make_speaker(folder, program)
    kept = folder / "kept"
    return Prompts(folder=kept, espeak=str(speaker), public_url=BASE[:-9], key=b"key"), speaker


def named(prompts: Prompts, text: str, private: bool = False) -> str:
    url = prompts.url(text, "kk", private)
    assert url is not None
    assert url.startswith(BASE)
    return url.removeprefix(BASE)


def sound(wav: bytes) -> wave.Wave_read:
    return wave.open(io.BytesIO(wav))


async def test_a_fixed_sentence_is_made_once(tmp_path: Path) -> None:
    prompts, speaker = make(tmp_path)
    name = named(prompts, "Сау болыңыз!")
    first, again = await prompts.fetch(name), await prompts.fetch(name)
    assert first is not None
    assert first == again
    assert not first.private
    with sound(first.wav) as heard:
        assert (heard.getframerate(), heard.getsampwidth(), heard.getnchannels()) == (8_000, 2, 1)
        assert heard.getnframes() == 220 * len("Сау болыңыз!".encode()) * 160 // 441
    assert runs(speaker) == 1
    assert named(prompts, "Сау болыңыз!") == name


async def test_a_sentence_survives_a_restart(tmp_path: Path) -> None:
    prompts, speaker = make(tmp_path)
    name = named(prompts, "Сау болыңыз!")
    await prompts.fetch(name)
    after, _ = make(tmp_path)
    assert await after.fetch(name) is not None
    assert runs(speaker) == 1


async def test_what_tells_of_a_ticket_is_never_written_down(tmp_path: Path) -> None:
    prompts, speaker = make(tmp_path)
    name = named(prompts, "нөл бір", private=True)
    for _ in range(2):
        prompt = await prompts.fetch(name)
        assert prompt is not None
        assert prompt.private
    assert runs(speaker) == 2
    assert not (tmp_path / "kept").exists()
    other = Prompts(folder=tmp_path, espeak="x", public_url=BASE[:-9], key=b"other")
    assert named(other, "нөл бір", private=True) != name


@pytest.mark.parametrize("name", ["", "x.wav", "../kept.wav", "0" * 40 + ".wav", "0" * 40])
async def test_only_what_was_named_can_be_fetched(tmp_path: Path, name: str) -> None:
    prompts, speaker = make(tmp_path)
    assert await prompts.fetch(name) is None
    assert runs(speaker) == 0


async def test_names_are_bounded(tmp_path: Path) -> None:
    prompts, _ = make(tmp_path)
    first = named(prompts, "first")
    for number in range(NAMES_MAX):
        named(prompts, str(number))
    assert await prompts.fetch(first) is None


async def test_the_folder_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FILES_MAX", 2)
    prompts, _ = make(tmp_path)
    for text in ("one", "two", "three"):
        assert await prompts.fetch(named(prompts, text)) is not None
    assert len(list((tmp_path / "kept").iterdir())) == 2
    assert (tmp_path / "kept" / named(prompts, "three")).exists()


@pytest.mark.parametrize("program", [GARBAGE, SILENT, STUCK])
async def test_a_program_that_fails_makes_no_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(module, "MAKE_TIMEOUT_S", 0.5)
    prompts, _ = make(tmp_path, program)
    assert await prompts.fetch(named(prompts, "text")) is None
    assert not (tmp_path / "kept").exists()


async def test_a_program_that_is_gone_makes_no_recording(tmp_path: Path) -> None:
    prompts, speaker = make(tmp_path)
    speaker.unlink()
    assert await prompts.fetch(named(prompts, "text")) is None


async def test_who_waits_too_long_a_line_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAITING_MAX", 1)
    prompts, _ = make(tmp_path)
    one, two = named(prompts, "one", private=True), named(prompts, "two", private=True)
    results = await asyncio.gather(prompts.fetch(one), prompts.fetch(two), return_exceptions=True)
    assert [isinstance(result, PromptsBusyError) for result in results] == [False, True]
    assert await prompts.fetch(two) is not None


@pytest.mark.parametrize(("text", "language"), [("", "kk"), ("x" * 4_097, "kk"), ("text", "de")])
def test_what_cannot_be_spoken_has_no_address(tmp_path: Path, text: str, language: str) -> None:
    prompts, _ = make(tmp_path)
    assert prompts.url(text, language, False) is None


def test_without_the_program_nothing_has_an_address(tmp_path: Path) -> None:
    prompts = Prompts(folder=tmp_path, espeak=None, public_url=BASE, key=b"")
    assert prompts.url("text", "kk", False) is None


async def test_espeak_speaks_kazakh(tmp_path: Path) -> None:
    espeak = shutil.which("espeak-ng")
    assert espeak, "install espeak-ng: `make tools` does"
    prompts = Prompts(folder=tmp_path, espeak=espeak, public_url=BASE[:-9], key=b"key")
    prompt = await prompts.fetch(named(prompts, "-v оқиға: нөл, бір, екі."))
    assert prompt is not None
    with sound(prompt.wav) as heard:
        assert heard.getnframes() > 8_000
        assert max(heard.readframes(heard.getnframes())) > 0


def test_a_stereo_wav_is_refused() -> None:
    made = io.BytesIO()
    with wave.open(made, "wb") as target:
        target.setnchannels(2)
        target.setsampwidth(2)
        target.setframerate(22_050)
        target.writeframes(b"\0" * 8)
    with pytest.raises(ValueError, match="mono"):
        telephone_wav(made.getvalue())
