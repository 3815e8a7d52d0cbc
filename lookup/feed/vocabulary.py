"""Kinds and statuses the model of tickets knows. Pure.

A feed may say others: they are stored, and counted so that somebody looks at them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_APPEAL: Final = frozenset(
    {"registered", "forwarded", "in_review", "on_agreeing", "extended", "suspended"}
    | {"info_requested", "hearing", "satisfied", "partly", "refused", "explained", "noted"}
    | {"terminated", "left", "returned", "withdrawn", "joined", "objected", "in_court"}
    | {"court_decided", "not_connected"}
)
_OFFENCE: Final = frozenset(
    {"registered", "checking", "opened", "passed", "no_offence", "administrative", "extended"}
    | {"interrupted", "closed", "prosecutor", "court"}
)
_INSPECTION: Final = frozenset(
    {"submitted", "registered", "refused", "returned", "extended", "suspended", "resumed"}
    | {"participants_changed", "cancelled", "finished", "sent_to_ersop"}
    | {"pending_for_consideration", "registered_ersop", "rejected_ersop", "sent_revision_ersop"}
)
_FINE: Final = frozenset(
    {"protocol", "imposed", "unpaid", "half", "partly", "paid", "payment_pending", "late"}
    | {"bailiff", "paid_but_enforced", "appealed", "cancelled"}
)

STATUSES: Final[Mapping[str, frozenset[str]]] = {
    "appeal": _APPEAL,
    "crime_report": _OFFENCE,
    "investigation": _OFFENCE,
    "inspection": _INSPECTION,
    "fine": _FINE,
    "service_request": frozenset({"accepted", "passed", "controlled", "done", "not_possible"}),
    "support": frozenset({"open", "closed"}),
    "escalation": frozenset({"taken", "checked"}),
}
"""Status codes by kind, without those derived here (overdue, expired, unregistered)."""

FINAL: Final[Mapping[str, frozenset[str]]] = {
    "appeal": frozenset(
        {"satisfied", "partly", "refused", "explained", "noted", "terminated", "left"}
        | {"returned", "withdrawn", "joined", "court_decided"}
    ),
    "crime_report": frozenset({"no_offence", "administrative", "closed", "court"}),
    "investigation": frozenset({"no_offence", "administrative", "closed", "court"}),
    "inspection": frozenset({"refused", "cancelled", "finished", "rejected_ersop"}),
    "fine": frozenset({"paid", "cancelled"}),
    "service_request": frozenset({"done", "not_possible"}),
    "support": frozenset({"closed"}),
    "escalation": frozenset({"checked"}),
}
"""Those of them after which nothing more is to come; the same as in config/statuses.toml."""
