"""A stored ticket as its feed may read it: status and path, without owners and staff. Pure."""

from __future__ import annotations

from typing import Any

from lookup.registry.source import ShownTicket


def document(ticket: ShownTicket) -> dict[str, Any]:
    """Fields have the names of the feed; what is not known is null."""
    record = ticket.record
    return {
        "kind": record.kind,
        "number": record.number,
        "number_shown": record.number_shown,
        "source_system": record.source,
        "version": ticket.version,
        "deleted": ticket.deleted,
        "status": record.status,
        "status_at": ticket.status_at,
        "created_at": ticket.created_at,
        "first_filed_at": ticket.first_filed_at,
        "body_id": ticket.body_id,
        "due_on": record.due_on,
        "due_basis": record.due_basis,
        "forward_count": record.forward_count,
        "extended_count": record.extended_count,
        "fine": None if record.fine is None else record.fine._asdict(),
        "inspection": None if record.inspection is None else record.inspection._asdict(),
        "outcome": ticket.outcome,
        "events": [
            {
                "source_event_id": event.source_event_id,
                "seq": event.seq,
                "at": event.at,
                "stage": event.stage,
                "from_body": event.from_body,
                "to_body": event.to_body,
                "due_on_after": event.due_on_after,
            }
            for event in ticket.events
        ],
    }
