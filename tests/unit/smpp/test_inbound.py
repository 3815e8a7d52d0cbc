"""What a deliver_sm is: question, part, receipt, or nothing for us."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp import tlv
from smpp.inbound import Ignored, can_be_answered, read_message
from smpp.messages import Inbound, Part, Receipt, ReceiptState
from smpp.operators import DEFAULT, Alphabet, OperatorProfile
from smpp.pdu import ShortMessage
from smpp.reassembly import join

NUMBER = b"123456789012345678"
PLAIN = ShortMessage(
    b"", 1, 1, b"+77011234567", 0, 1, b"71012", 0, 0, 0, b"", b"", 0, 0, 0, NUMBER, {}
)  # fmt: skip
PROFILE = OperatorProfile(aliases={"71012": "1012"})
RECEIPT = b"id:00AB sub:001 dlvrd:001 submit date:1 done date:1 stat:DELIVRD err:000 text:"
UDH8 = bytes.fromhex("05 00 03 07 02 01")


def question(message: ShortMessage, profile: OperatorProfile = PROFILE) -> Inbound:
    found = read_message(message, profile)
    assert isinstance(found, Inbound), found
    return found


def receipt(message: ShortMessage) -> Receipt:
    found = read_message(message, PROFILE)
    assert isinstance(found, Receipt), found
    return found


def test_an_ordinary_text_is_a_question() -> None:
    found = question(PLAIN)
    assert found == Inbound(
        source="77011234567",
        source_ton=1,
        destination="1012",
        data_coding=0,
        octets=NUMBER,
        text=NUMBER.decode(),
        part=None,
        answerable=True,
        identity=found.identity,
    )
    assert found.identity == question(PLAIN._replace(source=b"87011234567")).identity
    assert found.identity != question(PLAIN._replace(octets=b"1")).identity


def test_warnings_of_the_pdu_and_of_the_text_are_kept() -> None:
    found = question(PLAIN._replace(octets=b"\xff", warnings=("1 stray octets",)))
    assert found.warnings[0] == "1 stray octets"
    assert "Latin-1" in found.warnings[1]


# Receipts and what else is no question


@pytest.mark.parametrize("esm_class", [0x04, 0x44, 0x84, 0x07])
def test_row_r1_the_receipt_bit_among_others(esm_class: int) -> None:
    found = receipt(PLAIN._replace(esm_class=esm_class, octets=RECEIPT))
    assert (found.message_id, found.state) == ("00AB", ReceiptState.DELIVERED)


def test_row_r2_an_intermediate_notification_is_not_final() -> None:
    found = receipt(PLAIN._replace(esm_class=0x20, octets=RECEIPT))
    assert (found.intermediate, found.state) == (True, ReceiptState.ENROUTE)


@pytest.mark.parametrize("esm_class", [0x08, 0x10, 0x18, 0x48])
def test_row_r3_acknowledgements_of_phones_are_ignored(esm_class: int) -> None:
    found = read_message(PLAIN._replace(esm_class=esm_class), PROFILE)
    assert isinstance(found, Ignored)
    assert found.reason


def test_row_r4_what_reads_like_a_receipt_stays_a_question_with_the_receipt_beside_it() -> None:
    found = question(PLAIN._replace(octets=RECEIPT))
    assert found.text == RECEIPT.decode()
    assert found.unflagged == receipt(PLAIN._replace(esm_class=4, octets=RECEIPT))
    assert found.unflagged.canonical_id == "ab"


@pytest.mark.parametrize(
    "octets", [NUMBER, b"", b"ticket: 12", b"id: stat:x", b"id:5", b"stat:DELIVRD", b"id 5 stat 7"]
)
def test_row_r4_without_both_marks_a_text_is_a_question_alone(octets: bytes) -> None:
    assert question(PLAIN._replace(octets=octets)).unflagged is None


def test_row_r4_a_part_or_a_message_for_an_application_is_never_taken_for_a_receipt() -> None:
    for header in (UDH8, bytes.fromhex("06 05 04 0b84 23f4")):
        found = question(PLAIN._replace(esm_class=0x40, octets=header + RECEIPT))
        assert (found.octets, found.unflagged) == (RECEIPT, None)


def test_row_r8_the_tlv_of_a_receipt_needs_no_flag() -> None:
    tlvs = {tlv.RECEIPTED_MESSAGE_ID: b"77\0", tlv.MESSAGE_STATE: b"\x02"}
    found = receipt(PLAIN._replace(octets=b"", tlvs=tlvs))
    assert (found.message_id, found.state) == ("77", ReceiptState.DELIVERED)


# Parts


@pytest.mark.parametrize("esm_class", [0x40, 0x43, 0xC0])
def test_row_l3_the_udhi_bit_among_others(esm_class: int) -> None:
    found = question(PLAIN._replace(esm_class=esm_class, octets=UDH8 + b"12"))
    assert (found.part, found.octets, found.text) == (Part(7, 2, 1, 8), b"12", None)


def test_row_l3_without_the_bit_the_octets_are_text() -> None:
    found = question(PLAIN._replace(octets=UDH8 + b"12"))
    assert found.part is None
    assert found.octets == UDH8 + b"12"


def test_row_l5_the_header_may_stand_in_the_payload() -> None:
    payload = UDH8 + b"12"
    tlvs = {tlv.MESSAGE_PAYLOAD: payload}
    found = question(PLAIN._replace(esm_class=0x40, octets=payload, tlvs=tlvs))
    assert (found.part, found.octets) == (Part(7, 2, 1, 8), b"12")


SAR = {
    tlv.SAR_MSG_REF_NUM: b"\x01\x07",
    tlv.SAR_TOTAL_SEGMENTS: b"\x03",
    tlv.SAR_SEGMENT_SEQNUM: b"\x02",
}


def test_row_l6_sar_parameters_make_a_part() -> None:
    found = question(PLAIN._replace(tlvs=SAR))
    assert (found.part, found.text, found.warnings) == (Part(0x107, 3, 2, 0), None, ())


@pytest.mark.parametrize("missing", list(SAR))
def test_row_l6_an_incomplete_set_is_a_single_message(missing: int) -> None:
    for value in (None, b""):
        tlvs = {tag: octets for tag, octets in SAR.items() if tag != missing}
        if value is not None:
            tlvs[missing] = value
        found = question(PLAIN._replace(tlvs=tlvs))
        assert (found.part, found.text) == (None, NUMBER.decode())
        assert "incomplete SAR" in found.warnings[0]


def test_row_c9_other_parameters_are_nothing_to_warn_of() -> None:
    found = question(PLAIN._replace(tlvs={0x1403: b"\xff", tlv.SOURCE_PORT: b"\0\x01"}))
    assert (found.text, found.part, found.warnings) == (NUMBER.decode(), None, ())


def test_row_l6_the_header_wins_over_sar() -> None:
    found = question(PLAIN._replace(esm_class=0x40, octets=UDH8 + b"12", tlvs=SAR))
    assert found.part == Part(7, 2, 1, 8)


def test_row_l15_a_place_without_sense_is_a_single_message() -> None:
    tlvs = {**SAR, tlv.SAR_SEGMENT_SEQNUM: b"\x04"}
    assert question(PLAIN._replace(tlvs=tlvs)).text == NUMBER.decode()
    octets = bytes.fromhex("05 00 03 07 01 01") + NUMBER
    single = question(PLAIN._replace(esm_class=0x40, octets=octets))
    assert (single.part, single.text) == (None, NUMBER.decode())
    assert single.warnings


def test_row_l18_a_message_for_an_application_is_no_question() -> None:
    octets = bytes.fromhex("06 05 04 0b84 23f4") + b"WAP"
    found = question(PLAIN._replace(esm_class=0x40, octets=octets))
    assert (found.text, found.part, found.octets) == (None, None, b"WAP")


def test_row_l2_a_port_beside_a_concatenation_is_a_part() -> None:
    octets = bytes.fromhex("0b 05 04 0b84 23f4 00 03 07 02 01") + b"12"
    found = question(PLAIN._replace(esm_class=0x40, octets=octets))
    assert (found.part, found.octets) == (Part(7, 2, 1, 8), b"12")


def test_row_l4_a_wrong_udhi_flag_costs_nothing() -> None:
    found = question(PLAIN._replace(esm_class=0x40))
    assert found.text == NUMBER.decode()
    assert found.warnings
    assert question(PLAIN._replace(esm_class=0x40, octets=b"")).text == ""


def test_row_l19_packed_parts_are_stored_unpacked_and_join() -> None:
    profile = OperatorProfile(packed=True)
    parts = []
    for number, text in ((1, "1234567"), (2, "89")):
        bits = sum(ord(char) << (7 * at) for at, char in enumerate(text)) << 1
        header = bytes.fromhex(f"05 00 03 07 02 {number:02x}")
        octets = header + bits.to_bytes((len(text) * 7 + 8) // 8, "little")
        found = question(PLAIN._replace(esm_class=0x40, octets=octets), profile)
        parts.append(found.octets)
    assert parts == [b"1234567", b"89"]
    assert join(parts, 0, profile) == "123456789"


# Texts and addresses


@pytest.mark.parametrize("data_coding", [2, 4, 0xF5])
def test_row_d4_binary_has_no_text(data_coding: int) -> None:
    found = question(PLAIN._replace(data_coding=data_coding))
    assert (found.text, found.octets, found.data_coding) == (None, NUMBER, data_coding)


def test_row_d15_an_empty_text_is_a_question() -> None:
    assert question(PLAIN._replace(octets=b"")).text == ""


def test_row_a3_an_alphanumeric_source_is_kept_and_not_answered() -> None:
    found = question(PLAIN._replace(source=b"Bank", source_ton=5))
    assert (found.source, found.source_ton, found.answerable) == ("Bank", 5, False)


PORTED = bytes.fromhex("06 05 04 0b84 23f4")


@pytest.mark.parametrize(
    ("message", "can"),
    [
        (PLAIN, True),
        (PLAIN._replace(octets=b""), True),
        (PLAIN._replace(data_coding=4), False),
        (PLAIN._replace(data_coding=0xF5), False),
        (PLAIN._replace(source=b"Bank", source_ton=5), False),
        (PLAIN._replace(source=b"1414"), False),
        (PLAIN._replace(esm_class=0x40, octets=PORTED + b"WAP"), False),
        (PLAIN._replace(esm_class=0x40, octets=UDH8 + b"12"), True),
        (PLAIN._replace(esm_class=0x40, octets=UDH8 + b"12", data_coding=4), False),
        (PLAIN._replace(esm_class=0x40, octets=UDH8 + b"12", source=b""), False),
    ],
)
def test_row_m4_what_no_reply_can_answer_is_told_apart(message: ShortMessage, can: bool) -> None:
    assert can_be_answered(question(message), PROFILE) is can


@given(
    st.builds(
        ShortMessage,
        *[st.just(b""), st.integers(0, 255), st.just(1), st.binary(max_size=25)],
        *[st.just(1), st.just(1), st.binary(max_size=10), st.integers(0, 255)],
        *[st.just(0), st.just(0), st.just(b""), st.just(b""), st.just(0), st.just(0)],
        *[st.integers(0, 255), st.binary(max_size=180)],
        st.dictionaries(st.sampled_from([*SAR, 0x1E, 0x427, 0x204]), st.binary(max_size=6)),
    ),
    st.sampled_from(list(Alphabet)),
    st.booleans(),
)
def test_no_message_raises(message: ShortMessage, alphabet: Alphabet, packed: bool) -> None:
    profile = OperatorProfile(default_alphabet=alphabet, packed=packed)
    found = read_message(message, profile)
    assert isinstance(found, Inbound | Receipt | Ignored)
    assert not isinstance(found, Inbound) or can_be_answered(found, profile) in {True, False}
    assert read_message(message, DEFAULT) == read_message(message, DEFAULT)
