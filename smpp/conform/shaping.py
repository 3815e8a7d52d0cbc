"""Messages as plays need them: well formed, or wrong in one exact way. Pure."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from smpp.simulator import wire

UDHI: Final = wire.ESM_UDHI
RECEIPT: Final = wire.ESM_RECEIPT
TYPE_BITS: Final = 0x3C  # of esm_class
FORMATTING: Final = bytes((0x0A, 3, 0, 4, 0))  # an information element that is no concern of ours
PORTS: Final = bytes((0x05, 4, 0x0B, 0x84, 0, 0))


def tlv(tag: int, value: bytes, length: int | None = None) -> bytes:
    """`length` overrides the true one."""
    said = len(value) if length is None else length
    return tag.to_bytes(2, "big") + said.to_bytes(2, "big") + value


def concatenation(reference: int, total: int, number: int, width: int = 8) -> bytes:
    """The information element of a part (23.040 9.2.3.24.1, .8)."""
    head = bytes((0x00, 3)) if width == 8 else bytes((0x08, 4))
    return head + reference.to_bytes(width // 8, "big") + bytes((total, number))


def with_header(*elements: bytes, text: bytes) -> bytes:
    """User data of these information elements and a text."""
    header = b"".join(elements)
    return bytes((len(header),)) + header + text


def part(reference: int, total: int, number: int, text: bytes, width: int = 8) -> bytes:
    return with_header(concatenation(reference, total, number, width), text=text)


def sar(reference: int, total: int, number: int) -> bytes:
    return (
        tlv(wire.TAG_SAR_MSG_REF_NUM, reference.to_bytes(2, "big"))
        + tlv(wire.TAG_SAR_TOTAL_SEGMENTS, bytes((total,)))
        + tlv(wire.TAG_SAR_SEGMENT_SEQNUM, bytes((number,)))
    )


def payload(octets: bytes) -> bytes:
    return tlv(wire.TAG_MESSAGE_PAYLOAD, octets)


def cut(text: bytes, pieces: int) -> list[bytes]:
    """A text in so many pieces, none of them empty where it is long enough."""
    edges = [len(text) * at // pieces for at in range(pieces + 1)]
    return [text[start:end] for start, end in pairwise(edges)]


def receipt_text(message_id: str, stat: str = "DELIVRD", err: str = "000") -> str:
    """Appendix B."""
    return (
        f"id:{message_id} sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 "
        f"stat:{stat} err:{err} text:answer"
    )


def body_of(message: wire.Message, tail: bytes = b"", sm_length: int | None = None) -> bytes:
    """The body of a submit_sm or deliver_sm. `tail` holds TLVs or what stands in their place,
    `sm_length` overrides the true one.
    """
    body = wire.encode_message(message)
    if sm_length is not None:
        at = len(body) - len(message.octets) - 1
        body = body[:at] + bytes((sm_length,)) + body[at + 1 :]
    return body + tail
