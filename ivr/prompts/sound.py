"""Recordings as samples: read, cut, levelled, joined. Pure.

All that is played has one format, which every platform takes: WAV of 16-bit PCM, 8000 Hz, mono.
Between reading and joining, a recording is its bare samples in little-endian octets.
"""

from __future__ import annotations

import io
import struct
import wave
from array import array
from collections.abc import Iterable
from typing import NamedTuple

from ivr.prompts.resample import resample

RATE_HZ = 8_000
OCTETS_PER_MS = RATE_HZ // 1_000 * 2
FULL_SCALE = 32_768
QUIET = 164  # -46 dB of full scale: below it a sample counts as silence
PEAK = 23_197  # -3 dB: the level of our recordings
GAIN_MAX = 30.0  # noise without speech in it is not to be made loud

# What is left of the silence around a clip: two clips joined without a pause are this sum apart.
HEAD_MS = 5
TAIL_MS = 15
EDGE_MS = 60  # silence before and behind a joined sentence, and a clip in its file

UNKNOWN_OCTETS_MIN = 1 << 30  # a header says so where it was written before the sound was known

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")


class WavFormat(NamedTuple):
    """What a WAV is made of."""

    rate_hz: int
    channels: int
    octets: int  # of one sample

    def __str__(self) -> str:
        sides = {1: "mono", 2: "stereo"}.get(self.channels, f"{self.channels} channels")
        return f"{self.rate_hz} Hz, {8 * self.octets} bit, {sides}"


TELEPHONE = WavFormat(RATE_HZ, 1, 2)


class NotAWavError(ValueError):
    """No PCM WAV; the text says what is wrong with it."""


def read_wav(octets: bytes) -> tuple[WavFormat, bytes]:
    """Format and samples. Raises NotAWavError, also for a file that was cut off.

    The header of a piped WAV does not know its length, so all that follows it counts.
    """
    try:
        with wave.open(io.BytesIO(octets)) as source:
            told = WavFormat(source.getframerate(), source.getnchannels(), source.getsampwidth())
            declared = source.getnframes() * told.channels * told.octets
            frames = source.readframes(len(octets))
    except EOFError:
        raise NotAWavError("it ends within its header") from None
    except RuntimeError:  # all that the library says of a part that goes beyond the file
        raise NotAWavError("a part of it is longer than the file") from None
    except wave.Error as problem:
        raise NotAWavError(str(problem)) from None
    if not (told.rate_hz > 0 and told.channels > 0 and told.octets > 0):
        raise NotAWavError(f"its header says {told}")
    if len(frames) < declared < UNKNOWN_OCTETS_MIN:
        raise NotAWavError(f"of {declared} octets of sound only the first {len(frames)} are there")
    whole = told.channels * told.octets
    return told, frames[: len(frames) // whole * whole]


def telephone(octets: bytes) -> bytes:
    """The samples of a 16-bit mono WAV of any higher rate, at RATE_HZ. Raises NotAWavError."""
    told, frames = read_wav(octets)
    if told.channels != 1 or told.octets != 2 or told.rate_hz < RATE_HZ:
        raise NotAWavError(f"{told}; only 16 bit mono of at least {RATE_HZ} Hz can be used")
    if not frames:
        raise NotAWavError("there is no sound in it")
    return resample(array("h", frames), told.rate_hz, RATE_HZ).tobytes()


def wav(samples: bytes, chunks: bytes = b"") -> bytes:
    """`samples` as a WAV; `chunks` of other kinds stand behind the sound."""
    size = len(samples)
    header = _HEADER.pack(
        b"RIFF", 36 + size + len(chunks), b"WAVE",
        b"fmt ", 16, 1, 1, RATE_HZ, 2 * RATE_HZ, 2, 16,
        b"data", size,
    )  # fmt: skip
    return header + samples + chunks


def silence(ms: int) -> bytes:
    return bytes(ms * OCTETS_PER_MS)


def join(parts: Iterable[tuple[bytes, int]]) -> bytes:
    """One WAV of clips, each followed by so many milliseconds of silence."""
    pieces = [silence(EDGE_MS)]
    for samples, pause_ms in parts:
        pieces.append(samples)
        if pause_ms:
            pieces.append(silence(pause_ms))
    pieces.append(silence(EDGE_MS))
    return wav(b"".join(pieces))


def loudest_of(samples: array[int]) -> int:
    """The greatest distance from silence, 0..32768."""
    return max(map(abs, (max(samples), min(samples)))) if samples else 0


def speech_in(samples: array[int]) -> tuple[int, int]:
    """Where sound begins and ends, as places of samples; (0, 0) for silence throughout."""
    begin = next((at for at, each in enumerate(samples) if not -QUIET < each < QUIET), None)
    if begin is None:
        return 0, 0
    behind = next(at for at, each in enumerate(reversed(samples)) if not -QUIET < each < QUIET)
    return begin, len(samples) - behind


def trimmed(octets: bytes) -> bytes:
    """Samples with HEAD_MS and TAIL_MS of the silence around them, so that joined clips stand as
    far apart as spoken words, whoever cut them."""
    samples = array("h", octets)
    begin, end = speech_in(samples)
    if begin == end:
        return b""
    head, tail = RATE_HZ * HEAD_MS // 1_000, RATE_HZ * TAIL_MS // 1_000
    kept = samples[max(0, begin - head) : end + tail].tobytes()
    lead = bytes(2 * max(0, head - begin))
    return lead + kept + bytes(2 * max(0, end + tail - len(samples)))


def levelled(octets: bytes) -> bytes:
    """Samples as loud as our recordings are, by their loudest one."""
    samples = array("h", octets)
    loudest = loudest_of(samples)
    if not loudest:
        return octets
    gain = min(GAIN_MAX, PEAK / loudest)
    return array("h", (round(each * gain) for each in samples)).tobytes()
