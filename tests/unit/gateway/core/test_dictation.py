from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import config
from gateway.core.dictation import SAID_SIGNS_MAX, UNREAD_MAX, Mark, applied, listen
from gateway.core.number_words import NumberWords
from ivr.speech.numerals import cardinal

WORDS = NumberWords.from_table(config.table("spoken_number.toml")).words


def groups(text: str, *before: str) -> list[str]:
    return list(applied(before, listen(text, WORDS).said))


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("семьсот пятьдесят, сто, ноль ноль ноль", "750 100 000"),
        ("семь пять ноль", "750"),
        ("жеті жүз елу, бір жүз, он бес", "750 100 15"),
        ("жүз он", "110"),
        ("seven hundred and fifty, one hundred", "750 100"),
        ("seven five oh, double four three", "750 443"),
        ("twenty-one thirty five", "21 35"),
        ("двадцать ноль пять", "20 05"),
        ("десять пять", "10 5"),
        ("пять сто", "5 100"),
        ("два нуля, пять нулей, нулей", "00 000 00 0"),
        ("двенадцать тысяч триста сорок пять", "123 45"),
        ("тысяча пять", "1005"),
        ("екі мың", "2000"),
        ("750-100/000.004", "750 100 000 004"),
        ("061200000012345678", "061 200 000 012 345 678"),
        ("6 1 2 0 0 0 1", "612 00 01"),
        ("номер талона семьсот пятьдесят", "750"),
        ("семьсот ну пятьдесят", "700 50"),
        ("٧٥٠", "750"),
        ("", ""),
    ],
)
def test_numbers_are_heard_in_groups(text: str, heard: str) -> None:
    assert " ".join(groups(text)) == heard


@pytest.mark.parametrize(
    ("before", "text", "heard"),
    [
        ("431 215", "нет, 216", "431 216"),
        ("431 215", "жоқ, екі жүз он алты", "431 216"),
        ("431 215", "sorry, two one six", "431 216"),
        ("432 215", "нет 431 216", "431 216"),
        ("431 215", "нет 216 дальше 005", "431 216 005"),
        ("431 215", "нет 21 65", "431 21 65"),
        ("431 215", "нет", "431 215"),
        ("", "нет 216", "216"),
        ("431 215 100", "не 215, а 216", "431 216 100"),
        ("431 215 100", "not 215 but 216", "431 216 100"),
        ("431 215 100", "215 емес, 216", "431 216 100"),
        ("215 431 215", "не 215 а 216", "215 431 216"),
        ("431 215", "не 999, а 216", "431 215"),
        ("431 215", "не 215", "431 215"),
        ("431 215", "сначала, 750", "750"),
        ("431", "басынан", ""),
    ],
)
def test_corrections_change_what_was_heard_before(before: str, text: str, heard: str) -> None:
    assert " ".join(groups(text, *before.split())) == heard


def test_words_that_are_not_known_are_told_once() -> None:
    dictation = listen("ну вот ну, семь, so then", WORDS)
    assert dictation.unread == ("НУ", "ВОТ", "SO")
    assert [said.digits for said in dictation.said if said.mark is Mark.GROUP] == ["7"]


def test_what_is_told_back_is_bounded() -> None:
    text = " ".join(chr(ord("а") + number) * 5 for number in range(30))
    assert len(listen(text, WORDS).unread) == UNREAD_MAX


def test_behind_the_limit_nothing_is_heard() -> None:
    assert groups("1" + " " * SAID_SIGNS_MAX + "2") == ["1"]


@given(st.integers(0, 999_999), st.sampled_from(["kk", "ru", "en"]))
def test_a_number_that_is_spoken_is_heard(number: int, language: str) -> None:
    assert "".join(groups(cardinal(number, language))) == str(number)


@given(st.lists(st.integers(0, 999), max_size=10), st.sampled_from(["kk", "ru", "en"]))
def test_groups_that_are_spoken_with_pauses_are_heard(numbers: list[int], language: str) -> None:
    text = ", ".join(cardinal(number, language) for number in numbers)
    assert groups(text) == [str(number) for number in numbers]


@given(
    st.text(max_size=SAID_SIGNS_MAX + 50), st.lists(st.from_regex(r"[0-9]{1,4}", fullmatch=True))
)
def test_any_text_gives_digits_alone(text: str, before: list[str]) -> None:
    for group in groups(text, *before):
        assert group.isascii()
        assert group.isdigit()


@given(st.lists(st.sampled_from(sorted(WORDS)), max_size=30))
def test_any_words_give_bounded_groups(words: list[str]) -> None:
    assert all(0 < len(group) <= 9 for group in groups(" ".join(words).lower()))
