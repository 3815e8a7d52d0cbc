"""The words of a text: keywords, stems and phrases found in it. Pure.

The table is config/keywords.toml; word_table.py tells how it is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gateway.core.folding import capitals, fold
from gateway.core.kinds import BadTableError
from gateway.core.tables import Table, TableReader
from gateway.core.word_entries import UNKNOWN, Entry
from gateway.core.word_table import WORD, WordTable

WORDS_FILE = "config/keywords.toml"


class Word(NamedTuple):
    """A word, or a phrase, of a text; offsets into the folded text."""

    text: str
    start: int
    end: int
    entry: Entry


class Words:
    """All words of one gateway.

    `months`, `years`, `currencies` (in capitals, "-" behind a stem) mark dates and sums of money;
    `service_numbers` are those that criminals claim to call from.
    """

    def __init__(self, table: WordTable, reader: TableReader, aside: Table) -> None:
        self._table = table
        reader.only(aside, ("months", "years", "currencies", "service_numbers"), "aside")
        self.months = _folded(reader, aside, "months")
        self.years = _folded(reader, aside, "years")
        self.currencies = _folded(reader, aside, "currencies")
        self.service_numbers = frozenset(reader.texts(aside, "service_numbers", "aside"))

    @classmethod
    def from_table(cls, data: Table) -> Words:
        """Of the parsed config/keywords.toml. Raises BadTableError, which tells all problems."""
        problems: list[str] = []
        reader = TableReader(WORDS_FILE, problems)
        known = ("kind", "command", "language", "sign", "label", "all", "thanks", "polite", "hint")
        reader.only(data, (*known, "aside"), "")
        words = cls(WordTable(reader, data), reader, reader.table(data, "aside", ""))
        if problems:
            raise BadTableError("\n".join(problems))
        return words

    def kinds(self) -> frozenset[str]:
        """The kinds that words point to; each must be in the table of kinds."""
        entries = [*self._table.exact.values()]
        for group in self._table.stems.values():
            entries.extend(entry for _, entry in group)
        return frozenset(entry.kind for entry in entries if entry.kind)

    def entry(self, word: str) -> Entry:
        """What is known of one word in capitals."""
        return self._table.exact.get(word) or self._table.by_stem(word) or UNKNOWN

    def scan(self, text: str) -> list[Word]:
        """The words of a text in capitals, those of a phrase taken together."""
        spans = [(found[0], found.start(), found.end()) for found in WORD.finditer(text)]
        words = []
        at = 0
        while at < len(spans):
            word, start, end = spans[at]
            entry, taken = self.entry(word), 1
            for rest, phrase in self._table.phrases.get(word, ()):
                if _follows(spans, at + 1, rest):
                    entry, taken = phrase, 1 + len(rest)
                    end = spans[at + len(rest)][2]
                    break
            words.append(Word(word, start, end, entry))
            at += taken
        return words


def _follows(spans: Sequence[tuple[str, int, int]], at: int, rest: tuple[str, ...]) -> bool:
    """Whether the words of `rest`, of which the last may be a stem, stand at `at`."""
    if at + len(rest) > len(spans):
        return False
    return all(
        word.startswith(part[:-1]) if part.endswith("-") else word == part
        for part, (word, _, _) in zip(rest, spans[at : at + len(rest)], strict=True)
    )


def _folded(reader: TableReader, table: Table, key: str) -> tuple[str, ...]:
    return tuple(capitals(fold(each)) for each in reader.texts(table, key, "aside"))
