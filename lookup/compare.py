"""One ticket as several systems hold it: what they say together, and where they contradict. Pure.

Bodies work in systems that don't know each other, so the treasury's and the bailiffs' view of one
fine are two records of one kind and number. The order in which they come never matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Final, NamedTuple

from lookup import joined
from lookup.feed.path import FORWARDING
from lookup.feed.vocabulary import FINAL, STATUSES
from lookup.joined import first
from lookup.status import FineFacts, TicketRecord

PAID_BUT_ENFORCED: Final = "paid_but_enforced"
CLOSED_BUT_OPEN: Final = "closed_but_open"
RULES: Final = (PAID_BUT_ENFORCED, CLOSED_BUT_OPEN)

_NO_FACTS: Final = FineFacts()
_NOTHING: Final[frozenset[str]] = frozenset()
# Open, and rightly newer than a final status of another system: somebody did not agree with it.
_AFTER_THE_END: Final = frozenset({"objected", "in_court", "appealed"})
_WHATEVER_IS_PAID: Final = frozenset({"appealed", "cancelled"})  # a payment does not change these
_HELD_BACK: Final = frozenset({"late", "bailiff"})  # not told while a payment is being checked


class Settlement(NamedTuple):
    """The payment by which a fine is settled; a day or an amount that nobody tells is None."""

    on: date | None
    amount: int | None

    def of(self, fine: FineFacts) -> FineFacts:
        """The facts with this as their payment."""
        paid_amount = fine.paid_amount if self.amount is None else self.amount
        return fine._replace(paid_on=self.on, paid_amount=paid_amount)


class Contradiction(NamedTuple):
    """Systems that contradict each other about one ticket; `rule` is one of `RULES`."""

    kind: str
    number: str
    rule: str
    sources: tuple[str, ...]


def united(records: Sequence[TicketRecord]) -> TicketRecord:
    """The one ticket that these records of one kind and number tell together.

    The newest status leads; of one day, that of the body the ticket was passed on to, and an open
    one before a final one. What it leaves open is filled from the next. A payment counts whoever
    tells of it, and nobody else becomes an owner. Raises ValueError where there is no record, or
    they are of two tickets.
    """
    ordered = _newest_first(records)
    leader = ordered[0]
    rule = _rule(ordered)
    if len(ordered) == 1:
        return leader if rule is None else leader._replace(conflict=rule)
    fine = joined.fine(ordered)
    status, status_on, as_of_us = leader.status, leader.status_on, _as_of_us(ordered, rule)
    if leader.kind == "fine":
        settled = _settlement(ordered)
        if settled is not None:
            fine = settled.of(fine or _NO_FACTS)
        told = _fine_status(ordered, rule, settled)
        status, status_on = told.status, told.status_on
        if rule is None:
            as_of_us = told.as_of_us
    still = joined.still_in_charge(ordered)
    dated = next((each for each in still if each.due_on is not None), None)
    forwards = joined.forwards(ordered)
    return TicketRecord(
        kind=leader.kind,
        number=leader.number,
        number_shown=leader.number_shown,
        source=leader.source,
        status=status,
        status_on=status_on,
        created_on=first(each.created_on for each in ordered),
        first_filed_on=joined.first_filed(ordered),
        due_on=dated.due_on if dated else None,
        due_basis=dated.due_basis if dated else None,
        body=first(each.body for each in ordered),
        other_bodies=max(each.other_bodies for each in ordered),
        forward_count=max(len(forwards), *(each.forward_count for each in ordered)),
        extended_count=max(each.extended_count for each in still),
        owner_hashes=joined.owners(ordered),
        owner_lang=first(each.owner_lang for each in ordered),
        answer_via=first(each.answer_via for each in ordered),
        intake=first(each.intake for each in ordered),
        joined_to=leader.joined_to,
        fine=fine,
        inspection=joined.inspection(ordered),
        term=None if dated else joined.term(still),
        forwards=forwards,
        parent=first(each.parent for each in ordered),
        passed_to=first(each.passed_to for each in ordered),
        as_of_us=as_of_us,
        conflict=rule or first(each.conflict for each in ordered),
        secret=any(each.secret for each in ordered),
    )


def contradiction(records: Sequence[TicketRecord]) -> str | None:
    """The rule these records of one ticket break, if any; one record may contradict itself.

    "paid_but_enforced": a fine is settled, and the bailiff came after the payment, or a system
    says so itself. "closed_but_open": final in one system, open and newer in another.
    """
    return _rule(_newest_first(records))


def paid_in_full(facts: FineFacts) -> bool:
    """The whole amount, or half of it within the time for that."""
    if not facts.amount or not facts.paid_amount:
        return False
    if facts.paid_amount >= facts.amount:
        return True
    if facts.paid_on is None or facts.half_until is None or facts.paid_on > facts.half_until:
        return False
    return 2 * facts.paid_amount >= facts.amount


def is_final(record: TicketRecord) -> bool:
    """Whether its source says that nothing more is to come."""
    return record.status in FINAL.get(record.kind, _NOTHING)


# -- inside


def _newest_first(records: Sequence[TicketRecord]) -> list[TicketRecord]:
    """Each record once, in an order that does not depend on the one they came in."""
    if not records:
        raise ValueError("there is no record to compare")
    leader = records[0]
    if len(records) == 1:
        return [leader]
    for record in records:
        if record.number != leader.number or record.kind != leader.kind:
            raise ValueError("records of two tickets cannot be compared")

    def age(record: TicketRecord) -> tuple[int, bool, bool, int, str, str]:
        return _age(record, records)

    ordered = sorted(records, key=age)
    if any(age(one) == age(other) for one, other in pairwise(ordered)):
        told = {repr(record): record for record in ordered}  # the same twice is one
        ordered = sorted((told[key] for key in sorted(told)), key=age)
    return ordered


def _age(
    record: TicketRecord, records: Sequence[TicketRecord]
) -> tuple[int, bool, bool, int, str, str]:
    day = record.status_on
    return (
        0 if day is None else -day.toordinal(),
        _taken_up(record, records),
        is_final(record),
        0 if record.as_of_us is None else -record.as_of_us,
        record.source,
        record.status,
    )


def _taken_up(record: TicketRecord, records: Sequence[TicketRecord]) -> bool:
    """Whether it was passed on, and who has got it tells of it since, on the same day."""
    if record.status not in FORWARDING or record.body is None:
        return False
    return any(
        other.status_on == record.status_on
        and other.status not in FORWARDING
        and other.body is not None
        and other.body.id == record.body.id
        for other in records
    )


def _rule(ordered: Sequence[TicketRecord]) -> str | None:
    if ordered[0].kind == "fine" and _paid_but_enforced(ordered):
        return PAID_BUT_ENFORCED
    if len(ordered) > 1 and _closed_but_open(ordered):
        return CLOSED_BUT_OPEN
    return None


def _paid_but_enforced(ordered: Sequence[TicketRecord]) -> bool:
    if ordered[0].status == "cancelled":
        return False
    if any(PAID_BUT_ENFORCED in (record.status, record.conflict) for record in ordered):
        return True
    enforced = [record for record in ordered if joined.enforces(record)]
    settled = _settlement(ordered) if enforced else None
    if settled is None:
        return False
    # A bailiff at work after a payment that he was not told of; where he knows of it, only what
    # he began after it counts.
    begun = [each.fine.bailiff_since for each in enforced if each.fine is not None]
    unaware = (each for each in enforced if each.fine is None or each.fine.paid_on is None)
    since = joined.latest((*begun, *(each.status_on for each in unaware if _at_work(each))))
    if since is None:
        return True
    return settled.on is not None and since > settled.on


def _fine_status(
    ordered: Sequence[TicketRecord], rule: str | None, settled: Settlement | None
) -> TicketRecord:
    """The record that leads, with the status that is told of all; or the one that holds it back."""
    leader = ordered[0]
    if rule == PAID_BUT_ENFORCED:
        return leader._replace(status=PAID_BUT_ENFORCED)
    if settled is not None and leader.status not in _WHATEVER_IS_PAID:
        if rule is None:
            return leader._replace(status="paid", status_on=settled.on)
        # One says paid, another since then not: somebody must look.
        return leader._replace(status="payment_pending")
    if leader.status in _HELD_BACK:
        return next((each for each in ordered if each.status == "payment_pending"), leader)
    return leader


def _at_work(record: TicketRecord) -> bool:
    return record.status == "bailiff"


def _settlement(ordered: Sequence[TicketRecord]) -> Settlement | None:
    """The first payment that settled the fine, whoever tells of it: one made again to the bailiff,
    or noted late by another system, changes nothing about a bailiff who came in between."""
    imposed = joined.imposed(ordered)
    half_until = first(each.fine.half_until for each in ordered if each.fine is not None)
    paid: list[Settlement] = []
    called: list[date | None] = []  # days of a status that says so
    for each in ordered:
        facts = each.fine or _NO_FACTS
        if each.status == "paid":
            called.append(each.status_on)
        elif not paid_in_full(
            facts._replace(amount=imposed, half_until=facts.half_until or half_until)
        ):
            continue
        paid.append(Settlement(facts.paid_on, facts.paid_amount))
    if not paid:
        return None
    for each in ordered:  # of a payment whose amount it does not tell
        if each.fine and each.fine.paid_amount is None and each.status != "partly":
            paid.append(Settlement(each.fine.paid_on, None))
    dated = [each for each in paid if each.on is not None]
    if dated:
        return min(dated, key=lambda each: (each.on, each.amount is None, each.amount))
    amount = first(each.amount for each in paid)
    return Settlement(min((day for day in called if day is not None), default=None), amount)


def _closed_but_open(ordered: Sequence[TicketRecord]) -> bool:
    """`ordered` begins with the newest, so an open one stands before the final one it outlived."""
    opened: date | None = None
    known = STATUSES.get(ordered[0].kind, _NOTHING)
    for record in ordered:
        if record.status_on is None:
            return False
        if is_final(record):
            return opened is not None and opened > record.status_on
        if opened is None and record.status in known and record.status not in _AFTER_THE_END:
            opened = record.status_on
    return False


def _as_of_us(ordered: Sequence[TicketRecord], rule: str | None) -> int | None:
    """The age of what is told: of the leading status, or of the oldest word in a contradiction."""
    if rule is None:
        return ordered[0].as_of_us
    return min((each.as_of_us for each in ordered if each.as_of_us is not None), default=None)
