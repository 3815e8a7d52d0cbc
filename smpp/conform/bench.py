"""What plays for an ESME and for an SMSC have in common: a message is carried to the peer, its
response judged, and what the peer sends of its own is kept, answered and looked at.

`Listener` and `Dialler` are the two benches; they differ in who connects and in the command that
carries a message.
"""

from __future__ import annotations

import asyncio
import itertools
from abc import ABC, abstractmethod
from collections import deque
from typing import Any, Final

from smpp.conform.carried import Carried, first_reply, replies_to
from smpp.conform.changes import Changes
from smpp.conform.connection import Connection, told
from smpp.conform.options import Options
from smpp.conform.shaping import body_of
from smpp.conform.verdicts import FailedError, Role, UntestableError
from smpp.simulator import segments, wire
from smpp.simulator.framing import Pdu, encode_pdu
from smpp.simulator.text import Alphabet

CARRIED_MAX: Final = 50_000
IDS_GIVEN_MAX: Final = 10_000


class Bench(ABC):
    """`carried` is all the peer sent, `ids` are those given to it, by subscriber."""

    role: Role
    carrier: int  # the command that carries a message to the peer

    def __init__(self, options: Options) -> None:
        self.options = options
        self.changes = Changes()
        self.carried: deque[Carried] = deque(maxlen=CARRIED_MAX)
        self.malformed: list[str] = []  # what the peer sent and nobody can read
        self.connections: list[Connection] = []  # that are not over
        self.connections_total = 0
        self.reused: list[str] = []  # numbers that the peer gave to two requests of a session
        self.ids: dict[str, str] = {}  # subscriber -> id of what was sent to it last
        self.next_ids: deque[str] = deque()  # for the next messages of the peer
        self.replies_max: dict[str, tuple[str, int]] = {}  # subscriber -> row, how many may come
        self.enquired_after_s: float | None = None  # a silence that made the peer enquire
        self.playing = ""  # the row
        self.holding: set[str] = set()  # subscribers whose messages are not answered
        self.held: list[Carried] = []
        self.statuses: dict[str, list[int]] = {}  # subscriber -> for its next messages
        self._msisdns = itertools.count(options.first_msisdn)
        self._references = itertools.count(1)
        self._message_ids = itertools.count(1)
        self._reference_answer: str | None = None

    # to be had by either bench

    @abstractmethod
    async def session(self) -> Connection:
        """A bound session that takes messages. Raises UntestableError where there is none."""

    async def fresh(self) -> Connection:
        """As `session`, for a row that may end it."""
        return await self.session()

    def drop(self) -> None:
        """Whatever is open is in no state to go on with."""
        for connection in self.connections.copy():
            connection.finish()

    @abstractmethod
    async def back(self) -> None:
        """The peer is there after a session's end. Raises FailedError where it is not."""

    @abstractmethod
    def request(self, connection: Connection, pdu: Pdu) -> None:
        """A request of the peer that all benches do not answer alike."""

    @abstractmethod
    def message(self, octets: bytes = b"", *, msisdn: str = "", **fields: Any) -> wire.Message:
        """A message that the carrier takes, from or to a subscriber."""

    # subscribers and texts

    def subscriber(self, *, replies_max: int | None = None) -> str:
        """One that was not used yet. More replies to it than this fail the row in the end."""
        if self.options.to:
            return self.options.to
        msisdn = str(next(self._msisdns))
        if replies_max is not None:
            self.replies_max[msisdn] = (self.playing, replies_max)
        return msisdn

    def reference(self) -> int:
        """For the parts of a message."""
        return next(self._references) % 0xFF + 1

    @property
    def text(self) -> bytes:
        return self.options.text.encode("ascii")

    # carrying

    async def carry(
        self, connection: Connection, body: bytes, command: int = 0, status: int = 0
    ) -> Pdu:
        """Send a message; its response, which must be that of its command."""
        command = command or self.carrier
        sequence = connection.ask(command, body, status=status)
        response = await connection.response(sequence, self.options.answer_s)
        if response.command != command | wire.RESPONSE:
            raise FailedError(f"answered with {told(response)}")
        return response

    async def accepted(self, connection: Connection, body: bytes, command: int = 0) -> Pdu:
        """As `carry`; the status must be ROK."""
        response = await self.carry(connection, body, command)
        if response.status:
            raise FailedError(f"refused: {told(response)}")
        return response

    async def takes(self, octets: bytes, *, tail: bytes = b"", **fields: Any) -> None:
        """A message like this is acknowledged with ROK, and the session lives on."""
        connection = await self.session()
        await self.accepted(connection, body_of(self.message(octets, **fields), tail))
        await self.alive(connection)

    async def alive(self, connection: Connection) -> None:
        """An enquire_link is answered."""
        sequence = connection.ask(wire.ENQUIRE_LINK)
        response = await connection.response(sequence, self.options.answer_s)
        if (response.command, response.status) != (wire.ENQUIRE_LINK | wire.RESPONSE, 0):
            raise FailedError(f"enquire_link was answered with {told(response)}")

    # answers to questions

    async def ask(self, msisdn: str) -> Pdu:
        """The question from a subscriber, in the plainest form; its response."""
        asked = self.message(self.text, msisdn=msisdn, registered_delivery=1)
        return await self.accepted(await self.session(), body_of(asked))

    async def answered(self, msisdn: str) -> str:
        """The text of the peer's reply to a subscriber. Without a question "", at once."""
        if not self.options.question:
            return ""
        found = await self.changes.until(
            lambda: first_reply(self.carried, msisdn), self.options.reply_s
        )
        if found is None:
            raise FailedError(f"acknowledged, but not answered in {self.options.reply_s:g} s")
        return found

    async def answered_alike(self, msisdn: str) -> str:
        """The reply must be the one that the plain question gets."""
        expected = await self.reference_answer()
        found = await self.answered(msisdn)
        if found != expected:
            raise FailedError(f"answered {found!r}, the plain question gets {expected!r}")
        return "answered" if found else "acknowledged"

    async def reference_answer(self) -> str:
        """What the question gets when it comes in the plainest form; "" without a question."""
        if self._reference_answer is None:
            msisdn = self.subscriber()
            await self.accepted(
                await self.session(), body_of(self.message(self.text, msisdn=msisdn))
            )
            try:
                self._reference_answer = await self.answered(msisdn)
            except FailedError as problem:
                raise UntestableError(f"the plain question was {problem}") from None
        return self._reference_answer

    def replies_to(self, msisdn: str) -> int:
        """How many a subscriber got."""
        return replies_to(self.carried)[msisdn]

    async def one_held(self, msisdn: str = "") -> Carried:
        """A request of the peer that we have not answered yet: `release` answers it.

        Raises UntestableError where the peer sends nothing on its own.
        """
        msisdn = msisdn or self.subscriber(replies_max=1)
        self.holding.add(msisdn)
        await self.ask(msisdn)
        held = await self.changes.until(lambda: self._held_of(msisdn), self.options.reply_s)
        if held is None:
            raise UntestableError(
                f"it sends nothing in return for a message within {self.options.reply_s:g} s; "
                "a gateway needs --question"
            )
        return held

    def release(self, held: Carried, body: bytes | None = None, *, status: int = 0) -> None:
        """Answer it after all; by default as ever."""
        if held in self.held:
            self.held.remove(held)
        if body is None:
            body = self._answer_body(held)
        held.connection.answer(held.pdu, body, status=status)

    def calm(self) -> None:
        """The row is over: what it held is answered, what it changed is put back."""
        self.holding.clear()
        self.statuses.clear()
        self.next_ids.clear()
        for held in self.held.copy():
            if held.connection.live:
                self.release(held)
        self.held.clear()
        for connection in self.connections:
            connection.enquiries_unanswered = False
            connection.forget()

    # what the peer sends

    def opened(self) -> Connection:
        """A connection for the transport that comes."""
        connection = Connection(self.changes, self._on_request, self.on_end)
        self.connections.append(connection)
        self.connections_total += 1
        return connection

    def on_end(self, connection: Connection) -> None:
        """A connection is over."""
        if connection in self.connections:
            self.connections.remove(connection)
        self.reused += [told(pdu) for pdu in connection.reused]

    def _on_request(self, connection: Connection, pdu: Pdu) -> None:
        if connection.muted:
            return
        if pdu.command == wire.ENQUIRE_LINK:
            if not connection.enquiries_unanswered:
                connection.answer(pdu)
        elif pdu.command in (wire.SUBMIT_SM, wire.DELIVER_SM, wire.DATA_SM) and connection.mode:
            self._on_message(connection, pdu)
        elif pdu.command == wire.UNBIND and connection.mode:
            connection.answer(pdu)
            connection.finish()
        else:
            self.request(connection, pdu)

    def _on_message(self, connection: Connection, pdu: Pdu) -> None:
        data = pdu.command == wire.DATA_SM
        message = wire.decode_data(pdu.body) if data else wire.decode_message(pdu.body)
        if isinstance(message, wire.Malformed):
            self.malformed.append(f"{told(pdu)} {message.reason}")
            connection.answer(pdu, status=message.status)
            return
        place, octets = segments.read(message, Alphabet.GSM)
        at_s = asyncio.get_running_loop().time()
        carried = Carried(connection, pdu, message, at_s, place, octets)
        self.carried.append(carried)
        concerned = {message.source, message.destination}
        for msisdn in concerned & self.statuses.keys():
            if statuses := self.statuses[msisdn]:
                connection.answer(pdu, status=statuses.pop(0))
                return
        if concerned & self.holding:
            self.held.append(carried)
        else:
            connection.answer(pdu, self._answer_body(carried))

    def _answer_body(self, carried: Carried) -> bytes:
        """An id for what was submitted, one NUL for what was delivered."""
        if carried.pdu.command != wire.SUBMIT_SM:
            return b"\0"
        given = self.next_ids.popleft() if self.next_ids else f"{next(self._message_ids):08d}"
        if len(self.ids) < IDS_GIVEN_MAX:
            self.ids[carried.message.destination] = given
        return given.encode("ascii") + b"\0"

    def _held_of(self, msisdn: str) -> Carried | None:
        return next((each for each in self.held if each.concerns(msisdn)), None)


def request_pdu(command: int, sequence: int, body: bytes = b"") -> bytes:
    """A request by hand, under any number."""
    return encode_pdu(command, 0, sequence, body)
