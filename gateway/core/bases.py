"""What citizens are told the bases are called: config/bases.toml. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.core.catalogue import BODY_LETTERS_MAX
from gateway.core.languages import LANGUAGES
from gateway.core.segments import units
from gateway.core.tables import Table, TableReader

BASES_FILE: Final = "config/bases.toml"
BASE_LETTERS_MAX: Final = BODY_LETTERS_MAX


class Bases:
    """Names by key, each by language."""

    def __init__(self, names: Mapping[str, Mapping[str, str]], problems: list[str]) -> None:
        self._names = names
        self._problems = problems

    @classmethod
    def from_table(cls, table: Table) -> Bases:
        """`table` is config/bases.toml as parsed. Reading never raises over what the file says:
        `check` tells all of it."""
        problems: list[str] = []
        reader = TableReader(BASES_FILE, problems)
        names = {}
        for key in table:
            row = reader.table(table, key, "")
            reader.only(row, LANGUAGES, key)
            names[key] = {code: reader.text(row, code, key) for code in LANGUAGES}
            for code, name in names[key].items():
                if len(name) > BASE_LETTERS_MAX:
                    reader.problem(
                        f"{key}.{code}", f"{len(name)} letters, {BASE_LETTERS_MAX} fit: shorten it"
                    )
            if not units(names[key]["en"])[1]:
                reader.problem(f"{key}.en", "not in the GSM 7-bit alphabet: write it otherwise")
        if not names:
            reader.problem("police", "write one base at least: [<key>] with kk, ru, en")
        return cls(names, problems)

    @property
    def names(self) -> tuple[str, ...]:
        """The keys, in the order of the file."""
        return tuple(self._names)

    def name(self, key: str, language: str) -> str:
        """What a base is called: {base} of a text. Raises KeyError for an unknown key."""
        return self.by_language(key)[language]

    def by_language(self, key: str) -> Mapping[str, str]:
        """Its names by language. Raises KeyError for an unknown key."""
        try:
            return self._names[key]
        except KeyError:
            raise KeyError(f"no base {key!r} in {BASES_FILE}") from None

    def check(self) -> list[str]:
        """What is wrong with the file: a sentence each, with file, key and remedy."""
        return list(self._problems)
