"""Both sides on disk, given back a phone at a time: memory use does not depend on the rows.

A database without a name: SQLite makes it where temporary files go, removes its name at once, and
a crash leaves nothing behind. It holds plain phone numbers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from threading import Lock
from typing import Any, Final

from gateway.billing.reconcile.records import TOLD_EARLIER, Class, Ours, Theirs

CACHE_KIB: Final = 131_072
SAMPLES_MAX: Final = 5_000  # messages by which the clocks are compared
SAMPLE_FROM_ROWS: Final = 200_000  # of so many rows a part is enough
SAMPLE_BELOW: Final = b"\x20"  # one phone in eight: their hashes are evenly spread
ALL_PHONES: Final = b"\xff" * 17  # above every hash
FETCH_ROWS: Final = 2_000

_TEXTS: Final = frozenset(
    ("record", "code", "msisdn", "refs", "reply_refs", "receipts_us", "ref", "our_ref", "left_out")
)


def _columns(kind: type[Ours | Theirs]) -> str:
    def of(name: str) -> str:
        if name == "party":
            return "BLOB"
        return "TEXT" if name in _TEXTS else "INTEGER"

    return ", ".join(f'"{name}" {of(name)} NOT NULL' for name in kind._fields)


def _insert(table: str, kind: type[Ours | Theirs]) -> str:
    return f"INSERT INTO {table} VALUES ({', '.join('?' * len(kind._fields))})"  # noqa: S608 - names of ours


_BAD: Final = "bad"  # in place of a class
_ADD_OURS: Final = _insert("ours", Ours)
_ADD_THEIRS: Final = _insert("theirs", Theirs)


class Scratch:
    """Written by two threads, then read by one. A full disk raises sqlite3.OperationalError."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._lock = Lock()
        self._db.executescript(
            f"""
            PRAGMA cache_size = -{CACHE_KIB};
            PRAGMA temp_store = FILE;
            PRAGMA journal_mode = OFF;
            PRAGMA synchronous = OFF;
            CREATE TABLE ours ({_columns(Ours)}) STRICT;
            CREATE TABLE theirs ({_columns(Theirs)}) STRICT;
            CREATE TABLE told (class TEXT NOT NULL, at_us INTEGER NOT NULL, line BLOB NOT NULL)
                STRICT;
            BEGIN;
            """
        )

    def add_ours(self, rows: Iterable[Ours]) -> None:
        with self._lock:
            self._db.executemany(_ADD_OURS, rows)

    def add_theirs(self, rows: Iterable[Theirs]) -> None:
        with self._lock:
            self._db.executemany(_ADD_THEIRS, rows)

    def find_moved(self) -> int:
        """Rows under a phone that we never met, whose reference names a message of another: they
        go to that phone. Returns how many."""
        self._db.execute(
            "CREATE TEMP TABLE named AS SELECT value AS ref, party, at_us FROM ours, "
            "json_each('[' || replace(json_quote(refs), ' ', '\",\"') || ']') "
            "WHERE own AND refs <> '' "
            "UNION ALL SELECT '#' || record_id, party, at_us FROM ours WHERE own"
        )
        self._db.execute("CREATE INDEX temp.named_by_ref ON named (ref)")
        self._db.execute(
            """
            WITH found AS (
                SELECT t.rowid AS place, n.party, min(abs(n.at_us - t.at_us))
                FROM theirs t JOIN named n
                    ON n.ref IN (iif(t.ref = '', NULL, t.ref),
                                 iif(t.our_ref = '', NULL, '#' || t.our_ref))
                WHERE t.party NOT IN (SELECT party FROM ours)
                GROUP BY t.rowid)
            UPDATE theirs SET party = found.party, moved = 1
            FROM found WHERE theirs.rowid = found.place
            """
        )
        [(moved,)] = self._db.execute("SELECT changes()")
        self._db.execute("DROP TABLE temp.named")
        return int(moved)

    def delays_us(self) -> list[int]:
        """Their moment less ours, for messages of phones that have as many on either side."""
        [(many,)] = self._db.execute("SELECT count(*) > ? FROM theirs", (SAMPLE_FROM_ROWS,))
        rows = self._db.execute(
            """
            WITH mine AS (
                SELECT party, at_us, count(*) OVER (PARTITION BY party) AS count,
                    row_number() OVER (PARTITION BY party ORDER BY at_us) AS place
                FROM ours WHERE own AND counted AND place > -2 AND party < :below),
            yours AS (
                SELECT party, at_us, count(*) OVER (PARTITION BY party) AS count,
                    row_number() OVER (PARTITION BY party ORDER BY at_us) AS place
                FROM theirs WHERE left_out = '' AND party < :below)
            SELECT yours.at_us - mine.at_us FROM mine JOIN yours USING (party, count, place)
            ORDER BY party, place LIMIT :most
            """,
            {"below": SAMPLE_BELOW if many else ALL_PHONES, "most": SAMPLES_MAX},
        )
        return [delay for (delay,) in rows]

    def covered_us(self, around_us: tuple[int, int]) -> tuple[int, int]:
        """Their first moment and their last, of those in that time: late rows of earlier months
        cover nothing."""
        [(first, last)] = self._db.execute(
            "SELECT coalesce(min(at_us), 0), coalesce(max(at_us), 0) FROM theirs "
            "WHERE left_out <> ? AND at_us BETWEEN ? AND ?",
            (TOLD_EARLIER, *around_us),
        )
        return first, last

    def phones(self) -> Iterator[tuple[list[Ours], list[Theirs]]]:
        """All of each phone that the operator's link or file has, in the order of time."""
        ours, theirs = self._ordered("ours", Ours), self._ordered("theirs", Theirs)
        mine, row = next(ours, None), next(theirs, None)
        while mine is not None or row is not None:
            if mine is None or row is None:
                party = (mine or row).party  # type: ignore[union-attr]  # one of the two is there
            else:
                party = min(mine.party, row.party)
            of_ours: list[Ours] = []
            of_theirs: list[Theirs] = []
            while mine is not None and mine.party == party:
                of_ours.append(mine)
                mine = next(ours, None)
            while row is not None and row.party == party:
                of_theirs.append(row)
                row = next(theirs, None)
            yield of_ours, of_theirs

    def _ordered(self, table: str, kind: Any) -> Iterator[Any]:
        last = kind._fields[4]  # what makes the order whole: the row of theirs
        order = f'party, at_us, "{last}"' if kind is Theirs else "party, at_us, record_id"
        cursor = self._db.execute(f"SELECT * FROM {table} ORDER BY {order}")  # noqa: S608 - names of ours
        while rows := cursor.fetchmany(FETCH_ROWS):
            yield from map(kind._make, rows)

    def keep(self, lines: Iterable[tuple[Class, int, bytes]]) -> None:
        """Lines to be told of a class, each with its moment."""
        self._db.executemany("INSERT INTO told VALUES (?, ?, ?)", lines)

    def keep_bad(self, row: int, line: bytes) -> None:
        """A line to be told of a row that cannot be read."""
        with self._lock:
            self._db.execute("INSERT INTO told VALUES (?, ?, ?)", (_BAD, row, line))

    def kept(self, cls: Class) -> Iterator[bytes]:
        """In the order of time."""
        return self._lines(cls)

    def kept_bad(self) -> Iterator[bytes]:
        """In the order of the file."""
        return self._lines(_BAD)

    def _lines(self, of: str) -> Iterator[bytes]:
        cursor = self._db.execute(
            "SELECT line FROM told WHERE class = ? ORDER BY at_us, line", (of,)
        )
        while rows := cursor.fetchmany(FETCH_ROWS):
            for (line,) in rows:
                yield line

    def close(self) -> None:
        """Whoever still adds is told so by sqlite3.ProgrammingError."""
        with self._lock:
            self._db.close()
