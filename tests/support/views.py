"""Tickets of a feed as a body's own PostgreSQL would hold them: other names, types of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.postgres import Database

VIEW = "register.for_jauap"
NUMBER_COLUMN = "reg_no"

_TABLES = """
CREATE SCHEMA register;
CREATE TABLE register.entry (id bigserial PRIMARY KEY, reg_no text NOT NULL, doc jsonb NOT NULL);
CREATE INDEX entry_reg_no ON register.entry (reg_no);
CREATE VIEW register.for_jauap AS SELECT
    reg_no,
    doc ->> 'number_shown' AS reg_no_printed,
    doc ->> 'kind' AS sort,
    doc ->> 'source_system' AS origin,
    doc ->> 'status' AS state,
    (doc ->> 'status_at')::timestamptz AS state_since,
    (doc ->> 'created_at')::timestamptz AS registered,
    (doc ->> 'first_filed_at')::timestamptz AS filed,
    (doc ->> 'due_on')::date AS due,
    doc ->> 'due_basis' AS due_basis,
    doc ->> 'body_id' AS office,
    ARRAY(SELECT jsonb_array_elements_text(coalesce(doc -> 'other_bodies', '[]'))) AS offices,
    (doc ->> 'forward_count')::smallint AS moves,
    (doc ->> 'extended_count')::bigint AS extensions,
    doc ->> 'parent_id' AS came_from,
    ARRAY(SELECT jsonb_array_elements_text(coalesce(doc -> 'owner_phones', '[]'))) AS phones,
    (doc ->> 'owner_lang')::varchar(8) AS lang,
    doc ->> 'intake' AS taken_by,
    doc ->> 'answer_via' AS told_by,
    (doc #>> '{fine,amount}')::numeric(14, 2) AS penalty,
    (doc #>> '{fine,half_until}')::date AS half_until,
    (doc #>> '{fine,pay_by}')::date AS pay_by,
    (doc #>> '{fine,paid_amount}')::numeric(14, 2) AS paid,
    (doc #>> '{fine,paid_at}')::timestamptz AS paid_at,
    (doc #>> '{fine,bailiff_since}')::date AS enforced,
    doc #>> '{fine,bailiff_office}' AS bailiff,
    (doc #>> '{fine,conflict}')::boolean AS contested,
    doc -> 'inspection' AS visit,
    doc -> 'events' AS steps
FROM register.entry;
"""

MAP = {
    "fields": {
        "number": "reg_no",
        "number_shown": "reg_no_printed",
        "kind": "sort",
        "source_system": "origin",
        "status": "state",
        "status_at": "state_since",
        "created_at": "registered",
        "first_filed_at": "filed",
        "due_on": "due",
        "due_basis": "due_basis",
        "body_id": "office",
        "other_bodies": "offices",
        "forward_count": "moves",
        "extended_count": "extensions",
        "parent_id": "came_from",
        "owner_phones": "phones",
        "owner_lang": "lang",
        "intake": "taken_by",
        "answer_via": "told_by",
        "fine.amount": "penalty",
        "fine.half_until": "half_until",
        "fine.pay_by": "pay_by",
        "fine.paid_amount": "paid",
        "fine.paid_at": "paid_at",
        "fine.bailiff_since": "enforced",
        "fine.bailiff_office": "bailiff",
        "fine.conflict": "contested",
        "inspection.registered_on": "visit.registered_on",
        "inspection.starts_on": "visit.starts_on",
        "inspection.ends_on": "visit.ends_on",
    },
    "events": {
        "path": "steps",
        "fields": {
            "source_event_id": "source_event_id",
            "seq": "seq",
            "at": "at",
            "stage": "stage",
            "from_body": "from_body",
            "to_body": "to_body",
        },
    },
}
"""The table of a field map, as its TOML file would hold it."""


async def fill(database: Database, tickets: Sequence[Mapping[str, Any]]) -> None:
    """Make the tables and the view, with these tickets of a feed."""
    await database.run(_TABLES)
    rows = [(ticket["number"], json.dumps(ticket)) for ticket in tickets]
    await database.insert("entry", ("reg_no", "doc"), rows, schema="register")
