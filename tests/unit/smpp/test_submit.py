"""submit_sm octet by octet, by profile and by what the peer understands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp import pdu, tlv
from smpp.messages import Part, Submit
from smpp.operators import DEFAULT, OperatorProfile, ValidityForm
from smpp.pdu import ShortMessage
from smpp.submit import absolute_time, encode_submit, relative_time, user_data_header

PLAIN = Submit(0x12345, "1012", "77011234567", 0, b"hello")


def written(
    submit: Submit,
    profile: OperatorProfile = DEFAULT,
    version: int | None = 0x34,
    now: datetime | None = None,
) -> ShortMessage:
    octets = encode_submit(7, submit, profile, version, now)
    (frame,) = pdu.Framer().feed(octets)
    assert isinstance(frame, pdu.Frame)
    assert (frame.command_id, frame.status, frame.sequence) == (pdu.SUBMIT_SM, 0, 7)
    message = pdu.decode_short_message(pdu.SUBMIT_SM, frame.body)
    assert isinstance(message, ShortMessage)
    assert message.warnings == ()
    return message


def test_a_plain_submit_is_these_octets() -> None:
    assert encode_submit(1, PLAIN, DEFAULT, None) == bytes.fromhex(
        "00000035 00000004 00000000 00000001"
        "00 00 01 31303132 00 01 01 3737303131323334353637 00"
        "00 00 00 00 00 00 00 00 00 05 68656c6c6f"
    )


@pytest.mark.parametrize(("ton", "npi"), [(0, 1), (3, 0), (6, 0)])
def test_row_p10_the_source_has_the_profile_s_ton_and_npi(ton: int, npi: int) -> None:
    profile = OperatorProfile(source_ton=ton, source_npi=npi, dest_ton=2, dest_npi=8)
    message = written(PLAIN, profile)
    assert (message.source_ton, message.source_npi, message.source) == (ton, npi, b"1012")
    assert (message.dest_ton, message.dest_npi, message.dest) == (2, 8, b"77011234567")


@pytest.mark.parametrize("registered", [1, 2, 0x10])
def test_row_p9_registered_delivery_is_the_profile_s_where_a_receipt_is_wanted(
    registered: int,
) -> None:
    profile = OperatorProfile(registered_delivery=registered)
    wanted = PLAIN._replace(receipt=True)
    assert written(wanted, profile).registered_delivery == registered
    assert written(PLAIN, profile).registered_delivery == 0


def test_service_type_protocol_and_priority_come_from_the_profile() -> None:
    message = written(PLAIN, OperatorProfile(service_type="CMT", protocol_id=0x41, priority=2))
    assert (message.service_type, message.protocol_id, message.priority) == (b"CMT", 0x41, 2)


@pytest.mark.parametrize(
    ("seconds", "octets"),
    [
        (3600, b"000000010000000R"),
        (600, b"000000001000000R"),
        (1, b"000000000001000R"),
        (0, b"000000000001000R"),
        (90_061, b"000001010101000R"),
        (10**9, b"000030000000000R"),
    ],
)
def test_row_p8_a_relative_validity(seconds: int, octets: bytes) -> None:
    assert relative_time(seconds) == octets
    assert written(PLAIN._replace(validity_s=seconds)).validity == octets


@pytest.mark.parametrize(
    ("hours", "octets"),
    [(5, b"261120110000020+"), (0, b"261120110000000+"), (-3.5, b"261120110000014-")],
)
def test_row_p8_an_absolute_validity_counts_quarter_hours(hours: float, octets: bytes) -> None:
    zone = timezone(timedelta(hours=hours))
    now = datetime(2026, 11, 20, 10, 0, tzinfo=zone)
    assert absolute_time(now + timedelta(hours=1)) == octets
    absolute = OperatorProfile(validity_form=ValidityForm.ABSOLUTE)
    hour = PLAIN._replace(validity_s=3600)
    assert written(hour, absolute, now=now).validity == octets
    assert written(hour, absolute).validity == b""


def test_row_p8_no_validity_where_the_operator_rejects_it() -> None:
    none = OperatorProfile(validity_form=ValidityForm.NONE)
    assert written(PLAIN._replace(validity_s=60), none).validity == b""
    assert written(PLAIN).validity == b""


def test_row_b7_user_message_reference_only_by_profile_and_from_3_4_on() -> None:
    echoed = OperatorProfile(user_message_reference=True)
    assert written(PLAIN, echoed).tlvs == {tlv.USER_MESSAGE_REFERENCE: b"\x23\x45"}
    assert written(PLAIN, DEFAULT).tlvs == {}
    assert written(PLAIN, echoed, 0x33).tlvs == {}
    assert written(PLAIN, echoed, None).tlvs == {}
    assumed = replace(echoed, peer_version_assumed=0x34)
    assert written(PLAIN, assumed, None).tlvs


def test_row_l21_a_udh_sets_the_bit_and_stands_in_front() -> None:
    part = Part(0x1234, 2, 1, 16)
    octets = user_data_header(part) + b"hello"
    message = written(PLAIN._replace(octets=octets, udhi=True))
    assert message.esm_class == 0x40
    assert message.octets == bytes.fromhex("06 08 04 1234 02 01") + b"hello"
    assert user_data_header(Part(0x1FF, 3, 2, 8)) == bytes.fromhex("05 00 03 ff 03 02")


def test_row_l21_sar_travels_in_tlvs() -> None:
    message = written(PLAIN._replace(sar=Part(0x1234, 3, 2, 0)))
    assert message.esm_class == 0
    assert message.tlvs == {
        tlv.SAR_MSG_REF_NUM: b"\x12\x34",
        tlv.SAR_TOTAL_SEGMENTS: b"\x03",
        tlv.SAR_SEGMENT_SEQNUM: b"\x02",
    }


def test_row_b7_sar_becomes_a_udh_for_a_peer_without_tlvs() -> None:
    message = written(PLAIN._replace(sar=Part(0x1234, 3, 2, 0)), version=0x33)
    assert (message.esm_class, message.tlvs) == (0x40, {})
    assert message.octets == bytes.fromhex("06 08 04 1234 03 02") + b"hello"


def test_row_l21_a_payload_leaves_short_message_empty() -> None:
    message = written(PLAIN._replace(payload=True))
    assert message.tlvs == {tlv.MESSAGE_PAYLOAD: b"hello"}
    assert message.octets == b"hello"
    older = written(PLAIN._replace(payload=True), version=0x33)
    assert (older.tlvs, older.octets) == ({}, b"hello")


@pytest.mark.parametrize("version", [0x33, 0x34, None])
def test_what_sm_length_cannot_count_travels_as_payload(version: int | None) -> None:
    long = PLAIN._replace(octets=bytes(255))
    assert written(long, version=version).tlvs == {tlv.MESSAGE_PAYLOAD: bytes(255)}
    assert written(PLAIN._replace(octets=b"x" * 254), version=version).tlvs == {}


@given(
    st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=20),
    st.binary(max_size=300),
    st.integers(0, 255),
    st.one_of(st.none(), st.integers(-5, 10**7)),
    st.booleans(),
)
def test_any_submit_is_read_back(
    destination: str, octets: bytes, data_coding: int, validity_s: int | None, receipt: bool
) -> None:
    submit = Submit(
        5, "1012", destination, data_coding, octets, receipt=receipt, validity_s=validity_s
    )
    message = written(submit, now=datetime(2026, 11, 20, tzinfo=UTC))
    assert message.dest == destination.encode()
    assert (message.data_coding, message.octets) == (data_coding, octets)


REPORT = (
    b"id:7001 sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 stat:%b err:000 text:"
)


def delivered(submit: Submit, profile: OperatorProfile = DEFAULT, version: int = 0x34) -> bytes:
    return encode_submit(7, submit, profile, version, None, pdu.DELIVER_SM)


def test_a_deliver_sm_has_the_same_fields_but_no_times_and_no_wish_for_a_receipt() -> None:
    submit = PLAIN._replace(receipt=True, validity_s=600)
    (frame,) = pdu.Framer().feed(delivered(submit))
    assert isinstance(frame, pdu.Frame)
    assert frame.command_id == pdu.DELIVER_SM
    assert frame.body == delivered(PLAIN)[16:]
    message = pdu.decode_short_message(frame.command_id, frame.body)
    assert isinstance(message, ShortMessage)
    assert (message.validity, message.registered_delivery) == (b"", 0)
    assert (message.source, message.dest, message.octets) == (b"1012", b"77011234567", b"hello")


@pytest.mark.parametrize(
    ("stat", "state"), [(b"DELIVRD", 2), (b"EXPIRED", 3), (b"UNDELIV", 5), (b"REJECTD", 8)]
)
def test_a_report_says_id_and_state_in_tlvs_as_well(stat: bytes, state: int) -> None:
    submit = PLAIN._replace(octets=REPORT % stat, report=True)
    message = pdu.decode_short_message(pdu.DELIVER_SM, delivered(submit)[16:])
    assert isinstance(message, ShortMessage)
    assert (message.esm_class, message.octets) == (0x04, REPORT % stat)
    assert message.tlvs == {0x001E: b"7001\0", 0x0427: bytes((state,))}


def test_a_report_of_a_state_without_a_number_names_its_id_alone() -> None:
    submit = PLAIN._replace(octets=REPORT % b"SKIPPED", report=True)
    message = pdu.decode_short_message(pdu.DELIVER_SM, delivered(submit)[16:])
    assert isinstance(message, ShortMessage)
    assert message.tlvs == {0x001E: b"7001\0"}


def test_a_report_to_a_peer_that_knows_no_tlvs_is_its_text() -> None:
    submit = PLAIN._replace(octets=REPORT % b"DELIVRD", report=True)
    message = pdu.decode_short_message(pdu.DELIVER_SM, delivered(submit, version=0x33)[16:])
    assert isinstance(message, ShortMessage)
    assert (message.esm_class, message.tlvs) == (0x04, {})


@given(octets=st.binary(max_size=254))
def test_whatever_a_report_s_text_it_is_sent(octets: bytes) -> None:
    submit = PLAIN._replace(octets=octets, report=True)
    message = pdu.decode_short_message(pdu.DELIVER_SM, delivered(submit)[16:])
    assert isinstance(message, ShortMessage)
    assert message.octets == octets
