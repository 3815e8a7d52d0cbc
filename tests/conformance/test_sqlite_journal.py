"""The journal on SQLite: its file, its locks, its faults, and what stays on the disk."""

from __future__ import annotations

import asyncio
import re
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import AsyncExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from gateway.core.records import Outcome, QuestionState, ReplyState
from gateway.store import (
    Journal,
    StoreLimits,
    StoreOpenError,
    StoreSchemaError,
    StoreUnavailableError,
    open_store,
    sqlite_schema,
    sqlite_writer,
)
from gateway.store.sqlfiles import queries, script
from gateway.store.sqlite_connection import connect_reader, connect_writer, library_warning
from gateway.store.sqlite_locks import FileLock, JournalLocks
from gateway.store.sqlite_seals import Sealer
from gateway.store.witness import Witness
from tests.support.journal import (
    AT,
    DAY,
    HOUR,
    KEYS,
    SqliteEngine,
    answer,
    chain_of,
    chains,
    joined,
    part,
    question,
    receipt,
    reply,
    sent,
    states,
)
from tests.support.legs import leg

ROOT = Path(__file__).parents[2]
WAIT_S = 10.0
SEALER = Sealer(KEYS.seal, lambda: AT, Witness(Path("unused")))


@pytest.fixture
async def engine(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SqliteEngine]:
    engine = SqliteEngine(tmp_path, tmp_path_factory.getbasetemp() / "sqlite.made")
    yield engine
    await engine.close()


@pytest.fixture
async def store(engine: SqliteEngine) -> Journal:
    return await engine.open()


def ask(path: Path, sql: str, *parameters: object) -> list[Any]:
    """From outside, as another program would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(sql, parameters).fetchall()


def commits(path: Path) -> int:
    return int(ask(path, "SELECT batch FROM head")[0][0])


# -- opening


@pytest.mark.parametrize("name", ["plain.db", "with space & 100%.db", "a?b#c.db", "қазақ.db"])
async def test_any_file_name_will_do(engine: SqliteEngine, tmp_path: Path, name: str) -> None:
    quoted = str(tmp_path / name).replace("%", "%25").replace("?", "%3F").replace("#", "%23")
    store = await engine.open_url(f"sqlite://{quoted}")
    await store.take([question()])
    assert ask(tmp_path / name, "SELECT count(*) FROM question") == [(1,)]


async def test_a_relative_path_is_of_the_working_directory(
    engine: SqliteEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await engine.open_url("sqlite:journal.db")
    assert (tmp_path / "journal.db").exists()


@pytest.mark.parametrize(
    "url", ["", "journal.db", "sqlite:", "sqlite:///", "sqlite://host/journal.db", "mysql:///x"]
)
async def test_a_url_of_no_store_is_refused_with_a_remedy(engine: SqliteEngine, url: str) -> None:
    with pytest.raises(StoreOpenError, match="sqlite:///"):
        await engine.open_url(url)


async def test_a_path_that_cannot_be_written_is_refused_by_name(
    engine: SqliteEngine, tmp_path: Path
) -> None:
    for path in (tmp_path, tmp_path / "missing" / "journal.db"):
        with pytest.raises(StoreOpenError) as refused:
            await engine.open_url(f"sqlite://{path}")
        assert refused.value.where == str(path)
        assert refused.value.remedy in str(refused.value)


async def test_a_file_that_is_no_journal_is_refused_and_left_alone(
    engine: SqliteEngine,
) -> None:
    path = engine.path
    path.write_bytes(b"ticket;status\n" * 1000)
    with pytest.raises(StoreOpenError, match="not a database"):
        await engine.open()
    assert path.read_bytes() == b"ticket;status\n" * 1000


async def test_only_its_owner_reads_the_journal(engine: SqliteEngine) -> None:
    store = await engine.open_url(f"sqlite://{engine.path}")
    await store.take([question()])
    await store.backup(engine.path.with_name("copy.db"))
    for file in engine.path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


async def test_a_copy_is_made_where_one_stands(
    engine: SqliteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await engine.open()
    await store.take([question()])
    monkeypatch.chdir(engine.path.parent)
    assert await store.backup(Path("copy.db")) == 1
    assert ask(engine.path.with_name("copy.db"), "SELECT count(*) FROM question") == [(1,)]


async def test_a_newer_schema_is_refused(engine: SqliteEngine) -> None:
    await (await engine.open()).close()
    ask(engine.path, "INSERT INTO _yoyo_migration VALUES ('x', '9999_later', '2027-01-01')")
    with pytest.raises(StoreSchemaError) as refused:
        await engine.open()
    assert "9999_later" in refused.value.what
    assert refused.value.where == str(engine.path)
    assert "newer program" in refused.value.remedy


KILLED_WHILE_MIGRATING = """
import os, signal, sys
from pathlib import Path
from gateway.store import sqlite_schema, sqlite_locks
def killed(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
sqlite_schema._Backend.mark_one = killed
path = Path(sys.argv[1])
path.touch()
sqlite_schema.migrate(path, sqlite_locks.JournalLocks(path))
"""


def test_a_migration_that_was_killed_is_done_again_at_once(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    ended = subprocess.run(
        [sys.executable, "-c", KILLED_WHILE_MIGRATING, str(path)], check=False, cwd=ROOT
    )
    assert ended.returncode == -signal.SIGKILL
    assert ask(path, "SELECT count(*) FROM yoyo_lock") == [(1,)]  # left behind

    async def opened() -> int:
        async with asyncio.timeout(5):  # yoyo alone would wait ten seconds, and give up
            store = await open_store(f"sqlite://{path}", keys=KEYS)
        health = await store.health()
        await store.close()
        return health.schema

    assert asyncio.run(opened()) == 7
    assert ask(path, "SELECT count(*) FROM yoyo_lock") == [(0,)]


JOURNAL_OF_SCHEMA_1 = f"""
INSERT INTO question VALUES (1000, 'north', 'north', 7, NULL, 'party1', '1012', 'sms', {AT},
    20261120, 'lookup', NULL, 1, 2, 'kk', 'status', 'appeal', {AT}, 1, 0);
INSERT INTO reply VALUES (1002, 1000, 0, 1, 1, 'north', NULL, '1012', NULL, 'id', 0, 3, {AT}, {AT},
    1, 0, 0, 'A1', 'a1', 0, {AT}, NULL, NULL, NULL);
INSERT INTO reply VALUES (1012, 1000, 1, 1, 1, 'north', '77019998877', '1012', 'words', 'id', 0, 1,
    {AT}, {AT}, 1, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO orphan VALUES (1, 'north', 'b2', 6, 'DELIVRD', '000', 'charged', {AT + HOUR});
"""


async def test_a_journal_of_the_first_schema_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows stay as they are, and what waited for a receipt or a response still does."""
    path = tmp_path / "journal.db"
    shutil.copy(ROOT / "gateway/store/migrations/sqlite/0001_journal.sql", tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(sqlite_schema, "_FOLDER", tmp_path)
        path.touch()
        assert sqlite_schema.migrate(path, JournalLocks(path)) == 1
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(JOURNAL_OF_SCHEMA_1)
    store = await open_store(f"sqlite://{path}", keys=KEYS)
    try:
        assert (await store.health()).schema == 7
        assert await states(store, question(1)) == [ReplyState.SUBMITTED, ReplyState.SUBMITTING]
        first, second = reply(question(1)), reply(question(1), 1)
        await store.settle([sent(second, "B2")])
        assert await joined(store, receipt("a1")) == 1
        assert await states(store, question(1)) == [ReplyState.DELIVERED] * 2
        assert [one.id for one in (await chain_of(store, question(1))).replies] == [
            first.id, second.id,
        ]  # fmt: skip
    finally:
        await store.close()
    assert b"77019998877" not in path.read_bytes()  # erased with the table it stood in


@pytest.mark.parametrize("held", ["commits", "service"])
async def test_tables_are_not_made_while_another_process_commits_or_serves(
    engine: SqliteEngine, tmp_path: Path, held: str
) -> None:
    """A service of the release before would go on writing rows that nobody seals."""
    lock = FileLock(tmp_path / f"new.db.{held}")
    assert lock.seize() if held == "service" else lock.share()
    with pytest.raises(StoreSchemaError, match="Stop the other one"):
        await engine.open_url(f"sqlite://{tmp_path}/new.db")
    lock.close()
    await engine.open_url(f"sqlite://{tmp_path}/new.db")


# -- beside other processes


async def test_a_command_works_beside_the_service(engine: SqliteEngine) -> None:
    service, command = await engine.open(), await engine.open()
    await service.recover(AT)
    asked = question()
    await service.take([asked], [answer(asked, state=QuestionState.PARKED)])
    assert [one.id for one in await command.parked(9)] == [asked.id]
    assert await command.unpark([asked.id]) == 1
    assert [owed.question.id for owed in await service.owed(0, 9)] == [asked.id]
    await command.close()
    await service.take([question(2)])
    await service.close()


async def test_one_process_serves_a_journal(engine: SqliteEngine) -> None:
    other = JournalLocks(engine.path)
    assert other.service.seize()
    store = await engine.open()
    with pytest.raises(StoreOpenError, match="another process serves"):
        await store.recover(AT)
    other.close()
    assert await store.recover(AT) == 0
    assert await store.recover(AT) == 0
    await store.close()


async def test_no_checkpoint_meets_another_process_s_commit(engine: SqliteEngine) -> None:
    store = await engine.open(checkpoint_rows=1)
    other = FileLock(engine.path.with_name("journal.db.commits"))
    assert other.share()
    before = engine.path.read_bytes()
    await store.take([question(1)])
    await store.take([question(2)])
    assert engine.path.read_bytes() == before  # all of it is still in the log
    other.release()
    await store.take([question(3)])
    await store.health()
    await store.take([question(4)])
    assert engine.path.read_bytes() != before
    await store.close()


async def test_a_commit_waits_for_another_process_s_checkpoint(
    engine: SqliteEngine, store: Journal
) -> None:
    await store.take([question(1)])
    other = FileLock(engine.path.with_name("journal.db.commits"))
    assert other.seize()
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(store.take([question(2)]))
        for _ in range(300):
            assert len(await store.owed(0, 9)) == 1
        assert not waiting.done()
        other.close()
    assert len(await store.owed(0, 9)) == 2


# -- group commit


async def test_calls_that_wait_together_are_one_commit(
    engine: SqliteEngine, store: Journal
) -> None:
    before = commits(engine.path)
    asked = [question(n) for n in range(1, 51)]
    await asyncio.gather(
        *(store.take([one], [answer(one)]) for one in asked),
        store.settle([sent(reply(asked[0]))]),
        store.receipts([receipt()]),
        store.claim([reply(asked[1]).id], AT),
        store.confirm(7, 1),
        store.part([part(1, 1)]),
    )
    assert commits(engine.path) == before + 1
    assert (await chain_of(store, asked[0])).replies[0].state is ReplyState.DELIVERED


async def after(turns: int, work: Awaitable[object]) -> None:
    """So many turns of the event loop."""
    for _ in range(turns):
        await asyncio.sleep(0)
    await work


async def test_calls_that_come_turn_after_turn_are_one_commit(
    engine: SqliteEngine, store: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_writer, "GATHER_S", WAIT_S)  # turns may be slow
    before = commits(engine.path)
    await asyncio.gather(*(after(n, store.begin_call(leg(n))) for n in range(1, 6)))
    assert commits(engine.path) == before + 1


async def test_calls_that_keep_coming_are_not_waited_for_without_end(
    engine: SqliteEngine, store: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_writer, "GATHER_TURNS_MAX", 3)
    before = commits(engine.path)
    await asyncio.gather(*(after(n, store.begin_call(leg(n))) for n in range(1, 31)))
    assert commits(engine.path) > before + 1


@pytest.mark.parametrize("count", [1, 2])
async def test_questions_by_sms_wait_for_nobody(
    engine: SqliteEngine, store: Journal, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(sqlite_writer, "GATHER_S", WAIT_S)
    before = commits(engine.path)
    batch = [question(n) for n in range(1, count + 1)]
    calls = [after(n, store.begin_call(leg(n))) for n in range(1, 4)]
    await asyncio.gather(store.take(batch), *calls)
    assert commits(engine.path) == before + 2


async def test_a_transaction_takes_no_more_rows_than_its_limit(engine: SqliteEngine) -> None:
    store = await engine.open(transaction_rows_max=4)
    before = commits(engine.path)
    await asyncio.gather(*(store.take([question(n), question(n + 50)]) for n in range(1, 7)))
    assert commits(engine.path) == before + 3
    await store.close()


async def test_the_log_is_copied_into_the_file_as_it_grows(engine: SqliteEngine) -> None:
    store = await engine.open(checkpoint_rows=20)
    log = engine.path.with_name("journal.db-wal")
    for n in range(1, 300):
        await store.take([question(n)], [answer(question(n))])
    assert log.stat().st_size < 1_500_000  # 300 commits of a dozen pages would take 15 MB
    await store.close()
    assert not log.exists()


async def test_commits_are_synchronous_and_readers_cannot_write(engine: SqliteEngine) -> None:
    await (await engine.open()).close()
    wanted = {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1,
        "wal_autocheckpoint": 0, "busy_timeout": 1_000,
    }  # fmt: skip
    async with AsyncExitStack() as resources:
        writer = await connect_writer(engine.path, StoreLimits(), lambda *_: None, SEALER)
        resources.push_async_callback(writer.close)
        reader = await connect_reader(engine.path, StoreLimits())
        resources.push_async_callback(reader.close)
        for pragma, value in wanted.items():
            assert list(await writer.execute_fetchall(f"PRAGMA {pragma}")) == [(value,)], pragma
        assert list(await reader.execute_fetchall("PRAGMA wal_autocheckpoint")) == [(0,)]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await reader.execute_fetchall("DELETE FROM question")


# -- faults


async def test_a_foreign_lock_refuses_and_passes(engine: SqliteEngine) -> None:
    store = await engine.open(lock_wait_ms=20)
    with closing(sqlite3.connect(engine.path, isolation_level=None)) as foreign:
        foreign.execute("BEGIN IMMEDIATE")
        told = await asyncio.gather(
            *(store.take([question(n)]) for n in (1, 2)), return_exceptions=True
        )
        assert {type(one) for one in told} == {StoreUnavailableError}
        assert not (await store.health()).writable
        assert await chains(store) == []  # reading goes on
        with pytest.raises(StoreUnavailableError):
            await store.purge(AT)
        foreign.execute("ROLLBACK")
    assert (await store.health()).writable
    await store.take([question(1)])
    assert len(await chains(store)) == 1
    await store.close()


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """The operating system refuses to let a file grow, as a failing disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_disk_that_fails_and_heals_loses_nothing_acknowledged(
    engine: SqliteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections = []

    async def connect(*arguments: Any) -> aiosqlite.Connection:
        connections.append(await connect_writer(*arguments))
        return connections[-1]

    monkeypatch.setattr(sqlite_writer, "connect_writer", connect)
    store = await engine.open()
    await store.take([question(1)])
    assert len(await chains(store)) == 1
    log_size = engine.path.with_name("journal.db-wal").stat().st_size
    with files_no_larger_than(log_size):
        for _ in range(2):
            with pytest.raises(StoreUnavailableError, match="disk I/O error"):
                await store.take([question(2)], [answer(question(2))])
            assert not (await store.health()).writable
        assert [chain.question_id for chain in await chains(store)] == [1000]
        # What failed once is not trusted with another sync: each try has its own connection.
        assert len(connections) == 4
    await store.take([question(3)], [answer(question(3))])
    assert (await store.health()).writable
    assert [chain.question_id for chain in await chains(store)] == [1000, 3000]
    await store.close()
    assert ask(engine.path, "PRAGMA integrity_check") == [("ok",)]


async def test_a_full_journal_refuses_until_there_is_room(engine: SqliteEngine) -> None:
    store = await engine.open(size_max_mib=1)
    taken, refusal = 0, ""
    while not refusal and taken < 100_000:
        asked = [question(taken + k) for k in range(1, 51)]
        try:
            await store.take(asked, [answer(one) for one in asked])
            taken += 50
        except StoreUnavailableError as error:
            refusal = str(error)
    assert "full" in refusal
    assert len(await chains(store)) == taken > 0
    while await store.purge(AT + 500 * DAY):
        pass
    await store.take([question(taken + 99)])
    assert len(await chains(store)) == taken + 1
    await store.close()


async def test_a_copy_to_nowhere_is_refused(store: Journal, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="missing"):
        await store.backup(tmp_path / "missing" / "copy.db")


@pytest.mark.parametrize(
    ("version", "warned"),
    [
        ((3, 6, 23), False), ((3, 7, 0), True), ((3, 40, 1), True), ((3, 44, 5), True),
        ((3, 44, 6), False), ((3, 45, 0), True), ((3, 50, 6), True), ((3, 50, 7), False),
        ((3, 51, 2), True), ((3, 51, 3), False), ((3, 53, 0), False), ((4, 0, 0), False),
    ],
)  # fmt: skip
def test_a_library_with_the_wal_reset_bug_is_named(
    version: tuple[int, int, int], warned: bool
) -> None:
    warning = library_warning(version)
    assert (warning is not None) is warned
    if warning:
        assert ".".join(map(str, version)) in warning


async def test_health_names_the_library_that_is_linked(store: Journal) -> None:
    health = await store.health()
    assert health.library == f"SQLite {sqlite3.sqlite_version}"
    assert health.warning == library_warning(sqlite3.sqlite_version_info)


# -- what is on the disk


async def test_texts_and_numbers_leave_the_disk_with_their_need(engine: SqliteEngine) -> None:
    store = await engine.open()
    secrets = ["question-answered", "question-late", "reply-sent", "part-joined"]
    first = question(1, text=secrets[0], joined=(5,))
    second = question(2, text=secrets[1])
    await store.part([part(5, 1, octets=b"abc", fingerprint=secrets[3])])
    await store.take([first, second], [answer(first, reply(first, text=secrets[2]))])
    await store.take([], [answer(second)])
    await store.settle([sent(reply(first))])
    fourth = question(4)
    proven = reply(fourth, text="reply-proven")
    await store.take([fourth], [answer(fourth, proven)])
    await store.settle([Outcome(proven.id, ReplyState.UNKNOWN)])
    by_reference = {"reference": proven.id & 0xFFFF, "party": fourth.party}
    assert await joined(store, receipt("x", state=None, charge=None, **by_reference)) == 1
    kept = question(3, text="question-parked")
    await store.take([kept], [answer(kept, state=QuestionState.PARKED)])
    await store.close()
    on_disk = engine.path.read_bytes()
    # The part's fingerprint stays among the fingerprints; its row, with the octets, is gone.
    assert ask(engine.path, "SELECT count(*) FROM part") == [(0,)]
    assert b"YWJj" not in on_disk
    for secret in [*secrets[:3], "reply-proven"]:
        assert secret.encode() not in on_disk, secret
    assert b"question-parked" in on_disk
    assert ask(engine.path, "SELECT msisdn, text FROM reply WHERE id = ?", reply(first).id) == [
        (None, None)
    ]


async def test_a_ledger_entry_is_never_changed_nor_deleted(engine: SqliteEngine) -> None:
    store = await engine.open()
    await store.take([question()], [answer(question())])
    for sql in ("UPDATE entry SET amount_tiyn = 0", "DELETE FROM entry"):
        with pytest.raises(sqlite3.IntegrityError, match="ledger entry"):
            ask(engine.path, sql)
    await store.close()


async def test_an_entry_without_its_question_is_found(engine: SqliteEngine) -> None:
    store = await engine.open()
    for n in (1, 2):
        await store.take([question(n)], [answer(question(n))])
    ask(engine.path, "DELETE FROM question WHERE id = 1000")
    assert await store.stray_entries(9) == ["rated:1000", "settled:1000"]
    assert await store.stray_entries(1) == ["rated:1000"]
    await store.close()


# What walks along a whole table or index, and why it may: it is small, it is cut off by a LIMIT,
# or it is `ledger verify`, which reads all there is.
WALKS = {
    "parked": ["question USING INDEX question_parked"],
    "waiting": ["reply USING COVERING INDEX reply_open"],
    "recover": ["reply USING INDEX reply_open"],
    "parts_before": ["part USING INDEX sqlite_autoindex_part_1"],
    "stray_entries": ["e"],
    "purge_sessions": ["session"],
    "purge_orphans": ["orphan"],
    "purge_replies": ["reply"],
}
QUERIES = {**queries("sqlite_read"), **queries("sqlite_chores")}


@pytest.mark.parametrize("name", QUERIES)
async def test_what_is_asked_is_found_by_an_index(engine: SqliteEngine, name: str) -> None:
    await (await engine.open()).close()
    sql = QUERIES[name]
    parameters: Any = dict.fromkeys(re.findall(r":(\w+)", sql), 1)
    parameters = parameters or [1] * int(max(re.findall(r"\?(\d)", sql), default="0"))
    with closing(sqlite3.connect(engine.path)) as connection:
        connection.executescript(script("sqlite_sealed"))
        plan = connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
    tables = {"question", "reply", "entry", "e", "fingerprint", "subscriber", "orphan", "part"}
    walks = [step[5:] for *_, step in plan if step.startswith("SCAN ")]
    walks = [walk for walk in walks if walk.split()[0] in tables | {"session"}]
    assert walks == WALKS.get(name, [])
