from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.simulator import wire
from smpp.simulator.wire import Bind, Malformed, Message

# A submit_sm body written down field by field after SMPP 3.4 section 4.4.1.
SUBMIT = bytes.fromhex(
    "00"  # service_type ""
    "00 01 31303132 00"  # source: TON 0, NPI 1, 1012
    "01 01 3737303130303030303031 00"  # destination: TON 1, NPI 1, 77010000001
    "40 00 00"  # esm_class with UDHI, protocol_id, priority_flag
    "00"  # schedule_delivery_time
    "30303030303030313030303030303052 00"  # validity_period 000000010000000R: an hour
    "01 00 08 00"  # registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id
    "04 0416 0441"  # sm_length, two letters in UCS-2
    "0204 0002 1234"  # user_message_reference
)

octet = st.integers(0, 255)
no_nul = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=20)
times = st.sampled_from([b"", b"000000010000000R", b"261120100000020+"])
tlvs = st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=30)), max_size=4).map(tuple)
messages = st.builds(
    Message, source=no_nul, destination=no_nul, octets=st.binary(max_size=254), data_coding=octet,
    esm_class=octet, registered_delivery=octet, source_ton=octet, source_npi=octet,
    destination_ton=octet, destination_npi=octet, service_type=no_nul, protocol_id=octet,
    priority_flag=octet, schedule=times, validity=times, replace_if_present=octet,
    default_message=octet, tlvs=tlvs, oddities=st.just(()),
)  # fmt: skip


def read(body: bytes) -> Message:
    message = wire.decode_message(body)
    assert isinstance(message, Message)
    return message


def test_a_submit_sm_of_the_specification_is_read_field_by_field() -> None:
    assert read(SUBMIT) == Message(
        source="1012", source_ton=0, destination="77010000001", octets=b"\x04\x16\x04\x41",
        data_coding=8, esm_class=0x40, registered_delivery=1, validity=b"000000010000000R",
        tlvs=((0x0204, b"\x12\x34"),),
    )  # fmt: skip


def test_a_submit_sm_of_the_specification_is_written_octet_by_octet() -> None:
    assert wire.encode_message(read(SUBMIT)) == SUBMIT


@given(messages)
def test_reading_a_written_message_gives_the_message(message: Message) -> None:
    assert read(wire.encode_message(message))._replace(oddities=()) == message


@given(messages)
def test_reading_a_written_data_sm_gives_its_fields(message: Message) -> None:
    back = wire.decode_data(wire.encode_data(message))
    assert isinstance(back, Message)
    absent = Message("", "")
    assert back == message._replace(
        octets=b"", protocol_id=0, priority_flag=0, schedule=b"", validity=b"",
        replace_if_present=absent.replace_if_present, default_message=0, oddities=back.oddities,
    )  # fmt: skip


@given(st.binary(max_size=120))
def test_no_octets_make_a_decoder_raise(body: bytes) -> None:
    wire.decode_message(body)
    wire.decode_data(body)
    wire.decode_bind(body)


@pytest.mark.parametrize("size", range(len(SUBMIT) - 6))
def test_a_message_cut_within_its_mandatory_fields_is_malformed(size: int) -> None:
    message = wire.decode_message(SUBMIT[:size])
    assert isinstance(message, Malformed)
    assert message.status in (wire.RINVMSGLEN, wire.RINVCMDLEN)


@pytest.mark.parametrize("size", range(25))
def test_a_data_sm_cut_within_its_mandatory_fields_is_malformed(size: int) -> None:
    body = wire.encode_data(Message("1012", "77010000001"))
    assert len(body) == 25
    assert isinstance(wire.decode_data(body[:size]), Malformed)


def test_a_text_longer_than_the_body_is_answered_with_rinvmsglen() -> None:
    body = wire.encode_message(Message("1012", "77010000001", b"abc"))
    message = wire.decode_message(body[:-4] + b"\xfeabc")
    assert message == Malformed("sm_length is longer than the rest of the body", wire.RINVMSGLEN)


@pytest.mark.parametrize("tlv", ["0204 0009 12", "0204 0002 12", "0204 00", "02"])
def test_a_tlv_that_runs_past_the_end_is_dropped_and_noted(tlv: str) -> None:
    message = read(SUBMIT[:-6] + bytes.fromhex(tlv))
    assert (message.tlvs, message.octets, message.oddities) == (
        (), b"\x04\x16\x04\x41", ("stray_octets",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("message", "oddity"),
    [
        (Message("1", "2", validity=b"000000010000000"), "time_form"),
        (Message("1", "2", validity=b"0000000100000009"), "time_form"),
        (Message("1", "2", schedule=b"tomorrow"), "time_form"),
        (Message("1", "2", octets=bytes(255)), "short_message_too_long"),
        (Message("1", "2", octets=b"a", tlvs=((0x0424, b"b"),)), "two_texts"),
    ],
)
def test_what_is_odd_is_read_and_named(message: Message, oddity: str) -> None:
    assert read(wire.encode_message(message)).oddities == (oddity,)


def test_message_payload_is_the_text_where_it_is_present() -> None:
    assert Message("1", "2", b"short").user_data() == b"short"
    assert Message("1", "2", b"short", tlvs=((0x0204, b"\0\1"),)).user_data() == b"short"
    assert Message("1", "2", tlvs=((0x0204, b""), (0x0424, b"long"))).user_data() == b"long"


def test_a_bind_is_read_field_by_field() -> None:
    body = b"jauap\0secret\0VMA\0" + bytes((0x34, 1, 2)) + b"101*\0"
    assert wire.decode_bind(body) == Bind("jauap", "secret", "VMA", 0x34, 1, 2, "101*")


@pytest.mark.parametrize("size", range(17 + 3 + 4))
def test_a_bind_cut_anywhere_is_malformed(size: int) -> None:
    body = b"jauap\0secret\0VMA\0" + bytes((0x34, 1, 2)) + b"101*\0"
    assert isinstance(wire.decode_bind(body[:size]), Malformed)


def test_a_bind_response_tells_its_version_to_peers_of_3_4_alone() -> None:
    bind = Bind("a", "b", "", 0x34, 0, 0, "")
    assert wire.bind_response(bind, 0x34) == b"SMSC\0" + bytes.fromhex("0210 0001 34")
    assert wire.bind_response(bind, None) == b"SMSC\0"
    assert wire.bind_response(bind._replace(interface_version=0x33), 0x34) == b"SMSC\0"
