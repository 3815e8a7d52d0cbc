"""What a sentence is joined from, and the name under which it is fetched. Pure."""

from __future__ import annotations

import hashlib
import hmac
from typing import NamedTuple

from ivr.actions import Phrase
from ivr.prompts.recordings import Recording, Recordings

PRIVATE_SIGNS = 40  # of the name of what tells of a ticket: not to be guessed
HASH_SIGNS = 8  # of the name of a fixed sentence


class Part(NamedTuple):
    """One clip of a sentence: recorded, or words for the speaker where `recording` is None."""

    recording: Recording | None
    text: str
    pause_ms: int


class Plan(NamedTuple):
    """A sentence as it will be joined. `about` names it for people: the clips it begins with."""

    parts: tuple[Part, ...]
    language: str
    private: bool
    about: str

    @property
    def recorded(self) -> bool:
        """Whether any of it is a recording."""
        return any(part.recording for part in self.parts)


def plan(phrase: Phrase, recordings: Recordings) -> Plan:
    """How `phrase` is joined. Where nothing of it is recorded it is one part, so that the speaker
    makes one melody of it."""
    parts: list[Part] = []
    for piece in phrase.pieces:
        recording = recordings.get(phrase.language, piece.clip)
        if recording is None and not any(map(str.isalnum, piece.text)):
            if parts:  # signs between words: nothing to hear but their pause
                last = parts[-1]
                parts[-1] = last._replace(pause_ms=last.pause_ms + piece.pause_ms)
            continue
        parts.append(Part(recording, piece.text.strip(), piece.pause_ms))
    if not any(part.recording for part in parts):
        parts = [Part(None, phrase.text.strip(), 0)]
    clips = [piece.clip for piece in phrase.pieces if piece.clip]
    about = clips[0] if clips else "words"
    if len(parts) > 1:
        about += f"-and-{len(parts) - 1}"
    return Plan(tuple(parts), phrase.language, phrase.private, about)


def any_recorded(phrase: Phrase, recordings: Recordings) -> bool:
    """Whether anything of `phrase` is a recording."""
    return any(recordings.get(phrase.language, piece.clip) for piece in phrase.pieces)


def all_recorded(phrase: Phrase, recordings: Recordings) -> bool:
    """Whether nothing of `phrase` has to be spoken; signs alone need no sound."""
    return any_recorded(phrase, recordings) and all(
        recordings.get(phrase.language, piece.clip) or not any(map(str.isalnum, piece.text))
        for piece in phrase.pieces
    )


def fixed_name(plan: Plan) -> str:
    """`<language>/<id>.<hash>.wav`: another recording, or other words, make another name."""
    content = hashlib.sha256(f"1\n{plan.language}\n".encode())
    for recording, text, pause_ms in plan.parts:
        if recording is not None:
            content.update(recording.sha256)
        else:
            content.update(hashlib.sha256(text.encode("utf-8", "replace")).digest())
        content.update(b"%d;" % pause_ms)
    return f"{plan.language}/{plan.about}.{content.hexdigest()[:HASH_SIGNS]}.wav"


def private_name(text: str, language: str, key: bytes) -> str:
    """A name that tells nothing and that only we can make."""
    about = f"{language}\n{text}".encode("utf-8", "replace")
    return hmac.digest(key, about, "sha256").hex()[:PRIVATE_SIGNS] + ".wav"
