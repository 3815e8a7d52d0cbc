from __future__ import annotations

import re
from datetime import date

import pytest

from ivr.actions import Piece, Say
from ivr.speech.phrases import phrase, speak
from ivr.speech.pieces import CLAUSE_PAUSE_MS, GROUP_PAUSE_MS, SENTENCE_PAUSE_MS, word_clip
from ivr.switch import Sentence, SpokenValue
from tests.support.call_desk import BODY, voice_texts

DAY = date(2026, 12, 15)
VALUES: dict[str, SpokenValue] = {
    "base": BODY, "asof": DAY,
    "body": BODY, "d": DAY, "due": DAY, "from": DAY, "to": DAY, "k": 3, "days": 9, "sum": 8650,
    "half": 4325, "price": 15, "from_hour": 9, "to_hour": 18, "got": 3,
    "want": "8/15/18", "ref": "10000012", "digits": "061200",
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


def test_hours_follow_the_language() -> None:
    assert said("operators_closed", "ru").endswith("с девяти часов до восемнадцати часов.")
    assert "сағат тоғыздан он сегізге дейін" in said("operators_closed", "kk")
    assert said("operators_closed", "en").endswith("from nine AM to six PM.")
    with pytest.raises(TypeError, match="no form gen in kk"):
        speak("{from_hour_gen}", VALUES, "kk", 2026)


def test_numbers_are_read_out_and_counts_are_not() -> None:
    assert said("confirm_number", "ru").startswith("Вы набрали: ноль шесть один, два ноль ноль.")
    assert "one zero zero, zero zero zero, one two" in said("fine.paid_but_enforced", "en")
    assert "восемь тысяч шестьсот пятьдесят тенге" in said("fine.unpaid", "ru")
    assert said("bad_length", "en") == (
        "Digits entered: three. There must be eight, fifteen or eighteen. Please try again."
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
    ("template", "value"),
    [("{x_times}", DAY), ("{x_gen}", 3), ("{x_gen}", "words"), ("{x_gen}", {"ru": "слова"})],
)
def test_a_form_that_does_not_go_with_its_value_is_our_mistake(
    template: str, value: SpokenValue
) -> None:
    with pytest.raises(TypeError, match="x_"):
        speak(template, {"x": value}, "ru", 2026)


def test_a_phrase_is_the_clips_of_its_words() -> None:
    told = Sentence("appeal.in_review", {"body": BODY, "due": DAY})
    made = phrase(Say((told, Sentence("repeat", {})), "ru"), TEXTS, 2026)
    assert made.pieces == (
        Piece("Ваше обращение рассматривает ", "appeal.in_review-1"),
        Piece("акимат Атырауской области. ", None, SENTENCE_PAUSE_MS),
        Piece("Срок ответа — ", "appeal.in_review-2", CLAUSE_PAUSE_MS),
        Piece("пятнадцатое ", "day-15"),
        Piece("декабря. ", "month-12", SENTENCE_PAUSE_MS),
        Piece("Чтобы прослушать ещё раз, нажмите девять.", "repeat"),
    )
    assert "".join(piece.text for piece in made.pieces) == made.text


def test_a_read_back_falls_on_its_last_digit() -> None:
    read_back = Sentence("confirm_number", {"digits": "061200"})
    pieces = phrase(Say((read_back,), "en"), TEXTS, 2026).pieces
    assert [piece.clip for piece in pieces] == [
        "confirm_number-1", "digit-0", "digit-6", "digit-1", "digit-2", "digit-0", "digit-0-end",
        "confirm_number-2",
    ]  # fmt: skip
    assert pieces[3] == Piece("one, ", "digit-1", GROUP_PAUSE_MS)
    assert pieces[6] == Piece("zero. ", "digit-0-end", SENTENCE_PAUSE_MS)


def test_a_count_that_ends_a_sentence_falls() -> None:
    placed = phrase(Say((Sentence("queue", {"k": 21}),), "ru"), TEXTS, 2026).pieces
    assert [piece.clip for piece in placed][1:3] == ["number-20", "digit-1-end"]


def test_names_of_statuses_are_recorded_and_names_of_bodies_are_not() -> None:
    values: dict[str, SpokenValue] = {"status": VALUES["status"], "body": BODY, "due": DAY}
    pieces = phrase(Say((Sentence("status_due", values),), "kk"), TEXTS, 2026).pieces
    clips = {piece.text.strip(" ."): piece.clip for piece in pieces}
    assert clips["қаралуда"] == word_clip("қаралуда")
    assert clips[BODY["kk"]] is None


def test_a_name_in_another_language_has_no_recording() -> None:
    sentence = Sentence("status_only", {"status": {"ru": "закрыто"}})
    pieces = phrase(Say((sentence,), "en"), TEXTS, 2026).pieces
    assert [piece.clip for piece in pieces if "закрыто" in piece.text] == [None]


def test_what_tells_of_a_ticket_is_private() -> None:
    fixed = Sentence("repeat", {})
    own = Sentence("appeal.suspended", {"d": DAY})
    assert not phrase(Say((fixed,), "en"), TEXTS, 2026).private
    told = phrase(Say((own, fixed), "en"), TEXTS, 2026)
    assert told.private
    assert told.text.endswith("press zero. To hear this again, press nine.")


def test_prices_and_hours_tell_of_nobody() -> None:
    price = Sentence("sms_price", {"price": 15})
    hours = Sentence("operators_closed", {"from_hour": 9, "to_hour": 18})
    assert not phrase(Say((price, hours), "kk"), TEXTS, 2026).private


def test_what_must_be_heard_to_its_end_stays_so() -> None:
    notice = (Sentence("recording", {}),)
    assert phrase(Say(notice, "kk", whole=True), TEXTS, 2026).whole
    assert not phrase(Say(notice, "kk"), TEXTS, 2026).whole
