"""Calls as requests come in: one dialogue a call, each step answered once, always a document.

The shell around ivr.dialogue, free of HTTP: it keeps the open calls, asks the gateway, and says
the apology where anything of ours fails.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from ivr.actions import (
    LANGUAGES,
    Action,
    Answered,
    CallEnded,
    CallStarted,
    Consult,
    Phrase,
    RememberLanguage,
    Say,
    Shown,
    TransferResult,
)
from ivr.callers import called_of, caller_of
from ivr.dialects.contract import (
    CallRequest,
    Dialect,
    Document,
    Malformed,
    PromptUrl,
    RawRequest,
    Refusal,
    RenderContext,
)
from ivr.dialogue import broken, new_call, step
from ivr.dialogue_state import TEXTS_NEEDED, CallState, Phase
from ivr.open_calls import OpenCall, OpenCalls
from ivr.speech import VoiceTexts, phrase
from ivr.switch import CallDesk, CallEnd, CallQuestion

STEP_DEADLINE_S = 4.0  # the least patient platforms give up at 5 s
REAP_EVERY_S = 15.0
NONCE_SIGNS = 16
LOCAL_TIME = timedelta(hours=5)  # Kazakhstan: which year callers live in

log = structlog.get_logger()


class CallCounters(Protocol):
    """What is counted. Outcomes: started, step, repeated, transferred, ended, told, malformed, full,
    late, failed, reaped."""

    def call_step(self, dialect: str, outcome: str) -> None: ...
    def signature_failed(self, dialect: str, reason: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendant:
    """One `[[ivr]]` table at work.

    `secrets` are all that may sign, the first one ours for nonces. `voice` needs the texts of
    TEXTS_NEEDED in three languages: check with `missing_texts` before. `now_us` is Unix time in
    microseconds, `loop_time` the loop's clock in seconds. `language` is spoken to callers who have
    chosen none.
    """

    link: str
    dialect: Dialect
    secrets: Sequence[str]
    desk: CallDesk
    voice: VoiceTexts
    prompt_url: PromptUrl
    numbers: Sequence[str]
    operator_target: str | None
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
        told = self.dialect.parse(request)
        if isinstance(told, Malformed):
            log.warning("call_step_malformed", link=self.link, what=told.what)
            return self._apology("malformed")
        url = request.url.partition("?")[0].partition("#")[0]
        if isinstance(told.event, CallEnded):
            return await self._end(told, told.event)
        if told.event is None:
            self._count("told")
            return self.dialect.render((), self._context(None, url))
        call = self._call(told)
        if call is None:
            log.warning("call_table_full", link=self.link)
            return self._apology("full")
        return await self._next(call, told, url)

    async def run(self) -> None:
        """Close, for ever, the calls whose end no platform reported."""
        while True:
            await asyncio.sleep(REAP_EVERY_S)
            await self.reap()

    async def reap(self) -> None:
        """One round of `run`."""
        for call in self.calls.forgotten(self.loop_time()):
            async with call.lock:
                await self._close(call, "reaped", None)
                # Told or not: a desk that fails must not keep the table full.
                self.calls.close(call, self.loop_time())
            self._count("reaped")

    # -- a step

    def _call(self, told: CallRequest) -> OpenCall | None:
        now_s = self.loop_time()
        call = self.calls.find(told.call_id, now_s)
        if call is not None:
            return call
        state = new_call(self.language, operator=bool(self.operator_target), step=told.step or 0)
        call = OpenCall(
            call_id=told.call_id,
            caller=caller_of(told.caller),
            called=called_of(told.called, self.numbers),
            started_us=self.now_us(),
            state=state,
            touched_s=now_s,
        )
        return call if self.calls.add(call) else None

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
            return call.document or self.dialect.render(*self._farewell(url))
        event = told.event
        outcome = "step"
        if isinstance(event, TransferResult):
            outcome = "transferred"
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
                state, told_then = step(state, Answered(answer))
                shown += told_then
            else:
                shown.append(action)
        document = self.dialect.render(self._spoken(shown), self._context(call, url, state.step))
        call.state, call.document = state, document
        call.keys.add(told.key)
        self._count(outcome)
        return document

    def _is_repeated(self, call: OpenCall, told: CallRequest) -> bool:
        """Whether this request, or a later one, has had its answer already."""
        if told.key in call.keys:
            return True
        if told.step is None or call.state.phase is Phase.NEW:
            return False
        if self.dialect.echoes_nonce:
            expected = self._nonce(call, told.step).encode()
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

    # -- the end of a call

    async def _end(self, told: CallRequest, event: CallEnded) -> Document:
        """Once a call, whichever report of it comes first."""
        document = self.dialect.render((), self._context(None, ""))
        call = self._call(told)
        if call is None:
            self._count("full")
            return document
        try:
            async with asyncio.timeout(self.step_deadline_s):
                async with call.lock:
                    if call.closed:
                        self._count("repeated")
                    elif await self._close(call, event.status, event.seconds):
                        self.calls.close(call, self.loop_time())
                        self._count("ended")
        except TimeoutError:
            log.warning("call_end_late", link=self.link, call_id=call.call_id)
            self._count("late")
        return document

    async def _close(self, call: OpenCall, outcome: str, seconds: int | None) -> bool:
        """Tell the gateway; False where it could not be told."""
        ended_us = self.now_us()
        started_us = call.started_us
        if call.state.phase is Phase.NEW and seconds is not None:  # begun before a restart
            started_us = ended_us - seconds * 1_000_000
        if outcome == "completed" and call.transferred:
            outcome = "transferred"
        end = CallEnd(
            self.link,
            call.call_id,
            call.caller,
            call.called,
            started_us,
            ended_us,
            seconds,
            outcome,
        )
        try:
            await self.desk.ended(end)
        except Exception:  # a report must not fail the webhook, nor stop the reaper
            log.exception("call_end_failed", link=self.link, call_id=call.call_id)
            self._count("failed")
            return False
        return True

    # -- documents

    def _context(self, call: OpenCall | None, url: str, at: int = 0) -> RenderContext:
        next_url = ""
        if call is not None:
            next_url = f"{url}?step={at}"
            if self.dialect.echoes_nonce:
                next_url += f"&nonce={self._nonce(call, at)}"
        return RenderContext(at, next_url, self.operator_target, self.prompt_url)

    def _nonce(self, call: OpenCall, at: int) -> str:
        """Not to be guessed, and another one when the same call id comes up again."""
        about = f"{self.link}\n{call.call_id}\n{call.started_us}\n{at}".encode()
        return hmac.new(self.secrets[0].encode(), about, hashlib.sha256).hexdigest()[:NONCE_SIGNS]

    def _spoken(self, actions: Sequence[Action]) -> list[Shown]:
        year = (datetime.fromtimestamp(self.now_us() / 1_000_000, UTC) + LOCAL_TIME).year
        shown: list[Shown] = []
        for action in actions:
            if isinstance(action, Say):
                shown.append(phrase(action, self.voice, year))
            elif not isinstance(action, Consult | RememberLanguage):
                shown.append(action)
        return shown

    def _farewell(self, url: str) -> tuple[list[Shown], RenderContext]:
        """For a call that is over and yet asks on."""
        _, actions = step(
            new_call(self.language, operator=False)._replace(phase=Phase.DONE),
            TransferResult(connected=True),
        )
        return self._spoken(actions), self._context(None, url)

    def _broken(self, call: OpenCall, told: CallRequest, url: str, outcome: str) -> Document:
        self._count(outcome)
        state = call.state
        if told.step is None or told.step == state.step:
            state = state._replace(step=state.step + 1)
        call.state, actions = broken(state)
        context = self._context(call, url, call.state.step)
        call.document = self.dialect.render(self._spoken(actions), context)
        call.keys.add(told.key)
        return call.document

    def _apology(self, outcome: str) -> Document:
        """For a request that belongs to no call we can keep."""
        self._count(outcome)
        _, actions = broken(new_call(self.language, operator=bool(self.operator_target)))
        return self.dialect.render(self._spoken(actions), self._context(None, ""))

    def _count(self, outcome: str) -> None:
        self.counters.call_step(self.dialect.name, outcome)


def missing_texts(voice: VoiceTexts) -> list[str]:
    """The fixed texts that `voice` lacks, as "id (language)": no call can be answered without."""
    return [
        f"{text_id} ({language})"
        for text_id in TEXTS_NEEDED
        for language in LANGUAGES
        if not voice.get(text_id, {}).get(language)
    ]


__all__ = ["Attendant", "CallCounters", "Phrase", "missing_texts"]
