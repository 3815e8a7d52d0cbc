from __future__ import annotations

from typing import Any

import pytest

from gateway.core.kind_tables import unlike
from gateway.core.kinds import Kinds
from gateway.core.statuses import Statuses
from lookup.feed import vocabulary
from tests.support.rules import rules
from tests.support.wording import sms, statuses, table, voice

WORDED = rules().words.kinds()
PERMIT = {"code": "permit", "name": dict.fromkeys(("kk", "ru", "en"), "permit")}
PERMIT["short"] = PERMIT["name"]
RULE: dict[str, Any] = {
    "kinds": ["permit"], "order": 8, "pattern": r"\d{14}", "lengths": [14], "alphabet": "digits",
    "examples": ["20260000000001"],
}  # fmt: skip


def kinds(**changes: Any) -> Kinds:
    """With a kind that no other table knows."""
    read = table("kinds.toml")
    read["kind"].append(PERMIT)
    read["rule"].append(RULE | {"keyword_needed": True} | changes)
    return Kinds.from_table(read)


def told(**rows: dict[str, Any]) -> Statuses:
    """With statuses of another kind."""
    names = {"kk": "a", "ru": "b", "en": "c"}
    permit = {"status": {code: names | row for code, row in rows.items()}}
    return Statuses.from_table(table("statuses.toml") | {"permit": permit}, sms(), voice())


def test_the_shipped_tables_agree() -> None:
    assert unlike(rules().kinds, WORDED, statuses()) == []


def test_a_kind_without_words_or_statuses_is_named() -> None:
    assert unlike(kinds(), WORDED, statuses()) == [
        "config/statuses.toml: permit: write [permit] and its statuses",
        "config/keywords.toml: permit: write [kind.permit]: its numbers count only beside a word",
    ]
    assert unlike(kinds(), WORDED | {"permit"}, statuses()) == [
        "config/statuses.toml: permit: write [permit] and its statuses"
    ]


def test_statuses_of_no_kind_and_words_no_feed_may_say_are_named() -> None:
    permit = told(given={"final": True}, asked={"aliases": ["wished"]}, late={"past_due": True})
    assert unlike(rules().kinds, WORDED, permit) == [
        "config/kinds.toml: permit: write a [[kind]] with this code",
        "lookup/feed/vocabulary.py: permit: write given, asked, wished:"
        " imports count them as unknown",
    ]


@pytest.mark.parametrize(("final", "wrong"), [((), "given"), (("given", "asked"), "asked")])
def test_what_is_final_in_one_place_alone_is_named(final: tuple[str, ...], wrong: str) -> None:
    permit = told(given={"final": True}, asked={})
    known = {**vocabulary.STATUSES, "permit": ("given", "asked")}
    ends = {**vocabulary.FINAL, "permit": final}
    assert unlike(kinds(), WORDED | {"permit"}, permit, known, ends) == [
        f"lookup/feed/vocabulary.py: permit: {wrong}: final here or there alone"
    ]
    right = {**ends, "permit": ("given",)}
    assert unlike(kinds(), WORDED | {"permit"}, permit, known, right) == []
