from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from ivr.speech.dates import YEARS, dated, on_the_hour, spoken_date, spoken_hour

MONTHS = [
    ("қаңтар", "января", "January"),
    ("ақпан", "февраля", "February"),
    ("наурыз", "марта", "March"),
    ("сәуір", "апреля", "April"),
    ("мамыр", "мая", "May"),
    ("маусым", "июня", "June"),
    ("шілде", "июля", "July"),
    ("тамыз", "августа", "August"),
    ("қыркүйек", "сентября", "September"),
    ("қазан", "октября", "October"),
    ("қараша", "ноября", "November"),
    ("желтоқсан", "декабря", "December"),
]
DAYS = [
    ("бірінші", "первое", "первого", "first"),
    ("екінші", "второе", "второго", "second"),
    ("үшінші", "третье", "третьего", "third"),
    ("төртінші", "четвёртое", "четвёртого", "fourth"),
    ("бесінші", "пятое", "пятого", "fifth"),
    ("алтыншы", "шестое", "шестого", "sixth"),
    ("жетінші", "седьмое", "седьмого", "seventh"),
    ("сегізінші", "восьмое", "восьмого", "eighth"),
    ("тоғызыншы", "девятое", "девятого", "ninth"),
    ("оныншы", "десятое", "десятого", "tenth"),
    ("он бірінші", "одиннадцатое", "одиннадцатого", "eleventh"),
    ("он екінші", "двенадцатое", "двенадцатого", "twelfth"),
    ("он үшінші", "тринадцатое", "тринадцатого", "thirteenth"),
    ("он төртінші", "четырнадцатое", "четырнадцатого", "fourteenth"),
    ("он бесінші", "пятнадцатое", "пятнадцатого", "fifteenth"),
    ("он алтыншы", "шестнадцатое", "шестнадцатого", "sixteenth"),
    ("он жетінші", "семнадцатое", "семнадцатого", "seventeenth"),
    ("он сегізінші", "восемнадцатое", "восемнадцатого", "eighteenth"),
    ("он тоғызыншы", "девятнадцатое", "девятнадцатого", "nineteenth"),
    ("жиырмасыншы", "двадцатое", "двадцатого", "twentieth"),
    ("жиырма бірінші", "двадцать первое", "двадцать первого", "twenty-first"),
    ("жиырма екінші", "двадцать второе", "двадцать второго", "twenty-second"),
    ("жиырма үшінші", "двадцать третье", "двадцать третьего", "twenty-third"),
    ("жиырма төртінші", "двадцать четвёртое", "двадцать четвёртого", "twenty-fourth"),
    ("жиырма бесінші", "двадцать пятое", "двадцать пятого", "twenty-fifth"),
    ("жиырма алтыншы", "двадцать шестое", "двадцать шестого", "twenty-sixth"),
    ("жиырма жетінші", "двадцать седьмое", "двадцать седьмого", "twenty-seventh"),
    ("жиырма сегізінші", "двадцать восьмое", "двадцать восьмого", "twenty-eighth"),
    ("жиырма тоғызыншы", "двадцать девятое", "двадцать девятого", "twenty-ninth"),
    ("отызыншы", "тридцатое", "тридцатого", "thirtieth"),
    ("отыз бірінші", "тридцать первое", "тридцать первого", "thirty-first"),
]


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_has_its_name(month: int) -> None:
    kk, ru, en = MONTHS[month - 1]
    day = date(2026, month, 5)
    assert spoken_date(day, "kk", 2026) == f"бесінші {kk}"
    assert spoken_date(day, "ru", 2026) == f"пятое {ru}"
    assert spoken_date(day, "en", 2026) == f"the fifth of {en}"


@pytest.mark.parametrize("number", range(1, 32))
def test_every_day_has_its_ordinal_and_case(number: int) -> None:
    kk, nominative, genitive, en = DAYS[number - 1]
    day = date(2026, 12, number)
    assert spoken_date(day, "kk", 2026) == f"{kk} желтоқсан"
    assert spoken_date(day, "ru", 2026) == f"{nominative} декабря"
    assert spoken_date(day, "ru", 2026, "acc") == f"{nominative} декабря"
    assert spoken_date(day, "ru", 2026, "gen") == f"{genitive} декабря"
    assert spoken_date(day, "en", 2026) == f"the {en} of December"


OTHER_YEARS = [
    (2027, "екі мың жиырма жетінші", "две тысячи двадцать седьмого", "twenty twenty-seven"),
    (2030, "екі мың отызыншы", "две тысячи тридцатого", "twenty thirty"),
    (2005, "екі мың бесінші", "две тысячи пятого", "two thousand five"),
    (2000, "екі мыңыншы", "двухтысячного", "two thousand"),
    (
        1999,
        "бір мың тоғыз жүз тоқсан тоғызыншы",
        "тысяча девятьсот девяносто девятого",
        "nineteen ninety-nine",
    ),
    (2100, "екі мың бір жүзінші", "две тысячи сотого", "two thousand one hundred"),
]


@pytest.mark.parametrize(("year", "kk", "ru", "en"), OTHER_YEARS)
def test_another_year_is_said(year: int, kk: str, ru: str, en: str) -> None:
    day = date(year, 1, 1)
    assert spoken_date(day, "kk", 2026) == f"{kk} жылғы бірінші қаңтар"
    assert spoken_date(day, "ru", 2026, "gen") == f"первого января {ru} года"
    assert spoken_date(day, "en", 2026) == f"the first of January {en}"


BACK, FRONT = set("аоұыу"), set("әөүіе")


@given(st.integers(1, 9999))
def test_a_kazakh_ordinal_keeps_vowel_harmony(year: int) -> None:
    last = spoken_date(date(year, 1, 1), "kk", 0).split(" жылғы")[0].split()[-1]
    assert last.endswith(("ншы", "нші"))
    stem = [sign for sign in last[:-3] if sign in BACK | FRONT]
    assert (stem[-1] in BACK) == last.endswith("ншы")


@given(st.dates(), st.sampled_from(("kk", "ru", "en")), st.sampled_from(("", "gen", "acc")))
def test_every_date_can_be_said(day: date, language: str, case: str) -> None:
    said = spoken_date(day, language, 2026, case)
    assert said == said.strip()
    assert not any(sign.isdigit() for sign in said)


@pytest.mark.parametrize("number", range(1, 32))
def test_ordinals_are_those_of_num2words(number: int) -> None:
    day = date(2026, 12, number)
    for case, their_case in (("", "n"), ("gen", "g")):
        ru = num2words(number, lang="ru", to="ordinal", case=their_case, gender="n")
        assert spoken_date(day, "ru", 2026, case) == f"{ru} декабря"
    en = num2words(number, lang="en", to="ordinal")
    assert spoken_date(day, "en", 2026) == f"the {en} of December"


@pytest.mark.parametrize("year", [*YEARS, 1999, 2100])
def test_russian_years_are_those_of_num2words(year: int) -> None:
    ru = num2words(year, lang="ru", to="ordinal", case="g", gender="m")
    said = spoken_date(date(year, 1, 1), "ru", 0)
    # Both are said: "одна тысяча девятьсот" and, as here, without the first word.
    assert said == f"первое января {ru.removeprefix('одна ')} года"


@pytest.mark.parametrize(
    ("language", "case", "clips"),
    [
        ("kk", "", ["year-2027", "day-25", "month-11"]),
        ("ru", "", ["day-25", "month-11", "year-2027"]),
        ("ru", "gen", ["day-25-gen", "month-11", "year-2027"]),
        ("ru", "acc", ["day-25", "month-11", "year-2027"]),
        ("en", "", ["day-25", "month-11", "year-2027"]),
    ],
)
def test_a_date_is_a_clip_for_each_of_day_month_and_year(
    language: str, case: str, clips: list[str]
) -> None:
    said = dated(date(2027, 11, 25), language, 2026, case)
    assert [piece.clip for piece in said] == clips
    nearly = dated(date(2027, 11, 25), language, 2027, case)
    assert [piece.clip for piece in nearly] == [clip for clip in clips if clip != "year-2027"]


def test_a_year_that_nobody_recorded_has_no_clip() -> None:
    last = dated(date(YEARS.stop - 1, 1, 1), "en", 2026)[-1]
    beyond = dated(date(YEARS.stop, 1, 1), "en", 2026)[-1]
    assert (last.clip, beyond.clip) == (f"year-{YEARS.stop - 1}", None)


HOURS = [
    (0, "нөлден", "нөлге", "ноль часов", "нуля часов", "midnight"),
    (1, "бірден", "бірге", "один час", "одного часа", "one AM"),
    (2, "екіден", "екіге", "два часа", "двух часов", "two AM"),
    (3, "үштен", "үшке", "три часа", "трёх часов", "three AM"),
    (4, "төрттен", "төртке", "четыре часа", "четырёх часов", "four AM"),
    (5, "бестен", "беске", "пять часов", "пяти часов", "five AM"),
    (6, "алтыдан", "алтыға", "шесть часов", "шести часов", "six AM"),
    (7, "жетіден", "жетіге", "семь часов", "семи часов", "seven AM"),
    (8, "сегізден", "сегізге", "восемь часов", "восьми часов", "eight AM"),
    (9, "тоғыздан", "тоғызға", "девять часов", "девяти часов", "nine AM"),
    (10, "оннан", "онға", "десять часов", "десяти часов", "ten AM"),
    (12, "он екіден", "он екіге", "двенадцать часов", "двенадцати часов", "noon"),
    (13, "он үштен", "он үшке", "тринадцать часов", "тринадцати часов", "one PM"),
    (18, "он сегізден", "он сегізге", "восемнадцать часов", "восемнадцати часов", "six PM"),
    (20, "жиырмадан", "жиырмаға", "двадцать часов", "двадцати часов", "eight PM"),
    (21, "жиырма бірден", "жиырма бірге", "двадцать один час", "двадцати одного часа", "nine PM"),
    (24, "жиырма төрттен", "жиырма төртке", "двадцать четыре часа", "двадцати четырёх часов",
     "midnight"),
]  # fmt: skip


@pytest.mark.parametrize(("hour", "kk_from", "kk_to", "ru", "ru_gen", "en"), HOURS)
def test_an_hour_and_its_cases(
    hour: int, kk_from: str, kk_to: str, ru: str, ru_gen: str, en: str
) -> None:
    assert spoken_hour(hour, "kk", "abl") == kk_from
    assert spoken_hour(hour, "kk", "dat") == kk_to
    assert spoken_hour(hour, "ru") == ru
    assert spoken_hour(hour, "ru", "gen") == ru_gen
    assert spoken_hour(hour, "en") == en


@pytest.mark.parametrize("hour", range(1, 25))  # of 0 there are two: нуля here, ноля there
def test_genitive_hours_are_those_of_num2words(hour: int) -> None:
    said = spoken_hour(hour, "ru", "gen")
    assert said.rpartition(" ")[0] == num2words(hour, lang="ru", case="g", gender="m")


def test_an_hour_in_a_case_is_a_clip_of_its_own() -> None:
    assert [piece.clip for piece in on_the_hour(9, "ru")] == ["hour-9"]
    assert [piece.clip for piece in on_the_hour(9, "kk", "abl")] == ["hour-9-abl"]


@pytest.mark.parametrize("hour", [-1, 25])
def test_no_such_hour(hour: int) -> None:
    with pytest.raises(ValueError, match="0 to 24"):
        on_the_hour(hour, "en")


@pytest.mark.parametrize(("language", "case"), [("en", "gen"), ("ru", "dat"), ("kk", "gen")])
def test_a_case_that_the_language_lacks_is_our_mistake(language: str, case: str) -> None:
    with pytest.raises(TypeError, match=case):
        on_the_hour(9, language, case)
