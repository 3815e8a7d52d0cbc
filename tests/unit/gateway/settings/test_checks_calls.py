"""Each [[ivr]] that does not fit the rest is refused with its remedy; the right ones are not."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.settings.checks_calls import problems_of_calls
from gateway.settings.tables import IvrSettings, LinkSettings


def ivr(**changes: Any) -> IvrSettings:
    given: dict[str, Any] = {
        "name": "1414", "dialect": "twiml", "path": "/ivr/1414", "secret_env": "TOKEN",
        "numbers": ("1414", "88000807777"),
    }  # fmt: skip
    return IvrSettings(**given | changes)


def link(**changes: Any) -> LinkSettings:
    given: dict[str, Any] = {"name": "north", "host": "127.0.0.1", "system_id": "1012"}
    return LinkSettings(**given | changes)


@pytest.mark.parametrize(
    "changes",
    [{}, {"text_link": "north"}, {"text_link": "north", "numbers_without_sms": ("88000807777",)}],
)
def test_a_table_that_fits_has_no_problem(changes: dict[str, Any]) -> None:
    assert list(problems_of_calls([ivr(**changes)], [link()])) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"path": "/call"}, "[[ivr]] '1414': path must be '/ivr/1414', not '/call'"),
        ({"text_link": "south"}, "text_link = 'south' is no [[link]]; known: north"),
        (
            {"numbers_without_sms": ("8800",)},
            "numbers_without_sms has '8800', which is not among numbers",
        ),
    ],
)
def test_a_wrong_key_is_told_with_its_remedy(changes: dict[str, Any], told: str) -> None:
    (problem,) = problems_of_calls([ivr(**changes)], [link()])
    assert told in problem


def test_a_link_without_a_short_code_texts_nobody() -> None:
    (problem,) = problems_of_calls([ivr(text_link="north")], [link(short_codes=())])
    assert "has no short code to text from" in problem


def test_without_any_link_none_is_known() -> None:
    (problem,) = problems_of_calls([ivr(text_link="north")], [])
    assert problem.endswith("known: none")
