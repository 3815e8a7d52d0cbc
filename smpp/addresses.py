"""Addresses: one normal form for subscribers, aliases of short codes. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

TON_ALPHANUMERIC = 5
ADDRESS_OCTETS_MAX = 20  # source_addr (5.2.8)
SHORT_CODE_DIGITS_MAX = 6  # a source so short is a service: to answer it could loop for ever

# 7XXXXXXXXXX, +7..., 8..., 007..., or the ten digits alone; 6 and 7 lead the Kazakh numbers of
# country code 7, so +79... stays as it is
_KAZAKH = re.compile(r"(?:\+7|8|7|007)?([67][0-9]{9})")
_DIALLED = re.compile(r"\+?[0-9]+")


def subscriber(address: bytes, ton: int) -> tuple[str, bool]:
    """The normal form of a subscriber's address, and whether it can be answered.

    7XXXXXXXXXX for a Kazakh number in any spelling, else the address as sent. Not to be answered:
    alphanumeric, empty, over 20 octets, a short code. Never raises.
    """
    text = address.decode("latin-1")
    if len(text) == 11 and text[0] == "7" and text[1] in "67" and address.isdigit():
        return text, ton != TON_ALPHANUMERIC
    if ton == TON_ALPHANUMERIC or len(text) > ADDRESS_OCTETS_MAX:
        return text, False
    kazakh = _KAZAKH.fullmatch(text)
    if kazakh is not None:
        return "7" + kazakh[1], True
    answerable = _DIALLED.fullmatch(text) is not None
    return text, answerable and len(text.lstrip("+")) > SHORT_CODE_DIGITS_MAX


def short_code(address: bytes, aliases: Mapping[str, str]) -> str:
    """Our short code as the operator's table of aliases has it, else the address as sent."""
    text = address.decode("latin-1")
    return aliases.get(text, text)
