"""Merged cells of a sheet: a block that shows one value, which only its first cell has. Pure.

Somebody sees a date beside three rows; the file gives it to the first. The other rows would lose
it without a word, so they are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

BLOCKS_MAX: Final = 10_000
_REF_OCTETS_MAX: Final = 200  # of the element that names a block
_REF: Final = re.compile(
    rb"<(?:[A-Za-z_][\w.-]{0,40}:)?mergeCell\s[^<>]{0,100}?"
    rb"ref\s*=\s*[\"']([A-Za-z]{1,3})([0-9]{1,7}):([A-Za-z]{1,3})([0-9]{1,7})[\"']"
)


class Block(NamedTuple):
    """Rows and columns from 1, both ends included."""

    top: int
    left: int
    bottom: int
    right: int


class TooManyError(Exception):
    """More blocks than are kept."""


def blocks_of(parts: Iterable[bytes]) -> list[Block]:
    """The blocks that a sheet's XML names, given in parts, from the top. Raises TooManyError."""
    found: list[Block] = []
    rest = b""
    for part in parts:
        octets = rest + part
        end = 0
        for match in _REF.finditer(octets):
            left, top, right, bottom = match.groups()
            found.append(Block(int(top), _column(left), int(bottom), _column(right)))
            end = match.end()
            if len(found) > BLOCKS_MAX:
                raise TooManyError
        rest = octets[max(end, len(octets) - _REF_OCTETS_MAX) :]
    return sorted(found)


class Covered:
    """Which cells of a row lie in a block of which they are not the first. Rows in order."""

    def __init__(self, blocks: Iterable[Block]) -> None:
        self._ahead: Iterator[Block] = iter(blocks)
        self._next = next(self._ahead, None)
        self._here: list[Block] = []

    def first(self, row: int) -> int | None:
        """The first such column from 1; None: the row has none."""
        while self._next is not None and self._next.top <= row:
            self._here.append(self._next)
            self._next = next(self._ahead, None)
        if not self._here:
            return None
        self._here = [block for block in self._here if block.bottom >= row]
        columns = [
            block.left if row > block.top else block.left + 1
            for block in self._here
            if row > block.top or block.right > block.left
        ]
        return min(columns, default=None)


def _column(letters: bytes) -> int:
    """A is 1, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number
