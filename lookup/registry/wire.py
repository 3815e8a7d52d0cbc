"""What the registry's statements return as JSON, and how it becomes tickets. Pure.

Decoding belongs to the path of every message, so a stored ticket is a plain tuple whose parts are
those of a TicketRecord already, and the record is built from it in one step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from lookup import joined
from lookup.compare import PAID_BUT_ENFORCED
from lookup.status import (
    Body,
    FineFacts,
    Forward,
    InspectionFacts,
    PassedOn,
    TermFacts,
    TicketRecord,
)

JOINED: Final = "joined"


class Told(NamedTuple):
    """Column `told`: what a lookup tells beside number, kind, system and status. Parts missing at
    the end have their defaults."""

    number_shown: str | None = None  # None: as the number
    status_on: date | None = None
    created_on: date | None = None
    first_filed_on: date | None = None
    due_on: date | None = None
    due_basis: str | None = None
    body_id: str | None = None
    other_bodies: int = 0
    forward_count: int = 0  # as the feed says; its steps may show more
    extended_count: int = 0
    owner_hashes: str | None = None  # parted by spaces
    owner_lang: str | None = None
    answer_via: str | None = None
    intake: str | None = None
    parent: str | None = None
    fine: FineFacts | None = None
    fine_conflict: bool | None = None  # the feed's own view
    inspection: InspectionFacts | None = None
    term: TermFacts | None = None
    forwards: tuple[Forward, ...] = ()
    secret: bool = False


PARENT_AT: Final = Told._fields.index("parent")


class Child(NamedTuple):
    """The ticket opened for another one."""

    number: str
    kind: str
    status: str
    told: Told


class Found(NamedTuple):
    """One ticket as the statements find it."""

    number: str
    kind: str
    system: str
    status: str
    told: Told
    children: tuple[Child, ...] | None = None  # only of tickets passed on; each of the one before
    ancestors: tuple[Told, ...] | None = None  # only of tickets opened for another


def record(found: Found, bodies: Mapping[str, Body], source: str) -> TicketRecord:
    """A ticket as every source gives it; `source` stands in where the feed named no system."""
    number, kind, system, status, told, children, ancestors = found
    (
        number_shown, status_on, created_on, first_filed_on, due_on, due_basis, body_id, others,
        forward_count, extended_count, hashes, owner_lang, answer_via, intake, parent, fine,
        fine_conflict, inspection, term, forwards, secret,
    ) = told  # fmt: skip
    joined_to = None
    if parent is not None and status == JOINED:
        joined_to, parent = parent, None
    if ancestors:
        first_filed_on, forwards = _from_the_start(first_filed_on, forwards, ancestors)
        forward_count = max(forward_count, *(each.forward_count for each in ancestors))
    if forwards:
        forward_count = max(forward_count, len(forwards))
    return TicketRecord(
        kind,
        number,
        number_shown or number,
        system or source,
        status,
        status_on,
        created_on,
        first_filed_on,
        due_on,
        due_basis,
        bodies.get(body_id) if body_id else None,
        others,
        forward_count,
        extended_count,
        tuple(hashes.split()) if hashes else (),
        owner_lang,
        answer_via,
        intake,
        joined_to,
        fine,
        inspection,
        term,
        forwards,
        parent,
        _passed_on(number, forwards, children, bodies) if children else None,
        None,
        PAID_BUT_ENFORCED if fine_conflict else None,
        secret,
    )


def _passed_on(
    number: str, forwards: tuple[Forward, ...], way: Sequence[Child], bodies: Mapping[str, Body]
) -> PassedOn:
    """The ticket opened for `number`, and where it went from there; a circle is not followed."""
    last, seen = way[0], {number, way[0].number}
    told = [Told(forwards=forwards), last.told]
    for child in way[1:]:
        if child.number in seen:
            break
        seen.add(child.number)
        told.append(child.told)
        last = child
    then = None if last is way[0] else _as_passed(last, bodies)
    passed = _as_passed(way[0], bodies)
    return passed._replace(then=then, forward_count=len(joined.forwards(told)))


def _as_passed(child: Child, bodies: Mapping[str, Body]) -> PassedOn:
    told = child.told
    body = bodies.get(told.body_id) if told.body_id else None
    return PassedOn(child.kind, child.number, child.status, told.due_on, body, None, told.secret)


def _from_the_start(
    first_filed_on: date | None, forwards: tuple[Forward, ...], ancestors: Sequence[Told]
) -> tuple[date | None, tuple[Forward, ...]]:
    """A ticket opened for another was filed when that one was, and its way is part of its own."""
    filed = [each.first_filed_on for each in ancestors if each.first_filed_on is not None]
    if first_filed_on is not None:
        filed.append(first_filed_on)
    way = dict.fromkeys(forwards)
    for each in ancestors:
        way |= dict.fromkeys(each.forwards)
    return min(filed, default=None), tuple(sorted(way, key=_on))


def _on(forward: Forward) -> date:
    return forward.on
