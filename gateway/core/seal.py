"""Seals over the rows of money: what makes a changed, missing, added or moved row show. Pure.

The rows that one transaction writes are the leaves of a hash tree as in RFC 6962 section 2.1 (a
leaf is SHA-256(0 || row), a node SHA-256(1 || left || right)); its root, with the seal before it,
goes into an HMAC-SHA-256 chain. Without the key nobody can put a row right after the fact, and
with the key not past a head of the chain that others have been given.

Rows, hashes and keys are octets. A row is compact JSON (UTF-8): an array of the name of its kind
and all its columns in the order of the table.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from hashlib import sha256
from itertools import repeat
from struct import Struct
from typing import NamedTuple

HASH_OCTETS = 32
FIRST_CHAIN = bytes(HASH_OCTETS)  # what stands before the first seal
LEAF_OCTETS = 17  # of a row's name in `Seal.leaves`

_LEAF, _NODE = b"\0", b"\1"
_EMPTY = sha256().digest()  # the root of no rows
_NAME = Struct(">BQ8s")
_FACTS = Struct(">QQQ32s")


class RowKind(IntEnum):
    """Which rows are sealed, and the name each begins with."""

    ENTRY = 1
    CALL_RECORD = 2
    AUDIT = 3
    LOSS = 4
    STAFF = 5

    @property
    def word(self) -> str:
        return self.name.lower()


class Seal(NamedTuple):
    """One transaction's rows of money, sealed."""

    batch: int  # the number of the transaction; rises, with gaps
    at_us: int  # never goes back
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody asks of a seal
    leaves: bytes  # the names of the rows in the order they were written, see `named`
    root: bytes
    chain: bytes


class SealedRow(NamedTuple):
    """The name of a row in a seal."""

    kind: int  # of RowKind, unless the seal was tampered with
    id: int
    hash_head: bytes  # the first 8 octets of its leaf


def leaf(row: bytes) -> bytes:
    return sha256(_LEAF + row).digest()


def hashed(rows: Sequence[bytes]) -> list[bytes]:
    """The leaf of each."""
    return [sha256(_LEAF + row).digest() for row in rows]


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaves in this order."""
    if not leaves:
        return _EMPTY
    # Level by level, an odd one out going up as it is: the same tree as RFC 6962's, which splits
    # at the largest power of two below the count.
    level = list(leaves)
    while (count := len(level)) > 1:
        pairs = zip(repeat(_NODE), level[::2], level[1::2])
        joined = [sha256(pair).digest() for pair in map(b"".join, pairs)]
        if count % 2:
            joined.append(level[-1])
        level = joined
    return level[0]


def proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The hashes that lead from the leaf at `index` (from 0) to the root (RFC 6962 2.1.1), the
    lowest first. Raises IndexError where there is no such leaf."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"there is no leaf {index} of {len(leaves)}")
    if len(leaves) == 1:
        return ()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return (*proof(leaves[:split], index), root(leaves[split:]))
    return (*proof(leaves[split:], index - split), root(leaves[:split]))


def proves(leaf: bytes, index: int, count: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether these hashes lead from that leaf, the one at `index` of `count`, to that root."""
    if not 0 <= index < count:
        return False
    found, place, last = leaf, index, count - 1
    for beside in proof:
        if not last:
            return False
        if place % 2 or place == last:
            found = sha256(_NODE + beside + found).digest()
            while not place % 2 and place:  # an odd one out went up as it was
                place, last = place >> 1, last >> 1
        else:
            found = sha256(_NODE + found + beside).digest()
        place, last = place >> 1, last >> 1
    return not last and hmac.compare_digest(found, root)


def next_chain(
    key: bytes, node: str, before: bytes, batch: int, at_us: int, count: int, root: bytes
) -> bytes:
    """The chain with this seal: HMAC-SHA-256 over node name || 0 || chain before || batch ||
    at_us || count || root, the integers as 8 octets, the most significant first."""
    facts = _FACTS.pack(batch, at_us, count, root)
    return hmac.digest(key, node.encode() + b"\0" + before + facts, "sha256")


def names(kind: int, ids: Iterable[int], leaves: Iterable[bytes]) -> bytes:
    """How rows of a kind stand in `Seal.leaves`: each with its kind (1 octet), its id (8), the
    head of its leaf (8)."""
    return b"".join(map(_NAME.pack, repeat(kind), ids, leaves))


def name(kind: int, id_: int, leaf: bytes) -> bytes:
    """As in `names`, of one row."""
    return _NAME.pack(kind, id_, leaf)


def named(leaves: bytes) -> Iterator[SealedRow]:
    """The names in `Seal.leaves`. Raises ValueError where it is no whole number of them."""
    if len(leaves) % LEAF_OCTETS:
        raise ValueError(f"{len(leaves)} octets are no names of {LEAF_OCTETS} each")
    return map(SealedRow._make, _NAME.iter_unpack(leaves))
