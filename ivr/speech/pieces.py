"""Words cut into the clips they are recorded as. Pure.

A clip's id names a recording in one language: `goodbye`, a whole text; `appeal.in_review-1`, the
first run of words of a text with values in it; `digit-5` and `digit-5-end`, as within a sentence
and as its last word; `word-3f9a0c12`, the name of a status. Spaces and punctuation between two
clips belong to the first of them, so that the texts of the pieces, joined, are the whole text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from ivr.actions import Piece

SENTENCE_PAUSE_MS = 350
GROUP_PAUSE_MS = 280  # between the groups of a number
CLAUSE_PAUSE_MS = 150
DIGIT_PAUSE_MS = 50  # between two digits read out
TEMPLATES_KEPT = 4_096  # cut ones; a catalogue holds some two hundred

SENTENCE_ENDS = (".", "!", "?", "…")

Pieces = tuple[Piece, ...]

_PAUSES_MS: Mapping[str, int] = {
    **dict.fromkeys(SENTENCE_ENDS, SENTENCE_PAUSE_MS),
    **dict.fromkeys((",", ";", ":", "—", "–"), CLAUSE_PAUSE_MS),
}
_BRACES = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_FRAME = re.compile(r"(\W*)(.*?)(\W*)", re.DOTALL)


class Frame(NamedTuple):
    """What stands between two values of a text. `lead` and `trail` are the spaces and punctuation
    about its words; `clip` is "" where there are no words."""

    lead: str
    words: str
    trail: str
    clip: str


class Field(NamedTuple):
    """A name in braces."""

    name: str


@lru_cache(maxsize=TEMPLATES_KEPT)
def cut(text_id: str, template: str) -> tuple[Frame | Field, ...]:
    """A text of the catalogue as its frames and values, in order."""
    parts: list[Frame | Field] = []
    split = _BRACES.split(template)
    frames = 0
    for at, part in enumerate(split):
        if at % 2:
            parts.append(Field(part))
        elif part:
            found = _FRAME.fullmatch(part)
            assert found is not None  # the expression matches whatever there is
            lead, words, trail = found.groups()
            frames += 1 if words else 0
            clip = f"{text_id}-{frames}" if len(split) > 1 else text_id
            parts.append(Frame(lead, words, trail, clip if words else ""))
    return tuple(parts)


def spaced(words: Iterable[tuple[str, str]]) -> Pieces:
    """Words with their clips, a space between each two; none behind a hyphen."""
    pairs = list(words)
    last = len(pairs) - 1
    return tuple(
        Piece(text if at == last or text.endswith("-") else text + " ", clip)
        for at, (text, clip) in enumerate(pairs)
    )


def run(parts: Iterable[Piece | str]) -> Pieces:
    """Pieces in order; a plain string is spaces and punctuation, and makes its pause."""
    made: list[Piece] = []
    before = ""
    for part in parts:
        if isinstance(part, Piece):
            if part.text:
                made.append(part._replace(text=before + part.text) if before else part)
                before = ""
        elif made:
            made[-1] = _with_joint(made[-1], part)
        else:
            before += part
    if before:
        made.append(Piece(before, None))
    return tuple(made)


def in_sequence(sentences: Iterable[Pieces]) -> Pieces:
    """Sentences one after the other: a space and a pause between each two, none at the end."""
    made: list[Piece] = []
    for sentence in sentences:
        if made and sentence:
            ended = made[-1]
            pause_ms = max(ended.pause_ms, SENTENCE_PAUSE_MS)
            made[-1] = ended._replace(text=ended.text + " ", pause_ms=pause_ms)
        made += sentence
    if made and made[-1].pause_ms:
        made[-1] = made[-1]._replace(pause_ms=0)
    return tuple(made)


def falling(piece: Piece) -> Piece:
    """The same as the last word of its sentence: digits have a recording of their own for it."""
    clip = piece.clip
    if clip is None or not clip.startswith("digit-") or clip.endswith("-end"):
        return piece
    return piece._replace(clip=f"{clip}-end")


def of_frame(frame: Frame) -> Iterator[Piece | str]:
    """A frame as parts of a run."""
    if frame.lead:
        yield frame.lead
    if frame.words:
        yield Piece(frame.words, frame.clip)
        if frame.trail:
            yield frame.trail


def text_of(pieces: Iterable[Piece]) -> str:
    return "".join([piece.text for piece in pieces])


@lru_cache(maxsize=TEMPLATES_KEPT)
def word_clip(text: str) -> str:
    """The clip of a status, a kind or a base: equal words are one recording, changed words are
    another."""
    return f"word-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _with_joint(piece: Piece, joint: str) -> Piece:
    sign = joint.rstrip()[-1:]
    piece = piece._replace(
        text=piece.text + joint, pause_ms=max(piece.pause_ms, _PAUSES_MS.get(sign, 0))
    )
    return falling(piece) if sign in SENTENCE_ENDS else piece
