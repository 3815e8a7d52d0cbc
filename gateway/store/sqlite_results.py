"""What each caller hears of the transaction that carried out its call on SQLite. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from gateway.core.call_records import CallBegun
from gateway.core.records import Duplicate, PartsTaken, Question, ReceiptsTaken, StoredPart
from gateway.store.sqlite_audit import Book, Note
from gateway.store.sqlite_calls import (
    BeginCall,
    Call,
    Claim,
    CloseLegs,
    Keep,
    OpenLegs,
    Receive,
    Take,
)

Told = tuple[str, Any, Any]
"""What a transaction tells: a kind and two values (see `tell` in sql/sqlite_write.sql)."""

_sets = msgspec.json.Decoder(tuple[StoredPart, ...])


def results(calls: Sequence[Call], told: Sequence[Told]) -> list[object]:
    """What each of these calls returns, given what their transaction has told."""
    by_kind: defaultdict[str, list[tuple[Any, Any]]] = defaultdict(list)
    for kind, first, second in told:
        by_kind[kind].append((first, second))
    owners: dict[int, int] = dict(by_kind["duplicate"])
    unclaimed: set[int] = {reply_id for reply_id, _ in by_kind["unclaimed"]}
    booked: set[str] = {key for key, _ in by_kind["booked"]}
    told_before: set[int] = {id_ for id_, _ in by_kind["told_before"]}
    staffed: set[int] = {place for place, _ in by_kind["staffed"]}
    audited = 0
    facts: dict[str, str] = dict(by_kind["facts"])
    sets = [_sets.decode(parts) for _, parts in by_kind["set"]]
    wholes = _by_completer(calls, sets) if sets else {}
    heard: list[object] = []
    receipts_before = 0
    for place, call in enumerate(calls):
        match call:
            case Take(questions):
                heard.append(_duplicates(questions, owners) if owners else ())
            case Keep(parts):
                copies = _duplicates(parts, owners) if owners else ()
                heard.append(PartsTaken(wholes.get(place, ()), copies))
            case Receive(receipts):
                heard.append(_taken(by_kind, receipts_before, len(receipts)))
                receipts_before += len(receipts)
            case Claim(reply_ids, _):
                claimed = frozenset(reply_ids) - unclaimed
                unclaimed |= claimed  # of two callers the first has them
                heard.append(claimed)
            case OpenLegs(rows) | CloseLegs(rows):
                heard.append(frozenset(row.id for row in rows) - told_before)
            case BeginCall((leg,)):
                heard.append(CallBegun(leg.id not in told_before, facts.get(leg.party)))
            case Book(entries, record):
                written = frozenset(entry.key for entry in entries) & booked
                booked -= written  # of two callers the first has them
                heard.append(written)
                audited += record is not None
            case Note(noted):
                heard.append(audited in staffed)  # means something of a change of the staff alone
                audited += len(noted)
            case _:
                heard.append(None)
    return heard


def _duplicates(
    given: Sequence[Question] | Sequence[StoredPart], owners: dict[int, int]
) -> list[Duplicate]:
    return [Duplicate(each.id, owners[each.id]) for each in given if each.id in owners]


def _taken(told: Mapping[str, Sequence[tuple[Any, Any]]], before: int, count: int) -> ReceiptsTaken:
    """What became of one call's receipts, which stand behind those of the calls before it."""
    return ReceiptsTaken(
        frozenset(at - before for at, _ in told["orphan"] if before <= at < before + count),
        {at - before: by for at, by in told["otherwise"] if before <= at < before + count},
    )


def _by_completer(
    calls: Sequence[Call], sets: Sequence[tuple[StoredPart, ...]]
) -> Mapping[int, Sequence[tuple[StoredPart, ...]]]:
    """Each set with the last call that brought one of its parts: the one that completed it."""
    callers = {
        part.id: place
        for place, call in enumerate(calls)
        if isinstance(call, Keep)
        for part in call.parts
    }
    by_caller: defaultdict[int, list[tuple[StoredPart, ...]]] = defaultdict(list)
    for parts in sets:
        ordered = tuple(sorted(parts, key=lambda part: part.number))
        by_caller[max(callers[part.id] for part in parts if part.id in callers)].append(ordered)
    return by_caller
