"""What octets tell of an operator."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp import pdu
from smpp.operators import Alphabet, SplitForm
from smpp.probe.seen import MessageSeen
from smpp.probe.traffic import (
    alphabet,
    distinct,
    identifying_tlv,
    other_spellings,
    redelivered_after_s,
    split_form,
    user_octets,
)
from smpp.septets import pack
from tests.support import peer


def read(text: bytes = b"", **fields: object) -> pdu.ShortMessage:
    body = peer.message_body(text, **fields)  # type: ignore[arg-type]  # tests name fields at will
    message = pdu.decode_short_message(pdu.DELIVER_SM, body)
    assert isinstance(message, pdu.ShortMessage)
    return message


def came(*messages: pdu.ShortMessage) -> list[MessageSeen]:
    """One a second."""
    return [MessageSeen(float(at), message) for at, message in enumerate(messages)]


@pytest.mark.parametrize(
    ("samples", "found"),
    [
        ([b"061200000012345678", b"hello"], (None, False)),
        ([b""], (None, False)),
        ([b"hello", "Größe".encode("latin-1")], (Alphabet.LATIN1, False)),
        ([b"a\x00b"], (Alphabet.GSM7, False)),  # a@b
        ([b"price \x1be"], (Alphabet.GSM7, False)),  # the euro sign
        ([b"line\r\nline"], (None, False)),
        (["0612 қайда".encode("utf-16-be")], (Alphabet.UTF16, False)),
        (["061200".encode("utf-16-be"), b"hello"], (Alphabet.UTF16, False)),
        ([pack(b"Where is 061200000012345678?")], (Alphabet.GSM7, True)),
    ],
)
def test_what_data_coding_0_means_is_told_by_octets_that_differ(
    samples: list[bytes], found: tuple[Alphabet | None, bool]
) -> None:
    assert alphabet(samples) == found


@given(st.lists(st.binary(max_size=40), max_size=5))
def test_no_octets_are_too_odd_to_judge(samples: list[bytes]) -> None:
    found, packed = alphabet(samples)
    assert not packed or found is Alphabet.GSM7


@pytest.mark.parametrize(
    ("message", "form"),
    [
        (read(b"hello"), None),
        (read(peer.part(9, 2, 1, b"a"), esm_class=0x40), SplitForm.UDH8),
        (read(peer.part(9, 2, 1, b"a", width=16), esm_class=0xC0), SplitForm.UDH16),
        (read(b"\x06\x05\x04\x0b\x84\x23\xf0a", esm_class=0x40), None),  # a port alone
        (read(b"a", tail=peer.tlv(0x020E, b"\2") + peer.tlv(0x020F, b"\1")), SplitForm.SAR),
        (read(b"a", tail=peer.tlv(0x020E, b"\1")), None),
        (read(tail=peer.tlv(0x0424, b"long")), SplitForm.PAYLOAD),
    ],
)
def test_how_a_long_message_travels_is_seen(
    message: pdu.ShortMessage, form: SplitForm | None
) -> None:
    assert split_form(message) is form


def test_the_header_is_no_part_of_the_users_data() -> None:
    assert user_octets(read(peer.part(9, 2, 1, b"text"), esm_class=0x40)) == b"text"
    assert user_octets(read(b"\x05text")) == b"\x05text"


def test_a_message_that_comes_again_is_one() -> None:
    messages = came(read(b"a"), read(b"b"), read(b"a"), read(b"a", source=b"77010000002"))
    assert len(distinct(messages)) == 3
    assert redelivered_after_s(messages) == 2.0
    assert redelivered_after_s(messages[:2]) is None


def test_another_spelling_of_a_short_code_ends_with_it() -> None:
    messages = came(*(read(b"a", dest=dest) for dest in (b"1012", b"+1012", b"71012", b"1414")))
    assert other_spellings(messages, ["1012"]) == {"+1012": "1012", "71012": "1012"}


@pytest.mark.parametrize("dest", [b"77019871012", b"+77019871012", b"\x1b[2J1012", b"me-1012"])
def test_no_subscribers_number_is_told_as_a_spelling(dest: bytes) -> None:
    assert other_spellings(came(read(b"a", dest=dest)), ["1012"]) == {}


def with_tlv(text: bytes, value: bytes, tag: int = 0x1403) -> pdu.ShortMessage:
    return read(text, tail=peer.tlv(tag, value))


@pytest.mark.parametrize(
    ("messages", "tag"),
    [
        ([with_tlv(b"a", b"1"), with_tlv(b"b", b"2"), with_tlv(b"a", b"1")], 0x1403),
        ([with_tlv(b"a", b"1"), with_tlv(b"a", b"1")], None),  # one message proves nothing
        ([with_tlv(b"a", b"1"), with_tlv(b"b", b"1")], None),  # parts of one, or a constant
        ([with_tlv(b"a", b"1"), with_tlv(b"b", b"2"), with_tlv(b"a", b"3")], None),  # an attempt's
        ([with_tlv(b"a", b"1"), read(b"b")], None),
        ([with_tlv(b"a", b"1", 0x0204), with_tlv(b"b", b"2", 0x0204)], None),  # no vendor's
    ],
)
def test_a_vendors_tlv_identifies_where_it_differs_and_stays(
    messages: list[pdu.ShortMessage], tag: int | None
) -> None:
    assert identifying_tlv(came(*messages)) == tag
