from __future__ import annotations

import json
from typing import Any

from gateway.commands.tickets_shown import lines, named
from lookup.feed.row import row_of
from lookup.registry.source import ShownTicket
from lookup.registry.staff import shown
from tests.support.feed import appeal, directory, event, fine, hash_phone


def ticket(values: dict[str, Any]) -> ShownTicket:
    return shown(row_of(values, hash_phone), None, directory(), "registry")


def test_a_program_finds_every_part_by_its_name() -> None:
    told = json.loads(json.dumps(named(ticket(appeal())), default=str))
    assert told["record"]["body"]["id"] == "tax-shymkent"
    assert [(step["stage"], step["to_body"]) for step in told["events"]] == [
        ("registered", "almaty-akimat"),
        ("forwarded", "tax-shymkent"),
    ]


def test_a_person_reads_what_is_known_and_the_path_a_step_a_line() -> None:
    extended = event(3, "2026-10-21", "extended") | {
        "actor_role": "head",
        "due_on_after": "2026-12-20",
    }
    told = list(lines(ticket(appeal(events=[*appeal()["events"], extended]))))
    assert f"{'body_id':18} tax-shymkent" in told
    assert not any("None" in line or "(" in line for line in told)
    assert [line.split() for line in told[-2:]] == [
        ["2", "2026-10-20T12:00:00+05:00", "forwarded", "almaty-akimat", "->", "tax-shymkent"],
        ["3", "2026-10-21", "extended", "head", "due", "2026-12-20"],
    ]
    assert f"{'fine.amount':18} 19660" in list(lines(ticket(fine())))


def test_what_a_feed_adds_of_its_own_is_named_and_not_shown() -> None:
    step = event(1, "2026-10-05", "registered") | {"clerk": "Aigerim"}
    values = appeal(events=[step], applicant="Dauren")
    told = ticket(values)
    assert told.unknown_fields == ("applicant", "events.clerk")
    whole = "\n".join(lines(told)) + json.dumps(named(told), default=str)
    assert "Aigerim" not in whole
    assert "Dauren" not in whole
