"""What schemathesis must know of this API beyond its contract; loaded by its configuration.

NDJSON, and what a schema cannot say of a ticket: which letters are printable, which bodies the key
of the run covers, that no step stands twice, that nothing happened in a year to come.
"""

from __future__ import annotations

import json
from typing import Any

import schemathesis
from schemathesis.transport.requests import REQUESTS_TRANSPORT

NDJSON = "application/x-ndjson"
BODIES = ("almaty-akimat", "tax-shymkent", "karaganda-police", "kokshetau-front")
PAST_YEAR = "2024"  # has each day that another year may have
FOREIGN_EACH = 5  # every so many of the tickets keep the body and the parent they have


@REQUESTS_TRANSPORT.serializer(NDJSON)
def _written(ctx: Any, value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        return {"data": b"".join(json.dumps(item).encode() + b"\n" for item in value)}
    return {"data": value if isinstance(value, bytes) else json.dumps(value).encode()}


@schemathesis.deserializer(NDJSON)
def _read(ctx: Any, response: Any) -> Any:
    return [json.loads(line) for line in response.content.splitlines()]


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Only where the ticket is meant to be taken: what is to be refused stays as it is."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    listed = isinstance(case.body, list)
    tickets = case.body if listed else [case.body]
    for at, ticket in enumerate(ticket for ticket in tickets if isinstance(ticket, dict)):
        if "body_id" not in ticket:
            continue
        chosen = len(json.dumps(ticket)) + at
        ticket.update(_printable(ticket))
        _path(ticket)
        ticket.pop("source_system", None)
        if chosen % FOREIGN_EACH:
            ticket["body_id"] = BODIES[chosen % len(BODIES)]
            ticket.pop("parent_id", None)  # hardly ever the number of a ticket of theirs
        if not listed:
            ticket.pop("number", None)
            if "kind" in (case.query or {}):
                ticket["kind"] = case.query["kind"]


def _path(ticket: dict[str, Any]) -> None:
    """No step twice, a deletion with its time, none ahead: what a schema cannot ask for."""
    steps = {step["source_event_id"] or "x": step for step in ticket.get("events") or ()}
    ticket["events"] = [step | {"source_event_id": name} for name, step in steps.items()]
    for step in ticket["events"]:
        step["at"] = _past(step["at"])
    if ticket.get("status_at") or ticket.get("deleted"):
        ticket["status_at"] = _past(ticket.get("status_at") or "2026-11-20")


def _past(at: str) -> str:
    return at if at[:4] <= PAST_YEAR else PAST_YEAR + at[4:]


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return "".join(letter for letter in value if letter.isprintable())
    if isinstance(value, list):
        return [_printable(item) for item in value]
    if isinstance(value, dict):
        return {name: _printable(item) for name, item in value.items()}
    return value
