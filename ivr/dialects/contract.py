"""What a dialect is: three pure functions between a platform's requests and the dialogue. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from ivr.actions import Event, Phrase, Shown

CALL_ID_SIGNS_MAX = 128
CALL_SECONDS_MAX = 1_000_000  # of what a platform may claim
KEYS_KEPT_MAX = 65  # more than any entry may hold: enough to see that it is too long
STEP_MAX = 1_000_000  # of what a request may claim
TEXT_SIGNS_MAX = 4_096  # of one phrase
DOCUMENT_SIGNS_MAX = 8_000  # of all phrases of a document: below 64 KB however they are escaped

# How a platform may say that a call is over; anything else is "failed".
END_STATUSES = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})

# Where a recording of a phrase can be fetched; None where there is none, and the platform's own
# voice speaks it, if it has one.
PromptUrl = Callable[[Phrase], str | None]

_SANE_ID = re.compile(f"[!-~]{{1,{CALL_ID_SIGNS_MAX}}}")


class RawRequest(NamedTuple):
    """A request as received. `url` is the public one, query and percent-encoding octet for octet;
    headers are looked up by names in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


class Refusal(NamedTuple):
    """Why a request is not believed; `reason` is a label of a metric."""

    reason: str


class CallRequest(NamedTuple):
    """One event of one call.

    `key` names the request within its call: a request that comes again has the same key. `step`
    and `nonce` are what the platform echoes of our last document, None and "" where it echoes
    nothing. `event` is None where the platform tells what needs no reaction.
    """

    call_id: str
    caller: str  # as sent
    called: str  # as sent
    event: Event | None
    key: str
    step: int | None = None
    nonce: str = ""


class Malformed(NamedTuple):
    """Signed, and yet not to be understood."""

    what: str


class Opening(NamedTuple):
    """A believed request for what holds for every call and belongs to none: VoiceXML's root."""


class Document(NamedTuple):
    content_type: str
    body: bytes


class RenderContext(NamedTuple):
    """What a document needs beside its actions. `next_url` takes the caller's next keys, "" where
    the call is not known; `operator_target` is a number or SIP address. `reference` names the call
    to the operators (no phone, no ticket): where the platform can carry it, it goes with a
    transfer. `call_id` and `token` are for platforms that name no calls and sign nothing: what
    their next request has to send back, and what makes it believed (ivr.dialects.url_token).

    Step 0 with a `next_url` is the answer to Opening: the actions are the apology, `next_url` the
    webhook's own URL, bare."""

    step: int
    next_url: str
    operator_target: str | None
    prompt_url: PromptUrl
    reference: str = ""
    call_id: str = ""
    token: str = ""


class Dialect(Protocol):
    """All three are pure and never raise on anything that a request may hold."""

    @property
    def name(self) -> str:
        """What settings and metrics call it."""

    @property
    def echoes_nonce(self) -> bool:
        """Whether requests lack a timestamp, so that a nonce in the URL stands against replay."""

    @property
    def knows_by_url(self) -> bool:
        """Whether a document that hands the call to nobody holds nothing of the call but the next
        URL: then one that says the same to every caller is made once."""

    def verify(self, request: RawRequest, secrets: Sequence[str], now_s: int) -> Refusal | None:
        """None where one of `secrets` signed the request. `now_s` in Unix seconds."""

    def parse(self, request: RawRequest) -> CallRequest | Malformed | Opening:
        """What a believed request says."""

    def render(self, actions: Sequence[Shown], context: RenderContext) -> Document:
        """The reply. No actions: nothing to do, yet a document."""


def within_limits(text: str, left: int) -> str:
    """A phrase cut to what a document still has room for."""
    return text[: max(0, min(TEXT_SIGNS_MAX, left))]


def sane_id(text: object) -> str:
    """A platform's id of a call: printable ASCII of a sane length, else ""."""
    return text if isinstance(text, str) and _SANE_ID.fullmatch(text) else ""


def small_number(text: str, greatest: int) -> int | None:
    """A count as digits, None where it is none or is above `greatest`."""
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        return None
    number = int(text)
    return number if number <= greatest else None
