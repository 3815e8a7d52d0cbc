"""What an operator's own messages tell of its profile: coding, addresses, forms. Pure.

Nothing of a text and no whole number leaves this file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from smpp import tlv, udh
from smpp.operators import Alphabet, SplitForm
from smpp.pdu import ESM_UDHI, ShortMessage
from smpp.probe.seen import MessageSeen
from smpp.septets import unpack

_VENDOR_TAGS = range(0x1400, 0x4000)
_SPELLING = re.compile(r"\+?[0-9]{1,9}")  # longer, it may be a subscriber's number
_LINE_ENDS = frozenset(b"\n\r")
_UTF16_PAGES = frozenset({0x00, 0x04})  # Latin and Cyrillic
_PLAIN: Final = frozenset(
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ .,?!-\n\r"
)


def distinct(messages: Iterable[MessageSeen]) -> list[MessageSeen]:
    """Each message once, however often it was delivered."""
    found: dict[tuple[bytes, bytes, bytes], MessageSeen] = {}
    for each in messages:
        message = each.message
        found.setdefault((message.source, message.dest, message.octets), each)
    return list(found.values())


def redelivered_after_s(messages: Sequence[MessageSeen]) -> float | None:
    """The shortest time between two deliveries of the same; None: nothing came twice."""
    last: dict[tuple[bytes, bytes, bytes], float] = {}
    shortest: float | None = None
    for at_s, message in messages:
        key = (message.source, message.dest, message.octets)
        if key in last:
            after_s = at_s - last[key]
            shortest = after_s if shortest is None else min(shortest, after_s)
        last[key] = at_s
    return shortest


def user_octets(message: ShortMessage) -> bytes:
    """Without the header."""
    if message.esm_class & ESM_UDHI:
        return message.octets[udh.read_header(message.octets).size :]
    return message.octets


def alphabet(samples: Iterable[bytes]) -> tuple[Alphabet | None, bool]:
    """What data_coding 0 means by these user data, and whether septets are packed.

    None: they hold nothing in which the alphabets differ.
    """
    found: set[Alphabet] = set()
    for octets in samples:
        if _looks_like_utf16(octets):
            found.add(Alphabet.UTF16)
        elif _looks_packed(octets):
            return Alphabet.GSM7, True
        elif any(octet > 0x7F for octet in octets):
            found.add(Alphabet.LATIN1)
        elif any(octet < 0x20 and octet not in _LINE_ENDS for octet in octets):
            found.add(Alphabet.GSM7)
    for each in (Alphabet.UTF16, Alphabet.LATIN1, Alphabet.GSM7):
        if each in found:
            return each, False
    return None, False


def _looks_like_utf16(octets: bytes) -> bool:
    if len(octets) < 4 or len(octets) % 2:
        return False
    pairs = zip(octets[::2], octets[1::2], strict=True)
    return all(page in _UTF16_PAGES and (page or low >= 0x0A) for page, low in pairs)


def _looks_packed(octets: bytes) -> bool:
    """Unpacked it is plain, as it stands it is not."""
    if len(octets) < 4 or all(octet in _PLAIN for octet in octets):
        return False
    return all(septet in _PLAIN for septet in unpack(octets))


def split_form(message: ShortMessage) -> SplitForm | None:
    """How this part of a long message travels; None: it is whole."""
    if message.esm_class & ESM_UDHI:
        part = udh.read_header(message.octets).part
        if part is not None:
            return SplitForm.UDH8 if part.width == 8 else SplitForm.UDH16
    if tlv.SAR_TOTAL_SEGMENTS in message.tlvs:
        total = tlv.integer(message.tlvs, tlv.SAR_TOTAL_SEGMENTS)
        return SplitForm.SAR if total is not None and total > 1 else None
    return SplitForm.PAYLOAD if tlv.MESSAGE_PAYLOAD in message.tlvs else None


def split_forms(messages: Iterable[MessageSeen]) -> Counter[SplitForm]:
    forms = (split_form(each.message) for each in messages)
    return Counter(form for form in forms if form is not None)


def other_spellings(
    messages: Iterable[MessageSeen], short_codes: Collection[str]
) -> dict[str, str]:
    """Destinations that end in a short code of ours and are spelt otherwise, with that code."""
    spellings: dict[str, str] = {}
    for each in messages:
        dest = each.message.dest.decode("latin-1")
        for code in short_codes:
            if dest not in short_codes and dest.endswith(code) and _SPELLING.fullmatch(dest):
                spellings[dest] = code
    return spellings


def identifying_tlv(messages: Sequence[MessageSeen]) -> int | None:
    """A vendor's TLV that every message has: another in each, the same when delivered again."""
    values: dict[int, dict[tuple[bytes, bytes, bytes], set[bytes]]] = {}
    for each in messages:
        message = each.message
        for tag in message.tlvs:
            if tag in _VENDOR_TAGS:
                key = (message.source, message.dest, message.octets)
                values.setdefault(tag, {}).setdefault(key, set()).add(message.tlvs[tag])
    apart = len(distinct(messages))
    for tag, by_message in sorted(values.items()):
        once = all(len(each) == 1 for each in by_message.values())
        said = {value for each in by_message.values() for value in each}
        if apart >= 2 and once and len(by_message) == len(said) == apart:
            return tag
    return None


def counted(words: Iterable[str]) -> str:
    """`0 (3), 8 (1)`: the commonest first."""
    return ", ".join(f"{word} ({count})" for word, count in Counter(words).most_common())
