"""The verbs that read sealed rows; every engine passes this."""

from __future__ import annotations

import json

from gateway.core.seal import RowKind, leaf, named, root
from gateway.store import Journal
from tests.support.journal import answer, entry, question
from tests.support.legs import leg, record


async def test_rows_are_read_in_pages_as_they_were_sealed(store: Journal) -> None:
    asked = [question(n) for n in range(1, 6)]
    await store.take(asked, [answer(each) for each in asked])
    (seal,) = await store.seals(0, 10)
    rows = list(await store.sealed_rows(RowKind.ENTRY, 0, 4))
    rows += await store.sealed_rows(RowKind.ENTRY, rows[-1][0], 100)
    assert [id_ for id_, _ in rows] == [row.id for row in named(seal.leaves)]
    assert root([leaf(row) for _, row in rows]) == seal.root
    assert await store.sealed_rows(RowKind.ENTRY, rows[-1][0], 100) == ()
    assert await store.rows_through(RowKind.ENTRY, rows[2][0]) == 3


async def test_every_kind_can_be_read(store: Journal) -> None:
    for kind in RowKind:
        assert list(await store.sealed_rows(kind, 0, 1)) == []
        assert await store.rows_through(kind, 99) == 0


async def test_a_record_is_read_with_the_facts_of_its_leg(store: Journal) -> None:
    one = record(leg(1), language='"kk"\\\n')
    await store.close_legs([one])
    ((id_, row),) = await store.sealed_rows(RowKind.CALL_RECORD, 0, 9)
    assert id_ == one.id
    told = json.loads(row)
    assert (told[0], told[-7:]) == (
        "call_record",
        ["1414", "CA0001", "caller", "party1", "1414", one.leg.started_us, one.leg.day],
    )
    (seal,) = await store.seals(0, 10)
    assert root([leaf(row)]) == seal.root


async def test_an_entry_is_found_by_its_key(store: Journal) -> None:
    asked = question(1)
    await store.take([asked], [answer(asked)])
    ids = [await store.entry_id(each.key) for each in (entry(asked), entry(asked, "charged"))]
    assert ids == [id_ for id_, _ in await store.sealed_rows(RowKind.ENTRY, 0, 9)]
    assert await store.entry_id("rated:7") is None
