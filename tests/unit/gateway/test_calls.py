"""What a caller hears of a ticket while a base is silent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, cast

import pytest

from gateway import config
from gateway.calls import Calls
from gateway.core import memory as remembering
from gateway.core.conversation import Moment, Turn
from gateway.core.reading import Reading
from gateway.desk import Desk
from gateway.keys import Keys
from gateway.memories import Memories
from gateway.rules import load_rules
from gateway.settings import Settings
from ivr.speech import speak
from ivr.switch import CallAnswer, CallOutcome, CallQuestion
from lookup.status import Found, Partial, Status, Unavailable
from tests.support.wording import ticket

RULES = load_rules(Settings())
NOW = 1_763_600_000_000_000
REPORT = ticket(kind="crime_report", number="263100030000001", status="checking")


class _Desk:
    """The pure core's answer to these statuses, with nothing written down."""

    def __init__(self, *statuses: Status) -> None:
        self.statuses = statuses

    def asking(self, *, reading: Reading, **_: Any) -> Reading:
        return reading

    async def consult(self, asking: Reading, _: float) -> tuple[Sequence[Status], Turn]:
        plan = RULES.conversation.plan(asking, remembering.EMPTY, NOW)
        moment = self.moment()
        turn = RULES.conversation.turn(plan, self.statuses, moment)
        return self.statuses, turn or RULES.conversation.gave_up(plan, moment)

    def moment(self, *_: object) -> Moment:
        return Moment(NOW, 20_261_120, date(2026, 11, 20), 15, lambda _: True, by_sms=False)


async def told(*statuses: Status) -> CallAnswer:
    calls = Calls(
        desk=cast(Desk, _Desk(*statuses)),
        memories=cast(Memories, None),
        rules=RULES,
        keys=cast(Keys, None),
        deadline_ms=2_000,
    )
    question = CallQuestion(
        link="1414", call_id="c", step=1, caller="", called="1414", menu=None,
        digits=REPORT.number, kind="crime_report", language="ru",
    )  # fmt: skip
    return await calls.ask(question)


async def test_the_silent_base_is_named_after_what_was_found() -> None:
    answer = await told(Partial((REPORT,), ("kui",)))
    assert answer.outcome is CallOutcome.FOUND
    assert [sentence.id for sentence in answer.sentences][1:] == ["base_silent"]
    template = config.table("voice/ru.toml")["base_silent"]
    words = speak(str(template), answer.sentences[-1].values, "ru", 2026)
    assert "полиция" in words


@pytest.mark.parametrize(
    ("status", "outcome", "sentences"),
    [
        (Found((REPORT,)), CallOutcome.FOUND, 1),
        (Unavailable(("kui",)), CallOutcome.UNAVAILABLE, 0),
    ],
)
async def test_without_a_silent_base_none_is_named(
    status: Status, outcome: CallOutcome, sentences: int
) -> None:
    answer = await told(status)
    assert (answer.outcome, len(answer.sentences)) == (outcome, sentences)
