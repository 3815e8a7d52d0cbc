"""Tickets that several systems tell of, held against each other as they are stored.

What is found stands in table `conflict` until it no longer holds, for whoever corrects it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

import msgspec

from lookup.compare import contradiction
from lookup.placeholders import without_placeholders
from lookup.registry import sqlite as door
from lookup.registry.place import place_of
from lookup.registry.sql import (
    CLEAR_CONFLICTS,
    FIND,
    FIND_CONFLICTS,
    OPEN_CONFLICTS,
    SEVERAL,
)
from lookup.registry.wire import Found, record
from lookup.status import TicketRecord

Ticket = tuple[str, str]  # number, kind

KEYS_PER_STATEMENT: Final = 1_000

_encode = msgspec.json.Encoder().encode
_ids = msgspec.json.Decoder(list[int]).decode
_found = msgspec.json.Decoder(list[Found]).decode
_open = msgspec.json.Decoder(list[tuple[str, str, str]]).decode


class Conflict(NamedTuple):
    """How systems contradict each other about one ticket; times in UTC microseconds."""

    number: str
    kind: str
    rule: str  # of lookup.compare.RULES
    systems: tuple[str, ...]
    found_us: int | None  # None where no clock was given
    told_us: int | None  # to whoever corrects it
    cleared_us: int | None  # it no longer holds


class Written(NamedTuple):
    """What was just written: ids and tickets of the rows, and what is known of them."""

    tickets: dict[int, Ticket]
    all_new: bool
    suspects: Collection[Ticket]  # may contradict themselves


async def settle(
    connection: door.Connection,
    written: Written,
    *,
    several: Collection[str],
    name: str,
    now_us: int | None,
) -> int:
    """Bring table `conflict` up to what was written, in the same transaction; how many are new.

    `several`: kinds that more than one system tells of; other kinds cost nothing here. `name`
    stands in for a system that no feed names.
    """
    tickets = written.tickets
    asked = set(written.suspects)
    if asked and not written.all_new:
        asked.intersection_update(tickets.values())
    ids = [row for row, ticket in tickets.items() if ticket[1] in several]
    if ids:
        row = await door.one_row(connection, SEVERAL, (_text(ids),))
        asked |= {tickets[found] for found in _ids(row[0])}
    # A ticket that was not there can have no conflict, unless another system tells of it.
    once = asked if written.all_new else asked | set(tickets.values())
    found_before = await _open_conflicts(connection, once)
    asked |= found_before.keys()
    if not asked:
        return 0
    found = await _contradictions(connection, asked, name)
    new = [
        (*ticket, rule, systems, now_us)
        for ticket, (rule, systems) in found.items()
        if rule not in found_before.get(ticket, ())
    ]
    gone = [
        (*ticket, rule)
        for ticket, rules in found_before.items()
        for rule in rules
        if ticket not in found or found[ticket][0] != rule
    ]
    if new:
        await door.run(connection, FIND_CONFLICTS, (_text(new),))
    if gone:
        await door.run(connection, CLEAR_CONFLICTS, (now_us or 0, _text(gone)))
    return len(new)


async def _open_conflicts(
    connection: door.Connection, tickets: Collection[Ticket]
) -> dict[Ticket, list[str]]:
    rules: dict[Ticket, list[str]] = {}
    if tickets:
        row = await door.one_row(connection, OPEN_CONFLICTS, (_text(tickets),))
        for number, kind, rule in _open(row[0]):
            rules.setdefault((number, kind), []).append(rule)
    return rules


async def _contradictions(
    connection: door.Connection, tickets: Collection[Ticket], name: str
) -> dict[Ticket, tuple[str, list[str]]]:
    """Rule and systems of those that contradict each other now."""
    numbers = sorted({number for number, _ in tickets})
    found: dict[Ticket, tuple[str, list[str]]] = {}
    for start in range(0, len(numbers), KEYS_PER_STATEMENT):
        places = {place_of(number) for number in numbers[start : start + KEYS_PER_STATEMENT]}
        row = await door.one_row(connection, FIND, (_text(places),))
        groups: dict[Ticket, list[TicketRecord]] = {}
        for each in _found(row[2]):
            ticket = (each.number, each.kind)
            if ticket in tickets:
                told = without_placeholders(record(each, {}, name))
                groups.setdefault(ticket, []).append(told)
        for ticket, records in groups.items():
            rule = contradiction(records)
            if rule is not None:
                found[ticket] = rule, sorted({each.source for each in records})
    return found


def _text(value: object) -> str:
    return _encode(value).decode()
