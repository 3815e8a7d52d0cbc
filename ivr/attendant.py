"""Calls as requests come in: one dialogue a call, each step answered once, always a document.

The shell around ivr.dialogue, free of HTTP: it keeps the open calls, asks the gateway, and says
the apology where anything of ours fails.
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
    Answered,
    CallEnded,
    CallStarted,
    Consult,
    HangUp,
    RememberLanguage,
    TransferResult,
)
from ivr.callers import called_of, caller_of
from ivr.dialects.contract import CallRequest, Dialect, Document, Malformed, RawRequest, Refusal
from ivr.dialogue import broken, step
from ivr.dialogue_state import STEPS_MAX, CallState, Phase, new_call
from ivr.documents import Documents
from ivr.open_calls import OpenCall, OpenCalls
from ivr.switch import CallDesk, CallEnd, CallQuestion

STEP_DEADLINE_S = 4.0  # the least patient platforms give up at 5 s
REAP_EVERY_S = 15.0
REQUESTS_MAX = 2 * STEPS_MAX  # answered in one call; what comes after gets the last document again

log = structlog.get_logger()


class CallCounters(Protocol):
    """What is counted. Outcomes: started, step, repeated, transferred, ended, told, malformed,
    full, late, failed, reaped. Reasons: missing, malformed, stale, mismatch."""

    def call_step(self, dialect: str, outcome: str) -> None: ...
    def signature_failed(self, dialect: str, reason: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendant:
    """One `[[ivr]]` table at work.

    `secrets` are all that may sign. `numbers` are what the table is called by. `now_us` is Unix
    time in microseconds, `loop_time` the loop's clock in seconds. `language` is spoken to callers
    who have chosen none.
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
    step_deadline_s: float = STEP_DEADLINE_S
    calls: OpenCalls = field(default_factory=OpenCalls)

    async def answer(self, request: RawRequest) -> Document | Refusal:
        """The document for a request; a Refusal where nothing we know has signed it. Never raises:
        who is signed for gets a document, whatever happens here."""
        refusal = self.dialect.verify(request, self.secrets, self.now_us() // 1_000_000)
        if refusal is not None:
            self.counters.signature_failed(self.dialect.name, refusal.reason)
            return refusal
        try:
            return await self._believed(request)
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
        for call in self.calls.forgotten(self.loop_time()):
            async with call.lock:
                await self._tell_end(call, "reaped", None)
                # Told or not: a desk that fails must not keep the table full.
                self.calls.close(call, self.loop_time())
            self._count("reaped")

    async def _believed(self, request: RawRequest) -> Document:
        told = self.dialect.parse(request)
        if isinstance(told, Malformed):
            log.warning("call_step_malformed", link=self.link, what=told.what)
            return self._apology("malformed")
        if told.event is None:
            self._count("told")
            return self.documents.of_no_call()
        call = self._call(told)
        if isinstance(told.event, CallEnded):
            await self._end(call, told.event)
            return self.documents.of_no_call()
        if call is None:
            return self._apology("full")
        return await self._next(call, told, request.url.partition("?")[0].partition("#")[0])

    def _call(self, told: CallRequest) -> OpenCall | None:
        """The call, opened if it is not known; None where there is no room for it."""
        now_s = self.loop_time()
        call = self.calls.find(told.call_id, now_s)
        if call is not None:
            return call
        call = OpenCall(
            call_id=told.call_id,
            caller=caller_of(told.caller),
            called=called_of(told.called, self.numbers),
            started_us=self.now_us(),
            state=new_call(self.language, operator=self.operator, step=told.step or 0),
            touched_s=now_s,
        )
        if self.calls.add(call):
            return call
        log.warning("call_table_full", link=self.link, open=len(self.calls))
        return None

    # -- a step

    async def _next(self, call: OpenCall, told: CallRequest, url: str) -> Document:
        try:
            async with asyncio.timeout(self.step_deadline_s):
                async with call.lock:
                    return await self._step(call, told, url)
        except TimeoutError:
            log.warning("call_step_late", link=self.link, call_id=call.call_id)
            return self._broken(call, told, url, "late")
        except Exception:  # the caller must hear something: told here, once, with its trace
            log.exception("call_step_failed", link=self.link, call_id=call.call_id)
            return self._broken(call, told, url, "failed")

    async def _step(self, call: OpenCall, told: CallRequest, url: str) -> Document:
        if call.closed or told.event is None or self._is_repeated(call, told):
            self._count("repeated")
            return call.document or self.documents.of_no_call((HangUp(),))
        event, outcome = told.event, "step"
        if isinstance(event, TransferResult):
            outcome = "transferred"
            call.transferred |= event.connected
        elif call.state.phase is Phase.NEW:
            outcome = "started"
            known = await self.desk.language_of(call.caller) if call.caller else None
            event = CallStarted(known)
        state, actions = step(call.state, event)
        shown: list[Action] = []
        for action in actions:
            if isinstance(action, RememberLanguage):
                if call.caller:
                    await self.desk.choose_language(call.caller, action.language)
            elif isinstance(action, Consult):
                answer = await self.desk.ask(self._question(call, state, action))
                state, then = step(state, Answered(answer))
                shown += then
            else:
                shown.append(action)
        document = self.documents.of_call(call, shown, url, state.step)
        call.state, call.document = state, document
        call.keys.add(told.key)
        self._count(outcome)
        return document

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

    def _question(self, call: OpenCall, state: CallState, action: Consult) -> CallQuestion:
        return CallQuestion(
            link=self.link,
            call_id=call.call_id,
            step=state.step,
            caller=call.caller,
            called=call.called,
            digits=action.digits,
            menu=None,
            kind=action.kind,
            language=action.language,
        )

    # -- failures

    def _broken(self, call: OpenCall, told: CallRequest, url: str, outcome: str) -> Document:
        self._count(outcome)
        state = call.state
        if told.step is None or told.step == state.step:
            state = state._replace(step=state.step + 1)
        call.state, actions = broken(state)
        call.document = self.documents.of_call(call, actions, url, call.state.step)
        call.keys.add(told.key)
        return call.document

    def _apology(self, outcome: str) -> Document:
        """For a request that belongs to no call we can keep."""
        self._count(outcome)
        _, actions = broken(new_call(self.language, operator=self.operator))
        return self.documents.of_no_call(actions)

    # -- the end of a call

    async def _end(self, call: OpenCall | None, event: CallEnded) -> None:
        """Once a call, whichever report of it comes first."""
        if call is None:
            self._count("full")
            return
        try:
            async with asyncio.timeout(self.step_deadline_s):
                async with call.lock:
                    if call.closed:
                        self._count("repeated")
                    elif await self._tell_end(call, event.status, event.seconds):
                        self.calls.close(call, self.loop_time())
                        self._count("ended")
        except TimeoutError:
            log.warning("call_end_late", link=self.link, call_id=call.call_id)
            self._count("late")

    async def _tell_end(self, call: OpenCall, outcome: str, seconds: int | None) -> bool:
        """False where the gateway could not be told."""
        ended_us = self.now_us()
        started_us = call.started_us
        if call.state.phase is Phase.NEW and seconds is not None:  # begun before a restart
            started_us = ended_us - seconds * 1_000_000
        handed_over = call.transferred or call.state.phase is Phase.TRANSFERRING
        end = CallEnd(
            link=self.link,
            call_id=call.call_id,
            caller=call.caller,
            called=call.called,
            started_us=started_us,
            ended_us=ended_us,
            seconds=seconds,
            outcome="transferred" if outcome == "completed" and handed_over else outcome,
        )
        try:
            async with asyncio.timeout(self.step_deadline_s):
                await self.desk.ended(end)
        except Exception:  # a report must not fail the webhook, nor stop the reaper
            log.exception("call_end_failed", link=self.link, call_id=call.call_id)
            self._count("failed")
            return False
        return True

    def _count(self, outcome: str) -> None:
        self.counters.call_step(self.dialect.name, outcome)
