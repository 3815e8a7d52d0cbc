"""Whether a recording can be played to citizens: format, level, silence. Pure."""

from __future__ import annotations

import math
from array import array
from enum import StrEnum
from itertools import groupby
from operator import mul
from typing import NamedTuple

from ivr.prompts.recordings import FILE_OCTETS_MAX
from ivr.prompts.sound import (
    FULL_SCALE,
    QUIET,
    RATE_HZ,
    TELEPHONE,
    NotAWavError,
    loudest_of,
    read_wav,
)

FULL = 32_735  # -0.01 dB: so loud is a sample that the converter cut off
FULL_IN_A_ROW = 3  # one or two may be a real peak
PEAK_MIN_DB = -12.0
LOUDNESS_MIN_DB = -32.0  # of what is not silence: one loud click makes no recording
EDGE_MS_MAX = 250  # silence before and behind
PAUSE_MS_MAX = 1_200  # silence inside
CUT_MS = 2  # sound that begins or ends so close to the edge was cut off
CUT_LOUD = 3_277  # -20 dB
SPEECH_MS_MIN = 60
FORMAT = f"WAV, PCM, {TELEPHONE}"
_FRAME_MS = 10
_FRAME = RATE_HZ * _FRAME_MS // 1_000


class Fault(StrEnum):
    """What can be wrong with a recording."""

    NOT_A_WAV = "not_a_wav"
    FORMAT = "format"
    TOO_LONG = "too_long"
    SILENT = "silent"
    TOO_SHORT = "too_short"
    CLIPPED = "clipped"
    CUT_OFF = "cut_off"
    TOO_QUIET = "too_quiet"
    LONG_SILENCE = "long_silence"


class Finding(NamedTuple):
    """One fault; `detail` says what was measured and what to do."""

    fault: Fault
    detail: str


def judge(file: bytes) -> list[Finding]:
    """All that is wrong with a WAV. Never raises."""
    if len(file) > FILE_OCTETS_MAX:
        return [Finding(Fault.TOO_LONG, f"more than {FILE_OCTETS_MAX} octets; one clip is seconds")]
    try:
        told, frames = read_wav(file)
    except NotAWavError as problem:
        return [Finding(Fault.NOT_A_WAV, f"{problem}; export it as {FORMAT}")]
    if told != TELEPHONE:
        return [Finding(Fault.FORMAT, f"it is {told}; it must be {TELEPHONE}: convert it")]
    samples = array("h", frames)
    loudest = loudest_of(samples)
    if loudest < QUIET:
        return [Finding(Fault.SILENT, "there is no sound in it; record it anew")]
    return [*_level(samples, loudest), *_silences(samples)]


def seconds_of(file: bytes) -> float:
    """How long a WAV lasts; 0.0 for what is none."""
    try:
        told, frames = read_wav(file)
    except NotAWavError:
        return 0.0
    return len(frames) / (told.rate_hz * told.channels * told.octets)


def _level(samples: array[int], loudest: int) -> list[Finding]:
    found = []
    if loudest >= FULL:
        longest = max(sum(1 for _ in run) for full, run in groupby(samples, _is_full) if full)
        if longest >= FULL_IN_A_ROW:
            found.append(
                Finding(
                    Fault.CLIPPED,
                    f"{longest} samples in a row at full scale; record it with less gain",
                )
            )
    peak = _decibels(loudest)
    loudness = _decibels(_loudness(samples))
    if peak < PEAK_MIN_DB or loudness < LOUDNESS_MIN_DB:
        found.append(
            Finding(
                Fault.TOO_QUIET,
                f"peak {peak:.0f} dB, speech {loudness:.0f} dB; bring the peak to -3 dB",
            )
        )
    return found


def _silences(samples: array[int]) -> list[Finding]:
    frames = [samples[at : at + _FRAME] for at in range(0, len(samples), _FRAME)]
    runs = [
        (loud, sum(1 for _ in run) * _FRAME_MS)
        for loud, run in groupby(max(frame) >= QUIET or min(frame) <= -QUIET for frame in frames)
    ]
    found = []
    if sum(ms for loud, ms in runs if loud) < SPEECH_MS_MIN:
        found.append(
            Finding(Fault.TOO_SHORT, f"less than {SPEECH_MS_MIN} ms of sound; record it anew")
        )
    for place, (loud, ms) in enumerate(runs):
        edge = place in {0, len(runs) - 1}
        allowed = EDGE_MS_MAX if edge else PAUSE_MS_MAX
        if not loud and ms > allowed:
            where = "before it" if place == 0 else "behind it" if edge else "inside it"
            found.append(
                Finding(
                    Fault.LONG_SILENCE,
                    f"{ms} ms of silence {where}, at most {allowed} ms; cut it",
                )
            )
    close = RATE_HZ * CUT_MS // 1_000
    for side, edges in (("begins", samples[:close]), ("ends", samples[-close:])):
        if max(map(abs, edges)) >= CUT_LOUD:
            found.append(
                Finding(Fault.CUT_OFF, f"it {side} in the middle of sound; leave 50 ms around it")
            )
    return found


def _is_full(sample: int) -> bool:
    return sample >= FULL or sample <= -FULL


def _loudness(samples: array[int]) -> float:
    """Root mean square of what is not silence."""
    loud: list[int] = []
    for at in range(0, len(samples), _FRAME):
        frame = samples[at : at + _FRAME]
        if max(frame) >= QUIET or min(frame) <= -QUIET:
            loud += frame
    return math.sqrt(sum(map(mul, loud, loud)) / max(1, len(loud)))


def _decibels(value: float) -> float:
    return 20 * math.log10(max(value, 1.0) / FULL_SCALE)
