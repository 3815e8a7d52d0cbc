"""Calls as requests come in: one dialogue a call, each step answered once, always a document.

The shell around ivr.dialogue, free of HTTP: it keeps the open calls, has the gateway do what the
dialogue wants (errands), sees to the records of both legs (legs), and says the apology where
anything of ours fails.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from ivr.actions import (
    LANGUAGES,
    Action,
    CallEnded,
    CallStarted,
    Digits,
    HangUp,
    Transfer,
    TransferResult,
)
from ivr.attendant.deadline import within
from ivr.attendant.documents import Documents
from ivr.attendant.endings import Endings
from ivr.attendant.errands import Errands
from ivr.attendant.legs import Legs
from ivr.attendant.open_calls import OpenCall, OpenCalls
from ivr.attendant.people import People
from ivr.attendant.watch import Watch
from ivr.callers import called_of, caller_of, may_be_called
from ivr.dialects.contract import (
    CallRequest,
    Dialect,
    Document,
    Malformed,
    Opening,
    RawRequest,
    Refusal,
)
from ivr.dialogue.state import STEPS_MAX, CallState, Phase, new_call
from ivr.dialogue.step import broken, step
from ivr.events import CallEvents, CallStage, NobodyWatches
from ivr.switch import CallDesk

STEP_DEADLINE_S = 4.0  # the least patient platforms give up at 5 s
REAP_EVERY_S = 15.0
REQUESTS_MAX = 2 * STEPS_MAX  # answered in one call; what comes after gets the last document again

_WAITING = frozenset({Phase.TRANSFERRING, Phase.QUEUE, Phase.KEEPING})

log = structlog.get_logger()


class CallCounters(Protocol):
    """What is counted. Outcomes: started, step, repeated, transferred, ended, told, malformed,
    full, late, failed, reaped. Reasons: missing, malformed, stale, mismatch, weak, peer."""

    def call_step(self, dialect: str, outcome: str) -> None: ...
    def signature_failed(self, dialect: str, reason: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendant:
    """One `[[ivr]]` table at work.

    `secrets` are all that may sign. `numbers` are what the table is called by. `now_us` is Unix
    time in microseconds, `loop_time` the loop's clock in seconds. `language` is spoken to callers
    who have chosen none. `notice`: callers hear first that the call may be recorded.
    """

    link: str
    dialect: Dialect
    secrets: Sequence[str]
    desk: CallDesk
    documents: Documents
    numbers: Sequence[str]
    operator: bool
    now_us: Callable[[], int]
    loop_time: Callable[[], float]
    counters: CallCounters
    language: str = LANGUAGES[0]
    notice: bool = False
    step_deadline_s: float = STEP_DEADLINE_S
    calls: OpenCalls = field(default_factory=OpenCalls)
    events: CallEvents = field(default_factory=NobodyWatches)
    people: People = field(default_factory=People)
    _watch: Watch = field(init=False)
    _legs: Legs = field(init=False)
    _errands: Errands = field(init=False)
    _endings: Endings = field(init=False)

    def __post_init__(self) -> None:
        watch = Watch(link=self.link, events=self.events, now_us=self.now_us)
        legs = Legs(
            link=self.link, desk=self.desk, now_us=self.now_us, deadline_s=self.step_deadline_s
        )
        errands = Errands(link=self.link, desk=self.desk, watch=watch, now_us=self.now_us)
        endings = Endings(
            link=self.link, calls=self.calls, legs=legs, watch=watch, line=self.people.line,
            loop_time=self.loop_time, count=self._count, deadline_s=self.step_deadline_s,
        )  # fmt: skip
        parts = {"_watch": watch, "_legs": legs, "_errands": errands, "_endings": endings}
        for name, part in parts.items():
            object.__setattr__(self, name, part)

    async def answer(self, request: RawRequest) -> Document | Refusal:
        """The document for a request; a Refusal where nothing we know has signed it. Never raises:
        who is signed for gets a document, whatever happens here."""
        refusal = self.dialect.verify(request, self.secrets, self.now_us() // 1_000_000)
        if refusal is not None:
            self.counters.signature_failed(self.dialect.name, refusal.reason)
            return refusal
        told = self.dialect.parse(request)
        if isinstance(told, Malformed):
            log.warning("call_step_malformed", link=self.link, what=told.what)
            return self._apology("malformed")
        url = request.url.partition("?")[0].partition("#")[0]
        if isinstance(told, Opening):
            self._count("told")
            return self.documents.opening(self._apologies(), url)
        return await self.believed(told, url)

    async def believed(self, told: CallRequest, url: str) -> Document:
        """The document for what a platform has told; `url` is where it tells the next. Never
        raises."""
        try:
            if told.event is None:
                self._count("told")
                return self.documents.of_no_call()
            call = self._call(told)
            if call is None:
                return self._apology("full")
            if isinstance(told.event, CallEnded):
                await self._endings.end(call, told.event)
                return self.documents.of_no_call()
            return await self._next(call, told, url)
        except Exception:  # a fault of ours outside any call: told here, once, with its trace
            log.exception("call_request_failed", link=self.link)
            return self._apology("failed")

    async def run(self) -> None:
        """Close, for ever, the calls whose end no platform reported."""
        while True:
            await asyncio.sleep(REAP_EVERY_S)
            await self.reap()

    async def reap(self) -> None:
        """One round of `run`."""
        await self._endings.reap()

    def alive(self, call_id: str) -> None:
        """A platform whose connection is a call says that it still lasts."""
        self.calls.find(call_id, self.loop_time())

    def _call(self, told: CallRequest) -> OpenCall | None:
        """The call, opened if it is not known; None where there is no room for it."""
        now_s = self.loop_time()
        call = self.calls.find(told.call_id, now_s)
        if call is not None:
            return call
        started_us = self.now_us()
        call = OpenCall(
            call_id=told.call_id,
            caller=caller_of(told.caller),
            called=called_of(told.called, self.numbers),
            started_us=started_us,
            state=new_call(
                self.language, operator=self.operator, step=told.step or 0, notice=self.notice
            ),
            touched_s=now_s,
            reference=self.documents.reference(told.call_id, started_us),
            heard_us=started_us,
        )
        if isinstance(told.event, CallEnded) or self.calls.add(call):
            return call  # one that is over takes no room, and its record must not be lost
        log.warning("call_table_full", link=self.link, open=len(self.calls))
        return None

    # -- a step

    async def _next(self, call: OpenCall, told: CallRequest, url: str) -> Document:
        try:
            return await within(self.step_deadline_s, self._in_turn(call, told, url))
        except TimeoutError:
            log.warning("call_step_late", link=self.link, call=call.reference)
            return self._broken(call, told, url, "late")
        except Exception:  # the caller must hear something: told here, once, with its trace
            log.exception("call_step_failed", link=self.link, call=call.reference)
            return self._broken(call, told, url, "failed")

    async def _in_turn(self, call: OpenCall, told: CallRequest, url: str) -> Document:
        async with call.lock:
            return await self._step(call, told, url)

    async def _step(self, call: OpenCall, told: CallRequest, url: str) -> Document:
        event = told.event
        if call.closed and isinstance(event, TransferResult) and call.ringing:
            await self._legs.transferred(call, event)
            self._count("transferred")
            return self.documents.of_no_call((HangUp(),))
        if call.closed or event is None or self._is_repeated(call, told):
            self._count("repeated")
            return call.document or self.documents.of_no_call((HangUp(),))
        call.heard_us = self.now_us()
        outcome = "step"
        if isinstance(event, TransferResult):
            event, outcome = await self._transferred(call, event), "transferred"
        elif call.state.phase is Phase.NEW:
            event, outcome = CallStarted(await self._legs.opened(call)), "started"
            self._watch.tell(call, call.state, CallStage.STARTED)
        elif not isinstance(event, CallStarted | Digits):
            raise TypeError(f"a platform cannot tell {type(event).__name__}")
        state, actions = step(self._informed(call), event)
        state, shown = await self._errands.run(call, state, actions)
        document = self.documents.of_call(call, shown, url, state.step)
        self._gone_on(call, state, shown)
        call.document = document
        call.keys.add(told.key)
        self._count(outcome)
        return document

    def _informed(self, call: OpenCall) -> CallState:
        """With what the dialogue cannot know: whether people are there, who may be called."""
        state = call.state
        closed = self.people.closed_hours()
        callable_ = self.people.call_backs and may_be_called(call.caller)
        if state.closed == closed and state.callable is callable_:
            return state
        return state._replace(closed=closed, callable=callable_)

    async def _transferred(self, call: OpenCall, result: TransferResult) -> TransferResult:
        if not call.recorded and not result.connected:  # begun before a restart
            await self._legs.reopened(call)
        await self._legs.transferred(call, result)
        if result.connected:
            self.people.line.leave(self.link, call.call_id)
            return result
        place = self.people.line.place(self.link, call.call_id)
        self._watch.tell(call, call.state, CallStage.QUEUED, place=place)
        return result._replace(place=place)

    def _gone_on(self, call: OpenCall, state: CallState, shown: Sequence[Action]) -> None:
        """What a document that is on its way changes."""
        call.state = state
        if state.phase not in _WAITING:
            self.people.line.leave(self.link, call.call_id)
        call.answered_us = call.answered_us or self.now_us()
        if any(isinstance(action, Transfer) for action in shown):
            again = call.ringing
            self._legs.handed_over(call)
            if not again:
                self._watch.tell(call, state, CallStage.HANDED_OVER, call.wish)

    def _is_repeated(self, call: OpenCall, told: CallRequest) -> bool:
        """Whether this request, or a later one, has had its answer already."""
        if told.key in call.keys or len(call.keys) >= REQUESTS_MAX:
            return True
        if told.step is None or call.state.phase is Phase.NEW:
            return False
        if self.dialect.echoes_nonce:
            expected = self.documents.nonce(call, told.step).encode()
            if not hmac.compare_digest(expected, told.nonce.encode("utf-8", "replace")):
                return True
        return told.step != call.state.step

    # -- failures

    def _broken(self, call: OpenCall, told: CallRequest, url: str, outcome: str) -> Document:
        self._count(outcome)
        if told.key in call.keys and call.document is not None:
            return call.document  # a copy was late together with the first
        state = self._informed(call)
        if isinstance(told.event, TransferResult) and told.event.connected:
            state, actions = step(state, told.event)  # has spoken with people: not to them again
        else:
            next_step = state.step + (told.step is None or told.step == state.step)
            state, actions = broken(state._replace(step=next_step))
        call.document = self.documents.of_call(call, actions, url, state.step)
        self._gone_on(call, state, actions)
        call.keys.add(told.key)
        return call.document

    def _apology(self, outcome: str) -> Document:
        """For a request that belongs to no call we can keep."""
        self._count(outcome)
        return self.documents.of_no_call(self._apologies())

    def _apologies(self) -> Sequence[Action]:
        state = new_call(self.language, operator=self.operator, notice=self.notice)
        return broken(state._replace(closed=self.people.closed_hours()))[1]

    def _count(self, outcome: str) -> None:
        self.counters.call_step(self.dialect.name, outcome)
