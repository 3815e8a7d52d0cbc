"""Every recording of a folder looked at: is it there, of today's text, and fit to be played?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ivr.prompts.folder import read_clip, read_manifest, unused
from ivr.prompts.manifest import Entry, Made, digest, made_by, text_in
from ivr.prompts.quality import judge
from ivr.prompts.recordings import Inventory
from ivr.speech.clips import Clip

MISSING = "missing"
NOT_NOTED = "not_noted"
TEXT_CHANGED = "text_changed"
PLACEHOLDER = "placeholder"


class Problem(NamedTuple):
    """What is wrong with one clip; `file` within the folder, `detail` with the remedy."""

    file: str
    what: str  # of the four above, or a Fault
    detail: str


class Checked(NamedTuple):
    """All findings, and counts by language."""

    problems: tuple[Problem, ...]
    unused: tuple[str, ...]  # files that no text needs
    clips: Mapping[str, int]
    placeholders: Mapping[str, int]


def check(folder: Path, inventory: Inventory, *, final: bool = False) -> Checked:
    """Read all of `folder`. `final`: placeholders are findings. Raises RecordingsError."""
    entries = read_manifest(folder)
    problems: list[Problem] = []
    placeholders = dict.fromkeys(inventory, 0)
    for language, clips in inventory.items():
        for clip in clips.values():
            file = read_clip(folder, language, clip.id)
            found = _problems(file, clip, entries.get((language, clip.id)))
            if file is not None and made_by(file) is Made.PLACEHOLDER:
                placeholders[language] += 1
                if final:
                    found.append((PLACEHOLDER, "made by espeak-ng; have it recorded"))
            name = f"{language}/{clip.id}.wav"
            problems += [Problem(name, what, detail) for what, detail in found]
    return Checked(
        tuple(problems),
        tuple(path.relative_to(folder).as_posix() for path in unused(folder, inventory)),
        {language: len(clips) for language, clips in inventory.items()},
        placeholders,
    )


def _problems(file: bytes | None, clip: Clip, entry: Entry | None) -> list[tuple[str, str]]:
    if file is None:
        return [(MISSING, f"record '{clip.text}', or make a placeholder: jauap prompts build")]
    found: list[tuple[str, str]] = [(fault.value, detail) for fault, detail in judge(file)]
    text = text_in(entry, digest(file))
    if text is None:
        found.append((NOT_NOTED, "what it says is not known; run jauap prompts build"))
    elif text != clip.text:
        found.append(
            (TEXT_CHANGED, f"it says '{text}', the text is now '{clip.text}'; record it anew")
        )
    return found
