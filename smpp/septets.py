"""Packed septets: eight in seven octets, least significant bits first (23.038 6.1.2). Pure."""

from __future__ import annotations

_CARRIAGE_RETURN = 0x0D


def fill_bits(header_octets: int) -> int:
    """Bits between a user data header and the first septet (23.040 9.2.3.24)."""
    return -8 * header_octets % 7


def unpack(octets: bytes, header_octets: int = 0) -> bytes:
    """One octet a septet, of the octets that followed a header of `header_octets`.

    Where the last septet exactly fills the last octet it may be padding: 0 or a carriage return is
    taken off (23.038 6.1.2.3.1).
    """
    fill = fill_bits(header_octets)
    size = len(octets)
    if fill and size:
        octets = (int.from_bytes(octets, "little") >> fill).to_bytes(size, "little")
    septets = bytearray()
    for at in range(0, size, 7):  # blocks, so that a 64 KiB payload costs linear time
        block = octets[at : at + 7]
        bits = int.from_bytes(block, "little")
        septets += bytes(bits >> shift & 0x7F for shift in range(0, len(block) * 8 - 6, 7))
    count, rest = divmod(size * 8 - fill, 7)
    del septets[max(count, 0) :]
    if septets and rest == 0 and septets[-1] in {0, _CARRIAGE_RETURN}:
        del septets[-1]
    return bytes(septets)


def pack(septets: bytes, header_octets: int = 0) -> bytes:
    """Packed, after the fill bits that a header of `header_octets` asks for.

    Seven bits left over hold a carriage return, which would else read as a commercial at.
    """
    fill = fill_bits(header_octets)
    if (len(septets) * 7 + fill) % 8 == 1:
        septets += bytes((_CARRIAGE_RETURN,))
    bits = 0
    for septet in reversed(septets):  # at most 160, a message_payload aside
        bits = bits << 7 | septet
    return (bits << fill).to_bytes((len(septets) * 7 + fill + 7) // 8, "little")
