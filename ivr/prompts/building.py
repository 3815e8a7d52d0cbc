"""The folder of recordings brought up to the texts: placeholders made, deliveries noted, the
studio's lists written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ivr.prompts.folder import RecordingsError, read_clip, read_manifest, write_whole
from ivr.prompts.manifest import (
    NAME,
    PLACEHOLDER_MARK,
    Entry,
    Made,
    digest,
    made_by,
    text_in,
    write,
)
from ivr.prompts.recordings import Inventory, Missing, Recording, recording_of
from ivr.prompts.sound import EDGE_MS, HEAD_MS, TAIL_MS, silence, wav
from ivr.prompts.speaker import MAKING_MAX, Speaker
from ivr.prompts.studio_list import Wanted, as_csv, as_html
from ivr.speech.clips import Clip, Tone

LISTS = "studio"  # the folder of the lists, beside those of the languages
PLACEHOLDER = "a placeholder by espeak-ng"  # why the studio must record it; else a Missing

# Told after each clip: language, clips looked at, clips in all.
Progress = Callable[[str, int, int], None]


class Built(NamedTuple):
    """What became of one language, in clips; `wanted` is what the studio must record."""

    clips: int
    placeholders: int  # that are there now
    made: int  # of these, made just now
    wanted: tuple[Wanted, ...]

    @property
    def missing(self) -> int:
        """How many cannot be played."""
        return sum(each.why != PLACEHOLDER for each in self.wanted)


async def build(
    folder: Path, inventory: Inventory, speaker: Speaker | None, on_progress: Progress
) -> dict[str, Built]:
    """Bring `folder` up to `inventory`. Without a speaker no placeholders are made. Recordings of
    people are never changed or removed. Raises RecordingsError."""
    entries = dict(await asyncio.to_thread(read_manifest, folder))
    built = {}
    try:
        for language, clips in inventory.items():
            work = _Work(folder, clips, entries, speaker)
            built[language] = await work.build(on_progress)
    finally:
        known = {
            key: each for key, each in entries.items() if each.sha256 or _is_in(key, inventory)
        }
        await asyncio.to_thread(write_whole, folder / NAME, write(known))
    for language, each in built.items():
        csv, page = as_csv(each.wanted), as_html(each.wanted, language)
        await asyncio.to_thread(write_whole, folder / LISTS / f"{language}.csv", csv)
        await asyncio.to_thread(write_whole, folder / LISTS / f"{language}.html", page)
    return built


def _is_in(key: tuple[str, str], inventory: Inventory) -> bool:
    language, clip = key
    return clip in inventory.get(language, {})


@dataclass(slots=True)
class _Work:
    """One language."""

    folder: Path
    clips: Mapping[str, Clip]
    entries: dict[tuple[str, str], Entry]
    speaker: Speaker | None
    placeholders: int = 0
    made: int = 0
    done: int = 0
    wanted: dict[str, str] = field(default_factory=dict)  # why, by id

    async def build(self, on_progress: Progress) -> Built:
        todo = iter(self.clips.values())
        try:
            async with asyncio.TaskGroup() as workers:
                for _ in range(MAKING_MAX):
                    workers.create_task(self._go_through(todo, on_progress))
        except* RecordingsError as group:
            raise RecordingsError("; ".join(map(str, group.exceptions))) from None
        wanted = tuple(
            Wanted(clip, self.wanted[clip.id])
            for clip in self.clips.values()
            if clip.id in self.wanted
        )
        return Built(len(self.clips), self.placeholders, self.made, wanted)

    async def _go_through(self, todo: Iterator[Clip], on_progress: Progress) -> None:
        for clip in todo:
            await self._bring_up(clip)
            self.done += 1
            on_progress(clip.language, self.done, len(self.clips))

    async def _bring_up(self, clip: Clip) -> None:
        key = clip.language, clip.id
        file = await asyncio.to_thread(read_clip, self.folder, *key)
        entry = self.entries.get(key)
        if file is None or (made_by(file) is Made.PLACEHOLDER and _old(file, entry, clip)):
            made = await self._placeholder(clip)
            if made is not None:
                file = made
                entry = Entry(clip.text, clip.text, digest(file), Made.PLACEHOLDER)
        noted = _noted(file, entry, clip)
        self.entries[key] = noted
        found = recording_of(file, clip, noted)
        if isinstance(found, Recording) and found.made is Made.RECORDED:
            return
        self.wanted[clip.id] = found.value if isinstance(found, Missing) else PLACEHOLDER
        self.placeholders += isinstance(found, Recording)

    async def _placeholder(self, clip: Clip) -> bytes | None:
        if self.speaker is None:
            return None
        async with self.speaker.turn():
            samples = await self.speaker.speak(_melody(clip), clip.language)
        if samples is None:
            return None
        head, tail = silence(EDGE_MS - HEAD_MS), silence(EDGE_MS - TAIL_MS)
        file = wav(head + samples + tail, PLACEHOLDER_MARK)
        path = self.folder / clip.language / f"{clip.id}.wav"
        await asyncio.to_thread(write_whole, path, file)
        self.made += 1
        return file


def _old(file: bytes, entry: Entry | None, clip: Clip) -> bool:
    """Whether a placeholder does not say, for all we know, what `clip` says today."""
    return text_in(entry, digest(file)) != clip.text


def _noted(file: bytes | None, entry: Entry | None, clip: Clip) -> Entry:
    """What is known of a clip from now on. Of a file never seen before we take it that it says
    what was asked for: by the last list, or else by the text of today."""
    if file is None:
        return Entry(clip.text, clip.text, "", Made.RECORDED)
    sha256 = digest(file)
    text = text_in(entry, sha256)
    return Entry(clip.text if text is None else text, clip.text, sha256, made_by(file))


def _melody(clip: Clip) -> str:
    """The text with the sign by which espeak-ng knows how its voice ends."""
    if not clip.text[-1:].isalnum():
        return clip.text
    return clip.text + ("." if clip.tone is Tone.FALLING else ",")
