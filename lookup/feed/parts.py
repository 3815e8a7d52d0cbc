"""The parts of a ticket that are objects of their own: fine, inspection, outcome. Pure.

Each becomes one JSON text; what the model does not know goes to `extra` and is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from lookup.feed.fields import (
    AMOUNT_TENGE_MAX,
    TEXT_MAX,
    Refused,
    code,
    compact,
    count,
    day,
    moment,
    text,
)

FINE_FIELDS: Final = frozenset(
    {"amount", "half_until", "pay_by", "paid_amount", "paid_at", "payment_ref"}
    | {"bailiff_since", "bailiff_office", "conflict"}
)
INSPECTION_FIELDS: Final = frozenset({"registered_on", "starts_on", "ends_on", "extended_to"})
OUTCOME_FIELDS: Final = frozenset({"code", "at", "answer_ref", "answer_via", "object_until"})
PARTS: Final[Mapping[str, frozenset[str]]] = {
    "fine": FINE_FIELDS,
    "inspection": INSPECTION_FIELDS,
    "outcome": OUTCOME_FIELDS,
}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_OF_SOMEBODY: Final = re.compile("[0-9]{10}")


def aside(
    values: Mapping[str, object], known: frozenset[str], prefix: str, unknown: list[str]
) -> dict[str, object]:
    """The fields that are not known, their names added to `unknown`."""
    if known.issuperset(values):
        return {}
    extra = {key: value for key, value in values.items() if key not in known}
    unknown += [prefix + _named_in_reports(key) for key in extra]
    return extra


def kept_aside(extra: Mapping[str, object]) -> str | None:
    """Those fields as JSON; None for none. Refused where one holds half of a pair of surrogates,
    which JSON may write and no text can hold."""
    if not extra:
        return None
    written = compact(extra)
    if _SURROGATE.search(written) is None:
        return written
    broken = next(key for key in extra if _SURROGATE.search(compact({key: extra[key]})))
    raise Refused(_named_in_reports(broken), "holds half of a pair of surrogates")


def _named_in_reports(key: str) -> str:
    """A name with the digits of a phone or of a person's number is none, but somebody's value."""
    fits = len(key) <= TEXT_MAX and key.isprintable() and _OF_SOMEBODY.search(key) is None
    return key if fits else "(unreadable name)"


def fine(values: Mapping[str, object], unknown: list[str], extra: dict[str, object]) -> str | None:
    """A fine as JSON; amounts in whole tenge."""
    part = _part(values, "fine", unknown, extra)
    if part is None:
        return None
    conflict = part.get("conflict")
    if conflict is not None and type(conflict) is not bool:
        raise Refused("fine.conflict", "must be true or false")
    paid_at = moment(part, "paid_at", "fine.")
    return compact(
        {
            "amount": count(part, "amount", "fine.", AMOUNT_TENGE_MAX),
            "half_until": day(part, "half_until", "fine."),
            "pay_by": day(part, "pay_by", "fine."),
            "paid_amount": count(part, "paid_amount", "fine.", AMOUNT_TENGE_MAX),
            "paid_at": paid_at.text if paid_at else None,
            "paid_on": paid_at.text[:10] if paid_at else None,
            "payment_ref": _named(text, part, "payment_ref", "fine."),
            "bailiff_since": day(part, "bailiff_since", "fine."),
            "bailiff_office": _named(text, part, "bailiff_office", "fine."),
            "conflict": conflict,
        }
    )


def inspection(
    values: Mapping[str, object], unknown: list[str], extra: dict[str, object]
) -> str | None:
    """The dates of an inspection as JSON."""
    part = _part(values, "inspection", unknown, extra)
    if part is None:
        return None
    dates = ("registered_on", "starts_on", "ends_on", "extended_to")
    return compact({field: day(part, field, "inspection.") for field in dates})


def outcome(
    values: Mapping[str, object], unknown: list[str], extra: dict[str, object]
) -> str | None:
    """How the ticket ended, as JSON."""
    part = _part(values, "outcome", unknown, extra)
    if part is None:
        return None
    at = moment(part, "at", "outcome.")
    return compact(
        {
            "code": _named(code, part, "code", "outcome."),
            "at": at.text if at else None,
            "answer_ref": _named(text, part, "answer_ref", "outcome."),
            "answer_via": _named(code, part, "answer_via", "outcome."),
            "object_until": day(part, "object_until", "outcome."),
        }
    )


def _part(
    values: Mapping[str, object], field: str, unknown: list[str], extra: dict[str, object]
) -> Mapping[str, object] | None:
    value = values.get(field)
    if value is None:
        return None
    if type(value) is not dict:
        raise Refused(field, "must be an object")
    rest = aside(value, PARTS[field], f"{field}.", unknown)
    if rest:
        extra[field] = rest
    return value


def _named(
    check: Callable[[Mapping[str, object], str], str | None],
    part: Mapping[str, object],
    field: str,
    prefix: str,
) -> str | None:
    """A value inside an object, refused under the object's name."""
    try:
        return check(part, field)
    except Refused as refusal:
        raise Refused(prefix + field, refusal.reason) from None
