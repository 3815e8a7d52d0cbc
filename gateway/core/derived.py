"""What a ticket's dates and facts say beyond the status its source gives. Pure.

A source stores what was last written into it; overdue, expired, half-price, late and "paid, yet
with the bailiff" follow from comparing dates and sums with the moment of asking. A due date that
the source does not give follows from the law. A copy proves nothing of the time after it was
taken: what ran out since then is not told as run out.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from gateway.core.catalogue import Value
from gateway.core.statuses import Kind, Row
from gateway.core.terms import COMPUTED, Terms
from lookup.compare import CLOSED_BUT_OPEN, PAID_BUT_ENFORCED, paid_in_full
from lookup.status import Body, FineFacts, InspectionFacts, TicketRecord

YEAR_IS_CLEAR_DAYS = 183  # a day without its year is told no further ahead
MANY_FORWARDINGS = 2  # from here on a reply says how often a ticket was sent to and fro

PASSED_ON = frozenset({"passed", "forwarded", "controlled"})
"""Statuses that tell of the ticket another body has opened for it."""
_OWED = frozenset({"unpaid", "half", "partly", "late"})
_OWED_OR_ENFORCED = _OWED | {"bailiff"}


class Derived(NamedTuple):
    """The status to tell, the special case of it if any, and the values its texts may need.

    `by_law`: the due date among them is the law's, not one that the body has given.
    """

    row: Row
    special: str
    values: dict[str, Value]
    by_law: bool = False


def derive(
    ticket: TicketRecord, kind: Kind, terms: Terms, today: date, now_us: int, *, verified: bool
) -> Derived | None:
    """None where the source's status has no row, or is contradicted by another source's.

    `today` is the civil day of `now_us`. Sums are among the values only if `verified`.
    """
    row = kind.rows.get(ticket.status)
    if row is None:
        return None
    seen = _seen(ticket, terms, today)
    if kind.family == "fine":
        return _fine(ticket, kind, row, terms, today, now_us, seen, verified=verified)
    if row.final and ticket.conflict == CLOSED_BUT_OPEN:
        return None  # never told as closed while another system still has it open
    if kind.family == "inspection":
        return _inspection(ticket, kind, row, today, seen)
    at_us: int | None = None
    away = ticket.passed_to is not None and ticket.status in PASSED_ON and not row.final
    ticket = _where_it_is(ticket) if away else ticket
    if ticket.due_on is None and ticket.term is not None and row.tells_due:
        ticket, at_us = _with_due(ticket, terms, now_us)
    if away:
        ticket, row, at_us = _passed_on(ticket, kind, row, at_us)
    due = ticket.due_on
    if row.clock:
        if kind.not_connected is not None and ticket.body and not ticket.body.connected:
            row = kind.not_connected  # whether it has answered in time is not known here
        elif (
            due is not None
            and (
                due < seen or (at_us is not None and at_us < min(ticket.as_of_us or now_us, now_us))
            )
            and kind.overdue is not None
        ):
            row = kind.overdue
    values = _values(row, ticket, _day(ticket, row), due, today, seen)
    if at_us is not None and row.past_due and due == today and at_us < now_us:
        values["due"], values["at"] = today, terms.civil.hour(at_us)
    if kind.own_number:
        values["ref"] = ticket.number
    if verified and (ticket.joined_to or ticket.parent) and row.code == "joined":
        values["full"] = ticket.joined_to or ticket.parent or ""
    special = _special(ticket, row, values) if row.special else ""
    return Derived(row, special, values, ticket.due_basis == COMPUTED)


def _seen(ticket: TicketRecord, terms: Terms, today: date) -> date:
    """The last day of which the ticket's facts tell."""
    return today if ticket.as_of_us is None else min(today, terms.civil.day(ticket.as_of_us))


def _with_due(ticket: TicketRecord, terms: Terms, now_us: int) -> tuple[TicketRecord, int | None]:
    """With the due date by law, and its very moment where a term of hours has one."""
    due = terms.due(ticket, now_us)
    return (ticket, None) if due is None else (due.of(ticket), due.at_us)


def _passed_on(
    ticket: TicketRecord, kind: Kind, row: Row, at_us: int | None
) -> tuple[TicketRecord, Row, int | None]:
    """One that came to the wrong place: told is who has it now, and until when."""
    assert ticket.passed_to is not None
    passed = ticket.passed_to.last
    if passed.due_on is not None:
        ticket, at_us = ticket._replace(due_on=passed.due_on, due_basis=None), None
    if ticket.due_on is not None and row.clock and kind.watched is not None:
        row = kind.watched
    return ticket, row, at_us


def _where_it_is(ticket: TicketRecord) -> TicketRecord:
    """With the body that has it now. Where no step tells when that got it, no term is known."""
    body = body_in_charge(ticket)
    known = body is None or (ticket.body is not None and ticket.body.id == body.id)
    if body is not None and not known:
        known = any(each.to_body is None or each.to_body == body.id for each in ticket.forwards)
    return ticket._replace(body=body, term=ticket.term if known else None)


def body_in_charge(ticket: TicketRecord) -> Body | None:
    """Who has it now, as far as it is known on the way it was passed on."""
    passed = ticket.passed_to
    return ticket.body if passed is None else passed.last.body or passed.body or ticket.body


def _day(ticket: TicketRecord, row: Row) -> date | None:
    if row.filed:  # forwarding never resets the start
        return ticket.first_filed_on or ticket.created_on or ticket.status_on
    return ticket.status_on


def _values(
    row: Row, ticket: TicketRecord, day: date | None, due: date | None, today: date, seen: date
) -> dict[str, Value]:
    values: dict[str, Value] = {"status": row.inline, "outcome": row.inline}
    if ticket.body is not None:
        values["body"] = ticket.body
    if day is not None and row.ahead is (day > today):  # the day a hearing is set may be today
        values["d"] = day
    if due is None:
        return values
    if not row.past_due:
        if row.clock or row.filed or day is None or due >= day:  # else of what went before
            values["due"] = due
    elif due < seen:  # a source may call a ticket overdue before its due date: then no date
        values["due"] = due
        values["days"] = (seen - due).days
    return values


def _special(ticket: TicketRecord, row: Row, values: dict[str, Value]) -> str:
    special = row.special
    if "inspection" in special and ticket.inspection is not None:
        return "inspection"
    if "many" in special:
        further = 0 if ticket.passed_to is None else ticket.passed_to.forward_count
        forwardings = max(ticket.forward_count, len(ticket.forwards), further)
        if forwardings >= MANY_FORWARDINGS:
            values["k"] = forwardings
            return "many"
    if "several" in special and ticket.other_bodies > 0:
        values["k"] = ticket.other_bodies + 1  # the body in charge is one of them
        return "several"
    if "visit" in special and ticket.intake == "video" and ticket.answer_via == "visit":
        return "visit"
    return ""


# -- inspections


def _inspection(ticket: TicketRecord, kind: Kind, row: Row, today: date, seen: date) -> Derived:
    facts = ticket.inspection or InspectionFacts()
    end = _end(ticket, facts, row, today)
    if row.clock and kind.overdue is not None and end is not None and end < seen:
        row = kind.overdue
    day = (facts.registered_on if row.filed else None) or ticket.status_on
    values = _values(row, ticket, day, end, today, seen)
    if end is not None:
        values["to"] = end
        if facts.starts_on is not None and (end - today).days <= YEAR_IS_CLEAR_DAYS:
            values["from"] = facts.starts_on
    return Derived(row, "", values)


def _end(ticket: TicketRecord, facts: InspectionFacts, row: Row, today: date) -> date | None:
    """The last day of an inspection, as far as it is known for certain: a false "past its end"
    sends a crew."""
    term = ticket.term
    stated = facts.extended_to or (term.extended_to if term else None)
    if stated is not None:
        return stated
    moved = row.end_moved or ticket.extended_count or (term is not None and term.pauses)
    if not moved:  # by an earlier status, whatever the present one
        return facts.ends_on or ticket.due_on
    if ticket.due_on is not None and ticket.due_on != facts.ends_on:
        return ticket.due_on
    if facts.ends_on is not None and facts.ends_on >= today:
        return facts.ends_on
    return None  # prolonged, but the new end is not told


# -- fines


def _fine(
    ticket: TicketRecord,
    kind: Kind,
    row: Row,
    terms: Terms,
    today: date,
    now_us: int,
    seen: date,
    *,
    verified: bool,
) -> Derived:
    facts = ticket.fine or FineFacts()
    if ticket.due_on is None and ticket.term is not None and facts.pay_by is None and row.tells_due:
        ticket, _ = _with_due(ticket, terms, now_us)
    pay_by = facts.pay_by or ticket.due_on
    status = _contradicted(row.code, facts, ticket.conflict)
    row = kind.rows.get(status or _fine_status(row.code, facts, pay_by, today, seen), row)
    due = pay_by if row.clock else ticket.due_on  # the latter: of the protocol or the appeal
    by_law = ticket.due_basis == COMPUTED and (facts.pay_by is None or not row.clock)
    if row.code == "half":
        due, by_law = facts.half_until, False
    values = _values(row, ticket, _fine_day(ticket, facts, row), due, today, seen)
    if verified and facts.amount:  # a fine of 0 is one whose amount nobody has written down
        values["half"] = -(-facts.amount // 2)  # rounded up: paying it is enough
        if facts.paid_amount is not None:
            values["sum"] = max(facts.amount - facts.paid_amount, 0)
        elif row.code != "partly":  # a part of it is paid, and how much is not known
            values["sum"] = facts.amount
    return Derived(row, "", values, by_law)


def _contradicted(code: str, facts: FineFacts, conflict: str | None) -> str | None:
    """The status told of a fine about which its systems contradict each other."""
    if conflict is None or code == "cancelled":
        return None
    if conflict == PAID_BUT_ENFORCED:
        return "paid_but_enforced"
    if conflict == CLOSED_BUT_OPEN and (code == "paid" or paid_in_full(facts)):
        return "payment_pending"  # paid by one, owed by the other: neither closed nor owed
    return None


def _fine_status(code: str, facts: FineFacts, pay_by: date | None, today: date, seen: date) -> str:
    """The status by the facts; that of the source where it is none of dates and payments."""
    if code == "paid" or (code in _OWED_OR_ENFORCED and paid_in_full(facts)):
        return "paid_but_enforced" if _enforced_after_payment(code, facts) else "paid"
    if code not in _OWED:
        return code
    return "bailiff" if facts.bailiff_since else _owed_status(code, facts, pay_by, today, seen)


def _owed_status(code: str, facts: FineFacts, pay_by: date | None, today: date, seen: date) -> str:
    if pay_by is not None and pay_by < seen:
        return "late"
    if code == "partly" or facts.paid_amount:
        return "partly"
    if facts.half_until is not None:
        return "half" if facts.half_until >= today else "unpaid"
    return "unpaid" if pay_by is not None and code == "late" else code


def _enforced_after_payment(code: str, facts: FineFacts) -> bool:
    if facts.bailiff_since is None:
        return code == "bailiff"
    return facts.paid_on is not None and facts.bailiff_since > facts.paid_on


def _fine_day(ticket: TicketRecord, facts: FineFacts, row: Row) -> date | None:
    if row.code == "paid_but_enforced":
        return facts.paid_on
    if row.code == "paid":
        return facts.paid_on or ticket.status_on
    if row.code == "bailiff":
        return facts.bailiff_since or ticket.status_on
    return _day(ticket, row)
