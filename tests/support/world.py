"""The money path in a simulated world: the real desk, outbox, intake and SQLite; operators,
subscribers, lookup, network and crashes made up from a seed.

A scenario is a plan of questions and faults drawn from the seed. When the faults are over and an
hour and a half has passed, `Outcome` holds what everybody saw; tests check the invariants on it.
Even seeds replay exactly; in odd ones calls of the store overlap as they do in life.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from gateway.answers import AnswerRows
from gateway.clock import Clock, Ids
from gateway.core.delivery import Policy, Verdict
from gateway.core.records import Chain, Reply, StoredPart
from gateway.desk import Desk
from gateway.intake import Intake
from gateway.keys import Keys
from gateway.long_questions import LongQuestions
from gateway.memories import Memories
from gateway.metrics import Metrics
from gateway.outbox import Outbox
from gateway.owed import OwedAnswers
from gateway.receipts import Receipts
from gateway.reports import Reports
from gateway.rules import Rules, load_rules
from gateway.settings import LookupSettings, Settings
from gateway.store import open_store
from lookup.status import Found, NotFound, Status, Unavailable, Wanted
from smpp.messages import (
    BindState,
    Inbound,
    Receipt,
    ReceiptState,
    Submit,
    SubmitEnd,
    SubmitResult,
)
from smpp.operators import DEFAULT, MessageIdForm
from smpp.owner import BindEvent, Delivery
from smpp.pdu import Frame
from smpp.status import action, retry_delay_s
from tests.support.virtual_time import RealWork, VirtualLoop
from tests.support.wording import ticket

LINK = "operator"
REQUEST = Frame(5, 0, 1, b"")
START_US = 1_763_614_800_000_000  # 2025-11-20 10:00 +05:00
KNOWN = [f"06120000001234{n:04}" for n in range(40)]
UNKNOWN = [f"06129999991234{n:04}" for n in range(40)]
WINDOW = 2
QUIET_S = 5_400  # after the last fault: beyond every wait of the gateway's here
RESPONSE_S = 10.0
RULES = load_rules(Settings())


@dataclass
class Faults:
    """Odds of each fault, from 0 to 1; all are zero once `over` is set."""

    response_lost: float = 0.0
    redelivered: float = 0.0
    submit_silent: float = 0.0
    submit_late: float = 0.0
    throttled: float = 0.0
    refused: float = 0.0
    receipt_early: float = 0.0
    receipt_twice: float = 0.0
    receipt_missing: float = 0.0
    undelivered: float = 0.0
    link_lost_every_s: float = 0.0
    crash_every_s: float = 0.0
    lookup_away: float = 0.0
    over: bool = False

    def draw(self, rng: random.Random, name: str) -> bool:
        return not self.over and rng.random() < float(getattr(self, name))

    @classmethod
    def of(cls, rng: random.Random) -> Faults:
        """A swarm: each seed has some of the faults."""
        odds = {
            name: rng.choice((0.0, 0.0, 0.05, 0.3))
            for name in cls.__dataclass_fields__
            if name not in {"over", "link_lost_every_s", "crash_every_s"}
        }
        return cls(
            **odds,
            link_lost_every_s=rng.choice((0.0, 3.0, 20.0)),
            crash_every_s=rng.choice((0.0, 2.0, 15.0)),
        )


@dataclass(eq=False)
class Mo:
    """One message of a subscriber, as its operator holds it."""

    msisdn: str
    text: str
    at_s: float
    acknowledged: bool = False
    copies: int = 0
    refusals: int = 0

    @property
    def identity(self) -> bytes:
        return f"{self.msisdn}|{self.text}".encode()


@dataclass
class Phone:
    """What reached a phone, in order: (reply_id, text)."""

    texts: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class Outcome:
    """What everybody saw."""

    seed: int
    faults: Faults
    mos: list[Mo]
    phones: dict[str, Phone]
    chains: list[Chain]
    strays: Sequence[str]
    in_flight_max: int
    crashes: int
    sends: dict[int, int]  # reply_id -> how often it was written


class _Lookup:
    def __init__(self, world: World) -> None:
        self._world = world

    def at_hand(self, wanted: Sequence[Wanted]) -> bool:
        return bool(wanted)

    async def find_many(
        self, wanted: Sequence[Wanted], *, within_s: float, hurried: bool = False
    ) -> list[Status]:
        world = self._world
        if world.faults.draw(world.rng, "lookup_away"):
            takes_s = world.rng.choice((0.01, 0.5, 3.0))
            await asyncio.sleep(min(takes_s, within_s))
            pending = hurried and takes_s > within_s
            return [Unavailable(("registry",), pending)] * len(wanted)
        await asyncio.sleep(0.002)
        return [self._status(item) for item in wanted]

    @staticmethod
    def _status(item: Wanted) -> Status:
        if item.number not in KNOWN:
            return NotFound()
        return Found((ticket(number=item.number, due_on=date(2026, 12, 1)),))


class _Port:
    """A bound link and the SMSC behind it."""

    name = operator = LINK
    receipts = True
    busy_status = 0x64
    message_id_form = MessageIdForm.LEARN
    parts_wait_s = 120
    reply_validity_us = 600_000_000
    receipt_validity_us = queue_max = 0
    server_role = False

    def __init__(self, world: World, policy: Policy) -> None:
        self.world = world
        self.policy = policy
        self.open: dict[int, Submit] = {}
        self.bound = False

    @property
    def room(self) -> int:
        return WINDOW - len(self.open) if self.bound else 0

    def verdict(self, status: int, attempts: int) -> Verdict:
        return Verdict(action(status, DEFAULT), retry_delay_s(status, attempts + 1, DEFAULT))

    def segments(self, text: str) -> int:
        return 1

    def join(self, parts: Sequence[StoredPart]) -> str | None:
        raise AssertionError("the world sends no long questions")

    def pack(self, reply: Reply) -> Submit:
        return Submit(reply.id, reply.source, reply.msisdn, 8, reply.text.encode())

    def submit(self, submit: Submit) -> None:
        self.world.submitted(self, submit)


class _Answering:
    def __init__(self, done: Any) -> None:
        self._done = done

    def delivery_answered(self) -> None:
        self._done()


class Process:
    """One life of the gateway, from start to crash or stop."""

    def __init__(self, world: World, journal: Any, raw: Any) -> None:
        self.journal, self.raw = journal, raw
        self.port = _Port(world, world.policy)
        keys, metrics = Keys(b"k" * 32), Metrics([LINK])
        clock = Clock(world.now_us)
        rules = world.rules
        next_id = Ids(world.now_us, after=world.highest_id)
        self.next_id = next_id
        self.outbox = Outbox(journal, [self.port], world.now_us, metrics)
        memories = Memories(journal)
        links: Any = {LINK: self.port}
        answers = AnswerRows(
            outbox=self.outbox, links=links, tariffs=rules.tariffs, clock=clock, next_id=next_id
        )
        lookup: Any = _Lookup(world)
        desk = Desk(
            journal=journal, lookup=lookup, outbox=self.outbox, memories=memories, rules=rules,
            answers=answers, keys=keys, clock=clock, next_id=next_id, counters=metrics,
            batch_budget_ms=150,
        )  # fmt: skip
        reports = Reports(links=links, clock=clock, next_id=next_id)
        long_questions = LongQuestions(
            journal=journal, desk=desk, links=links, reports=reports, outbox=self.outbox, keys=keys,
            clock=clock, next_id=next_id,
        )  # fmt: skip
        receipts = Receipts(journal=journal, links=links, counters=metrics, party=keys.party)
        self.intake = Intake(
            journal=journal, desk=desk, outbox=self.outbox, long_questions=long_questions,
            receipts=receipts, reports=reports, links=links, clock=clock, counters=metrics,
        )  # fmt: skip
        self.owed = OwedAnswers(
            journal=journal, desk=desk, answers=answers, links={LINK},
            memories=memories, rules=rules, now_us=world.now_us,
            settings=LookupSettings(give_up_after_s=3_600),
        )  # fmt: skip
        self.session = 0
        self.mark_read = 0  # the highest mark whose response the SMSC has read
        self.tasks: list[asyncio.Task[None]] = []


class World:
    """See the module."""

    def __init__(
        self, seed: int, folder: Path, loop: VirtualLoop, *, rules: Rules = RULES,
        policy: Policy | None = None, faults: Faults | None = None, questions: int = 12,
    ) -> None:  # fmt: skip
        self.seed = seed
        self.rng = random.Random(seed)
        self.loop = loop
        self.rules = rules
        self.policy = policy or Policy(resend_unknown=True, charge_on_submit=False)
        self.faults = faults or Faults.of(self.rng)
        self._url = f"sqlite://{folder}/journal.db"
        self._start_s = loop.time()
        self.highest_id = 0
        self.crashes = self.in_flight_max = 0
        self.decimal_receipts = seed % 3 == 0  # the responses say ids in hexadecimal
        self.phones: dict[str, Phone] = {}
        self.sends: dict[int, int] = {}
        self._sessions = 0
        self.process: Process | None = None
        self.group: asyncio.TaskGroup
        self.mos = [self._question(n) for n in range(questions)]

    def now_us(self) -> int:
        return START_US + int((self.loop.time() - self._start_s) * 1_000_000)

    def _question(self, n: int) -> Mo:
        number = self.rng.choice(KNOWN if self.rng.random() < 0.8 else UNKNOWN)
        text = self.rng.choice((number, f"талон {number}", f"hello {number}", "КӨМЕК", "спасибо"))
        msisdn = f"7701000000{n % 4}"
        # one text a phone, so that identity tells whose answer is whose
        return Mo(
            msisdn,
            f"{text} {'.' * (n // 4)}".strip(),
            self.rng.choice((0.0, 12.0, 30.0)),
        )

    async def run(self) -> Outcome:
        """The whole scenario."""
        try:
            return await self._play()
        finally:
            if self.process is not None:  # something broke: its thread must not stay behind
                await self.process.raw.close()

    async def _play(self) -> Outcome:
        async with asyncio.TaskGroup() as self.group:
            await self._start()
            tasks = [self.group.create_task(self._course(mo)) for mo in self.mos]
            tasks += [self.group.create_task(self._disturb())]
            await asyncio.sleep(120)
            self.faults.over = True
            await asyncio.sleep(QUIET_S)
            for task in tasks:
                task.cancel()
            assert self.process is not None
            chains = [chain async for chain in self._chains(self.process)]
            strays = await self.process.journal.stray_entries(100)
            process, self.process = self.process, None
            await self._end(process)
        return Outcome(
            self.seed, self.faults, self.mos, self.phones, chains, strays, self.in_flight_max,
            self.crashes, self.sends,
        )  # fmt: skip

    async def _chains(self, process: Process) -> Any:
        async def whole() -> list[Chain]:
            return [chain async for chain in process.raw.chains(20_000_101, 29_991_231)]

        for chain in await self.loop.real(whole()):
            yield chain

    # -- processes and crashes

    async def _start(self) -> None:
        raw = await self.loop.real(open_store(self._url, keys=Keys(b"k" * 32), now_us=self.now_us))
        journal = RealWork(raw, self.loop, serial=self.seed % 2 == 0)
        await journal.recover(self.now_us())
        self.highest_id = await journal.highest_id()
        process = self.process = Process(self, journal, raw)
        for work in (
            process.outbox.run(), process.outbox.run_settling(), process.intake.run_questions(),
            process.intake.run_side(), process.owed.run(),
        ):  # fmt: skip
            process.tasks.append(self.group.create_task(work))
        self._bind(process)

    async def _end(self, process: Process) -> None:
        process.port.bound = False
        for task in process.tasks:
            task.cancel()
        await self.loop.real(asyncio.wait(process.tasks))
        await self.loop.real(process.raw.close())

    async def _disturb(self) -> None:
        """Crashes and lost links, for as long as faults last."""
        faults, rng = self.faults, self.rng
        while not faults.over:
            await asyncio.sleep(rng.uniform(0.2, 2.0))
            process = self.process
            if process is None or faults.over:
                continue
            if faults.crash_every_s and rng.random() < 1 / faults.crash_every_s:
                self.crashes += 1
                self.process = None
                await self._end(process)
                await asyncio.sleep(rng.uniform(0.1, 3.0))
                await self._start()
            elif faults.link_lost_every_s and rng.random() < 1 / faults.link_lost_every_s:
                await self._lose_link(process)

    def _bind(self, process: Process) -> None:
        self._sessions += 1
        process.session = self._sessions
        process.mark_read = 0
        process.port.bound = True
        process.intake.on_bind(BindEvent(LINK, 0, BindState.BOUND, "", process.session))
        process.intake.on_room(LINK)

    async def _lose_link(self, process: Process) -> None:
        port = process.port
        port.bound = False
        lost, port.open = port.open, {}
        process.session = 0
        for reply_id in lost:
            process.intake.on_submit_result(LINK, SubmitResult(reply_id, SubmitEnd.LOST))
        await asyncio.sleep(self.rng.uniform(0.1, 2.0))
        if self.process is process:
            self._bind(process)

    # -- the subscriber's side

    async def _course(self, mo: Mo) -> None:
        """A message until its operator is sure that it was taken; sometimes once more."""
        await asyncio.sleep(mo.at_s)
        while not mo.acknowledged:
            read = await self._deliver(mo)
            if not read:
                await asyncio.sleep(self.rng.uniform(1, 40))
        # An SMSC that has read a response does not deliver again; a network may double it, soon.
        if mo.copies == 1 and self.faults.draw(self.rng, "redelivered"):
            await asyncio.sleep(self.rng.uniform(0.1, 30))
            await self._deliver(mo)

    async def _deliver(self, mo: Mo) -> bool:
        """True: the operator has read a positive response."""
        process = self.process
        if process is None or not process.session:
            return False
        mo.copies += 1
        answered: asyncio.Future[None] = self.loop.create_future()
        inbound = Inbound(mo.msisdn, 1, "1012", 8, b"", mo.text, None, True, mo.identity)
        delivery = Delivery(
            LINK, process.session, inbound,
            _Answering(lambda: answered.done() or answered.set_result(None)), REQUEST,
        )  # fmt: skip
        process.intake.on_delivery(delivery)
        with suppress(TimeoutError):
            async with asyncio.timeout(30):
                await answered
        if delivery.status is None or self.process is not process:
            return False
        if process.session != delivery.session:
            return False
        if self.faults.draw(self.rng, "response_lost"):  # with all that followed it: a stream
            await self._lose_link(process)
            return False
        if delivery.status != 0:
            mo.refusals += 1
            return False
        mo.acknowledged = True
        process.mark_read = max(process.mark_read, delivery.mark)
        return True

    # -- the SMSC's side

    def submitted(self, port: _Port, submit: Submit) -> None:
        assert port.bound, "a submit without a bind"
        port.open[submit.reply_id] = submit
        self.in_flight_max = max(self.in_flight_max, len(port.open))
        self.sends[submit.reply_id] = self.sends.get(submit.reply_id, 0) + 1
        process = self.process
        assert process is not None
        process.tasks.append(self.group.create_task(self._settle(process, port, submit)))
        process.tasks = [task for task in process.tasks if not task.done()]

    async def _settle(self, process: Process, port: _Port, submit: Submit) -> None:
        rng, faults = self.rng, self.faults
        await asyncio.sleep(rng.uniform(0.001, 0.2))
        session = process.session
        if submit.reply_id not in port.open or not session:
            return
        if faults.draw(rng, "throttled"):
            self._respond(process, submit, 0x58, "")
        elif faults.draw(rng, "refused"):
            self._respond(process, submit, rng.choice((0x08, 0x0B, 0x64)), "")
        else:
            await self._accepted(process, submit)

    async def _accepted(self, process: Process, submit: Submit) -> None:
        rng, faults = self.rng, self.faults
        phone = self.phones.setdefault(submit.destination, Phone())
        phone.texts.append((submit.reply_id, submit.octets.decode()))
        message_id = f"{submit.reply_id:x}{self.sends[submit.reply_id]:02x}"
        session = process.session
        if faults.draw(rng, "receipt_early"):
            self._receipt(process, submit, message_id)
        if faults.draw(rng, "submit_silent"):
            await asyncio.sleep(RESPONSE_S)
            self._expire(process, submit)
        elif faults.draw(rng, "submit_late"):
            await asyncio.sleep(RESPONSE_S)
            self._expire(process, submit)
            await asyncio.sleep(rng.uniform(0.1, 5))
            if process.session == session:
                late = SubmitResult(
                    submit.reply_id, SubmitEnd.ANSWERED, 0, message_id, message_id, True
                )
                process.intake.on_submit_result(LINK, late)
        else:
            self._respond(process, submit, 0, message_id)
        if faults.draw(rng, "receipt_missing"):
            return
        for _ in range(1 + faults.draw(rng, "receipt_twice")):
            await asyncio.sleep(rng.uniform(0.1, 20))
            if self.process is process and process.session:
                self._receipt(process, submit, message_id)

    def _expire(self, process: Process, submit: Submit) -> None:
        if process.port.open.pop(submit.reply_id, None):
            process.intake.on_submit_result(LINK, SubmitResult(submit.reply_id, SubmitEnd.EXPIRED))
            process.intake.on_room(LINK)

    def _respond(self, process: Process, submit: Submit, status: int, message_id: str) -> None:
        if process.port.open.pop(submit.reply_id, None) is None:
            return
        result = SubmitResult(submit.reply_id, SubmitEnd.ANSWERED, status, message_id, message_id)
        process.intake.on_submit_result(LINK, result)
        process.intake.on_room(LINK)
        if process.mark_read:
            process.intake.on_confirmed(process.session, process.mark_read)

    def _receipt(self, process: Process, submit: Submit, message_id: str) -> None:
        delivered = not self.faults.draw(self.rng, "undelivered")
        state = ReceiptState.DELIVERED if delivered else ReceiptState.UNDELIVERED
        if self.decimal_receipts:
            message_id = str(int(message_id, 16))
        receipt = Receipt(message_id, message_id, state, "X", "000", submit.destination)
        answering = _Answering(lambda: None)
        process.intake.on_delivery(Delivery(LINK, process.session, receipt, answering, REQUEST))
