"""Tells those who watch what happens on a call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from ivr.attendant.open_calls import OpenCall
from ivr.dialogue.state import CallState
from ivr.events import CallEvent, CallEvents, CallStage

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Of one `[[ivr]]` table."""

    link: str
    events: CallEvents
    now_us: Callable[[], int]

    def tell(
        self, call: OpenCall, state: CallState, stage: CallStage, detail: str = "", place: int = 0
    ) -> None:
        """`state` is where the call stands by now: its language counts."""
        event = CallEvent(
            stage,
            self.now_us(),
            call.reference,
            self.link,
            call.caller,
            call.called,
            state.language,
            call.started_us,
            tuple(call.tries),
            detail,
            place,
        )
        try:
            self.events.on_call(event)
        except Exception:  # a call does not stop because of those who watch it
            log.exception("call_event_failed", link=self.link, call=call.reference, stage=stage)
