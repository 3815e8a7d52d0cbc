"""A message cut into parts and joined again: UDH (3GPP 23.040 9.2.3.24), SAR TLVs (SMPP 3.4
5.3.2.22-24), message_payload (5.3.2.32). Pure.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from smpp.simulator import text, wire
from smpp.simulator.text import Alphabet

USER_DATA_OCTETS_MAX: Final = 140  # of one short message on the air (23.040 9.2.3.16)
SEPTETS_MAX: Final = 160
PARTS_MAX: Final = 255
IE_CONCAT_8: Final = 0x00
IE_CONCAT_16: Final = 0x08


class SplitForm(StrEnum):
    """How this SMSC hands over a message of several parts."""

    UDH8 = "udh8"
    UDH16 = "udh16"
    SAR = "sar"
    PAYLOAD = "payload"  # whole, in the message_payload of one deliver_sm
    DATA_SM = "data_sm"  # whole, in one data_sm; single messages too


class Place(NamedTuple):
    """Where a part stands in its message. `width` is the reference's bits, 0 for SAR."""

    reference: int
    total: int
    number: int
    width: int


class Piece(NamedTuple):
    """One PDU's share of a message."""

    octets: bytes
    esm_class: int = 0
    tlvs: wire.Tlvs = ()


def choose_data_coding(content: str, dc0: Alphabet) -> int:
    """0 where the operator's own alphabet can carry the text, else 8, as a phone does."""
    if dc0 in (Alphabet.GSM, Alphabet.GSM_PACKED):
        return text.DC_DEFAULT if text.in_gsm(content) else text.DC_UCS2
    if dc0 is Alphabet.UCS2:
        return text.DC_DEFAULT
    try:
        content.encode("ascii" if dc0 is Alphabet.ASCII else "latin-1")
    except UnicodeEncodeError:
        return text.DC_UCS2
    return text.DC_DEFAULT


def cut(
    content: str | bytes, *, data_coding: int, form: SplitForm, reference: int, dc0: Alphabet
) -> tuple[Piece, ...]:
    """The pieces of a message in order; bytes are cut as they are. No part ends within an escape
    pair or a surrogate pair. Raises ValueError above 255 parts.
    """
    alphabet = text.alphabet_of(data_coding, dc0)
    if isinstance(content, bytes):
        units, alphabet = [content[at : at + 1] for at in range(len(content))], None
    else:
        units = text.tokens(content, alphabet or Alphabet.LATIN1)
    if form is SplitForm.DATA_SM:
        return (_whole(units, alphabet),)
    whole = _group(units, _room(alphabet, 0))
    if len(whole) <= 1:
        return (Piece(_packed(b"".join(units), alphabet, 0)),)
    if form is SplitForm.PAYLOAD:
        return (_whole(units, alphabet),)
    header = 7 if form is SplitForm.UDH16 else 6
    groups = _group(units, _room(alphabet, header))
    if len(groups) > PARTS_MAX:
        raise ValueError(f"a message of {len(groups)} parts; {PARTS_MAX} is the most there can be")
    return tuple(
        _part(octets, alphabet, form, Place(reference, len(groups), number, 0))
        for number, octets in enumerate(groups, 1)
    )


def _whole(units: list[bytes], alphabet: Alphabet | None) -> Piece:
    octets = _packed(b"".join(units), alphabet, 0)
    return Piece(b"", 0, ((wire.TAG_MESSAGE_PAYLOAD, octets),))


def _part(octets: bytes, alphabet: Alphabet | None, form: SplitForm, place: Place) -> Piece:
    if form is SplitForm.SAR:
        sar = (
            (wire.TAG_SAR_MSG_REF_NUM, (place.reference & 0xFFFF).to_bytes(2, "big")),
            (wire.TAG_SAR_TOTAL_SEGMENTS, bytes((place.total,))),
            (wire.TAG_SAR_SEGMENT_SEQNUM, bytes((place.number,))),
        )
        return Piece(_packed(octets, alphabet, 0), 0, sar)
    if form is SplitForm.UDH16:
        element = bytes((IE_CONCAT_16, 4)) + (place.reference & 0xFFFF).to_bytes(2, "big")
    else:
        element = bytes((IE_CONCAT_8, 3, place.reference & 0xFF))
    element += bytes((place.total, place.number))
    header = bytes((len(element),)) + element
    return Piece(header + _packed(octets, alphabet, len(header)), wire.ESM_UDHI)


def _room(alphabet: Alphabet | None, header_octets: int) -> int:
    """Unpacked octets that fit in one part beside its header."""
    if alphabet in (Alphabet.GSM, Alphabet.GSM_PACKED):
        return SEPTETS_MAX - (header_octets * 8 + 6) // 7
    return USER_DATA_OCTETS_MAX - header_octets


def _group(units: list[bytes], room: int) -> list[bytes]:
    groups: list[bytes] = []
    current: list[bytes] = []
    size = 0
    for unit in units:
        if size + len(unit) > room:
            groups.append(b"".join(current))
            current, size = [], 0
        current.append(unit)
        size += len(unit)
    return [*groups, b"".join(current)]


def _packed(octets: bytes, alphabet: Alphabet | None, header_octets: int) -> bytes:
    if alphabet is Alphabet.GSM_PACKED:
        return text.pack(octets, _fill_bits(header_octets))
    return octets


def _fill_bits(header_octets: int) -> int:
    """Zeros between a header and the first septet, which begins at a multiple of seven bits."""
    return -header_octets * 8 % 7


def read(message: wire.Message, dc0: Alphabet) -> tuple[Place | None, bytes]:
    """A message's place among others, None when it stands alone, and its octets without header,
    unpacked.
    """
    octets = message.user_data()
    if not message.esm_class & wire.ESM_UDHI:
        place = _sar(message) if message.tlvs else None
        return place, _unpacked(octets, message.data_coding, dc0, 0)
    header_octets = octets[0] + 1 if octets else 0
    if header_octets > len(octets):
        return None, octets  # a header longer than its message is no header
    place = _concat(octets[1:header_octets])
    rest = octets[header_octets:]
    return place, _unpacked(rest, message.data_coding, dc0, header_octets)


def _unpacked(octets: bytes, data_coding: int, dc0: Alphabet, header_octets: int) -> bytes:
    if data_coding == 0 and dc0 is Alphabet.GSM_PACKED:
        return text.unpack(octets, _fill_bits(header_octets))
    return octets


def _concat(elements: bytes) -> Place | None:
    """Walks all information elements; ports and the like may stand before the reference."""
    at = 0
    while at + 2 <= len(elements):
        kind, size = elements[at], elements[at + 1]
        value = elements[at + 2 : at + 2 + size]
        at += 2 + size
        if kind == IE_CONCAT_8 and len(value) == 3:
            return _place(value[0], value[1], value[2], 8)
        if kind == IE_CONCAT_16 and len(value) == 4:
            return _place(int.from_bytes(value[:2], "big"), value[2], value[3], 16)
    return None


def _sar(message: wire.Message) -> Place | None:
    reference = message.tlv(wire.TAG_SAR_MSG_REF_NUM)
    total = message.tlv(wire.TAG_SAR_TOTAL_SEGMENTS)
    number = message.tlv(wire.TAG_SAR_SEGMENT_SEQNUM)
    if not reference or not total or not number:
        return None
    return _place(int.from_bytes(reference, "big"), total[-1], number[-1], 0)


def _place(reference: int, total: int, number: int, width: int) -> Place | None:
    # Part 0, or 3 of 2: the element is to be ignored (23.040 9.2.3.24.1).
    return Place(reference, total, number, width) if 1 <= number <= total and total > 1 else None
