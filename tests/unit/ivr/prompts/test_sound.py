from __future__ import annotations

import struct
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.prompts.sound import (
    EDGE_MS,
    HEAD_MS,
    OCTETS_PER_MS,
    PEAK,
    QUIET,
    TAIL_MS,
    NotAWavError,
    WavFormat,
    join,
    levelled,
    loudest_of,
    read_wav,
    silence,
    telephone,
    trimmed,
    wav,
)
from tests.support.recordings import LOUD, samples_in, tone, wav_of

SAMPLES = st.lists(st.integers(-32_768, 32_767), max_size=600).map(lambda ints: array("h", ints))


def test_what_is_written_is_read_again_by_the_standard_library() -> None:
    samples = tone(50)
    assert read_wav(wav(samples)) == (WavFormat(8_000, 1, 2), samples)
    assert wav(samples) == wav_of(samples)


def test_chunks_behind_the_sound_are_not_heard() -> None:
    assert samples_in(wav(tone(50), b"LIST\x04\0\0\0abcd")) == tone(50)


def test_a_header_that_knows_no_length_takes_what_follows() -> None:
    piped = bytearray(wav(tone(50)))
    piped[4:8] = piped[40:44] = struct.pack("<I", 0x7FFFF000)
    assert samples_in(bytes(piped)) == tone(50)


@pytest.mark.parametrize(
    "octets", [b"", b"RIFF", b"ID3\x03" + bytes(60), wav(tone(50))[:30], wav(b"")[:36]]
)
def test_what_is_no_wav_is_told(octets: bytes) -> None:
    with pytest.raises(NotAWavError) as told:
        read_wav(octets)
    assert str(told.value)


@pytest.mark.parametrize("kept", [1 / 2, 1 / 50])
def test_half_a_file_is_told_where_its_header_knows_better(kept: float) -> None:
    whole = wav(tone(50) + silence(100), b"LIST\x04\0\0\0abcd")
    with pytest.raises(NotAWavError, match=f"of {len(tone(50) + silence(100))} octets of sound"):
        read_wav(whole[: 44 + int(kept * len(whole))])


def test_a_compressed_wav_is_told() -> None:
    a_law = bytearray(wav(tone(50)))
    a_law[20:22] = struct.pack("<H", 6)
    with pytest.raises(NotAWavError, match="unknown format: 6"):
        read_wav(bytes(a_law))


@given(st.binary(max_size=200), st.integers(0, 60))
def test_no_octets_break_the_reading(octets: bytes, at: int) -> None:
    good = wav(tone(10))
    for tried in (octets, good[:at] + octets + good[at:], good[:at] + octets):
        try:
            told, frames = read_wav(tried)
        except NotAWavError:
            continue
        assert min(told) > 0
        assert len(frames) % (told.channels * told.octets) == 0


def test_speech_of_a_higher_rate_comes_down() -> None:
    made = telephone(wav_of(tone(300), rate=16_000))
    assert len(made) == len(tone(300)) // 2


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (wav_of(tone(50), channels=2), "stereo"),
        (wav_of(tone(50), octets=1), "8 bit"),
        (wav_of(tone(50), rate=4_000), "4000 Hz"),
        (wav_of(b""), "no sound"),
    ],
)
def test_what_cannot_come_down_is_told(file: bytes, why: str) -> None:
    with pytest.raises(NotAWavError, match=why):
        telephone(file)


def test_clips_stand_as_far_apart_as_said() -> None:
    one, two = tone(80), tone(80, hertz=600)
    heard = samples_in(join([(one, 50), (two, 0)]))
    assert heard == silence(EDGE_MS) + one + silence(50) + two + silence(EDGE_MS)


@pytest.mark.parametrize("around_ms", [0, 3, 60, 900])
def test_each_clip_is_cut_alike(around_ms: int) -> None:
    core = array("h", [LOUD, -LOUD] * 400).tobytes()
    cut = trimmed(silence(around_ms) + core + silence(around_ms))
    assert cut == silence(HEAD_MS) + core + silence(TAIL_MS)


def test_a_soft_beginning_is_kept() -> None:
    soft = array("h", [QUIET] * 80).tobytes()
    assert soft in trimmed(silence(500) + soft + tone(50))


def test_silence_is_cut_to_nothing() -> None:
    assert trimmed(silence(300)) == trimmed(b"") == b""


@given(SAMPLES)
def test_what_is_heard_is_never_cut(samples: array[int]) -> None:
    cut = array("h", trimmed(samples.tobytes()))
    loud = [each for each in samples if abs(each) >= QUIET]
    assert [each for each in cut if abs(each) >= QUIET] == loud
    assert array("h", trimmed(cut.tobytes())) == cut
    assert len(cut) <= len(samples) + (HEAD_MS + TAIL_MS) * OCTETS_PER_MS // 2


@given(SAMPLES)
def test_the_level_is_ours_and_nothing_is_clipped(samples: array[int]) -> None:
    made = array("h", levelled(samples.tobytes()))
    assert len(made) == len(samples)
    assert loudest_of(made) <= PEAK
    if loudest_of(samples) > PEAK // 30 + 1:
        assert PEAK - loudest_of(made) <= 1
