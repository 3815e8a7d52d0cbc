"""Our listener with its accounts, an owner that writes down what it is told, and raw ESMEs."""

from __future__ import annotations

import asyncio
import itertools
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Self

from smpp.context import Tap
from smpp.operators import OperatorProfile
from smpp.owner import Delivery
from smpp.server.access import AccessLimits
from smpp.server.accounts import AccountSettings, Password
from smpp.server.live_account import LiveAccount
from smpp.server.settings import ServerLimits, ServerSettings
from smpp.smsc import Smsc
from smpp.tls import TlsFiles
from tests.support.line import SOON, Recorder
from tests.support.raw_esme import ENQUIRE, RESP, SUBMIT, TRX, WAIT_S, Pdu, RawEsme, submit_body

SECRET = "s3cret"
PROFILE = OperatorProfile(name="test", tps_max=0)
# a hash of SECRET, cheap to check but still not at once
PHC = (
    "$argon2id$v=19$m=1024,t=1,p=1$PGhVx71WbToldezdusleng$"
    "J/RrIIPb/CcUv3IdXF9rm6n2yaDRc7GDKIrv0JQFE18"
)
PATIENT = AccessLimits(failures_max=1_000_000, delay_s=0.0)  # no test waits but those about it
LIMITS = ServerLimits(ghost_s=0.1, access=PATIENT)


class HeldPassword(Password):
    """SECRET's, checked in a thread once the test lets it."""

    __slots__ = ("release",)

    def __init__(self) -> None:
        super().__init__(b"", PHC)
        self.release = threading.Event()

    def matches(self, given: str) -> bool:
        return self.release.wait(WAIT_S) and super().matches(given)


class Clerk(Recorder):
    """An owner that gives each message an id of its own."""

    def answer(self, delivery: Delivery, status: int = 0) -> int:
        self._mark += 1
        delivery.respond(status, self._mark, f"id-{self._mark}")
        return self._mark


def account(name: str = "agent", **changes: object) -> AccountSettings:
    plain = AccountSettings(
        name=name,
        system_id=name,
        password=Password.of_secret(SECRET),
        profile=PROFILE,
        tps_max=0,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # tests name fields at will


def limits(**changes: object) -> ServerLimits:
    return replace(LIMITS, **changes)  # type: ignore[arg-type]  # tests name fields at will


def session_limits(**changes: object) -> ServerLimits:
    """With some of the limits of sessions changed."""
    session = replace(LIMITS.session, backoff=SOON, **changes)  # type: ignore[arg-type]  # as above
    return limits(session=session)


def credentials(name: str = "agent", secret: str = SECRET, version: int = 0x34) -> bytes:
    """The body of a bind request."""
    return f"{name}\0{secret}\0\0".encode("ascii") + bytes((version, 0, 0, 0))


def question(text: bytes, registered: int = 0, tail: bytes = b"") -> bytes:
    """The body of a submit_sm: a citizen's question, passed on; `tail` holds TLVs."""
    return submit_body(text, "1012", source="77011234567", registered=registered) + tail


def tlvs_of(rest: bytes) -> dict[int, bytes]:
    """Taken apart; an octet too many or too few is an error of the test."""
    found: dict[int, bytes] = {}
    while rest:
        tag, length = struct.unpack_from(">HH", rest)
        found[tag], rest = rest[4 : 4 + length], rest[4 + length :]
        assert len(found[tag]) == length
    return found


class Esme(RawEsme):
    """One that may come from another address of this machine."""

    def __init__(
        self, port: int, *, local: str = "127.0.0.1", tls: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(port)
        self._server, self._from, self._context = port, local, tls

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection(
            "127.0.0.1",
            self._server,
            local_addr=(self._from, 0),
            ssl=self._context,
            server_hostname=None if self._context is None else "smsc.test",
        )
        return self

    async def enter(
        self, name: str = "agent", mode: int = TRX, secret: str = SECRET, version: int = 0x34
    ) -> Pdu:
        """Bind; the response, which must be the next PDU."""
        return await self.bind(mode, credentials(name, secret, version))

    async def ask(self, text: bytes, registered: int = 0) -> Pdu:
        """Submit a question; the response, which must be the next PDU."""
        return await self.expect_any(SUBMIT, self.send(SUBMIT, question(text, registered)))

    async def expect_any(self, command: int, sequence: int) -> Pdu:
        """The next PDU must answer this request, with whatever status."""
        found = await self.read()
        assert (hex(found.command), found.sequence) == (hex(command | RESP), sequence)
        return found

    async def expect(self, command: int, status: int = 0, sequence: int | None = None) -> Pdu:
        """The next PDU must be this one."""
        found = await self.read()
        number = found.sequence if sequence is None else sequence
        wanted = (hex(command), hex(status), number)
        assert (hex(found.command), hex(found.status), found.sequence) == wanted
        return found

    async def at_end(self) -> bytes:
        """What comes until the other side closes."""
        async with asyncio.timeout(WAIT_S):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""

    async def nothing_more(self) -> bool:
        """Whether the next thing that comes answers what we ask now."""
        sequence = self.send(ENQUIRE)
        found = await self.read()
        return (found.command, found.sequence) == (ENQUIRE | RESP, sequence)


@dataclass
class Served:
    """A listener at work."""

    smsc: Smsc
    owner: Recorder
    running: asyncio.Task[None]

    @property
    def account(self) -> LiveAccount:
        return next(iter(self.smsc.accounts.values()))

    async def smsc_took(self, connections: int) -> None:
        """Wait until so many were accepted."""
        async with asyncio.timeout(WAIT_S):
            while self.smsc.stats.connections < connections:
                await asyncio.sleep(0)

    def esme(self, *, local: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Esme:
        return Esme(self.smsc.port, local=local, tls=tls)


@asynccontextmanager
async def serving(
    *accounts: AccountSettings,
    owner: Recorder | None = None,
    limits: ServerLimits = LIMITS,
    tls: TlsFiles | None = None,
    outbind: Callable[[str, str, str], bool] = lambda system_id, password, address: False,
    taps: Callable[[str, int], Tap | None] = lambda account, bind: None,
) -> AsyncIterator[Served]:
    """A running listener, for one ordinary account unless others are named."""
    clerk = owner or Clerk()
    numbers = itertools.count(1)
    smsc = Smsc(
        ServerSettings(host="127.0.0.1", port=0, tls=tls, limits=limits),
        accounts or (account(),),
        clerk,
        next_session=lambda: next(numbers),
        jitter=lambda: 0.5,
        outbind=outbind,
        taps=taps,
    )
    await smsc.start()
    async with asyncio.TaskGroup() as group:
        served = Served(smsc, clerk, group.create_task(smsc.run()))
        await asyncio.sleep(0)  # so that it runs
        yield served
        served.running.cancel()
