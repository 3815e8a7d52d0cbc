"""Transfers, opening hours, the queue, call-backs."""

from __future__ import annotations

import pytest

from ivr.actions import Say
from ivr.dialogue.people import TRANSFERS_MAX
from ivr.dialogue.step import step
from ivr.switch import Sentence
from tests.support.dialogues import NIGHT, event_of, follow, shown, started

MENU = "en:menu key?"
NUMBER = "en:ask_number number?"
TO_OPERATOR = "en:operator transfer"
QUEUE = "en:queue key?"
WAIT = "en:queue_wait key?"
BYE = "en:goodbye hangup"
BUSY = "en:operators_busy+call_later+goodbye hangup"
TOLD = "en:appeal.in_review en:repeat+another_number key?"

QUEUES = {
    "after a conversation: goodbye": ("0 ~yes", [TO_OPERATOR, BYE]),
    "busy: the queue, one more attempt for those who wait": (
        "0 ~no - ~yes",
        [TO_OPERATOR, QUEUE, TO_OPERATOR, BYE],
    ),
    "any other key waits as well": ("0 ~no 7", [TO_OPERATOR, QUEUE, TO_OPERATOR]),
    "zero in the queue tries at once": ("0 ~no 0", [TO_OPERATOR, QUEUE, TO_OPERATOR]),
    "nine repeats the place": ("0 ~no 9", [TO_OPERATOR, QUEUE, QUEUE]),
    "back from the queue to a number": (
        "0 ~no 2 75 !found",
        [TO_OPERATOR, QUEUE, NUMBER, "consult 75", TOLD],
    ),
    "the last attempt ends politely": (
        "0 ~no - ~no - ~no",
        [TO_OPERATOR, QUEUE, TO_OPERATOR, QUEUE, TO_OPERATOR, BUSY],
    ),
    "a call-back, once it is kept": (
        "0 ~no 1 ^kept",
        [TO_OPERATOR, QUEUE, "keep operator", "en:call_back_kept+goodbye hangup"],
    ),
    "a call-back that could not be kept is not promised": (
        "0 ~no 1 ^lost",
        [TO_OPERATOR, QUEUE, "keep operator", "en:call_back_not_kept+operator transfer"],
    ),
    "the wish goes with the transfer, its repetition and the call-back": (
        "75 !late 1 ~no - ~no 1 ^kept",
        [
            "consult 75",
            "en:appeal.in_review en:offer_sms+sms_price+offer_follow+repeat+another_number key?",
            "en:operator transfer/complain", QUEUE, "en:operator transfer/complain", QUEUE,
            "keep complain", "en:call_back_kept+goodbye hangup",
        ],
    ),
    "who asks for people again wants people, no more": (
        "75 !late 1 ~no 2 0",
        [
            "consult 75",
            "en:appeal.in_review en:offer_sms+sms_price+offer_follow+repeat+another_number key?",
            "en:operator transfer/complain", QUEUE, NUMBER, TO_OPERATOR,
        ],
    ),
    "the end of our patience is no wish": (
        "75 !late 1 ~no 2 - - -",
        [
            "consult 75",
            "en:appeal.in_review en:offer_sms+sms_price+offer_follow+repeat+another_number key?",
            "en:operator transfer/complain", QUEUE, NUMBER, "en:silence number?",
            "en:silence+no_slip number?", TO_OPERATOR,
        ],
    ),
    "after the last attempt nobody is promised": (
        "0 ~no 2 0 ~no 2 0 ~no",
        [TO_OPERATOR, QUEUE, NUMBER, TO_OPERATOR, QUEUE, NUMBER, TO_OPERATOR, BUSY],
    ),
    "keys while being transferred": ("0 123", [TO_OPERATOR, TO_OPERATOR]),
}  # fmt: skip


@pytest.mark.parametrize("name", QUEUES)
def test_a_caller_who_can_be_called_back(name: str) -> None:
    words, expected = QUEUES[name]
    assert follow(started(reachable=True)[0], words)[1] == expected


def test_who_cannot_be_called_back_is_not_offered_it() -> None:
    state, _ = started(reachable=False)
    assert follow(state, "0 ~no 1")[1] == [TO_OPERATOR, WAIT, TO_OPERATOR]


def test_the_place_in_the_queue_is_told() -> None:
    state, _ = follow(started(reachable=True)[0], "0")
    for told, place in (("~no4", 4), ("~no0", 1)):
        _, actions = step(state, event_of(told))
        assert isinstance(actions[0], Say)
        assert actions[0].sentences == (Sentence("queue", {"k": place}),)


CLOSED = {
    "at the menu: told, and asked again": (
        "0 1",
        ["en:operators_closed en:menu key?", NUMBER],
    ),
    "at the number: told, and asked again": (
        "1 0 75",
        [NUMBER, f"en:operators_closed {NUMBER}", "consult 75/appeal"],
    ),
    "what a text offers, only when people are there": (
        "75 !late 1 9",
        [
            "consult 75",
            "en:appeal.in_review en:offer_sms+sms_price+repeat+another_number key?",
            "en:operators_closed en:appeal.in_review"
            " en:offer_sms+sms_price+repeat+another_number key?",
            "en:appeal.in_review en:offer_sms+sms_price+repeat+another_number key?",
        ],
    ),
    "three tries: nothing to go back to": (
        "- - -",
        [
            "en:silence+menu number?", "en:silence+menu number?",
            "en:operators_closed+call_later+goodbye hangup",
        ],
    ),
    "too many wrong numbers": (
        "75 !locked",
        ["consult 75", "en:too_many_wrong+operators_closed+call_later+goodbye hangup"],
    ),
    "no source answers": (
        "75 !away 2",
        ["consult 75", "en:system_away+call_later+another_number key?", NUMBER],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CLOSED)
def test_outside_the_hours(name: str) -> None:
    words, expected = CLOSED[name]
    assert follow(started(closed=NIGHT)[0], words)[1] == expected


def test_the_hours_told_are_those_of_the_operators() -> None:
    _, actions = step(started(closed=(8, 20))[0], event_of("0"))
    assert isinstance(actions[0], Say)
    assert actions[0].sentences == (Sentence("operators_closed", {"from_hour": 8, "to_hour": 20}),)


def test_the_hours_may_end_while_a_caller_waits() -> None:
    state, _ = follow(started(reachable=True)[0], "0 ~no")
    state, actions = step(state._replace(closed=NIGHT), event_of("-"))
    assert shown(actions) == "en:operators_closed+call_later+goodbye hangup"
    state, _ = follow(started(reachable=True)[0], "0")
    _, actions = step(state._replace(closed=NIGHT), event_of("~no"))
    assert shown(actions) == "en:operators_closed+call_later+goodbye hangup"


NOBODY = {
    "at the menu": ("0", "en:no_operator en:menu key?"),
    "three silences": ("- - -", "en:no_operator+call_later+goodbye hangup"),
    "locked": ("75 !locked", "en:too_many_wrong+no_operator+call_later+goodbye hangup"),
    "a wish": (
        "75 !late 1",
        "en:no_operator en:appeal.in_review"
        " en:offer_sms+sms_price+repeat+another_number key?",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NOBODY)
def test_no_operator_is_promised_where_there_is_none(name: str) -> None:
    words, last = NOBODY[name]
    assert follow(started(operator=False)[0], words)[1][-1] == last


def test_the_attempts_of_one_call_are_counted() -> None:
    _, heard = follow(started()[0], "0 ~no " + "- ~no " * 9)
    assert sum("transfer" in each for each in heard) == TRANSFERS_MAX
    assert heard[-1] == BYE
