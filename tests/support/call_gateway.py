"""The calls' side of a gateway on a real journal, with a lookup, link and clock in hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gateway.answers import AnswerRows
from gateway.calls.copies import Copies, TextLink
from gateway.calls.desk import Calls
from gateway.calls.records import CallRecords
from gateway.clock import Clock, Ids
from gateway.core.call_records import CallTrace
from gateway.core.delivery import Policy, Verdict
from gateway.core.records import Chain, Reply
from gateway.desk import Desk
from gateway.keys import Keys
from gateway.memories import Memories
from gateway.metrics import Metrics
from gateway.outbox import Outbox
from gateway.owed import OwedAnswers
from gateway.rules import Rules, load_rules
from gateway.settings import LookupSettings, Settings
from gateway.store import Journal, open_store
from gateway.store.journal import StoreUnavailableError
from ivr.switch import CallAnswer, CallBack, CallEnd, CallQuestion, CallStart, Leg, Wish
from lookup.status import Found, NotFound, Status, Unavailable, Wanted
from smpp.messages import Submit, SubmitEnd, SubmitResult
from smpp.operators import DEFAULT, MessageIdForm
from smpp.status import action
from tests.support.journal import AT, SECOND
from tests.support.wording import ticket

IVR, LINK, CODE = "1414", "north", "1012"
CALLER, LANDLINE = "77010000001", "77172000001"
APPEAL, ABSENT = "061200000012345678", "061200000012345679"
FIRST_DAY, LAST_DAY = 20_000_101, 29_991_231
SERVED = load_rules(Settings())


class Register:
    """The lookup: knows one appeal; `away` while it does not answer."""

    def __init__(self) -> None:
        self.known: dict[str, Status] = {APPEAL: Found((ticket(number=APPEAL),))}
        self.away = False
        self.asked: list[str] = []

    def at_hand(self, wanted: Sequence[Wanted]) -> bool:
        return bool(wanted)

    async def find_many(
        self, wanted: Sequence[Wanted], *, within_s: float, hurried: bool = False
    ) -> list[Status]:
        self.asked += [one.number for one in wanted]
        if self.away:
            return [Unavailable(("registry",), False) for _ in wanted]
        return [self.known.get(one.number, NotFound()) for one in wanted]


class Port:
    """A bound link with room; what it was given to send stands in `sent`."""

    operator = LINK
    receipts = True
    busy_status = 0x64
    message_id_form = MessageIdForm.LEARN
    parts_wait_s = 120
    reply_validity_us = 600 * SECOND
    receipt_validity_us = queue_max = 0
    server_role = False
    bound = True
    room = 10

    def __init__(self) -> None:
        self.name = LINK
        self.policy = Policy(resend_unknown=True, charge_on_submit=False)
        self.sent: list[Submit] = []
        self.texts: list[tuple[str, str, str]] = []  # from, to, text

    def segments(self, text: str) -> int:
        return 1

    def pack(self, reply: Reply) -> Submit:
        self.texts.append((reply.source, reply.msisdn, reply.text))
        return Submit(reply.id, reply.source, reply.msisdn, 8, reply.text.encode())

    def submit(self, submit: Submit) -> None:
        self.sent.append(submit)

    def verdict(self, status: int, attempts: int) -> Verdict:
        return Verdict(action(status, DEFAULT))


class Away:
    """A journal that refuses what it is told to."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.away: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self.journal, name)
        if name not in self.away:
            return verb

        async def refuse(*_: object, **__: object) -> None:
            raise StoreUnavailableError("the store is away")

        return refuse


class CallGateway:
    """Made by `call_gateway`; `now_us` may be set."""

    def __init__(
        self, journal: Journal, rules: Rules, register: Register, links: Mapping[str, TextLink],
        now_us: int, highest_id: int = 0, call_backs_max: int = 10,
    ) -> None:  # fmt: skip
        self.now_us = now_us
        self.journal: Any = Away(journal)
        self.register = register
        self.port = Port()
        self.keys, self.metrics = Keys(b"k" * 32), Metrics([LINK])
        clock = Clock(lambda: self.now_us)
        next_id = Ids(lambda: self.now_us, after=highest_id)
        ports: Any = {LINK: self.port}
        ways: Any = [self.port]
        self.outbox = Outbox(self.journal, ways, clock.now_us, self.metrics)
        self.memories = Memories(self.journal)
        answers = AnswerRows(
            outbox=self.outbox, links=ports, tariffs=rules.tariffs, clock=clock, next_id=next_id
        )
        lookup: Any = register
        self.desk = Desk(
            journal=self.journal, lookup=lookup, outbox=self.outbox, memories=self.memories,
            rules=rules, answers=answers, keys=self.keys, clock=clock, next_id=next_id,
            counters=self.metrics, batch_budget_ms=150,
        )  # fmt: skip
        self.owed = OwedAnswers(
            journal=self.journal, desk=self.desk, answers=answers, links={LINK},
            memories=self.memories, rules=rules, now_us=clock.now_us, settings=LookupSettings(),
        )  # fmt: skip
        self.records = CallRecords(
            journal=self.journal, memories=self.memories, tariffs=rules.tariffs.calls,
            keys=self.keys, clock=clock, next_id=next_id, counters=self.metrics,
        )  # fmt: skip
        self.copies = Copies(
            desk=self.desk, answers=answers, memories=self.memories, rules=rules, clock=clock,
            links=links, deadline_s=2.0,
        )  # fmt: skip
        self.calls = Calls(
            journal=self.journal, desk=self.desk, records=self.records, copies=self.copies,
            memories=self.memories, rules=rules, keys=self.keys, next_id=next_id, deadline_s=2.0,
            call_backs_max=call_backs_max,
        )  # fmt: skip

    async def legs(self) -> list[CallTrace]:
        return [trace async for trace in self.journal.call_legs(FIRST_DAY, LAST_DAY)]

    async def chains(self) -> list[Chain]:
        return [chain async for chain in self.journal.chains(FIRST_DAY, LAST_DAY)]

    def accept(self, submit: Submit) -> None:
        """The operator takes a text."""
        self.outbox.on_submit_result(
            LINK, SubmitResult(submit.reply_id, SubmitEnd.ANSWERED, 0, "m1", "m1")
        )

    async def ask(self, digits: str = APPEAL, **changes: Any) -> CallAnswer:
        return await self.calls.ask(question(digits, **changes))


@asynccontextmanager
async def call_gateway(
    folder: Path, *, rules: Rules = SERVED, text_link: bool = True, now_us: int = AT,
    register: Register | None = None, call_backs_max: int = 10,
) -> AsyncIterator[CallGateway]:  # fmt: skip
    """One life of the gateway; a second one over the same folder is after a restart."""
    links = {IVR: TextLink(LINK, LINK, CODE, frozenset({"88000807777"}))} if text_link else {}
    journal = await open_store(f"sqlite://{folder}/journal.db", keys=Keys(b"k" * 32))
    try:
        yield CallGateway(
            journal, rules, register or Register(), links, now_us, await journal.highest_id(),
            call_backs_max,
        )  # fmt: skip
    finally:
        await journal.close()


def start(call_id: str = "CA1", **changes: Any) -> CallStart:
    return CallStart(IVR, call_id, CALLER, "1414", AT)._replace(**changes)


def question(digits: str = APPEAL, **changes: Any) -> CallQuestion:
    return CallQuestion(
        link=IVR, call_id="CA1", step=3, caller=CALLER, called="1414", digits=digits, menu=None,
        kind=None, language="ru",
    )._replace(**changes)  # fmt: skip


def end(call_id: str = "CA1", after_s: int = 60, **changes: Any) -> CallEnd:
    """`after_s`: how long after its start."""
    return CallEnd(
        link=IVR, call_id=call_id, caller=CALLER, called="1414", started_us=AT,
        ended_us=AT + after_s * SECOND, seconds=None, outcome="completed", leg=Leg.CALLER,
        answered_us=AT, closed_by="hangup", language="ru",
    )._replace(**changes)  # fmt: skip


def wanted(call_id: str = "CA1", **changes: Any) -> CallBack:
    return CallBack(IVR, call_id, CALLER, "kk", Wish.COMPLAIN, AT)._replace(**changes)
