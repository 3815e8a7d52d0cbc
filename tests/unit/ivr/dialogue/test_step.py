from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.actions import (
    LANGUAGES,
    Action,
    Answered,
    CalledBack,
    CallEnded,
    CallStarted,
    Consult,
    Digits,
    Ending,
    Event,
    Gather,
    HangUp,
    KeepCallBack,
    Say,
    SendText,
    Texted,
    Transfer,
    TransferResult,
)
from ivr.dialogue.people import TRANSFERS_MAX
from ivr.dialogue.state import KEYS_MAX, STEPS_MAX, TEXTS_NEEDED, CallState, Phase, new_call
from ivr.dialogue.step import broken, step
from ivr.switch import CallAnswer, CallOutcome, Sentence, TextOutcome
from tests.support.dialogues import ANSWERS, NIGHT, event_of, follow, shown, started

NUMBER = "750100000000431215"
MENU = "en:menu key?"
NUMBER_EN = "en:ask_number number?"
TOLD = "en:appeal.in_review en:repeat+another_number key?"
READ_BACK = "en:confirm_number key?"
TO_OPERATOR = "en:operator transfer"
BYE = "en:goodbye hangup"
ALL = "kk:{0} ru:{0} en:{0} {1}"


def play(words: str, language: str | None = "en") -> list[str]:
    state, actions = started(language)
    return [shown(actions), *follow(state, words)[1]]


MENUS = {
    "a known caller is greeted with the menu": ("", []),
    "one is an appeal or a report": ("1 75#", [NUMBER_EN, "consult 75/appeal"]),
    "two is an inspection": ("2 75#", [NUMBER_EN, "consult 75/inspection"]),
    "three is a fine": ("3 75#", [NUMBER_EN, "consult 75/fine"]),
    "zero is an operator": ("0", [TO_OPERATOR]),
    "nine repeats the menu": ("9 9", [MENU, MENU]),
    "star leads back to the languages": (
        "* 2",
        [ALL.format("welcome", "key?"), "remember ru ru:menu key?"],
    ),
    "hash after a line does no harm": ("3#", [NUMBER_EN]),
    "a number at once is taken without a line": (
        f"{NUMBER}# !found",
        [f"consult {NUMBER}", TOLD],
    ),
    "silence: the menu again, with what is waited for, and a number may come": (
        f"- {NUMBER}#",
        ["en:silence+menu number?", f"consult {NUMBER}"],
    ),
    "a key of no line: told what is waited for": (
        "7 2 75#",
        ["en:ask_number+menu number?", NUMBER_EN, "consult 75/inspection"],
    ),
    "a line after a cleared mistake": ("- 7*3#", ["en:silence+menu number?", NUMBER_EN]),
    "star when a number may come leads back as well": (
        "- *#",
        ["en:silence+menu number?", ALL.format("welcome", "key?")],
    ),
    "three tries": (
        "- 8 -",
        ["en:silence+menu number?", "en:ask_number+menu number?", TO_OPERATOR],
    ),
    "back at the menu no line is chosen": ("1 2# 7501#", [NUMBER_EN, MENU, "consult 7501"]),
    "back from the number to the menu, and another line": (
        "1 2# 3 75#",
        [NUMBER_EN, MENU, NUMBER_EN, "consult 75/fine"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MENUS)
def test_the_menu(name: str) -> None:
    words, expected = MENUS[name]
    assert play(words) == [MENU, *expected]


NUMBERS = {
    "found: the status, and what keys there are": (
        f"{NUMBER} !found",
        [f"consult {NUMBER}/appeal", TOLD],
    ),
    "star clears, hash ends": ("111*222#", ["consult 222/appeal"]),
    "zero alone is the operator": ("0", [TO_OPERATOR]),
    "nine alone repeats the question": ("9", [NUMBER_EN]),
    "not found: read back, right, once more": (
        "7501 !absent 1 7501 !absent 1 7501 !absent",
        [
            "consult 7501/appeal", READ_BACK, "en:not_found number?",
            "consult 7501/appeal", READ_BACK, "en:not_found+no_slip number?",
            "consult 7501/appeal", TO_OPERATOR,
        ],
    ),
    "not found: keyed wrongly": ("7501 !absent 2", ["consult 7501/appeal", READ_BACK, NUMBER_EN]),
    "not found: cleared": ("7501 !absent *", ["consult 7501/appeal", READ_BACK, NUMBER_EN]),
    "silence at the read-back counts": (
        "7501 !absent - -",
        ["consult 7501/appeal", READ_BACK, "en:silence+no_slip number?", TO_OPERATOR],
    ),
    "three silences": (
        "- - -",
        ["en:silence number?", "en:silence+no_slip number?", TO_OPERATOR],
    ),
    "silence and wrong numbers are counted together": (
        "- 123 !short 123 !short",
        [
            "en:silence number?", "consult 123/appeal", "en:bad_length+no_slip number?",
            "consult 123/appeal", TO_OPERATOR,
        ],
    ),
    "two kinds: the second": (
        "7501 !two 2 !found",
        ["consult 7501/appeal", "en:ambiguous key?", "consult 7501/appeal/investigation", TOLD],
    ),
    "two kinds: neither": (
        "7501 !two 7 - 3",
        ["consult 7501/appeal", *["en:ambiguous key?"] * 3, TO_OPERATOR],
    ),
    "two kinds: another number": (
        "7501 !two *",
        ["consult 7501/appeal", "en:ambiguous key?", NUMBER_EN],
    ),
    "a call that is over stays over, and says so": (
        "7501 !found - 7501",
        ["consult 7501/appeal", TOLD, BYE, BYE],
    ),
    "an answer nobody waits for": ("!found +taken ^kept", [NUMBER_EN] * 3),
    "ten thousand keys": ("1" * 10_000, [NUMBER_EN]),
}  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_of_the_first_line(name: str) -> None:
    words, expected = NUMBERS[name]
    assert play("1 " + words) == [MENU, NUMBER_EN, *expected]


NEW_CALLERS = {
    "two is Russian": ("2", ["remember ru ru:menu key?"]),
    "hash after the choice does no harm": ("3#", ["remember en en:menu key?"]),
    "a number at once is answered in the language of the service": (
        "750100 !found",
        ["consult 750100", "kk:appeal.in_review kk:repeat+another_number key?"],
    ),
    "silence is met in three languages": (
        "- 1",
        [ALL.format("silence", "number?"), "remember kk kk:menu key?"],
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


def test_the_notice_of_recording_comes_first_and_once() -> None:
    state, actions = started("ru", notice=True)
    assert shown(actions) == "ru:recording! ru:menu key?"
    assert follow(state, "9")[1] == ["ru:menu key?"]
    _, actions = started(None, notice=True)
    assert shown(actions) == f"kk:recording! ru:recording! en:recording! {ALL}".format(
        "welcome", "key?"
    )


def test_the_read_back_holds_the_number_as_keyed() -> None:
    state, _ = follow(started("ru")[0], "1 99*061200#")
    _, actions = step(state, Answered(ANSWERS["absent"]))
    assert isinstance(actions[0], Say)
    assert actions[0].sentences == (Sentence("confirm_number", {"digits": "061200"}),)


def test_the_start_told_twice_is_answered_twice_alike() -> None:
    state, actions = started("en")
    assert step(state, CallStarted("ru"))[1] == actions


def test_a_call_that_a_restart_forgot_begins_anew() -> None:
    state, actions = step(new_call("kk", operator=True, step=7), event_of("750100"))
    assert shown(actions) == ALL.format("welcome", "key?")
    assert state.step == 8
    for event in (Answered(ANSWERS["found"]), Texted(TextOutcome.TAKEN), CalledBack(kept=True)):
        assert step(new_call("kk", operator=True), event)[1] == actions


def test_a_hang_up_needs_no_reply() -> None:
    state, actions = step(new_call("kk", operator=True), CallEnded("completed", 7))
    assert state.phase is Phase.DONE
    assert actions == ()


def test_our_own_failure_ends_with_people() -> None:
    state, actions = broken(new_call("ru", operator=True))
    assert shown(actions) == "ru:system_away+operator transfer"
    assert state.phase is Phase.TRANSFERRING


def test_our_own_failure_at_night_ends_with_the_hours() -> None:
    state, actions = broken(new_call("ru", operator=True)._replace(closed=NIGHT))
    assert shown(actions) == "ru:system_away+operators_closed+call_later+goodbye hangup"
    assert state.phase is Phase.DONE


def test_each_event_has_its_own_question_number() -> None:
    state, _ = step(new_call("kk", operator=True, step=5), CallStarted("kk"))
    assert state.step == 6
    state, _ = step(state, event_of("7501"))
    assert state.step == 7
    state, _ = step(state, Answered(ANSWERS["mobile"]))
    assert state.step == 7
    state, _ = step(state, event_of("5"))
    assert state.step == 8
    state, _ = step(state, event_of("+taken"))
    assert state.step == 8


def test_a_call_without_end_comes_to_an_operator_then_to_goodbye() -> None:
    heard = play(" ".join(["9"] * (STEPS_MAX + 2)))
    assert heard[:STEPS_MAX] == [MENU] * STEPS_MAX
    assert heard[STEPS_MAX:] == [TO_OPERATOR, BYE, BYE]


def test_no_queue_keeps_a_call_beyond_its_steps() -> None:
    assert play("9 " * STEPS_MAX + "~no")[-1] == "en:operators_busy+call_later+goodbye hangup"


KEYS = st.one_of(
    st.sampled_from(["", *"0123569*#", "7501", "1*2#", "*#", NUMBER + "#"]),
    st.text(max_size=KEYS_MAX + 2),
)
INSIDE = st.one_of(
    st.builds(Answered, st.sampled_from(list(ANSWERS.values()))),
    st.builds(Texted, st.sampled_from(TextOutcome)),
    st.builds(CalledBack, st.booleans()),
)
OUTSIDE = st.one_of(
    st.builds(CallStarted, st.sampled_from([None, *LANGUAGES, "xx"])),
    st.builds(Digits, KEYS, st.sampled_from(Ending)),
    st.builds(TransferResult, st.booleans(), st.none() | st.integers(0, 9), st.integers(-1, 2_000)),
)
EVENTS: st.SearchStrategy[Event] = st.one_of(OUTSIDE, INSIDE, st.just(CallEnded("completed")))
CLOSED = st.none() | st.tuples(st.integers(0, 24), st.integers(0, 24))
# An event, and whether people are there and the caller can be called back when it comes.
MOMENTS = st.tuples(EVENTS, CLOSED, st.booleans())
STARTS = st.builds(
    new_call,
    st.sampled_from(LANGUAGES),
    operator=st.booleans(),
    step=st.integers(0, 5),
    notice=st.booleans(),
)
WAITS = (Consult, SendText, KeepCallBack)  # the gateway answers at once


@given(STARTS, st.lists(MOMENTS, max_size=60))
def test_every_event_ends_in_a_question_a_transfer_or_a_goodbye(
    state: CallState, moments: list[tuple[Event, tuple[int, int] | None, bool]]
) -> None:
    for event, closed, known in moments:
        before = state._replace(closed=closed, callable=known)
        state, actions = step(before, event)
        if isinstance(event, CallEnded):
            assert actions == ()
            continue
        said = [s.id for a in actions if isinstance(a, Say) for s in a.sentences]
        match actions[-1]:
            case Gather():
                assert said
                assert state.asked
            case Transfer():
                assert said[-1] == "operator"
                assert state.phase is Phase.TRANSFERRING
                assert state.transfers < TRANSFERS_MAX
                assert before.phase is Phase.TRANSFERRING or (closed is None and state.operator)
            case HangUp():
                assert said[-1] == "goodbye"
                assert state.phase is Phase.DONE
            case waiting:
                assert isinstance(waiting, WAITS)
        assert sum(isinstance(each, (Gather, Transfer, HangUp, *WAITS)) for each in actions) == 1


def gateway_answers(action: Action, answer: CallAnswer) -> Event:
    if isinstance(action, Consult):
        return Answered(answer)
    return Texted(TextOutcome.OWED) if isinstance(action, SendText) else CalledBack(kept=False)


@given(
    STARTS,
    st.lists(OUTSIDE, min_size=STEPS_MAX + 4, max_size=STEPS_MAX + 10),
    st.lists(st.sampled_from(list(ANSWERS.values())), min_size=1),
)
def test_no_call_goes_on_for_ever(
    state: CallState, events: list[Event], answers: list[CallAnswer]
) -> None:
    asked = 0
    for at, event in enumerate(events):
        state, actions = step(state, event)
        while isinstance(actions[-1], WAITS):
            asked += 1
            state, actions = step(
                state, gateway_answers(actions[-1], answers[asked % len(answers)])
            )
        if at > STEPS_MAX + 1:
            assert state.phase is Phase.DONE
    assert asked <= STEPS_MAX


@given(STARTS, st.lists(OUTSIDE, max_size=30), st.booleans())
def test_whatever_is_said_is_in_the_catalogue(
    state: CallState, events: list[Event], open_now: bool
) -> None:
    state = state._replace(closed=None if open_now else NIGHT, callable=True)
    for event in events:
        state, actions = step(state, event)
        while isinstance(actions[-1], WAITS):
            state, actions = step(state, gateway_answers(actions[-1], ANSWERS["away-mobile"]))
        for action in actions:
            if isinstance(action, Say):
                assert {sentence.id for sentence in action.sentences} <= set(TEXTS_NEEDED)


@pytest.mark.parametrize("outcome", CallOutcome)
def test_every_outcome_has_its_answer(outcome: CallOutcome) -> None:
    state, _ = follow(started("en")[0], "7501")
    _, actions = step(state, Answered(CallAnswer(outcome, ())))
    assert isinstance(actions[-1], Gather | Transfer)


def test_nobody_is_handed_over_before_the_notice_was_heard() -> None:
    """The talk with the operator may be recorded as well."""
    _, actions = broken(new_call("ru", operator=True, notice=True))
    notice = "kk:recording! ru:recording! en:recording! "
    assert shown(actions) == notice + "ru:system_away+operator transfer"
    begun, _ = started("en", notice=True)
    assert shown(broken(begun)[1]) == "en:system_away+operator transfer"
