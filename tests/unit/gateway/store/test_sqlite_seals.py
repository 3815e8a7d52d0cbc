"""Rows as they are sealed, and what is sealed of them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.seal import FIRST_CHAIN, HASH_OCTETS, leaf, named, next_chain, root
from gateway.store.sqlite_seals import Sealer, canonical
from gateway.store.witness import Witness

KEY = b"k" * 32
texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"))
fields = st.none() | st.integers(-(2**63), 2**63 - 1) | texts
rows = st.lists(st.tuples(st.integers(0, 2**63 - 1), st.lists(fields, max_size=6)), min_size=1)


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(KEY, lambda: 5, Witness(Path("unused")))


def as_sqlite(given_rows: list[tuple[int, list[Any]]]) -> bytes:
    """One row a line, rendered as the writer has it rendered."""
    lines = []
    with closing(sqlite3.connect(":memory:")) as connection:
        for id_, values in given_rows:
            array = f"json_array({', '.join('?' * (2 + len(values)))})"
            select = f"SELECT {array}"
            lines.append(connection.execute(select, ("entry", id_, *values)).fetchone()[0])
    return "\n".join(lines).encode()


@given(rows)
def test_a_row_is_what_msgspec_makes_of_it(given_rows: list[tuple[int, list[Any]]]) -> None:
    assert canonical(as_sqlite(given_rows)) == [
        msgspec.json.encode(["entry", id_, *values]) for id_, values in given_rows
    ]


def test_how_another_library_escapes_makes_no_other_row() -> None:
    told = b'["entry",1,"a\\u0022b\\u002fc"]\n["entry",2,"plain"]'
    assert canonical(told) == [b'["entry",1,"a\\"b/c"]', b'["entry",2,"plain"]']


@pytest.mark.parametrize("ids", [[4, 5, 6], [7], [3, 9, 10], [10, 9, 8]])
def test_a_seal_tells_chain_root_and_names(sealer: Sealer, ids: list[int]) -> None:
    entries = [json.dumps(["entry", id_, "x"], separators=(",", ":")).encode() for id_ in ids]
    others = [b'["call_record",77,1]', b'["staff",3,"a"]']
    told = sealer.seal(9, 5, "node", b"b" * 32, b"\n".join(entries), b"\n".join(others))
    assert told is not None
    leaves = [leaf(row) for row in [*entries, *others]]
    top = root(leaves)
    chain = next_chain(KEY, "node", b"b" * 32, 9, 5, len(leaves), top)
    assert told[: 2 * HASH_OCTETS] == chain + top
    assert [tuple(one) for one in named(told[2 * HASH_OCTETS :])] == [
        *((1, id_, leaves[at][:8]) for at, id_ in enumerate(ids)),
        (2, 77, leaves[-2][:8]),
        (5, 3, leaves[-1][:8]),
    ]


def test_the_first_seal_follows_on_nothing(sealer: Sealer) -> None:
    told = sealer.seal(1, 5, "node", None, None, b'["loss",1]'.replace(b"]", b",0]"))
    assert told is not None
    top = root([leaf(b'["loss",1,0]')])
    assert told.startswith(next_chain(KEY, "node", FIRST_CHAIN, 1, 5, 1, top))


def test_without_a_key_nothing_is_sealed_or_witnessed(tmp_path: Path) -> None:
    sealer = Sealer(None, lambda: 5, Witness(tmp_path / "witness"))
    assert sealer.seal(1, 5, "node", None, b'["entry",1,0]', None) is None
    sealer.began()
    sealer.committed()
    assert not (tmp_path / "witness").exists()


def test_a_commit_that_failed_leaves_the_count_as_it_was(sealer: Sealer, tmp_path: Path) -> None:
    sealer.witness = Witness(tmp_path / "witness")
    sealer.began()
    sealer.counted(41, b"c" * 32)
    sealer.committed()
    sealer.began()
    sealer.seal(42, 5, "node", b"c" * 32, b'["entry",1,0]', None)
    assert (sealer.batch, sealer.chain) == (41, b"c" * 32)  # rolled back: no `committed`
    sealer.began()
    sealer.committed()
    assert (sealer.batch, sealer.chain) == (42, b"c" * 32)
    sealer.witness.close()
