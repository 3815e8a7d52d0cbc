"""Where a call stands, and the replies that its steps are built of. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from ivr.actions import Action, Consult, Gather, HangUp, Say, SendText
from ivr.switch import CallAnswer, Sentence, Wish

STEPS_MAX = 40  # platform events in one call; then an operator, whatever is going on
TRIES_MAX = 3  # no key and wrong number counted together
KEYS_MAX = 64  # one entry: a number of 21 digits, cleared and keyed again
FIRST_KEY_S = 7
NEXT_KEY_S = 4

# What the fixed parts of a call are made of: a catalogue without one of them cannot answer calls.
TEXTS_NEEDED = (
    "recording",
    "welcome",
    "menu",
    "ask_number",
    "confirm_number",
    "not_found",
    "no_slip",
    "silence",
    "repeat",
    "another_number",
    "too_many_wrong",
    "unavailable",
    "unavailable_landline",
    "system_away",
    "call_later",
    "offer_sms",
    "sms_price",
    "offer_follow",
    "sms_sent",
    "sms_later",
    "sms_refused",
    "sms_away",
    "operator",
    "operators_closed",
    "operators_busy",
    "no_operator",
    "queue",
    "queue_wait",
    "call_back_kept",
    "call_back_not_kept",
    "goodbye",
)

ENTRY = Gather(1, KEYS_MAX, "#", FIRST_KEY_S, NEXT_KEY_S)
KEY = Gather(1, 1, "", FIRST_KEY_S, NEXT_KEY_S)


class Phase(StrEnum):
    """What the call waits for."""

    NEW = "new"
    LANGUAGE = "language"
    MENU = "menu"
    ENTRY = "entry"
    CONSULTING = "consulting"
    CONFIRM = "confirm"  # the number was not found: was it keyed rightly?
    CHOICE = "choice"  # one number, two kinds
    TOLD = "told"
    OFFER = "offer"  # nothing can be told now: by SMS, an operator, or another number
    TEXTING = "texting"
    TRANSFERRING = "transferring"
    QUEUE = "queue"  # nobody was free: wait, or be called back
    KEEPING = "keeping"
    DONE = "done"


class CallState(NamedTuple):
    """Where a call stands. `step` counts its events and numbers its questions; `asked` is what was
    last said and asked, to be said again.

    `closed` and `callable` are given anew before each step: the opening hours of the operators
    where they are not there now, and whether this caller's number may be called back. `menu` to
    `kind` are the question, `answer` what came of it, `wish` why the call goes to people.
    """

    phase: Phase
    step: int
    steps_left: int
    language: str
    operator: bool  # whether there ever is anyone to hand the call to
    notice: bool = False  # the caller must hear first that the call may be recorded
    closed: tuple[int, int] | None = None  # hours of a day, from and to
    callable: bool = False
    tries: int = 0
    transfers: int = 0
    menu: str | None = None
    digits: str = ""
    kind: str | None = None
    kinds: tuple[str, ...] = ()
    answer: CallAnswer | None = None
    wish: Wish = Wish.OPERATOR
    asked: tuple[Action, ...] = ()


Stepped = tuple[CallState, tuple[Action, ...]]


def new_call(language: str, *, operator: bool, step: int = 0, notice: bool = False) -> CallState:
    """A call before its first event. `step` is above 0 where a restart forgot the call's first
    part: its questions must not take the numbers of earlier ones."""
    return CallState(Phase.NEW, step, STEPS_MAX, language, operator, notice)


def sentences(*ids: str) -> tuple[Sentence, ...]:
    """Fixed texts of the catalogue."""
    return tuple(Sentence(text_id, {}) for text_id in ids)


def say(state: CallState, *told: str | Sentence) -> Say:
    """In the caller's language; a fixed text by its id."""
    return Say(
        tuple(Sentence(each, {}) if isinstance(each, str) else each for each in told),
        state.language,
    )


def ask(state: CallState, phase: Phase, says: tuple[Say, ...], gather: Gather) -> Stepped:
    """A question to the caller; it can be repeated."""
    actions: tuple[Action, ...] = (*says, gather)
    return state._replace(phase=phase, asked=actions), actions


def repeat(state: CallState) -> Stepped:
    """What was asked last, once more."""
    return state, state.asked


def enter(state: CallState, *told: str | Sentence) -> Stepped:
    """Ask for a number; on the last try with a hint more."""
    if state.tries >= TRIES_MAX - 1:
        told += ("no_slip",)
    return ask(state, Phase.ENTRY, (say(state, *told),), ENTRY)


def ask_number(state: CallState) -> Stepped:
    """Back to the number, whatever came before."""
    return enter(state, "ask_number")


def goodbye(state: CallState, *before: str) -> Stepped:
    """The end from our side, never a silent one."""
    return over(state), (say(state, *before, "goodbye"), HangUp())


def over(state: CallState) -> CallState:
    """Whatever comes now changes nothing."""
    return state._replace(phase=Phase.DONE, asked=())


def consult(state: CallState, digits: str, kind: str | None = None) -> Stepped:
    """Ask the gateway for a number."""
    actions = (Consult(digits, state.menu, kind, state.language),)
    state = state._replace(phase=Phase.CONSULTING, digits=digits, kind=kind, asked=actions)
    return state, actions


def send_text(state: CallState) -> Stepped:
    """Have the answer texted that was told, or could not be."""
    actions = (SendText(state.digits, state.menu, state.kind, state.language),)
    return state._replace(phase=Phase.TEXTING, asked=actions), actions


def number_in(keys: str) -> str:
    """What counts of an entry: up to the finish key, after the last clear."""
    kept = keys.split("#", 1)[0].rsplit("*", 1)[-1]
    return "".join(key for key in kept if "0" <= key <= "9")
