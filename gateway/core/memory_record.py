"""What is remembered of a phone as a value and as JSON. Pure.

One `Memory` a phone, over all links and channels, kept beside the phone's keyed hash. Times are
UTC microseconds, days are civil days in Kazakhstan as YYYYMMDD. `gateway.core.memory` holds the
rules.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

TEXTS_MAX = 1 << 16  # texts counted, then from 0: what a reference of a long text can tell apart
TAILS_MAX = 12  # tails kept
EXCHANGES_MAX = 8  # times of exchanges kept; the most a loop limit can be
MISSES_MAX = 64  # times of misses kept; the most an hourly limit can be

_TEXT_MAX = 64  # characters of any stored word: a number has 21
_INTEGER_MAX = 1 << 62


class Pending(NamedTuple):
    """A number of two kinds, for which the phone was asked "1 or 2?"."""

    number: str
    kinds: tuple[str, ...]
    expires_us: int


class Memory(NamedTuple):
    """All fields have a default: a phone never heard of is `EMPTY`."""

    language: str | None = None
    language_chosen: bool = False  # by the person, rather than guessed from a text
    last_number: str | None = None
    last_kind: str | None = None
    last_asked_us: int = 0
    replies_day: int = 0
    replies_today: int = 0
    texts: int = 0  # sent to this phone so far, modulo TEXTS_MAX: numbers the long ones
    exchanges: tuple[int, ...] = ()  # when the last answers went out, oldest first
    misses: tuple[int, ...] = ()  # when the last wrong numbers came, oldest first
    misses_day: int = 0
    misses_today: int = 0
    strangers_day: int = 0
    strangers_today: int = 0  # tickets told to this phone that are not linked to it
    locked_until_us: int = 0
    lock_level: int = 0  # locks in a row; each doubles the next
    lock_told: bool = False
    help_day: int = 0  # an empty text is answered once a day
    pending: Pending | None = None
    tails: tuple[tuple[str, int], ...] = ()  # ends of numbers shown, and when


EMPTY = Memory()


def to_json(memory: Memory) -> str:
    """Compact JSON: the fields that differ from `EMPTY`, under short keys."""
    if memory is EMPTY:
        return "{}"
    return _encode({
        key: value
        for key, value, default in zip(_KEYS, memory, EMPTY, strict=True)
        if value != default
    })  # fmt: skip


def from_json(text: str) -> Memory:
    """The memory a text holds. Unknown fields are skipped, and what is missing or makes no sense
    has its default: a damaged row must never cost a question its answer."""
    if text in ("", "{}"):
        return EMPTY
    try:
        found = _decode(text)
    except (ValueError, RecursionError):
        return EMPTY
    if type(found) is not dict:
        return EMPTY
    values: list[Any] = list(EMPTY)
    for key, value in found.items():
        slot = _READERS.get(key)
        if slot is not None:
            read = slot[1](value)
            if read is not None:
                values[slot[0]] = read
    return Memory._make(values)


def _integer(value: object) -> int | None:
    return value if type(value) is int and 0 <= value < _INTEGER_MAX else None


def _flag(value: object) -> bool | None:
    return value if type(value) is bool else None


def _word(value: object) -> str | None:
    return value if type(value) is str and 0 < len(value) <= _TEXT_MAX else None


def _integers(most: int) -> Callable[[object], tuple[int, ...] | None]:
    def read(value: object) -> tuple[int, ...] | None:
        if type(value) is not list or None in map(_integer, value):
            return None
        return tuple(value[-most:])

    return read


def _pending(value: object) -> Pending | None:
    if type(value) is not list or len(value) != 3:
        return None
    number, kinds, expires_us = value
    if _word(number) is None or _integer(expires_us) is None or type(kinds) is not list:
        return None
    if not kinds or len(kinds) > TAILS_MAX or None in map(_word, kinds):
        return None
    return Pending(number, tuple(kinds), expires_us)


def _tails(value: object) -> tuple[tuple[str, int], ...] | None:
    if type(value) is not list:
        return None
    tails = []
    for pair in value[-TAILS_MAX:]:
        if type(pair) is not list or len(pair) != 2:
            return None
        if _word(pair[0]) is None or _integer(pair[1]) is None:
            return None
        tails.append((pair[0], pair[1]))
    return tuple(tails)


_FIELDS: dict[str, tuple[str, Callable[[object], object]]] = {
    "language": ("l", _word),
    "language_chosen": ("c", _flag),
    "last_number": ("n", _word),
    "last_kind": ("k", _word),
    "last_asked_us": ("a", _integer),
    "replies_day": ("d", _integer),
    "replies_today": ("r", _integer),
    "texts": ("s", _integer),
    "exchanges": ("x", _integers(EXCHANGES_MAX)),
    "misses": ("m", _integers(MISSES_MAX)),
    "misses_day": ("md", _integer),
    "misses_today": ("mt", _integer),
    "strangers_day": ("sd", _integer),
    "strangers_today": ("st", _integer),
    "locked_until_us": ("u", _integer),
    "lock_level": ("v", _integer),
    "lock_told": ("t", _flag),
    "help_day": ("h", _integer),
    "pending": ("p", _pending),
    "tails": ("e", _tails),
}
_KEYS = tuple(_FIELDS[field][0] for field in Memory._fields)
_READERS = {_FIELDS[field][0]: (i, _FIELDS[field][1]) for i, field in enumerate(Memory._fields)}

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_decode = json.JSONDecoder().decode
