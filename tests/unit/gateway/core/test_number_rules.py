from __future__ import annotations

import re
from typing import Any

import pytest

from gateway.core.number_rules import NumberRule, read_rule
from gateway.core.tables import TableReader

PLAIN: dict[str, Any] = {
    "kinds": ["appeal"],
    "order": 1,
    "pattern": r"\d{18}",
    "lengths": [18],
    "alphabet": "digits",
    "examples": ["061200000012345678"],
}
PREFIXED: dict[str, Any] = {
    "kinds": ["appeal"],
    "order": 2,
    "pattern": r"(?P<letters>[AB])(?P<rest>\d{4})",
    "lengths": [4],
    "alphabet": "prefix+digits",
    "prefixes": {"A": ["AA"], "B": []},
    "normal": "{letters}-{rest}",
    "examples": ["A-1234", "B-0001"],
}


def read(row: dict[str, Any]) -> tuple[NumberRule | None, list[str]]:
    problems: list[str] = []
    return read_rule(TableReader("kinds.toml", problems), row, "rule[0]"), problems


def test_a_plain_rule_takes_any_digits_of_its_length() -> None:
    rule, problems = read(PLAIN)
    assert problems == []
    assert rule is not None
    assert rule.is_plain
    assert rule.normal_form("061200000012345678") == "061200000012345678"
    assert rule.normal_form("06120000001234567") is None


def test_a_pattern_or_a_check_digit_makes_a_rule_choosy() -> None:
    year, _ = read({**PLAIN, "pattern": r"20\d\d\d{14}", "examples": ["2026" + "0" * 14]})
    assert year is not None
    assert not year.is_plain
    assert year.normal_form("1926" + "0" * 14) is None
    ours, _ = read(
        {**PLAIN, "pattern": r"\d{8}", "lengths": [8], "check": "damm", "examples": ["10000012"]}
    )
    assert ours is not None
    assert not ours.is_plain
    assert ours.normal_form("10000013") is None


def test_a_prefixed_rule_writes_its_normal_form() -> None:
    rule, problems = read(PREFIXED)
    assert problems == []
    assert rule is not None
    assert rule.prefixes == {"A": "A", "AA": "A", "B": "B"}
    assert rule.normal_form("1234", "A") == "A-1234"
    assert rule.normal_form("1234", "C") is None
    assert not rule.is_plain


def test_lengths_may_be_a_range() -> None:
    rule, _ = read({**PLAIN, "pattern": r"\d{6,8}", "lengths": {"min": 6, "max": 8},
                    "examples": ["123456"]})  # fmt: skip
    assert rule is not None
    assert rule.lengths == {6, 7, 8}
    assert rule.is_plain


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"kinds": []}, "kinds: write the codes of one kind or more"),
        ({"lengths": []}, "lengths: write a list of counts of digits, or {min, max}, 1 to 21"),
        ({"lengths": [0]}, "lengths: write a list of counts"),
        ({"lengths": [22]}, "lengths: write a list of counts"),
        ({"lengths": ["18"]}, "lengths: write a list of counts"),
        ({"lengths": {"min": 5, "max": 4000}}, "lengths: write a list of counts"),
        ({"lengths": {"min": 5}}, "lengths.max: write a whole number above 0"),
        ({"lengths": {"min": 5, "max": 9, "step": 2}}, "lengths.step: unknown key"),
        ({"check": "verhoeff"}, "check: no check is called 'verhoeff'; known: ['damm', 'iin'"),
        ({"pattern": "("}, "pattern: no regular expression"),
        ({"normal": "{year}"}, "normal: '{year}' names groups that are not in the pattern"),
        ({"normal": "{0}"}, "normal: '{0}' names groups"),
        ({"normal": "{"}, "normal: '{' names groups"),
        ({"alphabet": "latin"}, "alphabet: write 'digits', or 'prefix+digits' and a table"),
        ({"alphabet": "prefix+digits"}, "alphabet: write 'digits', or 'prefix+digits'"),
        ({"prefixes": {"A": []}}, "alphabet: write 'digits', or 'prefix+digits'"),
        ({"examples": []}, "examples: give one number at least, in its normal form"),
        ({"examples": ["123"]}, "examples: '123' does not meet its own rule"),
        ({"not_examples": ["1" * 18]}, "not_examples: '111111111111111111' meets the rule"),
        ({"ordre": 3}, "ordre: unknown key; did you mean order?"),
        ({"order": 0}, "order: write a whole number above 0"),
    ],
)
def test_a_bad_row_tells_where_and_what_to_do(change: dict[str, Any], problem: str) -> None:
    _, problems = read({**PLAIN, **change})
    assert any(line.startswith(f"kinds.toml: rule[0].{problem}") for line in problems), problems


def test_a_good_not_example_is_silent() -> None:
    assert read({**PREFIXED, "not_examples": ["C-1234", "A-123"]})[1] == []


def test_a_rule_made_in_code_needs_only_its_form() -> None:
    rule = NumberRule(("fine",), 1, re.compile(r"\d{3}"), frozenset({3}))
    assert rule.normal_form("123") == "123"
