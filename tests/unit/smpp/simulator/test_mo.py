from __future__ import annotations

import pytest

from smpp.simulator import wire
from smpp.simulator.mo import Course, Mo, MoResult, compose_mo
from smpp.simulator.segments import SplitForm
from smpp.simulator.text import Alphabet


def mo(content: str | bytes, form: SplitForm = SplitForm.UDH8, coding: int | None = None) -> Mo:
    return compose_mo(
        content, msisdn="77010000001", short_code="1012", data_coding=coding, form=form,
        reference=5, dc0=Alphabet.GSM, tlvs=((0x1400, b"id"),),
    )  # fmt: skip


def test_a_short_message_is_one_deliver_sm() -> None:
    made = mo("0612")
    assert made.command == wire.DELIVER_SM
    (body,) = made.bodies
    assert body == (
        b"\0" b"\1\0017701000000" b"1\0" b"\0\0011012\0" b"\0\0\0" b"\0\0" b"\0\0\0\0" b"\x040612"
        b"\x14\x00\x00\x02id"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "coding", "data_coding", "octets"),
    [
        ("Өтініш", None, 8, "Өтініш".encode("utf-16-be")),
        ("1@", 3, 3, b"1@"),
        (b"\x00\xff", None, 0, b"\x00\xff"),
        (b"\x00\xff", 4, 4, b"\x00\xff"),
    ],
)
def test_the_coding_is_the_given_one_or_what_the_text_needs(
    content: str | bytes, coding: int | None, data_coding: int, octets: bytes
) -> None:
    message = wire.decode_message(mo(content, coding=coding).bodies[0])
    assert isinstance(message, wire.Message)
    assert (message.data_coding, message.octets) == (data_coding, octets)


def test_a_data_sm_carries_its_text_in_message_payload() -> None:
    made = mo("0612", SplitForm.DATA_SM)
    assert made.command == wire.DATA_SM
    message = wire.decode_data(made.bodies[0])
    assert isinstance(message, wire.Message)
    assert message.user_data() == b"0612"


def test_the_result_comes_once_when_the_last_part_is_settled() -> None:
    results: list[MoResult] = []
    course = Course(mo("a" * 200), results.append)
    first, second = course.deliveries
    for number, (delivery, status) in enumerate(((first, 0), (second, 0x66)), 1):
        delivery.sent(number, 0.0)
        delivery.status = status
        assert results == []
        course.settled(delivery)
    (result,) = results
    assert (result.status, result.statuses, result.ok) == (0x66, (0, 0x66), False)
    assert (result.attempts, result.sequences) == (2, (1, 2))


def test_a_part_without_an_answer_leaves_the_message_without_one() -> None:
    results: list[MoResult] = []
    course = Course(mo("a" * 200), results.append)
    course.deliveries[0].status = 0
    for delivery in course.deliveries:
        course.settled(delivery)
    assert results[0].status is None


def test_two_deliveries_of_one_message_make_one_result() -> None:
    first = MoResult(mo("1"), 0, 2, (1, 2), (0,))
    second = MoResult(mo("1"), 0, 1, (9,), (0,))
    both = second.after(first)
    assert (both.attempts, both.sequences, both.ok) == (3, (1, 2, 9), True)
