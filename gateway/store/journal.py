"""The journal's verbs: what the gateway may ask of the one durable thing. Each verb is atomic,
batched and repeatable; a verb returns only after what it did is on disk. Engines implement
`Journal`; tests/conformance/test_store.py is the contract they must pass.

Times are UTC microseconds (`*_us`); ids are rising integers made by the caller.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from gateway.core.call_records import (
    CallBegun,
    CallLeg,
    CallRecord,
    CallTrace,
    KeptCallBack,
)
from gateway.core.records import (
    Answer,
    Chain,
    Duplicate,
    Finding,
    KeptFinding,
    Outcome,
    Owed,
    PartsTaken,
    Question,
    QuestionState,
    ReceiptSeen,
    ReceiptsTaken,
    Reply,
    ReplyState,
    ReplyTrace,
    StoredPart,
    Subscriber,
    Waiting,
)
from gateway.core.seal import Seal
from gateway.store.desk_verbs import DeskVerbs
from gateway.store.seal_verbs import Loss, Missing, Sealing, SealVerbs, Witnessed

__all__ = [
    "Answer",
    "CallBegun",
    "CallLeg",
    "CallRecord",
    "CallTrace",
    "Chain",
    "Duplicate",
    "Finding",
    "Journal",
    "JournalHealth",
    "KeptCallBack",
    "KeptFinding",
    "Loss",
    "Missing",
    "Outcome",
    "Owed",
    "PartsTaken",
    "Question",
    "QuestionState",
    "ReceiptSeen",
    "ReceiptsTaken",
    "Reply",
    "ReplyState",
    "ReplyTrace",
    "Seal",
    "Sealing",
    "StoreUnavailableError",
    "StoredPart",
    "Subscriber",
    "Waiting",
    "Witnessed",
]


class StoreUnavailableError(Exception):
    """The store cannot take this now; nothing of the call was written. Try again later."""


class JournalHealth(NamedTuple):
    """The store's condition, for /health and the start-up line."""

    engine: str
    library: str  # e.g. "SQLite 3.40.1"
    warning: str | None  # e.g. a known fault of that library version
    writable: bool
    schema: int
    backlog: int  # calls waiting for the writer


class Journal(DeskVerbs, SealVerbs, Protocol):
    """The verbs. All raise StoreUnavailableError when the store cannot take or give now."""

    async def take(
        self,
        questions: Sequence[Question],
        answers: Sequence[Answer] = (),
        receipts: Sequence[Reply] = (),
    ) -> Sequence[Duplicate]:
        """Store questions with new fingerprints, and the answers given for them (or for questions
        stored before), in one step. A question whose fingerprint is live is a duplicate: it is
        counted on the original, its answer is dropped, and it is returned.

        A fingerprint is live for 60 s after receipt; and, unless its session has been confirmed
        past its question id (`confirm`), for 48 h.
        An answer to a question that is already ANSWERED is dropped (repeatable).
        `receipts` are ours, owed to who sent the questions (see `Reply`): those of duplicates are
        dropped.
        """

    async def part(self, parts: Sequence[StoredPart], receipts: Sequence[Reply] = ()) -> PartsTaken:
        """Store segments (duplicates by fingerprint are ignored) and our receipts for them; tells
        the sets that are now complete. A set stays until `take` names its ids in
        `Question.joined`."""

    async def parts_before(self, received_us: int, limit: int) -> Sequence[tuple[StoredPart, ...]]:
        """Sets whose first part came before that time, complete or not."""

    async def claim(self, reply_ids: Sequence[int], now_us: int) -> frozenset[int]:
        """QUEUED -> SUBMITTING; returns those claimed."""

    async def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Outcomes of claimed replies (accepted in SUBMITTING and UNKNOWN; a final state never
        goes back). Joins receipts that came earlier. Writes the settled entry where the
        question's charge point is mt."""

    async def receipts(self, receipts: Sequence[ReceiptSeen]) -> ReceiptsTaken:
        """Join receipts to the replies of their link that were submitted within eight days.

        In this order: by `canonical_id`, to a reply to the same subscriber; by one of `others`,
        likewise; by `canonical_id` to any reply. Of several the newest: operators use ids again.
        Else by `reference`, to an UNKNOWN reply to the same subscriber, which is thereby settled.

        Those that match nothing are kept as orphans for 7 days, and joined by `settle` under any
        of these, when a reply is SUBMITTED with that id or becomes UNKNOWN.
        """

    async def confirm(self, session: int, through: int) -> None:
        """The peer of that session has read our responses to all questions up to that id."""

    async def queued(self, link: str, after_id: int, limit: int) -> Sequence[Reply]:
        """QUEUED replies of a link in id order."""

    async def waiting(self) -> Mapping[str, Waiting]:
        """What each link and account is still to be sent; absent: nothing."""

    async def recover(self, now_us: int) -> int:
        """At start: SUBMITTING of a dead process becomes UNKNOWN. Returns how many. `maybe_sent`
        stays as it is: it marks a reply that was queued again after being UNKNOWN."""

    async def unknown(self, link: str, after_id: int, limit: int) -> Sequence[Reply]:
        """UNKNOWN replies of a link in id order, for the link's resend-or-hold policy."""

    async def highest_id(self) -> int:
        """The highest question, part or reply id stored: new ids start above it."""

    async def owed(self, after_id: int, limit: int) -> Sequence[Owed]:
        """Questions ACCEPTED or PROMISED, in id order."""

    async def parked(self, limit: int) -> Sequence[Question]:
        """PARKED questions, oldest first."""

    async def unpark(self, question_ids: Sequence[int]) -> int:
        """PARKED -> ACCEPTED, for replay."""

    async def subscribers(self, parties: Sequence[str]) -> dict[str, Subscriber]:
        """What is remembered of these phones."""

    async def chain(self, question_id: int) -> Chain | None:
        """One question with its replies and its ledger entries, whatever its day."""

    def chains(
        self,
        day_from: int,
        day_to: int,
        operator: str | None = None,
        others: Callable[[str], bool] | None = None,
    ) -> AsyncIterator[Chain]:
        """Every question received on these days (inclusive) with its replies and its ledger
        entries, in id order: what the export projects and `ledger verify` checks.

        `operator`: of that one alone; and, with `others`, those of every other operator from the
        phones (`party`) that it takes."""

    def chains_booked(
        self, before_day: int, from_us: int, to_us: int, operator: str | None = None
    ) -> AsyncIterator[Chain]:
        """Questions received before that day (YYYYMMDD) for which something was booked from
        `from_us` on and before `to_us`, each once, in the order of that booking: what a month's
        act carries of earlier ones. `from_us` is not before that day's midnight. `operator`: of
        that one alone."""

    async def operators(self, day_from: int, day_to: int) -> Sequence[str]:
        """Who brought the questions received on these days (inclusive), in alphabetical order."""

    async def stray_entries(self, limit: int) -> Sequence[str]:
        """For verify: keys of ledger entries whose question does not exist."""

    async def keep_findings(self, findings: Sequence[Finding]) -> None:
        """Store them, each kind, number and rule once: one that is known and open keeps its
        `found_us`, and was seen again. One that was cleared opens anew, unless it is older."""

    async def clear_findings(self, ids: Sequence[int], now_us: int) -> int:
        """The systems agree again; returns how many were open and not seen since."""

    async def tell_findings(self, findings: Sequence[KeptFinding], now_us: int) -> None:
        """Whoever corrects them has been told: `told_us`. One that opened anew since these were
        read is not marked."""

    async def findings(
        self, after_id: int, limit: int, *, open_only: bool = False, walks: bool = False
    ) -> Sequence[KeptFinding]:
        """In id order, that of their first finding: contradictions, or with `walks` complaints
        that circulate."""

    async def walks_of(self, numbers: Sequence[str], kinds: Sequence[str]) -> Sequence[KeptFinding]:
        """Complaints that circulate, of these numbers and kinds."""

    async def findings_left(self) -> int:
        """How many contradictions are open."""

    async def open_legs(self, legs: Sequence[CallLeg]) -> frozenset[int]:
        """Legs of calls have begun. One that is known by (link, call_id, leg) stays as it is.
        Returns the ids of those that were written."""

    async def begin_call(self, leg: CallLeg) -> CallBegun:
        """`open_legs` of one, and what is remembered of its phone, in the same step: a call that
        begins waits for both."""

    async def close_legs(self, records: Sequence[CallRecord]) -> frozenset[int]:
        """Legs are over: each is closed by the first record that comes, and opened by it too
        where that was never told. Of those after it, the first to bring the platform's seconds is
        kept as RESTATED if the closing one had none, with that one's times; the others leave no
        trace. Returns the ids of the records that were written; `number` is the store's to
        give."""

    async def find_leg(self, link: str, call_id: str, leg: str) -> CallTrace | None:
        """One leg with its records."""

    async def open_calls(self, before_us: int, after_id: int, limit: int) -> Sequence[CallLeg]:
        """Legs that began before that time and are not closed, in id order."""

    def call_legs(
        self, day_from: int, day_to: int, link: str | None = None
    ) -> AsyncIterator[CallTrace]:
        """Every leg that began on these days (inclusive) with its records, in id order; `link`: of
        calls that came by that one alone."""

    async def keep_call_back(self, wanted: KeptCallBack, open_max: int) -> bool:
        """Keep who waits to be called, once a phone: who waits already, or is kept of this call,
        is True. False: so many wait that no more is promised."""

    async def call_backs(
        self, after_id: int, limit: int, *, open_only: bool = True
    ) -> Sequence[KeptCallBack]:
        """In id order; `open_only`: those OPEN and TAKEN."""

    async def take_call_back(self, id_: int, now_us: int) -> bool:
        """OPEN -> TAKEN; also one TAKEN so long ago that whoever took it has forgotten. False:
        another has it, it is DONE, or there is none."""

    async def end_call_back(self, id_: int, now_us: int, note: str) -> bool:
        """TAKEN -> DONE with how it came out; an empty `note` hands it back: TAKEN -> OPEN."""

    async def purge(self, now_us: int) -> int:
        """Remove what has outlived its term (fingerprints, orphans, final replies, call-backs), a
        slice a call; returns the rows removed or changed.

        A part of a long reply that is SUBMITTED when its term for a receipt is over takes the
        fate of its message: UNDELIVERED where another part failed, DELIVERED where another was
        delivered. With no word of any part it stays SUBMITTED."""

    async def health(self) -> JournalHealth: ...

    async def backup(self, path: Path) -> int:
        """A consistent copy in a file of its own. Returns the number of the last commit in it:
        what the witness must not be ahead of once the copy is put back."""

    async def close(self) -> None: ...
