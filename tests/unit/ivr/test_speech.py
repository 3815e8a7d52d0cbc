from __future__ import annotations

import re
from datetime import date

import pytest

from ivr.actions import Say
from ivr.speech import phrase, speak
from ivr.switch import Sentence, SpokenValue
from tests.support.call_desk import BODY, voice_texts

DAY = date(2026, 12, 15)
VALUES: dict[str, SpokenValue] = {
    "base": BODY, "asof": DAY,
    "body": BODY, "d": DAY, "due": DAY, "from": DAY, "to": DAY, "k": 3, "days": 9, "sum": 8650,
    "half": 4325, "price": 0, "got": 3, "want": "8/15/18", "ref": "10000012", "digits": "061200",
    "status": {"kk": "қаралуда", "ru": "на рассмотрении", "en": "in review"},
    "outcome": {"kk": "берілді", "ru": "удовлетворено", "en": "granted"},
    "kind1": {"kk": "арыз", "ru": "заявление", "en": "report"},
    "kind2": {"kk": "іс", "ru": "дело", "en": "case"},
}  # fmt: skip
TEXTS = voice_texts()


def said(text_id: str, language: str) -> str:
    return speak(TEXTS[text_id][language], VALUES, language, 2026)


def test_dates_and_names_become_words() -> None:
    assert said("appeal.in_review", "ru") == (
        "Ваше обращение рассматривает акимат Атырауской области. Срок ответа — пятнадцатое декабря."
    )
    assert said("appeal.in_review", "kk") == (
        "Өтінішіңізді қазір Атырау облысының әкімдігі қарап жатыр. "
        "Жауап беру мерзімі — он бесінші желтоқсан."
    )
    assert said("appeal.in_review", "en") == (
        "Your appeal is being considered by Atyrau akimat. "
        "A reply is due by the fifteenth of December."
    )


def test_forms_carry_grammar() -> None:
    assert said("insp.registered", "ru").endswith(
        "Срок проверки: с пятнадцатого декабря по пятнадцатое декабря."
    )
    assert "перенаправляли три раза." in said("appeal.forwarded_many", "ru")
    assert "прошло девять дней." in said("appeal.overdue", "ru")
    assert "it is now nine days late" in said("appeal.overdue", "en")
    assert "тоғыз күн болды" in said("appeal.overdue", "kk")
    assert "forwarded three times" in said("appeal.forwarded_many", "en")


def test_numbers_are_read_out_and_counts_are_not() -> None:
    assert said("confirm_number", "ru").startswith("Вы набрали: ноль шесть один, два ноль ноль.")
    assert "one zero zero, zero zero zero, one two" in said("fine.paid_but_enforced", "en")
    assert "восемь тысяч шестьсот пятьдесят тенге" in said("fine.unpaid", "ru")
    assert said("bad_length", "en") == (
        "You entered three digits, but eight, fifteen or eighteen are needed. Please try again."
    )


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
@pytest.mark.parametrize("text_id", TEXTS)
def test_every_shipped_text_can_be_spoken(text_id: str, language: str) -> None:
    assert not re.search(r"[{}0-9]", said(text_id, language))


def test_a_body_named_in_one_language_is_named_in_that() -> None:
    assert speak("{body}!", {"body": {"ru": "акимат"}}, "en", 2026) == "акимат!"
    assert speak("{body}!", {"body": {}}, "en", 2026) == "!"


def test_a_missing_value_is_our_mistake() -> None:
    with pytest.raises(KeyError, match="due_gen"):
        speak("{due_gen}", {}, "ru", 2026)


@pytest.mark.parametrize(
    ("template", "value"), [("{x_times}", DAY), ("{x_gen}", 3), ("{x_gen}", "words")]
)
def test_a_form_that_does_not_go_with_its_value_is_our_mistake(
    template: str, value: SpokenValue
) -> None:
    with pytest.raises(TypeError, match="x_"):
        speak(template, {"x": value}, "ru", 2026)


def test_what_tells_of_a_ticket_is_private() -> None:
    fixed = Sentence("repeat", {})
    own = Sentence("appeal.suspended", {"d": DAY})
    assert not phrase(Say((fixed,), "en"), TEXTS, 2026).private
    told = phrase(Say((own, fixed), "en"), TEXTS, 2026)
    assert told.private
    assert told.text.endswith("press zero. To hear this again, press nine.")
