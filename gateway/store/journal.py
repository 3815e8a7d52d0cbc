"""The journal's verbs: what the gateway may ask of the one durable thing. Each verb is atomic,
batched and repeatable; a verb returns only after what it did is on disk. Engines implement
`Journal`; tests/conformance/store.py is the contract they must pass.

Times are UTC microseconds (`*_us`); ids are rising integers made by the caller.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple, Protocol

from gateway.core.cdr import Entry


class StoreUnavailable(Exception):
    """The store cannot take this now; nothing of the call was written. Try again later."""


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
    channel: str  # sms, ivr, web
    received_us: int
    day: int  # YYYYMMDD, Kazakhstan, at receipt
    intent: str
    text: str | None
    parts: int
    joined: tuple[int, ...] = ()  # ids of the stored parts it was joined from; removed with it


class Reply(NamedTuple):
    """One segment to send. Keyed (question_id, ordinal, seg) besides its id."""

    id: int
    question_id: int
    ordinal: int
    seg: int
    segs: int
    link: str
    msisdn: str
    source: str
    text: str  # this segment's text; erased once final
    text_id: str  # catalogue id
    reference: int  # concatenation reference, 0 for a single segment
    state: ReplyState  # QUEUED, or SUBMITTING when a window slot is already reserved
    next_us: int
    expires_us: int
    receipt: bool
    attempts: int = 0
    maybe_sent: bool = False


class Subscriber(NamedTuple):
    """What is remembered of a phone; written with each answer."""

    party: str
    msisdn: str
    facts: str  # JSON of gateway.core.subscriber.Memory


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

    `final` False: an intermediate state, noted only. `charge` as in Outcome.
    """

    link: str
    canonical_id: str
    state: ReplyState | None  # DELIVERED, UNDELIVERED, or None when not final
    stat: str
    error: str
    charge: str | None
    at_us: int


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
    entries: tuple[Entry, ...]  # ordered by key kind: rated, settled, credited, adjusted


class JournalHealth(NamedTuple):
    """The store's condition, for /health and the start-up line."""

    engine: str
    library: str  # e.g. "SQLite 3.40.1"
    warning: str | None  # e.g. a known fault of that library version
    writable: bool
    schema: int
    backlog: int  # calls waiting for the writer


class Journal(Protocol):
    """The verbs. All raise StoreUnavailable when the store cannot take or give anything now."""

    async def take(
        self, questions: Sequence[Question], answers: Sequence[Answer] = ()
    ) -> Sequence[Duplicate]:
        """Store questions with new fingerprints, and the answers given for them (or for questions
        stored before), in one step. A question whose fingerprint is live is a duplicate: it is
        counted on the original, its answer is dropped, and it is returned.

        A fingerprint is live for 60 s after receipt; and, unless its session has been confirmed
        past its question id (`confirm`), for 48 h.
        An answer to a question that is already ANSWERED is dropped (repeatable).
        """

    async def part(self, parts: Sequence[StoredPart]) -> Sequence[tuple[StoredPart, ...]]:
        """Store segments (duplicates by fingerprint are ignored); return each set that is now
        complete, in the order of its numbers. A set stays until `take` names its ids in
        `Question.joined`."""

    async def parts_before(self, received_us: int, limit: int) -> Sequence[tuple[StoredPart, ...]]:
        """Sets whose first part came before that time, complete or not."""

    async def claim(self, reply_ids: Sequence[int], now_us: int) -> frozenset[int]:
        """QUEUED -> SUBMITTING; returns those claimed."""

    async def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Outcomes of claimed replies (accepted in SUBMITTING and UNKNOWN; a final state never
        goes back). Joins receipts that came earlier. Writes the settled entry where the
        question's charge point is mt."""

    async def receipts(self, receipts: Sequence[ReceiptSeen]) -> int:
        """Join receipts to replies by (link, canonical_id); those that match nothing are kept as
        orphans for 7 days and joined by `settle`. Returns how many matched now."""

    async def confirm(self, session: int, through: int) -> None:
        """The peer of that session has read our responses to all questions up to that id."""

    async def queued(self, link: str, after_id: int, limit: int) -> Sequence[Reply]:
        """QUEUED replies of a link in id order."""

    async def recover(self, now_us: int) -> int:
        """At start: SUBMITTING of a dead process becomes UNKNOWN, maybe_sent. Returns how many."""

    async def unknown(self, link: str, after_id: int, limit: int) -> Sequence[Reply]:
        """UNKNOWN replies of a link in id order, for the link's resend-or-hold policy."""

    async def owed(self, after_id: int, limit: int) -> Sequence[Owed]:
        """Questions ACCEPTED or PROMISED, in id order."""

    async def parked(self, limit: int) -> Sequence[Question]:
        """PARKED questions, oldest first."""

    async def unpark(self, question_ids: Sequence[int]) -> int:
        """PARKED -> ACCEPTED, for replay."""

    async def subscribers(self, parties: Sequence[str]) -> dict[str, Subscriber]:
        """What is remembered of these phones."""

    def chains(self, day_from: int, day_to: int) -> AsyncIterator[Chain]:
        """Every question received on these days (inclusive) with its replies and its ledger
        entries, in id order: what the export projects and `ledger verify` checks."""

    async def stray_entries(self, limit: int) -> Sequence[str]:
        """For verify: keys of ledger entries whose question does not exist."""

    async def purge(self, now_us: int) -> int:
        """Remove what has outlived its term (fingerprints, orphans, final replies), a slice a
        call; returns the rows removed."""

    async def health(self) -> JournalHealth: ...

    async def backup(self, path: Path) -> None:
        """A consistent copy in a file of its own."""

    async def close(self) -> None: ...
