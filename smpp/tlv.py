"""Optional parameters of SMPP 3.4 (3.2.4, 5.3.2): tags, tolerant reading, writing. Pure."""

from __future__ import annotations

from struct import Struct

RECEIPTED_MESSAGE_ID = 0x001E
USER_MESSAGE_REFERENCE = 0x0204
SOURCE_PORT = 0x020A
SAR_MSG_REF_NUM = 0x020C
SAR_TOTAL_SEGMENTS = 0x020E
SAR_SEGMENT_SEQNUM = 0x020F
SC_INTERFACE_VERSION = 0x0210
MESSAGE_PAYLOAD = 0x0424
MESSAGE_STATE = 0x0427

_HEAD = Struct(">2H")  # tag, length of the value in octets


def read_tlvs(body: bytes, at: int) -> tuple[dict[int, bytes], tuple[str, ...]]:
    """The optional parameters from octet `at` on, raw, and warnings about what was left out.

    Of a repeated tag the first stays. A length beyond the PDU drops that TLV and the rest. A stray
    NUL before the first TLV and one to three octets after the last are passed over.
    """
    tlvs, end = _walk(body, at)
    if end == len(body):
        return tlvs, ()
    if body[at] == 0:
        shifted, end_of_shifted = _walk(body, at + 1)
        if end_of_shifted == len(body):
            return shifted, ("stray NUL before the optional parameters",)
    rest = len(body) - end
    if rest < _HEAD.size:
        return tlvs, (f"{rest} stray octets at the end",)
    tag = int.from_bytes(body[end : end + 2], "big")
    return tlvs, (f"TLV 0x{tag:04X} runs past the PDU, dropped",)


def _walk(body: bytes, at: int) -> tuple[dict[int, bytes], int]:
    tlvs: dict[int, bytes] = {}
    size = len(body)
    while size - at >= _HEAD.size:
        tag, length = _HEAD.unpack_from(body, at)
        end = at + _HEAD.size + length
        if end > size:
            break
        tlvs.setdefault(tag, body[at + _HEAD.size : end])
        at = end
    return tlvs, at


def integer(tlvs: dict[int, bytes], tag: int) -> int | None:
    """An integer parameter; None where it is absent or its length is no integer's (1 to 4)."""
    value = tlvs.get(tag)
    return int.from_bytes(value, "big") if value is not None and 1 <= len(value) <= 4 else None


def write_tlv(tag: int, value: bytes) -> bytes:
    """One optional parameter; `value` of at most 65,535 octets."""
    return _HEAD.pack(tag, len(value)) + value
