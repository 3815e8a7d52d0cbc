"""User data headers: every element is walked, nonsense is ignored."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.messages import Part
from smpp.submit import user_data_header
from smpp.udh import UserDataHeader, read_header

TEXT = b"hello"


def header(elements: str) -> UserDataHeader:
    octets = bytes.fromhex(elements)
    return read_header(bytes((len(octets),)) + octets + TEXT)


def test_row_l1_both_widths_of_the_reference() -> None:
    assert header("00 03 07 02 01") == UserDataHeader(6, Part(7, 2, 1, 8), False)
    assert header("08 04 0107 0b 0a") == UserDataHeader(7, Part(0x107, 11, 10, 16), False)


@pytest.mark.parametrize(
    "elements",
    [
        "05 04 0b84 0000 00 03 07 02 01",
        "00 03 07 02 01 05 04 0b84 0000",
        "70 00 00 03 07 02 01 04 02 01 02",
    ],
)
def test_row_l2_the_concatenation_is_found_among_other_elements(elements: str) -> None:
    assert header(elements).part == Part(7, 2, 1, 8)


def test_a_header_may_be_all_there_is() -> None:
    octets = bytes.fromhex("05 00 03 07 02 01")
    assert read_header(octets) == UserDataHeader(6, Part(7, 2, 1, 8), False)
    assert read_header(b"\0") == UserDataHeader(1, None, False)


def test_an_empty_element_at_the_end_is_fine() -> None:
    assert header("00 03 07 02 01 70 00") == UserDataHeader(8, Part(7, 2, 1, 8), False)


@pytest.mark.parametrize("octets", [b"\x06hello", b"1234567", b"\xff\x00\x03\x07\x02\x01"])
def test_row_l4_a_header_longer_than_the_message_is_a_wrong_flag(octets: bytes) -> None:
    found = read_header(octets)
    assert (found.size, found.part, found.ported) == (0, None, False)
    assert "longer than the message" in found.warnings[0]


def test_row_l4_no_user_data_at_all() -> None:
    assert read_header(b"") == UserDataHeader(0, None, False, ("UDHI without user data",))


@pytest.mark.parametrize("elements", ["00 03 07 02", "00", "24 01", "00 ff 07 02 01"])
def test_an_element_beyond_the_header_ends_the_walk(elements: str) -> None:
    found = header(elements)
    assert found.part is None
    assert "runs past the header" in found.warnings[0]
    assert found.size == len(bytes.fromhex(elements)) + 1


@pytest.mark.parametrize(("total", "number"), [(2, 0), (2, 3), (0, 0), (0, 1), (1, 1)])
def test_row_l15_a_place_without_sense_makes_a_single_message(total: int, number: int) -> None:
    found = header(f"00 03 07 {total:02x} {number:02x}")
    assert found.part is None
    assert found.warnings


@pytest.mark.parametrize("elements", ["00 02 07 02", "08 03 07 02 01", "00 00"])
def test_a_concatenation_of_another_length_is_ignored(elements: str) -> None:
    found = header(elements)
    assert found.part is None
    assert "ignored" in found.warnings[0]


def test_of_two_concatenations_the_valid_one_counts() -> None:
    assert header("00 03 07 02 00 08 04 0107 02 01").part == Part(0x107, 2, 1, 16)
    assert header("08 04 0107 02 01 00 03 07 02 02").part == Part(0x107, 2, 1, 16)


@pytest.mark.parametrize("elements", ["04 02 f0 f1", "05 04 0b84 23f4"])
def test_row_l18_port_addressing_is_told(elements: str) -> None:
    found = header(elements)
    assert (found.ported, found.part) == (True, None)


@pytest.mark.parametrize("element", ["24", "25"])
def test_row_d16_a_national_language_is_a_warning(element: str) -> None:
    found = header(f"{element} 01 01")
    assert (found.part, found.size) == (None, 4)
    assert "default table" in found.warnings[0]


@given(
    st.integers(0, 0xFFFF),
    st.sampled_from([8, 16]),
    st.integers(2, 255).flatmap(lambda total: st.tuples(st.just(total), st.integers(1, total))),
)
def test_what_we_write_we_read(reference: int, width: int, place: tuple[int, int]) -> None:
    part = Part(reference & (0xFF if width == 8 else 0xFFFF), *place, width)
    octets = user_data_header(part)
    assert read_header(octets + TEXT) == UserDataHeader(len(octets), part, False)


@given(st.binary(max_size=160))
def test_reading_never_raises_and_never_points_beyond_the_message(octets: bytes) -> None:
    found = read_header(octets)
    assert 0 <= found.size <= len(octets)
    assert found.part is None or 1 <= found.part.number <= found.part.total
