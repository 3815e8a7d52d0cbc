"""How many tickets a registry holds, in table `tally`: kept with each batch, in its transaction.

What an older release has stored is counted by moving.py.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from lookup.registry import sqlite as door
from lookup.registry.columns import Group
from lookup.registry.sql import COUNT, COUNT_EVENTS, KINDS_OF_SEVERAL

_encode = msgspec.json.Encoder().encode
_kinds = msgspec.json.Decoder(frozenset[str]).decode


async def count(connection: door.Connection, tickets: Mapping[Group, int], events: int) -> None:
    """So many more tickets in each group, fewer where below zero; so many more steps in all."""
    changed = [(*group, more) for group, more in tickets.items() if more]
    if changed:
        await door.run(connection, COUNT, (_encode(changed).decode(),))
    if events:
        await door.run(connection, COUNT_EVENTS, (events,))


async def of_several(connection: door.Connection, kinds: Collection[str]) -> frozenset[str]:
    """Those of these kinds that more than one system tells of."""
    row = await door.one_row(connection, KINDS_OF_SEVERAL, (_encode(kinds).decode(),))
    return _kinds(row[0])
