"""What is set aside before numbers are looked for: dates, times, sums of money, marks of a list,
and the tail of a number in a copy of our own reply ("*5678"). None of it is ever joined to a
number. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.core.words import Words

TAIL = "tail"  # the group of the pattern that matches a tail of ours

_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0?[1-9]|1[0-2])"
_YEAR = r"(?:19|20)\d\d"
_WORD_END = r"(?![^\W_])"


def _separated_date(separator: str) -> str:
    """15.12.26, 15.12.2026, 2026.12.15, but not groups of a longer chain of the same kind."""
    mark = re.escape(separator)
    dates = (
        rf"{_DAY}{mark}{_MONTH}{mark}(?:{_YEAR}|\d\d)",
        rf"{_YEAR}{mark}{_MONTH}{mark}{_DAY}",
        *([rf"{_DAY}{mark}(?:0[1-9]|1[0-2])"] if separator == "." else []),
    )
    return rf"(?<!\d)(?<!\d{mark})(?:{'|'.join(dates)})(?!\d)(?!{mark}\d)"


def _either(words: Sequence[str]) -> str:
    """One of the words (or stems, to the end of the word); nothing matches an empty list."""
    parts = [
        re.escape(word[:-1]) + r"[^\W\d_]{0,12}" if word.endswith("-") else re.escape(word)
        for word in sorted(words, key=len, reverse=True)
    ]
    return rf"(?:{'|'.join(parts)}){_WORD_END}" if parts else r"(?!)"


def aside_pattern(words: Words) -> re.Pattern[str]:
    """Of texts in capitals (`folding.capitals`). Every repetition is bounded."""
    year = rf"{_YEAR}(?!\d)"
    spoken_years = rf"(?: ?{_either(words.years)})?"
    currency = _either(words.currencies)
    thousands = r"[1-9]\d{0,2}(?:[ .]\d{3}(?!\d)){1,2}"
    sum_of_money = rf"(?:{thousands}|\d{{1,9}})(?:[.,]\d{{1,2}}(?!\d))?"
    return re.compile(
        "|".join(
            (
                rf"(?P<{TAIL}>(?<!\d)\*\d{{4,6}}(?!\d))",
                r"(?<![^ ])[1-9][.)] ?(?=\d{4})",  # "1) ", "2. "
                *map(_separated_date, ".-/"),
                r"(?<![\d:])\d{1,2}:\d\d(?::\d\d)?(?![\d:])",
                rf"(?<!\d){_DAY}[ -]?{_either(words.months)}(?:,? {year}{spoken_years})?",
                rf"(?<!\d){year} ?{_either(words.years)}",
                rf"(?<!\d){sum_of_money} ?{currency}",
            )
        )
    )
