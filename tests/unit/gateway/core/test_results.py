from __future__ import annotations

from gateway.core.reading import Intent
from gateway.core.results import Result


def test_only_a_status_and_an_unknown_act_answer_the_question() -> None:
    assert {result for result in Result if result.answers} == {Result.STATUS, Result.UNREGISTERED}


def test_every_intent_that_decides_alone_is_a_result_of_the_same_value() -> None:
    needs_more = {Intent.LOOKUP, Intent.REPEAT, Intent.CHOICE, Intent.YES}
    for intent in set(Intent) - needs_more:
        assert Result(intent.value).value == intent.value
