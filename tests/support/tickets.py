"""Synthetic tickets for load runs and for tests that need many."""

from __future__ import annotations

import json
from pathlib import Path

_BODIES = ("almaty-akimat", "karaganda-police", "tax-shymkent", "kokshetau-front")
_STATUSES = ("registered", "in_review", "forwarded", "extended", "satisfied", "refused")


def write_tickets(path: Path, start: int, count: int) -> None:
    """Write `count` appeals as NDJSON, numbered from `start` in 18 digits.

    The same arguments give the same octets: everything follows from the number.
    """
    with path.open("w", encoding="utf-8") as file:
        for number in range(start, start + count):
            file.write(json.dumps(ticket(number), ensure_ascii=False) + "\n")


def ticket(number: int) -> dict[str, object]:
    """One appeal with two events, in the form of a feed."""
    shown = f"{number:018d}"
    body = _BODIES[number % len(_BODIES)]
    status = _STATUSES[number % len(_STATUSES)]
    filed_at = f"2026-10-{number % 28 + 1:02d}T{number % 9 + 9:02d}:{number % 60:02d}:00+05:00"
    status_at = f"2026-11-{number % 19 + 1:02d}T{number % 9 + 9:02d}:{number % 60:02d}:00+05:00"
    return {
        "kind": "appeal",
        "number": shown,
        "number_shown": shown,
        "source_system": "aikyn",
        "created_at": filed_at,
        "first_filed_at": filed_at,
        "status": status,
        "status_at": status_at,
        "body_id": body,
        "other_bodies": [],
        "due_on": f"2026-12-{number % 28 + 1:02d}",
        "due_basis": "backend",
        "forward_count": number % 4,
        "extended_count": number % 2,
        "parent_id": None,
        "owner_phones": [f"+7701{number % 10_000_000:07d}"],
        "owner_lang": ("kk", "ru", None)[number % 3],
        "intake": "office",
        "answer_via": "post",
        "sensitivity": "personal",
        "events": [
            _event(shown, 1, filed_at, "registered", body),
            _event(shown, 2, status_at, status, body),
        ],
    }


def _event(number: str, seq: int, at: str, stage: str, body: str) -> dict[str, object]:
    return {
        "seq": seq,
        "at": at,
        "stage": stage,
        "from_body": None,
        "to_body": body,
        "source_event_id": f"{number}-{seq}",
    }
