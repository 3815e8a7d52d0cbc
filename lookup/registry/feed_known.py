"""What is stored as tickets are pushed: for whoever judges whether a feed may write them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from lookup.feed.row import Row
from lookup.registry import sqlite as door
from lookup.registry.feed_keys import BESIDE, Scope
from lookup.registry.feed_scope import Known
from lookup.registry.place import SLOT_MASK, place_of
from lookup.registry.write import RegistryWriter

_NEWEST_SCOPES: Final = (
    "SELECT json_group_array(json_array(w.value, json((SELECT k.scope FROM api_key k"
    " WHERE k.feed = w.value ORDER BY k.created_us DESC, k.id LIMIT 1)))) FROM json_each(?) w"
)
_FEED_ROWS: Final = (
    "SELECT json_group_array(json_array(w.value, (SELECT count(*) FROM ticket t"  # noqa: S608 - constants only
    f" WHERE t.id BETWEEN w.value AND w.value + {SLOT_MASK} AND t.source_system = ?)))"
    " FROM json_each(?) w"
)

_encode = msgspec.json.Encoder().encode
_scopes_list = msgspec.json.Decoder(list[tuple[str, Scope | None]])
_counts_list = msgspec.json.Decoder(list[tuple[int, int]])


async def known_of(
    rows: Sequence[Row],
    feed: str,
    now_us: int,
    writer: RegistryWriter,
    connection: door.Connection,
) -> list[Known]:
    """What is stored, for each of these rows of different tickets that the feed pushes now.

    `connection` is in the transaction that will store them.
    """
    stored: dict[tuple[str, str], list[Row]] = {}
    parents: dict[str | None, list[Row]] = {}
    numbers = {row.ticket.number for row in rows} | {row.ticket.parent_id or "" for row in rows}
    systems = set()
    for held in await writer.stored(list(numbers - {""})):
        systems.add(held.key.system)
        stored.setdefault(held.key[:2], []).append(held)
        parents.setdefault(held.key.number, []).append(held)
    views = [stored.get(row.key[:2], []) for row in rows]
    places = [place_of(row.ticket.number) for row in rows]
    new = [all(held.key.system != feed for held in of) for of in views]
    taken = {place for place, is_new in zip(places, new, strict=True) if is_new}
    own_rows = await _own_rows(taken, feed, connection)
    witnesses = await _witnesses(systems - {feed}, connection)
    known = []
    for row, of, place, is_new in zip(rows, views, places, new, strict=True):
        above = parents.get(row.ticket.parent_id, ())
        known.append(Known(of, above, witnesses, own_rows[place], now_us))
        own_rows[place] += is_new  # others of these rows may stand there as well
    return known


async def _own_rows(
    places: Collection[int], feed: str, connection: door.Connection
) -> Counter[int]:
    """How many rows the feed has in each of these places."""
    if not places:
        return Counter()
    row = await door.one_row(connection, _FEED_ROWS, (feed, _text(sorted(places))))
    return Counter(dict(_counts_list.decode(row[0])))


async def _witnesses(systems: Collection[str], connection: door.Connection) -> frozenset[str]:
    """Those of the systems whose newest key lets them tell beside others."""
    if not systems:
        return frozenset()
    row = await door.one_row(connection, _NEWEST_SCOPES, (_text(sorted(systems)),))
    scopes = _scopes_list.decode(row[0])
    return frozenset(feed for feed, scope in scopes if scope and BESIDE in scope.rights)


def _text(value: object) -> str:
    return _encode(value).decode()
