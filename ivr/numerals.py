"""Numbers as words in Kazakh, Russian and English. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

NUMBER_MAX = 999_999_999  # above it digits are read out one by one


class _Words(NamedTuple):
    units: tuple[str, ...]  # 0..19, or 0..9 where teens are put together
    tens: tuple[str, ...]  # from twenty, or from ten
    one_before_power: str


_KK = _Words(
    ("нөл", "бір", "екі", "үш", "төрт", "бес", "алты", "жеті", "сегіз", "тоғыз"),
    ("", "он", "жиырма", "отыз", "қырық", "елу", "алпыс", "жетпіс", "сексен", "тоқсан"),
    "бір",
)
_RU_UNITS = (
    "ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять",
    "десять", "одиннадцать", "двенадцать", "тринадцать", "четырнадцать", "пятнадцать",
    "шестнадцать", "семнадцать", "восемнадцать", "девятнадцать",
)  # fmt: skip
_RU_TENS = (
    "", "", "двадцать", "тридцать", "сорок", "пятьдесят", "шестьдесят", "семьдесят",
    "восемьдесят", "девяносто",
)  # fmt: skip
_RU_HUNDREDS = (
    "", "сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот",
    "девятьсот",
)  # fmt: skip
_RU_FEMININE: Mapping[int, str] = {1: "одна", 2: "две"}
_RU_THOUSAND = ("тысяча", "тысячи", "тысяч")
_RU_MILLION = ("миллион", "миллиона", "миллионов")
_EN_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
_EN_TENS = (
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip

_DIGITS: Mapping[str, Sequence[str]] = {
    "kk": _KK.units,
    "ru": _RU_UNITS[:10],
    "en": _EN_UNITS[:10],
}
_OR: Mapping[str, str] = {"kk": "немесе", "ru": "или", "en": "or"}
_DAYS_RU = ("день", "дня", "дней")
_TIMES_RU = ("раз", "раза", "раз")
_TIMES_EN: Mapping[int, str] = {1: "once", 2: "twice"}


def plural_ru(number: int, forms: Sequence[str]) -> str:
    """The form of a Russian noun after `number`: of one, of two to four, of five and more."""
    if 11 <= number % 100 <= 14:
        return forms[2]
    return forms[{1: 0, 2: 1, 3: 1, 4: 1}.get(number % 10, 2)]


def cardinal(number: int, language: str) -> str:
    """`number` in words, 0..NUMBER_MAX; others as their digits."""
    if not 0 <= number <= NUMBER_MAX:
        return " ".join(_DIGITS[language][int(sign)] for sign in str(abs(number)))
    if number == 0:
        return _DIGITS[language][0]
    millions, rest = divmod(number, 1_000_000)
    thousands, below = divmod(rest, 1_000)
    words = []
    if millions:
        words += [*_below_thousand(millions, language), _power(millions, language, millions=True)]
    if thousands:
        words += _below_thousand(thousands, language, feminine=True)
        words.append(_power(thousands, language, millions=False))
    return " ".join(words + _below_thousand(below, language))


def _power(count: int, language: str, *, millions: bool) -> str:
    if language == "ru":
        return plural_ru(count, _RU_MILLION if millions else _RU_THOUSAND)
    if language == "kk":
        return "миллион" if millions else "мың"
    return "million" if millions else "thousand"


def _below_thousand(number: int, language: str, *, feminine: bool = False) -> list[str]:
    """Words of 1..999; none for 0."""
    hundreds, rest = divmod(number, 100)
    if language == "kk":
        tens, units = divmod(rest, 10)
        words = [_KK.units[hundreds], "жүз"] if hundreds else []
        words += [_KK.tens[tens]] if tens else []
        return words + ([_KK.units[units]] if units else [])
    if language == "ru":
        words = [_RU_HUNDREDS[hundreds]] if hundreds else []
        tens, units = divmod(rest, 10) if rest >= 20 else (0, rest)
        words += [_RU_TENS[tens]] if tens else []
        unit = _RU_FEMININE.get(units, _RU_UNITS[units]) if feminine else _RU_UNITS[units]
        return words + ([unit] if units else [])
    words = [_EN_UNITS[hundreds], "hundred"] if hundreds else []
    tens, units = divmod(rest, 10) if rest >= 20 else (0, rest)
    if tens:
        return [*words, _EN_TENS[tens] + (f"-{_EN_UNITS[units]}" if units else "")]
    return words + ([_EN_UNITS[units]] if units else [])


def times(number: int, language: str) -> str:
    """How often: once, два раза. Kazakh texts hold the word themselves."""
    if language == "ru":
        return f"{cardinal(number, language)} {plural_ru(number, _TIMES_RU)}"
    if language == "en":
        return _TIMES_EN.get(number, f"{cardinal(number, language)} times")
    return cardinal(number, language)


def days(number: int, language: str) -> str:
    """A count of days with its noun. Kazakh texts hold the noun themselves."""
    if language == "ru":
        return f"{cardinal(number, language)} {plural_ru(number, _DAYS_RU)}"
    if language == "en":
        return f"{cardinal(number, language)} {'day' if number == 1 else 'days'}"
    return cardinal(number, language)


def read_out(digits: str, language: str) -> str:
    """A ticket number, digit by digit in threes with a pause between; what is left of them goes in
    twos. Signs other than digits are left out."""
    kept = [int(sign) for sign in digits if "0" <= sign <= "9"]
    words = [_DIGITS[language][digit] for digit in kept]
    groups = []
    at = 0
    while at < len(words):
        left = len(words) - at
        size = 2 if left in {2, 4} else 3
        groups.append(" ".join(words[at : at + size]))
        at += size
    return ", ".join(groups)


def either(counts: str, language: str) -> str:
    """`8/15/18`: a choice of counts, as "eight, fifteen or eighteen"."""
    words = [cardinal(int(count), language) for count in counts.split("/") if count.isdecimal()]
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {_OR[language]} {words[-1]}"
