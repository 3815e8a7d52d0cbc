from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from smpp.simulator.framing import PDU_OCTETS_MAX, Framer, Pdu, encode_pdu

NUMBERS = st.integers(0, 0xFFFF_FFFF)
PDUS = st.builds(Pdu, NUMBERS, NUMBERS, NUMBERS, st.binary(max_size=60))


def test_a_header_is_four_numbers_of_four_octets() -> None:
    assert encode_pdu(0x15, 0, 9) == bytes.fromhex("00000010 00000015 00000000 00000009")
    assert encode_pdu(0x8000_0005, 0x64, 1, b"\0")[:4] == bytes.fromhex("00000011")


@given(st.lists(PDUS, max_size=8), st.data())
def test_a_stream_cut_anywhere_gives_the_same_pdus(pdus: list[Pdu], data: st.DataObject) -> None:
    stream = b"".join(encode_pdu(*pdu) for pdu in pdus)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    framer, seen = Framer(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        seen += framer.feed(stream[start:end])
    assert seen == pdus
    assert framer.broken is None


def test_the_largest_pdu_arrives_octet_by_octet() -> None:
    stream = encode_pdu(5, 0, 1, bytes(PDU_OCTETS_MAX - 16)) + encode_pdu(0x15, 0, 2)
    framer, seen = Framer(), []
    for at in range(len(stream)):
        seen += framer.feed(stream[at : at + 1])
    assert [(pdu.sequence, len(pdu.body)) for pdu in seen] == [(1, PDU_OCTETS_MAX - 16), (2, 0)]


def test_a_length_that_cannot_be_ends_the_stream_and_names_its_sequence_number() -> None:
    for length in (0, 15, PDU_OCTETS_MAX + 1, 0x4854_5450):
        framer = Framer()
        good = encode_pdu(0x15, 0, 1)
        assert [p.sequence for p in framer.feed(good + struct.pack(">4I", length, 4, 0, 77))] == [1]
        assert framer.broken == Pdu(4, 0, 77, b"")
        assert framer.feed(good) == []


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_no_octets_make_the_framer_raise(chunks: list[bytes]) -> None:
    framer = Framer()
    for chunk in chunks:
        framer.feed(chunk)
