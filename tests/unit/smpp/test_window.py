"""Requests of ours: every submit ends once, slots never leak, late responses are known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from smpp.window import LATE_MAX, LATE_S, SEQUENCE_MAX, Window

RESPONSE_S = 10.0


def test_a_window_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="window 0"):
        Window(0, RESPONSE_S)


def test_an_answer_frees_the_slot_and_tells_whose_it_was() -> None:
    window = Window(2, RESPONSE_S)
    first = window.open(71, 0.0, 5, 1)
    window.open(72, 0.0, 5, 1)
    assert window.free == 0
    sent = window.answer(first)
    assert sent is not None
    assert (sent.reply_id, sent.mark, sent.flush) == (71, 5, 1)
    assert (window.free, window.open_count) == (1, 1)


def test_a_submit_beyond_the_window_is_our_own_mistake() -> None:
    window = Window(1, RESPONSE_S)
    window.open(1, 0.0, 0, 0)
    with pytest.raises(RuntimeError, match="without a slot"):
        window.open(2, 0.0, 0, 0)


def test_a_second_response_to_the_same_number_ends_nothing() -> None:
    window = Window(2, RESPONSE_S)
    sequence = window.open(1, 0.0, 0, 0)
    assert window.answer(sequence) is not None
    assert window.answer(sequence) is None
    assert window.late(sequence, 1.0) is None


def test_numbers_wrap_to_one_and_skip_those_still_open() -> None:
    window = Window(4, RESPONSE_S, first=SEQUENCE_MAX - 1)
    assert window.open(1, 0.0, 0, 0) == SEQUENCE_MAX - 1
    assert window.open(2, 0.0, 0, 0) == SEQUENCE_MAX
    assert window.open(3, 0.0, 0, 0) == 1
    again = Window(4, RESPONSE_S)
    assert again.open(1, 0.0, 0, 0) == 1
    again._last = SEQUENCE_MAX
    assert again.next_sequence() == 2


def test_the_deadline_is_that_of_the_oldest() -> None:
    window = Window(3, RESPONSE_S)
    assert window.next_deadline_s() is None
    first = window.open(1, 100.0, 0, 0)
    window.open(2, 104.0, 0, 0)
    assert window.next_deadline_s() == 110.0
    window.answer(first)
    assert window.next_deadline_s() == 114.0


def test_only_the_overdue_expire_and_their_slots_are_free_again() -> None:
    window = Window(3, RESPONSE_S)
    window.open(1, 0.0, 0, 0)
    window.open(2, 1.0, 0, 0)
    window.open(3, 5.0, 0, 0)
    assert [sent.reply_id for sent in window.expire(9.99)] == []
    assert [sent.reply_id for sent in window.expire(11.0)] == [1, 2]
    assert window.free == 2


def test_a_late_response_is_recognised_once() -> None:
    window = Window(1, RESPONSE_S)
    sequence = window.open(7, 0.0, 3, 0)
    window.expire(10.0)
    assert window.answer(sequence) is None
    sent = window.late(sequence, 60.0)
    assert sent is not None
    assert sent.reply_id == 7
    assert window.late(sequence, 60.0) is None


def test_a_response_after_the_memory_of_late_ones_is_unknown() -> None:
    window = Window(1, RESPONSE_S)
    sequence = window.open(7, 0.0, 0, 0)
    window.expire(10.0)
    assert window.late(sequence, LATE_S + 0.1) is None


def test_the_memory_of_late_ones_is_bounded_by_count_and_time() -> None:
    window = Window(1, RESPONSE_S)
    numbers = []
    for turn in range(LATE_MAX + 5):
        numbers.append(window.open(turn, 0.0, 0, 0))
        window.expire(10.0)
    assert len(window._late) == LATE_MAX
    assert window.late(numbers[4], 10.0) is None
    assert window.late(numbers[5], 10.0) is not None
    window.expire(LATE_S + 1.0)
    assert len(window._late) == 0


def test_closing_hands_back_what_is_open_oldest_first() -> None:
    window = Window(3, RESPONSE_S)
    for reply_id in (4, 5, 6):
        window.open(reply_id, 0.0, 0, reply_id)
    assert [(sent.reply_id, sent.flush) for sent in window.close()] == [(4, 4), (5, 5), (6, 6)]
    assert window.close() == []
    assert window.free == 3


@given(
    first=st.integers(SEQUENCE_MAX - 8, SEQUENCE_MAX),
    answered=st.lists(st.booleans(), min_size=1, max_size=30),
)
def test_open_numbers_are_unique_and_in_range(first: int, answered: list[bool]) -> None:
    window = Window(40, RESPONSE_S, first=first)
    still_open: set[int] = set()
    for reply_id, answer in enumerate(answered):
        sequence = window.open(reply_id, 0.0, 0, 0)
        assert 1 <= sequence <= SEQUENCE_MAX
        assert sequence not in still_open
        still_open.add(sequence)
        if answer:
            assert window.answer(sequence) is not None
            still_open.discard(sequence)


class WindowMachine(RuleBasedStateMachine):
    """Any order of events: never above its size, never stuck, one end for each submit."""

    @initialize(size=st.integers(1, 5))
    def begin(self, size: int) -> None:
        self.size = size
        self.window = Window(size, RESPONSE_S)
        self.now_s = 0.0
        self.begun = 0
        self.open: dict[int, int] = {}
        self.overdue: dict[int, int] = {}

    @precondition(lambda self: self.window.free > 0)
    @rule()
    def submit(self) -> None:
        self.begun += 1
        self.open[self.window.open(self.begun, self.now_s, 0, 0)] = self.begun

    @rule(sequence=st.integers(1, 30))
    def respond(self, sequence: int) -> None:
        sent = self.window.answer(sequence)
        assert (sent.reply_id if sent else None) == self.open.pop(sequence, None)
        if sent is None:
            late = self.window.late(sequence, self.now_s)
            assert (late.reply_id if late else None) == self.overdue.pop(sequence, None)

    @rule(seconds=st.floats(0.0, 12.0))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        ended = {sent.reply_id for sent in self.window.expire(self.now_s)}
        for sequence, reply_id in list(self.open.items()):
            if reply_id in ended:
                self.overdue[sequence] = self.open.pop(sequence)

    @invariant()
    def slots_match_what_is_open(self) -> None:
        if hasattr(self, "window"):
            assert self.window.free == self.size - len(self.open) >= 0


TestWindowMachine = WindowMachine.TestCase
