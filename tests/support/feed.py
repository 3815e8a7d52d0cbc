"""Lines of a feed and bodies in their exact form, to be varied by tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

from lookup.status import Body

PHONE = "+77010000014"


def hash_phone(phone: str) -> str:
    """A keyed hash as the gateway would give, with a key of the tests."""
    return blake2b(phone.encode(), key=b"tests", digest_size=16).hexdigest()


def appeal(**changes: object) -> dict[str, Any]:
    return {
        "kind": "appeal",
        "number": "750100000000431215",
        "number_shown": "750100000000431215",
        "source_system": "aikyn",
        "created_at": "2026-10-05T12:00:00+05:00",
        "first_filed_at": "2026-10-03T23:30:00+05:00",
        "status": "forwarded",
        "status_at": "2026-10-20T12:00:00+05:00",
        "body_id": "tax-shymkent",
        "other_bodies": [],
        "due_on": "2026-12-01",
        "due_basis": "backend",
        "forward_count": 3,
        "extended_count": 0,
        "parent_id": None,
        "owner_phones": ["+77010000012"],
        "owner_lang": "ru",
        "intake": "office",
        "answer_via": "post",
        "sensitivity": "personal",
        "events": [
            event(1, "2026-10-05T12:00:00+05:00", "registered", None, "almaty-akimat"),
            event(2, "2026-10-20T12:00:00+05:00", "forwarded", "almaty-akimat", "tax-shymkent"),
        ],
    } | changes


def event(
    seq: int, at: str, stage: str, from_body: str | None = None, to_body: str | None = None
) -> dict[str, Any]:
    return {
        "seq": seq,
        "at": at,
        "stage": stage,
        "from_body": from_body,
        "to_body": to_body,
        "source_event_id": f"750100000000431215-{seq}",
    }


def fine(**changes: object) -> dict[str, Any]:
    return {
        "kind": "fine",
        "number": "197500000431233",
        "source_system": "erap",
        "created_at": "2026-08-20T14:00:00+05:00",
        "first_filed_at": "2026-08-20T14:00:00+05:00",
        "status": "paid_but_enforced",
        "status_at": "2026-10-28T10:00:00+05:00",
        "body_id": "almaty-akimat",
        "owner_phones": [PHONE],
        "owner_lang": "kk",
        "intake": "tablet",
        "answer_via": "cabinet",
        "fine": {
            "amount": 19660,
            "half_until": "2026-08-27",
            "pay_by": "2026-09-19",
            "paid_amount": 19660,
            "paid_at": "2026-09-03T18:20:00+05:00",
            "payment_ref": "KZ-4412",
            "bailiff_since": "2026-10-28",
            "conflict": True,
        },
    } | changes


def inspection(**changes: object) -> dict[str, Any]:
    return {
        "kind": "inspection",
        "number": "790010260077",
        "source_system": "ersop",
        "status": "refused",
        "status_at": "2026-11-17T16:30:00+05:00",
        "body_id": "tax-shymkent",
        "inspection": {"registered_on": None, "starts_on": "2026-11-20", "ends_on": "2026-12-04"},
    } | changes


def body(identity: str, **changes: object) -> dict[str, Any]:
    names = {
        "almaty-akimat": ("Алматы әкімдігі", "Акимат Алматы", "Almaty Akimat"),
        "tax-shymkent": ("Шымкент МКД", "ДГД Шымкент", "Shymkent Tax"),
    }
    kk, ru, en = names.get(identity, ("Орган", "Орган", "Body"))
    name = {"kk": kk, "ru": ru, "en": en}
    return {
        "id": identity,
        "code": "750001",
        "parent_id": None,
        "region": "Almaty",
        "connected": True,
        "phone": "+77272000000",
        "sms_name": name,
        "name": name,
        "voice_name": name,
    } | changes


BODIES = (body("almaty-akimat"), body("tax-shymkent", connected=False, phone=None))


def line(ticket: Mapping[str, object]) -> bytes:
    return json.dumps(ticket, ensure_ascii=False).encode()


def write_feed(path: Path, *tickets: Mapping[str, object] | bytes) -> Path:
    """An NDJSON file of these tickets; octets are written as they are."""
    lines = [item if isinstance(item, bytes) else line(item) for item in tickets]
    path.write_bytes(b"".join(item + b"\n" for item in lines))
    return path


def write_bodies(path: Path, *bodies: Mapping[str, object]) -> Path:
    path.write_text(json.dumps({"bodies": bodies}, ensure_ascii=False), encoding="utf-8")
    return path


def directory(bodies: Iterable[Mapping[str, Any]] = BODIES) -> dict[str, Body]:
    """Bodies by id and by code, as a source looks them up."""
    found: dict[str, Body] = {}
    for each in bodies:
        body = Body(**{field: each[field] for field in Body._fields})
        found.setdefault(body.code, body)
        found[body.id] = body
    return found
