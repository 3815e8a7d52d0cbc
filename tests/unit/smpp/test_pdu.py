"""Framing, decoding of hostile PDUs, responses. The octets are built here by hand, not by smpp."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp import pdu, tlv
from smpp.pdu import BindResponse, Broken, Frame, Framer, Malformed, ShortMessage

MO = b"123456789012345678"


def wire(command_id: int, sequence: int, body: bytes = b"", status: int = 0) -> bytes:
    return struct.pack(">4I", 16 + len(body), command_id, status, sequence) + body


def deliver(
    octets: bytes = MO,
    *,
    source: bytes = b"77011234567",
    esm_class: int = 0,
    data_coding: int = 0,
    schedule: bytes = b"",
    validity: bytes = b"",
    length: int | None = None,
    after: bytes = b"",
) -> bytes:
    sm_length = len(octets) if length is None else length
    return (
        b"\0\x01\x01" + source + b"\0\0\x011012\0" + bytes((esm_class, 0, 0))
        + schedule + b"\0" + validity + b"\0" + bytes((1, 0, data_coding, 0, sm_length))
        + octets + after
    )  # fmt: skip


def data_sm(tlvs: bytes, esm_class: int = 0, data_coding: int = 8) -> bytes:
    return b"\0\x01\x0177011234567\0\0\x011012\0" + bytes((esm_class, 5, data_coding)) + tlvs


def option(tag: int, value: bytes) -> bytes:
    return struct.pack(">HH", tag, len(value)) + value


def read(body: bytes, command_id: int = pdu.DELIVER_SM) -> ShortMessage:
    message = pdu.decode_short_message(command_id, body)
    assert isinstance(message, ShortMessage), message
    return message


# Framing


def test_row_f1_a_pdu_of_one_octet_a_read_is_one_frame() -> None:
    framer = Framer()
    stream = wire(pdu.DELIVER_SM, 7, deliver())
    frames = [frame for octet in stream for frame in framer.feed(bytes((octet,)))]
    assert frames == [Frame(pdu.DELIVER_SM, 0, 7, deliver())]
    assert framer.held_octets == 0


def test_row_f2_many_pdus_in_one_read_come_in_order() -> None:
    stream = wire(0x80000009, 1, b"smsc\0") + b"".join(
        wire(pdu.DELIVER_SM, number, deliver()) for number in range(50)
    )
    frames = Framer().feed(stream)
    assert [frame.sequence for frame in frames] == [1, *range(50)]


@pytest.mark.parametrize("length", [70_001, 0x7FFFFFFF, 0xFFFFFFFF])
def test_row_f3_a_length_above_the_cap_is_broken_with_that_header_s_sequence(length: int) -> None:
    framer = Framer()
    assert framer.feed(wire(pdu.ENQUIRE_LINK, 1))
    head = struct.pack(">4I", length, pdu.DELIVER_SM, 0, 77)
    assert framer.feed(head[:10]) == []
    (broken,) = framer.feed(head[10:])
    assert isinstance(broken, Broken)
    assert (broken.status, broken.sequence) == (0x02, 77)
    assert str(length) in broken.reason


def test_row_f3_what_follows_a_broken_length_is_not_kept() -> None:
    framer = Framer()
    framer.feed(struct.pack(">4I", 0x7FFFFFFF, 5, 0, 1))
    assert framer.feed(bytes(100_000)) == []
    assert framer.held_octets == 0


def test_row_f3_the_largest_legal_pdu_passes_and_the_buffer_stays_small() -> None:
    framer = Framer()
    stream = wire(pdu.DATA_SM, 1, bytes(70_000 - 16))
    for at in range(0, len(stream) - 1, 4096):
        assert framer.feed(stream[at : min(at + 4096, len(stream) - 1)]) == []
        assert framer.held_octets < 128 * 1024
    assert len(framer.feed(stream[-1:])) == 1


@pytest.mark.parametrize("length", [0, 1, 4, 15])
def test_row_f4_a_length_below_a_header_is_broken_at_once(length: int) -> None:
    (broken,) = Framer().feed(struct.pack(">I", length))
    assert isinstance(broken, Broken)
    assert (broken.status, broken.sequence) == (0x02, 0)


def test_row_f4_it_is_broken_at_its_fourth_octet() -> None:
    framer = Framer()
    assert [len(framer.feed(b"\0")) for _ in range(4)] == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("octets", "protocol"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(20), "TLS"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
    ],
)
def test_row_f5_another_protocol_is_broken_and_named(octets: bytes, protocol: str) -> None:
    (broken,) = Framer().feed(octets)
    assert isinstance(broken, Broken)
    assert broken.sequence == 0
    assert protocol in broken.reason


def test_pdus_before_a_broken_length_are_still_given() -> None:
    frames = Framer().feed(wire(pdu.ENQUIRE_LINK, 9) + bytes(4))
    assert frames[0] == Frame(pdu.ENQUIRE_LINK, 0, 9, b"")
    assert isinstance(frames[1], Broken)


def test_row_s3_numbers_and_statuses_are_raw() -> None:
    (frame,) = Framer().feed(wire(0x000F0F0F, 0xFFFFFFFF, b"", status=0x520))
    assert frame == Frame(0x000F0F0F, 0x520, 0xFFFFFFFF, b"")


@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(max_size=60)), max_size=6),
    st.binary(max_size=40),
    st.lists(st.integers(0, 400), max_size=10),
)
def test_any_cut_of_a_stream_gives_the_same_frames(
    pdus: list[tuple[int, bytes]], rest: bytes, cuts: list[int]
) -> None:
    stream = b"".join(wire(command, 1, body) for command, body in pdus) + rest
    whole = Framer().feed(stream)
    framer, pieces, start = Framer(), [], 0
    for cut in sorted(cuts):
        pieces.append(stream[start:cut])
        start = max(start, cut)
    pieces.append(stream[start:])
    assert [frame for piece in pieces for frame in framer.feed(piece)] == whole
    assert [f.body for f in whole if isinstance(f, Frame)][: len(pdus)] == [b for _, b in pdus]


# Short messages


def test_an_ordinary_mo_is_read_field_by_field() -> None:
    message = read(deliver(esm_class=3, data_coding=8))
    assert message == ShortMessage(
        service_type=b"",
        source_ton=1,
        source_npi=1,
        source=b"77011234567",
        dest_ton=0,
        dest_npi=1,
        dest=b"1012",
        esm_class=3,
        protocol_id=0,
        priority=0,
        schedule=b"",
        validity=b"",
        registered_delivery=1,
        replace=0,
        data_coding=8,
        octets=MO,
        tlvs={},
    )


@pytest.mark.parametrize("schedule", [b"", b"000000010000000R"])
@pytest.mark.parametrize("validity", [b"", b"261120100000020+"])
def test_given_times_do_not_shift_what_follows(schedule: bytes, validity: bytes) -> None:
    body = deliver(schedule=schedule, validity=validity, data_coding=3, after=option(0x1403, b"x"))
    message = read(body, pdu.SUBMIT_SM)
    assert (message.schedule, message.validity) == (schedule, validity)
    assert (message.registered_delivery, message.data_coding) == (1, 3)
    assert (message.octets, message.tlvs) == (MO, {0x1403: b"x"})


def test_row_c4_data_sm_gives_the_same_fields() -> None:
    message = read(data_sm(option(tlv.MESSAGE_PAYLOAD, MO), esm_class=4), pdu.DATA_SM)
    assert (message.source, message.dest, message.octets) == (b"77011234567", b"1012", MO)
    assert (message.esm_class, message.registered_delivery) == (4, 5)
    assert (message.data_coding, message.protocol_id) == (8, 0)


@pytest.mark.parametrize("length", [len(MO) + 1, 254, 255])
def test_row_f6_an_sm_length_beyond_the_body_is_that_pdu_s_error(length: int) -> None:
    message = pdu.decode_short_message(pdu.DELIVER_SM, deliver(length=length))
    assert isinstance(message, Malformed)
    assert message.status == 0x01
    assert str(length) in message.reason


def test_row_f6_a_body_that_ends_early_is_malformed_wherever_it_ends() -> None:
    for validity in (b"", b"000000010000000R"):
        whole = deliver(validity=validity)
        for end in range(len(whole)):
            message = pdu.decode_short_message(pdu.DELIVER_SM, whole[:end])
            assert isinstance(message, Malformed), end
            assert message.status == 0x01


@pytest.mark.parametrize("stray", [b"\0", b"\0\0", b"\0\0\0", b"abc"])
def test_row_f7_stray_octets_behind_the_message_are_passed_over(stray: bytes) -> None:
    message = read(deliver(after=stray))
    assert message.octets == MO
    assert message.tlvs == {}
    assert "stray" in message.warnings[0]


def test_row_f7_a_stray_nul_before_the_tlvs_does_not_hide_them() -> None:
    message = read(deliver(after=b"\0" + option(tlv.USER_MESSAGE_REFERENCE, b"\x12\x34")))
    assert message.tlvs == {tlv.USER_MESSAGE_REFERENCE: b"\x12\x34"}
    assert "stray NUL" in message.warnings[0]


def test_row_f8_a_tlv_beyond_the_pdu_is_dropped_and_the_rest_stands() -> None:
    message = read(deliver(after=option(0x0204, b"\0\x07") + b"\x04\x24\x01\x00short"))
    assert message.octets == MO
    assert message.tlvs == {0x0204: b"\0\x07"}
    assert "0x0424" in message.warnings[0]


@pytest.mark.parametrize("tag", [0x1400, 0x3FFF, 0xFFFF, 0x0600])
def test_row_c9_unknown_tlvs_are_kept_raw(tag: int) -> None:
    assert read(deliver(after=option(tag, b"\xff\x00\xfe"))).tlvs == {tag: b"\xff\x00\xfe"}


def test_row_c10_unknown_ton_and_npi_are_kept_raw() -> None:
    body = deliver().replace(b"\0\x01\x01", b"\0\x07\xee", 1)
    message = read(body)
    assert (message.source_ton, message.source_npi) == (7, 0xEE)


def test_row_l7_the_payload_wins_and_both_are_kept() -> None:
    message = read(deliver(b"short", after=option(tlv.MESSAGE_PAYLOAD, b"payload")))
    assert (message.octets, message.hidden) == (b"payload", b"short")
    assert message.warnings
    assert read(deliver(b"short", after=option(tlv.MESSAGE_PAYLOAD, b""))).octets == b"short"


def test_row_d15_an_empty_message_is_read() -> None:
    assert read(deliver(b"")).octets == b""


def test_a_body_without_anything_is_malformed() -> None:
    assert isinstance(pdu.decode_short_message(pdu.DELIVER_SM, b""), Malformed)


@given(st.sampled_from([pdu.DELIVER_SM, pdu.SUBMIT_SM, pdu.DATA_SM]), st.binary(max_size=400))
def test_the_decoders_never_raise_on_any_octets(command_id: int, body: bytes) -> None:
    message = pdu.decode_short_message(command_id, body)
    assert isinstance(message, ShortMessage | Malformed)
    assert isinstance(pdu.decode_response_id(body), str)
    assert isinstance(pdu.decode_bind_response(body), BindResponse)


@given(st.binary(max_size=120), st.data())
def test_a_damaged_mo_never_raises(octets: bytes, data: st.DataObject) -> None:
    body = bytearray(deliver(octets, after=option(0x0204, b"\0\x07")))
    at = data.draw(st.integers(0, len(body) - 1))
    body[at] = data.draw(st.integers(0, 255))
    message = pdu.decode_short_message(pdu.DELIVER_SM, bytes(body))
    assert isinstance(message, ShortMessage | Malformed)


# Responses


@pytest.mark.parametrize(
    ("body", "message_id"),
    [
        (b"0123456789\0", "0123456789"),
        (b"\0", ""),  # P1: no receipt can be matched
        (b"", ""),  # F11
        (b"abc", "abc"),  # P2: no NUL
        (b"abc\0" + option(0x001D, b"ok\0"), "abc"),
        (b"abc" + option(0x0428, b"1"), "abc"),
        (b"abc" + option(0x001D, b"no"), "abc"),
        (b"6ba7b810-9dad-11d1-80b4-00c04fd430c8\0", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
        (b"x" * 65 + b"\0", "x" * 65),
        (b"a b\0", "a b"),
        (b"\xe9t\xe9\0", "été"),
        (b"ab\x01cd\0", "ab\x01cd"),
    ],
)
def test_rows_p1_p2_f10_f11_r7_the_message_id_is_exact(body: bytes, message_id: str) -> None:
    assert pdu.decode_response_id(body) == message_id


@pytest.mark.parametrize(
    ("tlvs", "version"),
    [
        (option(tlv.SC_INTERFACE_VERSION, b"\x34"), 0x34),
        (option(0x1500, b"\xff") + option(tlv.SC_INTERFACE_VERSION, b"\x50"), 0x50),
        (option(tlv.SC_INTERFACE_VERSION, b"\x33"), 0x33),
        (option(tlv.SC_INTERFACE_VERSION, b""), None),
        (b"", None),
        (b"\x02\x10", None),
    ],
)
def test_row_b7_a_bind_response_tells_the_version_or_none(tlvs: bytes, version: int | None) -> None:
    answer = pdu.decode_bind_response(b"SMSC\0" + tlvs)
    assert (answer.system_id, answer.interface_version) == ("SMSC", version)


def test_rows_b2_f11_a_refused_bind_may_have_no_body() -> None:
    assert pdu.decode_bind_response(b"") == BindResponse("", None, {})
    assert pdu.decode_bind_response(b"SMSC") == BindResponse("SMSC", None, {})


def test_row_m5_deliver_sm_resp_is_17_octets() -> None:
    expected = bytes.fromhex("00000011 80000005 00000064 fffffffe 00")
    assert pdu.response(pdu.DELIVER_SM, 0x64, 0xFFFFFFFE) == expected
    assert pdu.response(pdu.DELIVER_SM_RESP, 0x64, 0xFFFFFFFE) == expected


@pytest.mark.parametrize("sequence", [0, 7, 0x7FFFFFFF, 0xFFFFFFFF])
def test_rows_s2_s3_the_sequence_number_is_echoed_as_it_came(sequence: int) -> None:
    assert pdu.response(pdu.DELIVER_SM, 0, sequence)[12:16] == struct.pack(">I", sequence)
    assert pdu.generic_nack(3, sequence) == struct.pack(">4I", 16, 0x80000000, 3, sequence)


def test_other_responses_have_no_body_unless_given() -> None:
    enquire = bytes.fromhex("00000010 80000015 00000000 00000009")
    assert pdu.response(pdu.ENQUIRE_LINK, 0, 9) == enquire
    assert pdu.response(pdu.SUBMIT_SM, 0, 9, b"id\0") == wire(0x80000004, 9, b"id\0")
