"""A register of other people that answers in JSON, in the form of config/maps/example.toml."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web

from lookup.foreign.mapping import FieldMap
from tests.support.far_service import served

MAP_FILE = Path(__file__).parents[2] / "config" / "maps" / "example.toml"


@cache
def example_map() -> FieldMap:
    return FieldMap.from_toml(MAP_FILE.read_text(encoding="utf-8"), "maps/example.toml")


@asynccontextmanager
async def register(tickets: Sequence[Mapping[str, Any]]) -> AsyncIterator[int]:
    """Knows these tickets, given in the form of a feed: GET /card/<number> for one number, POST
    /cards with {"numbers": [...]} for several. Its port."""
    cards: dict[str, list[dict[str, Any]]] = {}
    for ticket in tickets:
        cards.setdefault(str(ticket["number"]), []).append(in_its_form(ticket))

    async def handle(request: web.Request) -> web.Response:
        if request.method == "POST":
            numbers = (await request.json())["numbers"]
        else:
            numbers = [request.path.rpartition("/")[2]]
        found = [card for number in numbers for card in cards.get(number, ())]
        if request.method == "GET" and not found:
            return web.json_response({"message": "no card"}, status=404)
        return web.json_response({"answer": {"cards": found}})

    async with served(handle) as port:
        yield port


def in_its_form(ticket: Mapping[str, Any]) -> dict[str, Any]:
    """A ticket of a feed as this register would hold it."""
    word = example_map().their_word
    get = ticket.get
    fine = get("fine") or {}
    act = get("inspection") or {}
    return {
        "type": word("kind", ticket["kind"]).upper(),
        "reg": {
            "no": ticket["number"],
            "shown": get("number_shown"),
            "system": get("source_system"),
            "since": _time(get("created_at")),
            "first": _time(get("first_filed_at")),
        },
        "state": {"code": word("status", ticket["status"]), "since": _time(get("status_at"))},
        "org": {"code": get("body_id"), "also": ";".join(get("other_bodies") or ())},
        "due": _day(get("due_on")),
        "counts": {"forwarded": get("forward_count"), "extended": str(get("extended_count") or 0)},
        "joined": get("parent_id") or "",
        "applicants": [{"phone": phone, "name": "A"} for phone in get("owner_phones") or ()],
        "lang": word("owner_lang", get("owner_lang") or ""),
        "intake": word("intake", get("intake") or ""),
        "answer": word("answer_via", get("answer_via") or ""),
        "penalty": {
            "sum": _tiyn(fine.get("amount")),
            "half": _day(fine.get("half_until")),
            "by": _day(fine.get("pay_by")),
            "paid": _tiyn(fine.get("paid_amount")),
            "paid_at": _time(fine.get("paid_at")),
            "enforced": _day(fine.get("bailiff_since")),
        },
        "act": {
            "registered": _day(act.get("registered_on")),
            "from": _day(act.get("starts_on")),
            "to": _day(act.get("ends_on")),
            "extended": _day(act.get("extended_to")),
        },
        "history": [
            {
                "id": event["source_event_id"],
                "n": event["seq"],
                "at": _time(event["at"]),
                "what": event["stage"],
                "from": event.get("from_body"),
                "to": event.get("to_body"),
                "due": _day(event.get("due_on_after")),
            }
            for event in get("events") or ()
        ],
    }


def _time(written: str | None) -> str | None:
    return datetime.fromisoformat(written).strftime("%d.%m.%Y %H:%M:%S") if written else None


def _day(written: str | None) -> str | None:
    return date.fromisoformat(written).strftime("%d.%m.%Y") if written else None


def _tiyn(tenge: int | None) -> str | None:
    return None if tenge is None else f"{tenge}00"
