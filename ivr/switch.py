"""What a call asks of the gateway, and what it gets: the seam of ivr. Pure.

The gateway implements `CallDesk`; the dialogue never learns where tickets live or how a
subscriber is stored. Values of a sentence are raw (dates, integers, names by language); the
spoken forms are made by ivr.speech.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple, Protocol

SpokenValue = date | int | str | Mapping[str, str]  # a mapping is a name by language


class Sentence(NamedTuple):
    """One text of the voice catalogue (config/voice/) with its values still unspoken."""

    id: str
    values: Mapping[str, SpokenValue]


class CallOutcome(StrEnum):
    """What asking for a number came to."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    BAD_LENGTH = "bad_length"
    AMBIGUOUS = "ambiguous"  # `kinds` holds the two to choose from
    LOCKED = "locked"  # too many wrong numbers, on any channel
    UNAVAILABLE = "unavailable"  # no source answered within the call's deadline


class CallAnswer(NamedTuple):
    """What the caller is told; `kinds` are codes of ticket kinds, for AMBIGUOUS."""

    outcome: CallOutcome
    sentences: tuple[Sentence, ...]
    kinds: tuple[str, ...] = ()


class CallQuestion(NamedTuple):
    """A number keyed in. (link, call_id, step) identifies it: the same step asked again is the
    same question, answered again and charged once."""

    link: str  # the [[ivr]] table's name
    call_id: str
    step: int
    caller: str  # MSISDN in normal form, or "" where hidden
    called: str
    digits: str
    menu: str | None  # "appeal", "inspection", "fine": what the caller chose; None: no menu
    kind: str | None  # the choice after AMBIGUOUS
    language: str


class CallEnd(NamedTuple):
    """How a call ended, by the platform's word where it said one."""

    link: str
    call_id: str
    caller: str
    called: str
    started_us: int
    ended_us: int
    seconds: int | None  # as the platform counts
    outcome: str  # completed, busy, failed, no-answer, canceled, transferred, reaped


class CallDesk(Protocol):
    """The gateway, as a call sees it."""

    async def language_of(self, caller: str) -> str | None:
        """The language this phone chose before; None for hidden and new callers."""

    async def choose_language(self, caller: str, language: str) -> None:
        """Remember the language a caller chose."""

    async def ask(self, question: CallQuestion) -> CallAnswer:
        """Store the question, look it up, account for it. Never raises: a store or source that is
        away is UNAVAILABLE."""

    async def ended(self, end: CallEnd) -> None:
        """The call is over; may be said more than once."""
