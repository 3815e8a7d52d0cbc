"""The marker `<name>.ok` that a sender lays beside a delivery once it is whole. Pure.

It may be empty, or say what the delivery must be: a line `size: 12345` in octets, a line
`sha256: <64 hex digits>`, or what sha256sum prints.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

SUFFIX: Final = ".ok"
OCTETS_MAX: Final = 4_096
_SIZE: Final = re.compile(r"^\s*size\s*[:=\s]\s*([0-9]{1,18})\s*$", re.MULTILINE | re.IGNORECASE)
_DIGEST: Final = re.compile(
    r"^\s*(?:sha-?256\s*[:=\s]\s*)?\\?([0-9a-f]{64})(?:\s.*)?$", re.MULTILINE | re.IGNORECASE
)


class Marker(NamedTuple):
    """What the delivery must agree with; None where the marker does not say."""

    size: int | None = None  # octets
    sha256: str | None = None  # small hex digits


def parse_marker(content: bytes) -> Marker:
    """Read a marker; what is not understood in it says nothing."""
    text = content[:OCTETS_MAX].decode("utf-8-sig", errors="replace")
    size, digest = _SIZE.search(text), _DIGEST.search(text)
    return Marker(int(size[1]) if size else None, digest[1].lower() if digest else None)
