"""Dates and hours as words in Kazakh, Russian and English, and as the clips of them. Pure.

The year is said only where it is not the current one: nearly all dates a caller hears are near.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from ivr.actions import Piece
from ivr.speech.numerals import cardinal, plural_ru
from ivr.speech.pieces import Pieces, text_of

YEARS = range(2013, 2041)  # recorded: from the first ticket numbers on
DATES_KEPT = 4_096  # as pieces
HOURS = range(25)  # 24: the end of a day

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
# From and to an hour, on its last word: vowel harmony, and hard or soft after the last sound.
_KK_HOUR_ENDINGS: Mapping[str, Mapping[str, str]] = {
    "abl": {
        "нөл": "ден", "бір": "ден", "екі": "ден", "үш": "тен", "төрт": "тен", "бес": "тен",
        "алты": "дан", "жеті": "ден", "сегіз": "ден", "тоғыз": "дан", "он": "нан",
        "жиырма": "дан",
    },
    "dat": {
        "нөл": "ге", "бір": "ге", "екі": "ге", "үш": "ке", "төрт": "ке", "бес": "ке",
        "алты": "ға", "жеті": "ге", "сегіз": "ге", "тоғыз": "ға", "он": "ға", "жиырма": "ға",
    },
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
# Genitives of counts that do not just change their last sign to "и".
_RU_GENITIVE: Mapping[int, str] = {
    0: "нуля", 1: "одного", 2: "двух", 3: "трёх", 4: "четырёх", 8: "восьми",
}  # fmt: skip

_EN_ORDINAL: Mapping[str, str] = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth", "twenty": "twentieth", "thirty": "thirtieth",
}  # fmt: skip
_EN_HOURS: Mapping[int, str] = {0: "midnight", 12: "noon", 24: "midnight"}


@lru_cache(maxsize=DATES_KEPT)
def dated(day: date, language: str, year_now: int, case: str = "") -> Pieces:
    """`day` in words. `case` is that of a Russian date: "" nominative, "gen" or "acc"."""
    month = Piece(_MONTHS[language][day.month - 1], f"month-{day.month}")
    year = None if day.year == year_now else _year(day.year, language)
    if language == "kk":
        said = (Piece(_ordinal_kk(day.day) + " ", f"day-{day.day}"), month)
        return said if year is None else (year._replace(text=year.text + " "), *said)
    if language == "ru":
        # The accusative of a neuter ordinal is its nominative.
        genitive = case == "gen"
        clip = f"day-{day.day}-gen" if genitive else f"day-{day.day}"
        said = (Piece(_ordinal_ru(day.day, genitive=genitive) + " ", clip), month)
    else:
        said = (
            Piece(f"the {_ordinal_en(day.day)} ", f"day-{day.day}"),
            month._replace(text=f"of {month.text}"),
        )
    return said if year is None else (said[0], said[1]._replace(text=said[1].text + " "), year)


def spoken_date(day: date, language: str, year_now: int, case: str = "") -> str:
    """`dated` as text."""
    return text_of(dated(day, language, year_now, case))


@lru_cache(maxsize=DATES_KEPT)
def on_the_hour(hour: int, language: str, case: str = "") -> Pieces:
    """A full hour, 0..24. `case`: "gen" of a Russian one, "abl" (from) and "dat" (to) of a Kazakh
    one, which stands behind "сағат". Raises TypeError for a form that the language lacks,
    ValueError for what is no hour."""
    if hour not in HOURS:
        raise ValueError(f"{hour} is no hour: write 0 to 24")
    if case and case not in {"ru": {"gen"}, "kk": {"abl", "dat"}}.get(language, set()):
        raise TypeError(f"an hour has no form {case} in {language}")
    known = 0 if hour == 24 and language == "en" else hour  # midnight, both of them
    clip = f"hour-{known}-{case}" if case else f"hour-{known}"
    return (Piece(_hour(hour, language, case), clip),)


def spoken_hour(hour: int, language: str, case: str = "") -> str:
    """`on_the_hour` as text."""
    return text_of(on_the_hour(hour, language, case))


# -- inside


def _hour(hour: int, language: str, case: str) -> str:
    if language == "kk":
        said = cardinal(hour, "kk")
        return said + _KK_HOUR_ENDINGS[case][said.rpartition(" ")[2]] if case else said
    if language == "ru":
        if case:
            return f"{_genitive_ru(hour)} {'часа' if hour % 20 == 1 else 'часов'}"
        return f"{cardinal(hour, 'ru')} {plural_ru(hour, ('час', 'часа', 'часов'))}"
    if hour in _EN_HOURS:
        return _EN_HOURS[hour]
    return f"{cardinal(hour % 12, 'en')} {'AM' if hour < 12 else 'PM'}"


def _genitive_ru(number: int) -> str:
    """0..24."""
    if number > 20:
        return f"{_genitive_ru(20)} {_genitive_ru(number - 20)}"
    return _RU_GENITIVE.get(number) or cardinal(number, "ru").removesuffix("ь") + "и"


def _ordinal_kk(number: int) -> str:
    before, space, last = cardinal(number, "kk").rpartition(" ")
    return before + space + _KK_ORDINAL[last]


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


def _year(year: int, language: str) -> Piece:
    clip = f"year-{year}" if year in YEARS else None
    if language == "kk":
        return Piece(f"{_ordinal_kk(year)} жылғы", clip)
    if language == "ru":
        return Piece(f"{_year_ru(year)} года", clip)
    hundreds, rest = divmod(year, 100)
    if rest < 10 or year < 1_000:
        return Piece(cardinal(year, "en"), clip)
    return Piece(f"{cardinal(hundreds, 'en')} {cardinal(rest, 'en')}", clip)


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
