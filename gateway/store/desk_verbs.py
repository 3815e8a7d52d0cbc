"""The journal's verbs for the desk: disputes, corrections, and the people who decide them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.core.call_records import CallTrace
from gateway.core.cdr import Entry
from gateway.core.records import Chain
from gateway.core.staff import AuditRecord, Person


class DeskVerbs(Protocol):
    """As in `Journal`, whose verbs these are."""

    async def asked_by(self, party: str, day_from: int, day_to: int, limit: int) -> Sequence[Chain]:
        """The first questions of that phone received on these days (inclusive), in id order."""

    async def called_by(
        self, party: str, day_from: int, day_to: int, limit: int
    ) -> Sequence[CallTrace]:
        """The first legs of the calls that phone made on these days (inclusive), in id order;
        those of the operators whom it was put through to are among them."""

    async def book(
        self, entries: Sequence[Entry], record: AuditRecord | None = None
    ) -> frozenset[str]:
        """Add credits and adjustments to chains that exist. Returns the keys that were written:
        none of one that is booked already, whose chain does not have the entry that it corrects,
        or that would give back more than the chain's money that is left by then.

        `record` goes into the audit beside them, its detail with `booked` and `booked_tiyn`: how
        many of these entries were written, and their sum. Where none was, its outcome is
        NOTHING."""

    async def note(self, records: Sequence[AuditRecord]) -> None:
        """Put into the audit what changed nothing else, as it is."""

    async def change_staff(self, person: Person, after: int, record: AuditRecord) -> bool:
        """Keep how a person stands from now on, and the record in the audit. Where the staff has
        changed since `after`, the highest id in `staff` (0: nobody), the record alone, with the
        outcome NOTHING."""

    async def staff(self) -> Sequence[Person]:
        """How everybody stands, by name."""

    async def audit(
        self, after_id: int, limit: int, from_us: int, to_us: int, who: str | None = None
    ) -> Sequence[AuditRecord]:
        """The audit from `from_us` on and before `to_us`, in id order; `who`: of that one alone."""
