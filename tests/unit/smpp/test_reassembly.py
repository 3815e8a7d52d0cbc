"""Parts in any order; what makes two deliveries one message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp import tlv
from smpp.operators import DEFAULT, OperatorProfile
from smpp.pdu import ShortMessage
from smpp.reassembly import identity, in_order, join

PLAIN = ShortMessage(
    b"", 1, 1, b"77011234567", 0, 1, b"1012", 0, 0, 0, b"", b"", 0, 0, 0, b"12345", {}
)  # fmt: skip


def of(message: ShortMessage, profile: OperatorProfile = DEFAULT, source: str = "7701") -> bytes:
    return identity(message, source, "1012", profile)


# Joining


def test_row_l13_eleven_parts_stand_in_numeric_order() -> None:
    parts = [(number, str(number).encode()) for number in (1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9)]
    whole = in_order(parts, 11)
    assert whole is not None
    assert join(whole, 0) == "1234567891011"


def test_row_l10_a_missing_part_means_not_yet() -> None:
    assert in_order([(1, b"a"), (3, b"c")], 3) is None
    assert in_order([], 2) is None


@given(st.data(), st.lists(st.binary(min_size=1, max_size=8), min_size=1, max_size=30))
def test_rows_l8_l9_any_order_and_duplicates_give_the_same(
    data: st.DataObject, parts: list[bytes]
) -> None:
    numbered = list(enumerate(parts, 1))
    again = data.draw(st.lists(st.sampled_from(numbered), max_size=5))
    foreign = [(0, b"x"), (len(parts) + 1, b"x")]
    shuffled = data.draw(st.permutations(numbered + again + foreign))
    assert in_order(shuffled, len(parts)) == tuple(parts)


def test_row_l9_of_two_copies_the_first_counts() -> None:
    assert in_order([(1, b"a"), (1, b"b")], 1) == (b"a",)


def test_row_l16_a_character_cut_apart_is_whole_after_joining() -> None:
    assert join([b"1\x1b", b"\x652"], 0) == "1€2"
    first, second = "😀".encode("utf-16-be")[:2], "😀".encode("utf-16-be")[2:]
    assert join([first, second], 8) == "😀"
    assert join([b"\x04", b"\x16"], 8) == "Ж"


def test_binary_parts_are_no_text() -> None:
    assert join([b"a", b"b"], 4) is None


# Identity


def test_row_m1_the_same_message_again_is_the_same() -> None:
    again = PLAIN._replace(source=b"+77011234567", priority=3, warnings=("later",))
    assert of(again) == of(PLAIN)
    assert of(PLAIN._replace(tlvs={0x1500: b"operator's clock"})) == of(PLAIN)


@pytest.mark.parametrize(
    "other",
    [
        PLAIN._replace(octets=b"12346"),
        PLAIN._replace(data_coding=8),
        PLAIN._replace(esm_class=0x40),
        PLAIN._replace(tlvs={tlv.SAR_SEGMENT_SEQNUM: b"\x02"}),
        PLAIN._replace(tlvs={tlv.SAR_MSG_REF_NUM: b"\0\x02"}),
        PLAIN._replace(tlvs={tlv.USER_MESSAGE_REFERENCE: b"\0\x02"}),
        PLAIN._replace(tlvs={tlv.SOURCE_PORT: b"\0\x02"}),
    ],
)
def test_row_m1_what_differs_makes_another_message(other: ShortMessage) -> None:
    assert of(other) != of(PLAIN)


def test_row_l5_a_part_differs_from_its_neighbour_by_its_header() -> None:
    first = PLAIN._replace(esm_class=0x40, octets=bytes.fromhex("0500030702 01") + b"same")
    second = first._replace(octets=bytes.fromhex("0500030702 02") + b"same")
    assert of(first) != of(second)


def test_addresses_cannot_run_into_each_other_or_into_the_text() -> None:
    assert identity(PLAIN, "77", "01012") != identity(PLAIN, "770", "1012")
    assert identity(PLAIN, "77", "1012") != identity(PLAIN._replace(octets=b"212345"), "77", "101")


def test_row_m1_the_operator_s_own_id_is_the_key_alone() -> None:
    profile = OperatorProfile(vendor_id_tlv=0x1400)
    first = PLAIN._replace(tlvs={0x1400: b"id-1"})
    assert of(first, profile) == of(first._replace(octets=b"other"), profile, source="7702")
    assert of(first, profile) != of(PLAIN._replace(tlvs={0x1400: b"id-2"}), profile)
    assert of(first, DEFAULT) == of(PLAIN)
    assert of(PLAIN._replace(tlvs={0x1400: b""}), profile) == of(PLAIN)


@given(st.binary(max_size=40), st.binary(max_size=40), st.integers(0, 255), st.text(max_size=5))
def test_identities_are_equal_only_for_equal_messages(
    octets: bytes, mark: bytes, data_coding: int, source: str
) -> None:
    message = PLAIN._replace(octets=octets, data_coding=data_coding)
    marked = message._replace(tlvs={tlv.SOURCE_PORT: mark})
    longer = message._replace(octets=octets + b"\0")
    seen = {of(message, source=source), of(marked, source=source), of(longer, source=source)}
    assert len(seen) == 3
