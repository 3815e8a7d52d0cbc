"""The statements of the ticket registry.

Reads return one row with one JSON text: the sqlite3 module takes the interpreter's lock once a
row, and a thread that asks for it hundreds of times waits each time behind a busy event loop.
Writes take one JSON text for the same reason.
"""

from __future__ import annotations

from typing import Final

from lookup.feed_row import EventRow, TicketRow

_RECORD: Final = (  # in the order of registry_wire.Stored
    "json_array(t.kind, t.number, t.number_shown, t.source_system, t.status,"
    " substr(t.status_at, 1, 10), substr(t.created_at, 1, 10), substr(t.first_filed_at, 1, 10),"
    " t.due_on, t.due_basis, t.body_id, coalesce(json_array_length(t.other_bodies), 0),"
    " t.forward_count, t.extended_count, t.owner_hashes, t.owner_lang, t.answer_via, t.intake,"
    " iif(t.status = 'joined', t.parent_id, NULL), json(t.fine), json(t.inspection))"
)

FIND: Final = (
    "SELECT (SELECT bodies_revision FROM revision),"  # noqa: S608 - constants only
    f" (SELECT json_group_array({_RECORD}) FROM json_each(?) w"
    " CROSS JOIN ticket t ON t.number = w.value)"
)
"""Parameter: JSON list of numbers. The order of the join is fixed: numbers first."""

BODIES: Final = (
    "SELECT (SELECT bodies_revision FROM revision),"
    " (SELECT json_group_array(json_array(id, code, iif(connected, json('true'), json('false')),"
    " region, phone, json(sms_name), json(name), json(voice_name))) FROM body)"
)

_EVENT_JSON: Final = (
    "json_array(e.source_event_id, e.seq, e.at, e.stage, e.from_body, e.to_body, e.actor_role,"
    " e.note_code, e.due_on_after, e.extra)"
)

SHOW: Final = (
    "SELECT (SELECT bodies_revision FROM revision),"  # noqa: S608 - constants only
    f" json_group_array(json_array({_RECORD},"
    " t.sensitivity, t.status_at, t.created_at, t.first_filed_at, t.body_id, t.extra,"
    f" (SELECT json_group_array({_EVENT_JSON}) FROM"
    " (SELECT * FROM event WHERE ticket_id = t.id ORDER BY seq, id) e)))"
    " FROM ticket t WHERE t.number = ?"
)

STATS: Final = (
    "SELECT (SELECT json_group_array(json_array(kind, status, n)) FROM"
    " (SELECT kind, status, count(*) n FROM ticket GROUP BY kind, status ORDER BY kind, status)),"
    " (SELECT count(*) FROM event), (SELECT count(*) FROM body),"
    " (SELECT count(*) FROM import_progress)"
)

STORED: Final = (
    "SELECT json_group_array(json_array(t.number, t.kind, t.status_us, t.digest))"
    " FROM json_each(?) w"
    " CROSS JOIN ticket t ON t.number = w.value ->> 0 AND t.kind = w.value ->> 1"
)
"""Parameter: JSON list of [number, kind]."""

_COLUMNS: Final = (*TicketRow._fields, "digest")
_KEY: Final = frozenset({"number", "kind"})

WRITE_TICKETS: Final = (
    f"INSERT INTO ticket ({', '.join(_COLUMNS)})"  # noqa: S608 - constants only
    f" SELECT {', '.join(f'w.value ->> {index}' for index in range(len(_COLUMNS)))}"
    " FROM json_each(?) w WHERE true ON CONFLICT (number, kind) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in _COLUMNS if column not in _KEY)
)
"""Parameter: JSON list of tickets, each a list in the order of TicketRow, then the digest."""

_EVENT_COLUMNS: Final = EventRow._fields

WRITE_EVENTS: Final = (
    f"INSERT INTO event (ticket_id, {', '.join(_EVENT_COLUMNS)})"  # noqa: S608 - constants only
    f" SELECT t.id, {', '.join(f'e.value ->> {i}' for i in range(len(_EVENT_COLUMNS)))}"
    " FROM json_each(?) w"
    " CROSS JOIN ticket t ON t.number = w.value ->> 0 AND t.kind = w.value ->> 1"
    " CROSS JOIN json_each(w.value, '$[2]') e"
    " WHERE true ON CONFLICT (ticket_id, source_event_id) DO NOTHING"
)
"""Parameter: JSON list of [number, kind, [event, ...]], events in the order of EventRow."""

STORED_BODIES: Final = (
    "SELECT json_group_array(json_array(id, code, parent_id, region,"
    " iif(connected, json('true'), json('false')), phone, sms_name, name, voice_name)) FROM body"
)

WRITE_BODIES: Final = (
    "INSERT INTO body (id, code, parent_id, region, connected, phone, sms_name, name, voice_name)"
    " SELECT w.value ->> 0, w.value ->> 1, w.value ->> 2, w.value ->> 3, w.value ->> 4,"
    " w.value ->> 5, w.value ->> 6, w.value ->> 7, w.value ->> 8 FROM json_each(?) w WHERE true"
    " ON CONFLICT (id) DO UPDATE SET code = excluded.code, parent_id = excluded.parent_id,"
    " region = excluded.region, connected = excluded.connected, phone = excluded.phone,"
    " sms_name = excluded.sms_name, name = excluded.name, voice_name = excluded.voice_name"
)

RAISE_REVISION: Final = "UPDATE revision SET bodies_revision = bodies_revision + 1"

BODY_IDS: Final = "SELECT json_group_array(id) FROM body"

PROGRESS: Final = (
    "SELECT file, name, octets, rejects_octets, counts FROM import_progress WHERE file = ?"
)

WRITE_PROGRESS: Final = (
    "INSERT INTO import_progress (file, name, octets, rejects_octets, counts)"
    " VALUES (?, ?, ?, ?, ?) ON CONFLICT (file) DO UPDATE SET octets = excluded.octets,"
    " rejects_octets = excluded.rejects_octets, counts = excluded.counts"
)

FORGET_PROGRESS: Final = "DELETE FROM import_progress WHERE file = ?"

FORGET_OLD_PROGRESS: Final = (
    "DELETE FROM import_progress WHERE id <= (SELECT max(id) FROM import_progress) - ?"
)
