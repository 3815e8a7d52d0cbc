"""The folder of recordings: `<folder>/<language>/<id>.wav`, and the manifest beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ivr.prompts import manifest
from ivr.prompts.manifest import Entries, ManifestError
from ivr.prompts.recordings import (
    FILE_OCTETS_MAX,
    Inventory,
    Missing,
    Recording,
    Recordings,
    recording_of,
)

SUFFIX = ".wav"
MEMORY_OCTETS_MAX = 512 * 1024 * 1024  # of all clips


class RecordingsError(Exception):
    """The folder cannot be used; the text says why and what to do."""


def read_recordings(folder: Path, inventory: Inventory) -> Recordings:
    """Read what `inventory` asks for. A folder that is not there holds nothing.

    Raises RecordingsError for a manifest that cannot be read and for more than memory may hold.
    """
    entries = read_manifest(folder)
    usable: dict[tuple[str, str], Recording] = {}
    missing: dict[str, dict[str, Missing]] = {language: {} for language in inventory}
    held = 0
    for language, clips in inventory.items():
        for clip in clips.values():
            found = recording_of(
                read_clip(folder, language, clip.id), clip, entries.get((language, clip.id))
            )
            if isinstance(found, Missing):
                missing[language][clip.id] = found
                continue
            usable[language, clip.id] = found
            held += len(found.samples)
            if held > MEMORY_OCTETS_MAX:
                raise RecordingsError(
                    f"{folder}: the recordings are more than {MEMORY_OCTETS_MAX} octets; cut them"
                )
    return Recordings(usable, missing)


def read_manifest(folder: Path) -> Entries:
    """The manifest, empty where there is none. Raises RecordingsError."""
    try:
        with (folder / manifest.NAME).open("rb") as file:
            return manifest.parse(file.read(manifest.OCTETS_MAX))
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise RecordingsError(
            f"{problem.filename}: cannot be read ({problem.strerror}); give the service the right "
            "to read it"
        ) from problem
    except ManifestError as problem:
        raise RecordingsError(f"{folder}: {problem}") from problem


def read_clip(folder: Path, language: str, clip: str) -> bytes | None:
    """A clip's file, None where there is none; of a huge one only so much that it is seen to be
    huge. Raises RecordingsError."""
    path = folder / language / f"{clip}{SUFFIX}"
    try:
        with path.open("rb") as file:
            return file.read(FILE_OCTETS_MAX + 1)
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise RecordingsError(
            f"{path}: cannot be read ({problem.strerror}); give the service the right to read it"
        ) from problem


def write_whole(path: Path, octets: bytes) -> None:
    """A file whole or not at all. Raises RecordingsError."""
    unfinished = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(octets)
        unfinished.replace(path)
    except OSError as problem:
        raise RecordingsError(
            f"{path}: cannot be written ({problem.strerror}); make room, or give the right to write"
        ) from problem


def unused(folder: Path, inventory: Inventory) -> Iterator[Path]:
    """Files that no clip is called by: a slip in a name, or of a text that is gone; or laid beside
    the languages' folders instead of into one."""
    for language, clips in (("", {}), *inventory.items()):
        for path in sorted((folder / language).glob("*.[wW][aA][vV]")):
            if path.suffix != SUFFIX or path.stem not in clips:
                yield path
