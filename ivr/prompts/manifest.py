"""What is known of the recordings in a folder, as its manifest.json. Pure.

A file says nothing about the words in it. The manifest does: which text each recording was made
for, and which text the studio was asked for last. So a sentence that was changed afterwards is
never played in its old words.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

NAME = "manifest.json"
FORMAT = 1
OCTETS_MAX = 16 * 1024 * 1024

# Stands behind the sound in a file that espeak-ng made: such a file stays known for what it is,
# whatever becomes of the manifest.
_SAYS = b"espeak-ng: a placeholder\0\0"
PLACEHOLDER_MARK = (
    struct.pack("<4sI4s4sI", b"LIST", 12 + len(_SAYS), b"INFO", b"ISFT", len(_SAYS)) + _SAYS
)


class Made(StrEnum):
    """Where a recording comes from."""

    PLACEHOLDER = "placeholder"  # espeak-ng: to be replaced by a voice
    RECORDED = "recorded"  # a person


class Entry(NamedTuple):
    """One recording. `text` is what it says, `asked` what the studio's last list asked for."""

    text: str
    asked: str
    sha256: str  # of the file
    made: Made


Entries = Mapping[tuple[str, str], Entry]  # by language and id of the clip


class ManifestError(ValueError):
    """The manifest cannot be read; the text says why and what to do."""


def digest(file: bytes) -> str:
    return hashlib.sha256(file).hexdigest()


def made_by(file: bytes) -> Made:
    return Made.PLACEHOLDER if file.endswith(PLACEHOLDER_MARK) else Made.RECORDED


def text_in(entry: Entry | None, sha256: str) -> str | None:
    """What a file says: as noted, or, where it was replaced since, what was asked for. None where
    nothing is known of it."""
    if entry is None:
        return None
    return entry.text if entry.sha256 == sha256 else entry.asked


def parse(octets: bytes) -> dict[tuple[str, str], Entry]:
    """Raises ManifestError."""
    try:
        told = json.loads(octets)
        if told["format"] != FORMAT:
            raise ManifestError(
                f"{NAME} has the format {told['format']}, this program writes {FORMAT}; use the "
                "program that wrote it"
            )
        return {
            (language, clip): _entry(entry)
            for language, entries in told["clips"].items()
            for clip, entry in entries.items()
        }
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        if isinstance(problem, ManifestError):
            raise
        raise ManifestError(
            f"{NAME} is not as 'jauap prompts build' writes it ({problem}); take it from a backup, "
            "or move the recordings away and build anew"
        ) from problem


def write(entries: Entries) -> bytes:
    """The file of `entries`, for people to read too."""
    clips: dict[str, dict[str, Any]] = {}
    for (language, clip), entry in sorted(entries.items()):
        clips.setdefault(language, {})[clip] = entry._asdict()
    told = {"format": FORMAT, "clips": clips}
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


def _entry(told: Mapping[str, Any]) -> Entry:
    entry = Entry(told["text"], told["asked"], told["sha256"], Made(told["made"]))
    if not all(isinstance(value, str) for value in entry):
        raise TypeError("an entry is made of texts")
    return entry
