"""What is known of a word: its role in the grammar, its signs, its language. Pure."""

from __future__ import annotations

from enum import Enum, IntFlag, auto
from typing import NamedTuple


class Role(Enum):
    """What a word does in the grammar; a word has one role at most."""

    NONE = auto()
    KIND = auto()  # narrows where to look
    LABEL = auto()  # stands between a keyword and its number and says nothing
    COMMAND = auto()
    ALL = auto()  # "СТОП ВСЕ"
    LANGUAGE = auto()
    THANKS = auto()
    POLITE = auto()


class Sign(IntFlag):
    """What a text with this word may be about. Entries keep the plain value, of several signs
    together: the operators of a flag cost more than all else that is done with a word."""

    EMERGENCY = auto()
    SCAM = auto()
    CALL = auto()  # with a service number or a phone: somebody calls in our name
    SLIP = auto()
    NOT_GIVEN = auto()  # with SLIP: no slip was given
    COMPLAINT = auto()


class Entry(NamedTuple):
    """`value` is the intent of a command, the language of a language word.

    `common` words are everyday words as well: they count alone or right before a number, not
    inside a sentence.
    """

    role: Role = Role.NONE
    value: str = ""
    kind: str = ""  # the ticket kind that the word points to
    common: bool = False
    signs: int = 0  # values of Sign
    language: str | None = None  # where the word belongs to one
    neutral: bool = False  # known, and the same word in several languages


UNKNOWN = Entry()


def joined(old: Entry | None, new: Entry) -> Entry | None:
    """One entry for a word listed twice; None where the two contradict each other."""
    if old is None or old == new:
        return new
    if Role.NONE not in (old.role, new.role):
        return None
    main, other = (new, old) if old.role is Role.NONE else (old, new)
    return main._replace(
        signs=old.signs | new.signs,
        language=None if main.neutral else main.language or other.language,
    )
