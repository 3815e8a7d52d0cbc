"""The SMSC that an ESME under test binds to, again and again."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from smpp.conform.bench import Bench
from smpp.conform.connection import Connection
from smpp.conform.options import Options
from smpp.conform.shaping import tlv
from smpp.conform.verdicts import FailedError, NoPeerError, Role, UntestableError
from smpp.simulator import wire
from smpp.simulator.framing import Pdu, encode_pdu

CONNECTIONS_MAX: Final = 10_000  # of a run: an ESME that hammers must not fill the memory
LIVE_MAX: Final = 50
VERSION_34: Final = tlv(wire.TAG_SC_INTERFACE_VERSION, b"\x34")
RECEIVES: Final = frozenset({wire.BIND_RECEIVER, wire.BIND_TRANSCEIVER})

Bind = tuple[Connection, Pdu]


class Listener(Bench):
    """`waits` are the seconds from a session's end to the next connection, where the session
    before had been bound for less than a minute.
    """

    role = Role.ESME
    carrier = wire.DELIVER_SM

    def __init__(self, options: Options, host: str, port: int) -> None:
        super().__init__(options)
        self.host, self.port = host, port
        self.binds: list[wire.Bind] = []
        self.bound_most: dict[str, int] = {}  # mode -> sessions at one time
        self.waits: list[float] = []
        self.gone = ""  # why there is no peer any more
        self._intercepting = False
        self._intercepted: Bind | None = None
        self._ended_s: float | None = None

    async def start(self) -> None:
        """Listen. Raises OSError where the port cannot be had."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connected, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Unbind who is bound, and listen no more."""
        self._server.close()
        for connection in self._live():
            connection.ask(wire.UNBIND)
        await self.changes.until(lambda: not self._live() or None, self.options.settle_s)
        for connection in self._live():
            connection.finish()

    async def first(self, within_s: float) -> None:
        """Raises NoPeerError where no ESME binds as a receiver or transceiver by then."""
        if await self.changes.until(self._receiver, within_s) is None:
            raise NoPeerError(
                f"no ESME bound to {self.host}:{self.port} as a receiver or transceiver within "
                f"{within_s:g} s"
            )

    async def session(self) -> Connection:
        receiver = self._receiver()
        if receiver is None:
            connection, bind = await self._next_bind()
            self.accept(connection, bind)
            receiver = connection
        return receiver

    async def back(self) -> None:
        """It asks to be bound again. The next row answers that, as it likes."""
        if self._receiver() is not None:
            return  # it was faster than the row
        try:
            self._intercepted = await self._next_bind()
        except UntestableError as problem:
            raise FailedError(str(problem)) from None

    async def intercept(self) -> Bind:
        """The next bind request that may receive, not answered yet; what is bound ends."""
        if self._receiver() is not None:
            self.drop()
        return await self._next_bind()

    async def _next_bind(self) -> Bind:
        if self.gone:
            raise UntestableError(self.gone)
        self._intercepting = True
        found = await self.changes.until(self._request_to_bind, self.options.rebind_s)
        self._intercepting = False
        self._intercepted = None
        if found is None:
            self.gone = f"no bind within {self.options.rebind_s:g} s, since row {self.playing}"
            raise UntestableError(self.gone)
        return found

    def _request_to_bind(self) -> Bind | None:
        bind = self._intercepted
        return bind if bind is not None and bind[0].live else None

    def bind_response(self, bind: Pdu, tail: bytes = VERSION_34) -> bytes:
        return encode_pdu(bind.command | wire.RESPONSE, 0, bind.sequence, b"conform\0" + tail)

    def accept(self, connection: Connection, bind: Pdu, tail: bytes = VERSION_34) -> None:
        """The session counts as bound from here on; `bind_response` was not sent yet."""
        self.bind_as(connection, bind)
        connection.send(self.bind_response(bind, tail))

    def bind_as(self, connection: Connection, bind: Pdu) -> None:
        """The session is bound; the response is the caller's."""
        connection.mode = wire.BIND_MODES[bind.command]
        connection.bound_s = asyncio.get_running_loop().time()
        modes = [each.mode for each in self._live() if each.mode]
        for mode in set(modes):
            self.bound_most[mode] = max(self.bound_most.get(mode, 0), modes.count(mode))
        self.changes.tell()

    def message(self, octets: bytes = b"", *, msisdn: str = "", **fields: Any) -> wire.Message:
        fields.pop("registered_delivery", None)  # means nothing to an ESME
        fields.setdefault("source", msisdn or self.subscriber())
        fields.setdefault("destination", self.options.short_code)
        fields.setdefault("destination_ton", 0)
        return wire.Message(octets=octets, **fields)

    def request(self, connection: Connection, pdu: Pdu) -> None:
        if pdu.command in wire.BIND_MODES and not connection.mode:
            self._bind(connection, pdu)
        elif pdu.command in wire.BIND_MODES:
            connection.answer(pdu, status=wire.RALYBND)
        elif pdu.command in wire.UNSUPPORTED:
            connection.answer(pdu, status=wire.RINVCMDID)
        else:
            connection.send(encode_pdu(wire.GENERIC_NACK, wire.RINVCMDID, pdu.sequence))

    def receivers(self) -> list[Connection]:
        """Bound sessions that may be delivered to."""
        return [each for each in self._live() if each.mode and each.mode != "transmitter"]

    def on_end(self, connection: Connection) -> None:
        super().on_end(connection)
        if connection.mode and not self._live():
            short = connection.bound_s and asyncio.get_running_loop().time() - connection.bound_s
            self._ended_s = asyncio.get_running_loop().time() if short < 60 else None

    def _connected(self) -> Connection:
        connection = self.opened()
        if self._ended_s is not None:
            self.waits.append(asyncio.get_running_loop().time() - self._ended_s)
            self._ended_s = None
        if self.connections_total > CONNECTIONS_MAX:
            self._server.close()
        for old in [each for each in self._live() if not each.mode][:-LIVE_MAX]:
            old.finish()
        return connection

    def _bind(self, connection: Connection, pdu: Pdu) -> None:
        bind = wire.decode_bind(pdu.body)
        if isinstance(bind, wire.Malformed):
            self.malformed.append(f"bind: {bind.reason}")
            connection.answer(pdu, status=bind.status)
            return
        self.binds.append(bind)
        connection.version = bind.interface_version
        if self._intercepting and pdu.command in RECEIVES and self._request_to_bind() is None:
            self._intercepted = connection, pdu
            self.changes.tell()
        else:
            self.accept(connection, pdu)

    def _live(self) -> list[Connection]:
        return [each for each in self.connections if each.live]

    def _receiver(self) -> Connection | None:
        """The one bound last: an older one may be of a process that is gone."""
        receivers = self.receivers()
        return receivers[-1] if receivers else None
