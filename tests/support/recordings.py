"""Recordings as tests make them: tones instead of speech, each clip with one of its own."""

from __future__ import annotations

import io
import math
import wave
from array import array
from collections.abc import Mapping
from pathlib import Path

from ivr.actions import Phrase, Piece
from ivr.prompts import manifest
from ivr.prompts.folder import read_recordings
from ivr.prompts.manifest import Entry
from ivr.prompts.recordings import Inventory, Recordings
from ivr.prompts.sound import RATE_HZ, read_wav, silence, wav
from ivr.speech.clips import Clip, Tone

LOUD = 20_000


def tone(ms: int, *, hertz: int = 440, peak: int = LOUD) -> bytes:
    """Samples that begin and end at zero."""
    count = RATE_HZ * ms // 1_000
    return array(
        "h",
        (
            round(peak * math.sin(2 * math.pi * hertz * at / RATE_HZ) * _swell(at, count))
            for at in range(count)
        ),
    ).tobytes()


def _swell(at: int, count: int) -> float:
    slope = RATE_HZ * 10 // 1_000
    return min(1.0, at / slope, (count - 1 - at) / slope)


def recorded(samples: bytes, *, edge_ms: int = 60) -> bytes:
    """A file as a studio delivers it."""
    return wav(silence(edge_ms) + samples + silence(edge_ms))


def wav_of(samples: bytes, *, rate: int = RATE_HZ, channels: int = 1, octets: int = 2) -> bytes:
    """A WAV of any format, written by the standard library."""
    made = io.BytesIO()
    with wave.open(made, "wb") as target:
        target.setnchannels(channels)
        target.setsampwidth(octets)
        target.setframerate(rate)
        target.writeframes(samples)
    return made.getvalue()


def samples_in(file: bytes) -> bytes:
    """What is heard of a WAV of ours."""
    told, frames = read_wav(file)
    assert tuple(told) == (RATE_HZ, 1, 2)
    return frames


def clip(clip_id: str, text: str = "", language: str = "ru", tone: Tone = Tone.FALLING) -> Clip:
    return Clip(clip_id, language, text or clip_id, tone)


def inventory_of(*clips: Clip) -> Inventory:
    found: dict[str, dict[str, Clip]] = {}
    for each in clips:
        found.setdefault(each.language, {})[each.id] = each
    return found


def write_folder(folder: Path, files: Mapping[Clip, bytes]) -> None:
    """A folder with its manifest, as build leaves it."""
    entries = {}
    for each, file in files.items():
        path = folder / each.language / f"{each.id}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file)
        entries[each.language, each.id] = Entry(
            each.text, each.text, manifest.digest(file), manifest.made_by(file)
        )
    (folder / manifest.NAME).write_bytes(manifest.write(entries))


def recordings_of(folder: Path, files: Mapping[Clip, bytes]) -> Recordings:
    write_folder(folder, files)
    return read_recordings(folder, inventory_of(*files))


def phrase(*pieces: Piece, language: str = "ru", private: bool = False) -> Phrase:
    return Phrase("".join(piece.text for piece in pieces), language, private, pieces)
