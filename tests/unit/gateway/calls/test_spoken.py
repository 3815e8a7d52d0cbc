"""What a caller is told: the core's answer as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from gateway import config
from gateway.calls.spoken import WISHES, Spoken
from gateway.core import copied
from gateway.core import memory as remembering
from gateway.core.conversation import Moment
from gateway.core.languages import LANGUAGES
from gateway.rules import load_rules
from gateway.settings import Settings
from ivr.switch import CallAnswer, CallOutcome, CallQuestion, Sentence, TextOffer, Wish
from lookup.status import Found, NotFound, Partial, PassedOn, Status, Unavailable
from tests.support.wording import ticket

RULES = load_rules(Settings())
SPOKEN = Spoken(RULES.kinds, RULES.telling)
NOW = 1_763_600_000_000_000
OFFER = TextOffer(15)
REPORT = ticket(kind="crime_report", number="263100030000001", status="checking")
CASE = ticket(kind="investigation", number=REPORT.number, status="investigating")
APPEAL = ticket(kind="appeal", number="061200000012345678", status="in_review")
ACT = "123456789013"
MOBILE, LANDLINE = "77010000001", "77172000001"


def told(*statuses: Status, **changes: Any) -> CallAnswer:
    asked = CallQuestion(
        link="1414", call_id="c", step=1, caller=MOBILE, called="1414", menu=None,
        digits=REPORT.number, kind=None, language="ru",
    )._replace(**changes)  # fmt: skip
    reading = copied.keyed(asked.digits, asked.menu, asked.kind, asked.language, RULES.kinds)
    moment = Moment(NOW, 20_261_120, date(2026, 11, 20), 15, lambda _: True, by_sms=False)
    plan = RULES.conversation.plan(reading, remembering.EMPTY, NOW)
    turn = RULES.conversation.turn(plan, statuses[: len(plan.asked)], moment)
    turn = turn or RULES.conversation.gave_up(plan, moment)
    return SPOKEN.answer(asked, statuses, turn, moment, OFFER)


def ids(answer: CallAnswer) -> list[str]:
    return [sentence.id for sentence in answer.sentences]


def voice(language: str) -> Mapping[str, str]:
    """The texts of config/voice/, by id."""
    texts = {}
    for key, value in config.table(f"voice/{language}.toml").items():
        if isinstance(value, str):
            texts[key] = value
        elif isinstance(value, Mapping):
            texts |= {f"{key}.{name}": str(text) for name, text in value.items()}
    return texts


def test_the_silent_base_is_named_after_what_was_found() -> None:
    answer = told(Partial((REPORT,), ("kui",)), kind="crime_report")
    assert answer.outcome is CallOutcome.FOUND
    assert ids(answer)[1:] == ["base_silent"]
    assert "полиция" in str(answer.sentences[-1].values["base"])


def test_without_a_silent_base_none_is_named() -> None:
    assert "base_silent" not in ids(told(Found((REPORT,))))


def test_of_two_kinds_the_caller_is_asked_which() -> None:
    answer = told(Found((REPORT, CASE)))
    assert (answer.outcome, ids(answer)) == (CallOutcome.AMBIGUOUS, ["ambiguous"])
    assert answer.kinds == ("crime_report", "investigation")
    assert set(answer.sentences[0].values) == {"kind1", "kind2"}


@pytest.mark.parametrize("chosen", [REPORT, CASE], ids=lambda ticket: ticket.kind)
def test_of_two_kinds_the_chosen_one_is_told_wherever_it_stands(chosen: Any) -> None:
    alone = told(Found((chosen,)), kind=chosen.kind)
    assert told(Found((REPORT, CASE)), kind=chosen.kind).sentences == alone.sentences


def test_what_no_source_answered_is_unavailable() -> None:
    answer = told(Unavailable(("kui",)))
    assert (answer.outcome, answer.sentences, answer.text) == (CallOutcome.UNAVAILABLE, (), OFFER)


def test_a_number_of_no_kind_is_told_how_long_it_should_be() -> None:
    answer = told(digits="12345")
    assert (answer.outcome, ids(answer)) == (CallOutcome.BAD_LENGTH, ["bad_length"])
    assert answer.sentences[0].values == {"got": 5, "want": RULES.kinds.wanted}


@pytest.mark.parametrize("menu", ["inspection", "fine"])
def test_nobody_is_told_lengths_of_numbers_that_were_not_asked_for(menu: str) -> None:
    answer = told(digits="12345", menu=menu)
    assert (answer.outcome, ids(answer)) == (CallOutcome.BAD_LENGTH, [])
    assert ids(told(digits="12345", menu="appeal")) == ["bad_length"]


@pytest.mark.parametrize("caller", ["", LANDLINE])
def test_who_hides_and_a_landline_do_not_hear_how_an_appeal_ended(caller: str) -> None:
    closed = date(2026, 11, 2)
    refused = APPEAL._replace(status="refused", status_on=closed)
    answer = told(Found((refused,)), digits=APPEAL.number, caller=caller)
    assert answer.sentences == (Sentence("appeal.answered_other", {"d": closed}),)
    assert answer.wish is None
    undated = refused._replace(status_on=None)
    assert ids(told(Found((undated,)), digits=APPEAL.number, caller=caller)) == ["status_unknown"]
    passed_to = PassedOn("appeal", "061200000012345679", "refused", None, None)
    elsewhere = ticket(kind="service_request", number="10000142", status="passed")
    elsewhere = elsewhere._replace(passed_to=passed_to)
    assert ids(told(Found((elsewhere,)), digits="10000142", caller=MOBILE)) != ["status_unknown"]
    assert ids(told(Found((elsewhere,)), digits="10000142", caller=caller)) == ["status_unknown"]
    assert ids(told(Found((APPEAL,)), digits=APPEAL.number, caller=caller)) == ["appeal.in_review"]


def test_a_text_is_offered_with_an_answer_and_with_none_to_be_had() -> None:
    offered = {
        answer.outcome: answer.text
        for answer in (
            told(Found((REPORT,))),
            told(Found((REPORT, CASE))),
            told(NotFound()),
            told(Unavailable(("kui",))),
            told(digits="12345"),
        )
    }
    texted = {outcome for outcome, offer in offered.items() if offer is not None}
    assert texted == {CallOutcome.FOUND, CallOutcome.UNAVAILABLE}


# -- key 1


@pytest.mark.parametrize(
    ("answer", "wish"),
    [
        (told(Found((APPEAL._replace(due_on=date(2026, 11, 1)),)), digits=APPEAL.number),
         Wish.COMPLAIN),
        (told(Found((APPEAL._replace(status="refused"),)), digits=APPEAL.number), Wish.DISAGREE),
        (told(NotFound(), digits=ACT, menu="inspection"), Wish.REPORT),
        (told(Found((APPEAL,)), digits=APPEAL.number), None),
        (told(Unavailable(("kui",))), None),
    ],
)  # fmt: skip
def test_key_1_takes_what_the_text_offers(answer: CallAnswer, wish: Wish | None) -> None:
    assert answer.wish is wish, ids(answer)


def test_an_act_that_is_not_registered_is_an_answer_that_offers_a_report() -> None:
    answer = told(NotFound(), digits=ACT, menu="inspection")
    assert (answer.outcome, ids(answer)) == (CallOutcome.FOUND, ["insp.unregistered"])


def test_each_status_text_that_offers_key_1_has_a_wish_and_no_other_has() -> None:
    """The texts are config/'s: one that offers key 1 and takes nothing would be a false promise."""
    texts = voice("en")
    offering = {key for key, text in texts.items() if "." in key and "press one" in text}
    assert offering <= WISHES.keys()
    assert set(WISHES) <= texts.keys()


def test_the_three_languages_offer_key_1_alike() -> None:
    words = {"kk": "бірді", "ru": "нажмите один", "en": "press one"}
    assert set(words) == set(LANGUAGES)
    offered = {
        code: {key for key in WISHES if words[code] in voice(code)[key]} for code in LANGUAGES
    }
    assert offered["en"] == offered["ru"] == offered["kk"]
