"""The dialogue: language, menu, number, read-back, status, and what a caller may do with it. Pure.

One function, `step`, is the whole behaviour of a call on every platform. Keys mean the same
everywhere: 1 yes, 2 back, 5 SMS copy, 6 follow, 9 repeat, 0 operator, * clear, # end; where a text
numbers its choices, 1, 2 and 3 choose. A caller is never left in silence: each reply ends in a
question, in a transfer, or in a goodbye. docs/reference/ivr-dialogue.md tells it to people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ivr.actions import (
    LANGUAGES,
    Action,
    Answered,
    CalledBack,
    CallEnded,
    CallStarted,
    Digits,
    Event,
    Gather,
    RememberLanguage,
    Say,
    Texted,
    TransferResult,
)
from ivr.dialogue.people import (
    called_back,
    give_up,
    to_people,
    transferred,
    wait_on,
    want_call_back,
)
from ivr.dialogue.state import (
    ENTRY,
    KEY,
    KEYS_MAX,
    TRIES_MAX,
    CallState,
    Phase,
    Stepped,
    ask,
    ask_number,
    consult,
    enter,
    goodbye,
    number_in,
    over,
    repeat,
    say,
    sentences,
)
from ivr.dialogue.told import (
    answered,
    ask_people,
    failed,
    follow,
    other_key,
    take_offer,
    take_text,
    texted,
)

LANGUAGE_KEYS: Mapping[str, str] = {"1": "kk", "2": "ru", "3": "en"}
MENU_KEYS: Mapping[str, str] = {"1": "appeal", "2": "inspection", "3": "fine"}


def step(state: CallState, event: Event) -> Stepped:
    """The next state and what to do. Total: any event in any state has an answer; only CallEnded
    is answered with nothing. Answers of the gateway are part of the event that asked for them."""
    if isinstance(event, CallEnded):
        return over(state), ()
    if isinstance(event, Answered | Texted | CalledBack):
        return _told_by_gateway(state, event)
    state = state._replace(step=state.step + 1, steps_left=state.steps_left - 1)
    return _told_by_platform(state, event)


def broken(state: CallState) -> Stepped:
    """What a caller hears when we failed: the truth, and people."""
    notice = _notice(state, LANGUAGES) if state.phase is Phase.NEW else ()
    state, actions = give_up(state, "system_away")
    return state, (*notice, *actions)


def _told_by_platform(state: CallState, event: CallStarted | Digits | TransferResult) -> Stepped:
    if state.phase is Phase.DONE:
        return goodbye(state)
    if isinstance(event, TransferResult):
        return transferred(state, event)
    if state.steps_left < 0:
        return goodbye(state) if state.phase in _WITH_PEOPLE else give_up(state)
    if isinstance(event, Digits) and state.phase in _KEYS:
        return _keyed(state, event.keys)
    if state.phase is Phase.NEW:
        return _started(state, event.language if isinstance(event, CallStarted) else None)
    return repeat(state)


def _told_by_gateway(state: CallState, event: Answered | Texted | CalledBack) -> Stepped:
    if isinstance(event, Answered) and state.phase is Phase.CONSULTING:
        return answered(state, event.answer)
    if isinstance(event, Texted) and state.phase is Phase.TEXTING:
        return texted(state, event.outcome)
    if isinstance(event, CalledBack) and state.phase is Phase.KEEPING:
        return called_back(state, kept=event.kept)
    if state.phase is Phase.DONE:
        return goodbye(state)
    return repeat(state) if state.asked else _started(state, None)


def _keyed(state: CallState, keys: str) -> Stepped:
    """What is keyed after the last clear counts, except where the clear key itself leads back."""
    number = state.phase in _NUMBERS
    pressed = keys.rstrip("#")
    if number and not (pressed == "*" and "*" in _KEYS[state.phase]):
        pressed = number_in(keys)
    react = _KEYS[state.phase].get(pressed)
    return react(state) if react else _OTHER_KEYS[state.phase](state, keys)


# -- language


def _started(state: CallState, language: str | None) -> Stepped:
    known = language in LANGUAGES
    if known:
        state, actions = _menu(state._replace(language=str(language)))
    else:
        state, actions = _ask_language(state)
    return state, (*_notice(state, (state.language,) if known else LANGUAGES), *actions)


def _notice(state: CallState, languages: tuple[str, ...]) -> tuple[Action, ...]:
    """Before anything else, where the call may be recorded."""
    if not state.notice:
        return ()
    return tuple(Say(sentences("recording"), each, whole=True) for each in languages)


def _ask_language(state: CallState, text_id: str = "welcome", gather: Gather = KEY) -> Stepped:
    says = tuple(Say(sentences(text_id), language) for language in LANGUAGES)
    return ask(state, Phase.LANGUAGE, says, gather)


def _chose(language: str) -> Callable[[CallState], Stepped]:
    def react(state: CallState) -> Stepped:
        state, actions = _menu(state._replace(language=language))
        return state, (RememberLanguage(language), *actions)

    return react


def _no_language(state: CallState, keys: str) -> Stepped:
    if number_in(keys)[1:]:  # the number at once: answered in the language of the service
        return _entered(state, keys)
    state = state._replace(tries=state.tries + 1)
    if state.tries >= TRIES_MAX:
        return give_up(state)
    if state.tries > 1:
        return _ask_language(state, "ask_number", ENTRY)
    if keys:
        return _ask_language(state)
    return _ask_language(state, "silence", ENTRY)


# -- menu


def _menu(state: CallState) -> Stepped:
    return ask(state._replace(menu=None), Phase.MENU, (say(state, "menu"),), KEY)


def _chose_line(menu: str) -> Callable[[CallState], Stepped]:
    return lambda state: ask_number(state._replace(menu=menu))


def _no_line(state: CallState, keys: str) -> Stepped:
    if number_in(keys)[1:]:
        return _entered(state, keys)
    state = state._replace(tries=state.tries + 1)
    if state.tries >= TRIES_MAX:
        return give_up(state)
    before = "ask_number" if keys else "silence"
    return ask(state, Phase.MENU, (say(state, before, "menu"),), ENTRY)


# -- number


def _entered(state: CallState, keys: str) -> Stepped:
    digits = number_in(keys)
    if digits and len(keys) <= KEYS_MAX:
        return consult(state, digits)
    return failed(state, "ask_number" if keys else "silence")


def _right(state: CallState) -> Stepped:
    return enter(state, "not_found")


def _not_confirmed(state: CallState, keys: str) -> Stepped:
    return failed(state, "ask_number" if keys else "silence")


def _of_kind(place: int) -> Callable[[CallState], Stepped]:
    return lambda state: consult(state, state.digits, state.kinds[place])


def _no_choice(state: CallState, _: str) -> Stepped:
    state = state._replace(tries=state.tries + 1)
    return give_up(state) if state.tries >= TRIES_MAX else repeat(state)


# -- the key map

_WITH_PEOPLE = frozenset({Phase.TRANSFERRING, Phase.QUEUE})
_NUMBERS = frozenset({Phase.LANGUAGE, Phase.MENU, Phase.ENTRY})  # more than one key may come
_KEYS: Mapping[Phase, Mapping[str, Callable[[CallState], Stepped]]] = {
    Phase.LANGUAGE: {
        "0": to_people,
        "9": repeat,
        **{key: _chose(language) for key, language in LANGUAGE_KEYS.items()},
    },
    Phase.MENU: {
        "0": to_people,
        "9": repeat,
        "*": _ask_language,
        **{key: _chose_line(menu) for key, menu in MENU_KEYS.items()},
    },
    Phase.ENTRY: {"0": to_people, "2": _menu, "9": repeat},
    Phase.CONFIRM: {
        "0": to_people,
        "1": _right,
        "2": ask_number,
        "*": ask_number,
        "9": repeat,
    },
    Phase.CHOICE: {
        "0": to_people,
        "1": _of_kind(0),
        "2": _of_kind(1),
        "*": ask_number,
        "9": repeat,
    },
    Phase.TOLD: {
        "0": ask_people,
        "1": take_offer,
        "2": ask_number,
        "*": ask_number,
        "5": take_text,
        "6": follow,
        "9": repeat,
    },
    Phase.OFFER: {
        "0": to_people,
        "1": take_text,
        "2": ask_number,
        "*": ask_number,
        "5": take_text,
        "9": repeat,
    },
    Phase.QUEUE: {
        "0": wait_on,
        "1": want_call_back,
        "2": ask_number,
        "*": ask_number,
        "9": repeat,
    },
}
_OTHER_KEYS: Mapping[Phase, Callable[[CallState, str], Stepped]] = {
    Phase.LANGUAGE: _no_language,
    Phase.MENU: _no_line,
    Phase.ENTRY: _entered,
    Phase.CONFIRM: _not_confirmed,
    Phase.CHOICE: _no_choice,
    Phase.TOLD: other_key,
    Phase.OFFER: other_key,
    Phase.QUEUE: wait_on,
}
