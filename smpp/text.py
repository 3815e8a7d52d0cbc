"""Text of short messages: data_coding to text, text to octets, text to segments. Pure.

Sources: SMPP 3.4 5.2.19 for data_coding below 0x10, 3GPP TS 23.038 section 4 from there on and
6.2.1 for the GSM alphabet. Decoding never fails; what cannot be a text (8-bit data) is None.
The GSM table stands here rather than in smpp.library so that this file needs nobody; the library's
own table is compared with it at start.
"""

from __future__ import annotations

import codecs
import re
from enum import Enum
from typing import Final, NamedTuple

from smpp.messages import Part
from smpp.operators import DEFAULT, Alphabet, OperatorProfile, SplitForm
from smpp.septets import pack, unpack
from smpp.submit import user_data_header

GSM: Final = 0  # data_coding of what we send
UCS2: Final = 8
ESCAPE: Final = "\x1b"
GSM_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# character behind the escape, as the basic table has it -> what both together mean
GSM_EXTENSION: Final = dict(zip("\nΛ()/<=>¡e", "\f^{}\\[~]|€", strict=True))

SEGMENT_OCTETS: Final = 140  # user data of one SMS, header included (23.040 9.2.3.24)
SEGMENTS_MAX: Final = 255  # the header counts parts in one octet

_ENCODE = codecs.charmap_build(GSM_BASIC)
_ESCAPED = {ord(char): ESCAPE + base for base, char in GSM_EXTENSION.items()}
_TWO_SEPTETS = re.compile("[" + re.escape("".join(GSM_EXTENSION.values())) + "]")
_ONE_OR_TWO = GSM_BASIC.replace(ESCAPE, "") + "".join(GSM_EXTENSION.values())
_NOT_GSM = re.compile("[^" + re.escape(_ONE_OR_TWO) + "]")
_ESCAPE_PAIR = re.compile("\x1b(.?)", re.DOTALL)


class Coding(Enum):
    """What a data_coding says about the octets."""

    DEFAULT = "default"  # the operator's own alphabet
    GSM = "gsm"
    ASCII = "ascii"
    LATIN1 = "latin1"
    CYRILLIC = "iso8859-5"
    HEBREW = "iso8859-8"
    UTF16 = "utf16"
    BINARY = "binary"


_OF_ALPHABET = {
    Alphabet.GSM7: Coding.GSM,
    Alphabet.LATIN1: Coding.LATIN1,
    Alphabet.ASCII: Coding.ASCII,
    Alphabet.UTF16: Coding.UTF16,
}
_SMPP_CODINGS = {  # 5.2.19; reserved ones and the Japanese and Korean sets count as 0
    1: Coding.ASCII,
    2: Coding.BINARY,
    3: Coding.LATIN1,
    4: Coding.BINARY,
    6: Coding.CYRILLIC,
    7: Coding.HEBREW,
    8: Coding.UTF16,
}


def _coding(data_coding: int) -> Coding:
    if data_coding < 0x10:
        return _SMPP_CODINGS.get(data_coding, Coding.DEFAULT)
    group = data_coding >> 4
    if group < 0x8:  # general, and "delete after reading": bit 5 compressed, bits 3-2 the alphabet
        if data_coding & 0x20:
            return Coding.BINARY
        alphabet = data_coding >> 2 & 3
        return (Coding.GSM, Coding.BINARY, Coding.UTF16, Coding.GSM)[alphabet]
    if group < 0xC:
        return Coding.DEFAULT
    if group == 0xF:
        return Coding.BINARY if data_coding & 4 else Coding.GSM
    return Coding.UTF16 if group == 0xE else Coding.GSM  # message waiting


_CODINGS = tuple(_coding(data_coding) for data_coding in range(256))


def coding(data_coding: int, profile: OperatorProfile) -> Coding:
    """The coding of `data_coding` (0-255) at this operator, never Coding.DEFAULT."""
    found = _CODINGS[data_coding & 0xFF]
    return _OF_ALPHABET[profile.default_alphabet] if found is Coding.DEFAULT else found


def user_data(
    data_coding: int, octets: bytes, header_octets: int, profile: OperatorProfile
) -> bytes:
    """`octets` without their header, packed septets unpacked: what is stored, joined, decoded."""
    if profile.packed and coding(data_coding, profile) is Coding.GSM:
        return unpack(octets[header_octets:], header_octets)
    return octets[header_octets:]


def decode(
    data_coding: int, octets: bytes, profile: OperatorProfile = DEFAULT
) -> tuple[str | None, tuple[str, ...]]:
    """The text of `user_data`, None for binary; and warnings. Never raises."""
    found = coding(data_coding, profile)
    ascii_only = octets.isascii()
    if found is Coding.GSM and ascii_only:
        return _from_septets(octets), ()
    if found is Coding.UTF16:
        return _from_utf16(octets)
    if found is Coding.BINARY:
        return None, ()
    if found in {Coding.CYRILLIC, Coding.HEBREW}:
        return octets.decode(found.value, "replace"), ()
    if ascii_only or found is Coding.LATIN1:
        return octets.decode("latin-1"), ()
    # an octet above 0x7F is neither GSM nor ASCII: such operators send Latin-1, whatever they say
    warning = f"{found.value} text with octets above 0x7F, read as Latin-1"
    return octets.decode("latin-1"), (warning,)


def _from_septets(septets: bytes) -> str:
    text = codecs.charmap_decode(septets, "replace", GSM_BASIC)[0]
    return _ESCAPE_PAIR.sub(_escaped, text) if ESCAPE in text else text


def _escaped(pair: re.Match[str]) -> str:
    """23.038 6.2.1: an unknown pair shows the basic character, two escapes a space."""
    base = pair[1]
    return " " if base == ESCAPE else GSM_EXTENSION.get(base, base)


def _from_utf16(octets: bytes) -> tuple[str, tuple[str, ...]]:
    warnings: tuple[str, ...] = ()
    if len(octets) & 1:
        octets = octets[:-1]
        warnings = ("UCS-2 of odd length, last octet dropped",)
    order = "utf-16-be"
    mark = octets[:2]
    if mark == b"\xfe\xff":
        octets = octets[2:]
    elif mark == b"\xff\xfe":
        octets = octets[2:]
        order = "utf-16-le"
    return octets.decode(order, "replace"), warnings


def septets(text: str) -> int | None:
    """Septets of `text` in the GSM alphabet, an extension character being two; None if not GSM."""
    if _NOT_GSM.search(text) is not None:
        return None
    return len(text) + len(_TWO_SEPTETS.findall(text))


def encode(text: str, profile: OperatorProfile = DEFAULT) -> tuple[int, bytes]:
    """data_coding and octets of `text`: the operator's alphabet if it has every character, else
    UCS-2, which Kazakh and Russian need.
    """
    data_coding = _choose(text, profile)
    return data_coding, _octets(text, data_coding, profile)


def _choose(text: str, profile: OperatorProfile) -> int:
    """A Cyrillic text is settled by its first letter: the search ends there."""
    if _NOT_GSM.search(text) is not None:
        return UCS2
    alphabet = profile.default_alphabet
    if alphabet is Alphabet.GSM7 or (alphabet is not Alphabet.UTF16 and text.isascii()):
        return GSM
    # the handset gets GSM in the end, so a Latin-1 operator is given only what both have
    if alphabet is Alphabet.LATIN1 and all(char < "\u0100" for char in text):
        return GSM
    return UCS2


def _octets(text: str, data_coding: int, profile: OperatorProfile, header_octets: int = 0) -> bytes:
    if data_coding == UCS2:
        return text.encode("utf-16-be", "replace")
    if profile.default_alphabet is not Alphabet.GSM7:
        return text.encode("latin-1")
    if _TWO_SEPTETS.search(text) is not None:
        text = text.translate(_ESCAPED)
    encoded = codecs.charmap_encode(text, "strict", _ENCODE)[0]
    return pack(encoded, header_octets) if profile.packed else encoded


class Segment(NamedTuple):
    """One segment, ready for a Submit: `part` goes to `sar` where there is no UDH."""

    data_coding: int
    octets: bytes  # with UDH in front where `udhi`
    udhi: bool = False
    part: Part | None = None
    payload: bool = False


def segments(text: str, reference: int, profile: OperatorProfile = DEFAULT) -> list[Segment]:
    """`text` as 1 to 255 segments in the profile's form; `reference` is the caller's counter per
    destination. Raises ValueError for a longer text.

    160 septets or 70 UTF-16 units alone; in parts 153 or 67, and 152 or 66 with a 16-bit
    reference, which an SMSC may also choose for SAR. No part ends inside an escape pair or a
    surrogate pair.
    """
    data_coding = _choose(text, profile)
    unit_bits = 16 if data_coding == UCS2 else 7
    if _units(text, data_coding) * unit_bits <= SEGMENT_OCTETS * 8:
        return [Segment(data_coding, _octets(text, data_coding, profile))]
    form = profile.split_form
    if form is SplitForm.PAYLOAD:
        return [Segment(data_coding, _octets(text, data_coding, profile), payload=True)]
    width = {SplitForm.UDH8: 8, SplitForm.UDH16: 16, SplitForm.SAR: 0}[form]
    header_octets = 6 if form is SplitForm.UDH8 else 7
    pieces = _cut(text, data_coding, (SEGMENT_OCTETS - header_octets) * 8 // unit_bits)
    if len(pieces) > SEGMENTS_MAX:
        raise ValueError(f"a text of {len(pieces)} segments: at most {SEGMENTS_MAX} can be counted")
    made = []
    for number, piece in enumerate(pieces, 1):
        part = Part(reference & (0xFF if width == 8 else 0xFFFF), len(pieces), number, width)
        if form is SplitForm.SAR:
            made.append(Segment(data_coding, _octets(piece, data_coding, profile), part=part))
        else:
            octets = _octets(piece, data_coding, profile, header_octets)
            made.append(Segment(data_coding, user_data_header(part) + octets, True, part))
    return made


def _units(text: str, data_coding: int) -> int:
    """Septets or UTF-16 units."""
    if data_coding == UCS2:
        return len(text.encode("utf-16-be", "replace")) // 2
    return len(text) + len(_TWO_SEPTETS.findall(text))


def _cut(text: str, data_coding: int, units_max: int) -> list[str]:
    """Cuts between characters, so that neither pair is ever torn."""
    pieces, start, units = [], 0, 0
    for at, char in enumerate(text):
        two = char > "\uffff" if data_coding == UCS2 else ord(char) in _ESCAPED
        cost = 2 if two else 1
        if units + cost > units_max:
            pieces.append(text[start:at])
            start, units = at, 0
        units += cost
    pieces.append(text[start:])
    return pieces
