"""The far side of the wire: an SMSC on loopback that does exactly what a test tells it.

It builds and reads its PDUs with struct alone, from the standard and not with our codec, so that
a mistake shared by both ends cannot hide.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import NamedTuple

WAIT_S = 5.0  # for anything that ought to happen at once

BIND_RECEIVER = 0x01
BIND_TRANSMITTER = 0x02
QUERY_SM = 0x03
SUBMIT_SM = 0x04
DELIVER_SM = 0x05
UNBIND = 0x06
CANCEL_SM = 0x08
BIND_TRANSCEIVER = 0x09
OUTBIND = 0x0B
ENQUIRE_LINK = 0x15
ALERT_NOTIFICATION = 0x102
DATA_SM = 0x103
RESPONSE = 0x80000000
GENERIC_NACK = RESPONSE

BINDS = (BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER)
BARRIER = 0x7ABCDEF0  # the sequence number of a barrier's enquire_link


class Pdu(NamedTuple):
    """A PDU as it lay on the wire."""

    command: int
    status: int
    sequence: int
    body: bytes

    @property
    def octets(self) -> int:
        return 16 + len(self.body)


class Submitted(NamedTuple):
    """The fields of a submit_sm (4.4.1), raw."""

    service_type: bytes
    source_ton: int
    source_npi: int
    source: bytes
    dest_ton: int
    dest_npi: int
    dest: bytes
    esm_class: int
    validity: bytes
    registered: int
    data_coding: int
    text: bytes
    tlvs: dict[int, bytes]


def pdu(
    command: int, sequence: int, body: bytes = b"", status: int = 0, length: int | None = None
) -> bytes:
    """One PDU; `length` overrides the true command_length."""
    octets = 16 + len(body) if length is None else length
    return struct.pack(">IIII", octets, command, status, sequence) + body


def tlv(tag: int, value: bytes, length: int | None = None) -> bytes:
    return struct.pack(">HH", tag, len(value) if length is None else length) + value


def message_body(
    text: bytes = b"",
    *,
    source: bytes = b"77011234567",
    source_ton: int = 1,
    source_npi: int = 1,
    dest: bytes = b"1012",
    dest_ton: int = 0,
    dest_npi: int = 1,
    esm_class: int = 0,
    data_coding: int = 0,
    service_type: bytes = b"",
    sm_length: int | None = None,
    tail: bytes = b"",
) -> bytes:
    """The body of a deliver_sm; `tail` holds the TLVs, or what stands in their place."""
    octets = len(text) if sm_length is None else sm_length
    return b"".join(
        (
            service_type + b"\0",
            bytes((source_ton, source_npi)) + source + b"\0",
            bytes((dest_ton, dest_npi)) + dest + b"\0",
            bytes((esm_class, 0, 0)),  # protocol_id, priority_flag
            b"\0\0",  # both times empty
            bytes((0, 0, data_coding, 0, octets)),
            text,
            tail,
        )
    )


def deliver_sm(sequence: int, text: bytes = b"", *, status: int = 0, **fields: object) -> bytes:
    return pdu(DELIVER_SM, sequence, message_body(text, **fields), status)  # type: ignore[arg-type]


def data_sm(
    sequence: int,
    payload: bytes,
    *,
    source: bytes = b"77011234567",
    dest: bytes = b"1012",
    esm_class: int = 0,
    data_coding: int = 0,
) -> bytes:
    """data_sm (4.7.1): no short_message, all text in message_payload."""
    body = b"".join(
        (
            b"\0",
            b"\1\1" + source + b"\0",
            b"\0\1" + dest + b"\0",
            bytes((esm_class, 0, data_coding)),
            tlv(0x0424, payload),
        )
    )
    return pdu(DATA_SM, sequence, body)


def part(reference: int, total: int, number: int, text: bytes, *, width: int = 8) -> bytes:
    """User data with the concatenation header of 23.040."""
    if width == 8:
        return bytes((5, 0, 3, reference, total, number)) + text
    return bytes((6, 8, 4)) + struct.pack(">H", reference) + bytes((total, number)) + text


def receipt_text(message_id: bytes, stat: bytes = b"DELIVRD", err: bytes = b"000") -> bytes:
    """Appendix B, as the standard prints it."""
    return (
        b"id:%b sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 stat:%b err:%b"
        % (
            message_id,
            stat,
            err,
        )
        + b" text:answer"
    )


def read_submit(sent: Pdu) -> Submitted:
    """Take a submit_sm apart; an octet too many or too few is an error of the test."""
    assert sent.command == SUBMIT_SM
    body, at = sent.body, 0

    def text() -> bytes:
        nonlocal at
        end = body.index(b"\0", at)
        value, at = body[at:end], end + 1
        return value

    def octet() -> int:
        nonlocal at
        at += 1
        return body[at - 1]

    service_type = text()
    source_ton, source_npi, source = octet(), octet(), text()
    dest_ton, dest_npi, dest = octet(), octet(), text()
    esm_class, _protocol, _priority = octet(), octet(), octet()
    schedule, validity = text(), text()
    assert schedule == b""
    registered, replace, data_coding, default = octet(), octet(), octet(), octet()
    assert (replace, default) == (0, 0)
    octets = octet()
    message = body[at : at + octets]
    assert len(message) == octets
    at += octets
    tlvs: dict[int, bytes] = {}
    while at < len(body):
        tag, length = struct.unpack_from(">HH", body, at)
        tlvs[tag] = body[at + 4 : at + 4 + length]
        assert len(tlvs[tag]) == length
        at += 4 + length
    return Submitted(
        service_type,
        source_ton,
        source_npi,
        source,
        dest_ton,
        dest_npi,
        dest,
        esm_class,
        validity,
        registered,
        data_coding,
        message,
        tlvs,
    )


class Wire:
    """One accepted connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, *octets: bytes) -> None:
        """In one write, so that it arrives in one read."""
        self._writer.write(b"".join(octets))

    async def send_apart(self, pieces: Iterable[bytes]) -> None:
        """Each in a segment of its own, as far as the kernel lets us (TCP_NODELAY is on)."""
        for piece in pieces:
            self._writer.write(piece)
            await self._writer.drain()
            await asyncio.sleep(0)

    async def read(self) -> Pdu:
        async with asyncio.timeout(WAIT_S):
            head = await self._reader.readexactly(16)
            length, command, status, sequence = struct.unpack(">IIII", head)
            return Pdu(command, status, sequence, await self._reader.readexactly(length - 16))

    async def expect(self, command: int, status: int = 0, sequence: int | None = None) -> Pdu:
        """The next PDU must be this one."""
        found = await self.read()
        wanted = (hex(command), hex(status), found.sequence if sequence is None else sequence)
        assert (hex(found.command), hex(found.status), found.sequence) == wanted
        return found

    async def expect_submit(self) -> tuple[Pdu, Submitted]:
        sent = await self.expect(SUBMIT_SM)
        return sent, read_submit(sent)

    async def all_before_now(self) -> list[Pdu]:
        """Everything sent until our enquire_link is answered: shows that nothing else was."""
        self.send(pdu(ENQUIRE_LINK, BARRIER))
        seen: list[Pdu] = []
        while (found := await self.read()).sequence != BARRIER:
            seen.append(found)
        assert found.command == ENQUIRE_LINK | RESPONSE
        return seen

    async def accept_bind(self, tail: bytes = tlv(0x0210, b"\x34"), status: int = 0) -> Pdu:
        """Read a bind request and answer it; `tail` follows the system_id."""
        bind = await self.read()
        assert bind.command in BINDS
        self.send(pdu(bind.command | RESPONSE, bind.sequence, b"smsc\0" + tail, status))
        return bind

    def answer_submit(self, sent: Pdu, message_id: bytes = b"m1", status: int = 0) -> None:
        body = message_id + b"\0" if status == 0 else b""
        self.send(pdu(SUBMIT_SM | RESPONSE, sent.sequence, body, status))

    async def at_end(self) -> bytes:
        """What comes until the other side closes."""
        async with asyncio.timeout(WAIT_S):
            try:
                return await self._reader.read()
            except ConnectionResetError:
                return b""

    def extra(self, name: str) -> object:
        """What the transport knows of the connection: asyncio's `get_extra_info`."""
        return self._writer.get_extra_info(name)

    def close(self) -> None:
        """FIN without unbind."""
        self._writer.close()

    def reset(self) -> None:
        """RST."""
        connection = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def stop_reading(self) -> None:
        self._writer.transport.pause_reading()  # type: ignore[attr-defined]  # a read transport

    def go_on_reading(self) -> None:
        self._writer.transport.resume_reading()  # type: ignore[attr-defined]  # a read transport


class Smsc:
    """A listener on loopback; each connection is taken by the test."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        self._accepted: asyncio.Queue[Wire] = asyncio.Queue()
        self._wires: list[Wire] = []

    async def accept(self) -> Wire:
        async with asyncio.timeout(WAIT_S):
            return await self._accepted.get()

    async def accept_bound(self, tail: bytes = tlv(0x0210, b"\x34")) -> Wire:
        wire = await self.accept()
        await wire.accept_bind(tail)
        return wire

    def no_connection(self) -> bool:
        return self._accepted.empty()

    async def _on_connection(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        wire = Wire(reader, writer)
        self._wires.append(wire)
        self._accepted.put_nowait(wire)

    def close(self) -> None:
        for wire in self._wires:
            wire.close()


@asynccontextmanager
async def listening(tls: ssl.SSLContext | None = None) -> AsyncIterator[Smsc]:
    smsc = Smsc()
    server = await asyncio.start_server(smsc._on_connection, "127.0.0.1", 0, ssl=tls)
    smsc.port = server.sockets[0].getsockname()[1]
    try:
        yield smsc
    finally:
        server.close()
        smsc.close()
        await server.wait_closed()
