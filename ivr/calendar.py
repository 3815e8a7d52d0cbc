"""Dates as words in Kazakh, Russian and English. Pure.

The year is said only where it is not the current one: nearly all dates a caller hears are near.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ivr.numerals import cardinal

_MONTHS: Mapping[str, tuple[str, ...]] = {
    "kk": (
        "қаңтар", "ақпан", "наурыз", "сәуір", "мамыр", "маусым", "шілде", "тамыз", "қыркүйек",
        "қазан", "қараша", "желтоқсан",
    ),
    "ru": (
        "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября",
        "октября", "ноября", "декабря",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ),
}  # fmt: skip

# Only the last word of a Kazakh ordinal changes; the vowel of its ending follows the word's own.
_KK_ORDINAL: Mapping[str, str] = {
    "бір": "бірінші", "екі": "екінші", "үш": "үшінші", "төрт": "төртінші", "бес": "бесінші",
    "алты": "алтыншы", "жеті": "жетінші", "сегіз": "сегізінші", "тоғыз": "тоғызыншы",
    "он": "оныншы", "жиырма": "жиырмасыншы", "отыз": "отызыншы", "қырық": "қырқыншы",
    "елу": "елуінші", "алпыс": "алпысыншы", "жетпіс": "жетпісінші", "сексен": "сексенінші",
    "тоқсан": "тоқсаныншы", "жүз": "жүзінші", "мың": "мыңыншы",
}  # fmt: skip

# Stems of Russian ordinals: 1..19, tens, hundreds; an ending makes the case. "трет" is apart.
_RU_STEMS = (
    "", "перв", "втор", "трет", "четвёрт", "пят", "шест", "седьм", "восьм", "девят", "десят",
    "одиннадцат", "двенадцат", "тринадцат", "четырнадцат", "пятнадцат", "шестнадцат",
    "семнадцат", "восемнадцат", "девятнадцат",
)  # fmt: skip
_RU_TEN_STEMS = (
    "", "", "двадцат", "тридцат", "сороков", "пятидесят", "шестидесят", "семидесят",
    "восьмидесят", "девяност",
)  # fmt: skip
_RU_HUNDRED_STEMS = (
    "", "сот", "двухсот", "трёхсот", "четырёхсот", "пятисот", "шестисот", "семисот",
    "восьмисот", "девятисот",
)  # fmt: skip
_RU_THOUSAND_STEMS = (
    "", "тысячн", "двухтысячн", "трёхтысячн", "четырёхтысячн", "пятитысячн", "шеститысячн",
    "семитысячн", "восьмитысячн", "девятитысячн",
)  # fmt: skip

_EN_ORDINAL: Mapping[str, str] = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth", "twenty": "twentieth", "thirty": "thirtieth",
}  # fmt: skip


def spoken_date(day: date, language: str, year_now: int, case: str = "") -> str:
    """`day` in words. `case` is that of a Russian date: "" nominative, "gen" or "acc"."""
    month = _MONTHS[language][day.month - 1]
    year = "" if day.year == year_now else _year(day.year, language)
    if language == "kk":
        return (
            f"{year} {_ordinal_kk(day.day)} {month}" if year else f"{_ordinal_kk(day.day)} {month}"
        )
    if language == "ru":
        # The accusative of a neuter ordinal is its nominative.
        said = f"{_ordinal_ru(day.day, genitive=case == 'gen')} {month}"
    else:
        said = f"the {_ordinal_en(day.day)} of {month}"
    return f"{said} {year}" if year else said


def _ordinal_kk(number: int) -> str:
    *before, last = cardinal(number, "kk").split(" ")
    return " ".join([*before, _KK_ORDINAL[last]])


def _ordinal_ru(number: int, *, genitive: bool) -> str:
    """1..99, neuter (a day) or masculine and neuter genitive."""
    tens, units = divmod(number, 10) if number >= 20 else (0, number)
    if not units:
        return _RU_TEN_STEMS[tens] + ("ого" if genitive else "ое")
    ending = "ого" if genitive else "ое"
    if units == 3:
        ending = "ьего" if genitive else "ье"
    said = _RU_STEMS[units] + ending
    return f"{cardinal(tens * 10, 'ru')} {said}" if tens else said


def _ordinal_en(number: int) -> str:
    before, dash, last = cardinal(number, "en").rpartition("-")
    return before + dash + _EN_ORDINAL.get(last, last + "th")


def _year(year: int, language: str) -> str:
    if language == "kk":
        return f"{_ordinal_kk(year)} жылғы"
    if language == "ru":
        return f"{_year_ru(year)} года"
    hundreds, rest = divmod(year, 100)
    if rest < 10 or year < 1_000:
        return cardinal(year, "en")
    return f"{cardinal(hundreds, 'en')} {cardinal(rest, 'en')}"


def _year_ru(year: int) -> str:
    hundreds, rest = divmod(year, 100)
    thousands, hundred = divmod(hundreds, 10)
    if rest:
        last = _ordinal_ru(rest, genitive=True)
        before = hundreds * 100
    elif hundred:
        last = _RU_HUNDRED_STEMS[hundred] + "ого"
        before = thousands * 1_000
    else:
        return _RU_THOUSAND_STEMS[thousands] + "ого"
    if not before:
        return last
    return f"{cardinal(before, 'ru')} {last}".removeprefix("одна ")
