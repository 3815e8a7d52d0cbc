"""Where a value lies in somebody else's record: `reg.history.-1.state`. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Final, final

STEPS_MAX: Final = 16
STEP_MAX: Final = 200  # characters of one step

Path = tuple[str, ...]
"""Steps from the outside in: a name, a place in a list from 0 (-1: the last), `*`: each item."""


class MapError(ValueError):
    """A field map is wrong; the message names file, key and remedy."""

    def __init__(self, where: str, key: str, what: str) -> None:
        super().__init__(f"{where}: {key}: {what}")


@final
class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
"""Nothing lies there; None would be a value of theirs."""


def nearest(word: str, known: Collection[str]) -> str:
    """The remedy for a word that is not known."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else "known: " + ", ".join(sorted(known))


def path_of(written: object, where: str, key: str) -> Path:
    """Read a path: steps parted by dots, or a list of steps where a name itself holds a dot.

    The empty text is the whole value. Raises MapError.
    """
    if written == "":
        return ()
    steps = written.split(".") if isinstance(written, str) else written
    if not isinstance(steps, list) or not steps or not all(_is_step(step) for step in steps):
        raise MapError(where, key, 'write where it lies, such as "reg.state" or ["reg.state"]')
    if len(steps) > STEPS_MAX:
        raise MapError(where, key, f"has {len(steps)} steps; at most {STEPS_MAX}")
    return tuple(steps)


def _is_step(step: object) -> bool:
    return isinstance(step, str) and 0 < len(step) <= STEP_MAX


def reach(value: object, path: Path) -> object:
    """What lies at the end of a path, or MISSING.

    With `*` a list of what lies there in each item, those without left out. One object where a
    list was meant counts as a list of one, since that is what converters from XML make.
    """
    for depth, step in enumerate(path):
        if step == "*":
            return _each(value, path[depth + 1 :])
        if isinstance(value, Mapping):
            value = value.get(step, MISSING)
        elif isinstance(value, list | tuple):
            value = _item(value, step)
        else:
            return MISSING
    return value


def _each(value: object, rest: Path) -> object:
    if isinstance(value, Mapping):
        value = (value,)
    if not isinstance(value, list | tuple):
        return MISSING
    found = (reach(item, rest) for item in value)
    return [item for item in found if item is not MISSING and item is not None]


def _item(items: list[object] | tuple[object, ...], step: str) -> object:
    digits = step.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        return MISSING
    index = int(step)
    return items[index] if -len(items) <= index < len(items) else MISSING
