"""The directory of state bodies: one JSON file, checked as a whole. Pure.

An SMS name is short because every reply must fit one segment with it: at most 16 characters in
each language, the English one in the GSM 7-bit alphabet (3GPP TS 23.038, default table), else an
English reply would cost the double.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, TypeVar

from lookup.feed.fields import Refused, phone, required, text
from lookup.feed.lines import Problem

SMS_NAME_MAX: Final = 16
NAME_MAX: Final = 200
LANGUAGES: Final = ("kk", "ru", "en")
_GSM7: Final = frozenset(
    "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_QUOTES: Final = frozenset("\"'«»“”„‘’`")


T = TypeVar("T")


class BodyRow(NamedTuple):
    """A body as stored, in the order of the columns of table `body`; names are JSON objects."""

    id: str
    code: str
    parent_id: str | None
    region: str
    connected: bool
    phone: str | None
    sms_name: str
    name: str
    voice_name: str


BODY_FIELDS: Final = frozenset(BodyRow._fields)


class BodiesRead(NamedTuple):
    """What a file of bodies holds: the good ones, the problems by place, unknown fields."""

    rows: tuple[BodyRow, ...]
    problems: tuple[tuple[str, Problem], ...]  # place: the id, or the position from 1
    unknown_fields: Mapping[str, int]


def parse_bodies(content: bytes) -> BodiesRead | Problem:
    """Read a whole file; a Problem when it is no list of bodies at all."""
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return Problem("file", f"is not UTF-8 at octet {error.start + 1}; save it as UTF-8")
    except json.JSONDecodeError as error:
        return Problem("file", f"is not JSON: {error.msg}, line {error.lineno}")
    except (ValueError, RecursionError):
        return Problem("file", "is JSON of a kind that cannot be read")
    listed = document.get("bodies") if type(document) is dict else None
    if type(listed) is not list:
        return Problem("file", 'must be an object with a list named "bodies"')
    rows: dict[str, BodyRow] = {}
    problems: list[tuple[str, Problem]] = []
    unknown: dict[str, int] = {}
    for position, item in enumerate(listed, start=1):
        place = f"body {position}"
        try:
            if type(item) is not dict:
                raise Refused("body", "must be an object")
            row = _body(item)
            place = row.id
            if row.id in rows:
                raise Refused("id", "stands twice in this file; the first was kept")
            rows[row.id] = row
            for key in item.keys() - BODY_FIELDS:
                name = key if key.isprintable() else "(unreadable name)"
                unknown[name] = unknown.get(name, 0) + 1
        except Refused as refusal:
            problems.append((_place(item, place), Problem(refusal.field, refusal.reason)))
    return BodiesRead(tuple(rows.values()), tuple(problems), unknown)


def by_code(bodies: Iterable[tuple[str, T]]) -> dict[str, T]:
    """Bodies by their code. One that several share names none of them: nobody knows which."""
    found: dict[str, T] = {}
    shared = set()
    for code, body in bodies:
        if code in found:
            shared.add(code)
        found[code] = body
    for code in shared:
        del found[code]
    return found


def _place(item: object, otherwise: str) -> str:
    """How to name a body in a report: by its id where that can be printed."""
    if type(item) is dict:
        identity = item.get("id")
        if type(identity) is str and identity.isprintable() and 0 < len(identity) <= NAME_MAX:
            return identity
    return otherwise


def _body(item: Mapping[str, object]) -> BodyRow:
    connected = item.get("connected", True)
    if type(connected) is not bool:
        raise Refused("connected", "must be true or false")
    written = text(item, "phone")
    number = phone(written) if written else None
    if written and not number:
        raise Refused("phone", "must be a phone of the country, +7XXXXXXXXXX, or null")
    return BodyRow(
        id=required(text(item, "id"), "id"),
        code=required(text(item, "code"), "code"),
        parent_id=text(item, "parent_id"),
        region=text(item, "region") or "",
        connected=connected,
        phone=f"+{number}" if number else None,
        sms_name=_json(_sms_names(item)),
        name=_json(_names(item, "name")),
        voice_name=_json(_names(item, "voice_name")),
    )


def _json(names: Mapping[str, str]) -> str:
    return json.dumps(names, ensure_ascii=False)


def _names(item: Mapping[str, object], field: str, size_max: int = NAME_MAX) -> dict[str, str]:
    value = item.get(field)
    if type(value) is not dict:
        raise Refused(field, "must be an object with kk, ru and en")
    for language in LANGUAGES:
        name = value.get(language)
        if type(name) is not str or not name.strip() or not name.isprintable():
            raise Refused(f"{field}.{language}", "is missing or not printable")
        if len(name) > size_max:
            raise Refused(f"{field}.{language}", f"has {len(name)} characters, over {size_max}")
    return {language: value[language] for language in LANGUAGES}


def _sms_names(item: Mapping[str, object]) -> dict[str, str]:
    names = _names(item, "sms_name", SMS_NAME_MAX)
    for language, name in names.items():
        if not _QUOTES.isdisjoint(name):
            raise Refused(f"sms_name.{language}", "must not hold quotation marks")
    outside = sorted(set(names["en"]) - _GSM7)
    if outside:
        raise Refused(
            "sms_name.en", f"holds {''.join(outside)!r}, which the GSM 7-bit alphabet lacks"
        )
    return names
