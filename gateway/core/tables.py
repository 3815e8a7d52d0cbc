"""Reading parsed TOML tables without trusting them: what is wrong becomes a sentence. Pure.

A sentence names the file, the key and the remedy. Reading goes on with a default, so that one run
of `jauap check` tells everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

Table = Mapping[str, object]

_NO_TABLE: Table = {}


class TableReader:
    """Takes values of the expected type out of the tables of one file; `where` is a dotted key."""

    def __init__(self, file: str, problems: list[str]) -> None:
        self.file = file
        self._problems = problems

    def problem(self, where: str, sentence: str) -> None:
        self._problems.append(f"{self.file}: {where}: {sentence}")

    def table(self, parent: Table, key: str, where: str) -> Table:
        value = parent.get(key)
        if value is None:
            return _NO_TABLE
        if isinstance(value, dict):
            return value
        self.problem(_join(where, key), f"write a table, not {value!r}")
        return _NO_TABLE

    def rows(self, parent: Table, key: str) -> Iterator[tuple[str, Table]]:
        """The tables of the list at `key`, each with where it stands: `key[0]`, `key[1]`..."""
        value = parent.get(key, [])
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            self.problem(key, f"write it as [[{key}]] tables")
            return
        for index, row in enumerate(value):
            yield f"{key}[{index}]", row

    def text(self, parent: Table, key: str, where: str) -> str:
        """The string at `key`, or "" with a problem."""
        value = parent.get(key)
        if isinstance(value, str) and value:
            return value
        self.problem(_join(where, key), "write a text in quotes")
        return ""

    def texts(self, parent: Table, key: str, where: str) -> tuple[str, ...]:
        """A string or a list of strings at `key`; () where it is left out."""
        value = parent.get(key, ())
        if isinstance(value, str):
            return (value,)
        if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self.problem(_join(where, key), f"write a text or a list of texts, not {value!r}")
        return ()

    def flag(self, parent: Table, key: str, where: str, *, default: bool) -> bool:
        value = parent.get(key, default)
        if isinstance(value, bool):
            return value
        self.problem(_join(where, key), f"write true or false, not {value!r}")
        return default

    def count(self, parent: Table, key: str, where: str) -> int:
        """The whole number at `key`, or 0 with a problem."""
        value = parent.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
        self.problem(_join(where, key), "write a whole number above 0")
        return 0

    def only(self, table: Table, known: Iterable[str], where: str) -> None:
        """A problem for each key of `table` that is not known."""
        allowed = sorted(known)
        for key in table:
            if key not in allowed:
                nearest = get_close_matches(key, allowed, n=1)
                remedy = f"did you mean {nearest[0]}?" if nearest else f"known: {allowed}"
                self.problem(_join(where, key), f"unknown key; {remedy}")


def leaves(table: Table, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Dotted keys of nested tables with what stands there that is no table."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from leaves(value, _join(prefix, key))
        else:
            yield _join(prefix, key), value


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key
