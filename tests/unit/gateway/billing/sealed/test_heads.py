from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.billing.sealed.heads import (
    TAIL_OCTETS,
    Head,
    HeadError,
    head_for,
    head_of,
    heads_in,
    last_before,
    read_heads,
    seal_leaf,
    seal_row,
)
from gateway.core.seal import FIRST_CHAIN, Seal, root
from gateway.store.journal import Journal, Sealing
from tests.support.sealed import DAYS, day_of, midnight_us

NODE = "00ff"
HASH = bytes(range(32))
HEADS = st.builds(
    Head,
    st.from_regex(r"[0-9a-f]{1,64}", fullmatch=True),
    st.integers(0, 99_999_999),
    st.integers(0, 2**63 - 1),
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=32, max_size=32),
)


def seal(batch: int, at_us: int) -> Seal:
    return Seal(batch, at_us, 1, b"", HASH, batch.to_bytes(32))


class Shelf:
    """The verbs of a journal that are read here."""

    def __init__(self, seals: Sequence[Seal]) -> None:
        self._seals = seals
        self.asked = 0

    async def seals(self, after_batch: int, limit: int) -> Sequence[Seal]:
        self.asked += 1
        return [each for each in self._seals if each.batch > after_batch][:limit]

    async def sealing(self) -> Sealing:
        return Sealing(NODE, 0, 0)


def journal(seals: Sequence[Seal]) -> Journal:
    return cast(Journal, Shelf(seals))


def moments(day: int) -> tuple[int, int]:
    """The first moment of a day, and its last."""
    opens = midnight_us(DATES[day])
    return opens, opens + 86_400_000_000 - 1


DATES = {day: date(2026, 11, day % 100) for day in DAYS}


@given(HEADS)
def test_a_head_is_read_as_it_was_written(head: Head) -> None:
    assert heads_in(b'trailer,,"' + head.word.encode() + b'"\r\n') == [head]


@given(st.binary())
def test_what_is_no_head_is_none(octets: bytes) -> None:
    assert heads_in(b"jauap-head:1:" + octets) == []


def test_heads_are_told_once_and_from_the_end_of_a_long_file(tmp_path: Path) -> None:
    head = Head(NODE, DAYS[0], 7, 3, HASH, HASH)
    path = tmp_path / "long.csv"
    path.write_bytes(b"x" * TAIL_OCTETS + 2 * f"{head.word}\r\n".encode())
    assert read_heads(path) == [head]


def test_a_file_without_a_head_is_named(tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_text("record_type\r\ntrailer\r\n")
    with pytest.raises(HeadError, match=r"old\.csv: no head"):
        read_heads(path)


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=30, unique=True).map(sorted),
    st.integers(0, 42),
)
async def test_the_last_seal_before_a_moment_is_found(batches: list[int], at_us: int) -> None:
    seals = [seal(batch, batch) for batch in batches]
    expected = [each for each in seals if each.at_us < at_us]
    assert await last_before(journal(seals), at_us) == (expected[-1] if expected else None)


async def test_it_is_found_by_halving() -> None:
    shelf = Shelf([seal(batch, batch) for batch in range(1, 5_000)])
    found = await last_before(cast(Journal, shelf), 4_321)
    assert found is not None
    assert found.batch == 4_320
    assert shelf.asked < 40


async def test_a_head_has_the_seals_of_its_civil_day_alone() -> None:
    (first, last), (next_day, _) = moments(DAYS[0]), moments(DAYS[1])
    seals = [seal(1, first - 1), seal(3, first), seal(4, last), seal(9, next_day)]
    head = await head_of(journal(seals), DAYS[0], midnight_us)
    leaves = [seal_leaf(NODE, each) for each in seals[1:3]]
    assert head == Head(NODE, DAYS[0], 4, 2, root(leaves), seals[2].chain)
    assert head == await head_of(
        journal(seals[:3]), DAYS[0], midnight_us
    )  # later ones change nothing


async def test_a_day_without_seals_stands_where_the_day_before_stood() -> None:
    (first, _) = moments(DAYS[0])
    head = await head_of(journal([seal(5, first)]), DAYS[1], midnight_us)
    assert (head.batch, head.seals, head.chain) == (5, 0, (5).to_bytes(32))
    assert head.root == root([])


async def test_before_the_first_seal_there_is_no_head_to_publish() -> None:
    assert (await head_of(journal([]), DAYS[0], midnight_us)).chain == FIRST_CHAIN
    for today in DAYS:
        assert await head_for(journal([]), DAYS[1], today, day_of, midnight_us) is None


async def test_as_long_as_the_last_day_is_not_over_nothing_depends_on_todays_date() -> None:
    (first, _) = moments(DAYS[0])
    shelf = journal([seal(5, first)])
    told = [await head_for(shelf, 29_991_231, today, day_of, midnight_us) for today in DAYS]
    assert told == [await head_of(shelf, DAYS[0], midnight_us)] * 3
    over = await head_for(shelf, DAYS[1], DAYS[2], day_of, midnight_us)
    assert over == await head_of(shelf, DAYS[1], midnight_us)


def test_the_leaf_of_a_seal_is_plain_json() -> None:
    assert seal_row(NODE, Seal(7, 8, 9, b"", HASH, HASH)) == (
        f'["seal","00ff",7,8,9,"{HASH.hex()}","{HASH.hex()}"]'
    )
