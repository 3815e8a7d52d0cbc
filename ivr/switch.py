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


class Wish(StrEnum):
    """What a caller wants that people must take: it goes with the call when it is handed over."""

    OPERATOR = "operator"  # key 0, or the end of our patience
    COMPLAIN = "complain"  # overdue, or passed on too often
    DISAGREE = "disagree"  # with an answer that was given
    REPORT = "report"  # an inspection without a registered act: the mobile team
    CORRECT = "correct"  # paid, and still with the bailiff
    FOLLOW = "follow"  # to be told of changes


class TextOffer(NamedTuple):
    """The caller may have the answer as SMS; `price_tenge` is what that costs the caller."""

    price_tenge: int


class CallAnswer(NamedTuple):
    """What the caller is told.

    `kinds` are codes of ticket kinds, for AMBIGUOUS. `wish`: what key 1 takes after this answer,
    None where its text offers nothing. `text`: None where no SMS may be offered (hidden and
    landline callers, numbers without SMS).
    """

    outcome: CallOutcome
    sentences: tuple[Sentence, ...]
    kinds: tuple[str, ...] = ()
    wish: Wish | None = None
    text: TextOffer | None = None


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


class TextOutcome(StrEnum):
    """What asking for an SMS came to. Nothing is said to be sent that is not written down."""

    TAKEN = "taken"  # the answer is on its way
    OWED = "owed"  # accepted: it will be texted when the source answers
    REFUSED = "refused"  # not to this phone, or too many today
    UNAVAILABLE = "unavailable"  # the store is away


class CallStart(NamedTuple):
    """A call that reached us."""

    link: str
    call_id: str
    caller: str
    called: str
    started_us: int


class Leg(StrEnum):
    """Which part of a call: each has one call record."""

    CALLER = "caller"
    OPERATOR = "operator"  # from the transfer until either hangs up


class CallEnd(NamedTuple):
    """How a leg ended, by the platform's word where it said one.

    `seconds` are the platform's, None where it does not say; what we measured is the time from
    `answered_us` (None: never answered) to `ended_us`. `closed_by`: hangup, callback, reaper.
    """

    link: str
    call_id: str
    caller: str
    called: str
    started_us: int
    ended_us: int
    seconds: int | None
    outcome: str  # completed, busy, failed, no-answer, canceled, transferred, reaped
    leg: Leg = Leg.CALLER
    answered_us: int | None = None
    closed_by: str = "hangup"
    language: str = ""


class CallBack(NamedTuple):
    """A caller who waited in the queue and wants to be called."""

    link: str
    call_id: str
    caller: str
    language: str
    wish: Wish
    at_us: int


class CallDesk(Protocol):
    """The gateway, as a call sees it. No verb raises: what cannot be done is a value."""

    async def opened(self, start: CallStart) -> str | None:
        """A call began: its record is open and on disk. Returns the language this phone chose
        before; None for hidden and new callers. May be said more than once."""

    async def choose_language(self, caller: str, language: str) -> None:
        """Remember the language a caller chose."""

    async def ask(self, question: CallQuestion) -> CallAnswer:
        """Store the question, look it up, account for it. A store or source that is away is
        UNAVAILABLE."""

    async def text(self, question: CallQuestion) -> TextOutcome:
        """Send the answer to that number to the caller by SMS, now or once it is known: a question
        of its own, rated by its own rule, asked once for each (link, call_id, step)."""

    async def call_back(self, wanted: CallBack) -> bool:
        """Keep the caller's number for the operators; False where that cannot be promised."""

    async def ended(self, end: CallEnd) -> None:
        """A leg is over; may be said more than once, and whoever is first closes its record."""
