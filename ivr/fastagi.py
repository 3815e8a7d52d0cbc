"""FastAGI as a server: Asterisk connects for each call and does what it is told, line by line.

The shell around ivr.dialects.fastagi and ivr.dialects.agi_script: sockets, limits, patience. The
protocol has neither passwords nor encryption, so only the addresses in `peers` are listened to.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from ivr.attendant.attendant import REQUESTS_MAX, Attendant, CallCounters
from ivr.dialects.agi_script import (
    BILLED,
    SYNTAX,
    TRYING,
    Carried,
    Reply,
    carry_out,
    ended,
    number_in,
    read_reply,
    reply_within_s,
)
from ivr.dialects.contract import Document, RawRequest, Refusal, sane_id
from ivr.dialects.fastagi import NAME, table_of

CONNECTIONS_MAX = 2_000  # calls at a time
LINE_OCTETS_MAX = 8_192  # as long as a line of Asterisk's may be
ENVIRONMENT_LINES_MAX = 100  # a genuine block has about thirty
ENVIRONMENT_S = 5.0  # for the block to come
REPLY_LINES_MAX = 200  # of one reply: usage, progress, lines that are no reply
HUNG_UP_S = 2.0  # for a reply that may still come when the caller has gone
CLOSE_S = 2.0
ALIVE_EVERY_S = 60.0  # a long conversation: its call is not forgotten
SILENT_PEER_S = 60  # then the system asks whether the peer is there, and again
PROBES = 3

log = structlog.get_logger()

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class _LineLostError(Exception):
    """Asterisk has gone, speaks something else, or keeps silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgiTable:
    """One `[[ivr]]` table that Asterisk may call; `peers` are the addresses it may come from."""

    attendant: Attendant
    peers: Sequence[Network]

    def admits(self, address: str) -> bool:
        return bool(address) and any(
            ipaddress.ip_address(address) in network for network in self.peers
        )


class FastAgi:
    """One address that Asterisk connects to, for one table or more. `bind`, then `run`.

    `patience` tells how long Asterisk may take for a command, in seconds. `connections` are those
    open now.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        tables: Mapping[str, AgiTable],
        counters: CallCounters,
        connections_max: int = CONNECTIONS_MAX,
        patience: Callable[[str], float] = reply_within_s,
    ) -> None:
        self.host = host
        self.port = port  # 0: any; the real one after `bind`
        self.tables = tables
        self._counters = counters
        self._connections_max = connections_max
        self._patience = patience
        self.connections = 0
        self._listening: socket.socket | None = None

    def bind(self) -> None:
        """Take the port; who connects waits for `run`. Raises OSError."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._listening = socket.create_server((self.host, self.port), family=family)
        self.port = self._listening.getsockname()[1]

    def close(self) -> None:
        """Give the port back."""
        if self._listening is not None:
            self._listening.close()

    async def run(self) -> None:
        """Hold calls, for ever. Who stops it leaves the callers to the dialplan."""
        if self._listening is None:
            self.bind()
        server = await asyncio.start_server(
            self._connected, sock=self._listening, limit=LINE_OCTETS_MAX, start_serving=False
        )
        async with server, asyncio.TaskGroup() as self._calls:
            await server.start_serving()
            await asyncio.get_running_loop().create_future()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        address = str(peer[0]) if peer else ""  # gone before we came
        if not any(table.admits(address) for table in self.tables.values()):
            self._counters.signature_failed(NAME, "peer")
            writer.transport.abort()
        elif self.connections >= self._connections_max:
            self._counters.call_step(NAME, "full")
            writer.transport.abort()
        else:
            self.connections += 1
            self._calls.create_task(self._hold(_Line(reader, writer, self._patience), address))

    async def _hold(self, line: _Line, address: str) -> None:
        """One connection, from its first line to its last. Never raises."""
        try:
            await self._call(line, address)
        except _LineLostError as lost:
            log.info("agi_connection_unused", reason=str(lost))
        except Exception:  # a fault of ours ends this call, not the others: told here, once
            log.exception("agi_call_failed")
        finally:
            self.connections -= 1
            await line.close()

    async def _call(self, line: _Line, address: str) -> None:
        environment = await line.environment()
        name = table_of(environment)
        table = self.tables.get(name)
        if table is None:
            self._counters.signature_failed(NAME, "missing")
        elif not table.admits(address):
            self._counters.signature_failed(NAME, "peer")
        else:
            await _Call(name, table.attendant, line, environment).hold()


@dataclass(frozen=True, slots=True)
class _Call:
    """One call: the attendant's scripts, carried out on a line."""

    link: str
    attendant: Attendant
    line: _Line
    environment: Mapping[str, str]

    async def hold(self) -> None:
        first = await self._answer(b"")
        if isinstance(first, Refusal):
            return
        call_id = sane_id(self.environment.get("agi_uniqueid"))
        self.line.alive = lambda: self.attendant.alive(call_id)
        seconds = None
        try:
            seconds = await self._talk(first)
        except _LineLostError as lost:
            log.info("agi_line_lost", link=self.link, reason=str(lost))
        if call_id:
            await self._answer(ended(seconds))

    async def _talk(self, document: Document) -> int | None:
        """Until the caller has gone, or nothing is left to do; the seconds that Asterisk bills.
        Raises _LineLostError."""
        await self.line.ask("ANSWER")
        for _ in range(REQUESTS_MAX):
            carried = await self._carry_out(document.body)
            if carried.failed and not self.line.hung_up:
                log.warning(
                    "agi_command_failed",
                    link=self.link,
                    commands=sorted(set(carried.failed)),
                )
            if not carried.outcome:
                break
            answer = await self._answer(carried.outcome)
            if self.line.hung_up or isinstance(answer, Refusal):
                break
            document = answer
        return number_in(await self.line.ask(BILLED))

    async def _carry_out(self, script: bytes) -> Carried:
        steps = carry_out(script)
        try:
            command = next(steps)
            while True:
                command = steps.send(await self.line.ask(command))
        except StopIteration as done:
            carried: Carried = done.value
            return carried

    async def _answer(self, outcome: bytes) -> Document | Refusal:
        return await self.attendant.answer(
            RawRequest("AGI", f"/ivr/{self.link}", self.environment, outcome)
        )


class _Line:
    """One connection. `hung_up` once the caller has gone: variables can still be asked for."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        patience: Callable[[str], float],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self.hung_up = False
        self.alive: Callable[[], None] = lambda: None  # called now and then while we wait
        _watch_for_silence(writer.get_extra_info("socket"))

    async def environment(self) -> dict[str, str]:
        """The block that comes first. Raises _LineLostError."""
        told: dict[str, str] = {}
        until = self._loop.time() + ENVIRONMENT_S
        for _ in range(ENVIRONMENT_LINES_MAX):
            line = await self._read(until)
            if not line:
                return told
            name, _, value = line.partition(":")
            told.setdefault(name.strip().lower(), value.strip())
        raise _LineLostError("the environment does not end")

    async def ask(self, command: str) -> Reply:
        """A command and its reply. Raises _LineLostError."""
        self._writer.write(command.encode() + b"\n")
        until = self._loop.time() + self._patience(command)
        in_usage = False
        for _ in range(REPLY_LINES_MAX):
            line = await self._read(until)
            if line == "HANGUP":  # at any place; a reply may follow, or have been the last line
                self.hung_up = True
                until = min(until, self._loop.time() + HUNG_UP_S)
                continue
            in_usage = line.startswith(f"{SYNTAX}-") or (
                in_usage and not line.startswith(f"{SYNTAX} ")
            )
            reply = None if in_usage else read_reply(line)
            if reply is not None and reply.code != TRYING:
                self.hung_up |= reply.hung_up
                return reply._replace(hung_up=self.hung_up)
        raise _LineLostError("a reply does not end")

    async def close(self) -> None:
        """Never raises."""
        try:
            async with asyncio.timeout(CLOSE_S):
                self._writer.close()
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self._writer.transport.abort()

    async def _read(self, until: float) -> str:
        """A line without its end. `until` is of the loop's clock. Raises _LineLostError."""
        while (left_s := until - self._loop.time()) > 0:
            try:
                async with asyncio.timeout(min(left_s, ALIVE_EVERY_S)):
                    line = await self._reader.readuntil(b"\n")
            except TimeoutError:  # what has come of a line stays in the reader
                self.alive()
            except (asyncio.IncompleteReadError, OSError):
                raise _LineLostError("it was closed") from None
            except asyncio.LimitOverrunError:
                raise _LineLostError("a line is too long") from None
            else:
                return line.decode("utf-8", "replace").rstrip("\r\n")
        raise _LineLostError("nothing came in time")


def _watch_for_silence(connection: socket.socket) -> None:
    """A machine that has gone without a word would hold its call until the transfer's limit."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, SILENT_PEER_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, SILENT_PEER_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBES)
