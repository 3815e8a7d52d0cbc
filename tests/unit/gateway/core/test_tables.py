from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.core.tables import TableReader, leaves


@pytest.mark.parametrize(
    ("read", "value", "problem"),
    [
        (lambda r: r.table({"a": {"b": 1}}, "a", "w"), {"b": 1}, None),
        (lambda r: r.table({}, "a", "w"), {}, None),
        (lambda r: r.table({"a": 5}, "a", "w"), {}, "w.a: write a table, not 5"),
        (lambda r: r.text({"a": "x"}, "a", ""), "x", None),
        (lambda r: r.text({}, "a", ""), "", "a: write a text in quotes"),
        (lambda r: r.text({"a": 1}, "a", "w"), "", "w.a: write a text in quotes"),
        (lambda r: r.texts({}, "a", "w"), (), None),
        (lambda r: r.texts({"a": "x"}, "a", "w"), ("x",), None),
        (lambda r: r.texts({"a": ["x", "y"]}, "a", "w"), ("x", "y"), None),
        (
            lambda r: r.texts({"a": ["x", 1]}, "a", "w"),
            (),
            "w.a: write a text or a list of texts, not ['x', 1]",
        ),
        (lambda r: r.flag({}, "a", "w", default=True), True, None),
        (lambda r: r.flag({"a": False}, "a", "w", default=True), False, None),
        (
            lambda r: r.flag({"a": 0}, "a", "w", default=True),
            True,
            "w.a: write true or false, not 0",
        ),
        (lambda r: r.count({"a": 7}, "a", "w"), 7, None),
        (lambda r: r.count({"a": 0}, "a", "w"), 0, "w.a: write a whole number above 0"),
        (lambda r: r.count({"a": True}, "a", "w"), 0, "w.a: write a whole number above 0"),
        (lambda r: list(r.rows({"a": [{"b": 1}]}, "a")), [("a[0]", {"b": 1})], None),
        (lambda r: list(r.rows({}, "a")), [], None),
        (lambda r: list(r.rows({"a": {"b": 1}}, "a")), [], "a: write it as [[a]] tables"),
        (lambda r: list(r.rows({"a": [1]}, "a")), [], "a: write it as [[a]] tables"),
    ],
)
def test_a_value_is_read_or_its_remedy_is_told(
    read: Callable[[TableReader], object], value: object, problem: str | None
) -> None:
    problems: list[str] = []
    assert read(TableReader("x.toml", problems)) == value
    assert problems == ([] if problem is None else [f"x.toml: {problem}"])


def test_an_unknown_key_names_the_nearest_known_one() -> None:
    problems: list[str] = []
    TableReader("x.toml", problems).only({"fianl": 1, "sms": 2, "q": 3}, ("final", "sms"), "w")
    assert problems == [
        "x.toml: w.fianl: unknown key; did you mean final?",
        "x.toml: w.q: unknown key; known: ['final', 'sms']",
    ]


def test_leaves_carry_dotted_keys() -> None:
    assert dict(leaves({"a": {"b": "x", "c": {"d": 1}}, "e": "y"})) == {
        "a.b": "x",
        "a.c.d": 1,
        "e": "y",
    }
