"""The calls going on now: a bounded table, and the mark that ended ones leave for a while."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from ivr.dialects.contract import Document
from ivr.dialogue_state import CallState

CALLS_MAX = 2_000  # open at once; one more is handed to an operator
IDLE_S = 900.0  # no step and no end reported for so long: the platform forgot to tell us
CLOSED_KEPT_S = 300.0  # a late step or a second end report still meets its call


@dataclass(slots=True)
class OpenCall:
    """One call. Whoever changes it holds `lock`; `keys` are the requests already answered,
    bounded by whoever adds to them; `document` is what the last of them got."""

    call_id: str
    caller: str
    called: str
    started_us: int
    state: CallState
    touched_s: float
    document: Document | None = None
    closed: bool = False
    transferred: bool = False
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
        self._open[call.call_id] = call
        return True

    def close(self, call: OpenCall, now_s: float) -> None:
        """Keeps the mark only; the oldest goes where there are too many."""
        call.closed = True
        call.touched_s = now_s
        call.document = None
        self._open.pop(call.call_id, None)
        self._closed.pop(call.call_id, None)
        self._closed[call.call_id] = call
        if len(self._closed) > self._calls_max:
            self._closed.popitem(last=False)

    def forgotten(self, now_s: float) -> list[OpenCall]:
        """Open calls that have been idle too long, none of them with a step under way; marks that
        have served their time are dropped."""
        while self._closed:
            oldest = next(iter(self._closed.values()))
            if now_s - oldest.touched_s < CLOSED_KEPT_S:
                break
            self._closed.popitem(last=False)
        idle = []
        for call in self._open.values():  # in the order of their last steps
            if now_s - call.touched_s < self._idle_s:
                break
            if not call.lock.locked():
                idle.append(call)
        return idle
