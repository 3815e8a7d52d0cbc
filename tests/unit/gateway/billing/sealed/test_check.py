"""The pass over seals and rows where the journal is busy, older than sealing, or much is wrong.
What is wrong in which way: tests/conformance/test_tampering.py."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, cast

import pytest

from gateway.billing.sealed import check as checking
from gateway.billing.sealed.check import verify_seals
from gateway.core.seal import FIRST_CHAIN, Seal, leaf, names, next_chain, root
from gateway.store import StoreUnavailableError
from gateway.store.journal import Journal, Sealing, Witnessed

KEY, NODE = b"k" * 32, "00ff"


def row(id_: int) -> bytes:
    return b'["entry",%d,"rated:%d"]' % (id_, id_)


class Shelf:
    """Sealed rows of one kind, and the verbs that are asked for them."""

    def __init__(self, after: int = 0) -> None:
        self.rows = {id_: row(id_) for id_ in range(1, after + 1)}
        self.made: list[Seal] = []
        self.after = after
        self.witness: Witnessed | None = None
        self.busy = range(0)  # the reads after which something is committed
        self.reads = 0

    def commit(self, count: int = 3) -> None:
        first = max(self.rows, default=0) + 1
        ids = range(first, first + count)
        self.rows |= {id_: row(id_) for id_ in ids}
        hashes = [leaf(row(id_)) for id_ in ids]
        before = self.made[-1].chain if self.made else FIRST_CHAIN
        batch, top = len(self.made) + 1, root(hashes)
        chain = next_chain(KEY, NODE, before, batch, batch, count, top)
        self.made.append(Seal(batch, batch, count, names(1, ids, hashes), top, chain))

    def _goes_on(self) -> None:
        self.reads += 1
        if self.reads in self.busy:
            self.commit()

    async def sealed_rows(
        self, kind: int, after_id: int, limit: int
    ) -> Sequence[tuple[int, bytes]]:
        found = sorted(self.rows.items()) if kind == 1 else []
        self._goes_on()
        return [each for each in found if each[0] > after_id][:limit]

    async def rows_through(self, kind: int, id_: int) -> int:
        return sum(each <= id_ for each in self.rows) if kind == 1 else 0

    async def seals(self, after_batch: int, limit: int) -> Sequence[Seal]:
        found = [each for each in self.made if each.batch > after_batch][:limit]
        self._goes_on()
        return found

    async def sealing(self) -> Sealing:
        return Sealing(NODE, self.after, 0)

    async def witnessed(self) -> Witnessed | None:
        return self.witness

    async def missing(self) -> None:
        return None

    async def strangers(self) -> Sequence[str]:
        return ()

    async def losses(self) -> Sequence[Any]:
        return ()


async def codes(shelf: Shelf) -> list[tuple[str, int]]:
    report = await verify_seals(cast(Journal, shelf), KEY)
    return [(each.code, each.id) for each in report.findings]


async def test_what_is_committed_meanwhile_is_never_a_finding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checking, "SEALS_PAGE", 4)
    for first, every in itertools.product(range(1, 30), (1, 2, 3, 100)):
        shelf = Shelf()
        for _ in range(10):
            shelf.commit()
        shelf.witness = Witnessed(10, shelf.made[-1].chain)
        shelf.busy = range(first, 60, every)
        assert await codes(shelf) == []


async def test_rows_older_than_sealing_are_counted() -> None:
    shelf = Shelf(after=7)
    shelf.commit()
    report = await verify_seals(cast(Journal, shelf), KEY)
    assert (report.older, report.rows, report.findings) == (7, 3, ())
    del shelf.rows[4]
    assert await codes(shelf) == [("older_rows", 7)]


async def test_an_empty_journal_is_sound() -> None:
    report = await verify_seals(cast(Journal, Shelf()), KEY)
    assert report == (NODE, 0, 0, 0, 0, None, 0, (), 0)


async def test_another_key_file_is_told_seal_by_seal_and_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checking, "ODD_MAX", 5)
    monkeypatch.setattr(checking, "FINDINGS_KEPT_MAX", 4)
    shelf = Shelf()
    for _ in range(20):
        shelf.commit()
    report = await verify_seals(cast(Journal, shelf), b"another")
    assert [(each.code, each.id) for each in report.findings] == [
        ("seal_changed", 1), ("seal_unproven", 2), ("seal_unproven", 3), ("seal_unproven", 4),
    ]  # fmt: skip
    assert report.findings_count == 20


async def test_a_store_that_goes_away_is_told_as_it_is() -> None:
    class Away(Shelf):
        async def seals(self, after_batch: int, limit: int) -> Sequence[Seal]:
            raise StoreUnavailableError("gone")

    with pytest.raises(StoreUnavailableError, match="gone"):
        await verify_seals(cast(Journal, Away()), KEY)


async def test_a_row_page_that_cannot_be_read_is_told_as_it_is() -> None:
    class Away(Shelf):
        async def sealed_rows(
            self, kind: int, after_id: int, limit: int
        ) -> Sequence[tuple[int, bytes]]:
            if after_id >= 2_000:
                raise StoreUnavailableError("malformed")
            return await super().sealed_rows(kind, after_id, limit)

    shelf = Away()
    shelf.commit(3_000)
    with pytest.raises(StoreUnavailableError, match="malformed"):
        await verify_seals(cast(Journal, shelf), KEY)
