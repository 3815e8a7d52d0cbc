"""What the operator's own count changes in a chain, once both sides have agreed on it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core.cdr import Entry, EntryKind
from gateway.core.ledger import Finding, transition

RECONCILED = "reconciled"  # in front of the causes: one a month

_SETTLED = frozenset((EntryKind.CHARGED, EntryKind.VOIDED))


def key_of(question_id: int, month: str) -> str:
    """The key of what a month's reconciliation changes in a question's chain."""
    return f"adjusted:{question_id}:{RECONCILED}:{month}"


def adjusted_by(entries: Sequence[Entry]) -> str | None:
    """The first month (YYYY-MM) whose reconciliation has changed this chain."""
    for entry in entries:
        if entry.kind is EntryKind.ADJUSTED and entry.key.split(":")[2:3] == [RECONCILED]:
            return entry.key.rpartition(":")[2]
    return None


def adjust(
    entries: Sequence[Entry], month: str, by: str, *, amount_tiyn: int, day: int, at_us: int
) -> Entry | Finding:
    """The entry that adds `amount_tiyn` (negative: takes off) to what the question costs, by the
    reconciliation of `month` (YYYY-MM). What the rules forbid comes back as a Finding."""
    if not entries:
        return Finding(0, "illegal_move", "it was never rated")
    of = next((entry for entry in entries if entry.kind in _SETTLED), entries[0])
    new = of._replace(
        key=key_of(of.question_id, month),
        day=day,
        kind=EntryKind.ADJUSTED,
        amount_tiyn=amount_tiyn,
        reason=f"{RECONCILED} {month} ({by})",
        corrects=of.key,
        at_us=at_us,
    )
    return transition(entries, new) or new
