"""What is stored of a text that a caller asked for: the number, and how the call had it. Pure.

It is read again where the answer is late, so it holds all that reading needs; like any text it is
erased once the question is answered.
"""

from __future__ import annotations

import json

from gateway.core.kinds import Kinds
from gateway.core.reading import Asked, Intent, Reading


def write(digits: str, menu: str | None, kind: str | None, language: str) -> str:
    """The stored form; `menu` and `kind` are the caller's choices, None where none was made."""
    return json.dumps([digits, menu, kind, language], separators=(",", ":"))


def read(text: str, kinds: Kinds) -> Reading:
    """The reading of a stored form; of anything else, a malformed one."""
    try:
        digits, menu, kind, language = json.loads(text)
    except (ValueError, TypeError):
        return Reading(Intent.MALFORMED)
    if not all(isinstance(each, str | None) for each in (digits, menu, kind, language)):
        return Reading(Intent.MALFORMED)
    return keyed(digits or "", menu, kind, language, kinds)


def keyed(
    digits: str, menu: str | None, kind: str | None, language: str | None, kinds: Kinds
) -> Reading:
    """A number keyed in on a call."""
    asked = kinds.accept(menu, digits)
    if asked is None:
        return Reading(Intent.BAD_LENGTH, digits_got=len(digits), language=language)
    if kind:
        asked = Asked(asked.number, (kind,))
    return Reading(Intent.LOOKUP, (asked,), language=language)
