"""The registry's file: made, opened, refused; and what it tells staff."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from lookup.feed.row import Row, row_of
from lookup.registry.importing import import_bodies, import_tickets
from lookup.registry.merge import Change
from lookup.registry.source import Registry
from lookup.registry.sql import KINDS_OF_SEVERAL
from lookup.registry.sqlite import (
    MIGRATIONS,
    PAGE_OCTETS,
    RegistryBusyError,
    RegistryError,
    RegistryMissingError,
    open_reader,
    reader,
)
from lookup.registry.write import Progress, RegistryWriter
from lookup.source import SourceUnavailableError
from lookup.status import Wanted
from tests.support.feed import BODIES, PHONE, appeal, hash_phone, write_bodies, write_feed

INNER_PAGE = b"\x05"  # how an inner page of a table begins
AN_APPEAL = Wanted("750100000000431215", ("appeal",))


async def made(path: Path) -> Path:
    await (await Registry.open(path, create=True)).close()
    return path


async def refusal(path: Path, **more: bool) -> str:
    with pytest.raises(RegistryError) as refused:
        await Registry.open(path, **more)
    assert str(path) in str(refused.value)
    return str(refused.value)


async def test_a_path_mistyped_does_not_become_an_empty_registry(tmp_path: Path) -> None:
    path = tmp_path / "tickets.db"
    with pytest.raises(RegistryMissingError, match="jauap tickets import"):
        await Registry.open(path)
    assert not path.exists()


async def test_a_new_registry_is_empty_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "a folder, 100%?#" / "tickets.db"
    path.parent.mkdir()
    registry = await Registry.open(path, create=True)
    try:
        assert await registry.find_many([AN_APPEAL]) == {}
        assert (await registry.stats()).tickets == 0
        for file in path.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
    finally:
        await registry.close()
    assert path.exists()


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert "make the folder" in await refusal(tmp_path / "absent" / "tickets.db", create=True)


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tickets.db"
    path.write_bytes(b"kind,number,status\n" * 100)
    assert "not a database" in await refusal(path, create=True)


async def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    assert "something else" in await refusal(path, create=True)
    assert path.read_bytes() == before


async def test_a_registry_of_a_newer_release_is_refused_by_its_migration(tmp_path: Path) -> None:
    path = await made(tmp_path / "tickets.db")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO _yoyo_migration (migration_hash, migration_id)"
            " VALUES ('x', '9999_from_the_future')"
        )
    assert "9999_from_the_future" in await refusal(path)


async def test_opening_again_changes_no_schema(tmp_path: Path) -> None:
    path = await made(tmp_path / "tickets.db")
    await made(path)
    with closing(sqlite3.connect(path)) as connection:
        applied = connection.execute("SELECT migration_id FROM _yoyo_migration").fetchall()
    assert {row[0] for row in applied} == {file.stem for file in MIGRATIONS.glob("*.sql")}


async def test_it_opens_while_an_import_writes_but_a_schema_change_waits(tmp_path: Path) -> None:
    path = await made(tmp_path / "tickets.db")
    first = await Registry.open(path)
    try:
        async with first.writer() as writer:
            async with writer.transaction():
                await (await Registry.open(path)).close()
            with closing(sqlite3.connect(path)) as connection, connection:
                connection.execute("DELETE FROM _yoyo_migration")
            async with writer.transaction():
                with pytest.raises(RegistryBusyError):
                    await Registry.open(path)
    finally:
        await first.close()


async def test_a_reader_cannot_write(tmp_path: Path) -> None:
    reader = await open_reader(await made(tmp_path / "tickets.db"))
    try:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await reader.execute_fetchall("DELETE FROM ticket")
    finally:
        await reader.close()


async def test_a_batch_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    row = row_of(appeal(), hash_phone)
    registry = await Registry.open(tmp_path / "tickets.db", create=True)
    try:
        async with registry.writer() as writer:
            with pytest.raises(RuntimeError, match="half way"):
                await fail_half_way(writer, row)
            assert await writer.stored([row.ticket.number]) == []
            assert await writer.progress("f") is None
            assert await writer.put([row], 1) == [Change.ADDED]
            (stored,) = await writer.stored([row.ticket.number])
            assert stored.key == row.key
        stats = await registry.stats()
        assert (stats.tickets, stats.events) == (1, 2)
    finally:
        await registry.close()


async def fail_half_way(writer: RegistryWriter, row: Row) -> None:
    async with writer.transaction():
        await writer.put([row], 1)
        await writer.keep(Progress("f", "n", 0, 0, "{}"))
        raise RuntimeError("half way")


async def test_a_registry_damaged_while_open_is_unavailable_not_empty(tmp_path: Path) -> None:
    path = await made(tmp_path / "tickets.db")
    registry = await Registry.open(path)
    try:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DROP TABLE ticket")
        with pytest.raises(SourceUnavailableError, match="no such table"):
            await registry.find_many([AN_APPEAL])
        assert not (await registry.health()).answering
    finally:
        await registry.close()


async def test_it_goes_by_the_name_and_kinds_it_is_given(tmp_path: Path) -> None:
    kinds = frozenset({"appeal"})
    registry = await Registry.open(tmp_path / "t.db", name="aikyn", kinds=kinds, create=True)
    try:
        feed = write_feed(tmp_path / "feed.ndjson", appeal(source_system=None))
        await import_tickets(registry, [feed], hash_phone=hash_phone)
        answers = await registry.find_many([AN_APPEAL])
        assert answers[AN_APPEAL][0].source == registry.name == "aikyn"
        assert registry.kinds == kinds
    finally:
        await registry.close()


async def test_staff_see_a_ticket_with_its_whole_path(tmp_path: Path) -> None:
    registry = await Registry.open(tmp_path / "tickets.db", create=True)
    try:
        await import_bodies(registry, write_bodies(tmp_path / "bodies.json", *BODIES))
        feed = write_feed(tmp_path / "feed.ndjson", appeal(), appeal(kind="fine"))
        await import_tickets(registry, [feed], hash_phone=hash_phone)
        tickets = await registry.show(AN_APPEAL.number)
        assert await registry.show("1") == ()
        assert await registry.show("9" * 5_000) == (), "more digits than Python reads as a number"
    finally:
        await registry.close()
    assert {ticket.record.kind for ticket in tickets} == {"appeal", "fine"}
    ticket = tickets[0]
    assert ticket.record.body is not None
    assert (ticket.sensitivity, ticket.created_at) == ("personal", "2026-10-05T12:00:00+05:00")
    assert [(step.seq, step.at, step.from_body, step.to_body) for step in ticket.events] == [
        (1, "2026-10-05T12:00:00+05:00", None, "almaty-akimat"),
        (2, "2026-10-20T12:00:00+05:00", "almaty-akimat", "tax-shymkent"),
    ]


async def test_a_stored_ticket_that_cannot_be_read_silences_no_other(tmp_path: Path) -> None:
    path = await made(tmp_path / "tickets.db")
    broken, good, absent = (Wanted(f"{n:018d}", ("appeal",)) for n in (1, 2, 3))
    feed = write_feed(tmp_path / "f.ndjson", *(appeal(number=f"{n:018d}") for n in (1, 2)))
    registry = await Registry.open(path)
    try:
        await import_tickets(registry, [feed], hash_phone=hash_phone)
        with closing(sqlite3.connect(path)) as by_hand, by_hand:
            by_hand.execute("UPDATE ticket SET told = '[1' WHERE number = ?", (broken.number,))
        with pytest.raises(SourceUnavailableError) as refused:
            await registry.find_many([broken, good, absent])
        assert refused.value.alive
        answered = refused.value.answered
        assert set(answered) == {good, absent}
        assert [ticket.number for ticket in answered[good]] == [good.number]
        assert answered[absent] == ()
    finally:
        await registry.close()


async def test_a_service_has_what_leads_to_its_tickets_in_memory_before_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Path, int, bytes]] = []

    async def read_ahead(path: Path, page_octets: int, root: int) -> bool:
        start = (root - 1) * page_octets
        asked.append((path, page_octets, path.read_bytes()[start : start + 1]))
        return True

    monkeypatch.setattr("lookup.registry.source.read_ahead", read_ahead)
    path = tmp_path / "tickets.db"
    registry = await Registry.open(path, create=True)
    try:
        await import_tickets(
            registry,
            [
                write_feed(
                    tmp_path / "feed.ndjson", *(appeal(number=f"{n:018d}") for n in range(500))
                )
            ],
            hash_phone=hash_phone,
        )
    finally:
        await registry.close()
    registry = await Registry.open(path)
    try:
        assert await registry.read_ahead()
    finally:
        await registry.close()
    assert asked == [(path, PAGE_OCTETS, INNER_PAGE)]


async def test_a_stored_ticket_that_cannot_be_read_is_named_to_staff(
    tmp_path: Path,
) -> None:
    path = await made(tmp_path / "tickets.db")
    feed = write_feed(tmp_path / "f.ndjson", appeal())
    registry = await Registry.open(path)
    try:
        await import_tickets(registry, [feed], hash_phone=hash_phone)
        with closing(sqlite3.connect(path)) as by_hand, by_hand:
            by_hand.execute("UPDATE ticket SET kept = '[1'")
        write_feed(feed, appeal(due_on="2026-12-30"))
        with pytest.raises(RegistryError, match=rf"{AN_APPEAL.number}.*restore"):
            await import_tickets(registry, [feed], hash_phone=hash_phone)
        with pytest.raises(RegistryError, match=rf"{AN_APPEAL.number}.*restore"):
            await registry.show(AN_APPEAL.number)
        async with registry.writer() as writer:
            with pytest.raises(RegistryError, match=rf"{AN_APPEAL.number}.*restore"):
                await writer.stored([AN_APPEAL.number])
    finally:
        await registry.close()


async def test_what_a_later_line_replaces_is_overwritten(tmp_path: Path) -> None:
    path = await made(tmp_path / "tickets.db")
    many = [appeal(number=f"{n:018d}", owner_phones=[]) for n in range(500)]
    owner = hash_phone(PHONE.removeprefix("+")).encode()
    # So long that the next row does not cover all of it.
    many[250] |= {"owner_phones": [PHONE], "applicant": "A" * 1_000}
    for number, there in enumerate((True, False)):
        registry = await Registry.open(path)
        try:
            feed = write_feed(tmp_path / f"{number}.ndjson", *many)
            await import_tickets(registry, [feed], hash_phone=hash_phone)
        finally:
            await registry.close()
        assert not path.with_name(f"{path.name}-wal").exists(), "all is in the file"
        assert (owner in path.read_bytes()) is there
        many[250] |= {"owner_phones": [], "applicant": ""}


async def test_kinds_of_several_systems_are_found_among_any_number_of_systems(
    tmp_path: Path,
) -> None:
    async with reader(await made(tmp_path / "tickets.db")) as connection:
        plan = await connection.execute_fetchall(
            f"EXPLAIN QUERY PLAN {KINDS_OF_SEVERAL}", ('["fine"]',)
        )
    steps = [row[3] for row in plan]
    assert sum("SEARCH tally USING PRIMARY KEY (kind=?)" in step for step in steps) == 2, steps
    assert not any("SCAN tally" in step for step in steps)
