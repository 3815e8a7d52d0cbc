"""The words by which a number is dictated, in three languages at once. Pure.

Numerals come from the speaker of calls (ivr.speech.numerals), the rest from
config/spoken_number.toml.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from gateway.core.folding import capitals
from gateway.core.kinds import BadTableError
from gateway.core.languages import LANGUAGES
from gateway.core.tables import Table, TableReader
from ivr.speech.numerals import cardinal

FILE: Final = "config/spoken_number.toml"
VALUE_MAX: Final = 999
REPEAT_MAX: Final = 9

_LISTS: Final = ("zeros", "no", "not", "not_after", "again", "then", "aside")
_KEYS: Final = (*_LISTS, "value", "repeat", "ask", "read_back")


class Sense(StrEnum):
    """What a word does to the number."""

    VALUE = "value"  # 0 to 999
    HUNDRED = "hundred"  # times the number before it
    THOUSAND = "thousand"
    ZEROS = "zeros"
    REPEAT = "repeat"
    NO = "no"
    NOT = "not"
    NOT_AFTER = "not_after"
    AGAIN = "again"
    THEN = "then"
    ASIDE = "aside"


class NumberWord(NamedTuple):
    """`value` is the number of a VALUE, the count of a REPEAT, else 0. Numbers below `room` may be
    added to a VALUE: after twenty any unit."""

    sense: Sense
    value: int = 0
    room: int = 0


class NumberWords(NamedTuple):
    """`words` by their spelling in capitals (gateway.core.folding); `ask` and `read_back`, with
    {digits}, by language."""

    words: Mapping[str, NumberWord]
    ask: Mapping[str, str]
    read_back: Mapping[str, str]

    @classmethod
    def from_table(cls, data: Table) -> NumberWords:
        """Of the parsed file. Raises BadTableError, which tells all that is wrong."""
        problems: list[str] = []
        reader = TableReader(FILE, problems)
        reader.only(data, LANGUAGES, "")
        words = dict(_numerals())
        ask: dict[str, str] = {}
        read_back: dict[str, str] = {}
        for language in LANGUAGES:
            table = reader.table(data, language, "")
            reader.only(table, _KEYS, language)
            for spelling, word in _listed(reader, table, language):
                known = words.setdefault(capitals(spelling), word)
                if known != word:
                    reader.problem(language, f"{spelling!r} means something else already: drop it")
            ask[language] = reader.text(table, "ask", language)
            read_back[language] = reader.text(table, "read_back", language)
            if "{digits}" not in read_back[language]:
                reader.problem(f"{language}.read_back", "write {digits} where the number is read")
        if problems:
            raise BadTableError("\n".join(problems))
        return cls(words, ask, read_back)


def _numerals() -> Iterator[tuple[str, NumberWord]]:
    """Every numeral that is one word."""
    for language in LANGUAGES:
        for number in (*range(100), *range(100, VALUE_MAX, 100)):
            words = cardinal(number, language).replace("-", " ").split()
            if len(words) == 1:
                # Kazakh has no teens: ten and five are fifteen.
                room = 10 if number == 10 and language == "kk" else _room(number)
                yield capitals(words[0]), NumberWord(Sense.VALUE, number, room)
            elif number in {200, 300}:  # two hundred: said as so many of a word
                yield capitals(words[-1]), NumberWord(Sense.HUNDRED)
        for number in (1_000, 2_000, 5_000):
            yield capitals(cardinal(number, language).split()[-1]), NumberWord(Sense.THOUSAND)


def _room(number: int) -> int:
    if number < 20 or number % 10:
        return 0
    return 10 if number % 100 else 100


def _listed(reader: TableReader, table: Table, language: str) -> Iterator[tuple[str, NumberWord]]:
    for key in _LISTS:
        for spelling in _single(reader, reader.texts(table, key, language), f"{language}.{key}"):
            yield spelling, NumberWord(Sense(key))
    for key, least, most in (("value", 0, VALUE_MAX), ("repeat", 2, REPEAT_MAX)):
        counts = reader.table(table, key, language)
        for spelling in _single(reader, counts, f"{language}.{key}"):
            value = counts[spelling]
            if type(value) is int and least <= value <= most:
                room = _room(value) if key == "value" else 0
                yield spelling, NumberWord(Sense(key), value, room)
            else:
                reader.problem(
                    f"{language}.{key}.{spelling}", f"write a whole number, {least} to {most}"
                )


def _single(reader: TableReader, spellings: Iterable[str], where: str) -> Iterator[str]:
    for spelling in spellings:
        if spelling.isalpha():
            yield spelling
        else:
            reader.problem(where, f"{spelling!r} is not one word: write it in letters alone")
