"""The statements of the ticket registry. Pure.

Reads return one row with one JSON text: the sqlite3 module takes the interpreter's lock once a
row, and a thread that asks for it hundreds of times waits each time behind a busy event loop.
Writes take one JSON text for the same reason, but for those of a process that does nothing else.
What is stored as JSON is joined as text, since SQLite would read it all again to write it.
"""

from __future__ import annotations

from typing import Final

from lookup.registry.place import SLOT_MASK
from lookup.registry.wire import JOINED, PARENT_AT

ANCESTORS_MAX: Final = 8  # tickets above a ticket that are looked at; a circle ends here too
ANCESTOR_WAYS_MAX: Final = 64  # where its systems name different ones, and theirs do again
DESCENDANTS_MAX: Final = 8  # and below it

COLUMNS: Final = (
    "id, number, kind, source_system, status, status_us, version, deleted, forward_count,"
    " parent_place, digest, told, kept, path"
)
_COLUMN_COUNT: Final = COLUMNS.count(",") + 1

_PARENT: Final = f"'$[{PARENT_AT}]'"

_PASSED_ON: Final = "('passed', 'forwarded', 'controlled')"
_CHILDREN: Final = (  # list of wire.Child: the newest opened for it, for that one, and so on
    f"CASE WHEN t.status IN {_PASSED_ON} THEN"  # noqa: S608 - constants only
    " (WITH RECURSIVE down (place, number, status, found, depth) AS"
    f" (SELECT t.id & ~{SLOT_MASK}, t.number, t.status, NULL, 0 UNION ALL"
    f" SELECT c.id & ~{SLOT_MASK}, c.number, c.status,"
    " '[\"' || c.number || '\",\"' || c.kind || '\",\"' || c.status || '\",' || c.told || ']',"
    " depth + 1 FROM down CROSS JOIN ticket c ON c.id = (SELECT n.id FROM ticket n"
    f" WHERE n.parent_place = down.place AND NOT n.deleted AND n.status <> '{JOINED}'"
    f" AND n.told ->> {_PARENT} = down.number ORDER BY n.status_us DESC, n.id LIMIT 1)"
    f" WHERE down.status IN {_PASSED_ON} AND depth < {DESCENDANTS_MAX})"
    " SELECT '[' || coalesce(group_concat(found), '') || ']' FROM down) ELSE 'null' END"
)

_ANCESTORS: Final = (  # list of wire.Told
    f"CASE WHEN t.parent_place IS NOT NULL AND t.status <> '{JOINED}' THEN"  # noqa: S608 - constants only
    " (WITH RECURSIVE up (place, number, depth) AS"
    f" (SELECT t.parent_place, t.told ->> {_PARENT}, 1"
    f" UNION SELECT p.parent_place, p.told ->> {_PARENT}, depth + 1 FROM up CROSS JOIN ticket p"
    f" ON p.id BETWEEN up.place AND up.place + {SLOT_MASK} AND +p.number = up.number"
    f" WHERE p.parent_place IS NOT NULL AND p.status <> '{JOINED}' AND NOT p.deleted"
    f" AND depth < {ANCESTORS_MAX} LIMIT {ANCESTOR_WAYS_MAX})"
    " SELECT '[' || coalesce(group_concat(a.told), '') || ']' FROM up CROSS JOIN ticket a"
    f" ON a.id BETWEEN up.place AND up.place + {SLOT_MASK}"
    " AND +a.number = up.number WHERE NOT a.deleted) ELSE 'null' END"
)

_FOUND: Final = (  # as wire.Found
    "'[\"' || t.number || '\",\"' || t.kind || '\",' || json_quote(t.source_system) || ',\"'"
    f" || t.status || '\",' || t.told || ',' || {_CHILDREN} || ',' || {_ANCESTORS} || ']'"
)

_REVISIONS: Final = "(SELECT bodies_revision FROM revision), (SELECT fed_us FROM revision)"

FIND: Final = (
    f"SELECT {_REVISIONS}, (SELECT '[' || coalesce(group_concat({_FOUND}), '') || ']'"  # noqa: S608 - constants only
    f" FROM json_each(?) w CROSS JOIN ticket t ON t.id BETWEEN w.value AND w.value + {SLOT_MASK}"
    " WHERE NOT t.deleted)"
)
"""Parameter: JSON list of places. Other numbers of these places are found too."""

CIRCULATING: Final = (
    "SELECT '[' || coalesce(group_concat(found), '') || ']', max(id) FROM"  # noqa: S608 - constants only
    f" (SELECT {_FOUND} AS found, t.id FROM ticket t INDEXED BY ticket_circulating"
    " WHERE t.forward_count > 1 AND t.forward_count >= ? AND t.id > ? AND NOT t.deleted"
    " ORDER BY t.id LIMIT ?)"
)

TREE: Final = (
    "SELECT page_size, rootpage FROM pragma_page_size, sqlite_master WHERE name = 'ticket'"
)

BODIES: Final = (
    "SELECT (SELECT bodies_revision FROM revision),"
    " (SELECT json_group_array(json_array(id, code, iif(connected, json('true'), json('false')),"
    " region, phone, json(sms_name), json(name), json(voice_name))) FROM body)"
)

_ROW: Final = "t." + COLUMNS.replace(", ", ", t.")

ROWS: Final = (
    f"SELECT json_group_array(json_array({_ROW})) FROM json_each(?) w"  # noqa: S608 - constants only
    f" CROSS JOIN ticket t ON t.id BETWEEN w.value AND w.value + {SLOT_MASK}"
)
"""Parameter: JSON list of places. Deleted tickets are there too."""

STATS: Final = (
    "SELECT (SELECT json_group_array(json_array(kind, status, n)) FROM"
    " (SELECT kind, status, sum(tickets) AS n FROM tally WHERE NOT deleted AND tickets > 0"
    " GROUP BY kind, status ORDER BY kind, status)),"
    " (SELECT json_group_array(json_array(source_system, n)) FROM"
    " (SELECT source_system, sum(tickets) AS n FROM tally WHERE NOT deleted AND tickets > 0"
    " GROUP BY source_system ORDER BY source_system)),"
    " (SELECT events FROM revision), (SELECT count(*) FROM body),"
    " (SELECT count(*) FROM import_progress),"
    " (SELECT count(*) FROM conflict WHERE cleared_us IS NULL),"
    " (SELECT coalesce(sum(tickets), 0) FROM tally WHERE deleted)"
)

ADD_MANY: Final = f"INSERT INTO ticket ({COLUMNS}) VALUES ({', '.join('?' * _COLUMN_COUNT)})"  # noqa: S608 - constants only
"""For executemany; fails for a ticket that is there already."""

_FROM_JSON: Final = (
    f"INSERT INTO ticket ({COLUMNS})"  # noqa: S608 - constants only
    f" SELECT {', '.join(f'w.value ->> {index}' for index in range(_COLUMN_COUNT))}"
    " FROM json_each(?) w WHERE true"
)
_REPLACE: Final = " ON CONFLICT (id) DO UPDATE SET " + ", ".join(
    f"{column} = excluded.{column}" for column in COLUMNS.split(", ") if column != "id"
)

ADD: Final = _FROM_JSON
"""Parameter: JSON list of rows. Fails for a ticket that is there already."""
REPLACE: Final = _FROM_JSON + _REPLACE
"""Parameter: JSON list of rows."""
REPLACE_MANY: Final = ADD_MANY + _REPLACE

COUNT: Final = (
    "INSERT INTO tally (kind, source_system, status, deleted, tickets)"
    " SELECT w.value ->> 0, w.value ->> 1, w.value ->> 2, w.value ->> 3, w.value ->> 4"
    " FROM json_each(?) w WHERE true ON CONFLICT (kind, source_system, status, deleted)"
    " DO UPDATE SET tickets = tickets + excluded.tickets"
)
"""Parameter: JSON list of kind, system, status, deleted, and how many more."""
COUNT_EVENTS: Final = "UPDATE revision SET events = events + ?"
KINDS_OF_SEVERAL: Final = (
    "SELECT json_group_array(w.value) FROM json_each(?) w"
    " WHERE (SELECT min(source_system) FROM tally WHERE kind = w.value)"
    " <> (SELECT max(source_system) FROM tally WHERE kind = w.value)"
)
"""Parameter: JSON list of kinds. Those that more than one system tells of."""

SEVERAL: Final = (
    "SELECT json_group_array(a.id) FROM json_each(?) w CROSS JOIN ticket a ON a.id = w.value"  # noqa: S608 - constants only
    " WHERE EXISTS (SELECT 1 FROM ticket s"
    f" WHERE s.id BETWEEN (a.id & ~{SLOT_MASK}) AND (a.id | {SLOT_MASK})"
    " AND s.id <> a.id AND s.kind = a.kind AND s.number = a.number)"
)
"""Parameter: JSON list of ids. Which of these tickets another system tells of too."""

_CONFLICT: Final = "json_array(number, kind, rule, json(systems), found_us, told_us, cleared_us)"
CONFLICTS: Final = (
    f"SELECT json_group_array({_CONFLICT}) FROM (SELECT * FROM conflict"  # noqa: S608 - constants only
    " WHERE (number, kind, rule) > (?, ?, ?) AND (cleared_us IS NULL OR NOT ?)"
    " ORDER BY number, kind, rule LIMIT ?)"
)
OPEN_CONFLICTS: Final = (
    "SELECT json_group_array(json_array(c.number, c.kind, c.rule)) FROM json_each(?) w"
    " CROSS JOIN conflict c ON c.number = w.value ->> 0 AND c.kind = w.value ->> 1"
    " WHERE c.cleared_us IS NULL"
)
"""Parameter: JSON list of [number, kind]."""
FIND_CONFLICTS: Final = (
    "INSERT INTO conflict (number, kind, rule, systems, found_us)"
    " SELECT w.value ->> 0, w.value ->> 1, w.value ->> 2, w.value -> 3, w.value ->> 4"
    " FROM json_each(?) w WHERE true ON CONFLICT (number, kind, rule) DO UPDATE SET"
    " systems = excluded.systems, found_us = excluded.found_us, told_us = NULL, cleared_us = NULL"
)
CLEAR_CONFLICTS: Final = (
    "UPDATE conflict SET cleared_us = ? WHERE (number, kind, rule) IN"
    " (SELECT w.value ->> 0, w.value ->> 1, w.value ->> 2 FROM json_each(?) w)"
)
TELL_CONFLICTS: Final = (  # one that was cleared and found again meanwhile is news
    "UPDATE conflict SET told_us = ?1 WHERE (number, kind, rule) IN"
    " (SELECT w.value ->> 0, w.value ->> 1, w.value ->> 2 FROM json_each(?2) w)"
    " AND (number, kind, rule, coalesce(found_us, 0)) IN (SELECT w.value ->> 0, w.value ->> 1,"
    " w.value ->> 2, coalesce(w.value ->> 3, 0) FROM json_each(?2) w)"
)
"""Parameters: when, and a JSON list of [number, kind, rule, found_us]."""

FED: Final = "UPDATE revision SET fed_us = max(coalesce(fed_us, 0), ?)"

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
