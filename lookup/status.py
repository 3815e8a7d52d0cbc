"""What a lookup says of a number: the types every source and the gateway share. Pure.

Dates are civil dates in Kazakhstan; amounts of fines are whole tenge; languages are "kk", "ru",
"en". Field meanings follow the ticket feed (docs/reference/feed.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

SECRET: Final = "secret"  # the sensitivity of a ticket that is told to its owner alone


class Wanted(NamedTuple):
    """One number to look up, in normal form, with the kinds whose number rule it meets."""

    number: str
    kinds: tuple[str, ...]


class Body(NamedTuple):
    """A state body that can be in charge of a ticket; names by language."""

    id: str
    code: str
    connected: bool
    region: str
    phone: str | None
    sms_name: Mapping[str, str]
    name: Mapping[str, str]
    voice_name: Mapping[str, str]


class FineFacts(NamedTuple):
    """What a fine adds to a ticket; amounts in whole tenge."""

    amount: int | None = None
    half_until: date | None = None
    pay_by: date | None = None
    paid_amount: int | None = None
    paid_on: date | None = None
    bailiff_since: date | None = None
    bailiff_office: str | None = None


class InspectionFacts(NamedTuple):
    """What an inspection act adds to a ticket."""

    registered_on: date | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    extended_to: date | None = None


class Pause(NamedTuple):
    """A time in which no term runs; `to_on` is the day it went on, None while it lasts."""

    from_on: date
    to_on: date | None


class TermFacts(NamedTuple):
    """What a due date is computed from where the source gives none."""

    starts_us: int | None = None  # UTC microseconds: registered by the body that has it
    extended_to: date | None = None
    pauses: tuple[Pause, ...] = ()


class Forward(NamedTuple):
    """One passing-on of a ticket; bodies by id, where the source names them."""

    on: date
    from_body: str | None
    to_body: str | None


class PassedOn(NamedTuple):
    """The ticket that a body in charge opened for one that had come to the wrong place."""

    kind: str
    number: str
    status: str
    due_on: date | None
    body: Body | None
    then: PassedOn | None = None  # the last one, where that one was passed on again
    secret: bool = False  # as of a ticket
    forward_count: int = 0  # passings-on of the whole way, of the ticket it was opened for too

    @property
    def last(self) -> PassedOn:
        """The ticket that somebody has now."""
        return self.then or self


class TicketRecord(NamedTuple):
    """One ticket as a source holds it, derived statuses not yet applied.

    Of one ticket known to several systems, `lookup.compare` makes one record.
    """

    kind: str
    number: str
    number_shown: str
    source: str
    status: str
    status_on: date | None
    created_on: date | None
    first_filed_on: date | None
    due_on: date | None
    due_basis: str | None
    body: Body | None
    other_bodies: int
    forward_count: int
    extended_count: int
    owner_hashes: tuple[str, ...]
    owner_lang: str | None
    answer_via: str | None
    intake: str | None
    joined_to: str | None
    fine: FineFacts | None
    inspection: InspectionFacts | None
    term: TermFacts | None = None  # only where due_on is None
    forwards: tuple[Forward, ...] = ()  # as far as the source tells them; forward_count may be more
    parent: str | None = None  # number of the ticket it was opened for
    passed_to: PassedOn | None = None
    as_of_us: int | None = None  # when this was so, UTC microseconds; None: it is so now
    conflict: str | None = None  # how the systems that know it contradict each other
    secret: bool = False  # a source says that it is nobody's business but its owner's


class Found(NamedTuple):
    """Every source asked has answered; one ticket, or several of different kinds."""

    tickets: tuple[TicketRecord, ...]


class NotFound(NamedTuple):
    """Every source asked has answered, and none knows the number."""


class Partial(NamedTuple):
    """Tickets found, while the sources named were silent."""

    tickets: tuple[TicketRecord, ...]
    silent: tuple[str, ...]


class Unavailable(NamedTuple):
    """Nothing found, and the sources named did not answer: never to be told as "not found".

    `pending`: they are still being asked, so that nothing is to be told of it yet.
    """

    silent: tuple[str, ...]
    pending: bool = False


Status = Found | NotFound | Partial | Unavailable
