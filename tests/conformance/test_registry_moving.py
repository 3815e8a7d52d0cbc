"""A registry of the first schema, with tickets in it, is taken over whole."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yoyo

from lookup.feed.row import EventRow, row_of
from lookup.registry import moving
from lookup.registry.importing import import_tickets
from lookup.registry.source import Registry
from lookup.registry.sqlite import MIGRATIONS, RegistryError
from lookup.status import Wanted
from tests.support.feed import appeal, fine, hash_phone, inspection, write_feed

TICKETS = (
    appeal(other_bodies=["a", "ә"], clerk="A"),
    fine(),
    inspection(source_system=None),
    *(appeal(number=str(number), events=[]) for number in range(10_000_000, 10_000_030)),
)
COLUMNS = (
    "number, kind, number_shown, source_system, status, status_at, status_us, created_at,"
    " first_filed_at, body_id, other_bodies, due_on, due_basis, forward_count, extended_count,"
    " parent_id, owner_hashes, owner_lang, intake, answer_via, sensitivity, fine, inspection, extra"
)


def first_schema(path: Path) -> Path:
    """A file as the first release left it."""
    path.touch()
    backend = yoyo.get_backend(f"sqlite:///{path}")
    first = [each for each in yoyo.read_migrations(str(MIGRATIONS)) if each.id.startswith("0001")]
    backend.apply_migrations(yoyo.migrations.MigrationList(first))
    backend.connection.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("INSERT INTO body VALUES ('b', '1', NULL, '', 1, NULL, '{}','{}','{}')")
        for values in TICKETS:
            insert(connection, values)
    return path


def insert(connection: sqlite3.Connection, values: dict[str, Any]) -> None:
    row = row_of(values, hash_phone)
    # The first release wrote its JSON with spaces.
    ticket = [
        each.replace('":', '": ') if isinstance(each, str) and each.startswith("{") else each
        for each in row.ticket[: COLUMNS.count(",") + 1]
    ]
    marks = ", ".join("?" * (len(ticket) + 1))
    cursor = connection.execute(
        f"INSERT INTO ticket ({COLUMNS}, digest) VALUES ({marks})",
        (*ticket, 0),
    )
    for event in row.events:
        marks = ", ".join("?" * (len(event) + 1))
        connection.execute(
            f"INSERT INTO event (ticket_id, {', '.join(EventRow._fields)}) VALUES ({marks})",
            (cursor.lastrowid, *event),
        )


async def test_tickets_steps_and_bodies_survive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "TICKETS_PER_BATCH", 7)
    registry = await Registry.open(first_schema(tmp_path / "tickets.db"))
    try:
        stats = await registry.stats()
        assert (stats.tickets, stats.events, stats.bodies) == (len(TICKETS), 2, 1)
        wanted = Wanted(appeal()["number"], ("appeal",))
        (ticket,) = (await registry.find_many([wanted]))[wanted]
        assert (ticket.first_filed_on, ticket.other_bodies) == (date(2026, 10, 3), 2)
        (shown,) = await registry.show(wanted.number)
        assert shown.unknown_fields == ("clerk",)
        assert [step.stage for step in shown.events] == ["registered", "forwarded"]
        report = await import_tickets(
            registry, [write_feed(tmp_path / "feed.ndjson", *TICKETS)], hash_phone=hash_phone
        )
        assert (report.unchanged, report.events) == (len(TICKETS), 0)
    finally:
        await registry.close()
    with closing(sqlite3.connect(tmp_path / "tickets.db")) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    assert not any(name.endswith("_0001") for name in tables)


async def test_a_move_cut_off_goes_on_at_the_next_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = first_schema(tmp_path / "tickets.db")
    monkeypatch.setattr(moving, "TICKETS_PER_BATCH", 7)
    real, batches = moving.stored, 0

    def cut(row: Any) -> Any:
        nonlocal batches
        batches += 1
        if batches == 20:
            raise sqlite3.OperationalError("database or disk is full")
        return real(row)

    monkeypatch.setattr(moving, "stored", cut)
    with pytest.raises(RegistryError, match="free space"):
        await Registry.open(path)
    monkeypatch.setattr(moving, "stored", real)
    registry = await Registry.open(path)
    try:
        stats = await registry.stats()
        assert (stats.tickets, stats.events) == (len(TICKETS), 2)
    finally:
        await registry.close()


async def test_tickets_of_one_place_are_moved_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = first_schema(tmp_path / "tickets.db")
    real = moving.stored
    monkeypatch.setattr(moving, "stored", lambda row: real(row)._replace(id=256))
    registry = await Registry.open(path)
    try:
        assert (await registry.stats()).tickets == len(TICKETS)
    finally:
        await registry.close()
