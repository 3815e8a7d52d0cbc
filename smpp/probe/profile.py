"""A proposed operator profile as a TOML file that keeps its template's comments. The one door to
tomlkit."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from enum import Enum
from typing import Any

import tomlkit
from tomlkit.items import Item

from smpp.operators import DEFAULT, OperatorProfile, from_table
from smpp.probe.rows import Proposal

COMMENT_COLUMN = 34  # where the template has its comments
_HEXADECIMAL = frozenset(
    {"busy_status", "unusable_status", "vendor_id_tlv", "interface_version", "peer_version_assumed"}
)


def propose(
    template: str, name: str, profile: OperatorProfile, proposals: Sequence[Proposal]
) -> str:
    """`template` (every key with its default and its comment) with the configured profile's own
    values and the proposed ones, each with a comment that says why.

    Raises ProfileError where a proposal is no value of a profile, ValueError where the template
    lacks its tables.
    """
    document = tomlkit.parse(template)
    document["name"] = name
    whys = {each.key: (each.value, each.why) for each in proposals}
    for key in _keys():
        value = _plain(getattr(profile, key))
        if key in whys:
            _put(document, key, *whys[key])
        elif value != _plain(getattr(DEFAULT, key)):
            _put(document, key, value, "as configured")
    text = tomlkit.dumps(document)
    from_table(tomllib.loads(text))
    return text


def _keys() -> list[str]:
    return [each.name for each in fields(OperatorProfile) if each.init and each.name != "name"]


def _plain(value: Any) -> Any:
    """As a TOML file has it."""
    if isinstance(value, Mapping):
        return {_status(key): _plain(each) for key, each in value.items()}
    return value.value if isinstance(value, Enum) else value


def _status(key: str | int) -> str:
    return key if isinstance(key, str) else f"0x{key:X}"


def _put(document: tomlkit.TOMLDocument, key: str, value: Any, why: str) -> None:
    if isinstance(value, Mapping):
        table = document.get(key)
        if not isinstance(table, tomlkit.items.Table):
            raise ValueError(
                f"the template has no table [{key}]; use config/operators/default.toml"
            )
        for word, each in value.items():
            table[word] = _item(word, each, why)
        return
    item = _item(key, value, why)
    if key in document:
        document[key] = item
    else:
        document.add(key, item)  # goes in front of the tables


def _item(key: str, value: Any, why: str) -> Item:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    item = tomlkit.value(f"0x{value:02X}") if key in _HEXADECIMAL else tomlkit.item(value)
    item.comment(why)
    written = len(f"{key} = {item.as_string()}")
    item.trivia.comment_ws = " " * max(1, COMMENT_COLUMN - written)
    return item
