"""A delivery receipt's text made fit to be shown. Pure; like masking, it imports nothing of smpp
that the simulator must not share."""

from __future__ import annotations

import re
import struct
from typing import Final

FILL: Final = b"x"

_FIELD = re.compile(
    r" ?(?<![a-z0-9_])(?:"
    r"id ?: ?[!-~]{1,65}|(?:sub|dlvrd) ?: ?[0-9]{0,5}|(?:submit|done)[ _]?date ?: ?[0-9]{0,14}|"
    r"stat ?: ?[a-z]{0,15}|err ?: ?[0-9a-z]{0,8})(?= |$)",
    re.ASCII | re.IGNORECASE,
)
_OWN_WORDS = re.compile(r" ?(?<![a-z0-9_])text ?:", re.ASCII | re.IGNORECASE)


def masked_receipt(octets: bytes) -> bytes:
    """The fields of Appendix B up to `text:` stay, where they are spelt as fields; nothing else."""
    wide = octets[:1] == b"\0" or octets[2:3] == b"\0"  # UCS-2, as some operators write them
    width = 2 if wide else 1
    units = octets[: len(octets) // width * width]
    if wide:
        text = "".join(map(chr, struct.unpack(f">{len(units) // 2}H", units)))
    else:
        text = units.decode("latin-1")
    own_words = _OWN_WORDS.search(text)
    fields_end = len(text) if own_words is None else own_words.start()
    shown = bytearray(FILL * len(octets))
    for found in _FIELD.finditer(text, 0, fields_end):
        start, end = found.start() * width, found.end() * width
        shown[start:end] = octets[start:end]
    if own_words is not None:
        start, end = own_words.start() * width, own_words.end() * width
        shown[start:end] = octets[start:end]
    return bytes(shown)
