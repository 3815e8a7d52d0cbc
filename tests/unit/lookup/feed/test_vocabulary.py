from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from lookup.vocabulary import STATUSES

STATUSES_FILE = Path(__file__).parents[3] / "config" / "statuses.toml"


def told(kinds: dict[str, Any], kind: str) -> set[str]:
    table = kinds[kind]
    if "same_as" in table:
        return told(kinds, table["same_as"])
    rows = table["status"]
    return {code for name, row in rows.items() for code in (name, *row.get("aliases", ()))}


def test_every_status_of_the_model_has_a_text_that_tells_it() -> None:
    kinds = tomllib.loads(STATUSES_FILE.read_text(encoding="utf-8"))
    for kind, statuses in STATUSES.items():
        assert statuses <= told(kinds, kind), kind


def test_derived_statuses_are_not_words_of_a_feed() -> None:
    for statuses in STATUSES.values():
        assert not statuses & {"overdue", "expired", "unregistered"}
