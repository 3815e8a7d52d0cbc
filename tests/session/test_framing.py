"""Rows F: PDUs are found in the stream however it is torn, and a broken one costs no more than it
must."""

from __future__ import annotations

import struct

import pytest
from structlog.testing import capture_logs

from smpp.messages import BindState, SubmitEnd
from tests.support.line import line, quick
from tests.support.peer import (
    DELIVER_SM,
    GENERIC_NACK,
    RESPONSE,
    SUBMIT_SM,
    deliver_sm,
    pdu,
    tlv,
)

DELIVER_SM_RESP = DELIVER_SM | RESPONSE
RINVMSGLEN, RINVCMDLEN, RINVDSTADR = 0x01, 0x02, 0x0B


async def test_row_f1_a_pdu_that_comes_octet_by_octet_is_one_message() -> None:
    async with line() as both:
        octets = deliver_sm(7, b"770112345671234567")
        await both.wire.send_apart(octets[at : at + 1] for at in range(len(octets)))
        await both.wire.expect(DELIVER_SM_RESP, 0, 7)
        assert [message.text for message in await both.owner.delivered()] == ["770112345671234567"]


async def test_row_f2_the_bind_response_and_fifty_messages_in_one_read_are_all_handled() -> None:
    async with line(accept=False) as both:
        wire = await both.smsc.accept()
        bind = await wire.read()
        texts = [str(number).encode() for number in range(50)]
        wire.send(
            pdu(bind.command | RESPONSE, bind.sequence, b"smsc\0"),
            *(deliver_sm(number, text) for number, text in enumerate(texts, 100)),
        )
        for number in range(100, 150):
            await wire.expect(DELIVER_SM_RESP, 0, number)
        messages = await both.owner.delivered(50)
        assert [message.octets for message in messages] == texts


async def test_row_f3_a_length_above_the_cap_is_nacked_by_its_number_and_ends_the_session() -> None:
    async with line() as both:
        both.wire.send(pdu(DELIVER_SM, 99, b"x" * 1_000, length=0x7FFFFFFF))
        await both.wire.expect(GENERIC_NACK, RINVCMDLEN, 99)
        assert await both.wire.at_end() == b""
        assert both.link.stats.breaks == 1
        await both.smsc.accept_bound()


async def test_row_f3_the_longest_message_payload_is_still_taken() -> None:
    async with line() as both:
        payload = b"7" * 65_535
        both.wire.send(deliver_sm(3, tail=tlv(0x0424, payload)))
        await both.wire.expect(DELIVER_SM_RESP, 0, 3)
        assert (await both.owner.inbound()).octets == payload


@pytest.mark.parametrize("length", [0, 4, 15])
async def test_row_f4_a_length_below_a_header_is_nacked_and_ends_the_session(length: int) -> None:
    async with line() as both:
        both.wire.send(pdu(DELIVER_SM, 99, length=length))
        await both.wire.expect(GENERIC_NACK, RINVCMDLEN, 0)
        assert await both.wire.at_end() == b""
        await both.smsc.accept_bound()


@pytest.mark.parametrize(
    "octets",
    [
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        bytes.fromhex("1603010200010001fc0303") + bytes(40),  # a TLS hello
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
    ids=["http", "get", "tls", "ssh"],
)
async def test_row_f5_another_protocol_ends_the_session_with_one_line(octets: bytes) -> None:
    with capture_logs() as lines:
        async with line() as both:
            both.wire.send(octets)
            await both.wire.at_end()
            await both.smsc.accept_bound()
            await both.owner.reached(BindState.BOUND, 2)
    warnings = [entry for entry in lines if entry["log_level"] == "warning"]
    assert [entry["event"] for entry in warnings] == ["link_waiting"]
    assert "framing lost" in warnings[0]["detail"]


async def test_row_f6_a_text_longer_than_its_pdu_is_refused_alone() -> None:
    async with line() as both:
        both.wire.send(deliver_sm(5, b"short", sm_length=200), deliver_sm(6, b"fine"))
        await both.wire.expect(DELIVER_SM_RESP, RINVMSGLEN, 5)
        await both.wire.expect(DELIVER_SM_RESP, 0, 6)
        assert [message.octets for message in await both.owner.delivered()] == [b"fine"]
        assert both.link.stats.malformed == 1
        assert both.link.bound


@pytest.mark.parametrize("stray", [b"\0", b"\1", b"\0\0", b"\1\2\3"])
async def test_row_f7_stray_octets_behind_the_text_are_passed_over(stray: bytes) -> None:
    async with line() as both:
        both.wire.send(deliver_sm(5, b"123", tail=stray))
        await both.wire.expect(DELIVER_SM_RESP, 0, 5)
        message = await both.owner.inbound()
        assert message.text == "123"
        assert message.warnings


async def test_row_f8_a_tlv_that_runs_past_the_pdu_is_dropped_and_the_rest_is_read() -> None:
    async with line() as both:
        tail = tlv(0x0204, b"\0\7") + tlv(0x1400, b"ab", length=50)
        both.wire.send(deliver_sm(5, b"123", tail=tail))
        await both.wire.expect(DELIVER_SM_RESP, 0, 5)
        message = await both.owner.inbound()
        assert message.text == "123"
        assert any("0x1400" in warning for warning in message.warnings)


async def test_row_f9_a_header_without_its_body_ends_the_session() -> None:
    async with line(quick(pdu_read_timer_s=0.05)) as both:
        both.wire.send(struct.pack(">IIII", 60, DELIVER_SM, 0, 1))
        assert await both.wire.at_end() == b""
        assert "broke off" in (await both.owner.reached(BindState.WAITING)).detail


@pytest.mark.parametrize("body", [b"\0", b"some-id\0", b"some-id"])
async def test_row_f10_an_error_response_with_a_body_is_taken(body: bytes) -> None:
    async with line() as both:
        both.submit(1)
        sent, _ = await both.wire.expect_submit()
        both.wire.send(pdu(SUBMIT_SM | RESPONSE, sent.sequence, body, RINVDSTADR))
        (result,) = await both.owner.ended()
        assert (result.end, result.status) == (SubmitEnd.ANSWERED, RINVDSTADR)
        assert both.link.bound


async def test_row_f11_an_error_response_without_a_body_keeps_its_status() -> None:
    async with line() as both:
        both.submit(1)
        sent, _ = await both.wire.expect_submit()
        both.wire.send(pdu(SUBMIT_SM | RESPONSE, sent.sequence, b"", RINVDSTADR))
        (result,) = await both.owner.ended()
        assert (result.end, result.status) == (SubmitEnd.ANSWERED, RINVDSTADR)
        assert (result.message_id, result.canonical_id) == ("", "")
