"""Whole calls as they sound, in each language, from clips to one WAV over real sockets."""

from __future__ import annotations

import cmath
from array import array
from pathlib import Path

import pytest

from gateway.calls.recordings import clips_needed
from gateway.rules import load_rules
from gateway.settings import Settings
from ivr.prompts.sound import RATE_HZ
from tests.support.call_audio import (
    BETWEEN_KEYS_MS,
    KEY_MS,
    KEYS,
    LANGUAGE_KEYS,
    THINKING_MS,
    TONES,
    call_audio,
    keyed,
)
from tests.support.recordings import recorded, samples_in, tone, write_folder

CLIP_HZ = 440  # of every clip in these tests; no key sounds like it


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    sound = recorded(tone(100, hertz=CLIP_HZ))
    needed = clips_needed(load_rules(Settings()))
    write_folder(folder, {clip: sound for each in needed.values() for clip in each.values()})
    return folder


def power(samples: array[int], hertz: int) -> float:
    """How much of one frequency there is."""
    turn = cmath.exp(-2j * cmath.pi * hertz / RATE_HZ)
    at, total = 1 + 0j, 0j
    for sample in samples:
        total += sample * at
        at *= turn
    return abs(total) / len(samples)


@pytest.mark.parametrize("key", TONES)
def test_a_key_sounds_as_its_two_tones_and_no_other(key: str) -> None:
    begin = THINKING_MS * RATE_HZ // 1_000
    sound = array("h", keyed(key))[begin : begin + KEY_MS * RATE_HZ // 1_000]
    loud = {hertz for tones in TONES.values() for hertz in tones if power(sound, hertz) > 1_500}
    assert loud == set(TONES[key])


@pytest.mark.parametrize("language", LANGUAGE_KEYS)
async def test_a_whole_call_is_heard_in_one_language(
    tmp_path: Path, clips: Path, language: str
) -> None:
    audio = await call_audio(tmp_path, clips, language)
    chosen = audio.said.index(f"> {LANGUAGE_KEYS[language]}")
    before, after = audio.said[:chosen], audio.said[chosen:]
    assert {line[:2] for line in before} == {"kk", "ru", "en"}
    assert [line[2:] for line in after if line.startswith("> ")][1:] == [
        keys or "nothing" for keys in KEYS
    ]
    spoken = [line for line in after if not line.startswith("> ")]
    assert {line[:2] for line in spoken} == {language}
    samples = samples_in(audio.wav)
    pressed = (LANGUAGE_KEYS[language], *KEYS)
    keys_ms = sum(THINKING_MS + len(keys) * (KEY_MS + BETWEEN_KEYS_MS) for keys in pressed)
    assert len(samples) > 16 * keys_ms + 16 * 150 * len(spoken)
    assert power(array("h", samples[: 16 * 1_000]), CLIP_HZ) > 500
