from __future__ import annotations

import pytest

from gateway.core.commands import Said, weigh
from gateway.core.folding import capitals, fold
from gateway.core.word_entries import Sign
from tests.support.rules import rules


def said(typed: str) -> Said:
    return weigh(rules().words.scan(capitals(fold(typed))))


def meant(typed: str, number_at: int | None = None) -> str | None:
    words = said(typed)
    return words.command.value if words.command and words.acts(number_at) else None


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("СТОП", "stop"),
        ("стоп хватит слать мне это", "stop"),
        ("Здравствуйте, стоп пожалуйста", "stop"),
        ("хватит стоп", None),
        ("незаконно проверяют на улице Абая", "illegal_inspection"),
        ("проверка незаконна", "illegal_inspection"),
        ("меня проверяют незаконно", None),
        ("жалоба", "disagree"),
        ("жалоба на ответ", "disagree"),
        ("жалоба на соседей шумят", None),
        ("не согласен с этим ответом вообще никак", "disagree"),
        ("дали ответ не согласен", None),
        ("вот моя жалоба", None),
        ("привет", None),
        ("", None),
    ],
)
def test_a_command_counts_first_or_alone(text: str, command: str | None) -> None:
    assert meant(text) == command


@pytest.mark.parametrize(
    ("text", "number_at", "command"),
    [
        ("СТОП талон", 11, "stop"),
        ("стоп больше не пишите", 5, "stop"),
        ("больше не пишите", 0, None),
        ("подписка хочу знать", 30, "subscribe"),
        ("подписка хочу знать", 0, None),  # the number came first: a sentence
        ("подписка", 0, "subscribe"),
        ("жалоба", 7, "disagree"),
        ("жалоба не рассмотрена", 7, None),
    ],
)
def test_in_a_sentence_about_a_number_only_a_first_command_counts(
    text: str, number_at: int, command: str | None
) -> None:
    assert meant(text, number_at) == command


def test_without_a_command_nothing_is_meant() -> None:
    assert not said("привет").acts(None)


def test_the_first_of_two_commands_is_the_one() -> None:
    assert meant("стоп помощь") == "stop"


@pytest.mark.parametrize(
    ("text", "language"),
    [("ҚАЗ", "kk"), ("на русском языке", "ru"), ("kaz eng", "kk"), ("сайт kz", ""), ("", "")],
)
def test_a_language_is_named_first_or_alone(text: str, language: str) -> None:
    assert said(text).language == language


def test_the_words_are_weighed_together() -> None:
    words = said("спасибо, но ссылка и код все")
    assert (words.length, words.unknown, words.thanks, words.every) == (6, 4, True, True)
    assert words.shows(Sign.SCAM.value)
    assert not words.shows(Sign.SCAM.value | Sign.CALL.value)
    assert not words.alone
    assert not words.few
    assert said("спасибо большое").alone
