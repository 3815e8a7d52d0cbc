"""The user data header in front of a message (23.040 9.2.3.24): every element walked. Pure."""

from __future__ import annotations

from typing import NamedTuple

from smpp.messages import Part

CONCATENATION_8 = 0x00
PORT_8 = 0x04
PORT_16 = 0x05
CONCATENATION_16 = 0x08
SINGLE_SHIFT = 0x24
LOCKING_SHIFT = 0x25

_PLACE_OCTETS = {CONCATENATION_8: 3, CONCATENATION_16: 4}
_PORTS = frozenset({PORT_8, PORT_16})


class UserDataHeader(NamedTuple):
    """`size` counts the header's octets, UDHL included: the text begins there."""

    size: int
    part: Part | None
    ported: bool  # addressed to an application, not to a person
    warnings: tuple[str, ...] = ()


def read_header(octets: bytes) -> UserDataHeader:
    """The header at the start of `octets`, whose esm_class has UDHI. Never raises.

    A header longer than the message is taken for a wrong flag: all of it is text. An element that
    runs past the header ends the walk. A concatenation without sense (part 0, part above total)
    is ignored (23.040 9.2.3.24.1), as is one of a single part.
    """
    if not octets:
        return UserDataHeader(0, None, False, ("UDHI without user data",))
    size = octets[0] + 1
    if size > len(octets):
        reason = f"UDHL {octets[0]} is longer than the message, read as text"
        return UserDataHeader(0, None, False, (reason,))
    part: Part | None = None
    ported = False
    warnings: list[str] = []
    at = 1
    while at < size:
        start = at + 2
        end = start + octets[at + 1] if at + 1 < size else size + 1
        if end > size:
            warnings.append("an information element runs past the header")
            break
        element = octets[at]
        if element in _PLACE_OCTETS:
            found, warning = _part(element, octets[start:end])
            part = part or found  # of two the first; a valid one wins over an invalid one
            if warning:
                warnings.append(warning)
        elif element in _PORTS:
            ported = True
        elif element in {SINGLE_SHIFT, LOCKING_SHIFT}:
            # Letters of the national tables differ, digits do not: the default table will do
            warnings.append(f"national language element 0x{element:02X}, default table used")
        at = end
    return UserDataHeader(size, part, ported, tuple(warnings))


def _part(element: int, value: bytes) -> tuple[Part | None, str]:
    if len(value) != _PLACE_OCTETS[element]:
        return None, f"concatenation of {len(value)} octets ignored"
    reference = int.from_bytes(value[:-2], "big")
    total, number = value[-2], value[-1]
    return place(reference, total, number, 8 if element == CONCATENATION_8 else 16)


def place(reference: int, total: int, number: int, width: int) -> tuple[Part | None, str]:
    """A part that makes sense, or None and why not. Shared with the SAR parameters."""
    if total == 1 and number == 1:
        return None, "a long message of one part"
    if not 1 <= number <= total:
        return None, f"part {number} of {total} ignored, read as a single message"
    return Part(reference, total, number, width), ""
