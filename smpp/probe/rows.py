"""What a probe tells: rows of a report, proposals for the profile. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Row(NamedTuple):
    """One line of the report, in words without text or number of anybody."""

    check: str
    seen: str
    means: str
    wrong: bool = False


class Proposal(NamedTuple):
    """A profile key's value, as the profile file has it, and why."""

    key: str
    value: object
    why: str


class Findings(NamedTuple):
    rows: tuple[Row, ...]
    proposals: tuple[Proposal, ...]

    @property
    def wrong(self) -> bool:
        """The profile contradicts what was seen, or something did not work at all."""
        return any(row.wrong for row in self.rows)


Found = Iterator[Row | Proposal]


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1_000:.3g} ms"


def id_words(message_id: str) -> str:
    """The id's form: `16 characters, decimal, with leading zeros`."""
    if not message_id:
        return "empty"
    plain = message_id.lower()
    if plain.isdecimal():
        form = "decimal"
    elif all(char in "0123456789abcdef" for char in plain):
        form = "hexadecimal"
    else:
        form = "text"
    zeros = ", leading zeros" if plain[0] == "0" and form != "text" else ""
    upper = ", upper case" if message_id != plain else ""
    return f"{len(message_id)} characters, {form}{zeros}{upper}"
