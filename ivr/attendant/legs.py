"""The legs of calls, as their records need them: opened once, each closed once.

The caller's leg ends with whatever tells its end first; the operator's runs from the first transfer
to the result of the last one. What a platform tells too late, or never, is closed by the reaper
with the last moment of which something was heard, so that nobody pays for our waiting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from ivr.actions import CallEnded, TransferResult
from ivr.attendant.deadline import within
from ivr.attendant.open_calls import OpenCall
from ivr.dialogue.state import Phase
from ivr.switch import CallDesk, CallEnd, CallStart, Leg

SECOND_US = 1_000_000
REAPER = "reaper"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Legs:
    """`deadline_s` bounds what telling the gateway may take. What could not be told is False, and
    is told when it comes again."""

    link: str
    desk: CallDesk
    now_us: Callable[[], int]
    deadline_s: float

    async def opened(self, call: OpenCall) -> str | None:
        """Have the call's record opened; the language this phone chose before."""
        language = await self.desk.opened(
            CallStart(self.link, call.call_id, call.caller, call.called, call.started_us)
        )
        call.recorded = True
        return language

    async def reopened(self, call: OpenCall) -> None:
        """The same for a call in the midst of which we began: it goes on in its language."""
        language = await self.opened(call)
        if language is not None:
            call.state = call.state._replace(language=language)

    def handed_over(self, call: OpenCall) -> None:
        """The document that is on its way hands the call to operators."""
        call.ringing = True
        if call.leg_us is None:
            call.leg_us = self.now_us()

    async def transferred(self, call: OpenCall, result: TransferResult) -> bool:
        """What came of a transfer; where nobody took it, the leg waits for the next one."""
        call.ringing = False
        told_before = call.transferred and call.leg_us is None
        if told_before or not (result.connected or call.closed):
            return True
        ended_us = call.ended_us or self.now_us()
        spoken_us = (result.seconds or 0) * SECOND_US
        # A transfer of before a restart: what the platform counts is all that is known of it.
        started_us = ended_us - spoken_us if call.leg_us is None else call.leg_us
        if not result.connected:
            return await self._operator_over(call, started_us, ended_us, None, 0, "no-answer")
        call.transferred = True
        answered_us = started_us if result.seconds is None else ended_us - spoken_us
        started_us = min(started_us, answered_us)
        return await self._operator_over(
            call, started_us, ended_us, answered_us, result.seconds, "completed"
        )

    async def operator_left(self, call: OpenCall) -> bool:
        """Nobody has told of the end of the operator's leg, or nobody took the call."""
        if call.leg_us is None:
            return True
        if call.leg_end is not None:
            return await self._operator_told(call, call.leg_end)
        ended_us = max(call.ended_us or call.heard_us, call.leg_us)
        if not call.ringing:
            return await self._operator_over(call, call.leg_us, ended_us, None, 0, "no-answer")
        return await self._operator_over(call, call.leg_us, ended_us, None, None, "reaped", REAPER)

    async def caller_over(self, call: OpenCall, event: CallEnded) -> bool:
        """The call is over, by whichever report comes first; a later one with the platform's count
        of seconds is told as well."""
        ended_us = call.ended_us
        if ended_us is None:
            ended_us = call.heard_us if event.by == REAPER else self.now_us()
        counted_us = None if event.seconds is None else event.seconds * SECOND_US
        if call.state.phase is Phase.NEW and counted_us is not None and not call.closed:
            call.started_us = ended_us - counted_us  # begun before a restart
        answered_us = call.answered_us
        if answered_us is None and counted_us:
            answered_us = max(call.started_us, ended_us - counted_us)
        end = CallEnd(
            link=self.link,
            call_id=call.call_id,
            caller=call.caller,
            called=call.called,
            started_us=call.started_us,
            ended_us=ended_us,
            seconds=event.seconds,
            outcome=self.outcome(call, event.status),
            leg=Leg.CALLER,
            answered_us=answered_us,
            closed_by=event.by,
            language=call.state.language,
        )
        if not await self._tell(call, end):
            return False
        call.ended_us = ended_us
        call.counted_s = event.seconds
        if not call.ringing:
            await self.operator_left(call)
        return True

    def outcome(self, call: OpenCall, status: str) -> str:
        """How a call ended, `status` being the platform's word for it."""
        handed_over = call.transferred or call.ringing
        return "transferred" if status == "completed" and handed_over else status

    async def _operator_over(
        self,
        call: OpenCall,
        started_us: int,
        ended_us: int,
        answered_us: int | None,
        seconds: int | None,
        outcome: str,
        closed_by: str = "callback",
    ) -> bool:
        end = CallEnd(
            link=self.link,
            call_id=call.call_id,
            caller=call.caller,
            called=call.called,
            started_us=started_us,
            ended_us=ended_us,
            seconds=seconds,
            outcome=outcome,
            leg=Leg.OPERATOR,
            answered_us=answered_us,
            closed_by=closed_by,
            language=call.state.language,
        )
        return await self._operator_told(call, end)

    async def _operator_told(self, call: OpenCall, end: CallEnd) -> bool:
        call.leg_us, call.leg_end = end.started_us, end  # whoever stops us while we tell it
        told = await self._tell(call, end)
        if told:
            call.leg_us = call.leg_end = None
        return told

    async def _told(self, call: OpenCall, end: CallEnd) -> None:
        if not call.recorded:
            await self.opened(call)
        await self.desk.ended(end)

    async def _tell(self, call: OpenCall, end: CallEnd) -> bool:
        try:
            await within(self.deadline_s, self._told(call, end))
        except Exception:  # a report must not fail the webhook, nor stop the reaper
            log.exception("call_end_failed", link=self.link, call=call.reference, leg=end.leg)
            return False
        return True
