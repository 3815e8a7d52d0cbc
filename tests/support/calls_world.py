"""Calls in a simulated world: the real attendant, dialogue, desk, outbox and SQLite; the voice
platform, the callers, the operator's SMSC, the sources and crashes are made up from a seed.

Requests come twice and thrice, ends come early, late, twice or never, the store and the sources go
away, the gateway dies in the middle. When the faults are over and the longest wait has passed,
`Seen` holds what is in the journal and what everybody was told.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.calls.copies import TextLink
from gateway.calls.records import LOST_AFTER_S
from gateway.core.call_records import CallTrace, KeptCallBack
from gateway.core.records import Chain, ReceiptSeen, ReplyState
from gateway.keys import Keys
from gateway.store import open_store
from ivr.actions import CallEnded, CallStarted, Digits, Ending, Event, TransferResult
from ivr.attendant.attendant import Attendant
from ivr.attendant.documents import Documents
from ivr.dialects import DIALECTS
from ivr.dialects.contract import CallRequest, Document
from smpp.messages import Submit, SubmitEnd, SubmitResult
from tests.support.call_desk import Counted, named_texts
from tests.support.call_gateway import (
    ABSENT,
    APPEAL,
    CODE,
    FIRST_DAY,
    IVR,
    LAST_DAY,
    LINK,
    SERVED,
    CallGateway,
    Register,
)
from tests.support.journal import AT, SECOND
from tests.support.virtual_time import RealWork, VirtualLoop, passed

NUMBERS = ("1414", "88000807777")
PHONES = [f"770100000{n:02}" for n in range(40)]
OTHERS = ["", "+266696687", "87172000001", "+4915112345678"]
KEYS = ("1", "1", "2", "3", "5", "5", "0", "9", "*", "", f"{APPEAL}#", f"{APPEAL}#", f"{ABSENT}#")
PRESSES_MAX = 14
TRIES = 3  # of a platform that gets no answer
QUIET_S = LOST_AFTER_S + 1_200.0
URL = "https://gw.example.kz/ivr/1414"
VOICE = named_texts()


@dataclass
class Faults:
    """Odds of each fault, from 0 to 1, and seconds between those that come by themselves."""

    repeated: float = 0.0  # a step is told twice or thrice
    abandoned: float = 0.0  # of each step: the caller hangs up
    end_lost: float = 0.0
    end_early: float = 0.0  # before the last step is told
    end_twice: float = 0.0
    seconds_late: float = 0.0  # the hang-up tells none, the callback after it does
    stale_step: float = 0.0  # a step of earlier is told once more
    crash_every_s: float = 0.0
    store_away_every_s: float = 0.0
    source_away: float = 0.0


ALL = Faults(0.2, 0.05, 0.1, 0.1, 0.2, 0.3, 0.1, 400.0, 300.0, 0.1)


@dataclass
class Made:
    """A call as its platform has it."""

    call_id: str
    caller: str
    called: str
    begun: bool | None = None  # its first request was answered, with a store that was there
    told_seconds: list[int] = field(default_factory=list)  # with ends that were answered


@dataclass
class Seen:
    """What everybody saw."""

    calls: list[Made]
    legs: list[CallTrace]
    chains: list[Chain]
    call_backs: Sequence[KeptCallBack]
    phones: dict[str, list[int]]  # reply ids that arrived
    crashes: int
    counted: Counted


class _Port:
    """Hands what it is given to the world."""

    def __init__(self, world: CallsWorld, life: Life) -> None:
        self._world, self._life = world, life

    def submit(self, submit: Submit) -> None:
        self._world.submitted(self._life, submit)


class Life(CallGateway):
    """One life of the gateway."""

    def __init__(self, world: CallsWorld, journal: Any, raw: Any, highest_id: int) -> None:
        self._world = world
        links = {IVR: TextLink(LINK, LINK, CODE, frozenset({NUMBERS[1]}))}
        super().__init__(journal, SERVED, world.register, links, 0, highest_id, 50)
        self.raw = raw
        self.port.submit = _Port(world, self).submit  # type: ignore[method-assign]  # the world's
        self.attendant = Attendant(
            link=IVR,
            dialect=DIALECTS["json"],
            secrets=("secret",),
            desk=self.calls,
            documents=Documents(
                link=IVR, dialect=DIALECTS["json"], nonce_secret="nonce", voice=VOICE,
                prompt_url=lambda _: None, operator_target="+77172000000", now_us=world.now_us,
            ),
            numbers=NUMBERS,
            operator=True,
            now_us=world.now_us,
            loop_time=world.loop.time,
            counters=world.counted,
        )  # fmt: skip
        self.tasks: list[asyncio.Task[Any]] = []

    @property
    def now_us(self) -> int:
        return self._world.now_us()

    @now_us.setter
    def now_us(self, _: int) -> None:
        """The world's clock is the only one."""


class CallsWorld:
    """See the module. `span_s`: over which the calls begin."""

    def __init__(
        self, seed: int, folder: Path, loop: VirtualLoop, *, calls: int, faults: Faults = ALL,
        span_s: float = 1_800.0,
    ) -> None:  # fmt: skip
        self.rng = random.Random(seed)
        self.loop = loop
        self.faults = faults
        self.counted = Counted()
        self.register = Register()
        self.over = False
        self.crashes = 0
        self.phones: dict[str, list[int]] = {}
        self.life: Life | None = None
        self.group: asyncio.TaskGroup
        self._span_s = span_s
        self._url = f"sqlite://{folder}/journal.db"
        self._start_s = loop.time()
        self.calls = [self._made(n) for n in range(calls)]

    def now_us(self) -> int:
        return AT + int((self.loop.time() - self._start_s) * SECOND)

    def _made(self, n: int) -> Made:
        caller = self.rng.choice(PHONES if self.rng.random() < 0.8 else OTHERS)
        return Made(f"CA{n:05}", caller, self.rng.choice(NUMBERS))

    def _happens(self, odds: float) -> bool:
        return not self.over and self.rng.random() < odds

    async def run(self) -> Seen:
        """The whole scenario."""
        try:
            return await self._play()
        finally:
            if self.life is not None:  # something broke: its thread must not stay behind
                await self.life.raw.close()

    async def _play(self) -> Seen:
        async with asyncio.TaskGroup() as self.group:
            await self._begin()
            disturbing = self.group.create_task(self._disturb())
            await asyncio.gather(*(self._call(made) for made in self.calls))
            self.over = True
            disturbing.cancel()
            assert self.life is not None
            self.life.journal.away = set()
            self.register.away = False
            await passed(QUIET_S)
            life, self.life = self.life, None
            seen = await self.loop.real(self._seen(life))
            await self._end(life)
        return seen

    async def _seen(self, life: Life) -> Seen:
        return Seen(
            self.calls,
            [trace async for trace in life.raw.call_legs(FIRST_DAY, LAST_DAY)],
            [chain async for chain in life.raw.chains(FIRST_DAY, LAST_DAY)],
            await life.raw.call_backs(0, 1_000, open_only=False),
            self.phones,
            self.crashes,
            self.counted,
        )

    # -- lives

    async def _begin(self) -> None:
        raw = await self.loop.real(open_store(self._url, keys=Keys(b"k" * 32), now_us=self.now_us))
        journal = RealWork(raw, self.loop, serial=False)
        await journal.recover(self.now_us())
        life = Life(self, journal, raw, await journal.highest_id())
        for work in (
            life.outbox.run(), life.outbox.run_settling(), life.owed.run(), life.calls.run(),
            life.attendant.run(),
        ):  # fmt: skip
            life.tasks.append(self.group.create_task(work))
        self.life = life

    async def _end(self, life: Life) -> None:
        for task in life.tasks:
            task.cancel()
        await self.loop.real(asyncio.wait(life.tasks))
        await self.loop.real(life.raw.close())

    async def _disturb(self) -> None:
        """Crashes, and stores and sources that go away, for as long as faults last."""
        faults, rng = self.faults, self.rng
        while True:
            await asyncio.sleep(rng.uniform(1, 10))
            life = self.life
            if life is None:
                continue
            self.register.away = self._happens(faults.source_away)
            if faults.crash_every_s and rng.random() < 5 / faults.crash_every_s:
                self.crashes += 1
                self.life = None
                await self._end(life)
                await asyncio.sleep(rng.uniform(0.5, 5))
                await self._begin()
            elif faults.store_away_every_s and rng.random() < 5 / faults.store_away_every_s:
                life.journal.away = {
                    "begin_call", "open_legs", "close_legs", "take", "keep_call_back",
                }  # fmt: skip
                await asyncio.sleep(rng.uniform(0.5, 30))
                life.journal.away = set()

    # -- the voice platform

    async def _call(self, made: Made) -> None:
        """One call from its first request to whatever tells its end."""
        rng, faults = self.rng, self.faults
        await asyncio.sleep(rng.uniform(0, self._span_s))
        begun_s = self.loop.time()
        said = await self._step(made, CallStarted(None), 0, None)
        spoken_s = 0
        for n in range(1, PRESSES_MAX):
            if said is None or said["action"] == "hangup" or self._happens(faults.abandoned):
                break
            await asyncio.sleep(rng.uniform(0.5, 8))
            event, spoken_s = self._event(said["action"], spoken_s)
            await asyncio.sleep(spoken_s)
            if self._happens(faults.end_early):
                await self._tell_end(made, begun_s)
            said = await self._step(made, event, n, said["step"])
            if said is not None and self._happens(faults.stale_step):
                await self._tell(made, event, f"{made.call_id}:old:{n}", 1)
        if self._happens(faults.end_lost):
            return
        await self._tell_end(made, begun_s)
        if self._happens(faults.end_twice):
            await asyncio.sleep(rng.uniform(0.1, 120))
            await self._tell_end(made, begun_s)

    def _event(self, asked: str, spoken_s: int) -> tuple[Event, int]:
        """What the caller does, or what came of a transfer, and how long that takes."""
        if asked == "transfer":
            connected = self.rng.random() < 0.6
            seconds = self.rng.randint(5, 600) if connected else 0
            return TransferResult(connected, seconds), seconds
        keys = self.rng.choice(KEYS)
        return Digits(keys, Ending.COMPLETE if keys else Ending.EMPTY), 0

    async def _step(
        self, made: Made, event: Event, n: int, step: int | None
    ) -> dict[str, Any] | None:
        """The last action of the document; None where there was none to be had."""
        key = f"{made.call_id}:{n}"
        copies = self.rng.choice((2, 3)) if self._happens(self.faults.repeated) else 1
        for _ in range(TRIES):
            told = [self._tell(made, event, key, step) for _ in range(copies)]
            documents = [each for each in await asyncio.gather(*told) if each is not None]
            if documents:
                actions = json.loads(documents[0].body)
                return dict(actions[-1]) if actions else None
            await asyncio.sleep(2)
        return None

    async def _tell_end(self, made: Made, begun_s: float) -> None:
        seconds = int(self.loop.time() - begun_s)
        late = self._happens(self.faults.seconds_late)
        hung_up = CallEnded("completed", None if late else seconds, by="hangup")
        ends = [hung_up, CallEnded("completed", seconds)] if late else [hung_up]
        self.rng.shuffle(ends)
        for n, end in enumerate(ends):
            answered = await self._tell(made, end, f"{made.call_id}:end:{n}", None)
            if answered is not None and end.seconds is not None:
                made.told_seconds.append(end.seconds)

    async def _tell(self, made: Made, event: Event, key: str, step: int | None) -> Document | None:
        """One request; None where the gateway is down, or dies over it."""
        life = self.life
        if life is None:
            return None
        request = CallRequest(made.call_id, made.caller, made.called, event, key, step)
        task = self.group.create_task(life.attendant.believed(request, URL))
        life.tasks.append(task)
        await asyncio.wait([task])
        life.tasks.remove(task)
        if task.cancelled() or self.life is not life:
            return None
        if made.begun is None:
            made.begun = not life.journal.away
        return task.result()

    # -- the operator's SMSC

    def submitted(self, life: Life, submit: Submit) -> None:
        life.tasks.append(self.group.create_task(self._deliver(life, submit)))
        life.tasks = [task for task in life.tasks if not task.done()]

    async def _deliver(self, life: Life, submit: Submit) -> None:
        await asyncio.sleep(self.rng.uniform(0.01, 1))
        self.phones.setdefault(submit.destination, []).append(submit.reply_id)
        message_id = f"m{submit.reply_id}"
        life.outbox.on_submit_result(
            LINK, SubmitResult(submit.reply_id, SubmitEnd.ANSWERED, 0, message_id, message_id)
        )
        await asyncio.sleep(self.rng.uniform(1, 10))
        receipt = ReceiptSeen(
            LINK, message_id, ReplyState.DELIVERED, "DELIVRD", "000", "charged", self.now_us()
        )
        await life.journal.receipts([receipt])
