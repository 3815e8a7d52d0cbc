"""Arguments of a SOAP operation, written as paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookup.soap.arguments import filled, steps, tree_of
from lookup.soap.outcomes import SoapSetupError


def test_paths_lie_in_one_another() -> None:
    tree = tree_of({"who.name": "gate", "who.way.no": "1414", "no": "{kind}/{number}"})
    assert filled(tree, "7501", "жалоба") == {
        "who": {"name": "gate", "way": {"no": "1414"}},
        "no": "жалоба/7501",
    }


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "none of them holds {number}"),
        ({"a": "x"}, "none of them holds {number}"),
        ({"a": "{numbers}"}, "{numbers} is unknown; use {number} or {kind}"),
        ({"a": "{number}", "a.b": "x"}, "'a.b' and another lie in one place"),
        ({"a.b": "{number}", "a": "x"}, "'a' and another lie in one place"),
        ({"a..b": "{number}"}, "arguments"),
    ],
)
def test_arguments_that_cannot_be_meant_are_told(arguments: dict[str, str], told: str) -> None:
    with pytest.raises(SoapSetupError) as caught:
        tree_of(arguments)
    assert told in str(caught.value)


def test_a_path_that_cannot_be_one_is_told_with_its_key() -> None:
    assert steps("", "items") == ()
    with pytest.raises(SoapSetupError, match="soap: items"):
        steps("a..b", "items")


@given(st.text(max_size=40), st.text(max_size=10))
def test_a_number_goes_in_as_it_is(number: str, kind: str) -> None:
    tree = tree_of({"no": "{number}"})
    assert filled(tree, number, kind) == {"no": number.replace("{kind}", kind)}
