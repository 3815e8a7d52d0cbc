"""Reading config/keywords.toml: lists of words by table and language become entries. Pure.

A word in capitals and folded letters (`folding.capitals`) is the key, so the file may be written
in any case and in proper Kazakh. "слов-" is a stem: every word that begins so. Several words are
a phrase; its last one may be a stem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeVar

from gateway.core.folding import capitals, fold, twins
from gateway.core.languages import LANGUAGES
from gateway.core.reading import Intent
from gateway.core.tables import Table, TableReader
from gateway.core.word_entries import UNKNOWN, Entry, Role, Sign, joined

STEM_LETTERS_MIN = 3  # a shorter stem would take in half the language
NEUTRAL = "neutral"  # in place of a language: the word is the same in several
WORD = re.compile(r"[^\W\d_]+")

_COMMANDS = tuple(
    intent.value
    for intent in (
        Intent.STOP,
        Intent.SUBSCRIBE,
        Intent.DISAGREE,
        Intent.ILLEGAL_INSPECTION,
        Intent.YES,
        Intent.HELP,
    )
)
_ROLES = {
    "label": Role.LABEL,
    "all": Role.ALL,
    "thanks": Role.THANKS,
    "polite": Role.POLITE,
    "hint": Role.NONE,
}
Key = TypeVar("Key", str, tuple[str, ...])

_SIGNS = {name.lower(): sign.value for name, sign in Sign.__members__.items()}


class WordTable:
    """`exact` is by word; `stems` by their first letters, the longest first; `phrases` by their
    first word, the longest first."""

    def __init__(self, reader: TableReader, data: Table) -> None:
        self._reader = reader
        self.exact: dict[str, Entry] = {}
        self.stems: dict[str, list[tuple[str, Entry]]] = {}
        self.phrases: dict[str, list[tuple[tuple[str, ...], Entry]]] = {}
        for where, table, entry in self._tables(data):
            self._add_lists(where, table, entry)
        for word, entry in self.exact.items():
            stem = self.by_stem(word) or UNKNOWN
            self.exact[word] = joined(stem, entry) or entry._replace(signs=entry.signs | stem.signs)

    def by_stem(self, word: str) -> Entry | None:
        for stem, entry in self.stems.get(word[:STEM_LETTERS_MIN], ()):
            if word.startswith(stem):
                return entry
        return None

    def _tables(self, data: Table) -> Iterator[tuple[str, Table, Entry]]:
        reader = self._reader
        for where, name, table in self._sub_tables(data, "kind", None):
            yield where, table, Entry(Role.KIND, kind=name)
        for where, name, table in self._sub_tables(data, "command", _COMMANDS):
            kind = reader.text(table, "kind", where) if "kind" in table else ""
            lists = {key: value for key, value in table.items() if key != "kind"}
            yield where, lists, Entry(Role.COMMAND, name, kind)
        for where, name, table in self._sub_tables(data, "language", LANGUAGES):
            yield where, table, Entry(Role.LANGUAGE, name)
        for where, name, table in self._sub_tables(data, "sign", tuple(_SIGNS)):
            yield where, table, Entry(signs=_SIGNS[name])
        for name, role in _ROLES.items():
            yield name, reader.table(data, name, ""), Entry(role)

    def _sub_tables(
        self, data: Table, name: str, known: tuple[str, ...] | None
    ) -> Iterator[tuple[str, str, Table]]:
        table = self._reader.table(data, name, "")
        if known is not None:
            self._reader.only(table, known, name)
        for key in table:
            if known is None or key in known:
                yield f"{name}.{key}", key, self._reader.table(table, key, name)

    def _add_lists(self, where: str, table: Table, entry: Entry) -> None:
        """The words of each language's list; those also listed as common are marked."""
        reader = self._reader
        reader.only(table, (NEUTRAL, *LANGUAGES, "common"), where)
        common = set(reader.texts(table, "common", where))
        listed = set()
        for name in (NEUTRAL, *LANGUAGES):
            for written in reader.texts(table, name, where):
                listed.add(written)
                known = entry._replace(
                    common=written in common,
                    language=None if name == NEUTRAL else name,
                    neutral=name == NEUTRAL,
                )
                self._add(f"{where}.{name}", written, known)
        for written in sorted(common - listed):
            reader.problem(f"{where}.common", f"list {written!r} under its language as well")

    def _add(self, where: str, written: str, entry: Entry) -> None:
        first, *rest = capitals(fold(written)).split() or [""]
        parts = (first, *rest)
        if not all(WORD.fullmatch(part.removesuffix("-")) for part in parts):
            self._reader.problem(where, f"{written!r} is not made of words; write letters alone")
        elif rest:
            for twin in twins(first):
                self._merge(where, self.phrases.setdefault(twin, []), tuple(rest), entry)
        elif first.endswith("-"):
            self._add_stem(where, first[:-1], entry)
        else:
            for twin in twins(first):
                both = joined(self.exact.get(twin), entry)
                if both is None:
                    self._contradiction(where, twin)
                else:
                    self.exact[twin] = both

    def _add_stem(self, where: str, stem: str, entry: Entry) -> None:
        if len(stem) < STEM_LETTERS_MIN:
            self._reader.problem(
                where, f"stem {stem!r} has fewer than {STEM_LETTERS_MIN} letters: list its words"
            )
            return
        for twin in twins(stem):
            group = self.stems.setdefault(twin[:STEM_LETTERS_MIN], [])
            self._merge(where, group, twin, entry)

    def _merge(self, where: str, group: list[tuple[Key, Entry]], key: Key, entry: Entry) -> None:
        """Puts an entry into a group of its like, the longest first."""
        known = dict(group)
        both = joined(known.get(key), entry)
        if both is None:
            self._contradiction(where, key)
        else:
            known[key] = both
            group[:] = sorted(known.items(), key=lambda pair: len(pair[0]), reverse=True)

    def _contradiction(self, where: str, key: str | tuple[str, ...]) -> None:
        self._reader.problem(where, f"{key!r} has another role already; keep it in one list")
