"""Requests that carry form fields: in the body of a POST, in the query of a GET. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Self
from urllib.parse import unquote, unquote_plus

from ivr.actions import Digits, Ending, Event
from ivr.dialects.contract import (
    CALL_SECONDS_MAX,
    KEYS_KEPT_MAX,
    STEP_MAX,
    CallRequest,
    Malformed,
    RawRequest,
    sane_id,
    small_number,
)

FIELDS_MAX = 200  # a genuine request has about thirty
FORM = "application/x-www-form-urlencoded"


class Fields(tuple[tuple[str, str], ...]):
    """Names and values as they came: repeated names stay repeated. `by_name` has each name's value,
    "" where it contradicts itself."""

    by_name: Mapping[str, str]

    def __new__(cls, pairs: Iterable[tuple[str, str]] = ()) -> Self:
        fields = super().__new__(cls, pairs)
        by_name = dict(fields)
        if len(by_name) != len(fields):
            for name, value in fields:
                if value != by_name[name]:
                    by_name[name] = ""
        fields.by_name = by_name
        return fields


_NONE = Fields()


def is_form(request: RawRequest) -> bool:
    if request.method != "POST":
        return False
    kind = request.headers.get("content-type", "")
    return kind == FORM or kind.partition(";")[0].strip().lower() == FORM


def posted(request: RawRequest) -> Fields | None:
    """The posted fields, none for other bodies; None where there are absurdly many."""
    return _posted(request.body) if is_form(request) else _NONE


def query_of(url: str) -> Fields | None:
    """The fields behind the URL's question mark; None where there are absurdly many."""
    return _queried(url.partition("#")[0].partition("?")[2])


def told(request: RawRequest) -> Fields | None:
    """The fields in which a platform tells what happened; None where there are absurdly many."""
    return query_of(request.url) if request.method == "GET" else posted(request)


def one(fields: Fields, name: str) -> str:
    """A field's value; "" where it is missing or contradicts itself."""
    return fields.by_name.get(name, "")


def has(fields: Fields, name: str) -> bool:
    return name in fields.by_name


def read_fields(
    request: RawRequest, id_field: str, event_of: Callable[[Fields, int | None], Event | None]
) -> CallRequest | Malformed:
    """What a request says whose fields name the call by `id_field`; `event_of` reads the rest, and
    is given the step that our URL holds, None in the platform's own requests."""
    fields, query = told(request), query_of(request.url)
    if fields is None or query is None:
        return Malformed("fields")
    call_id = sane_id(one(fields, id_field))
    if not call_id:
        return Malformed(id_field)
    step = small_number(one(query, "step"), STEP_MAX)
    return CallRequest(
        call_id,
        one(fields, "From"),
        one(fields, "To"),
        event_of(fields, step),
        key="start" if step is None else f"step {step}",
        step=step,
        nonce=one(query, "nonce"),
    )


def seconds_of(fields: Fields, name: str) -> int | None:
    """A duration as the platform counts; None where it does not say."""
    return small_number(one(fields, name), CALL_SECONDS_MAX)


def keyed(fields: Fields, *, complete: bool) -> Digits:
    """The keys of a step, none of them: silence."""
    keys = one(fields, "Digits")[:KEYS_KEPT_MAX]
    if not keys:
        return Digits("", Ending.EMPTY)
    return Digits(keys, Ending.COMPLETE if complete else Ending.TIMEOUT)


@lru_cache(maxsize=1)  # who has verified a request parses the same body
def _posted(body: bytes) -> Fields | None:
    return _read(body.decode("utf-8", "replace"))


@lru_cache(maxsize=1)  # likewise, where the query is signed
def _queried(query: str) -> Fields | None:
    return _read(query) if query else _NONE


def _read(text: str) -> Fields | None:
    """As urllib's parse_qsl does it; most fields hold nothing that is escaped, and most of the
    others the plus of a phone."""
    parts = text.split("&", FIELDS_MAX)
    if len(parts) > FIELDS_MAX:
        return None
    fields = []
    for part in parts:
        name, _, value = part.partition("=")
        if "+" in part:
            name, value = unquote_plus(name), unquote_plus(value)
        elif "%" in part:
            value = value.replace("%2B", "+")
            if "%" in name or "%" in value:
                name, value = unquote(name), unquote(part.partition("=")[2])
        if part:
            fields.append((name, value))
    return Fields(fields)
