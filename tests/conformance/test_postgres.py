"""The PostgreSQL source against a real server: what goes wrong there, and what comes of it.

What every source must do stands in test_sources.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lookup import postgres
from lookup.foreign.mapping import FieldMap
from lookup.foreign.record import Foreign
from lookup.postgres import PostgresSettings, PostgresSource
from lookup.source import Answers, SourceUnavailableError
from lookup.status import FineFacts, TicketRecord, Wanted
from tests.support import far_service
from tests.support.certificates import Authority
from tests.support.feed import directory, hash_phone
from tests.support.foreign.program import free_ports
from tests.support.postgres import Database, PostgresServer, own_server, shared

PATIENCE_S = 10.0
NUMBERS = ("197500000000001", "197500000000002")
FIRST, SECOND = (Wanted(number, ("fine",)) for number in NUMBERS)

TABLE = """
CREATE TABLE fines (
    number text, status text, status_at timestamptz, sum numeric(14, 2), paid boolean, since date
);
CREATE VIEW jauap_tickets AS SELECT * FROM fines;
"""
MAP = {
    "fields": {
        "number": "number",
        "status": "status",
        "status_at": "status_at",
        "fine.amount": "sum",
        "fine.bailiff_since": "since",
    },
    "defaults": {"kind": "fine"},
}


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    async with shared.get().database() as made:
        await made.run(TABLE)
        await fill(made)
        yield made


async def fill(database: Database, numbers: Sequence[str] = NUMBERS) -> None:
    await database.run(
        "".join(
            f"INSERT INTO fines VALUES ('{number}', 'unpaid', '2026-10-01T12:00:00+05:00', 19660,"
            " false, NULL);"
            for number in numbers
        )
    )


@asynccontextmanager
async def opened(
    dsn: str, table: dict[str, Any] | None = None, **settings: Any
) -> AsyncIterator[PostgresSource]:
    foreign = Foreign(
        name="fines",
        kinds=frozenset({"fine"}),
        fields=FieldMap.from_table(table or MAP, "fines.toml"),
        find_body=directory().get,
        hash_phone=hash_phone,
    )
    stated = {"dsn": dsn, "view": "jauap_tickets", "statement_timeout_ms": 5_000} | settings
    source = await PostgresSource.open(PostgresSettings(**stated), foreign)
    try:
        yield source
    finally:
        await source.close()


async def find(source: PostgresSource, *wanted: Wanted) -> Answers:
    async with asyncio.timeout(PATIENCE_S):
        return await source.find_many(wanted or (FIRST,))


async def silence(source: PostgresSource, *wanted: Wanted) -> SourceUnavailableError:
    with pytest.raises(SourceUnavailableError) as silent:
        await find(source, *wanted)
    return silent.value


async def only(source: PostgresSource) -> TicketRecord:
    (ticket,) = (await find(source))[FIRST]
    return ticket


async def connections(database: Database) -> list[Any]:
    """Ours, at the server."""
    return await database.rows(
        "SELECT pid, state FROM pg_stat_activity WHERE application_name = 'jauap'"
        " AND datname = current_database()"
    )


# -- what it reads


async def test_columns_of_every_type_come_as_the_map_takes_them(database: Database) -> None:
    await database.run(
        """
        CREATE TYPE state AS ENUM ('unpaid', 'paid');
        CREATE DOMAIN ticket_number AS text;
        DROP VIEW jauap_tickets;
        CREATE VIEW jauap_tickets AS SELECT
            '197500000000001'::ticket_number AS number, 'unpaid'::state AS status,
            '2026-10-01T20:30:00+00:00'::timestamptz AS status_at,
            '2026-09-30T01:02:03'::timestamp AS created_at, 19660.00::numeric(14, 2) AS sum,
            9830::bigint AS paid_sum, '2026-10-28'::date AS since,
            ARRAY['+7 701 000 00 12', '87010000013'] AS phones,
            '{"office": {"code": "almaty-akimat"}, "path": [
                {"id": 7, "day": "2026-10-01", "what": "forwarded"}]}'::jsonb AS more,
            true AS contested, point(1, 2) AS place, 'infinity'::timestamptz AS never
        """
    )
    table = {
        "fields": {
            **MAP["fields"],
            "created_at": "created_at",
            "fine.paid_amount": "paid_sum",
            "fine.conflict": "contested",
            "owner_phones": "phones",
            "body_id": "more.office.code",
        },
        "events": {
            "path": "more.path",
            "fields": {"source_event_id": "id", "at": "day", "stage": "what"},
        },
    }
    async with opened(database.dsn, table) as source:
        ticket = await only(source)
    assert ticket.fine == FineFacts(
        amount=19660, paid_amount=9830, bailiff_since=date(2026, 10, 28)
    )
    assert (ticket.status_on, ticket.created_on) == (date(2026, 10, 2), date(2026, 9, 30))
    assert ticket.owner_hashes == (hash_phone("77010000012"), hash_phone("77010000013"))
    assert ticket.body is not None
    assert ticket.body.id == "almaty-akimat"
    assert [forward.on for forward in ticket.forwards] == [date(2026, 10, 1)]
    assert ticket.conflict == "paid_but_enforced"


async def test_only_the_columns_that_the_map_names_are_read(database: Database) -> None:
    """What is not ours to know stays there: a role without the right to it suffices."""
    await database.run(
        "ALTER TABLE fines ADD COLUMN name text;"
        " CREATE OR REPLACE VIEW jauap_tickets AS SELECT * FROM fines;"
        f" DROP ROLE IF EXISTS reader_{database.name}; CREATE ROLE reader_{database.name} LOGIN;"
        " GRANT SELECT (number, status, status_at, sum, since) ON jauap_tickets"
        f" TO reader_{database.name}"
    )
    try:
        dsn = database.server.dsn(database.name, f"reader_{database.name}")
        async with opened(dsn) as source:
            assert (await only(source)).number == FIRST.number
        more = {**MAP, "fields": {**MAP["fields"], "body_id": "name"}}
        async with opened(dsn, more) as source:
            assert "permission denied" in (await silence(source)).reason
    finally:
        await database.run(f"DROP OWNED BY reader_{database.name}")
        await database.run(f"DROP ROLE reader_{database.name}")


async def test_names_are_taken_letter_for_letter(database: Database) -> None:
    odd = 'Tickets "; DROP TABLE fines; --'
    doubled = odd.replace('"', '""')
    await database.run(
        f'CREATE SCHEMA "Odd Schema"; CREATE VIEW "Odd Schema"."{doubled}" AS'
        ' SELECT number AS "№ of it", status FROM fines'
    )
    table = {"fields": {"number": "№ of it", "status": "status"}, "defaults": {"kind": "fine"}}
    place = {"view": f"Odd Schema.{odd}", "number_column": "№ of it"}
    async with opened(database.dsn, table, **place) as source:
        assert (await only(source)).status == "unpaid"


async def test_a_number_is_a_value_and_never_part_of_the_query(database: Database) -> None:
    evil = "'); DROP TABLE fines; --"
    async with opened(database.dsn) as source:
        assert await find(source, Wanted(evil, ("fine",)), FIRST) == await find(source)


async def test_a_view_that_gives_a_ticket_twice_gives_it_once(database: Database) -> None:
    await fill(database)
    async with opened(database.dsn) as source:
        assert len((await find(source))[FIRST]) == 1


async def test_two_systems_behind_a_view_are_two_records(database: Database) -> None:
    await database.run(
        f"INSERT INTO fines VALUES ('{FIRST.number}', 'paid', '2026-10-02', 19660, true, NULL)"
    )
    async with opened(database.dsn) as source:
        assert {record.status for record in (await find(source))[FIRST]} == {"unpaid", "paid"}


# -- one bad row


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("status = 'ОПЛАЧЕН 77010000012'", "status"),
        ("sum = -5", "fine.amount"),
        ("sum = 'NaN'", "fine.amount"),
        ("status_at = 'infinity'", "status_at"),
        ("status_at = '4713-01-01 BC'", "status_at"),
        ("since = '5874897-12-31'", "fine.bailiff_since"),
        ("status = repeat('x', 300000)", "longer than"),
    ],
)
async def test_a_row_that_cannot_be_read_makes_its_own_number_silent(
    database: Database, change: str, told: str
) -> None:
    await database.run(f"UPDATE fines SET {change} WHERE number = '{FIRST.number}'")
    absent = Wanted("197500000000009", ("fine",))
    async with opened(database.dsn) as source:
        silent = await silence(source, FIRST, SECOND, absent)
    assert [record.number for record in silent.answered[SECOND]] == [SECOND.number]
    assert silent.answered[absent] == ()
    assert FIRST not in silent.answered
    assert silent.alive
    assert told in silent.reason
    assert "ОПЛАЧЕН" not in silent.reason
    assert "7701" not in silent.reason


JSON_MAP = {
    "fields": {"number": "number", "status": "status", "intake": "doc.a.b.0"},
    "defaults": {"kind": "fine"},
}


async def hold_json(database: Database, doc: str) -> None:
    await database.run(
        "DROP VIEW jauap_tickets; CREATE VIEW jauap_tickets AS"
        f" SELECT number, status, '{doc}'::json AS doc FROM fines"
    )


@pytest.mark.parametrize(
    ("doc", "intake"),
    [
        ('{"a": {"b": ["web"]}}', "web"),
        ('{"a": {"b": []}}', None),
        ('{"a": 1e999999999}', None),
        ('"text"', None),
        ("null", None),
    ],
)
async def test_a_column_of_json_is_walked_as_far_as_it_goes(
    database: Database, doc: str, intake: str | None
) -> None:
    await hold_json(database, doc)
    async with opened(database.dsn, JSON_MAP) as source:
        assert (await only(source)).intake == intake


@pytest.mark.parametrize(
    "doc", ["[" * 5_000 + "]" * 5_000, "1e9999999999999999999999", "1" * 5_000]
)
async def test_json_that_no_program_takes_is_silence(database: Database, doc: str) -> None:
    await hold_json(database, doc)
    async with opened(database.dsn, JSON_MAP) as source:
        assert "row: holds JSON that cannot be read" in (await silence(source)).reason


async def test_a_row_of_another_number_than_its_column_says_is_silent(database: Database) -> None:
    await database.run(
        "DROP VIEW jauap_tickets; CREATE VIEW jauap_tickets AS"
        f" SELECT number AS asked, '{SECOND.number}' AS number, status FROM fines"
    )
    table = {
        "fields": {"number": "number", "status": "status"},
        "defaults": {"kind": "fine"},
    }
    async with opened(database.dsn, table, number_column="asked") as source:
        silent = await silence(source)
    assert "another number" in silent.reason
    assert not silent.alive


async def test_a_number_with_too_many_rows_is_silent(database: Database) -> None:
    await database.run(
        f"INSERT INTO fines SELECT '{FIRST.number}', 'unpaid', NULL, n, false, NULL"
        " FROM generate_series(1, 100000) n"
    )
    async with opened(database.dsn) as source:
        assert "more than 20 rows for a number" in (await silence(source)).reason


@pytest.mark.parametrize("rows", [25, 1_000])
async def test_a_number_with_too_many_rows_silences_no_other_number(
    database: Database, rows: int
) -> None:
    await database.run(
        f"INSERT INTO fines SELECT '{FIRST.number}', 'unpaid', NULL, n, false, NULL"
        f" FROM generate_series(1, {rows}) n"
    )
    async with opened(database.dsn) as source:
        absent = Wanted("197500000000009", ("fine",))
        silent = await silence(source, FIRST, SECOND, absent)
        assert set(silent.answered) == {SECOND, absent}
        assert [ticket.number for ticket in silent.answered[SECOND]] == [SECOND.number]
        assert silent.alive  # or asking for it again and again would cut off all others


# -- the view or the server is not as it should be


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("DROP VIEW jauap_tickets", 'relation "jauap_tickets" does not exist'),
        (
            "DROP VIEW jauap_tickets; CREATE VIEW jauap_tickets AS SELECT number FROM fines",
            'column "since" does not exist',
        ),
        (
            "DROP VIEW jauap_tickets; CREATE VIEW jauap_tickets AS"
            " SELECT number::bigint, status, status_at, sum, since FROM fines",
            "operator does not exist: bigint = text",
        ),
        (
            "DROP VIEW jauap_tickets; CREATE VIEW jauap_tickets AS"
            " SELECT number, status, status_at, ('secret' || sum)::int AS sum, since FROM fines",
            "cannot make sense of a value of its own (22P02)",
        ),
        (
            "CREATE FUNCTION slow() RETURNS int LANGUAGE sql AS 'SELECT 1 FROM pg_sleep(60)';"
            " DROP VIEW jauap_tickets; CREATE VIEW jauap_tickets AS"
            " SELECT number, status, status_at, slow() AS sum, since FROM fines",
            "stopped by its time limit (57014)",
        ),
        (
            "CREATE FUNCTION note() RETURNS int LANGUAGE sql AS"
            " 'INSERT INTO fines (number) VALUES (1) RETURNING 1';"
            " DROP VIEW jauap_tickets; CREATE VIEW jauap_tickets AS"
            " SELECT number, status, status_at, note() AS sum, since FROM fines",
            "may only read (25006)",
        ),
    ],
    ids=["no view", "no column", "wrong type", "bad value", "slow", "writes"],
)
async def test_a_view_that_fails_is_silence_with_its_reason_and_keeps_the_connection(
    database: Database, change: str, reason: str
) -> None:
    async with opened(database.dsn, statement_timeout_ms=200) as source:
        (before,) = (await find(source))[FIRST]
        await database.run(change)
        for _ in range(3):
            silent = await silence(source)
            assert reason in silent.reason
            assert "secret" not in silent.reason
            assert not silent.alive
        (ours,) = await connections(database)
        assert ours["state"] == "idle"
        await database.run(
            "DROP VIEW IF EXISTS jauap_tickets; CREATE VIEW jauap_tickets AS SELECT * FROM fines"
        )
        assert (await find(source))[FIRST] == (before,)
        assert [each["pid"] for each in await connections(database)] == [ours["pid"]]


async def test_health_tells_that_the_view_is_gone(database: Database) -> None:
    async with opened(database.dsn) as source:
        assert (await source.health()).answering
        await database.run("DROP VIEW jauap_tickets")
        assert "does not exist" in (await source.health()).detail


@pytest.mark.parametrize(
    ("dsn", "reason"),
    [
        ("postgresql://postgres@/no_such_place?host={folder}", 'database "no_such_place" does not'),
        ("postgresql://nobody_here@/postgres?host={folder}", "refuses the user or the password"),
        ("postgresql://postgres@/postgres?host={folder}/nowhere", "connection was lost"),
        ("postgresql://postgres:pass@127.0.0.1:{port}/postgres", "connection was lost"),
        ("postgresql://postgres@/postgres?host={folder}&sslmode=verify-full", "connection"),
    ],
    ids=["database", "user", "socket", "port", "tls"],
)
async def test_a_dsn_that_leads_nowhere_is_silence_not_an_error_of_ours(
    dsn: str, reason: str
) -> None:
    where = dsn.format(folder=shared.get().folder, port=free_ports(1)[0])
    async with opened(where) as source:
        silent = await silence(source)
        assert reason in silent.reason
        assert "pass" not in silent.reason.replace("password", "")
        assert not (await source.health()).answering


@pytest.mark.parametrize(
    "wrong",
    [
        {"dsn": "mysql://root:hunter2@localhost/db"},
        {"dsn": "hunter2"},
        {"dsn": "postgresql://a:hunter2/x@localhost/db"},
        {"dsn": "postgresql://a:hunter2#x@localhost/db"},
        {"dsn": "postgresql://a:hunter2?x@localhost/db"},
        {"dsn": "postgresql://a:hunter2[x@localhost/db"},
        {"dsn": "postgresql://a:b@localhost:99999/db"},
        {"dsn": "postgresql://a:b@localhost/db?hunter2"},
        {"view": ""},
        {"view": "a..b"},
        {"view": "x" * 64},
        {"number_column": "a\0b"},
        {"connections_max": 0},
        {"statement_timeout_ms": 0},
    ],
)
async def test_settings_that_can_never_work_are_refused_at_once(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - each has its own words
        async with opened(**{"dsn": "postgresql://localhost/db"} | wrong):
            pass
    assert "hunter2" not in str(refused.value)


def test_the_password_is_not_shown() -> None:
    assert "hunter2" not in repr(PostgresSettings("postgresql://a:hunter2@b/c", "v"))


async def test_several_hosts_and_odd_passwords_are_taken() -> None:
    for dsn in ("postgresql://a:b@one:5432,two/db?sslmode=require", "postgresql://a:p%2F@[::1]/d"):
        async with opened(dsn):
            pass


async def test_a_server_that_does_not_speak_postgresql_is_silence() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(8)
        writer.write(b"R\0\0\0\6ab")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, opened(f"postgresql://a:b@127.0.0.1:{port}/d?sslmode=disable") as source:
        assert "connection was lost" in (await silence(source)).reason
        assert not (await source.health()).answering


def _message(kind: bytes, length: int, content: bytes = b"") -> bytes:
    return kind + length.to_bytes(4, "big", signed=True) + content


AUTHENTICATED = _message(b"R", 8, bytes(4))


@pytest.mark.parametrize(
    "octets",
    [
        bytes(100_000),  # type 0: asyncpg alone would go round for ever
        b"\xff" * 100_000,
        _message(b"S", 0) * 3,
        _message(b"S", 2**30, b"x"),  # asyncpg alone would wait for all of it
        AUTHENTICATED + _message(b"Z", 0) * 3,
        AUTHENTICATED + _message(b"K", 4) + _message(b"Z", 5, b"I"),
        _message(b"N", 1_000_000, bytes(999_996)) * 80,
    ],
    ids=["zeros", "ones", "no length", "a gigabyte", "not ready", "no key", "notices"],
)
async def test_octets_that_no_server_sends_cost_their_connection_and_nothing_else(
    octets: bytes,
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(8)
        writer.write(octets)
        await far_service.silence(reader)

    async with (
        far_service.spoken(answer) as port,
        opened(f"postgresql://a:b@127.0.0.1:{port}/d?sslmode=disable") as source,
    ):
        reason = (await silence(source)).reason
    assert "connection was lost" in reason or "what no PostgreSQL does" in reason


async def test_while_many_rows_are_read_others_have_their_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = [Wanted(f"{number:015d}", ("fine",)) for number in range(1, 1_001)]
    turns = 0

    async def rows(numbers: list[str]) -> dict[str, set[str]]:
        return {number: {f'{{"number": "{number}", "status": "unpaid"}}'} for number in numbers}

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with opened("postgresql://a:b@127.0.0.1:1/d") as source, asyncio.TaskGroup() as group:
        monkeypatch.setattr(source, "_rows", rows)  # at once, so that no turn is the network's
        busy = group.create_task(others())
        answers = await find(source, *wanted)
        busy.cancel()
    assert len(answers) == len(wanted)
    assert turns > 20


async def test_it_opens_while_the_server_is_away_and_answers_once_it_is_there() -> None:
    with own_server() as server:
        async with server.database() as database:
            await database.run(TABLE)
            await fill(database)
            server.stop()
            async with opened(database.dsn) as source:
                await silence(source)
                server.start()
                assert (await only(source)).number == FIRST.number


# -- given up, cut off, hung


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with own_server() as made:
        yield made


@pytest.fixture
async def own(server: PostgresServer) -> AsyncIterator[Database]:
    assert server.running
    async with server.database() as database:
        await database.run(TABLE)
        await fill(database)
        yield database


async def test_a_restarted_server_costs_nothing_but_the_lookups_meanwhile(own: Database) -> None:
    async with opened(own.dsn) as source:
        before = await only(source)
        own.server.stop()
        await silence(source)
        own.server.start()
        assert await only(source) == before


async def test_a_connection_that_is_cut_during_a_query_is_silence(own: Database) -> None:
    async with opened(own.dsn) as source, locked(own):
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(silence(source))
            (waiting,) = await waiting_for_lock(own, 1)
            await own.rows("SELECT pg_terminate_backend($1)", waiting["pid"])
        assert "(57P01)" in asking.result().reason or "lost" in asking.result().reason


async def test_lookups_that_are_given_up_leave_connections_that_work(own: Database) -> None:
    async with opened(own.dsn, connections_max=2) as source:
        async with locked(own):
            for _ in range(3):
                async with asyncio.TaskGroup() as group:
                    asking = [group.create_task(find(source)) for _ in range(4)]
                    await waiting_for_lock(own, 2)
                    for task in asking:
                        task.cancel()
        async with asyncio.TaskGroup() as group:
            again = [group.create_task(find(source, FIRST, SECOND)) for _ in range(8)]
        assert all(set(task.result()) == {FIRST, SECOND} for task in again)
        assert len(await connections(own)) <= 2


async def test_giving_up_never_waits_for_a_server_that_hangs(own: Database) -> None:
    async with opened(own.dsn) as source:
        await find(source)
        (ours,) = await connections(own)
        with own.server.hung(ours["pid"]):
            loop = asyncio.get_running_loop()
            for _ in range(2):  # on the open connection, then on a new one
                started = loop.time()
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.2):
                        await source.find_many([FIRST])
                assert loop.time() - started < 2.0
        assert FIRST in await find(source)


async def test_without_a_deadline_of_ours_a_hung_server_is_silence_all_the_same(
    own: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "ANSWER_GRACE_S", 0.1)
    monkeypatch.setattr(postgres, "CONNECT_S", 0.3)
    async with opened(own.dsn, statement_timeout_ms=100) as source:
        await find(source)
        (ours,) = await connections(own)
        with own.server.hung(ours["pid"]):
            for _ in range(2):
                assert "does not answer" in (await silence(source)).reason


async def test_no_more_connections_than_agreed(own: Database) -> None:
    async with opened(own.dsn, connections_max=3) as source:
        async with asyncio.TaskGroup() as group:
            for _ in range(30):
                group.create_task(find(source))
        assert 1 <= len(await connections(own)) <= 3


async def test_a_server_without_a_free_connection_is_silence_and_recovers(own: Database) -> None:
    await own.run(f"CREATE ROLE {own.name}_reader LOGIN; GRANT SELECT ON jauap_tickets TO PUBLIC")
    await own.run(f"ALTER ROLE {own.name}_reader CONNECTION LIMIT 1")
    dsn = own.server.dsn(own.name, f"{own.name}_reader")
    async with opened(dsn, connections_max=1) as holder, opened(dsn) as source:
        await find(holder)
        assert "no connection left for us (53300)" in (await silence(source)).reason
        await holder.close()
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    assert FIRST in await find(source)
                    break
                except SourceUnavailableError:
                    await connections(own)  # the server needs a moment to see that one is free
    await own.run(f"DROP OWNED BY {own.name}_reader; DROP ROLE {own.name}_reader")


async def test_an_idle_connection_is_not_used_after_its_time(
    own: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(own.dsn) as source:
        await find(source)
        (first,) = await connections(own)
        await find(source)
        assert [each["pid"] for each in await connections(own)] == [first["pid"]]
        monkeypatch.setattr(postgres, "IDLE_S_MAX", -1.0)
        await find(source)
        assert first["pid"] not in [
            each["pid"] for each in await connections(own) if each["state"] != "idle"
        ]


async def test_nothing_of_a_lookup_stays_in_the_session(own: Database) -> None:
    """As a pooler in transaction mode needs it: no prepared statement, no setting."""
    await own.run(
        "DROP VIEW jauap_tickets; CREATE VIEW jauap_tickets AS SELECT number, status, status_at,"
        " since, (SELECT count(*) FROM pg_prepared_statements WHERE name <> '') AS sum FROM fines"
    )
    async with opened(own.dsn) as source:
        for _ in range(3):
            assert (await only(source)).fine == FineFacts(amount=0)


async def test_closing_does_not_wait_for_a_server_that_hangs(
    own: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "CLOSE_S", 0.1)
    async with opened(own.dsn) as source:
        await find(source)
        (ours,) = await connections(own)
        with own.server.hung(ours["pid"]):
            async with asyncio.timeout(2.0):
                await source.close()


async def test_tls_is_what_the_dsn_says(tmp_path: Path) -> None:
    authority, stranger = Authority(), Authority("stranger.test")
    for each, name in ((authority, "ca.pem"), (stranger, "stranger.pem")):
        each.write(tmp_path / name)
    (port,) = free_ports(1)

    def certify(server: PostgresServer) -> None:
        authority.identity("localhost").write(server.folder / "a.pem", server.folder / "a.key")
        for name in ("a.pem", "a.key"):
            server.own(server.folder / name, 0o600)

    tls = {"ssl": "on", "ssl_cert_file": "../a.pem", "ssl_key_file": "../a.key"}
    with own_server(tls, port, certify) as server:
        async with server.database() as database:
            await database.run(TABLE)
            await fill(database)
            place = f"{port}/{database.name}?sslmode=verify-full&sslrootcert={tmp_path}"
            async with opened(f"postgresql://postgres@localhost:{place}/ca.pem") as source:
                assert FIRST in await find(source)
            for wrong in (
                f"postgresql://postgres@localhost:{place}/stranger.pem",
                f"postgresql://postgres@127.0.0.1:{place}/ca.pem",  # not the certificate's name
                f"postgresql://postgres@localhost:{place}/missing.pem",
            ):
                async with opened(wrong) as source:
                    await silence(source)


# -- inside


@asynccontextmanager
async def locked(database: Database) -> AsyncIterator[None]:
    """The table cannot be read inside the block."""
    async with database.connected() as holder:
        await holder.execute("BEGIN; LOCK TABLE fines IN ACCESS EXCLUSIVE MODE")
        yield


async def waiting_for_lock(database: Database, count: int) -> list[Any]:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            waiting = await database.rows(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'jauap'"
                " AND datname = current_database() AND wait_event_type = 'Lock'"
            )
            if len(waiting) >= count:
                return waiting
