"""What somebody with the journal's file, and without its key, may do to what is sealed: each way as
a function that edits a copy with plain SQL and says what must be told of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from gateway.core.seal import RowKind, leaf, named, names, next_chain, root
from gateway.store.sqlfiles import script
from gateway.store.sqlite_seals import canonical

ENTRY_COLUMNS = (
    "key", "day", "question_id", "link", "operator", "party", "channel", "kind", "amount_tiyn",
    "currency", "vat_bp", "charge_point", "tariff", "result", "reason", "corrects", "parts",
    "at_us",
)  # fmt: skip
RECORD_COLUMNS = (
    "leg_id", "number", "answered_us", "ended_us", "platform_s", "measured_s", "outcome",
    "closed_by", "language", "tariff", "payer", "billable_s", "amount_tiyn", "currency", "vat_bp",
)  # fmt: skip
AUDIT_COLUMNS = ("at_us", "who", "role", "action", "target", "outcome", "detail")
STAFF_COLUMNS = ("at_us", "name", "role", "key_hash", "enabled", "changed_by")
LEG_COLUMNS = ("link", "call_id", "leg", "party", "called", "started_us", "day")

Rows = set[tuple[str, int]]


class Told(NamedTuple):
    """What must be told: these codes and no other, of these and of no other."""

    codes: set[str]
    rows: Rows = set()  # noqa: RUF012  # never changed
    seals: set[int] = set()  # noqa: RUF012  # never changed


Tampering = Callable[["Copy", Random], Told]


class Copy:
    """A journal's file, open to whoever can write it; triggers are as they were afterwards."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.db: sqlite3.Connection

    @contextmanager
    def edited(self) -> Iterator[Copy]:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as self.db:
            triggers = self.all(
                "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name"
            )
            self.db.execute("PRAGMA ignore_check_constraints = ON")
            for trigger, _ in triggers:
                self.db.execute(f"DROP TRIGGER {trigger}")
            self.db.executescript(script("sqlite_sealed"))
            self.db.execute("BEGIN")
            yield self
            for _, sql in triggers:
                self.db.execute(sql)
            self.db.execute("COMMIT")

    def all(self, sql: str, *parameters: object) -> list[Any]:
        return self.db.execute(sql, parameters).fetchall()

    def ids(self, table: str) -> list[int]:
        return [id_ for (id_,) in self.all(f"SELECT id FROM {table} ORDER BY id")]

    def batches(self) -> list[int]:
        return [batch for (batch,) in self.all("SELECT batch FROM seal ORDER BY batch")]

    def change(self, table: str, column: str, id_: int) -> None:
        """To something else that the column can hold."""
        [(kind, old)] = self.all(
            f"SELECT typeof({column}), {column} FROM {table} WHERE id = ?", id_
        )
        if column == "leg":
            new: object = "operator" if old == "caller" else "caller"
        elif kind == "null":
            new = 7 if column.endswith(("_us", "_s")) else "x"
        elif kind == "integer":
            new = old + {"leg_id": 10_000, "number": 2}.get(column, 1)
        else:
            new = f"{old}x"
        self.db.execute("PRAGMA foreign_keys = OFF")
        self.all(f"UPDATE {table} SET {column} = ? WHERE id = ?", new, id_)

    def seal(self, batch: int) -> Any:
        return self.all("SELECT batch, at_us, count, leaves, root, chain FROM seal WHERE batch = ?",
                        batch)[0]  # fmt: skip

    def rows_of(self, batch: int) -> Rows:
        return {(RowKind(kind).word, id_) for kind, id_, _ in named(self.seal(batch)[3])}

    def seal_anew(self, first: int, key: bytes) -> None:
        """All seals from that one on, over the rows as they are now."""
        [(node,)] = self.all("SELECT node FROM sealing")
        before = self.all("SELECT chain FROM seal WHERE batch < ? ORDER BY batch DESC", first)
        chain = before[0][0] if before else bytes(32)
        for batch in [each for each in self.batches() if each >= first]:
            _, at_us, _, leaves, _, _ = self.seal(batch)
            listed, hashes = b"", []
            for kind, id_, _ in named(leaves):
                view = {1: "entry", 2: "record", 3: "audit", 5: "staff"}[kind]
                for (row,) in self.all(f"SELECT CAST(row AS BLOB) FROM sealed_{view} WHERE id = ?",
                                       id_):  # fmt: skip
                    hashes.append(leaf(canonical(row)[0]))
                    listed += names(kind, [id_], hashes[-1:])
            top = root(hashes)
            chain = next_chain(key, node, chain, batch, at_us, len(hashes), top)
            self.all("UPDATE seal SET count = ?, leaves = ?, root = ?, chain = ? WHERE batch = ?",
                     len(hashes), listed, top, chain, batch)  # fmt: skip


# -- rows


def field_of(table: str, column: str) -> Tampering:
    def tamper(copy: Copy, chance: Random) -> Told:
        id_ = chance.choice(copy.ids(table))
        rows = {(table, id_)}
        if table == "call_leg":
            rows = {("call_record", record) for (record,) in
                    copy.all("SELECT id FROM call_record WHERE leg_id = ?", id_)}  # fmt: skip
        copy.change(table, column, id_)
        return Told({"row_changed"}, rows)

    return tamper


def removed(table: str) -> Tampering:
    def tamper(copy: Copy, chance: Random) -> Told:
        id_ = chance.choice(copy.ids(table))
        copy.all(f"DELETE FROM {table} WHERE id = ?", id_)
        return Told({"row_missing"}, {(table, id_)})

    return tamper


def entry_added(copy: Copy, chance: Random) -> Told:
    """A credit such as an accountant books, after all others or below them."""
    id_ = chance.choice([max(copy.ids("entry")) + chance.randint(1, 9), 0, -chance.getrandbits(62)])
    of = chance.choice(copy.all("SELECT id FROM entry WHERE kind = 'charged'"))[0]
    copy.all(
        "INSERT INTO entry SELECT ?, 'credited:' || question_id || ':case.x', day, question_id, "
        "link, operator, party, channel, 'credited', -500, currency, vat_bp, charge_point, tariff, "
        "result, 'case.x', key, parts, at_us + 1 FROM entry WHERE id = ?", id_, of,
    )  # fmt: skip
    return Told({"row_unsealed"}, {("entry", id_)})


def record_added(copy: Copy, chance: Random) -> Told:
    """The platform's seconds, for a leg that has none so far."""
    of = chance.choice(copy.all(
        "SELECT id FROM call_record GROUP BY leg_id HAVING max(number) = 0"))[0]  # fmt: skip
    id_ = of + chance.randint(5, 900)
    copy.all(
        "INSERT INTO call_record SELECT ?, leg_id, 1, answered_us, ended_us, 61, measured_s, "
        "outcome, closed_by, language, tariff, payer, 61, 9900, currency, vat_bp "
        "FROM call_record WHERE id = ?", id_, of,
    )  # fmt: skip
    return Told({"row_unsealed"}, {("call_record", id_)})


def swapped(table: str) -> Tampering:
    def tamper(copy: Copy, chance: Random) -> Told:
        one, other = chance.sample(copy.ids(table), 2)
        for old, new in ((one, -5), (other, one), (-5, other)):
            copy.all(f"UPDATE {table} SET id = ? WHERE id = ?", new, old)
        return Told({"row_moved"}, {(table, one), (table, other)})

    return tamper


def renumbered(copy: Copy, chance: Random) -> Told:
    id_ = chance.choice(copy.ids("entry"))
    new = max(copy.ids("entry")) + 1
    copy.all("UPDATE entry SET id = ? WHERE id = ?", new, id_)
    return Told({"row_moved", "row_missing"}, {("entry", id_), ("entry", new)})


def sums_swapped(copy: Copy, chance: Random) -> Told:
    one = chance.choice(copy.all("SELECT id FROM entry WHERE kind = 'charged'"))[0]
    other = chance.choice(copy.all("SELECT id FROM entry WHERE kind = 'credited'"))[0]
    [(first,)], [(second,)] = (
        copy.all("SELECT amount_tiyn FROM entry WHERE id = ?", id_) for id_ in (one, other)
    )
    for id_, amount in ((one, second), (other, first)):
        copy.all("UPDATE entry SET amount_tiyn = ? WHERE id = ?", amount, id_)
    return Told({"row_changed"}, {("entry", one), ("entry", other)})


def hidden_in_the_list(copy: Copy, chance: Random) -> Told:
    """A row changed, and its name in the seal with it."""
    batch = chance.choice(
        [each for each in copy.batches() if copy.seal(each)[3][0] == RowKind.ENTRY]
    )
    _, id_, head = next(iter(named(copy.seal(batch)[3])))
    copy.all("UPDATE entry SET amount_tiyn = 1 WHERE id = ?", id_)
    [(row,)] = copy.all("SELECT CAST(row AS BLOB) FROM sealed_entry WHERE id = ?", id_)
    leaves = copy.seal(batch)[3].replace(head, leaf(canonical(row)[0])[:8])
    copy.all("UPDATE seal SET leaves = ? WHERE batch = ?", leaves, batch)
    return Told({"seal_rows"}, seals={batch})


# -- seals


def seal_field(column: str) -> Tampering:
    def tamper(copy: Copy, chance: Random) -> Told:
        batch = chance.choice(copy.batches())
        [(old,)] = copy.all(f"SELECT {column} FROM seal WHERE batch = ?", batch)
        if isinstance(old, bytes):
            place = chance.randrange(len(old))
            new: object = (
                old[:place] + bytes([old[place] ^ 1 << chance.randrange(8)]) + old[place + 1 :]
            )
        else:
            new = old + chance.choice([-1, 1, 1000, -(1 << 62)])
        copy.all(f"UPDATE seal SET {column} = ? WHERE batch = ?", new, batch)
        return Told({"seal_changed"}, seals={batch})

    return tamper


def seal_renumbered(copy: Copy, chance: Random) -> Told:
    batch = chance.choice(copy.batches())
    new = chance.choice(
        [
            max(copy.batches()) + 9,
            -batch,
            *(set(range(1, max(copy.batches()))) - set(copy.batches())),
        ]
    )
    copy.all("UPDATE seal SET batch = ? WHERE batch = ?", new, batch)
    return Told({"seal_changed"}, seals={new})


def list_cut(copy: Copy, chance: Random) -> Told:
    batch = chance.choice(copy.batches())
    leaves = copy.seal(batch)[3]
    cut = chance.choice([leaves[:-17], leaves[:-1], leaves[17:], b"", leaves + leaves[:17]])
    copy.all("UPDATE seal SET leaves = ? WHERE batch = ?", cut, batch)
    return Told({"seal_changed"}, seals={batch})


def seal_removed(copy: Copy, chance: Random) -> Told:
    """One that was made for entries, whose places tell where it was; others are named apart."""
    batches = copy.batches()
    place = chance.choice([n for n, each in enumerate(batches[:-1])
                           if any(kind == "entry" for kind, _ in copy.rows_of(each))])  # fmt: skip
    others = {row for row in copy.rows_of(batches[place]) if row[0] != "entry"}
    copy.all("DELETE FROM seal WHERE batch = ?", batches[place])
    codes = {"seal_missing"} | ({"row_unsealed"} if others else set())
    return Told(codes, others, {batches[place + 1]})


def seal_without_entries_removed(copy: Copy, chance: Random) -> Told:
    batches = copy.batches()
    place = chance.choice(
        [
            n
            for n, each in enumerate(batches[:-1])
            if not any(kind == "entry" for kind, _ in copy.rows_of(each))
        ]
    )
    rows = copy.rows_of(batches[place])
    copy.all("DELETE FROM seal WHERE batch = ?", batches[place])
    return Told({"seal_changed", "row_unsealed"}, rows, {batches[place + 1]})


def seal_added(copy: Copy, chance: Random) -> Told:
    """With a credit of somebody's own, between two seals; without the key."""
    batches = copy.batches()
    batch = chance.choice([n for n in range(1, batches[-1]) if n not in batches and n > batches[0]])
    told = entry_added(copy, chance)
    ((_, id_),) = told.rows
    if id_ < 1:
        copy.all("DELETE FROM entry WHERE id = ?", id_)
        id_ = max(copy.ids("entry"))
    [(row,)] = copy.all("SELECT CAST(row AS BLOB) FROM sealed_entry WHERE id = ?", id_)
    hashed = leaf(canonical(row)[0])
    at_us = copy.seal(max(each for each in batches if each < batch))[1]
    chain = chance.randbytes(32)
    copy.all("INSERT INTO seal VALUES (?, ?, 1, ?, ?, ?)",
             batch, at_us, names(1, [id_], [hashed]), root([hashed]), chain)  # fmt: skip
    return Told({"seal_added"}, seals={batch})


def seals_swapped(copy: Copy, chance: Random) -> Told:
    one, other = chance.sample(copy.batches(), 2)
    for old, new in ((one, -5), (other, one), (-5, other)):
        copy.all("UPDATE seal SET batch = ? WHERE batch = ?", new, old)
    return Told({"seal_moved"}, seals={one, other})


def tail_cut(copy: Copy, chance: Random) -> Told:
    """The last seals, with all that they were made for."""
    batches = copy.batches()
    for batch in batches[chance.randrange(1, len(batches)) :]:
        for kind, id_ in copy.rows_of(batch):
            copy.all(f"DELETE FROM {kind} WHERE id = ?", id_)
        copy.all("DELETE FROM seal WHERE batch = ?", batch)
    return Told({"seals_cut"}, seals={batches[-1]})


def sealed_by_another(copy: Copy, chance: Random) -> Told:
    """A sum changed, and all sealed anew from there; without the key."""
    batches = copy.batches()
    place = chance.randrange(1, len(batches))
    while not any(kind == "entry" for kind, _ in copy.rows_of(batches[place])):
        place = chance.randrange(1, len(batches))
    id_ = min(id_ for kind, id_ in copy.rows_of(batches[place]) if kind == "entry")
    copy.all("UPDATE entry SET amount_tiyn = amount_tiyn + 1 WHERE id = ?", id_)
    copy.seal_anew(batches[place], b"another key")
    codes = {"seal_changed", "seals_cut"} | (
        {"seal_unproven"} if place + 1 < len(batches) else set()
    )
    return Told(codes, seals={*batches[place:], batches[-1]})


EACH_FIELD = {
    f"{table}.{column}": field_of(table, column)
    for table, columns in (
        ("entry", ENTRY_COLUMNS), ("call_record", RECORD_COLUMNS), ("call_leg", LEG_COLUMNS),
        ("audit", AUDIT_COLUMNS), ("staff", STAFF_COLUMNS),
    )
    for column in columns
}  # fmt: skip
OTHERS: dict[str, Tampering] = {
    "entry removed": removed("entry"),
    "record removed": removed("call_record"),
    "act removed": removed("audit"),
    "person removed": removed("staff"),
    "entry added": entry_added,
    "record added": record_added,
    "entries swapped": swapped("entry"),
    "records swapped": swapped("call_record"),
    "entry renumbered": renumbered,
    "sums swapped": sums_swapped,
    "row and its name": hidden_in_the_list,
    **{
        f"seal.{column}": seal_field(column)
        for column in ("at_us", "count", "leaves", "root", "chain")
    },
    "seal renumbered": seal_renumbered,
    "list cut": list_cut,
    "seal removed": seal_removed,
    "seal without entries removed": seal_without_entries_removed,
    "seal added": seal_added,
    "seals swapped": seals_swapped,
    "tail cut": tail_cut,
    "sealed by another": sealed_by_another,
}
