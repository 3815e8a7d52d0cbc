from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.actions import (
    Action,
    Answered,
    CallEnded,
    CallStarted,
    Consult,
    Digits,
    Ending,
    Event,
    Gather,
    HangUp,
    RememberLanguage,
    Say,
    Transfer,
    TransferResult,
)
from ivr.dialogue import broken, step
from ivr.dialogue_state import KEYS_MAX, STEPS_MAX, CallState, Phase, new_call
from ivr.switch import CallAnswer, CallOutcome, Sentence

NUMBER = "750100000000431215"
STATUS = Sentence("appeal.in_review", {"due": date(2026, 12, 15)})
FOUND = CallAnswer(CallOutcome.FOUND, (STATUS,))
NOT_FOUND = CallAnswer(CallOutcome.NOT_FOUND, ())
BAD_LENGTH = CallAnswer(CallOutcome.BAD_LENGTH, (Sentence("bad_length", {"got": 3, "want": "8"}),))
TWO = CallAnswer(
    CallOutcome.AMBIGUOUS,
    (Sentence("ambiguous", {"kind1": "report", "kind2": "case"}),),
    ("crime_report", "investigation"),
)
LOCKED = CallAnswer(CallOutcome.LOCKED, ())
AWAY = CallAnswer(CallOutcome.UNAVAILABLE, ())
ANSWERS = {
    "found": FOUND, "absent": NOT_FOUND, "short": BAD_LENGTH, "two": TWO, "locked": LOCKED,
    "away": AWAY,
}  # fmt: skip


def shown(actions: tuple[Action, ...]) -> str:
    """Actions in brief: what is said in which language, and how it goes on."""
    words = []
    for action in actions:
        match action:
            case Say():
                ids = "+".join(sentence.id for sentence in action.sentences)
                words.append(f"{action.language}:{ids}")
            case Gather():
                words.append("number?" if action.max_keys > 1 else "key?")
            case Consult():
                kind = f"/{action.kind}" if action.kind else ""
                words.append(f"consult {action.digits}{kind}")
            case RememberLanguage():
                words.append(f"remember {action.language}")
            case Transfer():
                words.append("transfer")
            case HangUp():
                words.append("hangup")
    return " ".join(words)


def event_of(word: str) -> Event:
    """`-` is silence, `!found` an answer, `~no` the result of a transfer; else keys."""
    if word == "-":
        return Digits("", Ending.EMPTY)
    if word.startswith("!"):
        return Answered(ANSWERS[word[1:]])
    if word.startswith("~"):
        return TransferResult(word == "~yes")
    return Digits(word, Ending.COMPLETE)


def play(words: str, language: str | None = "en", *, operator: bool = True) -> list[str]:
    state, actions = step(new_call("kk", operator=operator), CallStarted(language))
    heard = [shown(actions)]
    for word in words.split():
        state, actions = step(state, event_of(word))
        heard.append(shown(actions))
    return heard


NUMBER_EN = "en:ask_number number?"
TOLD = "en:appeal.in_review+repeat key?"
READ_BACK = "en:confirm_number key?"
TO_OPERATOR = "en:operator transfer"
BYE = "en:goodbye hangup"
ALL = "kk:{0} ru:{0} en:{0} {1}"

DIALOGUES = {
    "a known caller is asked for the number at once": ("", [NUMBER_EN]),
    "found: the status, and what keys there are": (
        f"{NUMBER} !found",
        [NUMBER_EN, f"consult {NUMBER}", TOLD],
    ),
    "repeated as often as asked": (
        "7501 !found 9 9",
        [NUMBER_EN, "consult 7501", TOLD, TOLD, TOLD],
    ),
    "silence after the status ends politely": (
        "7501 !found -",
        [NUMBER_EN, "consult 7501", TOLD, BYE],
    ),
    "what a text offers to take, people take": (
        "7501 !found 1 ~yes",
        [NUMBER_EN, "consult 7501", TOLD, TO_OPERATOR, "hangup"],
    ),
    "back to another number": (
        "7501 !found 2 7502 !found",
        [NUMBER_EN, "consult 7501", TOLD, NUMBER_EN, "consult 7502", TOLD],
    ),
    "a status forgives what was tried before": (
        "- - 7501 !found 2 -",
        [
            NUMBER_EN, "en:silence number?", "en:silence+no_slip number?", "consult 7501", TOLD,
            NUMBER_EN, "en:silence number?",
        ],
    ),
    "a key that is not offered gets the offer again": (
        "7501 !found 5 6 7",
        [NUMBER_EN, "consult 7501", TOLD, "en:repeat key?", "en:repeat key?", BYE],
    ),
    "star clears, hash ends": ("111*222#", [NUMBER_EN, "consult 222"]),
    "zero alone is the operator": ("0", [NUMBER_EN, TO_OPERATOR]),
    "nine alone repeats the question": ("9", [NUMBER_EN, NUMBER_EN]),
    "not found: read back, right, once more": (
        "7501 !absent 1 7501 !absent 1 7501 !absent",
        [
            NUMBER_EN, "consult 7501", READ_BACK, "en:not_found number?",
            "consult 7501", READ_BACK, "en:not_found+no_slip number?",
            "consult 7501", TO_OPERATOR,
        ],
    ),
    "not found: keyed wrongly": (
        "7501 !absent 2",
        [NUMBER_EN, "consult 7501", READ_BACK, NUMBER_EN],
    ),
    "silence at the read-back counts": (
        "7501 !absent - -",
        [NUMBER_EN, "consult 7501", READ_BACK, "en:silence+no_slip number?", TO_OPERATOR],
    ),
    "three silences": (
        "- - -",
        [NUMBER_EN, "en:silence number?", "en:silence+no_slip number?", TO_OPERATOR],
    ),
    "silence and wrong numbers are counted together": (
        "- 123 !short 123 !short",
        [
            NUMBER_EN, "en:silence number?", "consult 123", "en:bad_length+no_slip number?",
            "consult 123", TO_OPERATOR,
        ],
    ),
    "two kinds: the second": (
        "7501 !two 2 !found",
        [NUMBER_EN, "consult 7501", "en:ambiguous key?", "consult 7501/investigation", TOLD],
    ),
    "two kinds: neither": (
        "7501 !two 7 - 3",
        [NUMBER_EN, "consult 7501", *["en:ambiguous key?"] * 3, TO_OPERATOR],
    ),
    "locked": ("7501 !locked", [NUMBER_EN, "consult 7501", "en:too_many_wrong transfer"]),
    "unavailable: an operator if one likes": (
        "7501 !away 0",
        [NUMBER_EN, "consult 7501", "en:unavailable_landline key?", TO_OPERATOR],
    ),
    "unavailable: or later": (
        "7501 !away -",
        [NUMBER_EN, "consult 7501", "en:unavailable_landline key?", BYE],
    ),
    "no operator answers, twice": (
        "0 ~no 0 ~no",
        [NUMBER_EN, TO_OPERATOR, "en:unavailable_landline key?", TO_OPERATOR, BYE],
    ),
    "keys while being transferred": ("0 123", [NUMBER_EN, TO_OPERATOR, TO_OPERATOR]),
    "a call that is over stays over": (
        "7501 !found - 7501",
        [NUMBER_EN, "consult 7501", TOLD, BYE, "hangup"],
    ),
    "an answer nobody waits for": ("!found", [NUMBER_EN, NUMBER_EN]),
    "ten thousand keys": ("1" * 10_000, [NUMBER_EN, NUMBER_EN]),
}  # fmt: skip


@pytest.mark.parametrize("name", DIALOGUES)
def test_a_dialogue_with_a_known_caller(name: str) -> None:
    words, expected = DIALOGUES[name]
    assert play(words) == expected


NEW_CALLERS = {
    "two is Russian": ("2", ["remember ru ru:ask_number number?"]),
    "hash after the choice does no harm": ("3#", ["remember en en:ask_number number?"]),
    "a number at once is answered in the language of the service": (
        "750100 !found",
        ["consult 750100", "kk:appeal.in_review+repeat key?"],
    ),
    "silence is met in three languages": (
        "- 1",
        [ALL.format("silence", "number?"), "remember kk kk:ask_number number?"],
    ),
    "each prompt differs": (
        "7 8 -",
        [
            ALL.format("welcome", "key?"),
            ALL.format("ask_number", "number?"),
            "kk:operator transfer",
        ],
    ),
    "repeat": ("9", [ALL.format("welcome", "key?")]),
    "operator": ("0", ["kk:operator transfer"]),
}


@pytest.mark.parametrize("name", NEW_CALLERS)
def test_a_dialogue_with_a_new_caller(name: str) -> None:
    words, expected = NEW_CALLERS[name]
    assert play(words, None) == [ALL.format("welcome", "key?"), *expected]


def test_a_language_we_do_not_speak_counts_as_none() -> None:
    assert play("", "de") == [ALL.format("welcome", "key?")]


@pytest.mark.parametrize("words", ["0", "- - -", "7501 !locked", "7501 !found 1"])
def test_no_operator_is_promised_where_there_is_none(words: str) -> None:
    assert play(words, operator=False)[-1] == "en:unavailable_landline+goodbye hangup"


def test_an_answer_without_its_texts_is_an_offer_of_people() -> None:
    state, _ = step(new_call("ru", operator=True), CallStarted("ru"))
    asking, _ = step(state, event_of("7501"))
    _, actions = step(asking, Answered(CallAnswer(CallOutcome.AMBIGUOUS, (), ())))
    assert shown(actions) == "ru:unavailable_landline key?"
    _, actions = step(asking, Answered(CallAnswer(CallOutcome.BAD_LENGTH, ())))
    assert shown(actions) == "ru:not_found number?"


def test_the_read_back_holds_the_number_as_keyed() -> None:
    state, _ = step(new_call("ru", operator=True), CallStarted("ru"))
    state, _ = step(state, event_of("99*061200"))
    _, actions = step(state, Answered(NOT_FOUND))
    assert isinstance(actions[0], Say)
    assert actions[0].sentences == (Sentence("confirm_number", {"digits": "061200"}),)


def test_the_start_told_twice_is_answered_twice_alike() -> None:
    state, actions = step(new_call("kk", operator=True), CallStarted("en"))
    assert step(state, CallStarted("ru"))[1] == actions


def test_a_hang_up_needs_no_reply() -> None:
    state, actions = step(new_call("kk", operator=True), CallEnded("completed", 7))
    assert state.phase is Phase.DONE
    assert actions == ()


def test_our_own_failure_ends_with_people() -> None:
    state, actions = broken(new_call("ru", operator=True))
    assert shown(actions) == "ru:unavailable_landline transfer"
    assert state.phase is Phase.TRANSFERRING


def test_each_event_has_its_own_question_number() -> None:
    state, _ = step(new_call("kk", operator=True, step=5), CallStarted("kk"))
    assert state.step == 6
    state, _ = step(state, event_of("7501"))
    assert state.step == 7
    state, _ = step(state, Answered(FOUND))
    assert state.step == 7


def test_a_call_without_end_comes_to_an_operator_then_to_goodbye() -> None:
    heard = play(" ".join(["9"] * (STEPS_MAX + 2)))
    assert heard[:STEPS_MAX] == [NUMBER_EN] * STEPS_MAX
    assert heard[STEPS_MAX:] == [TO_OPERATOR, BYE, "hangup"]


KEYS = st.one_of(
    st.sampled_from(["", "0", "1", "2", "3", "5", "9", "*", "#", "7501", "1*2#"]),
    st.text(max_size=KEYS_MAX + 2),
)
EVENTS = st.one_of(
    st.builds(CallStarted, st.sampled_from([None, "kk", "ru", "en", "xx"])),
    st.builds(Digits, KEYS, st.sampled_from(Ending)),
    st.builds(Answered, st.sampled_from([*ANSWERS.values(), CallAnswer(CallOutcome.FOUND, ())])),
    st.builds(TransferResult, st.booleans()),
    st.just(CallEnded("completed")),
)


def ends_well(state: CallState, actions: tuple[Action, ...]) -> bool:
    if not actions:
        return state.phase is Phase.DONE
    return isinstance(actions[-1], Gather | Transfer | HangUp | Consult)


@given(st.booleans(), st.lists(EVENTS, max_size=60))
def test_any_event_in_any_state_has_a_reply(operator: bool, events: list[Event]) -> None:
    state = new_call("kk", operator=operator)
    for event in events:
        before = state.phase
        state, actions = step(state, event)
        if before is not Phase.NEW or not isinstance(event, Answered):
            assert ends_well(state, actions)
        if any(isinstance(action, HangUp) for action in actions) and before not in {
            Phase.DONE, Phase.TRANSFERRING, Phase.NEW,
        } and not isinstance(event, TransferResult):  # fmt: skip
            assert isinstance(actions[0], Say)
            assert actions[0].sentences[-1].id == "goodbye"


@given(st.lists(EVENTS, min_size=STEPS_MAX + 4, max_size=STEPS_MAX + 40))
def test_no_call_goes_on_for_ever(events: list[Event]) -> None:
    state = new_call("kk", operator=True)
    steps = 0
    for event in events:
        state, actions = step(state, event)
        if actions and isinstance(actions[-1], Consult):
            state, actions = step(state, Answered(NOT_FOUND))
        steps += not isinstance(event, Answered | CallEnded)
        if steps >= STEPS_MAX + 3:
            assert state.phase is Phase.DONE
