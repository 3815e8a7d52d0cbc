"""Ticket records as a source gives them, to be varied by tests."""

from __future__ import annotations

from datetime import date
from typing import Any

from lookup.status import TicketRecord


def ticket(**changes: Any) -> TicketRecord:
    """An appeal under review."""
    number = changes.get("number", "061200000012345678")
    return TicketRecord(
        kind="appeal",
        number=number,
        number_shown=number,
        source="aikyn",
        status="in_review",
        status_on=date(2026, 11, 5),
        created_on=date(2026, 11, 4),
        first_filed_on=date(2026, 11, 4),
        due_on=date(2026, 11, 25),
        due_basis="backend",
        body=None,
        other_bodies=0,
        forward_count=0,
        extended_count=0,
        owner_hashes=(),
        owner_lang=None,
        answer_via="post",
        intake="office",
        joined_to=None,
        fine=None,
        inspection=None,
    )._replace(**changes)
