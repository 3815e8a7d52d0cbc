"""What is made of answers: told, texted, offered."""

from __future__ import annotations

import pytest

from ivr.actions import Say
from ivr.dialogue.step import step
from ivr.switch import Sentence
from tests.support.dialogues import event_of, follow, started

ASK = "consult 75"
OPTIONS = "en:repeat+another_number"
TOLD = f"en:appeal.in_review {OPTIONS} key?"
MOBILE = "en:appeal.in_review en:offer_sms+sms_price+offer_follow+repeat+another_number key?"
FREE = "en:appeal.in_review en:offer_sms+offer_follow+repeat+another_number key?"
NUMBER = "en:ask_number number?"
BYE = "en:goodbye hangup"
UNAVAILABLE = "en:unavailable key?"

DIALOGUES = {
    "a landline or hidden caller is offered no SMS": ("!found", [TOLD]),
    "an SMS that costs nothing has no price": ("!free", [FREE]),
    "repeated as often as asked": ("!found 9 9", [TOLD, TOLD, TOLD]),
    "silence after the status ends politely": ("!found -", [TOLD, BYE]),
    "back to another number": ("!found 2 76 !found", [TOLD, NUMBER, "consult 76", TOLD]),
    "star is another number as well": ("!found *", [TOLD, NUMBER]),
    "a status forgives what was tried before": (
        "!found 2 - - 76 !found 2 -",
        [
            TOLD, NUMBER, "en:silence number?", "en:silence+no_slip number?", "consult 76", TOLD,
            NUMBER, "en:silence number?",
        ],
    ),
    "a key that is not offered gets the offer again": (
        "!found 7 5 1",
        [TOLD, f"{OPTIONS} key?", f"{OPTIONS} key?", BYE],
    ),
    "five: on its way, and asked for once": (
        "!mobile 5 +taken 5 9",
        [
            MOBILE, "text 75", "en:sms_sent+repeat+another_number key?", f"{OPTIONS} key?", TOLD,
        ],
    ),
    "five: later": (
        "!mobile 5 +owed",
        [MOBILE, "text 75", "en:sms_later+repeat+another_number key?"],
    ),
    "five: refused, and not offered again": (
        "!mobile 5 +refused 9",
        [MOBILE, "text 75", "en:sms_refused+repeat+another_number key?", TOLD],
    ),
    "five: not stored, and offered again": (
        "!mobile 5 +unavailable 5",
        [
            MOBILE, "text 75",
            "en:sms_away+offer_sms+sms_price+offer_follow+repeat+another_number key?", "text 75",
        ],
    ),
    "six: people note down who wants to be told": (
        "!mobile 6",
        [MOBILE, "en:operator transfer/follow"],
    ),
    "one takes what the text offers": ("!late 1", [MOBILE, "en:operator transfer/complain"]),
    "zero is people without a wish": ("!late 0", [MOBILE, "en:operator transfer"]),
    "zero after a fine paid and still with the bailiff, as its text says": (
        "!paid 0",
        [TOLD, "en:operator transfer/correct"],
    ),
    "no source answers: by SMS": (
        "!away-mobile 1 +owed 2",
        [UNAVAILABLE, "text 75", "en:sms_later+another_number key?", NUMBER],
    ),
    "no source answered, yet the SMS knows more": (
        "!away-mobile 5 +taken -",
        [UNAVAILABLE, "text 75", "en:sms_sent+another_number key?", BYE],
    ),
    "promised by SMS once": (
        "!away-mobile 1 +owed 1 9",
        [
            UNAVAILABLE, "text 75", "en:sms_later+another_number key?",
            "en:sms_later+another_number key?", "en:sms_later+another_number key?",
        ],
    ),
    "no source answers, no SMS either": (
        "!away-mobile 1 +refused 0",
        [
            UNAVAILABLE, "text 75", "en:sms_refused+unavailable_landline key?",
            "en:operator transfer",
        ],
    ),
    "no source answers, nor the store": (
        "!away-mobile 1 +unavailable 1",
        [UNAVAILABLE, "text 75", "en:sms_away+unavailable key?", "text 75"],
    ),
    "no source answers to a landline": (
        "!away 1 -",
        ["en:unavailable_landline key?", "en:unavailable_landline key?", BYE],
    ),
    "no source answers, another number": ("!away 2", ["en:unavailable_landline key?", NUMBER]),
    "a wordless status is no answer": ("!wordless", ["en:unavailable_landline key?"]),
    "two kinds without their question": ("!two-wordless", ["en:unavailable_landline key?"]),
    "two kinds of which there is one": ("!two-of-one", ["en:unavailable_landline key?"]),
    "a wrong length without words": ("!short-wordless", ["en:not_found number?"]),
    "locked": ("!locked", ["en:too_many_wrong+operator transfer"]),
}  # fmt: skip


@pytest.mark.parametrize("name", DIALOGUES)
def test_an_answer(name: str) -> None:
    words, expected = DIALOGUES[name]
    state, _ = follow(started()[0], "75")
    assert follow(state, words)[1] == expected


def test_the_price_is_told() -> None:
    state, _ = follow(started()[0], "75")
    _, actions = step(state, event_of("!mobile"))
    assert isinstance(actions[1], Say)
    assert Sentence("sms_price", {"price": 15}) in actions[1].sentences


def test_the_text_asked_for_is_that_of_the_kind_chosen() -> None:
    state, _ = follow(started()[0], "1 75 !two 2 !mobile")
    assert follow(state, "5")[1] == ["text 75/appeal/investigation"]


def test_who_was_told_nothing_is_led_to_people_by_the_third_mistake() -> None:
    _, heard = follow(started()[0], "- - 75 !away 3")
    assert heard[-1] == "en:operator transfer"
    _, heard = follow(started()[0], "- - 75 !away -")
    assert heard[-1] == BYE
