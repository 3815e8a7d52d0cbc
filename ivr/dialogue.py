"""The dialogue: language, number, read-back, status, repeat, operator. Pure.

One function, `step`, is the whole behaviour of a call on every platform. Keys mean the same
everywhere: 1 yes, 2 back, 9 repeat, 0 operator, * clear, # end. A caller is never left in silence:
each reply ends in a question, in a transfer, or in a goodbye.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ivr.actions import (
    LANGUAGES,
    Answered,
    CallEnded,
    CallStarted,
    Digits,
    Event,
    Gather,
    HangUp,
    RememberLanguage,
    Say,
    TransferResult,
)
from ivr.dialogue_state import (
    ENTRY,
    KEY,
    KEYS_MAX,
    TRANSFERS_MAX,
    TRIES_MAX,
    CallState,
    Phase,
    Stepped,
    ask,
    consult,
    enter,
    failed,
    goodbye,
    number_in,
    offer,
    sentences,
    to_operator,
)
from ivr.switch import CallAnswer, CallOutcome, Sentence

LANGUAGE_KEYS: Mapping[str, str] = {"1": "kk", "2": "ru", "3": "en"}


def step(state: CallState, event: Event) -> Stepped:
    """The next state and what to do. Total: any event in any state has an answer; only CallEnded
    is answered with nothing."""
    if isinstance(event, CallEnded):
        return state._replace(phase=Phase.DONE, asked=()), ()
    if isinstance(event, Answered):
        consulting = state.phase is Phase.CONSULTING
        return _answered(state, event.answer) if consulting else (state, state.asked)
    state = state._replace(step=state.step + 1, steps_left=state.steps_left - 1)
    if state.phase is Phase.DONE:
        return state, (HangUp(),)
    if isinstance(event, TransferResult):
        return _transferred(state, connected=event.connected)
    if state.steps_left < 0:
        return goodbye(state) if state.phase is Phase.TRANSFERRING else to_operator(state)
    return _went_on(state, event)


def broken(state: CallState) -> Stepped:
    """What a caller hears when we failed: the truth, and people."""
    return to_operator(state, "unavailable_landline")


# -- what each phase makes of keys


def _went_on(state: CallState, event: CallStarted | Digits) -> Stepped:
    if state.phase is Phase.NEW:
        return _started(state, event.language if isinstance(event, CallStarted) else None)
    if isinstance(event, CallStarted) or state.phase not in _KEYS:
        return state, state.asked
    number = state.phase in {Phase.LANGUAGE, Phase.ENTRY}
    keys = number_in(event.keys) if number else event.keys.rstrip("#")
    react = _KEYS[state.phase].get(keys)
    return react(state) if react else _OTHER_KEYS[state.phase](state, event.keys)


def _started(state: CallState, language: str | None) -> Stepped:
    if language in LANGUAGES:
        return _again(state._replace(language=str(language)))
    return _ask_language(state, "welcome", KEY)


def _ask_language(state: CallState, text_id: str, gather: Gather) -> Stepped:
    says = tuple(Say(sentences(text_id), language) for language in LANGUAGES)
    return ask(state, Phase.LANGUAGE, says, gather)


def _chose(language: str) -> Callable[[CallState], Stepped]:
    def react(state: CallState) -> Stepped:
        state, actions = _again(state._replace(language=language))
        return state, (RememberLanguage(language), *actions)

    return react


def _again(state: CallState) -> Stepped:
    return enter(state, sentences("ask_number"))


def _repeat(state: CallState) -> Stepped:
    return state, state.asked


def _right(state: CallState) -> Stepped:
    return enter(state, sentences("not_found"))


def _of_kind(place: int) -> Callable[[CallState], Stepped]:
    return lambda state: consult(state, state.digits, state.kinds[place])


def _no_language(state: CallState, keys: str) -> Stepped:
    if number_in(keys)[1:]:  # the number at once: answered in the language of the service
        return _entered(state, keys)
    state = state._replace(tries=state.tries + 1)
    if state.tries >= TRIES_MAX:
        return to_operator(state)
    if state.tries > 1:
        return _ask_language(state, "ask_number", ENTRY)
    if keys:
        return _ask_language(state, "welcome", KEY)
    return _ask_language(state, "silence", ENTRY)


def _entered(state: CallState, keys: str) -> Stepped:
    digits = number_in(keys)
    if digits and len(keys) <= KEYS_MAX:
        return consult(state, digits)
    return failed(state, sentences("ask_number" if keys else "silence"))


def _not_confirmed(state: CallState, keys: str) -> Stepped:
    return failed(state, sentences("ask_number" if keys else "silence"))


def _no_choice(state: CallState, _: str) -> Stepped:
    state = state._replace(tries=state.tries + 1)
    return to_operator(state) if state.tries >= TRIES_MAX else _repeat(state)


def _heard(state: CallState, keys: str) -> Stepped:
    state = state._replace(tries=state.tries + 1)
    if not keys or state.tries >= TRIES_MAX:
        return goodbye(state)
    return state, (Say(sentences("repeat"), state.language), KEY)


def _declined(state: CallState, _: str) -> Stepped:
    return goodbye(state)


_KEYS: Mapping[Phase, Mapping[str, Callable[[CallState], Stepped]]] = {
    Phase.LANGUAGE: {
        "0": to_operator,
        "9": _repeat,
        **{key: _chose(language) for key, language in LANGUAGE_KEYS.items()},
    },
    Phase.ENTRY: {"0": to_operator, "9": _again},
    Phase.CONFIRM: {"0": to_operator, "1": _right, "2": _again, "*": _again, "9": _repeat},
    Phase.CHOICE: {
        "0": to_operator,
        "1": _of_kind(0),
        "2": _of_kind(1),
        "*": _again,
        "9": _repeat,
    },
    # 1: what a text offers to take, people take
    Phase.TOLD: {"0": to_operator, "1": to_operator, "2": _again, "*": _again, "9": _repeat},
    Phase.OFFER: {"0": to_operator, "9": _repeat},
}
_OTHER_KEYS: Mapping[Phase, Callable[[CallState, str], Stepped]] = {
    Phase.LANGUAGE: _no_language,
    Phase.ENTRY: _entered,
    Phase.CONFIRM: _not_confirmed,
    Phase.CHOICE: _no_choice,
    Phase.TOLD: _heard,
    Phase.OFFER: _declined,
}


# -- what is made of answers


def _answered(state: CallState, answer: CallAnswer) -> Stepped:
    react = _ON_OUTCOME.get(answer.outcome)
    return react(state, answer) if react else offer(state)


def _found(state: CallState, answer: CallAnswer) -> Stepped:
    says = Say((*answer.sentences, *sentences("repeat")), state.language)
    return ask(state._replace(tries=0), Phase.TOLD, (says,), KEY)


def _not_found(state: CallState, _: CallAnswer) -> Stepped:
    state = state._replace(tries=state.tries + 1)
    if state.tries >= TRIES_MAX:
        return to_operator(state)
    read_back = Sentence("confirm_number", {"digits": state.digits})
    return ask(state, Phase.CONFIRM, (Say((read_back,), state.language),), KEY)


def _bad_length(state: CallState, answer: CallAnswer) -> Stepped:
    return failed(state, answer.sentences or sentences("not_found"))


def _ambiguous(state: CallState, answer: CallAnswer) -> Stepped:
    if len(answer.kinds) < 2 or not answer.sentences:
        return offer(state)
    state = state._replace(kinds=answer.kinds)
    return ask(state, Phase.CHOICE, (Say(answer.sentences, state.language),), KEY)


def _locked(state: CallState, _: CallAnswer) -> Stepped:
    return to_operator(state, "too_many_wrong")


_ON_OUTCOME: Mapping[CallOutcome, Callable[[CallState, CallAnswer], Stepped]] = {
    CallOutcome.FOUND: _found,
    CallOutcome.NOT_FOUND: _not_found,
    CallOutcome.BAD_LENGTH: _bad_length,
    CallOutcome.AMBIGUOUS: _ambiguous,
    CallOutcome.LOCKED: _locked,
}


def _transferred(state: CallState, *, connected: bool) -> Stepped:
    if connected:
        return state._replace(phase=Phase.DONE, asked=()), (HangUp(),)
    state = state._replace(transfers=state.transfers + 1)
    if state.transfers >= TRANSFERS_MAX or state.steps_left < 0:
        return goodbye(state)
    return offer(state)
