"""Heads of the sealed ledger, one a day: what is published, and proves later that nothing sealed
until then was changed, even by whoever holds the key.

A head names the last seal up to the end of a civil day in Kazakhstan, its chain, and the root of a
hash tree (RFC 6962) over the seals of that day. It stands as one word in the trailers of billing
files and is found there again.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from gateway.clock import day_date
from gateway.core.seal import FIRST_CHAIN, Seal, leaf, root
from gateway.store.journal import Journal

SEALS_PAGE = 500  # read at a time
FOREVER_US = 1 << 62
TAIL_OCTETS = 4 << 20  # of a file: heads stand in its trailer; the footer of a Parquet file is long

Midnight = Callable[[date], int]
"""The moment at which a day begins in Kazakhstan, in UTC microseconds (`Civil.midnight_us`)."""

_WORD = re.compile(
    rb"jauap-head:1:([0-9a-f]{1,64}):([0-9]{8}):([0-9]{1,19}):([0-9]{1,19})"
    rb":([0-9a-f]{64}):([0-9a-f]{64})"
)


class HeadError(Exception):
    """A file has no head in it; the text names it."""


class Head(NamedTuple):
    """Where the sealed ledger stood at the end of a day."""

    node: str  # whose seals
    day: int  # YYYYMMDD
    batch: int  # of the last seal by then; 0 before the first
    seals: int  # of that day
    root: bytes  # over these
    chain: bytes  # of the last seal by then

    @property
    def word(self) -> str:
        """As it is published."""
        return (
            f"jauap-head:1:{self.node}:{self.day:08}:{self.batch}:{self.seals}"
            f":{self.root.hex()}:{self.chain.hex()}"
        )


def heads_in(octets: bytes) -> list[Head]:
    """The heads in a text or a file of any form, each once."""
    found = [
        Head(node.decode(), int(day), int(batch), int(seals),
             bytes.fromhex(top.decode()), bytes.fromhex(chain.decode()))
        for node, day, batch, seals, top, chain in _WORD.findall(octets)
    ]  # fmt: skip
    return list(dict.fromkeys(found))


def read_heads(path: Path) -> list[Head]:
    """Those at the end of a file. Raises HeadError, OSError."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - TAIL_OCTETS))
        found = heads_in(file.read())
    if not found:
        raise HeadError(
            f"{path}: no head of the ledger stands in it; name a billing file with its trailer, or "
            "what 'jauap ledger head' has printed"
        )
    return found


def seal_leaf(node: str, seal: Seal) -> bytes:
    """The leaf of a seal in the tree of its day: that of the JSON array
    ["seal", node, batch, at_us, count, root, chain], compact, hashes in hex."""
    return leaf(seal_row(node, seal).encode())


def seal_row(node: str, seal: Seal) -> str:
    """What `seal_leaf` is the leaf of."""
    facts = ["seal", node, seal.batch, seal.at_us, seal.count, seal.root.hex(), seal.chain.hex()]
    return json.dumps(facts, separators=(",", ":"))


async def seals_from(journal: Journal, after_batch: int) -> AsyncIterator[Seal]:
    """All seals after that one. Raises StoreUnavailableError."""
    while page := await journal.seals(after_batch, SEALS_PAGE):
        for seal in page:
            yield seal
        after_batch = page[-1].batch


async def last_before(journal: Journal, at_us: int) -> Seal | None:
    """The last seal that is older than that moment. Seals are in the order of time, so that it is
    found by halving."""
    low, step = 0, 1
    found: Seal | None = None
    while True:  # to twice as far each time, until a seal is too young
        page = await journal.seals(low + step - 1, 1)
        if not page or page[0].at_us >= at_us:
            break
        found, low, step = page[0], page[0].batch, step * 2
    high = low + step - 1  # the seal after that one is too young, or none
    while low < high:
        middle = (low + high) // 2
        page = await journal.seals(middle, 1)
        if page and page[0].at_us < at_us:
            found, low = page[0], page[0].batch
        else:
            high = middle
    return found


async def seals_of_day(
    journal: Journal, day: int, midnight: Midnight
) -> tuple[Seal | None, list[Seal]]:
    """The last seal before a day (YYYYMMDD), and those of the day."""
    opens, closes = midnight(day_date(day)), midnight(day_date(day) + timedelta(days=1))
    before = await last_before(journal, opens)
    seals: list[Seal] = []
    async for seal in seals_from(journal, before.batch if before else 0):
        if seal.at_us >= closes:
            break
        seals.append(seal)
    return before, seals


async def head_of(journal: Journal, day: int, midnight: Midnight) -> Head:
    """The head of a day (YYYYMMDD); once that is over, always the same. Raises
    StoreUnavailableError."""
    node = (await journal.sealing()).node
    before, seals = await seals_of_day(journal, day, midnight)
    return head_over(node, day, before, seals)


def head_over(node: str, day: int, before: Seal | None, seals: list[Seal]) -> Head:
    """The head of a day with these seals, after that one."""
    last = seals[-1] if seals else before
    return Head(
        node,
        day,
        last.batch if last else 0,
        len(seals),
        root([seal_leaf(node, seal) for seal in seals]),
        last.chain if last else FIRST_CHAIN,
    )


async def head_for(
    journal: Journal, day: int, today: int, day_of: Callable[[int], int], midnight: Midnight
) -> Head | None:
    """The head that a file of the days up to `day` (YYYYMMDD) publishes: that of the day, or, while
    it is not over, that of the last day with a seal, so that a ledger in which nothing happens has
    one head. None: nothing was sealed by then. Raises StoreUnavailableError."""
    if day >= today:
        last = await last_before(journal, FOREVER_US)
        if last is None:
            return None
        day = min(day, day_of(last.at_us))
    head = await head_of(journal, day, midnight)
    return head if head.batch else None
