"""What a dialogue has the gateway do, before its next document can be made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ivr.actions import (
    Action,
    Answered,
    CalledBack,
    Consult,
    Event,
    KeepCallBack,
    RememberLanguage,
    SendText,
    Texted,
    Transfer,
)
from ivr.attendant.open_calls import OpenCall
from ivr.attendant.watch import Watch
from ivr.dialogue.state import CallState
from ivr.dialogue.step import step
from ivr.events import TRIES_KEPT_MAX, CallStage, Tried
from ivr.switch import CallBack, CallDesk, CallOutcome, CallQuestion

ERRANDS_MAX = 4  # for one document: a dialogue that asks on and on has a fault

_ERRANDS = (Consult, SendText, KeepCallBack)


class RestlessDialogueError(RuntimeError):
    """The dialogue asks the gateway again and again: a mistake of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errands:
    """Of one `[[ivr]]` table."""

    link: str
    desk: CallDesk
    watch: Watch
    now_us: Callable[[], int]

    async def run(
        self, call: OpenCall, state: CallState, actions: Sequence[Action]
    ) -> tuple[CallState, list[Action]]:
        """Where the dialogue stands when all is done, and what the platform is shown. Raises
        RestlessDialogueError."""
        shown: list[Action] = []
        left = list(actions)
        errands = 0
        while left:
            action = left.pop(0)
            if isinstance(action, _ERRANDS):
                errands += 1
                if errands > ERRANDS_MAX:
                    raise RestlessDialogueError(f"more than {ERRANDS_MAX} errands for one document")
                state, then = step(state, await self._done(call, state, action))
                left[:0] = then
            elif isinstance(action, RememberLanguage):
                if call.caller:
                    await self.desk.choose_language(call.caller, action.language)
            else:
                if isinstance(action, Transfer):
                    call.wish = action.wish
                shown.append(action)
        return state, shown

    async def _done(
        self, call: OpenCall, state: CallState, action: Consult | SendText | KeepCallBack
    ) -> Event:
        if isinstance(action, Consult):
            return await self._consult(call, state, action)
        if isinstance(action, SendText):
            outcome = await self.desk.text(self._question(call, state, action))
            self.watch.tell(call, state, CallStage.TEXTED, outcome)
            return Texted(outcome)
        kept = await self.desk.call_back(
            CallBack(
                self.link, call.call_id, call.caller, state.language, action.wish, self.now_us()
            )
        )
        if kept:
            self.watch.tell(call, state, CallStage.CALL_BACK, action.wish)
        return CalledBack(kept)

    async def _consult(self, call: OpenCall, state: CallState, action: Consult) -> Answered:
        answer = await self.desk.ask(self._question(call, state, action))
        kind = action.kind or action.menu
        call.tries.append(Tried(action.digits, kind, answer.outcome, self.now_us()))
        del call.tries[:-TRIES_KEPT_MAX]
        told = answer.outcome is CallOutcome.FOUND
        stage, detail = (CallStage.TOLD, "") if told else (CallStage.TRIED, answer.outcome.value)
        self.watch.tell(call, state, stage, detail)
        return Answered(answer)

    def _question(
        self, call: OpenCall, state: CallState, action: Consult | SendText
    ) -> CallQuestion:
        return CallQuestion(
            link=self.link,
            call_id=call.call_id,
            step=state.step,
            caller=call.caller,
            called=call.called,
            digits=action.digits,
            menu=action.menu,
            kind=action.kind,
            language=action.language,
        )
