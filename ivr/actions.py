"""What happens on a call and what the gateway does about it: the words of the dialogue. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from ivr.switch import CallAnswer, Sentence, TextOutcome, Wish

LANGUAGES = ("kk", "ru", "en")  # in the order in which the welcome is played


class Ending(StrEnum):
    """How keying came to its end."""

    COMPLETE = "complete"  # finish key, or as many keys as were asked for
    TIMEOUT = "timeout"  # some keys, then silence
    EMPTY = "empty"  # no key at all


# -- events


class CallStarted(NamedTuple):
    """`language` is the one this caller chose before, None where nothing is known."""

    language: str | None


class Digits(NamedTuple):
    """Keys as pressed (0-9, *, #), the finish key with or without."""

    keys: str
    ending: Ending


class Answered(NamedTuple):
    """The gateway's answer to a Consult."""

    answer: CallAnswer


class Texted(NamedTuple):
    """What became of a SendText."""

    outcome: TextOutcome


class CalledBack(NamedTuple):
    """Whether a KeepCallBack was kept."""

    kept: bool


class CallEnded(NamedTuple):
    """The call is over. `status` is the platform's word: completed, busy, failed, no-answer or
    canceled; `seconds` as the platform counts, None where it does not say. `by`: "hangup" where the
    line itself tells it, "callback" where a report about the call does."""

    status: str
    seconds: int | None = None
    by: str = "callback"


class TransferResult(NamedTuple):
    """The operator's leg is over; `connected` says whether anyone spoke, `seconds` for how long by
    the platform's count. `place`: the caller's in the queue, from 1, filled in by the attendant."""

    connected: bool
    seconds: int | None = None
    place: int = 1


Event = CallStarted | Digits | Answered | Texted | CalledBack | CallEnded | TransferResult


# -- actions


class Say(NamedTuple):
    """Sentences of the voice catalogue, one after the other, in one language. `whole`: to be heard
    to the end, whatever keys are pressed meanwhile."""

    sentences: tuple[Sentence, ...]
    language: str
    whole: bool = False


class Gather(NamedTuple):
    """Wait for keys; whatever is said before it may be interrupted by a key.

    `finish` is the key that ends the entry, "" where every key counts. Timeouts in seconds: up to
    the first key, and between keys.
    """

    min_keys: int
    max_keys: int
    finish: str
    first_timeout_s: int
    inter_timeout_s: int


class Consult(NamedTuple):
    """Ask the gateway; the answer comes back as Answered. Never shown to a platform."""

    digits: str
    menu: str | None
    kind: str | None
    language: str


class SendText(NamedTuple):
    """Have the answer to `digits` texted; what became of it comes back as Texted. Never shown to a
    platform."""

    digits: str
    menu: str | None
    kind: str | None
    language: str


class KeepCallBack(NamedTuple):
    """Keep the caller's number for the operators; comes back as CalledBack. Never shown."""

    wish: Wish


class Transfer(NamedTuple):
    """Hand the call to people; the platform tells later how that went. `wish`: why, for them."""

    queue: str
    wish: Wish = Wish.OPERATOR


class HangUp(NamedTuple):
    """End the call."""


class RememberLanguage(NamedTuple):
    """Keep the caller's choice for later calls. Never shown to a platform."""

    language: str


Action = Say | Gather | Consult | SendText | KeepCallBack | Transfer | HangUp | RememberLanguage


class Piece(NamedTuple):
    """A run of words that is recorded as one clip. `clip` is the recording's id
    (ivr.speech.clips), None for words that no studio can have recorded, such as one body's name
    among 50,000.
    `pause_ms`: silence behind it, where the words alone would run together."""

    text: str
    clip: str | None
    pause_ms: int = 0


class Phrase(NamedTuple):
    """A Say made ready for a platform. `private`: it tells of a ticket, so no copy may be kept.
    `pieces` are the same words as clips, in order. `whole`: no key interrupts it, where a platform
    can do that."""

    text: str
    language: str
    private: bool
    pieces: tuple[Piece, ...] = ()
    whole: bool = False


Shown = Phrase | Gather | Transfer | HangUp
