"""Feeds of a region whose clocks were not those of Almaty, as in the west until 2024. Pure.

Only times without an offset are concerned; lookup.feed.times says what becomes of the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from lookup.feed.fields import Refused
from lookup.feed.lines import CsvColumns, Problem, object_of
from lookup.feed.row import Row, row_of
from lookup.feed.times import YEAR_MAX, YEAR_MIN, local, with_zone

_TIMES: Final = ("status_at", "created_at", "first_filed_at")
_TIMES_OF_PARTS: Final = (("fine", "paid_at"), ("outcome", "at"))
_NAIVE: Final = re.compile(
    r"([0-9]{4})-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
)


@dataclass(frozen=True, slots=True)
class ZonedLines:
    """Reads lines in our own form, NDJSON where there are no columns; it can be pickled."""

    zone: tzinfo
    columns: CsvColumns | None = None

    def __call__(self, line: bytes, hash_phone: Callable[[str], str]) -> Row | Problem:
        try:
            values = object_of(line) if self.columns is None else self.columns.values(line)
            return row_of(in_zone(values, self.zone), hash_phone)
        except Refused as refusal:
            return Problem(refusal.field, refusal.reason)


def in_zone(values: Mapping[str, object], zone: tzinfo) -> Mapping[str, object]:
    """The fields of a ticket, its times without an offset given that of the zone; whatever is no
    such time stays, for the checks of lookup.feed.row."""
    moved = {**values, **_moved(values, _TIMES, zone)}
    for part, field in _TIMES_OF_PARTS:
        inner = values.get(part)
        if isinstance(inner, dict):
            moved[part] = {**inner, **_moved(inner, (field,), zone)}
    events = values.get("events")
    if isinstance(events, list):
        moved["events"] = [
            {**event, **_moved(event, ("at",), zone)} if isinstance(event, dict) else event
            for event in events
        ]
    return moved


def _moved(values: Mapping[str, object], fields: tuple[str, ...], zone: tzinfo) -> dict[str, str]:
    found = {field: _with_offset(values.get(field), zone) for field in fields}
    return {field: written for field, written in found.items() if written is not None}


def _with_offset(value: object, zone: tzinfo) -> str | None:
    match = _NAIVE.fullmatch(value) if isinstance(value, str) else None
    if match is None or not YEAR_MIN <= int(match[1]) <= YEAR_MAX:
        return None
    try:
        return local(with_zone(datetime.fromisoformat(match[0]), zone)).isoformat()
    except ValueError:
        return None
