"""How calls end: by the platform's report, twice or late, or by nobody's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from ivr.actions import CallEnded
from ivr.attendant.deadline import within
from ivr.attendant.legs import REAPER, Legs
from ivr.attendant.open_calls import OpenCall, OpenCalls
from ivr.attendant.waiting_line import WaitingLine
from ivr.attendant.watch import Watch
from ivr.dialogue.state import Phase
from ivr.events import CallStage

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Endings:
    """Of one `[[ivr]]` table; `count` takes outcomes as ivr.attendant.attendant counts them."""

    link: str
    calls: OpenCalls
    legs: Legs
    watch: Watch
    line: WaitingLine
    loop_time: Callable[[], float]
    count: Callable[[str], None]
    deadline_s: float

    async def end(self, call: OpenCall, event: CallEnded) -> None:
        """Once a call, whichever report of it comes first; a later one may add its seconds."""
        try:
            self.count(await within(self.deadline_s, self._in_turn(call, event)))
        except TimeoutError:
            log.warning("call_end_late", link=self.link, call=call.reference)
            self.count("late")

    async def reap(self) -> None:
        """Close what no platform has reported."""
        for call in self.calls.legs_left(self.loop_time()):
            async with call.lock:
                await self.legs.operator_left(call)
                call.leg_us, call.ringing = None, False  # told or not, as with calls
        for call in self.calls.forgotten(self.loop_time()):
            async with call.lock:
                # Where our own document has hung up the call is complete: only nobody said so.
                status = "completed" if call.state.phase is Phase.DONE else "reaped"
                await self.legs.caller_over(call, CallEnded(status, None, REAPER))
                # Told or not: a desk that fails must not keep the table full.
                await self._close(call, status)
            self.count("reaped")

    async def _in_turn(self, call: OpenCall, event: CallEnded) -> str:
        async with call.lock:
            return await self._ended(call, event)

    async def _ended(self, call: OpenCall, event: CallEnded) -> str:
        if call.closed and (event.seconds is None or event.seconds == call.counted_s):
            return "repeated"
        if not await self.legs.caller_over(call, event):
            return "failed"
        if call.closed:
            return "repeated"
        await self._close(call, event.status)
        return "ended"

    async def _close(self, call: OpenCall, status: str) -> None:
        self.line.leave(self.link, call.call_id)
        self.watch.tell(call, call.state, CallStage.ENDED, self.legs.outcome(call, status))
        gone = self.calls.close(call, self.loop_time())
        if gone is not None:
            await self.legs.operator_left(gone)
