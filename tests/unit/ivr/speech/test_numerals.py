from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from ivr.speech.numerals import (
    NUMBER_MAX,
    cardinal,
    counted,
    days,
    either,
    groups,
    plural_ru,
    read_out,
    times,
    told,
)
from ivr.speech.pieces import DIGIT_PAUSE_MS, GROUP_PAUSE_MS, Pieces, text_of

CARDINALS = [
    (0, "нөл", "ноль", "zero"),
    (1, "бір", "один", "one"),
    (2, "екі", "два", "two"),
    (10, "он", "десять", "ten"),
    (12, "он екі", "двенадцать", "twelve"),
    (20, "жиырма", "двадцать", "twenty"),
    (21, "жиырма бір", "двадцать один", "twenty-one"),
    (48, "қырық сегіз", "сорок восемь", "forty-eight"),
    (100, "бір жүз", "сто", "one hundred"),
    (219, "екі жүз он тоғыз", "двести девятнадцать", "two hundred nineteen"),
    (1_000, "бір мың", "одна тысяча", "one thousand"),
    (2_002, "екі мың екі", "две тысячи два", "two thousand two"),
    (5_100, "бес мың бір жүз", "пять тысяч сто", "five thousand one hundred"),
    (11_000, "он бір мың", "одиннадцать тысяч", "eleven thousand"),
    (
        21_001,
        "жиырма бір мың бір",
        "двадцать одна тысяча один",
        "twenty-one thousand one",
    ),
    (
        999_999,
        "тоғыз жүз тоқсан тоғыз мың тоғыз жүз тоқсан тоғыз",
        "девятьсот девяносто девять тысяч девятьсот девяносто девять",
        "nine hundred ninety-nine thousand nine hundred ninety-nine",
    ),
    (2_000_000, "екі миллион", "два миллиона", "two million"),
    (5_000_001, "бес миллион бір", "пять миллионов один", "five million one"),
]


@pytest.mark.parametrize(("number", "kk", "ru", "en"), CARDINALS)
def test_a_cardinal(number: int, kk: str, ru: str, en: str) -> None:
    assert [cardinal(number, language) for language in ("kk", "ru", "en")] == [kk, ru, en]


def test_what_is_no_ordinary_count_is_read_out() -> None:
    assert cardinal(NUMBER_MAX + 1, "en").split() == ["one", *["zero"] * 9]
    assert cardinal(-12, "en") == "one two"


@given(st.integers(0, NUMBER_MAX), st.integers(0, NUMBER_MAX), st.sampled_from(("kk", "ru", "en")))
def test_different_numbers_sound_different(one: int, other: int, language: str) -> None:
    assert (cardinal(one, language) == cardinal(other, language)) == (one == other)


@pytest.mark.parametrize(
    ("number", "form"),
    [(0, 2), (1, 0), (2, 1), (4, 1), (5, 2), (11, 2), (12, 2), (14, 2), (20, 2), (21, 0), (24, 1),
     (100, 2), (101, 0), (111, 2), (112, 2), (122, 1)],
)  # fmt: skip
def test_a_russian_noun_follows_its_number(number: int, form: int) -> None:
    assert plural_ru(number, ("0", "1", "2")) == str(form)


def clips(pieces: Pieces) -> list[str | None]:
    return [piece.clip for piece in pieces]


def test_days_come_with_their_noun() -> None:
    assert [text_of(days(n, "ru")) for n in (1, 3, 11)] == [
        "один день",
        "три дня",
        "одиннадцать дней",
    ]
    assert [text_of(days(n, "en")) for n in (1, 9)] == ["one day", "nine days"]
    assert text_of(days(9, "kk")) == "тоғыз"


def test_how_often_comes_with_its_noun() -> None:
    assert [text_of(times(n, "ru")) for n in (1, 2, 5)] == ["один раз", "два раза", "пять раз"]
    assert [text_of(times(n, "en")) for n in (1, 2, 5)] == ["once", "twice", "five times"]
    assert text_of(times(2, "kk")) == "екі"


def test_a_noun_is_one_clip_for_each_form_that_sounds_different() -> None:
    assert [clips(days(n, "ru"))[-1] for n in (1, 2, 5)] == ["days", "days-few", "days-many"]
    assert [clips(days(n, "en"))[-1] for n in (1, 2, 5)] == ["days", "days-many", "days-many"]
    assert [clips(times(n, "ru"))[-1] for n in (1, 2, 5)] == ["times", "times-few", "times"]
    assert [clips(times(n, "en")) for n in (1, 2)] == [["times-1"], ["times-2"]]


@pytest.mark.parametrize(
    ("digits", "said"),
    [
        ("", ""),
        ("0", "zero"),
        ("12", "one two"),
        ("061200", "zero six one, two zero zero"),
        ("1234", "one two, three four"),
        ("1234567", "one two three, four five, six seven"),
        ("12345", "one two three, four five"),
        ("12-x3", "one two three"),
    ],
)
def test_a_number_is_read_out_in_threes(digits: str, said: str) -> None:
    assert read_out(digits, "en") == said


def test_zero_is_spoken_in_each_language() -> None:
    assert read_out("06", "kk") == "нөл алты"
    assert read_out("06", "ru") == "ноль шесть"


@given(st.text("0123456789", max_size=64), st.sampled_from(("kk", "ru", "en")))
def test_every_digit_of_a_number_is_spoken_once(digits: str, language: str) -> None:
    spoken = read_out(digits, language)
    assert len(spoken.replace(",", "").split()) == len(digits)
    groups = [group.split() for group in spoken.split(", ")]
    assert all(len(group) in {2, 3} for group in groups) or len(digits) < 2


def test_a_choice_of_lengths() -> None:
    assert text_of(either("8/15/18", "en")) == "eight, fifteen or eighteen"
    assert text_of(either("15/18", "ru")) == "пятнадцать или восемнадцать"
    assert text_of(either("18", "kk")) == "он сегіз"
    assert text_of(either("8/15", "kk")) == "сегіз немесе он бес"
    assert clips(either("8/21", "ru")) == ["digit-8", "or", "number-20", "digit-1"]


def test_a_number_is_made_of_few_clips() -> None:
    assert clips(counted(21_311, "ru")) == [
        "number-20", "number-1-f", "thousand", "number-300", "number-11",
    ]  # fmt: skip
    assert clips(counted(5_125, "kk")) == [
        "digit-5", "thousand", "digit-1", "hundred", "number-20", "digit-5",
    ]  # fmt: skip
    assert clips(counted(14_042, "en")) == ["number-14", "thousand", "number-40", "digit-2"]


def test_groups_of_a_number_read_out_are_apart_and_its_last_digit_falls() -> None:
    assert groups("061200") == ("061", "200")
    pieces = told("06120", "kk")
    assert clips(pieces) == ["digit-0", "digit-6", "digit-1", "digit-2", "digit-0-end"]
    assert [piece.pause_ms for piece in pieces] == [
        DIGIT_PAUSE_MS, DIGIT_PAUSE_MS, GROUP_PAUSE_MS, DIGIT_PAUSE_MS, 0,
    ]  # fmt: skip


# A second speaker. Kazakh has "жүз" and "бір жүз" for 100 alike: it says the first, we the second,
# as the fixed texts do. English "and" is left out here as on American lines.
ORACLE = {"kk": "kz", "ru": "ru", "en": "en"}


def by_oracle(number: int, language: str) -> str:
    said: str = num2words(number, lang=ORACLE[language])
    return said.replace(" and ", " ").replace(",", "") if language == "en" else said


def as_oracle(number: int, language: str) -> str:
    said = cardinal(number, language)
    return said.replace("бір жүз", "жүз") if language == "kk" else said


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_counts_below_two_thousand_are_those_of_num2words(language: str) -> None:
    wrong = [n for n in range(2_000) if as_oracle(n, language) != by_oracle(n, language)]
    assert wrong == []


@given(st.integers(0, 999_999), st.sampled_from(("kk", "ru", "en")))
def test_any_count_is_that_of_num2words(number: int, language: str) -> None:
    assert as_oracle(number, language) == by_oracle(number, language)
