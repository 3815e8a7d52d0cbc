"""Text to octets and back, as a phone and its SMSC do it (3GPP 23.038, SMPP 3.4 5.2.19). Pure."""

from __future__ import annotations

import codecs
from enum import StrEnum
from typing import Final

GSM_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION: Final = {
    0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]",
    0x40: "|", 0x65: "€",
}  # fmt: skip
ESCAPE: Final = 0x1B
SUBSTITUTE: Final = "?"  # for what an alphabet lacks

DC_DEFAULT: Final = 0
DC_ASCII: Final = 1
DC_LATIN1: Final = 3
DC_UCS2: Final = 8

# U+FFFE is how charmap_decode is told "nothing here".
_GSM_DECODING = GSM_BASIC.replace("\x1b", "\ufffe") + "\ufffe" * 128
_GSM_TOKENS = {
    **{char: bytes((code,)) for code, char in enumerate(GSM_BASIC) if code != ESCAPE},
    **{char: bytes((ESCAPE, code)) for code, char in GSM_EXTENSION.items()},
}


class Alphabet(StrEnum):
    """What data_coding 0 means to this operator."""

    GSM = "gsm"  # 23.038, a septet in each octet
    GSM_PACKED = "gsm_packed"  # 23.038 6.1.2.1, eight septets in seven octets
    ASCII = "ascii"
    LATIN1 = "latin1"
    UCS2 = "ucs2"


_BY_DATA_CODING: Final[dict[int, Alphabet | None]] = {
    DC_ASCII: Alphabet.ASCII,
    2: None,
    DC_LATIN1: Alphabet.LATIN1,
    4: None,
    DC_UCS2: Alphabet.UCS2,
}


def in_gsm(text: str) -> bool:
    """Whether 23.038's default alphabet with its extension has every character."""
    return all(char in _GSM_TOKENS for char in text)


def alphabet_of(data_coding: int, dc0: Alphabet) -> Alphabet | None:
    """The alphabet a data_coding stands for; None for binary. Reserved values count as 0."""
    if data_coding < 0x10:
        return _BY_DATA_CODING.get(data_coding, dc0)
    if data_coding & 0xF0 == 0xF0:  # data coding and message class, 23.038 section 4
        return None if data_coding & 0x04 else Alphabet.GSM
    if data_coding < 0x20:  # general data coding with a class
        return {0x00: Alphabet.GSM, 0x08: Alphabet.UCS2}.get(data_coding & 0x0C)
    return dc0


def tokens(text: str, alphabet: Alphabet) -> list[bytes]:
    """Each character's octets, unpacked: what a part of a long message must not cut."""
    if alphabet in (Alphabet.GSM, Alphabet.GSM_PACKED):
        substitute = _GSM_TOKENS[SUBSTITUTE]
        return [_GSM_TOKENS.get(char, substitute) for char in text]
    if alphabet is Alphabet.UCS2:
        # Lone surrogates pass: phones send them, and a gateway has to survive them.
        return [char.encode("utf-16-be", "surrogatepass") for char in text]
    name = "ascii" if alphabet is Alphabet.ASCII else "latin-1"
    return [char.encode(name, "replace") for char in text]


def encode(text: str, alphabet: Alphabet) -> bytes:
    """All octets of a text that goes in one piece."""
    octets = b"".join(tokens(text, alphabet))
    return pack(octets) if alphabet is Alphabet.GSM_PACKED else octets


def decode(octets: bytes, alphabet: Alphabet | None) -> str:
    """Text of unpacked octets (see `unpack`); what can't be read becomes U+FFFD, binary is hex."""
    if alphabet is Alphabet.UCS2:
        return octets.decode("utf-16-be", "replace")
    if alphabet in (Alphabet.GSM, Alphabet.GSM_PACKED):
        if ESCAPE not in octets:
            return codecs.charmap_decode(octets, "replace", _GSM_DECODING)[0]
        return _decode_escapes(octets)
    if alphabet is Alphabet.ASCII:
        return octets.decode("ascii", "replace")
    return octets.hex() if alphabet is None else octets.decode("latin-1")


def _decode_escapes(octets: bytes) -> str:
    first, *rest = octets.split(bytes((ESCAPE,)))
    text = [codecs.charmap_decode(first, "replace", _GSM_DECODING)[0]]
    for piece in rest:
        plain = codecs.charmap_decode(piece, "replace", _GSM_DECODING)[0]
        extended = GSM_EXTENSION.get(piece[0]) if piece else None
        # 6.2.1.1: an escape before a code the extension lacks shows the code's basic character.
        text.append(plain if extended is None else extended + plain[1:])
    return "".join(text)


def pack(septets: bytes, fill_bits: int = 0) -> bytes:
    """Septets in octets without gaps (23.038 6.1.2.1), after `fill_bits` zeros (23.040 9.2.3.24).
    Seven spare bits at the end would read as an `@`, so they hold a CR, as 6.1.2.3.1 asks.
    """
    bits, size = 0, fill_bits
    for septet in septets:
        bits |= (septet & 0x7F) << size
        size += 7
    if size % 8 == 1:
        bits |= 0x0D << size
    return bits.to_bytes((size + 7) // 8, "little")


def unpack(octets: bytes, fill_bits: int = 0) -> bytes:
    """The inverse of `pack`. A CR in the last seven bits before an octet's end is filling."""
    bits = int.from_bytes(octets, "little") >> fill_bits
    spare = len(octets) * 8 - fill_bits
    septets = bytes((bits >> at) & 0x7F for at in range(0, spare - 6, 7))
    if spare % 7 == 0 and septets.endswith(b"\r"):
        return septets[:-1]
    return septets
