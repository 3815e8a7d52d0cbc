"""Packed septets, alone and behind a header."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.septets import fill_bits, pack, unpack

HELLO = bytes.fromhex("e8329bfd4697d9ec37")  # "hellohello", the example of every packing tutorial


def test_the_well_known_example() -> None:
    assert pack(b"hellohello") == HELLO
    assert unpack(HELLO) == b"hellohello"


def test_row_d10_seven_characters_have_no_commercial_at_behind_them() -> None:
    zero_filled = bytes.fromhex("31d98c56b3dd00")
    return_filled = bytes.fromhex("31d98c56b3dd1a")
    assert unpack(zero_filled) == b"1234567"
    assert unpack(return_filled) == b"1234567"
    assert pack(b"1234567") == return_filled


@pytest.mark.parametrize(("header_octets", "bits"), [(0, 0), (6, 1), (7, 0), (3, 4), (12, 2)])
def test_row_l19_fill_bits_lead_to_a_septet_boundary(header_octets: int, bits: int) -> None:
    assert fill_bits(header_octets) == bits


def test_row_l19_septets_behind_a_header_of_six_octets() -> None:
    # 'A' is 1000001: one fill bit, then its seven bits from bit 1 on
    assert pack(b"A", 6) == bytes((0b10000010,))
    assert unpack(bytes((0b10000010,)), 6) == b"A"


@given(
    st.binary(max_size=160).map(lambda octets: bytes(octet & 0x7F for octet in octets)),
    st.integers(0, 20),
)
def test_what_is_packed_is_unpacked(septets: bytes, header_octets: int) -> None:
    if septets[-1:] in {b"\0", b"\r"}:
        septets += b"x"  # where the last octet is full these two cannot be told from padding
    packed = pack(septets, header_octets)
    assert len(packed) == -(-(len(septets) * 7 + fill_bits(header_octets)) // 8)
    assert unpack(packed, header_octets) == septets


@given(st.binary(max_size=200), st.integers(0, 200))
def test_unpacking_never_raises_and_yields_septets(octets: bytes, header_octets: int) -> None:
    assert unpack(octets, header_octets).isascii()
