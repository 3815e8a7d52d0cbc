from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.numerals import NUMBER_MAX, cardinal, days, either, plural_ru, read_out, times

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


def test_counts_with_their_nouns() -> None:
    assert [days(n, "ru") for n in (1, 3, 11)] == ["один день", "три дня", "одиннадцать дней"]
    assert [days(n, "en") for n in (1, 9)] == ["one day", "nine days"]
    assert days(9, "kk") == "тоғыз"
    assert [times(n, "ru") for n in (1, 2, 5)] == ["один раз", "два раза", "пять раз"]
    assert [times(n, "en") for n in (1, 2, 5)] == ["once", "twice", "five times"]
    assert times(2, "kk") == "екі"


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
    assert either("8/15/18", "en") == "eight, fifteen or eighteen"
    assert either("15/18", "ru") == "пятнадцать или восемнадцать"
    assert either("18", "kk") == "он сегіз"
    assert either("8/15", "kk") == "сегіз немесе он бес"
