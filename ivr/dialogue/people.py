"""The way to people and back: transfer, opening hours, the queue, being called back. Pure.

A caller who asks for people and cannot have them hears why, and is asked again what was asked
before. Where our own patience is at its end there is nothing to go back to: then goodbye.
"""

from __future__ import annotations

from ivr.actions import HangUp, KeepCallBack, Transfer, TransferResult
from ivr.dialogue.state import KEY, CallState, Phase, Stepped, ask, goodbye, over, say
from ivr.switch import Sentence, Wish

OPERATORS = "operators"  # the queue
TRANSFERS_MAX = 3  # attempts to reach an operator in one call


def can_hand_over(state: CallState) -> bool:
    """Whether people are there, and this call has attempts left."""
    return state.operator and state.closed is None and state.transfers < TRANSFERS_MAX


def to_people(state: CallState, wish: Wish = Wish.OPERATOR) -> Stepped:
    """The caller asks for people while there is a question to go back to."""
    if can_hand_over(state):
        return _hand_over(state._replace(wish=wish))
    return state, (say(state, _why_nobody(state)), *state.asked)


def give_up(state: CallState, *told: str) -> Stepped:
    """Our patience, or our luck, is at its end: people, for those who can have them. `told` says
    what went wrong."""
    return _people_or_end(state._replace(wish=Wish.OPERATOR), *told)


def transferred(state: CallState, result: TransferResult) -> Stepped:
    """The operator's leg is over, or never was."""
    if result.connected:
        return goodbye(state)
    state = state._replace(transfers=state.transfers + 1)
    if state.steps_left < 0 or not can_hand_over(state):
        return _end(state)
    text_id = "queue" if state.callable else "queue_wait"
    told = say(state, Sentence(text_id, {"k": max(1, result.place)}))
    return ask(state, Phase.QUEUE, (told,), KEY)


def wait_on(state: CallState, _: str = "") -> Stepped:
    """The caller stays in the queue: another attempt."""
    return _people_or_end(state)


def want_call_back(state: CallState) -> Stepped:
    """Key 1 in the queue."""
    if not state.callable:
        return wait_on(state)
    actions = (KeepCallBack(state.wish),)
    return state._replace(phase=Phase.KEEPING, asked=actions), actions


def called_back(state: CallState, *, kept: bool) -> Stepped:
    """Nothing is promised that is not written down."""
    if kept:
        return goodbye(state, "call_back_kept")
    return _people_or_end(state, "call_back_not_kept")


def _people_or_end(state: CallState, *told: str) -> Stepped:
    return _hand_over(state, *told) if can_hand_over(state) else _end(state, *told)


def _hand_over(state: CallState, *told: str) -> Stepped:
    actions = (say(state, *told, "operator"), Transfer(OPERATORS, state.wish))
    return state._replace(phase=Phase.TRANSFERRING, asked=actions), actions


def _end(state: CallState, *told: str) -> Stepped:
    says = say(state, *told, _why_nobody(state), "call_later", "goodbye")
    return over(state), (says, HangUp())


def _why_nobody(state: CallState) -> str | Sentence:
    if not state.operator:
        return "no_operator"
    if state.closed is not None:
        from_hour, to_hour = state.closed
        return Sentence("operators_closed", {"from_hour": from_hour, "to_hour": to_hour})
    return "operators_busy"
