"""The shipped number rules and words, loaded, and small tables to break."""

from __future__ import annotations

import copy
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from gateway.core.intents import Rules

CONFIG = Path(__file__).parents[2] / "config"


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((CONFIG / name).read_text(encoding="utf-8"))


def kinds_table() -> dict[str, Any]:
    """A copy of config/kinds.toml, parsed."""
    return copy.deepcopy(_table("kinds.toml"))


def words_table() -> dict[str, Any]:
    """A copy of config/keywords.toml, parsed."""
    return copy.deepcopy(_table("keywords.toml"))


@cache
def rules() -> Rules:
    return Rules.from_tables(kinds_table(), words_table())
