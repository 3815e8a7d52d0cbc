"""Folding: many ways to type one text become one form that can be compared. Pure.

`fold` keeps case and letters, so that a number-like token can still be told from a word;
`capitals` is the form in which words are compared, letter by letter as long as its input.
"""

from __future__ import annotations

import re
import unicodedata

TEXT_MAX = 2_000  # characters considered; no ticket number stands behind so many
CONFUSED_MAX = 3  # letters read as digits in one number
TOKEN_SIGNS_MIN = 8  # shorter tokens with letters are words, flats and car plates
TOKEN_DIGITS_MIN_PERCENT = 60

NUMBER_SIGN = "#"  # № in the folded text; NFKC alone would make it the letters "No"

# Nothing in such a text changes but its spaces: Cyrillic letters are their own NFKC form.
_PLAIN = re.compile("[ -~\u0400-\u04ff]*")
_AFTER_NFKC = str.maketrans(dict.fromkeys("‐‑‒–—―⁃−⸺⸻", "-") | dict.fromkeys("⁄∕", "/"))

# Controls (but for those that are spaces), soft hyphen, joiners, direction marks, variation
# selectors, keycaps, byte order mark, tags: nothing that a reader sees.
_UNSEEN = re.compile(
    "[\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20e3\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U000e0000-\U000e0fff]+"
)
_FOREIGN_DIGIT = re.compile("(?![0-9])\\d")

# Kazakh letters are also typed in their Russian spelling, since many keyboards lack them.
_KAZAKH = str.maketrans("ӘІҢҒҮҰҚӨҺЁ", "АИНГУУКОХЕ")

# Capitals that look alike. Latin I looks like the Kazakh І, which is compared as И.
_LATIN_ALIKE = "ABCEHIKMOPTXY"
_CYRILLIC_ALIKE = "АВСЕНИКМОРТХУ"
_TO_CYRILLIC = str.maketrans(_LATIN_ALIKE, _CYRILLIC_ALIKE)
_TO_LATIN = str.maketrans(_CYRILLIC_ALIKE, _LATIN_ALIKE)
_MIXED = re.compile("[A-Z][А-Я]|[А-Я][A-Z]")
_EITHER_SCRIPT = re.compile("[A-ZА-Я]+")
_LATIN_UNLIKE = re.compile(f"[A-Z](?<![{_LATIN_ALIKE}])")
_CYRILLIC_UNLIKE = re.compile(f"[А-Я](?<![{_CYRILLIC_ALIKE}])")

_CONFUSED = {
    "0": "ОоOo",
    "1": "ІіIl|",
    "2": "Z",
    "3": "Зз",
    "4": "Чч",
    "5": "S",
    "6": "б",
    "8": "ВB",
}
CONFUSED_SIGNS = "".join(_CONFUSED.values())
_NUMBER_SIGNS = "0123456789 -./#()[]" + CONFUSED_SIGNS  # half a number may be another number
_TO_DIGITS = str.maketrans({sign: digit for digit, signs in _CONFUSED.items() for sign in signs})


def fold(text: str) -> str:
    """`text` without what a reader cannot see, digits in ASCII, dashes as "-", one space at most
    between words. At most `TEXT_MAX` characters are kept, and no number at the cut."""
    cut = len(text) > TEXT_MAX
    text = text[:TEXT_MAX]
    if not _PLAIN.fullmatch(text):
        text = _UNSEEN.sub("", text).replace("№", NUMBER_SIGN)
        text = unicodedata.normalize("NFKC", text)
        cut = cut or len(text) > TEXT_MAX
        text = _FOREIGN_DIGIT.sub(_ascii_digit, text[:TEXT_MAX].translate(_AFTER_NFKC))
    text = " ".join(text.split())
    return (text.rstrip(_NUMBER_SIGNS) or text) if cut else text


def _ascii_digit(found: re.Match[str]) -> str:
    return str(unicodedata.decimal(found[0]))


def capitals(text: str) -> str:
    """A folded text in the letters that words are compared in; as long as `text`."""
    upper = text.upper()
    if len(upper) != len(text):  # "ß" and its like grow
        upper = "".join(up if len(up := sign.upper()) == 1 else sign for sign in text)
    if upper.isascii():
        return upper
    upper = upper.translate(_KAZAKH)
    return _EITHER_SCRIPT.sub(_one_script, upper) if _MIXED.search(upper) else upper


def _one_script(found: re.Match[str]) -> str:
    """A word of mixed scripts in the one script it can be read in, if there is one."""
    word = found[0]
    if not _MIXED.search(word):
        return word
    if not _LATIN_UNLIKE.search(word):
        return word.translate(_TO_CYRILLIC)
    if not _CYRILLIC_UNLIKE.search(word):
        return word.translate(_TO_LATIN)
    return word


def twins(word: str) -> tuple[str, ...]:
    """The spellings of `word` (in capitals) that cannot be told apart by eye: itself, and the
    same in the other script where every letter has a look-alike there. A lone letter has none:
    "I" would be "и"."""
    if len(word) == 1:
        return (word,)
    if word.isascii():
        return (word,) if _LATIN_UNLIKE.search(word) else (word, word.translate(_TO_CYRILLIC))
    return (word,) if _CYRILLIC_UNLIKE.search(word) else (word, word.translate(_TO_LATIN))


def as_digits(token: str) -> str:
    """`token` with the letters that stand for digits replaced; as long as `token`."""
    return token.translate(_TO_DIGITS)


def is_number_like(signs: int, letters: int) -> bool:
    """Whether a token of so many signs, so many of them letters, was meant as a number."""
    return signs >= TOKEN_SIGNS_MIN and (signs - letters) * 100 >= signs * TOKEN_DIGITS_MIN_PERCENT
