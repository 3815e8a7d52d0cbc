"""What happens on a call and what the gateway does about it: the words of the dialogue. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from ivr.switch import CallAnswer, Sentence

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


class CallEnded(NamedTuple):
    """The call is over. `status` is the platform's word: completed, busy, failed, no-answer or
    canceled; `seconds` as the platform counts, None where it does not say."""

    status: str
    seconds: int | None = None


class TransferResult(NamedTuple):
    """The operator's leg is over; `connected` says whether anyone spoke."""

    connected: bool


Event = CallStarted | Digits | Answered | CallEnded | TransferResult


# -- actions


class Say(NamedTuple):
    """Sentences of the voice catalogue, one after the other, in one language."""

    sentences: tuple[Sentence, ...]
    language: str


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
    kind: str | None
    language: str


class Transfer(NamedTuple):
    """Hand the call to people; the platform tells later how that went."""

    queue: str


class HangUp(NamedTuple):
    """End the call."""


class RememberLanguage(NamedTuple):
    """Keep the caller's choice for later calls. Never shown to a platform."""

    language: str


Action = Say | Gather | Consult | Transfer | HangUp | RememberLanguage


class Phrase(NamedTuple):
    """A Say made ready for a platform. `private`: it tells of a ticket, so no copy may be kept."""

    text: str
    language: str
    private: bool


Shown = Phrase | Gather | Transfer | HangUp
