from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from lookup.feed.vocabulary import FINAL, STATUSES

STATUSES_FILE = Path(__file__).parents[4] / "config" / "statuses.toml"


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


def test_every_status_that_is_told_is_known_to_a_feed() -> None:
    """Else imports would count it as unknown, and a final one would contradict nobody."""
    kinds = tomllib.loads(STATUSES_FILE.read_text(encoding="utf-8"))
    for kind in kinds.keys() - {"general"}:
        assert told(kinds, kind) - STATUSES[kind] <= {"overdue", "expired"}, kind


def test_derived_statuses_are_not_words_of_a_feed() -> None:
    for statuses in STATUSES.values():
        assert not statuses & {"overdue", "expired", "unregistered"}


def test_what_is_final_here_is_final_in_the_texts() -> None:
    kinds = tomllib.loads(STATUSES_FILE.read_text(encoding="utf-8"))
    for kind, statuses in STATUSES.items():
        family = kinds[kind].get("same_as", kind)
        rows = {
            name: row
            for code, row in kinds[family]["status"].items()
            for name in (code, *row.get("aliases", ()))
        }
        assert FINAL[kind] == {code for code in statuses if rows[code].get("final")}, kind
