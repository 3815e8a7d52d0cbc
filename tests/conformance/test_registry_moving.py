"""A registry of the first schema, with tickets in it, is taken over whole."""

from __future__ import annotations

import json
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
from lookup.registry.sql import ADD_MANY
from lookup.registry.sqlite import MIGRATIONS, RegistryError
from lookup.registry.stored import stored
from lookup.registry.wire import Told
from lookup.status import Wanted
from tests.support.feed import appeal, event, fine, hash_phone, inspection, write_feed
from tests.support.tallied import assert_tallied

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

TERM = Told._fields.index("term")
SECRET_AT = Told._fields.index("secret")


def made(path: Path, last: str) -> None:
    """An empty file of the release whose last migration this was."""
    path.touch()
    backend = yoyo.get_backend(f"sqlite:///{path}")
    known = [each for each in yoyo.read_migrations(str(MIGRATIONS)) if each.id <= last]
    backend.apply_migrations(yoyo.migrations.MigrationList(known))
    backend.connection.close()


def first_schema(path: Path) -> Path:
    """A file as the first release left it."""
    made(path, "0001_registry")
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
    for step in row.events:
        marks = ", ".join("?" * (len(step) + 1))
        connection.execute(
            f"INSERT INTO event (ticket_id, {', '.join(EventRow._fields)}) VALUES ({marks})",
            (cursor.lastrowid, *step),
        )


def uncounted(path: Path) -> Path:
    """A file as it was before its tickets were counted with each batch."""
    made(path, "0003_feeds")
    tickets = (*TICKETS, appeal(source_system="eotinish", status_at="2026-11-01", deleted=True))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executemany(ADD_MANY, [stored(row_of(values, hash_phone)) for values in tickets])
        connection.execute("UPDATE ticket SET path = '[1' WHERE kind = 'fine'")  # by hand
    return path


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
    assert_tallied(tmp_path / "tickets.db")


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


async def test_tickets_stored_before_they_were_counted_are_counted_when_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = uncounted(tmp_path / "tickets.db")
    monkeypatch.setattr(moving, "COUNTED_PER_BATCH", 7)
    real, batches = moving._count_batch, 0

    def cut(connection: sqlite3.Connection, after: int) -> None:
        nonlocal batches
        batches += 1
        real(connection, after)
        if batches == 3:
            raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(moving, "_count_batch", cut)
    with pytest.raises(RegistryError, match="free space"):
        await Registry.open(path)
    registry = await Registry.open(path)
    try:
        stats = await registry.stats()
        assert (stats.tickets, stats.deleted, stats.events) == (len(TICKETS), 1, 4)
        assert dict(stats.by_system) == {"": 1, "aikyn": 31, "erap": 1}
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("UPDATE ticket SET path = NULL WHERE path = '[1'")
        assert_tallied(path)
        report = await import_tickets(
            registry,
            [write_feed(tmp_path / "feed.ndjson", fine(source_system="aissoip"), *TICKETS[:1])],
            hash_phone=hash_phone,
        )
        assert (report.added, report.conflicts, report.unchanged) == (1, 1, 1)
        assert_tallied(path)
    finally:
        await registry.close()
    assert batches < 20, "what is counted is not counted again"
    assert not moving.to_move(path.as_uri())


async def test_what_an_older_release_stored_is_told_as_this_one_tells_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "COUNTED_PER_BATCH", 2)
    secret = appeal(number="10000001", sensitivity="secret", events=[])
    extended = appeal(
        number="10000002",
        due_on=None,
        forward_count=None,
        events=[
            event(1, "2026-10-05", "extended") | {"due_on_after": "2026-12-01"},
            event(2, "2026-10-08", "forwarded", "akimat", "tax"),
        ],
    )
    path = tmp_path / "tickets.db"
    made(path, "0003_feeds")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for values in (secret, extended, appeal(number="10000003", sensitivity="secret")):
            row = row_of(values, hash_phone)
            told = json.loads(stored(row).told)
            if values is extended:  # whoever had granted it
                told[TERM][1] = "2026-12-01"
            else:
                told = told[:SECRET_AT]
            connection.execute(ADD_MANY, stored(row)._replace(told=json.dumps(told), digest=0))
        damaged = "UPDATE ticket SET kept = '[\"secret\"' WHERE number = '10000003'"
        connection.execute(damaged)
    registry = await Registry.open(path)
    try:
        wanted = [Wanted(each["number"], ("appeal",)) for each in (secret, extended)]
        found = await registry.find_many(wanted)
        assert found[wanted[0]][0].secret
        (told_of,) = found[wanted[1]]
        assert told_of.term is not None
        assert told_of.term.extended_to is None
        feed = write_feed(tmp_path / "feed.ndjson", secret, extended)
        report = await import_tickets(registry, [feed], hash_phone=hash_phone)
        assert (report.unchanged, report.events) == (2, 0)
        assert_tallied(path)
    finally:
        await registry.close()
