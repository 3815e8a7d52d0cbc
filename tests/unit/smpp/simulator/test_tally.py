from __future__ import annotations

import json
from collections import Counter

import pytest

from smpp.simulator import tally
from smpp.simulator.inbox import Mt
from smpp.simulator.tally import Cause, Question

NUMBER = "061200000012345678"


def reply(text: str = "*5678 in work", at: float = 1.0, session: int = 1,
          answered: bool = True) -> Mt:  # fmt: skip
    return Mt("77010000000", "1012", text, 1, 0, ("1",), at, session, answered)


def question(due_at: float = 0.0) -> Question:
    return Question("77010000000", NUMBER, due_at)


def test_the_first_reply_is_no_duplicate() -> None:
    asked = question()
    assert asked.reply(reply(), 4) is None
    assert (asked.replies, asked.reply_at, asked.wrong) == (1, 1.0, 0)


@pytest.mark.parametrize(
    ("redelivered", "answered", "session", "cause"),
    [
        (True, False, 2, Cause.REDELIVERY),
        (False, False, 2, Cause.LOST_RESPONSE),
        (False, True, 2, Cause.RECONNECT),
        (False, True, 1, Cause.NONE),
    ],
)
def test_a_second_reply_is_laid_to_what_came_before(
    redelivered: bool, answered: bool, session: int, cause: Cause
) -> None:
    asked = question()
    asked.redelivered = redelivered
    asked.reply(reply(answered=answered), 4)
    assert asked.reply(reply(session=session, at=2.0), 4) is cause
    assert (asked.replies, asked.reply_at) == (2, 1.0)


def test_a_reply_without_the_end_of_its_question_is_wrong() -> None:
    asked = question()
    asked.reply(reply("*9999 in work"), 4)
    asked.reply(reply("*5678 in work"), 4)
    assert asked.wrong == 1
    anything = question()
    anything.reply(reply("hello"), 0)
    assert anything.wrong == 0


def test_a_line_has_dashes_for_what_never_came() -> None:
    asked = question(due_at=5.0)
    assert asked.line(1000.0) == f"77010000000 {NUMBER} 1005.000000 - - 0"
    asked.status = 0
    asked.reply(reply(at=6.5), 4)
    assert asked.line(1000.0) == f"77010000000 {NUMBER} 1005.000000 0 1006.500000 1"


def test_the_report_accounts_for_every_question() -> None:
    answered, late, lost, refused, silent, early = (question() for _ in range(6))
    for each in (answered, late, lost):
        each.status, each.resp_at = 0, 0.01
    refused.status = 0x66
    answered.reply(reply(at=0.5), 4)
    late.reply(reply(at=40.0), 4)
    early.reply(reply("nothing", at=0.1), 4)  # replied, though its response is still missing
    answered.redelivered = True
    report = tally.draw_up(
        [answered, late, lost, refused, silent, early],
        duplicates=Counter({Cause.RECONNECT: 2}), unmatched=1, reply_timeout_s=30.0, seconds=40.0,
    )  # fmt: skip
    assert (report.asked, report.acked, report.refused, report.unacked) == (6, 3, 1, 2)
    assert (report.answered, report.unanswered, report.late) == (3, 3, 1)
    assert (report.lost_after_ok, report.wrong, report.unmatched) == (1, 1, 1)
    assert report.duplicates == {
        "after_redelivery": 0, "after_lost_response": 0, "after_reconnect": 2, "unexplained": 0,
    }  # fmt: skip
    assert (report.duplicates_total, report.redelivered) == (2, 1)
    assert (report.resp_p50_ms, report.reply_p50_ms, report.reply_max_ms) == (10, 500, 40_000)
    assert report.max_gap_ms == 39_500
    assert report.round_trips_per_s == 0.1  # 3 in 40 s, to one decimal
    assert json.loads(json.dumps(report.as_dict()))["asked"] == 6


def test_a_run_without_questions_has_a_report() -> None:
    report = tally.draw_up([], duplicates=Counter(), unmatched=0, reply_timeout_s=30.0, seconds=0.0)
    assert (report.asked, report.round_trips_per_s, report.reply_p99_ms) == (0, 0.0, 0.0)


def test_percentiles_are_values_that_occurred() -> None:
    values = [float(n) for n in range(1, 201)]
    assert [tally.percentile(values, p) for p in (1, 50, 99, 100)] == [2, 100, 198, 200]
    assert tally.percentile([5.0], 50) == 5.0
