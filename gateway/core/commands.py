"""Which command a text gives: the words of a text with its numbers aside. Pure.

A command counts when it stands first or alone. Labels, kinds, greetings and thanks are passed
over. Common words (жалоба, шағым) count only alone, or first in a text of few words without a
number: inside a sentence about a number they ask nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gateway.core.word_entries import Entry, Role
from gateway.core.words import Word

FEW_WORDS_MAX = 3


class Said(NamedTuple):
    """What the words of a text come to. `at` is the offset of the command."""

    length: int  # in words, a phrase being one
    unknown: int  # words without a role
    signs: int  # values of Sign
    thanks: bool
    every: bool  # "СТОП ВСЕ"
    language: str  # the one named, first or alone; "" for none
    command: Entry | None
    leads: bool  # the command stands first
    at: int

    def shows(self, signs: int) -> bool:
        """Whether all of `signs` are there."""
        return self.signs & signs == signs

    @property
    def alone(self) -> bool:
        return not self.unknown

    @property
    def few(self) -> bool:
        return self.length <= FEW_WORDS_MAX

    def acts(self, number_at: int | None) -> bool:
        """Whether the command is meant. `number_at`: offset of the first ticket number."""
        if self.command is None:
            return False
        if self.alone:
            return True
        if self.command.common:
            return self.leads and self.few and number_at is None
        return self.leads and (number_at is None or self.at < number_at)


def weigh(words: Sequence[Word]) -> Said:
    """All words of a text in one look."""
    unknown = 0
    signs = 0
    thanks = every = False
    language = ""
    command: Entry | None = None
    leads, at = False, 0
    for word in words:
        entry = word.entry
        signs |= entry.signs
        match entry.role:
            case Role.NONE:
                unknown += 1
            case Role.COMMAND if command is None:
                command, leads, at = entry, not unknown, word.start
            case Role.LANGUAGE if not unknown:
                language = language or entry.value
            case Role.THANKS:
                thanks = True
            case Role.ALL:
                every = True
    return Said(len(words), unknown, signs, thanks, every, language, command, leads, at)
