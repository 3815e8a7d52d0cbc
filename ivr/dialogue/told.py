"""What is made of the gateway's answers: told, read back, chosen from, texted. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ivr.dialogue.people import can_hand_over, give_up, to_people
from ivr.dialogue.state import (
    KEY,
    TRIES_MAX,
    CallState,
    Phase,
    Stepped,
    ask,
    ask_number,
    enter,
    goodbye,
    repeat,
    say,
    send_text,
)
from ivr.switch import CallAnswer, CallOutcome, Sentence, TextOutcome, Wish

_TEXT_TOLD: Mapping[TextOutcome, str] = {
    TextOutcome.TAKEN: "sms_sent",
    TextOutcome.OWED: "sms_later",
    TextOutcome.REFUSED: "sms_refused",
    TextOutcome.UNAVAILABLE: "sms_away",
}
_PROMISED = frozenset({TextOutcome.TAKEN, TextOutcome.OWED})


def answered(state: CallState, answer: CallAnswer) -> Stepped:
    """The gateway has answered a number."""
    state = state._replace(answer=answer)
    react = _ON_OUTCOME.get(answer.outcome)
    return react(state, answer) if react else _offer(state, answer)


def texted(state: CallState, outcome: TextOutcome) -> Stepped:
    """What became of the SMS that the caller asked for."""
    answer = state.answer
    if answer is None:
        return ask_number(state)
    if outcome is not TextOutcome.UNAVAILABLE:  # on its way, or never: not to be asked for again
        answer = answer._replace(text=None)
        state = state._replace(answer=answer)
    said = _TEXT_TOLD[outcome]
    if answer.outcome is CallOutcome.FOUND:
        state, _ = _told(state, answer)  # what key 9 repeats is the answer, not this
        return state, (say(state, said, *_options(state, answer)), KEY)
    if outcome in _PROMISED:
        return ask(state, Phase.OFFER, (say(state, said, "another_number"),), KEY)
    return _offer(state, answer, said)


# -- answers


def _found(state: CallState, answer: CallAnswer) -> Stepped:
    if not answer.sentences:
        return _offer(state, answer)
    return _told(state._replace(tries=0), answer)


def _told(state: CallState, answer: CallAnswer) -> Stepped:
    says = (say(state, *answer.sentences), say(state, *_options(state, answer)))
    return ask(state, Phase.TOLD, says, KEY)


def _options(state: CallState, answer: CallAnswer) -> tuple[str | Sentence, ...]:
    """What may be pressed after a status. What its own text offers is said there."""
    options: list[str | Sentence] = []
    if answer.text is not None:
        options.append("offer_sms")
        if answer.text.price_tenge:
            options.append(Sentence("sms_price", {"price": answer.text.price_tenge}))
        if can_hand_over(state):
            options.append("offer_follow")
    return (*options, "repeat", "another_number")


def _not_found(state: CallState, _: CallAnswer) -> Stepped:
    state = state._replace(tries=state.tries + 1)
    if state.tries >= TRIES_MAX:
        return give_up(state)
    read_back = Sentence("confirm_number", {"digits": state.digits})
    return ask(state, Phase.CONFIRM, (say(state, read_back),), KEY)


def _bad_length(state: CallState, answer: CallAnswer) -> Stepped:
    return failed(state, *(answer.sentences or ("not_found",)))


def _ambiguous(state: CallState, answer: CallAnswer) -> Stepped:
    if len(answer.kinds) < 2 or not answer.sentences:
        return _offer(state, answer)
    state = state._replace(kinds=answer.kinds)
    return ask(state, Phase.CHOICE, (say(state, *answer.sentences),), KEY)


def _locked(state: CallState, _: CallAnswer) -> Stepped:
    return give_up(state, "too_many_wrong")


def _offer(state: CallState, answer: CallAnswer, *told: str) -> Stepped:
    """Nothing can be told now: the answer by SMS, people, or another number."""
    if answer.text is not None:
        told += ("unavailable",)
    elif can_hand_over(state):
        told += ("unavailable_landline",)
    else:  # nobody is promised who is not there
        told += ("system_away", "call_later", "another_number")
    return ask(state, Phase.OFFER, (say(state, *told),), KEY)


_ON_OUTCOME: Mapping[CallOutcome, Callable[[CallState, CallAnswer], Stepped]] = {
    CallOutcome.FOUND: _found,
    CallOutcome.NOT_FOUND: _not_found,
    CallOutcome.BAD_LENGTH: _bad_length,
    CallOutcome.AMBIGUOUS: _ambiguous,
    CallOutcome.LOCKED: _locked,
}


# -- keys


def failed(state: CallState, *told: str | Sentence) -> Stepped:
    """A try at the number gone wrong, told in `told`; the last one leads to people."""
    state = state._replace(tries=state.tries + 1)
    return give_up(state) if state.tries >= TRIES_MAX else enter(state, *told)


def ask_people(state: CallState) -> Stepped:
    """Key 0 after a status. A fine paid and still with the bailiff offers its correction by it."""
    wish = state.answer.wish if state.answer is not None else None
    return to_people(state, wish if wish is Wish.CORRECT else Wish.OPERATOR)


def take_offer(state: CallState) -> Stepped:
    """Key 1 after a status: what its text offers to take, people take (ruling 10: nothing is said
    to be taken that is not)."""
    wish = state.answer.wish if state.answer is not None else None
    return other_key(state, "1") if wish is None else to_people(state, wish)


def take_text(state: CallState) -> Stepped:
    """The answer by SMS, where it was offered."""
    offered = state.answer is not None and state.answer.text is not None
    return send_text(state) if offered else other_key(state, "5")


def follow(state: CallState) -> Stepped:
    """Key 6: people note down who wants to be told of changes."""
    return to_people(state, Wish.FOLLOW)


def other_key(state: CallState, keys: str) -> Stepped:
    """Silence ends the call politely; a key that means nothing gets the choice once more, and the
    last one leads to people."""
    state = state._replace(tries=state.tries + 1)
    if not keys:
        return goodbye(state)
    if state.tries >= TRIES_MAX:  # who has heard a status has what was asked for
        return goodbye(state) if state.phase is Phase.TOLD else give_up(state)
    if state.phase is Phase.TOLD and state.answer is not None:
        return state, (say(state, *_options(state, state.answer)), KEY)
    return repeat(state)
