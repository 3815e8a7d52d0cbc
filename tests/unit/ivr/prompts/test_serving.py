from __future__ import annotations

import asyncio
import os
import re
import shutil
from array import array
from pathlib import Path

import pytest

from ivr.actions import Phrase, Piece
from ivr.prompts import serving, speaker
from ivr.prompts.recordings import Recordings
from ivr.prompts.serving import Prompts
from ivr.prompts.sound import EDGE_MS, OCTETS_PER_MS, loudest_of, silence, trimmed
from ivr.prompts.speaker import PromptsBusyError
from tests.support.recordings import clip, phrase, recorded, recordings_of, samples_in, tone
from tests.support.speaker import GARBAGE, SILENT, STUCK, WAV, make_speaker, runs

BASE = "https://gw.example.kz/prompts/"
DUE, END = clip("due"), clip("goodbye")
DUE_SOUND, END_SOUND = tone(120), tone(200, hertz=600)
FILES = {DUE: recorded(DUE_SOUND), END: recorded(END_SOUND)}
GOODBYE = phrase(Piece("Сау болыңыз!", None), language="kk")
ANSWER = phrase(Piece("Срок — ", "due", 150), Piece("акимат", None), private=True)
NOTHING = Recordings({}, {})


@pytest.fixture
def espeak(tmp_path: Path) -> Path:
    return make_speaker(tmp_path)


def make(recordings: Recordings, espeak: Path | None, key: bytes = b"key") -> Prompts:
    return Prompts(
        recordings=recordings, espeak=str(espeak) if espeak else None, public_url=BASE[:-9], key=key
    )


def name_of(prompts: Prompts, said: Phrase) -> str:
    url = prompts.url(said)
    assert url is not None
    assert url.startswith(BASE)
    return url.removeprefix(BASE)


async def heard(prompts: Prompts, said: Phrase) -> bytes:
    prompt = await prompts.fetch(name_of(prompts, said))
    assert prompt is not None
    assert prompt.private == said.private
    return samples_in(prompt.wav)


async def test_a_recorded_sentence_is_one_wav_of_its_clips(tmp_path: Path) -> None:
    prompts = make(recordings_of(tmp_path, FILES), None)
    said = phrase(Piece("Срок — ", "due", 150), Piece("конец.", "goodbye"))
    assert await heard(prompts, said) == b"".join(
        (silence(EDGE_MS), trimmed(DUE_SOUND), silence(150), trimmed(END_SOUND), silence(EDGE_MS))
    )


async def test_words_that_nobody_recorded_are_spoken_between(tmp_path: Path, espeak: Path) -> None:
    prompts = make(recordings_of(tmp_path, FILES), espeak)
    sound = await heard(prompts, ANSWER)
    assert sound.startswith(silence(EDGE_MS) + trimmed(DUE_SOUND) + silence(150))
    assert runs(espeak) == 1


async def test_what_is_spoken_in_many_sentences_is_made_once(tmp_path: Path, espeak: Path) -> None:
    prompts = make(recordings_of(tmp_path, FILES), espeak)
    for day in ("пятое", "шестое"):
        said = phrase(Piece(day, "due"), Piece("акимат", None), private=True)
        await heard(prompts, said)
    assert runs(espeak) == 1


async def test_who_waited_for_others_takes_what_they_had_made(
    tmp_path: Path, espeak: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speaker, "MAKING_MAX", 1)
    prompts = make(recordings_of(tmp_path, FILES), espeak)
    await asyncio.gather(*(heard(prompts, ANSWER) for _ in range(5)))
    assert runs(espeak) == 1


async def test_a_fixed_sentence_is_made_once(espeak: Path) -> None:
    prompts = make(NOTHING, espeak)
    first, again = await heard(prompts, GOODBYE), await heard(prompts, GOODBYE)
    assert first == again
    assert runs(espeak) == 1
    assert re.fullmatch(r"kk/words\.[0-9a-f]{8}\.wav", name_of(prompts, GOODBYE))


async def test_an_answer_of_which_nothing_is_recorded_is_kept_nowhere(
    tmp_path: Path, espeak: Path
) -> None:
    prompts = make(NOTHING, espeak)
    for _ in range(2):
        await heard(prompts, ANSWER)
    assert runs(espeak) == 2
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".wav"]


def test_the_name_of_an_answer_cannot_be_guessed(espeak: Path) -> None:
    names = {
        name_of(make(NOTHING, espeak, key), said)
        for key in (b"key", b"other")
        for said in (ANSWER, ANSWER._replace(language="kk"), ANSWER._replace(text="другое"))
    }
    assert len(names) == 6
    assert all(re.fullmatch(r"[0-9a-f]{40}\.wav", name) for name in names)


async def test_a_sentence_named_before_a_restart_is_still_there(tmp_path: Path) -> None:
    recordings = recordings_of(tmp_path, FILES)
    said = phrase(Piece("Конец.", "goodbye"))
    name = name_of(make(recordings, None), said)
    after = await make(recordings, None).fetch(name)
    assert after is not None
    assert not after.private
    changed = recordings_of(tmp_path, {**FILES, END: recorded(tone(333))})
    assert await make(changed, None).fetch(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "", "x.wav", "../kept.wav", "0" * 40 + ".wav", "0" * 40, "ru/goodbye.00000000.wav",
        "ru/goodbye.wav", "ru/", "/", "ru/goodbye." + "0" * 300 + ".wav", "xx/goodbye.0.wav",
        "ru/\ud800.0.wav",
    ],
)  # fmt: skip
async def test_only_what_was_named_can_be_fetched(tmp_path: Path, espeak: Path, name: str) -> None:
    prompts = make(recordings_of(tmp_path, FILES), espeak)
    assert await prompts.fetch(name) is None
    assert runs(espeak) == 0


async def test_names_are_bounded(espeak: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "FIXED_MAX", 3)
    monkeypatch.setattr(serving, "PRIVATE_MAX", 3)
    prompts = make(NOTHING, espeak)
    for private in (False, True):
        said = [phrase(Piece(f"text {at}", None), private=private) for at in range(4)]
        names = [name_of(prompts, each) for each in said]
        there = [await prompts.fetch(name) is not None for name in names]
        assert there == [False, True, True, True]
        assert name_of(prompts, said[0]) == names[0]
        assert await prompts.fetch(names[0]) is not None


async def test_an_answer_that_is_repeated_is_not_the_first_to_go(
    espeak: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "PRIVATE_MAX", 2)
    prompts = make(NOTHING, espeak)
    one, two, three = (phrase(Piece(text, None), private=True) for text in ("a", "b", "c"))
    names = [name_of(prompts, said) for said in (one, two, one, three)]
    assert [await prompts.fetch(name) is not None for name in names] == [True, False, True, True]


@pytest.mark.parametrize("program", [GARBAGE, SILENT, STUCK])
async def test_a_program_that_fails_makes_no_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(speaker, "MAKE_TIMEOUT_S", 0.5)
    prompts = make(NOTHING, make_speaker(tmp_path, program))
    assert await prompts.fetch(name_of(prompts, GOODBYE)) is None


async def test_a_program_that_hangs_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speaker, "MAKE_TIMEOUT_S", 0.5)
    named = "import os, sys; open(sys.argv[0] + '.pid', 'w').write(str(os.getpid()));"
    program = make_speaker(tmp_path, named + STUCK)
    prompts = make(NOTHING, program)
    assert await prompts.fetch(name_of(prompts, GOODBYE)) is None
    with pytest.raises(ProcessLookupError):
        os.kill(int(Path(f"{program}.pid").read_text(encoding="utf-8")), 0)


async def test_a_program_that_is_gone_makes_no_recording(espeak: Path) -> None:
    prompts = make(NOTHING, espeak)
    espeak.unlink()
    assert await prompts.fetch(name_of(prompts, GOODBYE)) is None


async def test_who_waits_too_long_a_line_is_told(
    espeak: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speaker, "WAITING_MAX", 1)
    prompts = make(NOTHING, espeak)
    names = [name_of(prompts, phrase(Piece(text, None), private=True)) for text in ("one", "two")]
    results = await asyncio.gather(*map(prompts.fetch, names), return_exceptions=True)
    assert [isinstance(result, PromptsBusyError) for result in results] == [False, True]
    assert await prompts.fetch(names[1]) is not None


@pytest.mark.parametrize(
    ("text", "language"), [("", "kk"), ("—", "kk"), ("x" * 4_097, "kk"), ("text", "de")]
)
def test_what_cannot_be_spoken_has_no_address(espeak: Path, text: str, language: str) -> None:
    prompts = make(NOTHING, espeak)
    for private in (False, True):
        said = phrase(Piece(text, None), language=language, private=private)
        assert prompts.url(said) is None
        assert prompts.url(said) is None


def test_without_the_program_only_what_is_recorded_whole_has_an_address(tmp_path: Path) -> None:
    prompts = make(recordings_of(tmp_path, FILES), None)
    assert prompts.url(phrase(Piece("Конец.", "goodbye"))) is not None
    assert prompts.url(phrase(Piece("Конец.", "goodbye"), private=True)) is not None
    assert prompts.url(ANSWER) is None
    assert prompts.url(ANSWER._replace(private=False)) is None
    assert prompts.url(phrase()) is None


@pytest.mark.parametrize("private", [False, True])
def test_beside_a_voice_of_its_own_a_platform_gets_what_is_recorded_and_all_kazakh(
    tmp_path: Path, espeak: Path, private: bool
) -> None:
    prompts = make(recordings_of(tmp_path, FILES), espeak)
    recorded_one = phrase(Piece("Конец ", "goodbye"), Piece("слова", None), private=private)
    spoken = phrase(Piece("Слова", "x"), private=private)
    assert prompts.url_beside_voice(recorded_one) == prompts.url(recorded_one) is not None
    for _ in range(2):
        assert prompts.url_beside_voice(spoken) is None
        assert prompts.url(spoken) is not None
    kazakh = spoken._replace(language="kk")
    assert prompts.url_beside_voice(kazakh) == prompts.url(kazakh) is not None


async def test_espeak_speaks_kazakh_as_loud_as_our_recordings() -> None:
    program = shutil.which("espeak-ng")
    assert program, "install espeak-ng: `make tools` does"
    said = phrase(Piece("-v оқиға: нөл, бір, екі.", None), language="kk")
    sound = array("h", await heard(make(NOTHING, Path(program)), said))
    assert len(sound) > 1_000 * OCTETS_PER_MS // 2
    assert loudest_of(sound) == pytest.approx(23_197, abs=1)


def test_the_speaker_of_these_tests_speaks(espeak: Path) -> None:
    assert espeak.read_text(encoding="utf-8").endswith(WAV)
