"""Every row of money is sealed by the transaction that writes it, and by no other."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from gateway.billing.sealed.check import verify_seals
from gateway.core.cdr import ChargePoint
from gateway.core.records import Outcome, ReplyState
from gateway.core.seal import FIRST_CHAIN, RowKind, Seal, leaf, named, next_chain, root
from gateway.core.staff import Acting
from gateway.store import (
    Journal,
    StoreDataError,
    StoreOpenError,
    StoreUnavailableError,
    open_store,
)
from gateway.store.sqlfiles import script
from gateway.store.sqlite_seals import canonical
from tests.support.journal import (
    AT,
    DAY,
    KEYS,
    MINUTE,
    SqliteEngine,
    answer,
    entry,
    failed,
    question,
    rated_mt,
    receipt,
    reply,
    sent,
)
from tests.support.legs import leg, record

Named = list[tuple[int, int]]
VIEWS = {
    RowKind.ENTRY: "sealed_entry",
    RowKind.CALL_RECORD: "sealed_record",
    RowKind.AUDIT: "sealed_audit",
    RowKind.LOSS: "sealed_loss",
    RowKind.STAFF: "sealed_staff",
}


async def seals(store: Journal) -> list[Seal]:
    found: list[Seal] = []
    while page := await store.seals(found[-1].batch if found else 0, 3):
        found += page
    return found


async def sealed(store: Journal) -> list[Named]:
    """The rows of each seal: kind and id."""
    return [[one[:2] for one in named(seal.leaves)] for seal in await seals(store)]


def rows_of(path: Path) -> dict[tuple[int, int], bytes]:
    """Every row that is to be sealed, as it stands in the file."""
    found: dict[tuple[int, int], bytes] = {}
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script("sqlite_sealed"))
        for kind, view in VIEWS.items():
            select = f"SELECT id, row FROM {view}"
            for id_, row in connection.execute(select):
                (found[kind, id_],) = canonical(row.encode())
    return found


async def assert_sealed(store: Journal, path: Path) -> None:
    """Each row is in one seal, and each seal is right."""
    rows, before = rows_of(path), FIRST_CHAIN
    node = (await store.sealing()).node
    every: list[tuple[int, int]] = []
    for seal in await seals(store):
        leaves = [leaf(rows[one[:2]]) for one in named(seal.leaves)]
        assert [one.hash_head for one in named(seal.leaves)] == [each[:8] for each in leaves]
        assert (seal.count, seal.root) == (len(leaves), root(leaves))
        before = next_chain(KEYS.seal, node, before, seal.batch, seal.at_us, seal.count, seal.root)
        assert seal.chain == before
        every += [one[:2] for one in named(seal.leaves)]
    assert sorted(every) == sorted(rows)


async def test_entries_are_sealed_in_the_order_of_their_writing(
    store: Journal, engine: SqliteEngine
) -> None:
    first, second = question(1), question(2)
    await store.take([first], [answer(first)])
    await store.take([second], [answer(second, entries=(rated_mt(second),))])
    await store.settle([sent(reply(second))._replace(charge="charged")])
    assert await sealed(store) == [[(1, 1), (1, 2)], [(1, 3)], [(1, 4)]]
    await assert_sealed(store, engine.path)


async def test_calls_that_share_a_transaction_share_a_seal(
    store: Journal, engine: SqliteEngine
) -> None:
    asked = [question(n) for n in range(1, 31)]
    await asyncio.gather(
        *(store.take([one], [answer(one)]) for one in asked),
        store.close_legs([record(leg(40)), record(leg(41))]),
    )
    (seal,) = await seals(store)
    assert seal.count == 62
    assert [kind for kind, *_ in named(seal.leaves)] == [1] * 60 + [2] * 2
    await assert_sealed(store, engine.path)


async def test_a_record_is_sealed_with_the_facts_of_its_leg(
    store: Journal, engine: SqliteEngine
) -> None:
    await store.open_legs([leg(1)])
    assert await seals(store) == []
    await store.close_legs([record(leg(1))])
    ((_, row),) = rows_of(engine.path).items()
    for fact in (leg(1).call_id, leg(1).party, leg(1).called):
        assert f'"{fact}"'.encode() in row
    assert leg(1).msisdn.encode() not in row
    await assert_sealed(store, engine.path)


async def test_what_writes_no_money_has_no_seal(store: Journal) -> None:
    asked = question(1)
    await store.take([asked])
    await store.claim([reply(asked).id], AT)
    await store.confirm(7, 1)
    await store.open_legs([leg(2)])
    assert await seals(store) == []


async def test_a_call_made_again_seals_nothing_again(store: Journal, engine: SqliteEngine) -> None:
    asked = question(1)
    for _ in range(3):
        await store.take([asked], [answer(asked)])
        await store.close_legs([record(leg(2))])
    assert len(await seals(store)) == 2
    await assert_sealed(store, engine.path)


async def test_receipts_and_fates_that_settle_are_sealed(
    store: Journal, engine: SqliteEngine
) -> None:
    long = question(1)
    parts = [reply(long, seg=seg, segs=2) for seg in (1, 2)]
    await store.take([long], [answer(long, *parts, entries=(rated_mt(long),))])
    await store.settle([sent(parts[0], "A1"), sent(parts[1], "B1")])
    undelivered = receipt("a1", state=ReplyState.UNDELIVERED, charge="voided")
    await store.receipts([undelivered])
    await store.purge(AT + 10 * DAY)  # the other part's receipt is awaited no longer
    delivered = question(2)
    await store.take([delivered], [answer(delivered, entries=(rated_mt(delivered),))])
    await store.settle([sent(reply(delivered), "C1")])
    await store.receipts([receipt("c1")])
    assert (await sealed(store))[-1] == [(1, len(rows_of(engine.path)))]
    await assert_sealed(store, engine.path)


async def test_what_a_start_settles_is_sealed(engine: SqliteEngine) -> None:
    store = await engine.open()
    asked = question(1)
    await store.take([asked], [answer(asked, entries=(rated_mt(asked),))])
    waiting = reply(asked)
    early = receipt("x", party=asked.party, reference=waiting.id & 0xFFFF)
    assert (await store.receipts([early])).unmatched
    await store.close()
    store = await engine.open()
    await store.recover(AT + MINUTE)
    assert len(rows_of(engine.path)) == 2
    await assert_sealed(store, engine.path)


async def test_corrections_and_acts_are_sealed(store: Journal, engine: SqliteEngine) -> None:
    asked = question(1)
    await store.take([asked], [answer(asked)])
    await store.book([entry(asked, "credited:case", amount_tiyn=-1500)])
    await store.book([entry(asked, "credited:case", amount_tiyn=-1500)])
    assert await sealed(store) == [[(1, 1), (1, 2)], [(1, 3)]]
    await assert_sealed(store, engine.path)


async def test_texts_that_json_escapes_are_sealed_as_they_are(
    store: Journal, engine: SqliteEngine
) -> None:
    asked = question(1, party='a"b\\c\n\x1f\x7fқ😀')
    await store.take([asked], [answer(asked)])
    await store.close_legs([record(leg(2, called='8"8'))])
    await assert_sealed(store, engine.path)


async def test_a_refused_transaction_leaves_no_seal(store: Journal, engine: SqliteEngine) -> None:
    good, bad = question(1), question(2)
    wrong = entry(bad, key="rated:77")
    taken = await asyncio.gather(
        store.take([good], [answer(good)]),
        store.take([bad], [answer(bad, entries=(wrong._replace(question_id=bad.id),))]),
        return_exceptions=True,
    )
    assert [isinstance(one, StoreDataError) for one in taken] == [False, True]
    await assert_sealed(store, engine.path)
    after = await store.witnessed()
    assert after is not None
    assert after.chain == (await seals(store))[-1].chain


async def test_a_row_put_in_by_another_hand_is_in_no_seal(
    store: Journal, engine: SqliteEngine
) -> None:
    await store.take([question(1)], [answer(question(1))])
    with closing(sqlite3.connect(engine.path, isolation_level=None)) as other:
        other.execute("CREATE TEMP TABLE made AS SELECT * FROM entry WHERE id = 1")
        other.execute("UPDATE made SET id = 3, kind = 'credited', key = 'credited:1000:x'")
        other.execute("INSERT INTO entry SELECT * FROM made")
    await store.take([question(2)], [answer(question(2))])
    assert await sealed(store) == [[(1, 1), (1, 2)], [(1, 4), (1, 5)]]
    assert (1, 3) in rows_of(engine.path)


async def test_two_processes_add_to_one_chain(engine: SqliteEngine) -> None:
    service, command = await engine.open(), await engine.open()
    for n in range(1, 7):
        one, other = question(n), question(n + 50)
        await service.take([one], [answer(one)])
        await command.take([other], [answer(other)])
        await service.claim([reply(other).id], AT)  # it has no seal, and comes after another's
    await assert_sealed(service, engine.path)
    witnessed = await service.witnessed()
    last = (await seals(service))[-1]
    assert witnessed is not None
    assert witnessed == (last.batch + 1, last.chain)
    assert await service.missing() is None


async def test_the_chain_goes_on_after_a_restart(engine: SqliteEngine) -> None:
    for n in range(1, 4):
        store = await engine.open()
        await store.take([question(n)], [answer(question(n))])
        await store.close()
    store = await engine.open()
    assert len(await seals(store)) == 3
    await assert_sealed(store, engine.path)


async def test_the_time_of_a_seal_never_goes_back(tmp_path: Path) -> None:
    times = iter([AT, AT - 5, AT + 1, AT - 1, AT + 2])
    store = await open_store(f"sqlite://{tmp_path}/j.db", keys=KEYS, now_us=lambda: next(times))
    try:
        for n in range(1, 6):
            await store.take([question(n)], [answer(question(n))])
        found = await seals(store)
    finally:
        await store.close()
    assert [seal.at_us - AT for seal in found] == [0, 0, 1, 1, 2]
    assert all(one.batch < other.batch for one, other in pairwise(found))


async def test_without_its_key_a_journal_takes_no_money(engine: SqliteEngine) -> None:
    await (await engine.open()).close()
    store = await open_store(f"sqlite://{engine.path}")
    try:
        asked = question(1)
        with pytest.raises(StoreDataError, match="without its key"):
            await store.take([asked], [answer(asked)])
        with pytest.raises(StoreDataError, match="without its key"):
            await store.close_legs([record(leg(1))])
        await store.take([asked])
        assert rows_of(engine.path) == {}
        assert [owed.question.id for owed in await store.owed(0, 9)] == [asked.id]
    finally:
        await store.close()


async def test_nothing_is_missing_and_no_loss_is_accepted(store: Journal) -> None:
    await store.take([question(1)], [answer(question(1))])
    assert await store.missing() is None
    assert await store.accept_loss(Acting("erlan", "engineer"), "none", AT) is None
    assert await store.losses() == []


async def test_rows_older_than_sealing_are_told_apart(store: Journal) -> None:
    sealing = await store.sealing()
    assert (sealing.after_entry, sealing.after_record) == (0, 0)
    assert len(sealing.node) == 16


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE seal SET at_us = 0", "DELETE FROM seal", "UPDATE sealing SET node = 'x'",
        "DELETE FROM sealing",
    ],
)  # fmt: skip
async def test_a_seal_is_never_changed_nor_removed(
    store: Journal, engine: SqliteEngine, sql: str
) -> None:
    await store.take([question(1)], [answer(question(1))])
    with (
        closing(sqlite3.connect(engine.path)) as other,
        pytest.raises(sqlite3.IntegrityError, match="never"),
    ):
        other.execute(sql)


async def test_each_outcome_of_a_charge_is_sealed(store: Journal, engine: SqliteEngine) -> None:
    asked = [question(n) for n in range(1, 4)]
    charged_on_reply = [answer(one, entries=(rated_mt(one),)) for one in asked]
    await store.take(asked, charged_on_reply)
    assert charged_on_reply[0].entries[0].charge_point is ChargePoint.MT
    outcomes: Sequence[Outcome] = [
        sent(reply(asked[0]))._replace(charge="charged"),
        failed(reply(asked[1])),
        sent(reply(asked[2]), "Z9"),
    ]
    await store.settle(outcomes)
    assert await sealed(store) == [[(1, 1), (1, 2), (1, 3)], [(1, 4), (1, 5)]]
    await assert_sealed(store, engine.path)


EVIL = """
CREATE TRIGGER evil AFTER INSERT ON entry WHEN NEW.kind = 'charged'
BEGIN
    INSERT INTO call_open (leg_id, started_us) VALUES (NEW.id, 0);
END
"""


async def test_nothing_is_committed_beneath_somebody_elses_trigger(
    engine: SqliteEngine, store: Journal
) -> None:
    await store.take([question(1)], [answer(question(1))])
    sealed_before = await sealed(store)
    alter(engine.path, EVIL)
    with pytest.raises(StoreUnavailableError, match="the trigger 'evil'"):
        await store.take([question(2)], [answer(question(2))])
    assert not (await store.health()).writable
    assert await store.strangers() == ["evil"]
    assert [finding.key for finding in (await verify_seals(store, KEYS.seal)).findings] == ["evil"]
    with pytest.raises(StoreOpenError, match="the trigger 'evil'"):
        await open_store(f"sqlite://{engine.path}", keys=KEYS)
    alter(engine.path, "DROP TRIGGER evil")
    assert await sealed(store) == sealed_before
    await store.take([question(2)], [answer(question(2))])
    await assert_sealed(store, engine.path)
    assert (await verify_seals(store, KEYS.seal)).findings == ()


async def test_one_put_in_place_of_ours_is_somebody_elses(
    engine: SqliteEngine, store: Journal
) -> None:
    alter(engine.path, "DROP TRIGGER seal_stays")
    alter(engine.path, "CREATE TRIGGER seal_stays AFTER UPDATE ON seal BEGIN SELECT 1; END")
    with pytest.raises(StoreUnavailableError, match="the trigger 'seal_stays'"):
        await store.take([question(1)], [answer(question(1))])


async def test_definitions_that_change_otherwise_stop_nobody(
    engine: SqliteEngine, store: Journal
) -> None:
    await store.take([question(1)], [answer(question(1))])
    alter(engine.path, "VACUUM")
    await asyncio.gather(*(store.take([question(n)], [answer(question(n))]) for n in (2, 3)))
    alter(engine.path, "CREATE INDEX theirs ON entry (operator)")
    assert await store.recover(AT) == 3  # a chore numbers its commit as well
    await assert_sealed(store, engine.path)


def alter(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(sql)
