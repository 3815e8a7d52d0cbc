"""Rows R: a receipt is read however it is written, and acknowledged in any case."""

from __future__ import annotations

import pytest

from smpp.messages import BindState, Receipt, ReceiptState
from smpp.operators import MessageIdForm, OperatorProfile
from smpp.receipts import settle
from tests.support.line import PROFILE, Line, Recorder, line, quick
from tests.support.peer import DELIVER_SM, RESPONSE, deliver_sm, receipt_text, tlv

DELIVER_SM_RESP = DELIVER_SM | RESPONSE
RECEIPT = 0x04


async def receipt_of(
    body: bytes,
    *,
    esm_class: int = RECEIPT,
    tail: bytes = b"",
    data_coding: int = 0,
    profile: OperatorProfile = PROFILE,
) -> Receipt:
    """What the owner gets for a deliver_sm with this text; ROK is expected for each."""
    async with line(profile) as both:
        both.wire.send(deliver_sm(8, body, esm_class=esm_class, data_coding=data_coding, tail=tail))
        await both.wire.expect(DELIVER_SM_RESP, 0, 8)
        return await both.owner.receipt()


async def canonical_pair(both: Line, in_response: bytes, in_receipt: bytes) -> tuple[str, str]:
    """The ids that must meet: of the response to a submit, and of its receipt."""
    both.submit(1)
    sent, _ = await both.wire.expect_submit()
    both.wire.answer_submit(sent, in_response)
    (result,) = await both.owner.ended()
    both.wire.send(deliver_sm(8, receipt_text(in_receipt), esm_class=RECEIPT))
    await both.wire.expect(DELIVER_SM_RESP, 0, 8)
    return result.canonical_id, (await both.owner.receipt()).canonical_id


@pytest.mark.parametrize("esm_class", [0x04, 0x07, 0x44])
async def test_row_r1_the_type_bits_alone_make_a_receipt(esm_class: int) -> None:
    body = receipt_text(b"42")
    receipt = await receipt_of(body, esm_class=esm_class)
    assert (receipt.message_id, receipt.state) == ("42", ReceiptState.DELIVERED)
    assert receipt.source == "77011234567"


async def test_row_r2_an_intermediate_notification_is_never_final() -> None:
    receipt = await receipt_of(receipt_text(b"42"), esm_class=0x20)
    assert receipt.intermediate
    assert receipt.state is ReceiptState.ENROUTE


@pytest.mark.parametrize("esm_class", [0x08, 0x10])
async def test_row_r3_acknowledgements_of_phones_are_set_aside(esm_class: int) -> None:
    async with line() as both:
        both.wire.send(deliver_sm(8, b"770112345671234567", esm_class=esm_class))
        await both.wire.expect(DELIVER_SM_RESP, 0, 8)
        assert both.owner.deliveries == []
        assert both.link.stats.set_aside == 1


@pytest.mark.parametrize(
    ("form", "in_response", "in_receipt"),
    [
        (MessageIdForm.AS_IS, b"3039", b"3039"),
        (MessageIdForm.HEX_TO_DEC, b"3039", b"12345"),
        (MessageIdForm.HEX_TO_DEC, b"00003A", b"58"),
        (MessageIdForm.DEC_TO_HEX, b"12345", b"3039"),
    ],
)
async def test_row_r5_hexadecimal_and_decimal_ids_meet_by_profile(
    form: MessageIdForm, in_response: bytes, in_receipt: bytes
) -> None:
    async with line(quick(message_id_form=form)) as both:
        ours, theirs = await canonical_pair(both, in_response, in_receipt)
        assert ours == theirs != ""


@pytest.mark.parametrize(
    ("in_response", "in_receipt"), [(b"0000012345", b"12345"), (b"1A2b3C", b"1a2B3c")]
)
async def test_row_r6_zeros_and_letter_case_do_not_part_them_and_the_raw_id_stays(
    in_response: bytes, in_receipt: bytes
) -> None:
    async with line() as both:
        ours, theirs = await canonical_pair(both, in_response, in_receipt)
        assert ours == theirs
        assert both.owner.results[0].message_id == in_response.decode()
        assert (await both.owner.receipt()).message_id == in_receipt.decode()


@pytest.mark.parametrize(
    "message_id", [b"0b3a8f9e-1111-4c2d-9d57-9a5f1f2e3d4c", b"x" * 36, b"7" * 65]
)
async def test_row_r7_long_ids_are_kept_whole(message_id: bytes) -> None:
    async with line() as both:
        ours, theirs = await canonical_pair(both, message_id, message_id)
        assert ours == theirs
        assert both.owner.results[0].message_id == message_id.decode()


async def test_row_r8_a_receipt_of_tlvs_alone_is_read_and_tlvs_win() -> None:
    tlvs = tlv(0x001E, b"77\0") + tlv(0x0427, b"\2")
    receipt = await receipt_of(b"", tail=tlvs)
    assert (receipt.message_id, receipt.state) == ("77", ReceiptState.DELIVERED)
    receipt = await receipt_of(receipt_text(b"11", b"UNDELIV"), tail=tlvs)
    assert (receipt.message_id, receipt.state) == ("77", ReceiptState.DELIVERED)


@pytest.mark.parametrize(
    ("body", "data_coding", "tail"),
    [
        (b"", 0, tlv(0x0424, receipt_text(b"42"))),
        (receipt_text(b"42").decode().encode("utf-16-be"), 8, b""),
        (receipt_text(b"42"), 8, b""),
    ],
    ids=["payload", "ucs2", "ascii-called-ucs2"],
)
async def test_row_r9_the_text_may_stand_elsewhere_or_in_another_coding(
    body: bytes, data_coding: int, tail: bytes
) -> None:
    receipt = await receipt_of(body, data_coding=data_coding, tail=tail)
    assert (receipt.message_id, receipt.state) == ("42", ReceiptState.DELIVERED)


@pytest.mark.parametrize(
    "body",
    [
        b"id:42 stat:DELIVRD",
        b"id:42 sub:n/a dlvrd:n/a submit date:n/a done date:n/a stat:DELIVRD err:n/a text:n/a",
        b"stat:DELIVRD err:000 id:42 done date:2601011201",
        b"id:42 submit date:2601011200 done date:2601011201 stat:DELIVRD err:000 Text:id:9",
    ],
    ids=["short", "not-available", "other-order", "no-counts"],
)
async def test_row_r10_fields_may_be_missing_or_stand_in_any_order(body: bytes) -> None:
    receipt = await receipt_of(body)
    assert (receipt.message_id, receipt.state) == ("42", ReceiptState.DELIVERED)


@pytest.mark.parametrize(
    "date", [b"2601011201", b"260101120159", b"20260101120159", b"0000000000", b"", b"never"]
)
async def test_row_r11_no_form_of_date_costs_the_state(date: bytes) -> None:
    receipt = await receipt_of(
        b"id:42 sub:001 dlvrd:001 submit date:%b done date:%b stat:DELIVRD err:000" % (date, date)
    )
    assert (receipt.message_id, receipt.state) == ("42", ReceiptState.DELIVERED)


@pytest.mark.parametrize(
    ("err", "kept"), [(b"0000", "0000"), (b"21b", "21b"), (b"", ""), (b"123456", "123456")]
)
async def test_row_r12_error_codes_are_kept_as_text(err: bytes, kept: str) -> None:
    receipt = await receipt_of(receipt_text(b"42", b"UNDELIV", err))
    assert (receipt.error, receipt.state) == (kept, ReceiptState.UNDELIVERED)


@pytest.mark.parametrize(
    ("stat", "state"),
    [
        (b"DELIVRD", ReceiptState.DELIVERED),
        (b"delivrd", ReceiptState.DELIVERED),
        (b"UNDELIV", ReceiptState.UNDELIVERED),
        (b"FAILED", ReceiptState.UNDELIVERED),
        (b"BUFFRED", ReceiptState.ENROUTE),
        (b"ACKED", ReceiptState.ENROUTE),
        (b"WONDER", ReceiptState.ENROUTE),
    ],
)
async def test_row_r13_any_word_for_the_state_is_kept_and_mapped(
    stat: bytes, state: ReceiptState
) -> None:
    receipt = await receipt_of(receipt_text(b"42", stat))
    assert (receipt.stat, receipt.state) == (stat.decode(), state)


async def test_row_r14_a_receipt_before_its_response_is_handed_over_and_meets_it_later() -> None:
    async with line() as both:
        both.submit(1)
        sent, _ = await both.wire.expect_submit()
        both.wire.send(deliver_sm(8, receipt_text(b"000A7"), esm_class=RECEIPT))
        await both.wire.expect(DELIVER_SM_RESP, 0, 8)
        receipt = await both.owner.receipt()
        assert both.owner.results == []
        both.wire.answer_submit(sent, b"000A7")
        (result,) = await both.owner.ended()
        assert result.canonical_id == receipt.canonical_id


async def test_row_r15_two_receipts_are_both_handed_over_and_final_never_goes_back() -> None:
    async with line() as both:
        for number, stat in ((1, b"DELIVRD"), (2, b"ENROUTE")):
            both.wire.send(deliver_sm(number, receipt_text(b"42", stat), esm_class=RECEIPT))
            await both.wire.expect(DELIVER_SM_RESP, 0, number)
        first, second = await both.owner.delivered(2)
        assert first.canonical_id == second.canonical_id
        assert settle(first.state, second.state) is ReceiptState.DELIVERED


async def test_row_r16_a_receipt_on_another_session_names_the_same_message() -> None:
    async with line() as both:
        both.submit(1)
        sent, _ = await both.wire.expect_submit()
        both.wire.answer_submit(sent, b"0042")
        (result,) = await both.owner.ended()
        both.wire.close()
        wire = await both.smsc.accept_bound()
        await both.owner.reached(BindState.BOUND, 2)
        wire.send(deliver_sm(8, receipt_text(b"42"), esm_class=RECEIPT))
        await wire.expect(DELIVER_SM_RESP, 0, 8)
        assert (await both.owner.receipt()).canonical_id == result.canonical_id


async def test_row_r17_a_receipt_of_nothing_we_sent_is_handed_over_and_acknowledged() -> None:
    owner = Recorder()
    async with line(owner=owner) as both:
        both.wire.send(deliver_sm(8, receipt_text(b"unheard-of"), esm_class=RECEIPT))
        await both.wire.expect(DELIVER_SM_RESP, 0, 8)
        assert (await owner.receipt()).message_id == "unheard-of"
        assert both.link.stats.unmatched == 0
