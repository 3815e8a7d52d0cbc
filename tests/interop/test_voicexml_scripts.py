"""What our VoiceXML documents compute is the same in a real engine of ECMAScript and in the voice
browser of the tests."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.support.ecmascript import UNDEFINED, ScriptError, evaluate
from tests.support.foreign.program import found

NOW_MS = 1_795_150_861_400
NAMES: dict[str, Any] = {
    "began": NOW_MS - 61_400,
    "failed": 2,
    "lost": False,
    "over": True,
    "seconds": "95.5",
    "talk": "far_end_disconnect",
    "talk$": {"duration": 12.25},
    "session": {"connection": {"remote": {"uri": "tel:+77010000001"}}},
}
EXPRESSIONS = (
    "''",
    "'v1'",
    "0",
    "failed + 1",
    "failed < 3",
    "failed < 2",
    "seconds > 0",
    "seconds > 100",
    "lost",
    "over",
    "!over",
    "talk",
    "talk$.duration",
    "talk$.reason",
    "Math.round((new Date().getTime() - began) / 1000)",
    "'v' + new Date().getTime().toString(36)",
    "0.84375.toString(36).substring(2)",
    "(session.connection && session.connection.remote && session.connection.remote.uri) || ''",
    "(session.connection && session.connection.local && session.connection.local.uri) || ''",
    "(session.telephone && session.telephone.remote && session.telephone.remote.uri) || ''",
)
FAILING = ("nobody", "talk.reason.more", "session.connection.local.uri", "began(")

ENGINE = """
const [names, expressions, now] = JSON.parse(require('fs').readFileSync(0));
class Clock { getTime() { return now; } }
const run = (text) => {
  try {
    const value = new Function('Date', ...Object.keys(names), `return (${text});`)(
      Clock, ...Object.values(names));
    return value === undefined ? {nothing: true} : {value};
  } catch (error) { return {error: error.name}; }
};
console.log(JSON.stringify(expressions.map(run)));
"""


@pytest.fixture(scope="module")
def engine() -> dict[str, dict[str, Any]]:
    """What Node makes of each."""
    asked = [*EXPRESSIONS, *FAILING]
    done = subprocess.run(
        [found("node"), "-e", ENGINE],
        input=json.dumps([NAMES, asked, NOW_MS]),
        capture_output=True,
        text=True,
        check=True,
        timeout=15,
    )
    return dict(zip(asked, json.loads(done.stdout), strict=True))


def resolve(name: str) -> Any:
    if name not in NAMES:
        raise ScriptError(f"{name} is not declared")
    return NAMES[name]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_script_has_the_value_that_an_engine_gives(
    expression: str, engine: dict[str, dict[str, Any]]
) -> None:
    value = evaluate(expression, resolve, lambda: NOW_MS)
    expected = engine[expression]
    assert ({"nothing": True} if value is UNDEFINED else {"value": value}) == expected


@pytest.mark.parametrize("expression", FAILING)
def test_a_script_fails_where_an_engine_fails(
    expression: str, engine: dict[str, dict[str, Any]]
) -> None:
    assert "error" in engine[expression]
    with pytest.raises(ScriptError):
        evaluate(expression, resolve, lambda: NOW_MS)
