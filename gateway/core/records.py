"""The rows of the journal: what is stored of a question, its answer, its replies. Pure.

Times are UTC microseconds (`*_us`); ids are rising integers made by the caller.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import IntEnum
from typing import NamedTuple

from gateway.core.cdr import Entry

# The ordinal of a receipt of ours among the replies to a question or part: what an account that
# sent it is owed besides. No reply to the subscriber comes so far.
RECEIPT_ORDINAL = 15


COPY = "copy"  # the channel of a question whose answer a caller wants texted
BY_SMS = frozenset(("sms", COPY))  # channels whose answers go out as replies


class ReplyState(IntEnum):
    QUEUED = 0
    SUBMITTING = 1  # claimed: may have been sent
    SUBMITTED = 3
    FAILED = 4  # permanent refusal
    UNKNOWN = 5  # no response, link lost
    DELIVERED = 6
    UNDELIVERED = 7
    EXPIRED = 8


class QuestionState(IntEnum):
    ACCEPTED = 0
    PROMISED = 1  # told "we will send the answer"; the answer is still owed
    ANSWERED = 2
    PARKED = 3  # repeated failure: alarm, replay by command


class Question(NamedTuple):
    """Who asked what, over which link, when. `text` is None for texts that are never stored."""

    id: int
    link: str
    operator: str
    session: int  # of the bind it came by; 0 for calls and the web
    fingerprint: str  # keyed hash, hex
    party: str  # keyed hash of the MSISDN, hex
    msisdn: str
    short_code: str
    channel: str  # sms, ivr, copy, web
    received_us: int
    day: int  # YYYYMMDD, Kazakhstan, at receipt
    intent: str
    text: str | None
    parts: int
    joined: tuple[int, ...] = ()  # ids of the stored parts it was joined from; removed with it


class Reply(NamedTuple):
    """One segment to send. Keyed (question_id, ordinal, seg) besides its id.

    With `ordinal` RECEIPT_ORDINAL it is a receipt of ours (SMPP 3.4 Appendix B) for that question
    or stored part: sent like any reply, no part of the answer, nothing is charged on it.
    """

    id: int
    question_id: int  # of a receipt: the question's or the part's
    ordinal: int
    seg: int
    segs: int
    link: str
    msisdn: str
    source: str
    text: str  # the whole reply's text (all its segments); erased once final
    text_id: str  # catalogue id
    reference: int  # concatenation reference, 0 for a single segment
    state: ReplyState  # QUEUED, or SUBMITTING when a window slot is already reserved
    next_us: int
    expires_us: int
    receipt: bool
    attempts: int = 0
    maybe_sent: bool = False  # queued again after being UNKNOWN: the subscriber may get it twice
    session: int = 0  # the question came by it: goes first. In memory alone, 0 once read back


class Subscriber(NamedTuple):
    """What is remembered of a phone; written with each answer."""

    party: str
    msisdn: str
    facts: str  # JSON of gateway.core.memory.Memory


class Answer(NamedTuple):
    """The answer to a question: its replies, its ledger entries, what is remembered of the phone.

    `state` is the question's state afterwards (ANSWERED, PROMISED or PARKED).
    """

    question_id: int
    state: QuestionState
    language: str
    result: str
    ticket_kind: str | None
    answered_us: int
    replies: tuple[Reply, ...]
    entries: tuple[Entry, ...]
    subscriber: Subscriber | None


class Owed(NamedTuple):
    """An accepted question whose answer is still owed."""

    question: Question
    state: QuestionState


class Duplicate(NamedTuple):
    """A question of this call that the store already has: not stored again, not charged again."""

    question_id: int  # of the new copy
    original_id: int


class StoredPart(NamedTuple):
    """One segment of a long message on its way to being joined."""

    id: int
    link: str
    operator: str
    session: int
    fingerprint: str
    party: str
    msisdn: str
    short_code: str
    received_us: int
    data_coding: int
    octets: bytes
    reference: int
    width: int
    total: int
    number: int


class PartsTaken(NamedTuple):
    """What storing parts came to: the sets that are now complete, each in the order of its
    numbers, and the copies of parts that the store has already."""

    complete: Sequence[tuple[StoredPart, ...]]
    duplicates: Sequence[Duplicate]


class Outcome(NamedTuple):
    """What became of a claimed reply.

    `state` is the reply's next state; QUEUED asks for another try at `next_us`. `charge` tells
    how a charge on the reply settles: "charged", "voided" or None (nothing to settle now).
    """

    reply_id: int
    state: ReplyState
    status: int | None = None
    message_id: str | None = None
    canonical_id: str | None = None
    next_us: int = 0
    attempts: int = 0
    maybe_sent: bool = False
    charge: str | None = None
    at_us: int = 0


class ReceiptSeen(NamedTuple):
    """A receipt to be joined to its reply, now or when the submit's response comes.

    `canonical_id` is what the response's id should be; `others` are what it would be by other
    forms of id, and `reference` is the user_message_reference: these count only for a reply to
    the same subscriber, so that `party` must be given with them.
    """

    link: str
    canonical_id: str
    state: ReplyState | None  # DELIVERED, UNDELIVERED, or None when not final: noted only
    stat: str
    error: str
    charge: str | None  # as in Outcome
    at_us: int
    others: tuple[str, ...] = ()
    party: str = ""  # keyed hash of the subscriber it names, hex
    reference: int | None = None
    keep: bool = True  # False: perhaps no receipt at all; it leaves no trace where it joins nothing


class ReceiptsTaken(NamedTuple):
    """What became of the receipts of one call, by their places in it.

    `unmatched` have joined nothing. `otherwise`: joined, though not by `canonical_id`: by which
    of `others`, or "" for the reference.
    """

    unmatched: frozenset[int]
    otherwise: Mapping[int, str]


class Waiting(NamedTuple):
    """What a link or account is still to be sent."""

    replies: int  # queued or submitting
    oldest_us: int  # when the question behind the oldest of them came


class ReplyTrace(NamedTuple):
    """What the ledger's reader may know of a reply: no text."""

    id: int
    ordinal: int
    seg: int
    segs: int
    text_id: str
    state: ReplyState
    attempts: int
    maybe_sent: bool
    message_id: str | None
    status: int | None
    submitted_us: int | None
    done_us: int | None
    receipt: bool
    stat: str | None
    error: str | None


class Chain(NamedTuple):
    """A question with all that the ledger says of it. `msisdn` is None once erased."""

    question_id: int
    link: str
    operator: str
    channel: str
    party: str
    msisdn: str | None
    short_code: str
    received_us: int
    day: int
    intent: str
    state: QuestionState
    language: str | None
    result: str | None
    ticket_kind: str | None
    parts: int
    duplicates: int
    answered_us: int | None
    replies: tuple[ReplyTrace, ...]
    entries: tuple[Entry, ...]  # rated, settled, then corrections as they were booked


class WalkSeen(NamedTuple):
    """What was seen of a complaint that circulates."""

    forwards: int
    first_filed_on: date | None
    status: str
    status_on: date | None
    body: str | None  # id


class Finding(NamedTuple):
    """Noticed of a ticket while it was asked for: systems contradict each other about it, or it
    goes from body to body."""

    kind: str
    number: str
    rule: str  # one of lookup.compare.RULES, or lookup.circulation.CIRCULATING
    sources: tuple[str, ...]
    found_us: int
    walk: WalkSeen | None = None  # of a ticket that circulates


class KeptFinding(NamedTuple):
    """A finding as the journal holds it."""

    id: int
    kind: str
    number: str
    rule: str
    sources: tuple[str, ...]
    found_us: int
    seen_us: int  # the last time it showed
    cleared_us: int | None  # when the systems were seen to agree again
    told_us: int | None  # to whoever corrects it
    walk: WalkSeen | None
