"""How much room a text takes in SMS parts. Pure.

A part holds 160 septets of the GSM 7-bit default alphabet (3GPP TS 23.038 6.2.1), where a sign of
its extension table (6.2.1.1) takes two, or 70 UTF-16 units once any other sign stands in the text.
"""

from __future__ import annotations

import re

SEPTETS_IN_ONE_PART = 160
UNITS_IN_ONE_PART = 70

GSM7_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_EXTENSION = "\f^{}\\[~]|€"

_ALL_GSM7 = re.compile(f"[{re.escape(GSM7_BASIC + GSM7_EXTENSION)}]*")
_EXTENSION = re.compile(f"[{re.escape(GSM7_EXTENSION)}]")


def utf16_units(text: str) -> int:
    """UTF-16 code units of `text`: a sign beyond U+FFFF takes two, a lone surrogate one."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def units(text: str) -> tuple[int, bool]:
    """Septets and True where `text` is all GSM-7, else UTF-16 units and False."""
    if _ALL_GSM7.fullmatch(text):
        return len(text) + len(_EXTENSION.findall(text)), True
    return utf16_units(text), False


def fits_one_part(text: str) -> bool:
    """Whether `text` goes out as a single part."""
    if utf16_units(text) <= UNITS_IN_ONE_PART:  # then the septets are at most 140
        return True
    count, gsm7 = units(text)
    return gsm7 and count <= SEPTETS_IN_ONE_PART
