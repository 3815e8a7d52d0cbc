from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.folding import capitals, fold
from gateway.core.languages import guess
from tests.support.rules import rules


def language(typed: str) -> str | None:
    text = fold(typed)
    return guess(text, rules().words.scan(capitals(text)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("өтінішім қайда", "kk"),
        ("Здравствуйте, обращение в Ақтөбе", "kk"),
        ("Салем отинишим кашан каралады", "kk"),
        ("салем не болды", "kk"),
        ("salem ne boldy", "kk"),
        ("рахмет", "kk"),
        ("айыппул", "kk"),
        ("иә", "kk"),
        ("арыз", "kk"),
        ("Когда будет ответ", "ru"),
        ("улица Абая", "ru"),
        ("obrashenie gde otvet", "ru"),
        ("zdravstvuite", "ru"),
        ("номер", "ru"),
        ("HOMEP", "ru"),
        ("штраф", "ru"),
        ("да", "ru"),
        ("рахмет, обращение", "ru"),  # as many words of each, and no Kazakh letter
        ("Hi, status pls", "en"),
        ("gibberish words", "en"),
        ("help", "en"),
        ("hello status pls рахмет", "en"),
        ("the status, спасибо", "en"),
        ("статус, hello", "ru"),
        ("талон", None),
        ("акт", None),
        ("AKT", None),
        ("СТОП", None),
        ("stop", None),
        ("ok", None),
        ("N", None),
        ("Ж", None),
        ("x", None),
        ("سلام 你好", None),
        ("12345 ?!", None),
        ("", None),
    ],
)
def test_the_words_of_a_text_tell_its_language(text: str, expected: str | None) -> None:
    assert language(text) == expected


def test_a_kazakh_letter_outside_the_words_tells_nothing() -> None:
    assert guess("іі talon", rules().words.scan(",, TALON")) is None


@given(st.text())
def test_any_text_has_a_language_or_none(text: str) -> None:
    assert language(text) in ("kk", "ru", "en", None)
