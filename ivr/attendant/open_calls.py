"""The calls going on now: a bounded table, and the mark that ended ones leave for a while."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from ivr.dialects.contract import Document
from ivr.dialogue.state import CallState, Phase
from ivr.events import Tried
from ivr.switch import CallEnd, Wish

CALLS_MAX = 2_000  # open at once; one more is handed to an operator
IDLE_S = 900.0  # no step and no end reported for so long: the platform forgot to tell us
TALK_S = 14_400.0  # the same while an operator has the call: nothing is heard of it until its end
AGE_MAX_S = 21_600.0  # however lively it is
HUNG_UP_S = 60.0  # our last document ended the call: its report should have come
CLOSED_KEPT_S = 300.0  # a late step or a second end report still meets its call
LEG_KEPT_S = 60.0  # after the call's end, its operator's leg may still be told of


@dataclass(slots=True)
class OpenCall:
    """One call. Whoever changes it holds `lock`; `keys` are the requests already answered,
    bounded by whoever adds to them; `document` is what the last of them got. Times with `_us` are
    Unix microseconds, with `_s` the loop's seconds."""

    call_id: str
    caller: str
    called: str
    started_us: int
    state: CallState
    touched_s: float
    reference: str = ""  # what people call it
    document: Document | None = None
    nonce: tuple[int, str] = (-1, "")  # of the last step that was given one
    closed: bool = False
    recorded: bool = False  # the gateway knows that it began
    transferred: bool = False  # an operator has spoken
    added_s: float = 0.0
    heard_us: int = 0  # the last request of it
    answered_us: int | None = None  # the first document
    ended_us: int | None = None
    leg_us: int | None = None  # when it was first handed over, while the operator's leg is open
    leg_end: CallEnd | None = None  # its end, which the gateway could not be told yet
    ringing: bool = False  # the result of a transfer is still to come
    counted_s: int | None = None  # what the platform said the call lasted
    wish: Wish = Wish.OPERATOR
    tries: list[Tried] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class OpenCalls:
    """Both halves hold at most `calls_max` calls. Times are the loop's, in seconds."""

    def __init__(self, *, calls_max: int = CALLS_MAX, idle_s: float = IDLE_S) -> None:
        self._calls_max = calls_max
        self._idle_s = idle_s
        self._open: OrderedDict[str, OpenCall] = OrderedDict()
        self._closed: OrderedDict[str, OpenCall] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def find(self, call_id: str, now_s: float) -> OpenCall | None:
        """An open call, or one closed a little while ago."""
        call = self._open.get(call_id)
        if call is not None:
            call.touched_s = now_s
            self._open.move_to_end(call_id)
            return call
        return self._closed.get(call_id)

    def add(self, call: OpenCall) -> bool:
        """False where the table is full."""
        if len(self._open) >= self._calls_max:
            return False
        self._closed.pop(call.call_id, None)
        call.added_s = call.touched_s
        self._open[call.call_id] = call
        return True

    def close(self, call: OpenCall, now_s: float) -> OpenCall | None:
        """Keeps the mark only; the oldest goes where there are too many, and is returned."""
        call.closed = True
        call.touched_s = now_s
        call.document = None
        self._open.pop(call.call_id, None)
        self._closed.pop(call.call_id, None)
        self._closed[call.call_id] = call
        if len(self._closed) > self._calls_max:
            return self._closed.popitem(last=False)[1]
        return None

    def forgotten(self, now_s: float) -> list[OpenCall]:
        """Open calls of which nothing was heard for too long, or that have lasted too long, none
        of them with a step under way; marks that have served their time are dropped."""
        while self._closed:
            oldest = next(iter(self._closed.values()))
            if now_s - oldest.touched_s < CLOSED_KEPT_S or oldest.leg_us is not None:
                break
            self._closed.popitem(last=False)
        return [
            call
            for call in self._open.values()
            if not call.lock.locked() and self._is_forgotten(call, now_s)
        ]

    def legs_left(self, now_s: float) -> list[OpenCall]:
        """Calls that are over and whose operator's leg nobody has told of in time."""
        left = []
        for call in self._closed.values():  # in the order of their ends
            if now_s - call.touched_s < LEG_KEPT_S:
                break
            if call.leg_us is not None:
                left.append(call)
        return left

    def _is_forgotten(self, call: OpenCall, now_s: float) -> bool:
        idle_max_s = self._idle_s
        if call.ringing:
            idle_max_s = max(idle_max_s, TALK_S)
        elif call.state.phase is Phase.DONE:
            idle_max_s = min(idle_max_s, HUNG_UP_S)
        return now_s - call.touched_s >= idle_max_s or now_s - call.added_s >= AGE_MAX_S
