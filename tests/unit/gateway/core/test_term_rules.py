"""Rules of terms, read."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from gateway.core.term_rules import Example, Length, Rule, Start, Unit, gaps, overlaps, read_rules
from lookup.status import Pause

KNOWN = {"appeal": ("in_review", "objected"), "fine": ("unpaid",)}
ROW: dict[str, Any] = {
    "id": "usual",
    "kind": "appeal",
    "unit": "working",
    "length": 15,
    "basis": "art. 76",
    "examples": [{"start": date(2026, 11, 2), "due": date(2026, 11, 23)}],
}


def read(*rows: dict[str, Any]) -> tuple[tuple[Rule, ...], list[str]]:
    """The rules, and the problems; a row changes some keys of ROW, None takes one away."""
    problems: list[str] = []
    merged = [{**ROW, **row} for row in rows]
    table = {"rule": [{k: v for k, v in row.items() if v is not None} for row in merged]}
    return read_rules(table, KNOWN, problems), problems


def test_a_rule_says_for_which_tickets_it_holds() -> None:
    (rule,), problems = read(
        {"status": ["objected"], "intake": "web", "source": "aikyn", "from": date(2021, 7, 1)}
    )
    assert problems == []
    assert rule.holds_for("objected", "web", "aikyn", date(2021, 7, 1))
    assert not rule.holds_for("in_review", "web", "aikyn", date(2021, 7, 1))
    assert not rule.holds_for("objected", None, "aikyn", date(2021, 7, 1))
    assert not rule.holds_for("objected", "web", "eotinish", date(2021, 7, 1))
    assert not rule.holds_for("objected", "web", "aikyn", date(2021, 6, 30))


def test_a_rule_holds_for_any_ticket_of_its_kind_unless_it_says_more() -> None:
    (rule,), _ = read({})
    assert rule.holds_for("in_review", None, "", date(1900, 1, 1))
    assert (rule.starts, rule.pauses, rule.proves, rule.extension) == (
        *(Start.RECEIPT, True, True),
        None,
    )


def test_everything_that_a_rule_may_say_is_read() -> None:
    (rule,), problems = read(
        {
            "unit": "hours",
            "length": 24,
            "starts": "status",
            "to": date(2026, 1, 1),
            "extension": {"unit": "months", "length": 2},
            "pauses": False,
            "overdue": False,
            "examples": [
                {
                    "start": date(2026, 11, 2),
                    "due": date(2026, 11, 9),
                    "pauses": [[date(2026, 11, 3), date(2026, 11, 5)]],
                    "extended_to": date(2026, 11, 9),
                }
            ],
        }
    )
    assert problems == []
    assert (rule.length, rule.extension) == (Length(Unit.HOURS, 24), Length(Unit.MONTHS, 2))
    assert (rule.starts, rule.pauses, rule.proves) == (Start.STATUS, False, False)
    pause = Pause(date(2026, 11, 3), date(2026, 11, 5))
    due = date(2026, 11, 9)
    assert rule.examples == (Example(date(2026, 11, 2), due, (pause,), due, True),)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"lenght": 3}, "rule[0].lenght: unknown key; did you mean length?"),
        ({"kind": "appeel"}, "rule[0].kind: there is no kind 'appeel'"),
        ({"status": "sold"}, "rule[0].status: appeal has no status 'sold'"),
        ({"unit": "days"}, "rule[0].unit: write one of working, calendar, months, hours"),
        ({"length": 0}, "rule[0].length: write a whole number above 0"),
        ({"length": 5000}, "rule[0].length: at most 1000"),
        ({"starts": "never"}, "rule[0].starts: write one of receipt, status"),
        ({"from": "2021"}, "rule[0].from: write a date, without quotes"),
        (
            {"from": date(2021, 7, 1), "to": date(2021, 6, 30)},
            "rule[0].to: is before `from`: nothing is ever filed in between",
        ),
        (
            {"extension": {"unit": "months"}},
            "rule[0].extension.length: write a whole number above 0",
        ),
        (
            {"extension": {"unit": "months", "length": 2, "max": 1}},
            "rule[0].extension.max: unknown key; known: ['length', 'unit']",
        ),
        ({"basis": None}, "rule[0].basis: write a text in quotes"),
        ({"examples": None}, "rule[0].examples: write one at least: { start = , due = }"),
        ({"examples": [1]}, "rule[0].examples[0]: write a table: { start = , due = }"),
        (
            {"examples": [{"start": date(2026, 1, 1)}]},
            "rule[0].examples[0]: `start` and `due` are dates or times, without quotes",
        ),
        (
            {"examples": [{**ROW["examples"][0], "pauses": [[1, 2]]}]},
            "rule[0].examples[0].pauses: write pairs of dates: [[from, to]]",
        ),
        (
            {"examples": [{**ROW["examples"][0], "extended_to": "later"}]},
            "rule[0].examples[0].extended_to: write a date, without quotes",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_remedy(row: dict[str, Any], problem: str) -> None:
    _, problems = read(row)
    assert problems == [f"config/terms.toml: {problem}"]


def test_two_rules_have_two_names() -> None:
    _, problems = read({}, {"status": "objected"})
    assert problems == ["config/terms.toml: rule[1].id: 'usual' stands twice: keep one"]


def test_rules_that_may_hold_for_one_ticket_are_told() -> None:
    rules, _ = read(
        {"id": "old", "to": date(2021, 7, 31)},
        {"id": "new", "from": date(2021, 7, 1)},
        {"id": "one", "status": ["objected", "in_review"]},
        {"id": "other", "status": "objected"},
        {"id": "narrow", "source": "aikyn"},
        {"id": "elsewhere", "source": "eotinish"},
        {"id": "fines", "kind": "fine"},
    )
    assert list(overlaps(rules)) == [
        "old and new both hold from 2021-07-01",
        "one and other both hold from 0001-01-01",
    ]


def test_days_between_two_rules_are_told() -> None:
    rules, _ = read(
        {"id": "old", "to": date(2021, 6, 29)},
        {"id": "new", "from": date(2021, 7, 1)},
        {"id": "one", "status": "objected", "to": date(2021, 6, 30)},
        {"id": "next", "status": "objected", "from": date(2021, 7, 1)},
    )
    assert list(gaps(rules)) == ["old ends on 2021-06-29, new holds from 2021-07-01"]
