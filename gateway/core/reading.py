"""What a citizen's text means: the value that classing a text yields. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Intent(StrEnum):
    """The one thing a text asks for; the values are stored and exported."""

    LOOKUP = "lookup"  # one to three ticket numbers in `asked`
    REPEAT = "repeat"  # a lone question mark: the phone's last ticket again
    CHOICE = "choice"  # a lone 1 or 2: resolves a pending ambiguity
    YES = "yes"
    HELP = "help"
    LANGUAGE = "language"  # a language word alone
    STOP = "stop"
    SUBSCRIBE = "subscribe"
    DISAGREE = "disagree"
    ILLEGAL_INSPECTION = "illegal_inspection"
    EMERGENCY = "emergency"
    SCAM = "scam"
    NO_SLIP = "no_slip"
    WRONG_PLACE = "wrong_place"  # a whole complaint written into the SMS
    THANKS = "thanks"
    EMPTY = "empty"
    IIN = "iin"
    CARD = "card"
    PHONE = "phone"  # a phone number alone
    MALFORMED = "malformed"
    BAD_LENGTH = "bad_length"
    BINARY = "binary"  # not a text at all


NEVER_STORED = frozenset({Intent.IIN, Intent.CARD, Intent.EMERGENCY})


class Asked(NamedTuple):
    """A ticket number found in a text.

    `number` is the normal form that is looked up; `kinds` the ticket kinds whose rule it meets,
    in the order of the rules; `other_kinds` those tried when none of `kinds` knows it; `folded`
    says that letters were read as digits, so the reply shows the whole number as read.
    """

    number: str
    kinds: tuple[str, ...]
    other_kinds: tuple[str, ...] = ()
    folded: bool = False


class Reading(NamedTuple):
    """A classed text. `language` is what the text itself shows, None where it tells nothing."""

    intent: Intent
    asked: tuple[Asked, ...] = ()
    too_many: bool = False  # more than three numbers: the rest is answered by a notice
    language: str | None = None
    language_chosen: bool = False  # the person named the language, rather than wrote in it
    choice: int = 0  # for CHOICE: 1 or 2
    digits_got: int = 0  # for BAD_LENGTH
    stop_all: bool = False  # for STOP
