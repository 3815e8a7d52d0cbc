"""What a shown PDU may tell, and that it keeps its shape."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp import library, pdu, tlv
from smpp.capture.masking import mask, masked_address, split
from smpp.operators import DEFAULT
from tests.support import peer

COMMANDS = st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8, 9, 0x0B, 0x15, 0x21, 0x102, 0x103]).flatmap(
    lambda command: st.sampled_from([command, command | 0x80000000])
)
FILLED = re.compile(rb"x*")
RUN = 4  # octets


def shown(command: int, body: bytes) -> bytes:
    """The body of a PDU once masked."""
    octets = peer.pdu(command, 7, body)
    masked = mask(octets)
    assert masked[:16] == octets[:16]
    assert len(masked) == len(octets)
    return masked[16:]


def runs(text: bytes) -> set[bytes]:
    """Every piece of four octets that says more than the filling does."""
    pieces = {text[at : at + RUN] for at in range(len(text) - RUN + 1)}
    return {piece for piece in pieces if not FILLED.fullmatch(piece)}


def test_a_text_is_masked_and_all_around_it_stays() -> None:
    text = "Где 061200000012345678?".encode("utf-16-be")
    before = peer.deliver_sm(7, text, data_coding=8, tail=peer.tlv(0x0204, b"\1\2"))
    masked = mask(before)
    wanted = before.replace(text, b"x" * len(text)).replace(b"77011234567", b"7701xxxxx67")
    assert masked == wanted


def test_a_text_in_message_payload_is_masked() -> None:
    masked = mask(peer.data_sm(7, b"061200000012345678"))
    assert masked.endswith(peer.tlv(0x0424, b"x" * 18))


@pytest.mark.parametrize("header", [peer.part(9, 2, 1, b""), peer.part(9, 2, 1, b"", width=16)])
def test_a_header_of_parts_stays_in_front_of_the_masked_text(header: bytes) -> None:
    masked = mask(peer.deliver_sm(7, header + b"0612000000", esm_class=0x40))
    assert masked.endswith(header + b"x" * 10)


def test_a_header_that_is_none_is_masked_as_text() -> None:
    masked = mask(peer.deliver_sm(7, b"0612000000", esm_class=0x40))
    assert masked.endswith(b"x" * 10)


def test_words_hidden_in_an_element_of_the_header_are_masked() -> None:
    masked = mask(peer.deliver_sm(7, b"\x0a\x70\x080612000!end", esm_class=0x40))
    assert masked.endswith(b"\x0a\x70\x08xxxxxxxxxxx")


def test_a_receipt_shows_its_fields_and_not_the_text_it_repeats() -> None:
    masked = mask(peer.deliver_sm(7, peer.receipt_text(b"1A2B"), esm_class=4))
    assert masked.endswith(
        b"id:1A2B sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 "
        b"stat:DELIVRD err:000 text:xxxxxx"
    )


def test_a_receipt_in_ucs2_shows_its_fields_too() -> None:
    text = "id:00ff stat:delivrd err:0007 text:жауап".encode("utf-16-be")
    masked = mask(peer.deliver_sm(7, text, esm_class=4, data_coding=8))
    told = masked[-len(text) : -2 * len("жауап")].decode("utf-16-be")
    assert told == "id:00ff stat:delivrd err:0007 text:"
    assert masked.endswith(b"x" * 10)


def test_a_citizen_who_writes_like_a_receipt_is_masked_whole() -> None:
    text = peer.receipt_text(b"061200000012345678")
    assert mask(peer.deliver_sm(7, text)).endswith(b"x" * len(text))


def test_words_between_a_receipts_fields_are_masked() -> None:
    masked = mask(peer.deliver_sm(7, b"id:7 Hello stat:DELIVRD tickets", esm_class=4))
    assert masked.endswith(b"id:7xxxxxx stat:DELIVRDxxxxxxxx")


def test_a_password_is_masked_and_the_account_stays() -> None:
    bind = library.bind(pdu.BIND_TRANSCEIVER, 1, "1012", "s3cret", DEFAULT)
    assert mask(bind) == bind.replace(b"s3cret", b"xxxxxx")
    outbind = peer.pdu(peer.OUTBIND, 1, b"smsc\0hunter2\0")
    assert mask(outbind) == peer.pdu(peer.OUTBIND, 1, b"smsc\0xxxxxxx\0")


@pytest.mark.parametrize(
    ("address", "ton", "seen"),
    [
        (b"77011234567", 1, b"7701xxxxx67"),
        (b"+77011234567", 1, b"+7701xxxxx67"),
        (b"1012", 0, b"1012"),
        (b"+1012", 1, b"+1012"),
        (b"", 0, b""),
        (b"eGov", 5, b"eGov"),
        (b"Ministry-KZ", 5, b"Ministry-KZ"),
        (b"7701123456", 5, b"7701xxxx56"),
        (b"name@example.kz", 5, b"namexxxxxxxxxkz"),
        (b"name@example.kz", 1, b"namexxxxxxxxxkz"),
    ],
)
def test_of_a_subscriber_the_first_four_and_last_two_are_seen(
    address: bytes, ton: int, seen: bytes
) -> None:
    assert masked_address(address, ton) == seen


def test_ids_and_statuses_of_responses_stay() -> None:
    for response in (
        peer.pdu(0x80000004, 7, b"0000123456789012\0"),
        peer.pdu(0x80000004, 7, b"id\0" + peer.tlv(0x0423, b"\3\0\1")),
        peer.pdu(0x80000009, 7, b"smsc\0" + peer.tlv(0x0210, b"\x34")),
        peer.pdu(0x80000005, 7, b"\0"),
        peer.pdu(0x80000004, 7, b"", 0x58),
        peer.pdu(0x80000000, 7, b"", 3),
    ):
        assert mask(response) == response


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (b"00000042", b"00000042"),
        (b"5f3a-0017-mo\0", b"5f3a-0017-mo\0"),
        (b"401011234567890", b"4010xxxxxxxxx90"),
        (b"0612-0000-0012-345678", b"0612" + b"x" * 15 + b"78"),
        (b"imsi 401011", b"x" * 11),
        (b"salem", b"x" * 5),
        (b"+7 701 987 65 43", b"x" * 16),
        ("0612000".encode("utf-16-be"), b"x" * 14),
        ("Где 0612?".encode(), b"x" * 12),
        (b"\x77\x10\x89\x67\x45\xf3", b"x" * 6),  # a number, two digits an octet
    ],
)
def test_of_what_vendors_add_ids_are_shown_and_no_text_or_number(value: bytes, seen: bytes) -> None:
    body = b"\0" + peer.tlv(0x1400, value)
    assert shown(0x80000005, body) == b"\0" + peer.tlv(0x1400, seen)


def test_words_and_numbers_in_other_tlvs_are_masked() -> None:
    callback = b"\0" + peer.tlv(0x0381, b"\1\1\x01770112345")
    assert shown(0x80000005, callback) == b"\0" + peer.tlv(0x0381, b"x" * 12)
    info = peer.tlv(0x001D, b"no such subscriber 77011234567")
    assert shown(0x80000004, b"\0" + info) == b"\0" + peer.tlv(0x001D, b"x" * 30)


@pytest.mark.parametrize(
    "body",
    [
        b"7701987654306120000007913",  # no field ends
        b"\0\1\1" + b"77019876543\0" + b"\0\1" + b"1012\0",  # ends too early
        b"0612000000791\0\1\0" + b"\0" * 20,  # fields have shifted
        peer.message_body(b"061200", sm_length=200),
        b"\0\1\1"
        + b"77019876543\0"
        + b"\0\1"
        + b"1012\0\0\0\0"
        + b"061200000079130\0\0"
        + bytes(7),
    ],
)
def test_what_cannot_be_read_is_masked_whole(body: bytes) -> None:
    assert shown(peer.DELIVER_SM, body) == b"x" * len(body)


def test_commands_that_nobody_knows_are_masked_whole() -> None:
    assert shown(0x0F0F, b"77019876543\0") == b"x" * 12


def test_stray_octets_at_the_end_are_masked_and_stray_nuls_stay() -> None:
    assert mask(peer.deliver_sm(7, b"text", tail=b"\0")).endswith(b"\4xxxx\0")
    assert mask(peer.deliver_sm(7, b"text", tail=b"\4\x24\xff7701")).endswith(b"\4" + b"x" * 11)


def test_octets_that_are_no_pdu_are_masked_from_the_first_on() -> None:
    assert mask(b"GET /06120000000791 HTTP/1.1") == b"x" * 28
    assert mask(b"") == b""


def test_the_pdus_of_one_write_are_told_apart() -> None:
    one, two = peer.deliver_sm(1, b"a"), peer.pdu(peer.ENQUIRE_LINK, 2)
    assert list(split(one + two + b"GET /")) == [one, two, b"GET /"]
    assert list(split(b"")) == []


@given(COMMANDS, st.binary(max_size=300))
def test_masking_keeps_length_and_header_whatever_comes(command: int, body: bytes) -> None:
    shown(command, body)


@given(st.binary(max_size=64), st.integers(0, 255), st.booleans())
def test_no_four_octets_of_a_text_survive(text: bytes, coding: int, payload: bool) -> None:
    tail = peer.tlv(tlv.MESSAGE_PAYLOAD, text) if payload else b""
    masked = mask(peer.deliver_sm(7, b"" if payload else text, data_coding=coding, tail=tail))
    assert not any(run in masked[-len(text) :] for run in runs(text) if text)


@given(st.text("idstaerx:0123456789 ,сөз", max_size=40), st.sampled_from([0x04, 0x20, 0x44]))
def test_no_four_octets_behind_a_receipts_text_mark_survive(text: str, esm_class: int) -> None:
    said = b"id:7 stat:DELIVRD err:000 text:"
    octets = text.encode()
    masked = mask(peer.deliver_sm(7, said + octets, esm_class=esm_class))
    if esm_class != 0x44:  # a header that is none: masked whole
        assert said in masked
    assert masked.endswith(b"x" * len(octets))


@given(st.binary(max_size=200))
def test_masking_twice_is_masking_once(body: bytes) -> None:
    masked = mask(peer.pdu(peer.DELIVER_SM, 7, body))
    assert mask(masked) == masked
