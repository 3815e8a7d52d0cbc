"""Rows S: each direction counts for itself, and the peer's numbers are its own affair."""

from __future__ import annotations

import pytest

from smpp.links import SessionLimits
from tests.support.line import SOON, Recorder, line
from tests.support.peer import (
    DELIVER_SM,
    ENQUIRE_LINK,
    RESPONSE,
    SUBMIT_SM,
    UNBIND,
    deliver_sm,
    pdu,
)

DELIVER_SM_RESP = DELIVER_SM | RESPONSE


async def test_row_s1_our_numbers_wrap_to_one() -> None:
    limits = SessionLimits(backoff=SOON, first_sequence=0x7FFFFFFE)
    async with line(accept=False, limits=limits) as both:
        wire = await both.smsc.accept()
        bind = await wire.accept_bind()
        await both.owner.until(lambda: both.owner.rooms > 0)
        numbers = [bind.sequence]
        for reply_id in range(3):
            both.submit(reply_id)
            sent, _ = await wire.expect_submit()
            numbers.append(sent.sequence)
            wire.answer_submit(sent)
        assert numbers == [0x7FFFFFFE, 0x7FFFFFFF, 1, 2]
        assert [result.reply_id for result in await both.owner.ended(3)] == [0, 1, 2]


@pytest.mark.parametrize("sequence", [0, 1, 0x7FFFFFFF])
async def test_row_s2_number_zero_is_echoed(sequence: int) -> None:
    async with line() as both:
        both.wire.send(deliver_sm(sequence, b"1"), pdu(ENQUIRE_LINK, sequence))
        await both.wire.expect(DELIVER_SM_RESP, 0, sequence)
        await both.wire.expect(ENQUIRE_LINK | RESPONSE, 0, sequence)


@pytest.mark.parametrize("sequence", [0x80000000, 0xFFFFFFFF])
async def test_row_s3_numbers_beyond_the_standard_are_echoed(sequence: int) -> None:
    async with line() as both:
        both.wire.send(deliver_sm(sequence, b"1"), pdu(ENQUIRE_LINK, sequence))
        await both.wire.expect(DELIVER_SM_RESP, 0, sequence)
        await both.wire.expect(ENQUIRE_LINK | RESPONSE, 0, sequence)


async def test_row_s4_two_open_messages_of_one_number_are_both_answered() -> None:
    owner = Recorder(status=None)
    async with line(owner=owner) as both:
        both.wire.send(deliver_sm(9, b"first"), deliver_sm(9, b"second"))
        await owner.delivered(2)
        owner.answer(owner.deliveries[0], 0)
        owner.answer(owner.deliveries[1], 0x64)
        await both.wire.expect(DELIVER_SM_RESP, 0, 9)
        await both.wire.expect(DELIVER_SM_RESP, 0x64, 9)


async def test_row_s5_one_number_may_be_open_in_both_directions() -> None:
    owner = Recorder(status=None)
    async with line(owner=owner) as both:
        both.submit(1)
        sent, _ = await both.wire.expect_submit()
        both.wire.send(deliver_sm(sent.sequence, b"1"))
        await owner.delivered()
        both.wire.answer_submit(sent)
        await owner.ended()
        owner.answer(owner.deliveries[0])
        await both.wire.expect(DELIVER_SM_RESP, 0, sent.sequence)


@pytest.mark.parametrize("command", [SUBMIT_SM, ENQUIRE_LINK, UNBIND, DELIVER_SM])
async def test_row_s6_a_response_to_nothing_is_counted_and_the_link_stays(command: int) -> None:
    async with line() as both:
        both.wire.send(pdu(command | RESPONSE, 4711, b"id\0"))
        assert await both.wire.all_before_now() == []
        assert both.link.bound
        assert both.owner.results == []
        if command != ENQUIRE_LINK:  # an old enquire_link's answer is nothing strange
            assert both.link.stats.unmatched == 1


async def test_row_s7_the_second_of_two_responses_is_ignored() -> None:
    async with line() as both:
        both.submit(1)
        sent, _ = await both.wire.expect_submit()
        both.wire.answer_submit(sent, b"first")
        both.wire.answer_submit(sent, b"second")
        assert await both.wire.all_before_now() == []
        assert [result.message_id for result in both.owner.results] == ["first"]
        assert both.link.stats.unmatched == 1


async def test_row_s8_every_request_of_ours_has_a_number_of_its_own() -> None:
    async with line(accept=False) as both:
        wire = await both.smsc.accept()
        bind = await wire.accept_bind()
        await both.owner.until(lambda: both.owner.rooms > 0)
        for reply_id in (1, 2):
            both.submit(reply_id)
        first, second = await wire.expect(SUBMIT_SM), await wire.expect(SUBMIT_SM)
        assert len({bind.sequence, first.sequence, second.sequence}) == 3
