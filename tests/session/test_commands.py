"""Rows C: commands and statuses, expected or not, never cost the link."""

from __future__ import annotations

import pytest

from smpp.messages import SubmitEnd
from tests.support.line import line, quick
from tests.support.peer import (
    ALERT_NOTIFICATION,
    CANCEL_SM,
    DATA_SM,
    DELIVER_SM,
    ENQUIRE_LINK,
    GENERIC_NACK,
    QUERY_SM,
    RESPONSE,
    SUBMIT_SM,
    data_sm,
    deliver_sm,
    pdu,
    receipt_text,
    tlv,
)

DELIVER_SM_RESP = DELIVER_SM | RESPONSE
RINVCMDID = 0x03


@pytest.mark.parametrize("command", [0x00, 0x0A, 0x112, 0x00010204, 0x7FFFFFFF])
async def test_row_c1_an_unknown_request_is_nacked_by_its_number(command: int) -> None:
    async with line() as both:
        both.wire.send(pdu(command, 31, b"whatever"))
        await both.wire.expect(GENERIC_NACK, RINVCMDID, 31)
        assert await both.wire.all_before_now() == []
        assert both.link.bound
        assert both.link.stats.unknown_commands == 1


async def test_row_c2_an_unknown_response_is_counted_and_not_answered() -> None:
    async with line() as both:
        both.wire.send(pdu(0x80000112, 31))
        assert await both.wire.all_before_now() == []
        assert both.link.stats.unmatched == 1


@pytest.mark.parametrize("command", [QUERY_SM, CANCEL_SM, 0x07, 0x21, SUBMIT_SM])
async def test_row_c3_a_known_request_that_we_do_not_serve_gets_its_own_response(
    command: int,
) -> None:
    async with line() as both:
        both.wire.send(pdu(command, 31, b"\0\0\0\0"))
        await both.wire.expect(command | RESPONSE, RINVCMDID, 31)
        assert both.link.bound


async def test_row_c4_a_message_in_data_sm_is_as_good_as_in_deliver_sm() -> None:
    async with line() as both:
        both.wire.send(deliver_sm(1, b"770112345671234567"), data_sm(2, b"770112345671234567"))
        await both.wire.expect(DELIVER_SM_RESP, 0, 1)
        response = await both.wire.expect(DATA_SM | RESPONSE, 0, 2)
        assert response.body == b"\0"
        first, second = await both.owner.delivered(2)
        assert first.text == second.text == "770112345671234567"
        assert first.source == second.source
        assert first.destination == second.destination


async def test_row_c4_a_receipt_in_data_sm_is_a_receipt() -> None:
    async with line() as both:
        both.wire.send(data_sm(2, receipt_text(b"42"), esm_class=0x04))
        await both.wire.expect(DATA_SM | RESPONSE, 0, 2)
        assert (await both.owner.receipt()).message_id == "42"


async def test_row_c5_alert_notification_is_not_answered() -> None:
    async with line() as both:
        both.wire.send(pdu(ALERT_NOTIFICATION, 9, b"\1\1" + b"77011234567\0" + b"\0\0" + b"1012\0"))
        assert await both.wire.all_before_now() == []
        assert both.link.bound


@pytest.mark.parametrize("sequence", [0, 4711])
async def test_row_c6_a_nack_of_nothing_is_counted(sequence: int) -> None:
    async with line() as both:
        both.submit(1)
        await both.wire.expect_submit()
        both.wire.send(pdu(GENERIC_NACK, sequence, status=0x03))
        assert await both.wire.all_before_now() == []
        assert both.owner.results == []
        assert both.link.stats.unmatched == 1


@pytest.mark.parametrize(("status", "told"), [(0x01, 0x01), (0x58, 0x58), (0x00, 0xFF)])
async def test_row_c6_a_nack_of_a_submit_is_its_answer_and_never_ok(status: int, told: int) -> None:
    async with line() as both:
        both.submit(7)
        sent, _ = await both.wire.expect_submit()
        both.wire.send(pdu(GENERIC_NACK, sent.sequence, status=status))
        (result,) = await both.owner.ended()
        assert (result.reply_id, result.end, result.status) == (7, SubmitEnd.ANSWERED, told)


async def test_row_c6_a_nack_of_our_enquire_link_shows_life() -> None:
    async with line(quick(enquire_link_timer_s=0.15)) as both:
        asked = await both.wire.expect(ENQUIRE_LINK)
        both.wire.send(pdu(GENERIC_NACK, asked.sequence, status=0x03))
        assert await both.wire.all_before_now() == []
        assert both.link.stats.unmatched == 0
        assert both.link.bound


@pytest.mark.parametrize("status", [0x22, 0x10, 0x400, 0x40B, 0x4FF, 0x520, 0xFFFFFFFF])
async def test_row_c7_a_status_nobody_knows_stays_the_number_it_is(status: int) -> None:
    async with line() as both:
        both.submit(1)
        sent, _ = await both.wire.expect_submit()
        both.wire.answer_submit(sent, status=status)
        (result,) = await both.owner.ended()
        assert (result.end, result.status) == (SubmitEnd.ANSWERED, status)
        assert both.link.bound


@pytest.mark.parametrize("status", [0x01, 0x64, 0x40B])
async def test_row_c8_a_status_in_a_request_means_nothing(status: int) -> None:
    async with line() as both:
        both.wire.send(deliver_sm(4, b"1", status=status), pdu(ENQUIRE_LINK, 5, status=status))
        await both.wire.expect(DELIVER_SM_RESP, 0, 4)
        await both.wire.expect(ENQUIRE_LINK | RESPONSE, 0, 5)
        assert (await both.owner.inbound()).text == "1"


@pytest.mark.parametrize(
    "vendor",
    [
        tlv(0x1400, b"\0\xff\x80binary"),
        tlv(0x3FFF, b""),
        tlv(0x1403, bytes(range(256))),
        tlv(0x0005, b"\1\2\3") + tlv(0xFFFF, b"x"),
    ],
    ids=["binary", "empty", "long", "wrong-size"],
)
async def test_row_c9_vendor_tlvs_are_no_concern_of_the_message(vendor: bytes) -> None:
    async with line() as both:
        both.wire.send(deliver_sm(4, b"1", tail=vendor))
        await both.wire.expect(DELIVER_SM_RESP, 0, 4)
        assert (await both.owner.inbound()).text == "1"


@pytest.mark.parametrize(("ton", "npi"), [(7, 2), (0xFF, 0xFF)])
async def test_row_c10_unknown_types_of_number_are_kept_as_they_are(ton: int, npi: int) -> None:
    async with line() as both:
        both.wire.send(deliver_sm(4, b"1", source_ton=ton, source_npi=npi, dest_ton=ton))
        await both.wire.expect(DELIVER_SM_RESP, 0, 4)
        assert (await both.owner.inbound()).source_ton == ton
