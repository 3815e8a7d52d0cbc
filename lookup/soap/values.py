"""From what zeep makes of a reply to plain values, as a field map takes them. Pure.

Elements of no known schema (xsd:any) come as lxml's, told by their method `iterchildren`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

Leaf = bool | int | float | str | Decimal | date | datetime | time


def plain(value: object) -> Any:
    """dict, list, None, or a leaf: text, number or date. None too for what is none of these."""
    if isinstance(value, Leaf):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        if value and all(hasattr(item, "iterchildren") for item in value):
            return _by_name(value)
        return [plain(item) for item in value]
    return _element(value) if hasattr(value, "iterchildren") else None


def _element(element: Any) -> object:
    inside = [each for each in element if isinstance(each.tag, str)]
    return _by_name(inside) if inside else element.text


def _by_name(elements: list[Any]) -> dict[str, object]:
    """By their names without namespace; those of one name make a list."""
    named: dict[str, list[object]] = {}
    for each in elements:
        named.setdefault(each.tag.rpartition("}")[2], []).append(_element(each))
    return {name: found if len(found) > 1 else found[0] for name, found in named.items()}
