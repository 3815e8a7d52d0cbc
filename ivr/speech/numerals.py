"""Numbers as words in Kazakh, Russian and English, and as the clips of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from ivr.actions import Piece
from ivr.speech.pieces import (
    CLAUSE_PAUSE_MS,
    DIGIT_PAUSE_MS,
    GROUP_PAUSE_MS,
    Pieces,
    falling,
    spaced,
    text_of,
)

NUMBER_MAX = 999_999_999  # above it digits are read out one by one
NUMBERS_KEPT = 4_096  # as pieces

_Words = list[tuple[str, str]]  # each with its clip

_DIGITS: Mapping[str, Sequence[str]] = {
    "kk": ("нөл", "бір", "екі", "үш", "төрт", "бес", "алты", "жеті", "сегіз", "тоғыз"),
    "ru": ("ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять"),
    "en": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
}
# 10..19 where they are words of their own.
_TEENS: Mapping[str, Sequence[str]] = {
    "ru": (
        "десять", "одиннадцать", "двенадцать", "тринадцать", "четырнадцать", "пятнадцать",
        "шестнадцать", "семнадцать", "восемнадцать", "девятнадцать",
    ),
    "en": (
        "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
        "eighteen", "nineteen",
    ),
}  # fmt: skip
_TENS: Mapping[str, Sequence[str]] = {
    "kk": ("", "он", "жиырма", "отыз", "қырық", "елу", "алпыс", "жетпіс", "сексен", "тоқсан"),
    "ru": (
        "", "", "двадцать", "тридцать", "сорок", "пятьдесят", "шестьдесят", "семьдесят",
        "восемьдесят", "девяносто",
    ),
    "en": (
        "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
    ),
}  # fmt: skip
_HUNDREDS_RU = (
    "", "сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот",
    "девятьсот",
)  # fmt: skip
_HUNDRED: Mapping[str, str] = {"kk": "жүз", "en": "hundred"}
_FEMININE_RU: Mapping[int, tuple[str, str]] = {1: ("одна", "number-1-f"), 2: ("две", "number-2-f")}
_OR: Mapping[str, str] = {"kk": "немесе", "ru": "или", "en": "or"}

# What is counted: of one, of two to four, of five and more; English has no form of its own for few.
_FORMS: Mapping[str, Sequence[str]] = {
    "kk": ("", "", ""),
    "ru": ("", "-few", "-many"),
    "en": ("", "-many", "-many"),
}
_THOUSAND: Mapping[str, Sequence[str]] = {
    "kk": ("мың",) * 3,
    "ru": ("тысяча", "тысячи", "тысяч"),
    "en": ("thousand",) * 3,
}
_MILLION: Mapping[str, Sequence[str]] = {
    "kk": ("миллион",) * 3,
    "ru": ("миллион", "миллиона", "миллионов"),
    "en": ("million",) * 3,
}
_DAYS: Mapping[str, Sequence[str]] = {
    "ru": ("день", "дня", "дней"),
    "en": ("day", "days", "days"),
}
_TIMES: Mapping[str, Sequence[str]] = {"ru": ("раз", "раза", "раз"), "en": ("times",) * 3}
_TIMES_EN: Mapping[int, str] = {1: "once", 2: "twice"}


def plural_ru(number: int, forms: Sequence[str]) -> str:
    """The form of a Russian noun after `number`: of one, of two to four, of five and more."""
    return forms[_form(number, "ru")]


@lru_cache(maxsize=NUMBERS_KEPT)
def counted(number: int, language: str) -> Pieces:
    """`number` in words, 0..NUMBER_MAX; others as their digits."""
    if not 0 <= number <= NUMBER_MAX:
        return spaced([_digit(int(sign), language) for sign in str(abs(number))])
    if number == 0:
        return spaced([_digit(0, language)])
    millions, rest = divmod(number, 1_000_000)
    thousands, below = divmod(rest, 1_000)
    words: _Words = []
    if millions:
        words += _below_thousand(millions, language)
        words.append(_noun("million", millions, _MILLION, language))
    if thousands:
        words += _below_thousand(thousands, language, feminine=True)
        words.append(_noun("thousand", thousands, _THOUSAND, language))
    return spaced(words + _below_thousand(below, language))


def cardinal(number: int, language: str) -> str:
    """`counted` as text."""
    return text_of(counted(number, language))


def times(number: int, language: str) -> Pieces:
    """How often: once, два раза. Kazakh texts hold the word themselves."""
    if language == "kk":
        return counted(number, language)
    if language == "en" and number in _TIMES_EN:
        return (Piece(_TIMES_EN[number], f"times-{number}"),)
    return _with_noun(number, language, _noun("times", number, _TIMES, language))


def days(number: int, language: str) -> Pieces:
    """A count of days with its noun. Kazakh texts hold the noun themselves."""
    if language == "kk":
        return counted(number, language)
    return _with_noun(number, language, _noun("days", number, _DAYS, language))


def groups(digits: str) -> tuple[str, ...]:
    """How a number is said: in threes, and what is left of them in twos. Signs other than digits
    are left out."""
    kept = "".join(sign for sign in digits if "0" <= sign <= "9")
    made = []
    while kept:
        size = 2 if len(kept) in {2, 4} else 3
        made.append(kept[:size])
        kept = kept[size:]
    return tuple(made)


def told(digits: str, language: str) -> Pieces:
    """A ticket number digit by digit, a pause between groups, the last one falling: so that it can
    be written down. A leading zero is said like any other digit."""
    made: list[Piece] = []
    for group in groups(digits):
        if made:
            text = made[-1].text.rstrip() + ", "
            made[-1] = made[-1]._replace(text=text, pause_ms=GROUP_PAUSE_MS)
        for sign in group:
            text, clip = _digit(int(sign), language)
            made.append(Piece(text + " ", clip, DIGIT_PAUSE_MS))
    if made:
        made[-1] = falling(made[-1]._replace(text=made[-1].text.rstrip(), pause_ms=0))
    return tuple(made)


def read_out(digits: str, language: str) -> str:
    """`told` as text: groups with a comma between."""
    return text_of(told(digits, language))


def either(counts: str, language: str) -> Pieces:
    """`8/15/18`: a choice of counts, as "eight, fifteen or eighteen"."""
    choice = [counted(int(count), language) for count in counts.split("/") if count.isdecimal()]
    made: list[Piece] = []
    for at, count in enumerate(choice):
        if at and at == len(choice) - 1:
            made[-1] = made[-1]._replace(text=made[-1].text + " ")
            made.append(Piece(_OR[language] + " ", "or"))
        elif at:
            text = made[-1].text + ", "
            made[-1] = made[-1]._replace(text=text, pause_ms=CLAUSE_PAUSE_MS)
        made += count
    return tuple(made)


# -- inside


def _digit(digit: int, language: str) -> tuple[str, str]:
    return _DIGITS[language][digit], f"digit-{digit}"


def _form(number: int, language: str) -> int:
    if language == "kk":
        return 0
    if language == "en":
        return 0 if number == 1 else 2
    if 11 <= number % 100 <= 14:
        return 2
    return {1: 0, 2: 1, 3: 1, 4: 1}.get(number % 10, 2)


def _noun(
    clip: str, number: int, forms: Mapping[str, Sequence[str]], language: str
) -> tuple[str, str]:
    """What is counted, in the form that follows `number`. Forms that sound alike are one clip."""
    words = forms[language]
    text = words[_form(number, language)]
    return text, clip + _FORMS[language][words.index(text)]


def _with_noun(number: int, language: str, noun: tuple[str, str]) -> Pieces:
    count = counted(number, language)
    return (*count[:-1], count[-1]._replace(text=count[-1].text + " "), *spaced([noun]))


def _below_thousand(number: int, language: str, *, feminine: bool = False) -> _Words:
    """Words of 1..999; none for 0."""
    hundreds, rest = divmod(number, 100)
    words: _Words = []
    if hundreds and language == "ru":
        words.append((_HUNDREDS_RU[hundreds], f"number-{hundreds}00"))
    elif hundreds:
        words += [_digit(hundreds, language), (_HUNDRED[language], "hundred")]
    tens, units = divmod(rest, 10)
    if tens == 1 and language in _TEENS:
        return [*words, (_TEENS[language][units], f"number-{rest}")]
    if tens:
        hyphen = "-" if units and language == "en" else ""
        words.append((_TENS[language][tens] + hyphen, f"number-{tens}0"))
    if units and feminine and language == "ru":
        words.append(_FEMININE_RU.get(units, _digit(units, language)))
    elif units:
        words.append(_digit(units, language))
    return words
