from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.folding import capitals, fold
from gateway.core.kinds import BadTableError
from gateway.core.word_entries import UNKNOWN, Role, Sign
from gateway.core.words import Word, Words
from tests.support.rules import rules, words_table

WORDS = rules().words


def scan(text: str) -> list[Word]:
    return WORDS.scan(capitals(fold(text)))


@pytest.mark.parametrize(
    ("word", "role", "value"),
    [
        ("АКТ", Role.KIND, "inspection"),
        ("тексеру", Role.KIND, "inspection"),
        ("проверка", Role.KIND, "inspection"),
        ("INSPECTION", Role.KIND, "inspection"),
        ("штраф", Role.KIND, "fine"),
        ("айыппұл", Role.KIND, "fine"),
        ("айыппул", Role.KIND, "fine"),
        ("AIYPPUL", Role.KIND, "fine"),
        ("SHTRAF", Role.KIND, "fine"),
        ("fine", Role.KIND, "fine"),
        ("өтініш", Role.KIND, "appeal"),
        ("отинишим", Role.KIND, "appeal"),
        ("OTINISH", Role.KIND, "appeal"),
        ("обращению", Role.KIND, "appeal"),
        ("appeal", Role.KIND, "appeal"),
        ("КУИ", Role.KIND, "crime_report"),
        ("арызым", Role.KIND, "crime_report"),
        ("ARIZ", Role.KIND, "crime_report"),
        ("ЕРДР", Role.KIND, "investigation"),
        ("СДТБТ", Role.KIND, "investigation"),
        ("іс", Role.KIND, "investigation"),
        ("дело", Role.KIND, "investigation"),
    ],
)
def test_a_kind_is_named_in_any_language_and_spelling(word: str, role: Role, value: str) -> None:
    [found] = scan(word)
    assert (found.entry.role, found.entry.kind) == (role, value)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("шағым", "disagree"),
        ("шагым", "disagree"),
        ("SHAGYM", "disagree"),
        ("келіспеймін", "disagree"),
        ("жалоба", "disagree"),
        ("ZHALOBA", "disagree"),
        ("не согласен", "disagree"),
        ("НЕ СОГЛАСНА", "disagree"),
        ("disagree", "disagree"),
        ("заңсыз", "illegal_inspection"),
        ("незаконная", "illegal_inspection"),
        ("illegal", "illegal_inspection"),
        ("иә", "yes"),
        ("ИА", "yes"),
        ("да", "yes"),
        ("yes", "yes"),
        ("стоп", "stop"),
        ("CTOП", "stop"),
        ("stop", "stop"),
        ("тоқтат", "stop"),
        ("отписка", "stop"),
        ("отпишите", "stop"),
        ("жазылу", "subscribe"),
        ("подписка", "subscribe"),
        ("subscribe", "subscribe"),
        ("көмек", "help"),
        ("помощь", "help"),
        ("help", "help"),
    ],
)
def test_a_command_is_known_in_any_language_and_spelling(text: str, command: str) -> None:
    [found] = scan(text)
    assert (found.entry.role, found.entry.value) == (Role.COMMAND, command)


@pytest.mark.parametrize("text", ["талон", "талоны", "нөмір", "номири", "номер", "N", "HOMEP"])
def test_labels_say_nothing(text: str) -> None:
    [found] = scan(text)
    assert found.entry.role is Role.LABEL


@pytest.mark.parametrize(
    "text",
    [
        "ұрып", "ұрады", "өлтіреді", "олтирем", "көмектесіңіз", "зорлап", "бьёт", "избивают",
        "убивает", "убьет", "насилуют", "спасите", "beating", "kill", "rape", "help me",
    ],
)  # fmt: skip
def test_words_of_danger_carry_their_sign(text: str) -> None:
    [found] = scan(text)
    assert found.entry.signs & Sign.EMERGENCY.value


@pytest.mark.parametrize(
    "text", ["насилу", "рапорт", "grape", "skill", "избиратель", "убирают", "ұрпақ", "бьется"]
)
def test_words_that_only_begin_alike_carry_none(text: str) -> None:
    assert not any(word.entry.signs & Sign.EMERGENCY.value for word in scan(text))


@pytest.mark.parametrize("text", ["Актау", "активный", "итого", "подпол", "кодекс"])
def test_a_short_keyword_is_no_stem(text: str) -> None:
    assert scan(text)[0].entry == UNKNOWN


def test_a_phrase_is_one_word_with_its_place() -> None:
    first, phrase, last = scan("я не согласна совсем")
    assert (first.text, phrase.text, last.text) == ("Я", "НЕ", "СОВСЕМ")
    assert (phrase.start, phrase.end) == (2, 13)
    assert [word.text for word in scan("не знаю")] == ["НЕ", "ЗНАЮ"]
    assert [word.text for word in scan("не")] == ["НЕ"]


def test_what_is_set_aside_is_listed_in_capitals() -> None:
    assert "ДЕКАБР-" in WORDS.months
    assert "ТЕНГЕ" in WORDS.currencies
    assert "Г" in WORDS.years
    assert "1414" in WORDS.service_numbers


def test_words_point_to_kinds_of_the_table() -> None:
    assert WORDS.kinds() == {"inspection", "fine", "appeal", "crime_report", "investigation"}


def test_a_bad_table_tells_all_its_problems() -> None:
    table = words_table()
    table["lables"] = {}
    table["aside"]["month"] = []
    table["thanks"]["ru"] = ["спасибо!"]
    with pytest.raises(BadTableError) as error:
        Words.from_table(table)
    lines = str(error.value).splitlines()
    assert lines == [
        "config/keywords.toml: lables: unknown key; did you mean label?",
        "config/keywords.toml: thanks.ru: 'спасибо!' is not made of words; write letters alone",
        "config/keywords.toml: aside.month: unknown key; did you mean months?",
    ]


@given(st.text())
def test_words_lie_in_the_text_in_order(text: str) -> None:
    upper = capitals(fold(text))
    found = WORDS.scan(upper)
    offsets = [offset for word in found for offset in (word.start, word.end)]
    assert offsets == sorted(offsets)
    assert all(upper[word.start : word.end].startswith(word.text) for word in found)
