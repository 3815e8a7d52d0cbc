"""The hash tree and the chain of seals, held against RFC 6962's own definitions."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.seal import (
    FIRST_CHAIN,
    LEAF_OCTETS,
    RowKind,
    Seal,
    hashed,
    leaf,
    named,
    names,
    next_chain,
    proof,
    proves,
    root,
)

# The test vectors of the certificate-transparency project for RFC 6962's tree.
ROWS = [
    bytes.fromhex(row)
    for row in [
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

rows = st.lists(st.binary(max_size=20), min_size=1, max_size=70)


@pytest.mark.parametrize("count", range(1, 9))
def test_the_root_is_that_of_the_known_vectors(count: int) -> None:
    assert root([leaf(row) for row in ROWS[:count]]).hex() == ROOTS[count - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert root([]) == sha256(b"").digest()


def by_the_book(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word by word."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\1" + by_the_book(leaves[:split]) + by_the_book(leaves[split:])).digest()


@given(rows)
def test_the_root_is_as_the_standard_defines_it(given_rows: list[bytes]) -> None:
    leaves = [leaf(row) for row in given_rows]
    assert root(leaves) == by_the_book(leaves)


@given(rows, st.data())
def test_every_row_can_be_proven(given_rows: list[bytes], data: st.DataObject) -> None:
    leaves = [leaf(row) for row in given_rows]
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = proof(leaves, index)
    assert len(path) <= (len(leaves) - 1).bit_length()
    assert proves(leaves[index], index, len(leaves), path, root(leaves))


@given(rows, st.data())
def test_nothing_else_can_be_proven(given_rows: list[bytes], data: st.DataObject) -> None:
    leaves = [leaf(row) for row in given_rows]
    count, top = len(leaves), root(leaves)
    index = data.draw(st.integers(0, count - 1))
    path = proof(leaves, index)
    assert not proves(leaf(b"another" * 5), index, count, path, top)
    assert not proves(leaves[index], index, count, path, leaf(b"another root"))
    assert not proves(leaves[index], index, count, (*path, top), top)
    for cut in range(len(path)):
        assert not proves(leaves[index], index, count, path[:cut], top)
        changed = (*path[:cut], leaf(path[cut]), *path[cut + 1 :])
        assert not proves(leaves[index], index, count, changed, top)
    for place in (-1, count):
        assert not proves(leaves[index], place, count, path, top)
    elsewhere = data.draw(st.integers(0, count - 1))
    if leaves[elsewhere] != leaves[index]:
        assert not proves(leaves[index], elsewhere, count, path, top)


def test_a_leaf_that_is_not_there_has_no_proof() -> None:
    for index in (-1, 2):
        with pytest.raises(IndexError):
            proof([leaf(b"a"), leaf(b"b")], index)


def test_a_node_is_no_leaf() -> None:
    left, right = leaf(b"a"), leaf(b"b")
    assert root([leaf(left + right)]) != root([left, right])


def test_the_chain_binds_all_that_a_seal_says() -> None:
    facts: tuple[Any, ...] = (
        b"k" * 32,
        "node",
        FIRST_CHAIN,
        7,
        1_795_150_800_000_000,
        2,
        leaf(b"x"),
    )
    told = next_chain(*facts)
    octets = (
        b"node\0" + bytes(32) + (7).to_bytes(8, "big")
        + (1_795_150_800_000_000).to_bytes(8, "big") + (2).to_bytes(8, "big") + leaf(b"x")
    )  # fmt: skip
    assert told == hmac.new(b"k" * 32, octets, "sha256").digest()
    others: tuple[Any, ...] = (
        b"K" * 32,
        "edon",
        leaf(b""),
        8,
        1_795_150_800_000_001,
        3,
        leaf(b"y"),
    )
    for place, other in enumerate(others):
        assert next_chain(*(*facts[:place], other, *facts[place + 1 :])) != told


@given(st.lists(st.tuples(st.sampled_from(RowKind), st.integers(0, 2**63 - 1), st.binary())))
def test_names_are_read_as_they_were_written(named_rows: list[tuple[int, int, bytes]]) -> None:
    leaves = b"".join(names(kind, [id_], hashed([row])) for kind, id_, row in named_rows)
    assert len(leaves) == LEAF_OCTETS * len(named_rows)
    assert [(one.kind, one.id, one.hash_head) for one in named(leaves)] == [
        (kind, id_, leaf(row)[:8]) for kind, id_, row in named_rows
    ]


def test_half_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="18 octets"):
        named(bytes(18))


def test_a_seal_is_its_columns() -> None:
    assert Seal._fields == ("batch", "at_us", "count", "leaves", "root", "chain")
    words = ["entry", "call_record", "audit", "loss", "staff"]
    assert [kind.word for kind in RowKind] == words
