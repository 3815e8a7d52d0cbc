"""A link of ours and the SMSC of a test, with an owner that writes down what it is told."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from smpp.backoff import BackoffLimits
from smpp.esme import Link
from smpp.links import LinkSettings, SessionLimits
from smpp.messages import BindState, Inbound, Receipt, Submit, SubmitResult
from smpp.operators import OperatorProfile
from smpp.owner import BindEvent, Delivery
from smpp.status import BindAction
from tests.support.peer import WAIT_S, Pdu, Smsc, Wire, listening

PASSWORD = "secret"
PROFILE = OperatorProfile(name="test")
SOON = BackoffLimits(
    delays_s={
        BindAction.BACKOFF: (0.01,),
        BindAction.BUSY_BACKOFF: (0.01,),
        BindAction.LONG_BACKOFF: (300.0,),
    }
)


class Recorder:
    """An owner. `status` None: it keeps deliveries unanswered, as a stalled store would."""

    def __init__(self, status: int | None = 0) -> None:
        self.status = status
        self.deliveries: list[Delivery] = []
        self.results: list[SubmitResult] = []
        self.rooms = 0
        self.confirmed: list[tuple[int, int]] = []
        self.events: list[BindEvent] = []
        self._mark = 0
        self._changed = asyncio.Event()

    def on_delivery(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)
        if self.status is not None:
            self.answer(delivery, self.status)
        self._changed.set()

    def answer(self, delivery: Delivery, status: int = 0) -> int:
        self._mark += 1
        delivery.respond(status, self._mark)
        return self._mark

    def on_submit_result(self, link: str, result: SubmitResult) -> None:
        self.results.append(result)
        self._changed.set()

    def on_room(self, link: str) -> None:
        self.rooms += 1
        self._changed.set()

    def on_confirmed(self, session: int, through: int) -> None:
        self.confirmed.append((session, through))
        self._changed.set()

    def on_bind(self, event: BindEvent) -> None:
        self.events.append(event)
        self._changed.set()

    @property
    def states(self) -> list[BindState]:
        return [event.state for event in self.events]

    async def until(self, come: Callable[[], bool]) -> None:
        """Wait until something told made it true."""
        async with asyncio.timeout(WAIT_S):
            while not come():
                self._changed.clear()
                await self._changed.wait()

    async def delivered(self, count: int = 1) -> list[Inbound | Receipt]:
        await self.until(lambda: len(self.deliveries) >= count)
        return [delivery.message for delivery in self.deliveries]

    async def inbound(self) -> Inbound:
        """The latest delivery, which must be a message."""
        await self.delivered()
        message = self.deliveries[-1].message
        assert isinstance(message, Inbound)
        return message

    async def receipt(self) -> Receipt:
        await self.delivered()
        message = self.deliveries[-1].message
        assert isinstance(message, Receipt)
        return message

    async def ended(self, count: int = 1) -> list[SubmitResult]:
        await self.until(lambda: len(self.results) >= count)
        return self.results

    async def reached(self, state: BindState, times: int = 1) -> BindEvent:
        await self.until(lambda: self.states.count(state) >= times)
        return [event for event in self.events if event.state is state][times - 1]


@dataclass
class Line:
    """Both ends. `wire` is the first connection, bound unless the test asked otherwise."""

    link: Link
    owner: Recorder
    smsc: Smsc
    running: asyncio.Task[None]
    wires: list[Wire] = field(default_factory=list)

    @property
    def wire(self) -> Wire:
        return self.wires[0]

    def submit(self, reply_id: int, text: bytes = b"answer", **fields: object) -> None:
        self.link.submit(mt(reply_id, text, **fields))


def mt(reply_id: int, text: bytes = b"answer", **fields: object) -> Submit:
    plain = Submit(reply_id, "1012", "77011234567", 0, text)
    return plain._replace(**fields)


def quick(profile: OperatorProfile = PROFILE, **changes: object) -> OperatorProfile:
    """A profile with some values changed, mostly timers made short."""
    return replace(profile, **changes)  # type: ignore[arg-type]  # tests name fields at will


@asynccontextmanager
async def line(
    profile: OperatorProfile = PROFILE,
    *,
    owner: Recorder | None = None,
    accept: bool = True,
    limits: SessionLimits | None = None,
    server_tls: ssl.SSLContext | None = None,
    wall_clock: Callable[[], datetime] | None = None,
    password: str = PASSWORD,
    jitter: float = 0.5,
    **settings: object,
) -> AsyncIterator[Line]:
    """A running link. Its one bind is accepted, unless `accept` is False."""
    recorder = owner or Recorder()
    async with listening(server_tls) as smsc:
        numbers = itertools.count(1)
        given = {
            "name": "test",
            "host": "127.0.0.1",
            "port": smsc.port,
            "system_id": "1012",
            "limits": limits or SessionLimits(backoff=SOON),
            **settings,
        }
        link = Link(
            LinkSettings(**given),  # type: ignore[arg-type]  # tests name fields at will
            profile,
            recorder,
            next_session=lambda: next(numbers),
            jitter=lambda: jitter,
            password=password,
            wall_clock=wall_clock,
        )
        async with asyncio.TaskGroup() as group:
            both = Line(link, recorder, smsc, group.create_task(link.run()))
            if accept:
                both.wires.append(await smsc.accept_bound())
                await recorder.reached(BindState.BOUND)
            yield both
            both.running.cancel()


async def submitted(both: Line, *reply_ids: int) -> list[Pdu]:
    """Submit these and read them at the far end."""
    for reply_id in reply_ids:
        both.submit(reply_id)
    return [(await both.wire.expect_submit())[0] for _ in reply_ids]
