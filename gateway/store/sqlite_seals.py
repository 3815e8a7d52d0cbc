"""Seals made inside SQLite's transactions, and the witness told of each commit after it.

Both happen in the thread of the connection that writes: the function `seal` within the statement
that commits (sql/sqlite_write.sql), the witness right after it, before the result goes back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Any

import msgspec

from gateway.core.seal import FIRST_CHAIN, RowKind, hashed, leaf, names, next_chain, root
from gateway.store.witness import Witness

COMMIT = (
    "INSERT INTO batch_in VALUES (CAST(? AS TEXT), CAST(? AS TEXT), ?"
    + ", CAST(? AS TEXT)" * 16
    + ", ?, ?, ?, ?, ?)"
)
CHORE = "INSERT INTO chore_in VALUES (?, ?, ?)"
LOSS = "INSERT INTO loss_in VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_NUMBERED = frozenset((COMMIT, CHORE, LOSS))  # the statements that are commits with a number

_KINDS = {kind.word.encode(): int(kind) for kind in RowKind}
_ENTRY = int(RowKind.ENTRY)
_decode = msgspec.json.Decoder(list[Any]).decode
_encode = msgspec.json.Encoder().encode


def canonical(document: bytes) -> list[bytes]:
    """The rows of a document of one row a line, each as it is sealed: as msgspec writes it.

    SQLite writes the same octets where nothing has to be escaped: whole numbers, null and plain
    strings look one way only. Whatever it escapes is read and written anew, since its versions do
    not agree with each other. Raises ValueError for what is no row.
    """
    rows = document.split(b"\n")
    if b"\\" in document:
        return [_encode(_decode(row)) if b"\\" in row else row for row in rows]
    return rows


class Sealer:
    """What a journal's commits are sealed and witnessed with; for the one connection that writes.

    Nothing here is believed that the journal could contradict: the number of a commit is guessed
    before it, and put right by the transaction itself (`counted`).
    """

    def __init__(self, key: bytes | None, now_us: Callable[[], int], witness: Witness) -> None:
        self._key = key
        self._now_us = now_us
        self.witness = witness
        self.batch = 0  # the last commit of ours
        self.chain = FIRST_CHAIN
        self._next = (0, FIRST_CHAIN)
        self.altered = False  # the file's definitions, since the connection was made

    @property
    def has_key(self) -> bool:
        return self._key is not None

    def stamp(self) -> tuple[int, int]:
        """The last two columns of COMMIT: the time and the number it should have."""
        return self._now_us(), self.batch + 1

    def seal(
        self,
        batch: int,
        at_us: int,
        node: str,
        before: bytes | None,
        entries: bytes | None,
        others: bytes | None,
    ) -> bytes | None:
        """SQL function: the chain, the root and the names of these rows; null without a key."""
        if self._key is None:
            return None
        # Hot: runs for every commit of messages, and holds the interpreter meanwhile.
        rows = canonical(entries) if entries else []
        leaves = hashed(rows)
        told = names(_ENTRY, _ids(rows), leaves)
        for row in canonical(others) if others else ():
            leaves.append(leaf(row))
            told += names(_kind(row), (_id(row),), leaves[-1:])
        top = root(leaves)
        chain = next_chain(self._key, node, before or FIRST_CHAIN, batch, at_us, len(leaves), top)
        self._next = (batch, chain)
        return chain + top + told

    def counted(self, batch: int, chain: bytes | None) -> None:
        """SQL function: this commit's number is not the expected one."""
        self._next = (batch, FIRST_CHAIN if chain is None else chain)

    def alter(self) -> None:
        """SQL function: the file's definitions are not those that were looked at. Ends the
        commit."""
        self.altered = True
        raise RuntimeError("the journal's definitions have changed")

    def began(self) -> None:
        """A commit begins: it gets the next number, unless it says otherwise."""
        self._next = (self.batch + 1, self.chain)

    def committed(self) -> None:
        """It is in the journal."""
        self.batch, self.chain = self._next
        if self._key is not None:
            self.witness.write(self.batch, self.chain)


def _ids(rows: Sequence[bytes]) -> Iterable[int]:
    """Of rows in the order of their ids; these rarely have gaps."""
    if not rows:
        return ()
    first = _id(rows[0])
    if _id(rows[-1]) - first == len(rows) - 1:
        return count(first)
    return map(_id, rows)


# A row begins with the name of its kind and its id: ["entry",4711,...


def _id(row: bytes) -> int:
    return int(row.split(b",", 2)[1])


def _kind(row: bytes) -> int:
    return _KINDS[row[2 : row.index(b",") - 1]]


class SealingConnection(sqlite3.Connection):
    """Tells the witness of each commit that has a number, in the visit that made it."""

    def __init__(self, sealer: Sealer, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._sealer = sealer

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        if sql not in _NUMBERED:
            return super().execute(sql, parameters)
        self._sealer.began()
        done = super().execute(sql, parameters)
        self._sealer.committed()
        return done


def functions(sealer: Sealer) -> Iterable[tuple[str, int, Callable[..., Any]]]:
    """What `sqlite_write.sql` calls: name, number of arguments, function."""
    return ("seal", 6, sealer.seal), ("counted", 2, sealer.counted), ("altered", 0, sealer.alter)
