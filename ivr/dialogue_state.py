"""Where a call stands, and the replies that its steps are built of. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from ivr.actions import Action, Consult, Gather, HangUp, Say, Transfer
from ivr.switch import Sentence

STEPS_MAX = 40  # platform events in one call; then an operator, whatever is going on
TRIES_MAX = 3  # no key and wrong number counted together
TRANSFERS_MAX = 2  # attempts to reach an operator in one call
KEYS_MAX = 64  # one entry: a number of 21 digits, cleared and keyed again
FIRST_KEY_S = 7
NEXT_KEY_S = 4
OPERATORS = "operators"  # the queue

# What the fixed parts of a call are made of: a catalogue without one of them cannot answer calls.
TEXTS_NEEDED = (
    "welcome",
    "ask_number",
    "confirm_number",
    "not_found",
    "no_slip",
    "silence",
    "repeat",
    "too_many_wrong",
    "unavailable_landline",
    "operator",
    "goodbye",
)

ENTRY = Gather(1, KEYS_MAX, "#", FIRST_KEY_S, NEXT_KEY_S)
KEY = Gather(1, 1, "", FIRST_KEY_S, NEXT_KEY_S)


class Phase(StrEnum):
    """What the call waits for."""

    NEW = "new"
    LANGUAGE = "language"
    ENTRY = "entry"
    CONSULTING = "consulting"
    CONFIRM = "confirm"  # the number was not found: was it keyed rightly?
    CHOICE = "choice"  # one number, two kinds
    TOLD = "told"
    OFFER = "offer"  # nothing can be told now: an operator, or goodbye
    TRANSFERRING = "transferring"
    DONE = "done"


class CallState(NamedTuple):
    """Where a call stands. `step` counts its events and numbers its questions; `asked` is what was
    last said and asked, to be said again."""

    phase: Phase
    step: int
    steps_left: int
    language: str
    operator: bool  # whether there is anyone to hand the call to
    tries: int = 0
    transfers: int = 0
    digits: str = ""
    kinds: tuple[str, ...] = ()
    asked: tuple[Action, ...] = ()


Stepped = tuple[CallState, tuple[Action, ...]]


def new_call(language: str, *, operator: bool, step: int = 0) -> CallState:
    """A call before its first event. `step` is above 0 where a restart forgot the call's first
    part: its questions must not take the numbers of earlier ones."""
    return CallState(Phase.NEW, step, STEPS_MAX, language, operator)


def sentences(*ids: str) -> tuple[Sentence, ...]:
    """Fixed texts of the catalogue."""
    return tuple(Sentence(text_id, {}) for text_id in ids)


def ask(state: CallState, phase: Phase, says: tuple[Say, ...], gather: Gather) -> Stepped:
    """A question to the caller; it can be repeated."""
    actions: tuple[Action, ...] = (*says, gather)
    return state._replace(phase=phase, asked=actions), actions


def enter(state: CallState, said: tuple[Sentence, ...]) -> Stepped:
    """Ask for a number; from the second failure on with a hint more."""
    if state.tries >= TRIES_MAX - 1:
        said += sentences("no_slip")
    return ask(state, Phase.ENTRY, (Say(said, state.language),), ENTRY)


def failed(state: CallState, said: tuple[Sentence, ...]) -> Stepped:
    """A try gone wrong, told in `said`; the last one leads to an operator."""
    state = state._replace(tries=state.tries + 1)
    return to_operator(state) if state.tries >= TRIES_MAX else enter(state, said)


def goodbye(state: CallState, *before: str) -> Stepped:
    """The end from our side, never a silent one."""
    says = Say(sentences(*before, "goodbye"), state.language)
    return state._replace(phase=Phase.DONE, asked=()), (says, HangUp())


def to_operator(state: CallState, text_id: str = "operator") -> Stepped:
    """`text_id` says that the call is handed over, and why."""
    if not state.operator:  # no promise of people who are not there
        return goodbye(state, "unavailable_landline")
    actions = (Say(sentences(text_id), state.language), Transfer(OPERATORS))
    return state._replace(phase=Phase.TRANSFERRING, asked=actions), actions


def offer(state: CallState) -> Stepped:
    """Nothing can be told now: an operator, for those who want one."""
    says = Say(sentences("unavailable_landline"), state.language)
    return ask(state, Phase.OFFER, (says,), KEY)


def consult(state: CallState, digits: str, kind: str | None = None) -> Stepped:
    """Ask the gateway for a number."""
    actions = (Consult(digits, kind, state.language),)
    return state._replace(phase=Phase.CONSULTING, digits=digits, asked=actions), actions


def number_in(keys: str) -> str:
    """What counts of an entry: up to the finish key, after the last clear."""
    kept = keys.split("#", 1)[0].rsplit("*", 1)[-1]
    return "".join(key for key in kept if "0" <= key <= "9")
