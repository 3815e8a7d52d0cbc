"""Long messages and the identity of a message. Pure.

The parts lie in the gateway's store until the last one is there; what they mean together and what
makes two deliveries one message is said here. Parts meet by link, source, destination, reference,
total and width: a subscriber's reference means nothing beside another's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from smpp import tlv
from smpp.operators import DEFAULT, OperatorProfile
from smpp.pdu import ESM_UDHI, ShortMessage
from smpp.text import decode

_IDENTIFYING: Final = (  # besides addresses, data_coding and octets
    tlv.SAR_MSG_REF_NUM,
    tlv.SAR_TOTAL_SEGMENTS,
    tlv.SAR_SEGMENT_SEQNUM,
    tlv.USER_MESSAGE_REFERENCE,
    tlv.SOURCE_PORT,
)


def in_order(parts: Iterable[tuple[int, bytes]], total: int) -> tuple[bytes, ...] | None:
    """The octets of parts 1 to `total` in the order of their numbers; None while one is missing.

    Any order, duplicates (the first one counts) and numbers outside the range are fine.
    """
    held: dict[int, bytes] = {}
    for number, octets in parts:
        held.setdefault(number, octets)
    whole = tuple(held[number] for number in range(1, total + 1) if number in held)
    return whole if len(whole) == total else None


def join(
    parts: Sequence[bytes], data_coding: int, profile: OperatorProfile = DEFAULT
) -> str | None:
    """The text of parts in the order of their numbers, None for binary. Never raises.

    The octets are joined before they are decoded, as phones cut characters apart. To read an
    incomplete message, join each unbroken run alone: digits must not meet over a gap.
    """
    return decode(data_coding, b"".join(parts), profile)[0]


def identity(
    message: ShortMessage, source: str, destination: str, profile: OperatorProfile = DEFAULT
) -> bytes:
    """What stays the same when an SMSC delivers a message again, and differs between two.

    Addresses in normal form, data_coding, the user data with its header, the SAR parameters,
    user_message_reference and source_port; or the operator's own message id alone, where the
    profile names the TLV that carries it. Not a hash: it holds the text.
    """
    marks = b""
    if message.tlvs:
        vendor_id = message.tlvs.get(profile.vendor_id_tlv) if profile.vendor_id_tlv else None
        if vendor_id:
            return b"\0" + vendor_id
        marks = b"".join(
            tlv.write_tlv(tag, message.tlvs[tag]) for tag in _IDENTIFYING if tag in message.tlvs
        )
    # every field but the last is ended or counted, so that no two messages can meet by shifting
    return b"%c%c%b%b%b\0%b\0%b" % (
        2 if message.esm_class & ESM_UDHI else 1,
        message.data_coding,
        len(marks).to_bytes(4, "big"),
        marks,
        source.encode("utf-8"),
        destination.encode("utf-8"),
        message.octets,
    )
