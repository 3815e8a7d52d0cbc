from __future__ import annotations

from ivr.attendant import waiting_line
from ivr.attendant.waiting_line import WaitingLine


def test_callers_stand_in_the_order_in_which_they_came() -> None:
    line = WaitingLine()
    assert [line.place("1414", call_id) for call_id in "abc"] == [1, 2, 3]
    assert [line.place("1414", call_id) for call_id in "cab"] == [3, 1, 2]


def test_calls_of_several_platforms_may_have_the_same_id() -> None:
    line = WaitingLine()
    assert (line.place("1414", "a"), line.place("8800", "a")) == (1, 2)


def test_who_leaves_lets_the_others_up() -> None:
    line = WaitingLine()
    for call_id in "abc":
        line.place("1414", call_id)
    line.leave("1414", "a")
    line.leave("1414", "never there")
    assert (line.place("1414", "b"), line.place("1414", "c"), len(line)) == (1, 2, 2)


def test_the_line_is_bounded() -> None:
    line = WaitingLine()
    for number in range(waiting_line.WAITING_MAX + 5):
        line.place("1414", str(number))
    assert len(line) == waiting_line.WAITING_MAX
    assert line.place("1414", "one more") == waiting_line.WAITING_MAX
