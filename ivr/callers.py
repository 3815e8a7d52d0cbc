"""Who calls and which number was called, in normal form. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

RAW_SIGNS_MAX = 128  # of what a platform sends
SHORT_DIGITS_MAX = 6  # a caller so short is a service or an extension, never a subscriber
DIGITS_MAX = 15  # E.164
DIGITS_NATIONAL = 11  # with 7 or 8 before

# Kazakh numbers of country code 7 begin with 6 or 7; written with 8, +7, 007 or nothing before.
_KAZAKH = re.compile(r"(?:\+7|7|8|007)?([67][0-9]{9})")
_SPACING = re.compile(r"[\s().\-]")
# Pseudo-numbers that spell ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN and UNAVAILABLE.
_HIDDEN = frozenset({"266696687", "7378742833", "2562533", "8656696", "86282452253"})


def _written(raw: str) -> str:
    """A number's digits, behind a plus where it has its country code for certain; "" where it is
    none. Takes the user part of a SIP or tel address."""
    if len(raw) > RAW_SIGNS_MAX:
        return ""
    text = raw.strip()
    scheme, colon, rest = text.partition(":")
    if colon and scheme.lower() in {"sip", "sips", "tel"}:
        text = re.split("[@;]", rest, maxsplit=1)[0]
    text = _SPACING.sub("", text)
    digits = text.removeprefix("+")
    return text if digits.isascii() and digits.isdigit() else ""


def _dialled(raw: str) -> str:
    """The digits alone."""
    return _written(raw).removeprefix("+")


def caller_of(raw: str) -> str:
    """The MSISDN of a caller: 7XXXXXXXXXX for Kazakhstan, else digits with the country code.

    "" for hidden callers, names and short codes: such a call has no memory and gets no SMS.
    """
    written = _written(raw)
    digits = written.removeprefix("+").removeprefix("00")
    if digits in _HIDDEN or digits.startswith("0"):  # no country has a code that begins so
        return ""
    kazakh = _KAZAKH.fullmatch(written)
    if kazakh is not None:
        return "7" + kazakh[1]
    return digits if SHORT_DIGITS_MAX < len(digits) <= DIGITS_MAX else ""


def may_be_called(caller: str) -> bool:
    """Whether operators call this number (an MSISDN) back: any of this country, landlines too."""
    return len(caller) == DIGITS_NATIONAL and _KAZAKH.fullmatch(caller) is not None


def called_of(raw: str, numbers: Sequence[str]) -> str:
    """The number called, as `numbers` has it where it is one of them, else in its own digits."""
    digits = _dialled(raw)
    for number in numbers:
        if digits == number or (digits and _national(digits) == _national(_dialled(number))):
            return number
    return digits[:DIGITS_MAX]


def _national(digits: str) -> str:
    """Eleven digits behind the trunk prefix 8 and behind the country code 7 are one number."""
    return "7" + digits[1:] if len(digits) == DIGITS_NATIONAL and digits[0] == "8" else digits
