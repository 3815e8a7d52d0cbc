"""An ESME of plain octets, put together here by hand: no codec of the code under test."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple, Self

RX, TX, TRX = 0x01, 0x02, 0x09
SUBMIT, DELIVER, UNBIND, ENQUIRE, DATA = 0x04, 0x05, 0x06, 0x15, 0x103
RESP = NACK = 0x8000_0000
WAIT_S = 5.0


class Pdu(NamedTuple):
    command: int
    status: int
    sequence: int
    body: bytes


def pdu(command: int, sequence: int, body: bytes = b"", status: int = 0) -> bytes:
    return struct.pack(">4I", 16 + len(body), command, status, sequence) + body


def bind_body(system_id: str = "jauap", password: str = "secret", version: int = 0x34) -> bytes:
    return f"{system_id}\0{password}\0\0".encode() + bytes((version, 0, 0, 0))


def submit_body(
    text: bytes,
    to: str = "77010000001",
    *,
    source: str = "1012",
    registered: int = 0,
    coding: int = 0,
    esm_class: int = 0,
) -> bytes:
    return (
        b"\0\0\1" + source.encode() + b"\0\1\1" + to.encode() + b"\0"
        + bytes((esm_class, 0, 0, 0, 0, registered, 0, coding, 0, len(text))) + text
    )  # fmt: skip


class Delivered(NamedTuple):
    """The fields of a deliver_sm that tests ask for."""

    source: str
    destination: str
    esm_class: int
    coding: int
    text: bytes
    rest: bytes  # TLVs


def read_deliver(body: bytes) -> Delivered:
    source, _, rest = body[3:].partition(b"\0")
    destination, _, rest = rest[2:].partition(b"\0")
    size = rest[9]  # after esm, pid, priority, two empty times, registered, replace, dc, default
    return Delivered(
        source.decode(), destination.decode(), rest[0], rest[7], rest[10 : 10 + size],
        rest[10 + size :],
    )  # fmt: skip


class RawEsme:
    """One connection. Sequence numbers of its requests count up from 1."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None, name: str = "") -> None:
        self._port = port
        self._tls = tls
        self._name = name or None  # that the certificate must show
        self._sequence = 0

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection(
            "127.0.0.1", self._port, ssl=self._tls, server_hostname=self._name
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):  # the SMSC cut it, as many tests ask it to
            await self.writer.wait_closed()

    def send(self, command: int, body: bytes = b"") -> int:
        self._sequence += 1
        self.writer.write(pdu(command, self._sequence, body))
        return self._sequence

    def answer(self, request: Pdu, status: int = 0, body: bytes | None = None) -> None:
        given = body if body is not None else b"\0" if request.command in (DELIVER, DATA) else b""
        self.writer.write(pdu(request.command | RESP, request.sequence, given, status))

    async def read(self, timeout_s: float = WAIT_S) -> Pdu:
        """The next PDU. Raises IncompleteReadError at the connection's end."""
        async with asyncio.timeout(timeout_s):
            head = await self.reader.readexactly(16)
            length, *rest = struct.unpack(">4I", head)
            return Pdu(*rest, await self.reader.readexactly(length - 16))

    async def read_command(self, command: int) -> Pdu:
        """The next PDU of that command; others are passed over."""
        while (got := await self.read()).command != command:
            pass
        return got

    async def bind(self, mode: int = TRX, body: bytes | None = None) -> Pdu:
        self.send(mode, bind_body() if body is None else body)
        return await self.read()

    async def submit(self, text: bytes, to: str = "77010000001", registered: int = 0) -> Pdu:
        """Submit and wait for the response, which must be the next PDU."""
        sequence = self.send(SUBMIT, submit_body(text, to, registered=registered))
        got = await self.read()
        assert (got.command, got.sequence) == (SUBMIT | RESP, sequence)
        return got

    async def ended(self) -> bool:
        """Whether the SMSC ends the connection, whatever it sends before."""
        try:
            async with asyncio.timeout(WAIT_S):
                while await self.reader.read(65_536):
                    pass
        except ConnectionError:
            return True
        return True


def in_work(msisdn: str, text: str, times: int) -> list[str]:
    """The reply of a gateway that does its work."""
    return [f"*{text[-4:]} in work"]


class Gateway(asyncio.Protocol):
    """A small gateway for load tests: answers each deliver_sm and replies to it. `status` and
    `replies` say for (msisdn, text, how often it came) what to do; None: no response.
    """

    def __init__(
        self,
        status: Callable[[str, str, int], int | None] = lambda *_: 0,
        replies: Callable[[str, str, int], list[str]] = lambda _, text, __: [
            f"*{text[-4:]} in work"
        ],
    ) -> None:
        self.seen: dict[str, int] = {}
        self.asked = asyncio.Event()
        self._status = status
        self._replies = replies
        self._sequence = 1
        self._buffer = b""

    async def connect(self, port: int) -> None:
        await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", port)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._buffer = b""
        transport.write(pdu(TRX, 1, bind_body()))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= 16:
            length, command, _, sequence = struct.unpack(">4I", self._buffer[:16])
            if len(self._buffer) < length:
                return
            body, self._buffer = self._buffer[16:length], self._buffer[length:]
            if command == DELIVER:
                self._asked(sequence, read_deliver(body))
            elif command in (ENQUIRE, UNBIND):
                self.transport.write(pdu(command | RESP, sequence))

    def _asked(self, sequence: int, question: Delivered) -> None:
        if question.esm_class & 0x3C:
            self.transport.write(pdu(DELIVER | RESP, sequence, b"\0"))
            return
        self.asked.set()
        text = question.text.decode("ascii")
        times = self.seen[question.source] = self.seen.get(question.source, 0) + 1
        status = self._status(question.source, text, times)
        if status is not None:
            self.transport.write(pdu(DELIVER | RESP, sequence, b"\0", status))
        for reply in self._replies(question.source, text, times):
            self._sequence += 1
            body = submit_body(reply.encode("ascii"), question.source)
            self.transport.write(pdu(SUBMIT, self._sequence, body))
