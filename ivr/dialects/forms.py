"""Requests that carry form fields: in the body of a POST, in the query of a GET. Pure."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote_plus

from ivr.actions import Digits, Ending, Event
from ivr.dialects.contract import (
    KEYS_KEPT_MAX,
    STEP_MAX,
    CallRequest,
    Malformed,
    RawRequest,
    sane_id,
    small_number,
)

FIELDS_MAX = 200  # a genuine request has about thirty
CALL_SECONDS_MAX = 1_000_000
FORM = "application/x-www-form-urlencoded"

Fields = list[tuple[str, str]]  # as they came: repeated names stay repeated


def is_form(request: RawRequest) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return request.method == "POST" and kind == FORM


def posted(request: RawRequest) -> Fields | None:
    """The posted fields, none for other bodies; None where there are absurdly many."""
    return _pairs(request.body.decode("utf-8", "replace")) if is_form(request) else []


def query_of(url: str) -> Fields | None:
    """The fields behind the URL's question mark; None where there are absurdly many."""
    return _pairs(url.partition("#")[0].partition("?")[2])


def told(request: RawRequest) -> Fields | None:
    """The fields in which a platform tells what happened; None where there are absurdly many."""
    return query_of(request.url) if request.method == "GET" else posted(request)


def one(fields: Fields, name: str) -> str:
    """A field's value; "" where it is missing or contradicts itself."""
    found = None
    for key, value in fields:
        if key == name:
            if found is not None and value != found:
                return ""
            found = value
    return found or ""


def has(fields: Fields, name: str) -> bool:
    return any(key == name for key, _ in fields)


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


def _pairs(text: str) -> Fields | None:
    read = _read(text)
    return None if read is None else list(read)


@lru_cache(maxsize=2)  # who has verified a request parses the same body, and its query
def _read(text: str) -> tuple[tuple[str, str], ...] | None:
    """As urllib's parse_qsl does it; most fields hold nothing that is escaped."""
    parts = text.split("&", FIELDS_MAX)
    if len(parts) > FIELDS_MAX:
        return None
    fields = []
    for part in parts:
        name, _, value = part.partition("=")
        if "%" in part or "+" in part:
            name, value = unquote_plus(name), unquote_plus(value)
        if part:
            fields.append((name, value))
    return tuple(fields)
