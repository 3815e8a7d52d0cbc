"""Optional parameters: tolerant reading."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.tlv import integer, read_tlvs, write_tlv


@given(st.dictionaries(st.integers(0, 0xFFFF), st.binary(max_size=40), max_size=6))
def test_what_is_written_is_read(tlvs: dict[int, bytes]) -> None:
    octets = b"".join(write_tlv(tag, value) for tag, value in tlvs.items())
    assert read_tlvs(b"ab" + octets, 2) == (tlvs, ())


@given(st.binary(max_size=80))
def test_reading_never_raises(octets: bytes) -> None:
    read_tlvs(octets, 0)


def test_row_f8_a_length_beyond_the_pdu_drops_that_parameter() -> None:
    whole = write_tlv(5, b"a")
    for end in range(4, 8):
        tlvs, warnings = read_tlvs(whole + write_tlv(0x1234, b"long")[:end], 0)
        assert tlvs == {5: b"a"}
        assert warnings == ("TLV 0x1234 runs past the PDU, dropped",)


@pytest.mark.parametrize("stray", [b"\0", b"\0\0", b"abc"])
def test_row_f7_stray_octets_at_the_end(stray: bytes) -> None:
    expected = {5: b"a"}, (f"{len(stray)} stray octets at the end",)
    assert read_tlvs(write_tlv(5, b"a") + stray, 0) == expected


def test_row_f7_a_stray_nul_in_front() -> None:
    octets = b"ab\0" + write_tlv(0x1403, b"a")
    warning = "stray NUL before the optional parameters"
    assert read_tlvs(octets, 2) == ({0x1403: b"a"}, (warning,))
    assert read_tlvs(b"ab\1" + write_tlv(0x1403, b"a"), 2)[0] == {}


def test_of_a_repeated_tag_the_first_stays() -> None:
    assert read_tlvs(write_tlv(5, b"a") + write_tlv(5, b"b"), 0)[0] == {5: b"a"}


@pytest.mark.parametrize(
    ("value", "number"),
    [(b"\x07", 7), (b"\x01\x02", 0x102), (b"\0\0\x01", 1), (b"", None), (b"12345", None)],
)
def test_an_integer_of_odd_length_is_read_or_none(value: bytes, number: int | None) -> None:
    assert integer({9: value}, 9) == number


def test_an_absent_integer_is_none() -> None:
    assert integer({}, 9) is None
