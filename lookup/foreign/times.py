"""Dates and times as other systems write them: patterns, epochs, times without an offset. Pure.

A pattern is made of yyyy, mm, dd, hh, ss, fff (a fraction of a second, 1 to 9 digits) and zzz (an
offset: Z, +05, +0500, +05:00); d, m and h stand for one or two digits. mm is the month, and after
an hour the minute. All other signs stand for themselves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lookup.feed.times import YEAR_MAX, YEAR_MIN, local, with_zone
from lookup.foreign.paths import MapError

WRITTEN_MAX: Final = 40  # characters of a written time
PATTERN_MAX: Final = 40
ISO: Final = "iso"
EPOCHS: Final[Mapping[str, int]] = {"epoch_s": 1, "epoch_ms": 1_000}  # parts of a second

_ISO: Final = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"(?:[T ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r" ?(?P<offset>Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
_PARTS: Final[Mapping[str, str]] = {
    "yyyy": r"(?P<year>[0-9]{4})",
    "dd": r"(?P<day>[0-9]{2})",
    "d": r"(?P<day>[0-9]{1,2})",
    "hh": r"(?P<hour>[0-9]{2})",
    "h": r"(?P<hour>[0-9]{1,2})",
    "ss": r"(?P<second>[0-9]{2})",
    "fff": r"(?P<fraction>[0-9]{1,9})",
    "zzz": r"(?P<offset>Z|[+-][0-9]{2}(?::?[0-9]{2})?)",
}
_MONTHS: Final[Mapping[str, str]] = {
    "mm": r"(?P<month>[0-9]{2})",
    "m": r"(?P<month>[0-9]{1,2})",
}
_MINUTE: Final = r"(?P<minute>[0-9]{2})"
_TOKEN: Final = re.compile(r"([a-z])\1*|[^a-z]+")
_FIXED: Final = re.compile(r"[+-][0-9]{2}:[0-5][0-9]")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_S_MIN: Final = int((datetime(YEAR_MIN, 1, 2, tzinfo=UTC) - _EPOCH).total_seconds())
_EPOCH_S_MAX: Final = int((datetime(YEAR_MAX, 12, 31, tzinfo=UTC) - _EPOCH).total_seconds())
_WRONG_YEAR: Final = f"has a year outside {YEAR_MIN}-{YEAR_MAX}"


class Unfit(Exception):  # noqa: N818 - a verdict on a value, turned into Refused by lookup.foreign.mapping
    """A value that cannot be read; the reason never quotes it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Times(NamedTuple):
    """How one field's dates and times are written; the first pattern that fits counts."""

    patterns: tuple[re.Pattern[str] | int, ...]  # an int: an epoch in such parts of a second
    zone: tzinfo  # of times without an offset

    def moment(self, value: object) -> str:
        """The feed's form: a date alone, or a time with a Kazakh offset. Raises Unfit."""
        return self._read(value).isoformat()

    def day(self, value: object) -> str:
        """The civil date in Kazakhstan."""
        found = self._read(value)
        return (found.date() if isinstance(found, datetime) else found).isoformat()

    def _read(self, value: object) -> date | datetime:
        if isinstance(value, datetime):
            return self._local(value)
        if isinstance(value, date):
            if not YEAR_MIN <= value.year <= YEAR_MAX:
                raise Unfit(_WRONG_YEAR)
            return value
        written = _written(value)
        for pattern in self.patterns:
            if isinstance(pattern, int):
                found = _since_epoch(written, pattern)
                if found is not None:
                    return self._local(found)
            else:
                match = pattern.fullmatch(written)
                if match is not None:
                    made = _made(match.groupdict())
                    return self._local(made) if isinstance(made, datetime) else made
        raise Unfit("is a date or time in none of the forms the map tells")

    def _local(self, at: datetime) -> datetime:
        """By a clock of the country, as `lookup.feed.fields` keeps it."""
        if not YEAR_MIN <= at.year <= YEAR_MAX:
            raise Unfit(_WRONG_YEAR)
        at = local(with_zone(at, self.zone) if at.tzinfo is None else at)
        if not YEAR_MIN <= at.year <= YEAR_MAX:
            raise Unfit(_WRONG_YEAR)
        return at


def times_of(patterns: tuple[str, ...], zone: tzinfo, where: str, key: str) -> Times:
    """Read patterns. Raises MapError."""
    return Times(tuple(_pattern(written, where, key) for written in patterns), zone)


def zone_of(written: object, where: str, key: str) -> tzinfo:
    """A zone by its name in the time zone database, or a fixed offset such as "+05:00"."""
    if isinstance(written, str):
        if _FIXED.fullmatch(written):
            sign = -1 if written[0] == "-" else 1
            offset = timedelta(hours=int(written[1:3]), minutes=int(written[4:6]))
            if offset <= timedelta(hours=14):
                return timezone(sign * offset)
        else:
            try:
                return ZoneInfo(written)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                pass
    raise MapError(where, key, 'write a zone such as "Asia/Almaty" or "+05:00"')


def _pattern(written: str, where: str, key: str) -> re.Pattern[str] | int:
    if written == ISO:
        return _ISO
    if written in EPOCHS:
        return EPOCHS[written]
    remedy = 'write a pattern such as "dd.mm.yyyy hh:mm", or iso, epoch_s, epoch_ms'
    if not 0 < len(written) <= PATTERN_MAX:
        raise MapError(where, key, remedy)
    parts: list[str] = []
    seen: set[str] = set()
    for match in _TOKEN.finditer(written.lower()):
        token = match[0]
        if not token[0].isascii() or not token[0].isalpha() or token == "t":
            part = re.escape(token).replace("t", "[Tt]")
        elif token == "mm" and "hour" in seen:
            part = _MINUTE
        else:
            part = _PARTS.get(token) or _MONTHS.get(token, "")
        names = re.findall(r"\(\?P<(\w+)>", part)
        if not part or not seen.isdisjoint(names):
            raise MapError(where, key, f"{token!r} in {written!r} is not understood; {remedy}")
        seen.update(names)
        parts.append(part)
    needed = {"year", "month", "day"}
    if seen & {"minute", "offset"}:
        needed.add("hour")
    if "second" in seen:
        needed.add("minute")
    if not needed <= seen:
        raise MapError(where, key, f"{written!r} lacks the {min(needed - seen)}; {remedy}")
    return re.compile("".join(parts))


def _written(value: object) -> str:
    if isinstance(value, str):
        written = value.strip()
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        if isinstance(value, Decimal) and abs(value.adjusted()) > WRITTEN_MAX:
            raise Unfit("is no date or time")
        if isinstance(value, int) and value.bit_length() > 128:
            raise Unfit("is no date or time")
        written = format(value, "f") if isinstance(value, float | Decimal) else str(value)
        written = written.rstrip("0").rstrip(".") if "." in written else written
    else:
        raise Unfit("must be a date or time")
    if len(written) > WRITTEN_MAX:
        raise Unfit("is no date or time")
    return written


def _since_epoch(written: str, parts: int) -> datetime | None:
    if not re.fullmatch(r"-?[0-9]{1,17}(?:\.[0-9]{1,9})?", written):
        return None
    seconds = Decimal(written) / parts
    if not _EPOCH_S_MIN <= seconds <= _EPOCH_S_MAX:
        raise Unfit(_WRONG_YEAR)
    return _EPOCH + timedelta(microseconds=int(seconds * 1_000_000))


def _made(parts: Mapping[str, str | None]) -> date | datetime:
    year, month, day = (int(parts[name] or 0) for name in ("year", "month", "day"))
    if not YEAR_MIN <= year <= YEAR_MAX:
        raise Unfit(_WRONG_YEAR)
    hour = parts.get("hour")
    try:
        if hour is None:
            return date(year, month, day)
        return datetime(
            year,
            month,
            day,
            int(hour),
            int(parts.get("minute") or 0),
            int(parts.get("second") or 0),
            int((parts.get("fraction") or "0")[:6].ljust(6, "0")),
            tzinfo=_offset(parts.get("offset")),
        )
    except ValueError:
        raise Unfit("is no time of the calendar") from None


def _offset(written: str | None) -> timezone | None:
    if written is None:
        return None
    if written == "Z":
        return UTC
    digits = written[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return timezone(timedelta(minutes=-minutes if written[0] == "-" else minutes))
