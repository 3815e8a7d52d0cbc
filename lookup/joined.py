"""What several records of one ticket know together, fact by fact. Pure; see `lookup.compare`.

Records come in order of trust, the newest status first; the result depends on nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, Protocol, TypeVar

from lookup.feed.path import ANEW
from lookup.status import FineFacts, Forward, InspectionFacts, TermFacts, TicketRecord

SAME_FORWARD_DAYS: Final = 3  # two systems write down one passing-on at most so far apart
COMPARED_MAX: Final = 50  # passings-on within that time that one is held against

T = TypeVar("T")


class Told(Protocol):
    """What tells of passings-on."""

    @property
    def forwards(self) -> tuple[Forward, ...]: ...


def first(values: Iterable[T | None]) -> T | None:
    """The first that is given."""
    return next((value for value in values if value is not None), None)


def latest(days: Iterable[date | None]) -> date | None:
    return max((day for day in days if day is not None), default=None)


def first_filed(records: Sequence[TicketRecord]) -> date | None:
    """Passing a ticket on never resets its start: the earliest any system knows."""
    if all(record.first_filed_on is None for record in records):
        return None
    filed = [record.first_filed_on or record.created_on for record in records]
    return min(day for day in filed if day is not None)


def owners(records: Sequence[TicketRecord]) -> tuple[str, ...]:
    """Whoever one of the systems knows as the owner, and nobody else."""
    return tuple(sorted({each for record in records for each in record.owner_hashes}))


def fine(records: Sequence[TicketRecord]) -> FineFacts | None:
    """The facts of a fine; of payments and of enforcements that have not ended the latest. A
    system that says "paid" and gives no date paid it on the day of that status."""
    if len(records) == 1:
        return records[0].fine
    given = [each.fine for each in records if each.fine is not None]
    paid = [each for each in given if each.paid_on is not None or each.paid_amount]
    paid.sort(key=lambda each: (each.paid_on or date.min, each.paid_amount or 0), reverse=True)
    paid_on = first(each.paid_on for each in paid)
    if paid_on is None:
        paid_on = latest(each.status_on for each in records if each.status == "paid")
    enforced = [
        each.fine
        for each in records
        if each.fine is not None and each.fine.bailiff_since is not None and enforces(each)
    ]
    enforced.sort(key=lambda each: (each.bailiff_since, each.bailiff_office or ""), reverse=True)
    facts = FineFacts(
        amount=imposed(records),
        half_until=first(each.half_until for each in given),
        pay_by=first(each.pay_by for each in given),
        paid_amount=first(each.paid_amount for each in paid),
        paid_on=paid_on,
        bailiff_since=enforced[0].bailiff_since if enforced else None,
        bailiff_office=first(each.bailiff_office for each in (*enforced, *given)),
    )
    return facts if given or paid_on is not None else None


def imposed(records: Sequence[TicketRecord]) -> int | None:
    """The amount of the fine; a bailiff's own, who adds his share to it, where nobody else tells
    one."""
    given = [(enforces(each), each.fine.amount) for each in records if each.fine is not None]
    return first(amount for bailiff, amount in (*(x for x in given if not x[0]), *given))


def enforces(record: TicketRecord) -> bool:
    """Whether by its own account a bailiff has the fine. A date that is left over from one who
    came before it was paid proves nothing."""
    if record.status == "bailiff":
        return True
    since = record.fine.bailiff_since if record.fine is not None else None
    if record.fine is None or since is None or record.status == "cancelled":
        return False
    paid_on = record.fine.paid_on or record.status_on
    return record.status != "paid" or paid_on is None or paid_on < since


def inspection(records: Sequence[TicketRecord]) -> InspectionFacts | None:
    given = [each.inspection for each in records if each.inspection is not None]
    if not given:
        return None
    return InspectionFacts(
        registered_on=first(each.registered_on for each in given),
        starts_on=first(each.starts_on for each in given),
        ends_on=first(each.ends_on for each in given),
        extended_to=latest(each.extended_to for each in given),
    )


def still_in_charge(records: Sequence[TicketRecord]) -> Sequence[TicketRecord]:
    """Those whose dates are of the body that has the ticket: where it was forwarded, by a system's
    own word or by the newest, one that names another body has the dates of the body before."""
    body = first(each.body for each in records)
    if body is None:
        return records
    moved = records[0].status == ANEW
    return [
        each
        for each in records
        if each.body is None or each.body.id == body.id or not (moved or each.status == ANEW)
    ]


def term(records: Sequence[TicketRecord]) -> TermFacts | None:
    given = [each.term for each in records if each.term is not None]
    if not given:
        return None
    pauses = {pause for each in given for pause in each.pauses}
    return TermFacts(
        starts_us=first(each.starts_us for each in given),
        extended_to=latest(each.extended_to for each in given),
        pauses=tuple(sorted(pauses, key=lambda pause: (pause.from_on, pause.to_on or date.max))),
    )


def forwards(records: Sequence[Told]) -> tuple[Forward, ...]:
    """The passings-on of all systems, each once: two systems write one down on different days,
    and not every system names both bodies. What one system tells twice happened twice."""
    told = [
        (forward, teller) for teller, record in enumerate(records) for forward in record.forwards
    ]
    told.sort(
        key=lambda each: (each[0].on, each[0].from_body or "", each[0].to_body or "", each[1])
    )
    kept: list[Forward] = []
    tellers: list[set[int]] = []
    near = 0  # the first of `kept` that is not too long ago
    for forward, teller in told:
        while near < len(kept) and (forward.on - kept[near].on).days > SAME_FORWARD_DAYS:
            near += 1
        for at in range(near, min(len(kept), near + COMPARED_MAX)):
            if teller not in tellers[at] and _same_way(kept[at], forward):
                kept[at] = Forward(
                    kept[at].on,
                    kept[at].from_body or forward.from_body,
                    kept[at].to_body or forward.to_body,
                )
                tellers[at].add(teller)
                break
        else:
            kept.append(forward)
            tellers.append({teller})
    return tuple(kept)


def _same_way(one: Forward, other: Forward) -> bool:
    """A body that one of them does not name is any body."""
    return _same_body(one.from_body, other.from_body) and _same_body(one.to_body, other.to_body)


def _same_body(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other
