"""Any octets at all: the link answers, or binds anew, and lives."""

from __future__ import annotations

import random

import pytest

from smpp.messages import BindState
from tests.support.line import Line, line, quick
from tests.support.peer import (
    DELIVER_SM,
    ENQUIRE_LINK,
    RESPONSE,
    UNBIND,
    Wire,
    data_sm,
    deliver_sm,
    part,
    pdu,
    receipt_text,
    tlv,
)

MODELS = (
    deliver_sm(1, b"770112345671234567", tail=tlv(0x0204, b"\0\1") + tlv(0x1400, b"vendor")),
    deliver_sm(2, part(9, 3, 2, b"second"), esm_class=0x40, data_coding=8),
    deliver_sm(3, receipt_text(b"42"), esm_class=0x04, tail=tlv(0x001E, b"42\0")),
    data_sm(4, b"770112345671234567"),
    pdu(ENQUIRE_LINK, 5),
    pdu(0x80000004, 6, b"id\0" + tlv(0x0428, b"x")),
    pdu(0x80000000, 7, status=3),
    pdu(0x102, 8, b"\1\1" + b"77011234567\0"),
)


def mutated(chance: random.Random) -> bytes:
    """A PDU with some octets changed, cut, or doubled; its length is mostly put right again, as
    nothing but a closed session follows a wrong one."""
    octets = bytearray(chance.choice(MODELS))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(octets))
        match chance.randrange(4):
            case 0 | 1:
                octets[at] = chance.randrange(256)
            case 2 if len(octets) > 16:
                del octets[at : at + chance.randint(1, 8)]
            case _:
                octets[at:at] = octets[at : at + chance.randint(1, 8)]
    if chance.random() < 0.95 and len(octets) >= 16:
        octets[:4] = len(octets).to_bytes(4, "big")
    return bytes(octets)


async def still_alive(both: Line, wire: Wire, binds: int) -> tuple[Wire, int]:
    """The session answers; or, as the octets asked for its end, the next one does."""
    wire.send(pdu(ENQUIRE_LINK, 0x7ABCDEF0))
    try:
        while (found := await wire.read()).sequence != 0x7ABCDEF0:
            assert found.command & RESPONSE
        assert found.command in (ENQUIRE_LINK | RESPONSE, RESPONSE)
    except (EOFError, ConnectionError):
        wire = await both.smsc.accept_bound()
        await both.owner.reached(BindState.BOUND, binds + 1)
        return wire, binds + 1
    return wire, binds


@pytest.mark.parametrize("seed", range(8))
async def test_mutated_pdus_never_end_the_link(seed: int) -> None:
    chance = random.Random(seed)
    async with line(quick(pdu_read_timer_s=0.05)) as both:  # what waits for more octets ends soon
        wire, binds = both.wire, 1
        for _ in range(60):
            octets = mutated(chance)
            if chance.random() < 0.2:
                cut = chance.randrange(len(octets) + 1)
                await wire.send_apart([octets[:cut], octets[cut:]])
            else:
                wire.send(octets)
            wire, binds = await still_alive(both, wire, binds)
        wire.send(deliver_sm(77, b"1"))
        while (found := await wire.read()).sequence != 77:
            pass
        assert (found.command, found.status) == (DELIVER_SM | RESPONSE, 0)
        assert both.link.stats.undecodable == 0


@pytest.mark.parametrize("seed", range(8))
async def test_noise_ends_the_session_at_most(seed: int) -> None:
    chance = random.Random(seed)
    async with line() as both:
        both.wire.send(chance.randbytes(chance.randint(16, 4_000)))
        both.wire.send(pdu(UNBIND, 1))
        both.wire.close()
        wire = await both.smsc.accept_bound()
        await both.owner.reached(BindState.BOUND, 2)
        assert await wire.all_before_now() == []
