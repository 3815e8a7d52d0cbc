"""One pushed ticket: from the client's octets to a row, and from the outcome to what is told. Pure.

The form is that of the ticket feed, with three differences: the system is the feed's own; a field
that a ticket does not have, and a status or a step of a time far ahead, is refused, since its
sender is there to mend it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from gateway.problems import FieldProblem, Problem
from lookup.feed.fields import Refused, number
from lookup.feed.lines import object_of
from lookup.feed.row import Row, row_of
from lookup.feed.vocabulary import STATUSES
from lookup.registry.feeds import Answer, Outcome
from lookup.registry.merge import STEPS_MAX, Change

AHEAD_MAX_DAYS: Final = 366  # of a status or step; a year mistyped would lead all others' for ever

REJECTED: Final = "rejected"
RESULTS: Final = (*(change.value for change in Change if change is not Change.NO_ROOM), REJECTED)

HashPhone = Callable[[str], str]


class Line(NamedTuple):
    """One line of a batch: its place from 1, and a row or why there is none."""

    place: int
    row: Row | None
    number: str | None  # where it could be read
    refused: FieldProblem | None


def row_from(
    octets: bytes,
    feed: str,
    hash_phone: HashPhone,
    now_us: int,
    asked: str | None = None,
    kind: str | None = None,
) -> Row:
    """The row of a ticket that a feed pushes at `now_us` (UTC microseconds); raises Refused.

    `asked` and `kind` stand in the address of a request: the ticket may leave them out, but not
    say otherwise.
    """
    given = {"number": asked, "kind": kind}
    return _row(dict(object_of(octets)), feed, hash_phone, now_us, given)


def line_from(place: int, octets: bytes, feed: str, hash_phone: HashPhone, now_us: int) -> Line:
    """One line of a batch."""
    values: dict[str, object] = {}
    try:
        values.update(object_of(octets))
        row = _row(values, feed, hash_phone, now_us, {})
    except Refused as refused:
        return Line(place, None, _number(values), FieldProblem(refused.field, refused.reason))
    return Line(place, row, row.ticket.number, None)


def _row(
    values: dict[str, object],
    feed: str,
    hash_phone: HashPhone,
    now_us: int,
    given: Mapping[str, str | None],
) -> Row:
    for field, value in {**given, "source_system": feed}.items():
        if value is None:
            continue
        if values.get(field) in (None, ""):  # a value of any type
            values[field] = value
        elif values[field] != value:
            where = "the name of this feed" if field == "source_system" else "as in the address"
            raise Refused(field, f"must be {where}, or left out")
    row = row_of(values, hash_phone)
    if row.unknown_fields:
        raise Refused(row.unknown_fields[0], "is no field of a ticket")
    _not_ahead(row, now_us)
    return row


def _not_ahead(row: Row, now_us: int) -> None:
    last = datetime.fromtimestamp(now_us // 1_000_000, UTC) + timedelta(days=AHEAD_MAX_DAYS)
    last_day = last.date().isoformat()
    reason = f"lies more than {AHEAD_MAX_DAYS} days ahead"
    if (row.ticket.status_at or "")[: len(last_day)] > last_day:
        raise Refused("status_at", reason)
    for index, step in enumerate(row.events):
        if step.at[: len(last_day)] > last_day:
            raise Refused(f"events[{index}].at", reason)


def warnings(row: Row, steps_left_out: int = 0) -> list[FieldProblem]:
    """What was stored but will not do what its sender expects."""
    found = []
    if row.ticket.status not in STATUSES.get(row.ticket.kind, ()):
        found.append(FieldProblem("status", "is not known: citizens are told to call"))
    if row.phones_left_out:
        found.append(
            FieldProblem("owner_phones", f"{row.phones_left_out} left out: no phone of the country")
        )
    if steps_left_out:
        reason = f"{steps_left_out} left out: a ticket has at most {STEPS_MAX}"
        found.append(FieldProblem("events", reason))
    return found


def answer_to_put(row: Row, outcome: Outcome) -> Answer | Problem:
    """An Answer is kept for a repeat; a Problem means that nothing is stored."""
    refused = outcome.refusal
    if refused is not None:
        error = FieldProblem(refused.field, refused.reason)
        status, kind = (403, "scope") if refused.forbidden else (422, "invalid")
        return Problem(status, kind, f"{error.field} {error.reason}", (error,))
    if outcome.change is Change.STALE:
        detail = "a newer version is stored; of this one only new steps were taken"
        return Answer(409, Problem(409, "stale", detail, more=_stored(outcome)).document())
    warned = [each._asdict() for each in warnings(row, outcome.left_out)]
    told = _told(row, outcome) | {"warnings": warned}
    return Answer(201 if outcome.change is Change.ADDED else 200, _json(told))


def answer_to_lines(lines: Sequence[Line], outcomes: Sequence[Outcome]) -> bytes:
    """A line for each line; `outcomes` are of those that hold a row, in order."""
    of_rows = iter(outcomes)
    told = []
    for line in lines:
        answer: dict[str, Any] = {"line": line.place}
        if line.row is None:
            answer |= _rejected(line.number, line.refused)
        else:
            outcome = next(of_rows)
            if outcome.refusal is None:
                answer |= _told(line.row, outcome)
                found = warnings(line.row, outcome.left_out)
                if found:
                    answer["warnings"] = [each._asdict() for each in found]
                if outcome.change is Change.STALE:
                    answer |= _stored(outcome)
            else:
                field, reason, _ = outcome.refusal
                answer |= _rejected(line.number, FieldProblem(field, reason))
        told.append(_json(answer) + b"\n")
    return b"".join(told)


def _told(row: Row, outcome: Outcome) -> dict[str, Any]:
    return {"number": row.ticket.number, "kind": row.ticket.kind, "result": outcome.change}


def _rejected(number: str | None, problem: FieldProblem | None) -> dict[str, Any]:
    known = {} if number is None else {"number": number}
    return known | {"result": REJECTED} | ({} if problem is None else problem._asdict())


def _stored(outcome: Outcome) -> dict[str, Any]:
    held = outcome.held
    stored = (
        {} if held is None else {"version": held.ticket.version, "status_at": held.ticket.status_at}
    )
    return {"stored": stored}


def _number(values: Mapping[str, object]) -> str | None:
    try:
        return number(values, "number")
    except Refused:
        return None


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
