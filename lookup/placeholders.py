"""Days that other systems write where they have none. Pure.

The empty date of a base is 1900, 1970 or 2999 as often as it is nothing. Taken at its word it would
be a due date missed by a century, or a filing in a time of which no register tells.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

from lookup.status import FineFacts, InspectionFacts, PassedOn, TermFacts, TicketRecord

FIRST_DAY: Final = date(1992, 1, 1)  # the bodies of the country have nothing older in a register
LAST_DAY: Final = date(2099, 12, 31)  # the last that a year of two digits can tell

_FIRST_US: Final = int(datetime(1992, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
_LAST_US: Final = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000


def without_placeholders(ticket: TicketRecord) -> TicketRecord:
    """The ticket, each such day left out as if its source had not given it."""
    changes: dict[str, Any] = {}
    if not (
        _meant(ticket.status_on)
        and _meant(ticket.created_on)
        and _meant(ticket.first_filed_on)
        and _meant(ticket.due_on)
    ):
        changes = _none_for(ticket)
        if "due_on" in changes:
            changes["due_basis"] = None
    if ticket.fine is not None and (empty := _none_for(ticket.fine)):
        changes["fine"] = ticket.fine._replace(**empty)
    if ticket.inspection is not None and (empty := _none_for(ticket.inspection)):
        changes["inspection"] = ticket.inspection._replace(**empty)
    if ticket.passed_to is not None and (passed := _passed(ticket.passed_to)) != ticket.passed_to:
        changes["passed_to"] = passed
    if ticket.term is not None and (term := _term(ticket.term)) is not ticket.term:
        changes["term"] = term
    return ticket._replace(**changes) if changes else ticket


def _meant(day: date | None) -> bool:
    return day is None or FIRST_DAY <= day <= LAST_DAY


def _passed(passed: PassedOn) -> PassedOn:
    then = None if passed.then is None else _passed(passed.then)
    return passed._replace(due_on=passed.due_on if _meant(passed.due_on) else None, then=then)


def _none_for(facts: FineFacts | InspectionFacts | TicketRecord) -> dict[str, None]:
    """The fields that hold such a day."""
    return {
        name: None
        for name in facts._fields
        if isinstance(day := getattr(facts, name), date) and not _meant(day)
    }


def _term(term: TermFacts) -> TermFacts:
    if term.starts_us is not None and not _FIRST_US <= term.starts_us < _LAST_US:
        term = term._replace(starts_us=None)
    return term if _meant(term.extended_to) else term._replace(extended_to=None)
