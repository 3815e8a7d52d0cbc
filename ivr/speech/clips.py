"""Every recording that the sentences of a language can need. Pure.

There is one truth about what is said: the inventory is made by speaking the texts with values that
between them bring up every clip.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from ivr.actions import Piece
from ivr.speech.dates import HOURS, YEARS
from ivr.speech.phrases import RECORDED_WORDS, VoiceTexts, spoken
from ivr.speech.pieces import SENTENCE_ENDS, Field, Frame, cut, word_clip
from ivr.switch import SpokenValue

_LEAP_YEAR = 2024
_DAYS_OF_A_YEAR = tuple(date(_LEAP_YEAR, 1, 1) + timedelta(day) for day in range(366))
# All below a thousand, and each form of what stands behind thousands and millions.
_COUNTS = (*range(1_000), *(each * power for power in (1_000, 1_000_000) for each in (1, 2, 5)))
_DIGITS = ("01234567890",)  # the last one falls
_CHOICES = ("8/15",)

# What names in braces hold, as values that bring up all of their clips.
NAMES: Mapping[str, tuple[SpokenValue, ...]] = {
    **dict.fromkeys(("d", "due", "from", "to", "asof"), _DAYS_OF_A_YEAR),
    **dict.fromkeys(("k", "days", "sum", "half", "price", "got"), _COUNTS),
    **dict.fromkeys(("digits", "ref"), _DIGITS),
    **dict.fromkeys(("from_hour", "to_hour"), tuple(HOURS)),
    "want": (*_COUNTS, *_CHOICES),
    **dict.fromkeys(sorted(RECORDED_WORDS), ()),  # known by the words alone
    "body": (),  # one of thousands: never recorded
}

# Groups of a list, behind the sentences.
_GROUPS = (
    "word", "digit", "number", "hundred", "thousand", "million", "or", "times", "days", "day",
    "month", "year", "hour",
)  # fmt: skip


class Tone(StrEnum):
    """How the voice ends."""

    LEVEL = "level"  # the sentence goes on
    FALLING = "falling"  # it ends here


class Clip(NamedTuple):
    """One recording: `text` is what the speaker reads, without spaces about it."""

    id: str
    language: str
    text: str
    tone: Tone


def inventory(
    texts: VoiceTexts, words: Iterable[Mapping[str, str]], language: str
) -> dict[str, Clip]:
    """The clips of `language` by id, in the order of a list: sentences, words, numbers, dates.

    `words` are the names by language of all that {status}, {outcome}, {kind1}, {kind2} and {base}
    may hold. Raises ValueError for a name in braces whose values are not known or which has no such
    form, and for a text without this language.
    """
    sentences: dict[str, Clip] = {}
    fields: set[str] = set()
    for text_id, templates in texts.items():
        if language not in templates:
            raise ValueError(f"{text_id}: no text in {language}; write it in config/voice/")
        for part in cut(text_id, templates[language]):
            if isinstance(part, Field):
                fields.add(part.name)
            elif part.words:
                sentences[part.clip] = _of_frame(part, language)
    parts: dict[str, Clip] = {}
    for field in sorted(fields):
        for piece in _all_spoken(field, language):
            if piece.clip is not None and piece.clip not in parts:
                parts[piece.clip] = _of_piece(piece.clip, piece, language)
    if any(_without_form(field) in RECORDED_WORDS for field in fields):
        for name in {each[language] for each in words if each.get(language)}:
            clip = word_clip(name)
            parts[clip] = Clip(clip, language, name, Tone.LEVEL)
    for clip in [clip for clip in parts if clip.startswith("digit-")]:
        if not clip.endswith("-end"):  # any count may end a sentence
            ending = f"{clip}-end"
            parts[ending] = Clip(ending, language, parts[clip].text, Tone.FALLING)
    return sentences | {clip.id: clip for clip in sorted(parts.values(), key=_place)}


def _all_spoken(field: str, language: str) -> Iterator[Piece]:
    name = _without_form(field)
    values = NAMES[name]
    try:
        for value in values or ("",):
            yield from spoken(field, {name: value}, language, _LEAP_YEAR)
        if values is _DAYS_OF_A_YEAR:
            for year in YEARS:
                yield from spoken(field, {name: date(year, 1, 1)}, language, 0)
    except TypeError as error:
        raise ValueError(f"{error}; write it so in config/voice/{language}.toml") from None


def _without_form(field: str) -> str:
    name = field if field in NAMES else field.rpartition("_")[0]
    if name not in NAMES:
        raise ValueError(
            f"{{{field}}}: what it holds is not known; add it to NAMES in ivr/speech/clips.py"
        )
    return name


def _of_frame(frame: Frame, language: str) -> Clip:
    text = (frame.words + frame.trail).strip()
    tone = Tone.FALLING if text.endswith(SENTENCE_ENDS) else Tone.LEVEL
    return Clip(frame.clip, language, text, tone)


def _of_piece(clip: str, piece: Piece, language: str) -> Clip:
    tone = Tone.FALLING if clip.endswith("-end") else Tone.LEVEL
    return Clip(clip, language, piece.text.strip(" ,-"), tone)


def _place(clip: Clip) -> tuple[int, int, str]:
    group, _, rest = clip.id.partition("-")
    if group == "word":
        return 0, 0, clip.text
    number = rest.partition("-")[0]
    return _GROUPS.index(group), int(number) if number.isdecimal() else 0, clip.id
