"""A session fed by hand over a transport of memory, and what must hold whatever it is fed.

Requests and answers are told apart by a framing written here from the standard, not by our own.
"""

from __future__ import annotations

import asyncio
import struct
from collections import Counter
from enum import Enum
from typing import Any, NamedTuple

from smpp import library, pdu
from smpp.bind_request import BindRequest
from smpp.context import ESME, SessionContext, SessionEnd, SessionHooks, smsc_side
from smpp.links import SessionLimits
from smpp.messages import SubmitResult
from smpp.opening import AwaitBind, RequestBind
from smpp.operators import OperatorProfile
from smpp.owner import BindEvent, Delivery
from smpp.pdu import Frame
from smpp.session import Session
from smpp.stats import LinkStats
from tests.fuzz.mutation import BIND
from tests.support import peer
from tests.support.peer import Pdu

LENGTH_MIN, LENGTH_MAX = 16, 70_000
RINVCMDLEN = 0x02
SUBMIT_MULTI, REPLACE_SM = 0x21, 0x07
WITH_RESPONSE = frozenset(
    {
        *peer.BINDS, peer.QUERY_SM, peer.SUBMIT_SM, peer.DELIVER_SM, peer.UNBIND, peer.CANCEL_SM,
        peer.ENQUIRE_LINK, peer.DATA_SM, SUBMIT_MULTI, REPLACE_SM,
    }
)  # fmt: skip
WITHOUT_RESPONSE = frozenset({peer.OUTBIND, peer.ALERT_NOTIFICATION})
PROBE = 0x0ABCDEF1  # the number of an enquire_link that asks for a sign of life
PROFILE = OperatorProfile(name="fuzz", window=50)


class Role(Enum):
    """Which end of the connection is ours."""

    ESME = "esme"
    SMSC = "smsc"


ASKING = RequestBind(
    lambda sequence: library.bind(pdu.BIND_TRANSCEIVER, sequence, "1012", "secret", PROFILE)
)


def _nobody(system_id: str, password: str) -> None:
    """An outbind's words: those of nobody we know."""


class Stream(NamedTuple):
    """What octets are by the standard: PDUs, then what is unfinished, or lost framing."""

    pdus: list[Pdu]
    held: int  # octets of an unfinished PDU
    wanted: int  # octets that would finish it; 16 or fewer where not even a header is there
    broken: bool


def framing(octets: bytes) -> Stream:
    """Cut octets into PDUs (SMPP 3.4 3.2)."""
    pdus: list[Pdu] = []
    at = 0
    while len(octets) - at >= 4:
        (length,) = struct.unpack_from(">I", octets, at)
        if length < LENGTH_MIN:
            return Stream(pdus, 0, 0, True)
        if length > LENGTH_MAX:
            # said with its number, so once the header is there; a foreign protocol at once
            known = len(octets) - at >= LENGTH_MIN or is_foreign(octets[at : at + 4])
            if known:
                return Stream(pdus, 0, 0, True)
            return Stream(pdus, len(octets) - at, LENGTH_MIN - (len(octets) - at), False)
        if len(octets) - at < length:
            return Stream(pdus, len(octets) - at, length - (len(octets) - at), False)
        _, command, status, sequence = struct.unpack_from(">IIII", octets, at)
        pdus.append(Pdu(command, status, sequence, octets[at + 16 : at + length]))
        at += length
    held = len(octets) - at
    return Stream(pdus, held, LENGTH_MIN - held if held else 0, False)


def is_foreign(start: bytes) -> bool:
    return start[:2] == b"\x16\x03" or start in {
        b"HTTP", b"GET ", b"HEAD", b"POST", b"PUT ", b"OPTI", b"SSH-",
    }  # fmt: skip


def answers_to(requests: list[Pdu]) -> Counter[tuple[int, int]]:
    """The (command, sequence) of every response that these PDUs are owed."""
    owed: Counter[tuple[int, int]] = Counter()
    for each in requests:
        if each.command & peer.RESPONSE or each.command in WITHOUT_RESPONSE:
            continue
        known = each.command in WITH_RESPONSE
        owed[each.command | peer.RESPONSE if known else peer.GENERIC_NACK, each.sequence] += 1
    return owed


class Answering:
    """An owner that takes everything at once."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()

    def on_delivery(self, delivery: Delivery) -> None:
        self.taken[type(delivery.message).__name__] += 1
        delivery.respond(0, self.taken.total(), "1")

    def on_submit_result(self, link: str, result: SubmitResult) -> None:
        self.taken[result.end.value] += 1

    def on_room(self, link: str) -> None: ...
    def on_confirmed(self, session: int, through: int) -> None: ...
    def on_bind(self, event: BindEvent) -> None: ...


class MemoryTransport(asyncio.Transport):
    """Keeps what is written. `close` and `abort` tell the protocol in the next step of the loop."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self.written = bytearray()
        self._protocol = protocol
        self._closing = False

    def write(self, data: Any) -> None:
        if not self._closing:
            self.written += data

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    abort = close

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


class Fed:
    """A bound session of ours, as ESME or as SMSC."""

    def __init__(self, role: Role = Role.ESME) -> None:
        self.crashes: list[Exception] = []
        self.stats = LinkStats()
        self.owner = Answering()
        self.heard = b""  # since the bind
        self.role = role
        self.session = Session(
            self._context(), AwaitBind(self._admit, _nobody) if role is Role.SMSC else ASKING
        )
        self.transport = MemoryTransport(self.session)
        self._before = 0  # octets written before it was bound

    def _context(self) -> SessionContext:
        return SessionContext(
            link="fuzz",
            number=1,
            window=PROFILE.window,
            profile=PROFILE,
            limits=SessionLimits(),
            owner=self.owner,
            hooks=SessionHooks(
                bound=lambda session: None,
                closing=lambda session, detail: None,
                room=lambda: None,
                submit_ended=lambda session, result, sent_s: self.owner.on_submit_result(
                    "", result
                ),
                crashed=self.crashes.append,
            ),
            stats=self.stats,
            wall_clock=None,
            side=smsc_side(PROFILE) if self.role is Role.SMSC else ESME,
        )

    def _admit(self, session: Session, request: BindRequest, frame: Frame) -> None:
        session.adopt(self._context())
        session.answer(pdu.response(frame.command_id, pdu.ROK, frame.sequence, b"jauap\0"))
        session.bound(request.interface_version, asyncio.get_running_loop().time())

    async def connect(self) -> None:
        self.session.connection_made(self.transport)
        await settle()

    async def bind(self) -> None:
        await self.connect()
        if self.role is Role.SMSC:
            self.session.data_received(peer.pdu(peer.BIND_TRANSCEIVER, 1, BIND))
        else:
            (request,) = framing(bytes(self.transport.written)).pdus
            response = b"smsc\0" + peer.tlv(0x0210, b"\x34")
            self.session.data_received(
                peer.pdu(request.command | peer.RESPONSE, request.sequence, response)
            )
        await settle()
        self._before = len(self.transport.written)

    async def hear(self, octets: bytes) -> None:
        """One read of the socket; nothing is read from a connection that is being closed."""
        if not self.closed:
            self.heard += octets
            self.session.data_received(octets)
            await settle()

    @property
    def closed(self) -> bool:
        return self.transport.is_closing()

    @property
    def said(self) -> list[Pdu]:
        """What it wrote since it was bound."""
        stream = framing(bytes(self.transport.written[self._before :]))
        assert not stream.held
        assert not stream.broken
        return stream.pdus

    async def end(self) -> SessionEnd:
        self.session.abort()
        async with asyncio.timeout(peer.WAIT_S):
            return await self.session.ended


async def settle() -> None:
    """Let the loop write what was gathered, and tell of a connection's end."""
    for _ in range(3):
        await asyncio.sleep(0)


async def judge(fed: Fed) -> None:
    """What must hold after any octets; finishes an unfinished PDU to see a sign of life.

    Raises AssertionError.
    """
    stream = framing(fed.heard)
    if not fed.closed and stream.wanted:
        await fed.hear(bytes(stream.wanted))
        stream = framing(fed.heard)
        if stream.wanted and not fed.closed:  # that was a header: what it announces
            await fed.hear(bytes(stream.wanted))
    if not fed.closed:
        await fed.hear(peer.pdu(peer.ENQUIRE_LINK, PROBE))
    stream = framing(fed.heard)
    said = fed.said
    responses = Counter((each.command, each.sequence) for each in said if answers(each))
    owed = answers_to(stream.pdus)
    assert fed.crashes == []
    assert fed.stats.undecodable == 0
    if not fed.closed:
        assert not stream.broken, "framing is lost and the session lives on"
        assert responses == owed
        assert (peer.ENQUIRE_LINK | peer.RESPONSE, PROBE) in responses
    elif stream.broken:
        last = said[-1]
        assert (last.command, last.status) == (peer.GENERIC_NACK, RINVCMDLEN)
        responses[last.command, last.sequence] -= 1
        assert +responses <= owed
    else:
        assert any(each.command == peer.UNBIND for each in stream.pdus), "closed without a reason"
        assert responses <= owed


def answers(each: Pdu) -> bool:
    return bool(each.command & peer.RESPONSE)
