"""Rows M at the session: what the peer is told of a message, and how it is known again."""

from __future__ import annotations

import asyncio

import pytest
import structlog

from smpp.links import SessionLimits
from smpp.messages import BindState, Inbound
from tests.support.line import SOON, Recorder, line, quick
from tests.support.peer import (
    DELIVER_SM,
    ENQUIRE_LINK,
    RESPONSE,
    WAIT_S,
    deliver_sm,
    part,
    pdu,
    tlv,
)

DELIVER_SM_RESP = DELIVER_SM | RESPONSE
RX_T_APPN, RMSGQFUL = 0x64, 0x14


async def test_row_m1_a_message_delivered_again_is_known_by_its_identity() -> None:
    async with line() as both:
        wire = both.wire
        wire.send(deliver_sm(1, b"770112345671234567"))
        await wire.expect(DELIVER_SM_RESP, 0, 1)
        wire.close()
        wire = await both.smsc.accept_bound()
        await both.owner.reached(BindState.BOUND, 2)
        wire.send(deliver_sm(40, b"770112345671234567"), deliver_sm(41, b"770112345671234568"))
        await wire.expect(DELIVER_SM_RESP, 0, 40)
        await wire.expect(DELIVER_SM_RESP, 0, 41)
        first, again, other = await both.owner.delivered(3)
        assert first.identity == again.identity
        assert first.identity != other.identity


async def test_row_m1_an_operators_own_message_id_is_the_identity_where_it_sends_one() -> None:
    async with line(quick(vendor_id_tlv=0x1400)) as both:
        for number, own_id in ((1, b"A"), (2, b"A"), (3, b"B")):
            both.wire.send(deliver_sm(number, b"1", tail=tlv(0x1400, own_id)))
            await both.wire.expect(DELIVER_SM_RESP, 0, number)
        first, again, other = await both.owner.delivered(3)
        assert first.identity == again.identity != other.identity


async def test_row_m2_the_same_text_typed_again_is_handed_over_again() -> None:
    """Whether the SMSC repeats itself or the person does is for the gateway to tell, by time and by
    proof that the first response was read."""
    async with line() as both:
        for number in (1, 2):
            both.wire.send(deliver_sm(number, b"770112345671234567"))
            await both.wire.expect(DELIVER_SM_RESP, 0, number)
        first, again = await both.owner.delivered(2)
        assert isinstance(first, Inbound)
        assert first == again


@pytest.mark.parametrize("status", [RX_T_APPN, RMSGQFUL])
async def test_row_m3_a_store_that_is_down_means_come_again_not_ok_and_not_silence(
    status: int,
) -> None:
    async with line(owner=Recorder(status=status)) as both:
        both.wire.send(deliver_sm(1, b"1"))
        await both.wire.expect(DELIVER_SM_RESP, status, 1)


@pytest.mark.parametrize("status", [RX_T_APPN, RMSGQFUL])
async def test_row_m3_a_full_queue_is_answered_by_the_profiles_busy_status_at_once(
    status: int,
) -> None:
    stalled = Recorder(status=None)
    limits = SessionLimits(backoff=SOON, deliveries_max=3)
    async with line(quick(busy_status=status), owner=stalled, limits=limits) as both:
        both.wire.send(*(deliver_sm(number, b"1") for number in range(1, 6)))
        await both.wire.expect(DELIVER_SM_RESP, status, 4)
        await both.wire.expect(DELIVER_SM_RESP, status, 5)
        both.wire.send(pdu(ENQUIRE_LINK, 6))
        await both.wire.expect(ENQUIRE_LINK | RESPONSE, 0, 6)
        assert len(stalled.deliveries) == 3
        stalled.answer(stalled.deliveries[0])
        await both.wire.expect(DELIVER_SM_RESP, 0, 1)
        both.wire.send(deliver_sm(7, b"1"))
        await stalled.delivered(4)
        assert both.link.stats.busy == 2


PORTED = bytes((6, 5, 4, 0x0B, 0x84, 0x23, 0xF4)) + b"WAP"
UNUSABLE = {
    "binary": deliver_sm(1, b"\x01\x02", data_coding=4),
    "eight-bit": deliver_sm(1, b"\x01\x02", data_coding=0xF5),
    "for-an-application": deliver_sm(1, PORTED, esm_class=0x40),
    "binary-part": deliver_sm(1, part(1, 2, 1, b"\x01"), esm_class=0x40, data_coding=2),
    "from-letters": deliver_sm(1, b"770112345671234567", source=b"MyBank", source_ton=5),
    "from-a-short-code": deliver_sm(1, b"770112345671234567", source=b"1414"),
}


@pytest.mark.parametrize("octets", UNUSABLE.values(), ids=UNUSABLE)
async def test_row_m4_what_no_reply_can_answer_is_acknowledged_counted_and_logged(
    octets: bytes,
) -> None:
    with structlog.testing.capture_logs() as logged:
        async with line() as both:
            for _ in range(2):
                both.wire.send(octets)
                await both.wire.expect(DELIVER_SM_RESP, 0, 1)
            assert len(await both.owner.delivered(2)) == 2, "the owner books it"
            assert both.link.stats.unusable == 2
    assert [each["event"] for each in logged].count("message_unusable") == 1, "once a session"


@pytest.mark.parametrize("status", [0x65, 0x66])
@pytest.mark.parametrize("octets", UNUSABLE.values(), ids=UNUSABLE)
async def test_row_m4_by_the_operators_rule_it_is_refused_for_good(
    octets: bytes, status: int
) -> None:
    async with line(quick(unusable_status=status)) as both:
        both.wire.send(octets)
        await both.wire.expect(DELIVER_SM_RESP, status, 1)
        both.wire.send(deliver_sm(2, b"770112345671234567"))
        await both.wire.expect(DELIVER_SM_RESP, 0, 2)
        (question,) = await both.owner.delivered()
        assert isinstance(question, Inbound)
        assert question.text == "770112345671234567"


async def test_row_m5_the_response_is_one_nul_and_seventeen_octets() -> None:
    async with line() as both:
        both.wire.send(deliver_sm(1, b"1"))
        response = await both.wire.expect(DELIVER_SM_RESP, 0, 1)
        assert (response.octets, response.body) == (17, b"\0")


async def test_row_m6_trouble_with_one_message_is_told_for_that_one_and_the_stream_goes_on() -> (
    None
):
    owner = Recorder(status=None)
    async with line(owner=owner) as both:
        both.wire.send(*(deliver_sm(number, b"1") for number in (1, 2, 3)))
        await owner.delivered(3)
        for delivery, status in zip(owner.deliveries, (0, RX_T_APPN, 0), strict=True):
            owner.answer(delivery, status)
        await both.wire.expect(DELIVER_SM_RESP, 0, 1)
        await both.wire.expect(DELIVER_SM_RESP, RX_T_APPN, 2)
        await both.wire.expect(DELIVER_SM_RESP, 0, 3)


async def test_responses_leave_in_the_order_of_arrival_however_they_are_given() -> None:
    owner = Recorder(status=None)
    async with line(owner=owner) as both:
        both.wire.send(*(deliver_sm(number, b"1") for number in (1, 2, 3)))
        await owner.delivered(3)
        owner.answer(owner.deliveries[2])
        owner.answer(owner.deliveries[1])
        assert await both.wire.all_before_now() == []
        owner.answer(owner.deliveries[0])
        for number in (1, 2, 3):
            await both.wire.expect(DELIVER_SM_RESP, 0, number)


async def test_a_second_answer_to_a_delivery_is_our_own_mistake() -> None:
    async with line() as both:
        both.wire.send(deliver_sm(1, b"1"))
        await both.owner.delivered()
        with pytest.raises(RuntimeError, match="answered twice"):
            both.owner.deliveries[0].respond()


async def test_a_response_is_confirmed_by_the_answer_to_a_submit_written_after_it() -> None:
    async with line() as both:
        both.submit(1)
        before, _ = await both.wire.expect_submit()
        both.wire.send(deliver_sm(1, b"1"), deliver_sm(2, b"2"))
        await both.wire.expect(DELIVER_SM_RESP, 0, 1)
        await both.wire.expect(DELIVER_SM_RESP, 0, 2)
        both.wire.answer_submit(before)
        await both.owner.ended()
        assert both.owner.confirmed == []  # that submit left before the responses
        both.submit(2)
        after, _ = await both.wire.expect_submit()
        both.wire.answer_submit(after)
        await both.owner.ended(2)
        await both.owner.until(lambda: bool(both.owner.confirmed))
        assert both.owner.confirmed == [(both.owner.deliveries[0].session, 2)]


async def test_without_submits_an_enquire_link_confirms_and_comes_though_messages_flow() -> None:
    async with line(quick(enquire_link_timer_s=0.2)) as both:
        number = 0
        async with asyncio.timeout(WAIT_S / 2):
            while not both.owner.confirmed:
                number += 1
                both.wire.send(deliver_sm(number, b"1"))
                found = await both.wire.read()
                while found.command == ENQUIRE_LINK:
                    both.wire.send(pdu(ENQUIRE_LINK | RESPONSE, found.sequence))
                    found = await both.wire.read()
                assert (found.command, found.sequence) == (DELIVER_SM_RESP, number)
        ((session, through), *_) = both.owner.confirmed
        assert session == both.owner.deliveries[0].session
        assert 1 <= through <= number
