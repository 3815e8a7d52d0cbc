from __future__ import annotations

from smpp.simulator import wire
from smpp.simulator.delivery import (
    ENQUIRIES_OPEN_MAX,
    EXPIRED_KEPT,
    NOBODY,
    SEQUENCES_KEPT,
    Delivery,
    Window,
)  # fmt: skip
from smpp.simulator.framing import SEQUENCE_MAX

OK = wire.DELIVER_SM | wire.RESPONSE


def delivery() -> Delivery:
    return Delivery(b"body", NOBODY)


def test_a_window_has_room_up_to_its_size_and_again_after_an_answer() -> None:
    window = Window(2)
    first, second = delivery(), delivery()
    one = window.register(first, 0.0)
    window.register(second, 0.0)
    assert not window.has_room()
    assert window.answered(one, OK) is first
    assert window.has_room()
    assert window.answered(one, OK) is None


def test_an_attempt_is_noted_with_its_number_and_time() -> None:
    window, sent = Window(5), delivery()
    for now in (1.0, 2.0):
        window.answered(window.register(sent, now), OK)
    assert (sent.attempts, sent.sequences, sent.sent_at) == (2, [1, 2], 2.0)
    for _ in range(100):
        window.answered(window.register(sent, 3.0), OK)
    assert (sent.attempts, len(sent.sequences)) == (102, SEQUENCES_KEPT)


def test_a_response_of_another_command_ends_nothing() -> None:
    window = Window(5)
    number = window.register(delivery(), 0.0)
    assert window.answered(number, wire.DATA_SM | wire.RESPONSE) is None
    assert window.answered(number, wire.GENERIC_NACK) is not None


def test_sequence_numbers_start_over_and_pass_over_open_ones() -> None:
    window = Window(5)
    assert window.register(delivery(), 0.0) == 1
    window._sequence = SEQUENCE_MAX - 1
    assert window.next_sequence() == SEQUENCE_MAX
    assert window.next_sequence() == 2


def test_what_was_sent_too_long_ago_leaves_the_window_and_its_answer_is_late_once() -> None:
    window, old, young = Window(5), delivery(), delivery()
    number = window.register(old, 1.0)
    window.register(young, 2.0)
    assert window.expire(1.5) == [old]
    assert len(window) == 1
    assert window.answered(number, OK) is None
    assert window.late(number)
    assert not window.late(number)


def test_only_so_many_late_numbers_are_kept() -> None:
    window = Window(EXPIRED_KEPT + 1)
    numbers = [window.register(delivery(), 0.0) for _ in range(EXPIRED_KEPT + 1)]
    window.expire(1.0)
    assert not window.late(numbers[0])
    assert window.late(numbers[1])


def test_enquiries_are_answered_once_and_limited() -> None:
    window = Window(5)
    number = window.enquiry()
    assert number is not None
    assert window.enquiry_answered(number)
    assert not window.enquiry_answered(number)
    assert None not in [window.enquiry() for _ in range(ENQUIRIES_OPEN_MAX)]
    assert window.enquiry() is None


def test_a_window_that_ends_gives_back_what_is_open_oldest_first() -> None:
    window, first, second = Window(5), delivery(), delivery()
    window.register(first, 0.0)
    window.register(second, 0.0)
    assert window.clear() == [first, second]
    assert window.clear() == []
