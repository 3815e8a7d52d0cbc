from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.calendar import spoken_date

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


YEARS = [
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


@pytest.mark.parametrize(("year", "kk", "ru", "en"), YEARS)
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
