"""The ESME that binds to an SMSC under test."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import Any, Final

from smpp.conform.bench import Bench
from smpp.conform.connection import Connection, told
from smpp.conform.options import Account, Options
from smpp.conform.verdicts import FailedError, NoPeerError, Role, UntestableError
from smpp.simulator import wire
from smpp.simulator.framing import Pdu, encode_pdu

VERSION_34: Final = 0x34


class Dialler(Bench):
    """Holds one session, where a row asks for no more. With a question the messages are those of
    subscribers to the short code, as an aggregator's; without one they go the other way.
    """

    role = Role.SMSC
    carrier = wire.SUBMIT_SM

    def __init__(
        self,
        options: Options,
        account: Account,
        host: str,
        port: int,
        tls: ssl.SSLContext | None = None,
        tls_name: str = "",
    ) -> None:
        """`tls_name` is the name in the peer's certificate; empty: `host`."""
        super().__init__(options)
        self.account = account
        self.host, self.port = host, port
        self.tls = tls
        self._tls_name = tls_name
        self._session: Connection | None = None

    async def start(self) -> None:
        """Raises NoPeerError where nobody answers, or refuses the account."""
        try:
            self._session = await self.bound()
        except FailedError as problem:
            raise NoPeerError(f"{self.host}:{self.port}: {problem}") from None

    async def stop(self) -> None:
        """Unbind."""
        await self.leave()
        self.drop()

    async def leave(self) -> None:
        """End the session held; the next row that needs one binds anew."""
        session, self._session = self._session, None
        if session is not None and session.live:
            await self.unbind(session)

    async def unbind(self, connection: Connection) -> None:
        """Leave as one should."""
        sequence = connection.ask(wire.UNBIND)
        with contextlib.suppress(FailedError):
            await connection.response(sequence, self.options.answer_s)
        connection.finish()
        await connection.ended(self.options.answer_s)

    async def connect(self, *, plain: bool = False) -> Connection:
        """Not bound yet. Raises FailedError where the peer takes no connection."""
        connection = self.opened()
        loop, tls = asyncio.get_running_loop(), None if plain else self.tls
        name = (self._tls_name or self.host) if tls else None
        try:
            async with asyncio.timeout(self.options.answer_s):
                await loop.create_connection(
                    lambda: connection, self.host, self.port, ssl=tls, server_hostname=name
                )
        except (OSError, UnicodeError) as problem:  # a TimeoutError is one, and says nothing
            self.on_end(connection)
            raise FailedError(f"no connection: {str(problem) or 'no answer'}") from None
        return connection

    async def bound(self, mode: int = wire.BIND_TRANSCEIVER, **fields: Any) -> Connection:
        """A session of its own. Raises FailedError where the bind is refused."""
        connection = await self.connect()
        response = await self.bind(connection, mode, **fields)
        if response.status or response.command != mode | wire.RESPONSE:
            connection.finish()
            raise FailedError(f"the bind was answered with {told(response)}")
        return connection

    async def bind(
        self, connection: Connection, mode: int = wire.BIND_TRANSCEIVER, **fields: Any
    ) -> Pdu:
        """Bind on it; the response."""
        connection.mode = wire.BIND_MODES[mode]  # what comes behind the response counts
        sequence = connection.ask(mode, self.bind_body(**fields))
        return await connection.response(sequence, self.options.answer_s)

    def bind_body(
        self,
        *,
        system_id: str | None = None,
        password: str | None = None,
        version: int = VERSION_34,
        address_range: str = "",
    ) -> bytes:
        account = self.account
        names = (
            account.system_id if system_id is None else system_id,
            account.password if password is None else password,
            account.system_type,
        )
        head = b"".join(name.encode("latin-1") + b"\0" for name in names)
        return head + bytes((version, 0, 0)) + address_range.encode("latin-1") + b"\0"

    async def session(self) -> Connection:
        if self._session is None or not self._session.live:
            try:
                self._session = await self.bound()
            except FailedError as problem:
                raise UntestableError(str(problem)) from None
        return self._session

    async def back(self) -> None:
        try:
            await self.alive(await self.session())
        except UntestableError as problem:
            raise FailedError(f"afterwards {problem}") from None

    def message(self, octets: bytes = b"", *, msisdn: str = "", **fields: Any) -> wire.Message:
        subscriber, ours = msisdn or self.subscriber(), self.options.short_code
        if self.options.question:
            fields.setdefault("source", subscriber)
            fields.setdefault("destination", ours)
            fields.setdefault("destination_ton", 0)
        else:
            fields.setdefault("source", ours)
            fields.setdefault("source_ton", 0)
            fields.setdefault("destination", subscriber)
        return wire.Message(octets=octets, **fields)

    def request(self, connection: Connection, pdu: Pdu) -> None:
        connection.send(encode_pdu(wire.GENERIC_NACK, wire.RINVCMDID, pdu.sequence))
