"""Valid PDUs of every kind, and damage to them: what both fuzzers, the differential tests and the
million throw at our decoders.

All of it is drawn from one `random.Random`, so that a seed replays. The PDUs are built with struct
alone (tests/support/peer.py), not with our codec.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator, Sequence

from tests.support.peer import (
    ALERT_NOTIFICATION,
    BIND_RECEIVER,
    BIND_TRANSCEIVER,
    BIND_TRANSMITTER,
    CANCEL_SM,
    DELIVER_SM,
    ENQUIRE_LINK,
    GENERIC_NACK,
    OUTBIND,
    QUERY_SM,
    RESPONSE,
    SUBMIT_SM,
    UNBIND,
    data_sm,
    deliver_sm,
    message_body,
    part,
    pdu,
    receipt_text,
    tlv,
)

REPLACE_SM = 0x07
SUBMIT_MULTI = 0x21
NUMBER = b"061200040000000012"
LENGTHS = (0, 1, 4, 15, 16, 17, 0xFF, 69_999, 70_000, 70_001, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
OCTETS = (0x00, 0x01, 0x04, 0x05, 0x40, 0x7F, 0x80, 0xC0, 0xFE, 0xFF)

UCS2 = "Сәлем 😀 0612".encode("utf-16-be")
SAR = tlv(0x020C, b"\1\2") + tlv(0x020E, b"\3") + tlv(0x020F, b"\2")
RECEIPT_TLVS = tlv(0x001E, b"42\0") + tlv(0x0427, b"\2")
TIMES = (
    b"\0\1\1" + b"77011234567\0" + b"\0\1" + b"1012\0" + bytes(3)
    + b"\0" + b"000000010000000R\0" + bytes((1, 0, 0, 0, len(NUMBER))) + NUMBER
)  # fmt: skip
BIND = b"1012\0secret\0\0\x34\0\0\0"

MODELS: tuple[bytes, ...] = (
    deliver_sm(1, NUMBER),
    deliver_sm(2, NUMBER, tail=tlv(0x0204, b"\0\1") + tlv(0x1400, b"vendor")),
    deliver_sm(3, UCS2, data_coding=8, source=b"+77011234567"),
    deliver_sm(4, part(9, 3, 2, b"second"), esm_class=0x40),
    deliver_sm(5, part(9, 3, 2, UCS2, width=16), esm_class=0x40, data_coding=8),
    deliver_sm(6, NUMBER[:9], tail=SAR),
    deliver_sm(7, b"", tail=tlv(0x0424, NUMBER * 20)),
    deliver_sm(8, NUMBER, tail=tlv(0x0424, UCS2), data_coding=8),
    deliver_sm(9, receipt_text(b"42"), esm_class=0x04),
    deliver_sm(10, b"", esm_class=0x04, tail=RECEIPT_TLVS),
    deliver_sm(11, receipt_text(b"0042", b"EXPIRED"), esm_class=0x20),
    deliver_sm(12, receipt_text(b"42")),
    deliver_sm(13, b"\1\2\3", data_coding=4, source=b"MyBank", source_ton=5),
    deliver_sm(14, bytes((6, 5, 4, 0x0B, 0x84, 0x23, 0xF4)) + b"WAP", esm_class=0x40),
    deliver_sm(15, NUMBER, service_type=b"CMT", dest=b"71012", dest_npi=9, status=8),
    pdu(DELIVER_SM, 16, TIMES),
    pdu(SUBMIT_SM, 17, message_body(NUMBER)),
    pdu(SUBMIT_SM, 18, TIMES + tlv(0x0424, b"")),
    data_sm(19, NUMBER),
    data_sm(20, part(1, 2, 1, b"first"), esm_class=0x40),
    pdu(ENQUIRE_LINK, 21),
    pdu(ENQUIRE_LINK | RESPONSE, 22),
    pdu(SUBMIT_SM | RESPONSE, 23, b"id\0" + tlv(0x0428, b"x")),
    pdu(SUBMIT_SM | RESPONSE, 24, status=0x58),
    pdu(DELIVER_SM | RESPONSE, 25, b"\0"),
    pdu(GENERIC_NACK, 26, status=3),
    pdu(ALERT_NOTIFICATION, 27, b"\1\1" + b"77011234567\0" + b"\0\1" + b"1012\0"),
    pdu(QUERY_SM, 28, b"42\0\1\1" + b"1012\0"),
    pdu(CANCEL_SM, 29, b"\0" + b"42\0\1\1" + b"1012\0\1\1" + b"77011234567\0"),
    pdu(REPLACE_SM, 30, b"42\0\1\1" + b"1012\0\0\0\0\0\1x"),
    pdu(SUBMIT_MULTI, 31, b"\0\0\1" + b"1012\0\1\1\1\1" + b"77011234567\0" + bytes(9)),
    pdu(OUTBIND, 32, b"smsc\0secret\0"),
    pdu(BIND_RECEIVER, 33, BIND),
    pdu(BIND_TRANSMITTER, 34, BIND),
    pdu(BIND_TRANSCEIVER, 35, BIND),
    pdu(BIND_TRANSCEIVER | RESPONSE, 36, b"smsc\0" + tlv(0x0210, b"\x34")),
    pdu(UNBIND | RESPONSE, 37),
    pdu(0x0909, 38, b"nobody knows this command"),
    pdu(0x0909 | RESPONSE, 39, b"nor its response"),
)
_ACROSS = {DELIVER_SM: SUBMIT_SM, SUBMIT_SM: DELIVER_SM}
# As an ESME sends them: what was deliver_sm is submit_sm, and the other way round.
SUBMITTED: tuple[bytes, ...] = tuple(
    octets[:7] + bytes((_ACROSS.get(octets[7], octets[7]),)) + octets[8:]
    if octets[4:7] in {b"\0\0\0", b"\x80\0\0"}
    else octets
    for octets in MODELS
)
UNBINDING = pdu(UNBIND, 40)  # apart: it ends a session, and rightly so


def _flip(octets: bytearray, chance: random.Random) -> None:
    octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)


def _replace(octets: bytearray, chance: random.Random) -> None:
    octets[chance.randrange(len(octets))] = chance.randrange(256)


def _interesting(octets: bytearray, chance: random.Random) -> None:
    octets[chance.randrange(len(octets))] = chance.choice(OCTETS)


def _cut_out(octets: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(octets))
    del octets[at : at + chance.randint(1, 8)]


def _double(octets: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(octets))
    octets[at:at] = octets[at : at + chance.randint(1, 8)]


def _truncate(octets: bytearray, chance: random.Random) -> None:
    del octets[chance.randrange(len(octets)) :]


def _splice(octets: bytearray, chance: random.Random) -> None:
    """The front of this one, the back of another."""
    other = chance.choice(MODELS)
    octets[chance.randrange(len(octets)) :] = other[chance.randrange(len(other)) :]


def _append(octets: bytearray, chance: random.Random) -> None:
    octets += chance.randbytes(chance.randint(1, 8))


def _tlv(octets: bytearray, chance: random.Random) -> None:
    """A parameter behind the rest, its length often a lie."""
    tag = chance.choice((0x001E, 0x0204, 0x020C, 0x020E, 0x020F, 0x0424, 0x0427, 0x1400))
    value = chance.randbytes(chance.randint(0, 6))
    length = chance.choice((len(value), len(value), 0, len(value) + 1, 0xFFFF))
    octets += struct.pack(">HH", tag, length) + value


DAMAGE: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip, _flip, _replace, _interesting, _cut_out, _double, _truncate, _splice, _append, _tlv,
)  # fmt: skip


def mutated(
    chance: random.Random, models: Sequence[bytes] = MODELS, *, true_length: float = 0.97
) -> bytes:
    """One damaged PDU of these. Its command_length is put right again with the odds `true_length`,
    as nothing but a closed session follows a wrong one."""
    octets = bytearray(chance.choice(models))
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3, 6))):
        chance.choice(DAMAGE)(octets, chance)
        if not octets:
            octets += b"\0"
    if chance.random() < true_length:
        if len(octets) < 16:
            octets += bytes(16 - len(octets))
        octets[:4] = len(octets).to_bytes(4, "big")
    elif chance.random() < 0.5:
        octets[:4] = chance.choice(LENGTHS).to_bytes(4, "big")
    return bytes(octets)


def torn(chance: random.Random, octets: bytes) -> Iterator[bytes]:
    """As the network may cut it: whole, in a few reads, or octet by octet."""
    pieces = chance.choice((1, 1, 1, 2, 3, len(octets)))
    cuts = sorted(chance.sample(range(1, len(octets)), min(pieces, len(octets)) - 1))
    for start, end in zip((0, *cuts), (*cuts, len(octets)), strict=True):
        yield octets[start:end]
