"""Which language a text is written in, or that it does not tell. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.core.words import Word

LANGUAGES = ("kk", "ru", "en")

_KAZAKH_LETTERS = re.compile("[әғқңөұүһіӘҒҚҢӨҰҮҺІ]")
_CYRILLIC = re.compile("[\u0400-\u052f]")
_LATIN = re.compile("[A-Za-z]")
_WORD_LETTERS_MIN = 2  # one letter is a block of flats


def guess(text: str, words: Sequence[Word]) -> str | None:
    """The language of `words`, found in the folded `text`; None where they tell nothing.

    A Kazakh letter decides. Otherwise known words are counted, since Kazakh and Russian are also
    typed in Latin letters, and Kazakh in Russian ones; only then does the script count.
    """
    if not words:
        return None
    if _KAZAKH_LETTERS.search(text) and any(
        _KAZAKH_LETTERS.search(text, word.start, word.end) for word in words
    ):
        return "kk"
    kazakh = russian = english = 0
    unknown = []
    for word in words:
        language = word.entry.language
        if language == "kk":
            kazakh += 1
        elif language == "ru":
            russian += 1
        elif language == "en":
            english += 1
        elif not word.entry.neutral:
            unknown.append(word)
    if kazakh or russian or english:
        if kazakh > russian and kazakh >= english:
            return "kk"
        return "ru" if russian and russian >= english else "en"
    return _by_script(text, unknown)


def _by_script(text: str, unknown: Sequence[Word]) -> str | None:
    starts = [word.start for word in unknown if word.end - word.start >= _WORD_LETTERS_MIN]
    if any(_CYRILLIC.match(text, start) for start in starts):
        return "ru"
    return "en" if any(_LATIN.match(text, start) for start in starts) else None
