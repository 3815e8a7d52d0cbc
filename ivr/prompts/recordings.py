"""What can be played of a set of clips, and what cannot and why. Pure.

Recordings stay in memory, so that joining them is a copy of octets, and what was offered under a
name that holds its hash stays the same until the end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from ivr.prompts import manifest
from ivr.prompts.manifest import Entry, Made
from ivr.prompts.sound import TELEPHONE, NotAWavError, read_wav, trimmed
from ivr.speech.clips import Clip

FILE_OCTETS_MAX = 2 * 1024 * 1024  # of one clip: two minutes

# By language, then by id.
Inventory = Mapping[str, Mapping[str, Clip]]


class Missing(StrEnum):
    """Why a clip cannot be played."""

    NO_FILE = "no file"
    NOT_NOTED = "not in the manifest"  # what it says is not known: build notes it
    OTHER_TEXT = "recorded for another text"
    FORMAT = "not a whole WAV of 8000 Hz, 16 bit, mono"
    SILENT = "there is no sound in it"


class Recording(NamedTuple):
    """Samples cut close, ready to be joined. `sha256` is of them, not of the file."""

    samples: bytes
    sha256: bytes
    made: Made


class Recordings:
    """What the folder holds of an inventory."""

    def __init__(
        self,
        usable: Mapping[tuple[str, str], Recording],
        missing: Mapping[str, Mapping[str, Missing]],
    ) -> None:
        self._usable = usable
        self.missing = missing  # by language, then by id
        self.placeholders = {
            language: sum(
                of == language and each.made is Made.PLACEHOLDER for (of, _), each in usable.items()
            )
            for language in missing
        }

    def get(self, language: str, clip: str | None) -> Recording | None:
        """The recording of a clip, None where it cannot be played."""
        return self._usable.get((language, clip)) if clip is not None else None

    @property
    def complete(self) -> bool:
        return not any(self.missing.values())

    def state(self) -> Mapping[str, Mapping[str, int]]:
        """How many clips of each language cannot be played, and how many are no person's voice."""
        return {
            language: {"missing": len(each), "placeholders": self.placeholders[language]}
            for language, each in self.missing.items()
        }


def recording_of(file: bytes | None, clip: Clip, entry: Entry | None) -> Recording | Missing:
    """What a clip's file is good for; `entry` is what the manifest says of it."""
    if file is None:
        return Missing.NO_FILE
    text = manifest.text_in(entry, manifest.digest(file))
    if text != clip.text:
        return Missing.NOT_NOTED if text is None else Missing.OTHER_TEXT
    frames = _frames(file)
    if frames is None:
        return Missing.FORMAT
    samples = trimmed(frames)
    if not samples:
        return Missing.SILENT
    return Recording(samples, hashlib.sha256(samples).digest(), manifest.made_by(file))


def _frames(file: bytes) -> bytes | None:
    if len(file) > FILE_OCTETS_MAX:
        return None
    try:
        told, frames = read_wav(file)
    except NotAWavError:
        return None
    return frames if told == TELEPHONE else None
