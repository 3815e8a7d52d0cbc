"""Checks of single feed values: texts, codes, numbers, times, phones. Pure.

Each check takes the value as JSON gives it and returns the form that is stored, or raises
`Refused` with the field and the reason. A reason never quotes a value: feeds hold plain phones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from lookup.feed.times import YEAR_MAX, YEAR_MIN, NotPlainError, local, plain_us, with_zone

TEXT_MAX: Final = 100  # characters of a name, id or reference
NUMBER_MAX: Final = 32  # characters of a ticket number in normal form
COUNT_MAX: Final = 1_000_000
AMOUNT_TENGE_MAX: Final = 1_000_000_000_000
VERSION_MAX: Final = 2**62  # a time in nanoseconds serves as a version

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_CODE: Final = re.compile(r"[a-z][a-z0-9_-]{0,47}")
_CAPITALS: Final = "0-9A-ZА-ЯЁӘҒҚҢӨҰҮҺІ"
_NUMBER: Final = re.compile(rf"[{_CAPITALS}][{_CAPITALS}-]{{0,{NUMBER_MAX - 1}}}")
_TIME_MAX: Final = 32  # characters: YYYY-MM-DDThh:mm:ss.ffffff+hh:mm; bounds the caches below
_DAY: Final = re.compile(r"([0-9]{4})-[0-9]{2}-[0-9]{2}")
_MOMENT: Final = re.compile(
    r"([0-9]{4})-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)
_PHONE_PUNCTUATION: Final = str.maketrans("", "", " -().\u00a0")
_PHONE: Final = re.compile(r"7[0-9]{10}")


compact: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""JSON as it is stored."""


class Refused(Exception):  # noqa: N818 - a verdict on a value, turned into a Problem by lookup.feed.lines
    """A value of the feed that cannot be stored."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class Moment(NamedTuple):
    """A point of time as stored: ISO text whose first ten characters are the civil date in
    Kazakhstan, and UTC microseconds for comparing."""

    text: str
    us: int


def text(values: Mapping[str, object], field: str) -> str | None:
    """A short printable text; an empty one is null."""
    value = values.get(field)
    if value is None or value == "":
        return None
    if type(value) is not str:
        raise Refused(field, "must be a text")
    if len(value) > TEXT_MAX:
        raise Refused(field, f"is longer than {TEXT_MAX} characters")
    if not value.isprintable():
        raise Refused(field, "holds a control character or a space that is not plain")
    return value


def code(values: Mapping[str, object], field: str) -> str | None:
    """A code word of the model: small Latin letters, digits, _ and -."""
    value = values.get(field)
    if value is None or value == "":
        return None
    if type(value) is not str or not is_code(value):
        raise Refused(field, "must be a code in small Latin letters, such as in_review")
    return value


def is_code(value: str) -> bool:
    return _CODE.fullmatch(value) is not None


def is_number(value: str) -> bool:
    """Whether a ticket number is in normal form."""
    return _NUMBER.fullmatch(value) is not None


def required(value: str | None, field: str) -> str:
    if value is None:
        raise Refused(field, "is missing")
    return value


def number(values: Mapping[str, object], field: str) -> str:
    """A ticket number in normal form: capitals and digits, perhaps with hyphens."""
    value = values.get(field)
    if value is None or value == "":
        raise Refused(field, "is missing")
    if type(value) is not str:
        raise Refused(field, "must be a text, or leading zeros would be lost")
    if not is_number(value):
        raise Refused(
            field, f"must be capitals, digits and hyphens only, at most {NUMBER_MAX} characters"
        )
    return value


def count(
    values: Mapping[str, object], field: str, prefix: str = "", maximum: int = COUNT_MAX
) -> int | None:
    """A whole number from 0 to `maximum`; `prefix` only names the field in a refusal."""
    value = values.get(field)
    if value is None:
        return None
    if type(value) is not int:
        raise Refused(prefix + field, "must be a whole number")
    if not 0 <= value <= maximum:
        raise Refused(prefix + field, f"must be from 0 to {maximum}")
    return value


def truth(values: Mapping[str, object], field: str) -> bool:
    """True or false; false where it is missing."""
    value = values.get(field)
    if value is None:
        return False
    if type(value) is not bool:
        raise Refused(field, "must be true or false")
    return value


def day(values: Mapping[str, object], field: str, prefix: str = "") -> str | None:
    """A civil date, YYYY-MM-DD."""
    value = values.get(field)
    if value is None or value == "":
        return None
    if type(value) is not str or len(value) > _TIME_MAX:
        raise Refused(prefix + field, "must be a date as YYYY-MM-DD")
    reason = _day_reason(value)
    if reason:
        raise Refused(prefix + field, reason)
    return value


def moment(values: Mapping[str, object], field: str, prefix: str = "") -> Moment | None:
    """A time with its offset, or a date alone; without an offset it is local time."""
    value = values.get(field)
    if value is None or value == "":
        return None
    if type(value) is not str or len(value) > _TIME_MAX:
        raise Refused(prefix + field, "must be a time as YYYY-MM-DDThh:mm:ss+05:00")
    found, reason = _moment(value)
    if found is None:
        raise Refused(prefix + field, reason)
    return found


def moment_us(written: str) -> int:
    """UTC microseconds of a time as stored, whichever year earlier releases let pass."""
    try:
        return plain_us(written)
    except NotPlainError:
        pass
    at = datetime.fromisoformat(written)
    return _micros(at if at.tzinfo is not None else with_zone(at))


def names(values: Mapping[str, object], field: str) -> list[str]:
    """A list of short texts."""
    value = values.get(field)
    if value is None:
        return []
    if type(value) is not list or not all(type(item) is str for item in value):
        raise Refused(field, "must be a list of texts")
    for item in value:
        if len(item) > TEXT_MAX or not item.isprintable():
            raise Refused(field, f"holds a text that is not printable or over {TEXT_MAX} long")
    return value


def phone(value: str) -> str | None:
    """The normal form 7XXXXXXXXXX of a phone as a clerk may write it, or None."""
    digits = value.translate(_PHONE_PUNCTUATION)
    if digits.startswith("+"):
        digits = digits[1:]
    elif len(digits) == 11 and digits[0] == "8":
        digits = "7" + digits[1:]
    return digits if _PHONE.fullmatch(digits) else None


# Feeds repeat their times (created and first filed, status and last event), so reading a time
# once pays; the caches are small enough never to matter.


@lru_cache(maxsize=4_096)
def _day_reason(value: str) -> str | None:
    match = _DAY.fullmatch(value)
    if match is None:
        return "must be a date as YYYY-MM-DD"
    try:
        date.fromisoformat(value)
    except ValueError:
        return "is no date of the calendar"
    return _year_reason(match[1])


@lru_cache(maxsize=4_096)
def _moment(value: str) -> tuple[Moment | None, str]:
    """The moment, or None with the reason."""
    if len(value) == len("YYYY-MM-DD"):
        reason = _day_reason(value)
        if reason:
            return None, reason
        return Moment(value, _micros(with_zone(datetime.fromisoformat(value)))), ""
    match = _MOMENT.fullmatch(value)
    reason = _year_reason(match[1]) if match else "must be a time as YYYY-MM-DDThh:mm:ss+05:00"
    if reason:
        return None, reason
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None, "is no time of the calendar"
    at = with_zone(at) if at.tzinfo is None else local(at)
    reason = _year_reason(str(at.year))  # of an hour that another offset counts to it
    if reason:
        return None, reason
    return Moment(at.isoformat(), _micros(at)), ""


def _year_reason(year: str) -> str | None:
    if YEAR_MIN <= int(year) <= YEAR_MAX:
        return None
    return f"has a year outside {YEAR_MIN}-{YEAR_MAX}"


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
