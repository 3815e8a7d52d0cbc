"""Where a ticket stands in the registry: its row's id follows from its number. Pure.

A lookup is then one search by integer and not two (number to row, row to content), and what is
near in number is near on the disk: tickets of one body's book share pages. An id has 49 bits, so
that 300 of them fit an inner page of 4 KiB.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from zlib import crc32

PLACES: Final = 2_199_023_255_531  # the largest prime below 2**41
SLOTS: Final = 256  # rows of one place: the kinds and systems that know a number
SLOT_MASK: Final = SLOTS - 1


def place_of(number: str) -> int:
    """The first id of a number's place; different numbers very rarely share one."""
    if number.isdecimal():
        value = int(number)
    else:
        value = int.from_bytes(number.encode("utf-8", "surrogatepass"))
    return value % PLACES * SLOTS


@lru_cache(maxsize=4_096)
def slot_of(kind: str, system: str) -> int:
    """Where in its place a row stands, unless another is there: then in the next free slot."""
    return crc32(f"{kind} {system}".encode()) % SLOTS
