"""Rows A: one subscriber is one number, one short code is one short code."""

from __future__ import annotations

import pytest

from gateway.core import memory as remembering
from gateway.core.memory import EMPTY, Limits, Verdict, answerable_source
from smpp.messages import Inbound
from tests.support.line import line, quick
from tests.support.peer import DELIVER_SM, RESPONSE, deliver_sm

DELIVER_SM_RESP = DELIVER_SM | RESPONSE
NOW_US = 1_763_614_800_000_000


async def from_address(source: bytes, ton: int) -> Inbound:
    async with line() as both:
        both.wire.send(deliver_sm(3, b"1", source=source, source_ton=ton))
        await both.wire.expect(DELIVER_SM_RESP, 0, 3)
        return await both.owner.inbound()


@pytest.mark.parametrize("ton", [0, 1, 2])
@pytest.mark.parametrize("source", [b"77011234567", b"+77011234567", b"87011234567", b"7011234567"])
async def test_row_a1_every_spelling_of_a_kazakh_mobile_is_one_number(
    source: bytes, ton: int
) -> None:
    message = await from_address(source, ton)
    assert message.source == "77011234567"
    assert message.answerable


@pytest.mark.parametrize("source", [b"79161234567", b"+79161234567"])
async def test_row_a1_a_russian_number_stays_russian(source: bytes) -> None:
    message = await from_address(source, 1)
    assert message.source.lstrip("+") == "79161234567"
    assert message.answerable


@pytest.mark.parametrize("dest", [b"1012", b"+1012", b"71012"])
async def test_row_a2_aliases_of_the_short_code_are_the_short_code(dest: bytes) -> None:
    async with line(quick(aliases={"+1012": "1012", "71012": "1012"})) as both:
        both.wire.send(deliver_sm(3, b"1", dest=dest))
        await both.wire.expect(DELIVER_SM_RESP, 0, 3)
        assert (await both.owner.inbound()).destination == "1012"


@pytest.mark.parametrize(
    ("source", "ton"),
    [
        (b"MyBank", 5),
        (b"", 1),
        (b"7" * 21, 1),
        ("Құрмет".encode(), 5),
        (b"\xff\xfe1", 0),
    ],
    ids=["alphanumeric", "empty", "long", "utf-8", "octets"],
)
async def test_row_a3_a_source_nobody_can_answer_is_taken_and_marked(
    source: bytes, ton: int
) -> None:
    message = await from_address(source, ton)
    assert not message.answerable
    assert message.text == "1"


@pytest.mark.parametrize("source", [b"1012", b"+1012", b"1414", b"103", b"123456"])
async def test_row_a4_a_short_code_is_taken_and_marked_as_nobody_to_answer(source: bytes) -> None:
    message = await from_address(source, 3)
    assert not message.answerable
    assert message.text == "1"


OWN = ("77010009001", "88000807777")


@pytest.mark.parametrize("source", [b"77010009001", b"+77010009001", b"88000807777"])
async def test_row_a4_a_number_of_our_own_is_not_answered(source: bytes) -> None:
    message = await from_address(source, 1)
    assert not answerable_source(message.source, OWN)


async def test_row_a4_a_subscriber_is_answered_so_often_a_day_and_no_more() -> None:
    limits = Limits()
    message = await from_address(b"77011234567", 1)
    assert answerable_source(message.source, OWN)
    memory = remembering.after_reply(EMPTY, limits.replies_day_max, NOW_US, 20261120)
    assert remembering.admit(memory, limits, NOW_US + 1) is Verdict.SILENT_LIMIT
