"""Rows R: a receipt is read however it is written, and acknowledged in any case; and, with the
journal behind the link, it finds its reply."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.core.records import ReplyState
from gateway.store import Journal
from smpp.message_ids import JOINS_TO_LEARN, RECEIPTS_MEASURED_MIN
from smpp.messages import BindState, Receipt, ReceiptState
from smpp.operators import MessageIdForm, OperatorProfile
from smpp.receipts import settle
from tests.support.booked import booked
from tests.support.journal import AT, DAY, SqliteEngine
from tests.support.line import PROFILE, Line, Recorder, line, quick
from tests.support.peer import DELIVER_SM, RESPONSE, deliver_sm, receipt_text, tlv

DELIVER_SM_RESP = DELIVER_SM | RESPONSE
RECEIPT = 0x04
SUBMITTED, DELIVERED, UNDELIVERED = (
    ReplyState.SUBMITTED,
    ReplyState.DELIVERED,
    ReplyState.UNDELIVERED,
)


@pytest.fixture
async def engine(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SqliteEngine]:
    engine = SqliteEngine(tmp_path, tmp_path_factory.getbasetemp() / "sqlite.made")
    yield engine
    await engine.close()


@pytest.fixture
async def journal(engine: SqliteEngine) -> Journal:
    return await engine.open()


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


# -- with the journal: which reply a receipt joins


@pytest.mark.parametrize(
    "body",
    [
        receipt_text(b"0A7"),
        b"stat:DELIVRD err:000 id:a7",
        receipt_text(b"0A7").decode().encode("utf-16-be"),
    ],
    ids=["standard", "short", "ucs2"],
)
async def test_row_r4_without_the_flag_it_is_a_receipt_if_we_know_the_id(
    journal: Journal, body: bytes
) -> None:
    async with booked(journal) as both:
        await both.sends(1, b"a7")
        await both.told(body, esm_class=0, data_coding=8 if b"\0" in body else 0)
        assert await both.states(1) == [DELIVERED]
        assert both.owner.questions == []
        assert both.counts.seen == {"receipt": 1, "joined": 1, "orphan": 0}


async def test_row_r4_what_names_no_reply_of_ours_is_the_question_it_is(
    journal: Journal,
) -> None:
    async with booked(journal) as both:
        await both.sends(1, b"a7")
        await both.told(receipt_text(b"a8"), esm_class=0)
        (asked,) = both.owner.questions
        assert asked.message.text == receipt_text(b"a8").decode()
        assert await both.states(1) == [SUBMITTED]
        assert both.counts.seen["receipt"] == 0
        await both.sends(2, b"a8")  # and nothing of it waits for that id
        assert await both.states(2) == [SUBMITTED]


async def test_row_r4_the_question_among_receipts_holds_up_none_of_them(
    journal: Journal,
) -> None:
    async with booked(journal) as both:
        await both.sends(1, b"a7")
        both.wire.send(
            deliver_sm(8, receipt_text(b"a8")),
            deliver_sm(9, receipt_text(b"a7"), esm_class=RECEIPT),
            deliver_sm(10, b"061200000012345678"),
        )
        for sequence in (8, 9, 10):
            await both.wire.expect(DELIVER_SM_RESP, 0, sequence)
        assert len(both.owner.questions) == 2
        assert await both.states(1) == [DELIVERED]


@pytest.mark.parametrize(
    ("in_response", "in_receipt", "form"),
    [
        (b"3039%02X", b"0000%d", "hex_to_dec"),
        (b"%d", b"0x%X", "dec_to_hex"),
    ],
)
async def test_row_r5_the_form_of_ids_is_learnt_from_traffic(
    journal: Journal, in_response: bytes, in_receipt: bytes, form: str
) -> None:
    async with booked(journal) as both:
        with capture_logs() as logs:
            for n in range(1, JOINS_TO_LEARN + 3):
                number = 0x303900 + 16 * n + 5
                told_as = in_response % (number & 0xFF if b"%02X" in in_response else number)
                await both.sends(n, told_as)
                await both.told(receipt_text(in_receipt % number))
                await both.told(receipt_text(in_receipt % (number + 1)))  # of nothing we sent
                assert await both.states(n) == [DELIVERED]
        learnt = [each for each in logs if each["event"] == "receipt_ids_learnt"]
        assert [(each["form"], each["before"]) for each in learnt] == [(form, "as_is")]
        assert both.counts.ratio == 0.5


async def test_row_r5_a_form_learnt_today_fits_the_messages_of_last_week(
    journal: Journal,
) -> None:
    async with booked(journal) as both:
        await both.sends(1, b"00ABCDEF", msisdn="77010000001")
        for n in range(2, JOINS_TO_LEARN + 2):
            await both.sends(n, b"%X" % (0xABCD00 + n))
            await both.told(receipt_text(b"%d" % (0xABCD00 + n)))
        both.after_s = 7 * 86_400
        # from a source that this operator writes in a way of its own
        await both.told(receipt_text(b"%d" % 0xABCDEF), source=b"0-701-000-00-01")
        assert await both.states(1) == [DELIVERED]


async def test_row_r5_until_then_an_id_that_fits_two_replies_is_the_subscriber_s(
    journal: Journal,
) -> None:
    async with booked(journal) as both:
        await both.sends(1, b"12345", msisdn="77010000001")
        await both.sends(2, b"3039", msisdn="77010000002")
        await both.told(receipt_text(b"12345"), source=b"77010000002")
        assert (await both.states(1), await both.states(2)) == ([SUBMITTED], [DELIVERED])


async def test_row_r6_a_stored_id_has_neither_zeros_nor_case_whatever_the_form(
    journal: Journal,
) -> None:
    async with booked(journal, quick(message_id_form=MessageIdForm.HEX_TO_DEC)) as both:
        await both.sends(1, b"000000AbCd", b"0x00001A")
        await both.told(receipt_text(b"00043981"))
        await both.told(receipt_text(b"26", b"UNDELIV"))
        assert await both.states(1) == [DELIVERED, UNDELIVERED]


async def test_row_r14_a_receipt_waits_for_its_response_under_any_form_of_its_id(
    journal: Journal,
) -> None:
    async with booked(journal) as both:
        await both.told(receipt_text(b"12345"))
        assert both.counts.seen["orphan"] == 1
        await both.sends(1, b"3039")
        assert await both.states(1) == [DELIVERED]


async def test_row_r15_the_first_final_state_stays_in_the_journal(journal: Journal) -> None:
    async with booked(journal) as both:
        await both.sends(1, b"42")
        for stat in (b"ENROUTE", b"UNDELIV", b"DELIVRD", b"ENROUTE"):
            await both.told(receipt_text(b"42", stat))
        assert await both.states(1) == [UNDELIVERED]


async def test_row_r16_after_days_another_bind_and_a_restart_it_is_matched(
    engine: SqliteEngine,
) -> None:
    journal = await engine.open()
    async with booked(journal) as both:
        await both.sends(1, b"00FF42", b"00FF43")
        await both.told(receipt_text(b"77"))
    await journal.close()
    journal = await engine.open()
    await journal.recover(AT + DAY)
    async with booked(journal) as both:
        both.after_s = 7 * 86_400
        await both.told(receipt_text(b"ff42"))
        both.wire.close()
        both.wire = await both.line.smsc.accept_bound()
        await both.owner.reached(BindState.BOUND, 2)
        await both.told(receipt_text(b"%d" % 0xFF43, b"EXPIRED"))
        assert await both.states(1) == [DELIVERED, UNDELIVERED]
        await both.sends(2, b"77")  # its receipt came before the restart
        assert await both.states(2) == [DELIVERED]


async def test_row_p11_an_id_is_that_of_its_operator_and_of_its_newest_message(
    journal: Journal,
) -> None:
    async with booked(journal, name="north") as north, booked(journal, name="south") as south:
        await north.sends(1, b"42")
        await south.sends(2, b"42")
        await south.told(receipt_text(b"42", b"UNDELIV"))
        assert (await south.states(1), await south.states(2)) == ([SUBMITTED], [UNDELIVERED])
        await south.sends(3, b"42")
        await south.told(receipt_text(b"42"))
        assert (await south.states(2), await south.states(3)) == ([UNDELIVERED], [DELIVERED])
        assert await north.states(1) == [SUBMITTED]


async def test_row_r18_each_part_has_its_receipt(journal: Journal) -> None:
    async with booked(journal) as both:
        await both.sends(1, b"41", b"42", b"43")
        for message_id, stat in ((b"43", b"DELIVRD"), (b"41", b"DELIVRD"), (b"42", b"EXPIRED")):
            await both.told(receipt_text(message_id, stat))
        assert await both.states(1) == [DELIVERED, UNDELIVERED, DELIVERED]


@pytest.mark.parametrize(
    ("stat", "after"), [(b"DELIVRD", DELIVERED), (b"UNDELIV", UNDELIVERED), (b"ENROUTE", SUBMITTED)]
)
async def test_row_r18_a_receipt_for_one_part_only_lets_nothing_wait_for_ever(
    journal: Journal, stat: bytes, after: ReplyState
) -> None:
    async with booked(journal) as both:
        await both.sends(1, b"41", b"42")
        await both.told(receipt_text(b"42", stat))
        await journal.purge(AT + 8 * DAY - 1)
        assert await both.states(1) == [SUBMITTED, after]
        await journal.purge(AT + 8 * DAY)
        assert await both.states(1) == [after, after]


@pytest.mark.parametrize("message_id", [b"43", b"6ba7b810-9dad", b""])
async def test_a_receipt_settles_a_submit_without_response_by_its_reference(
    journal: Journal, message_id: bytes
) -> None:
    profile = quick(user_message_reference=True, response_timer_s=0.05)
    async with booked(journal, profile) as both:
        (row,) = await both.sends(1, None)
        assert await both.states(1) == [ReplyState.UNKNOWN]
        echo = tlv(0x0204, (row.id & 0xFFFF).to_bytes(2, "big"))
        await both.told(receipt_text(b"42"), tail=echo, source=b"77019999999")
        assert await both.states(1) == [ReplyState.UNKNOWN]
        await both.told(receipt_text(message_id), tail=echo)
        assert await both.states(1) == [DELIVERED]


async def test_row_r17_receipts_that_join_nothing_are_counted_and_told_once(
    journal: Journal,
) -> None:
    async with booked(journal) as both:
        with capture_logs() as logs:
            for n in range(2 * RECEIPTS_MEASURED_MIN):
                await both.told(receipt_text(b"unheard-of-%d" % n))
        (alarm,) = [each for each in logs if each["event"] == "receipts_unmatched"]
        assert (alarm["operator"], alarm["rate"]) == ("north", 0)
        assert "message_id_form" in alarm["remedy"]
        assert both.counts.ratio == 0
        assert both.counts.seen["orphan"] == 2 * RECEIPTS_MEASURED_MIN
        assert both.counts.seen["joined"] == 0


async def test_receipts_are_idle_only_when_the_last_batch_is_on_disk(journal: Journal) -> None:
    async with booked(journal) as both:
        seen: list[bool] = []
        kept = journal.receipts

        class Slow:
            async def receipts(self, rows: object) -> object:
                seen.append(both.receipts.idle)
                return await kept(rows)  # type: ignore[arg-type]  # passed on as it is

        both.receipts._journal = Slow()  # type: ignore[assignment]  # one verb is enough
        await both.told(receipt_text(b"42"))
        assert seen == [False]
        assert both.receipts.idle


async def test_a_store_that_is_away_leaves_receipts_with_the_smsc(engine: SqliteEngine) -> None:
    journal = await engine.open()
    async with booked(journal) as both:
        await both.sends(1, b"42")
        await journal.close()
        for esm_class, sequence in ((RECEIPT, 8), (0, 9)):
            both.wire.send(deliver_sm(sequence, receipt_text(b"42"), esm_class=esm_class))
            await both.wire.expect(DELIVER_SM_RESP, 0x64, sequence)
        assert both.counts.seen == {"refused": 2}
        assert both.owner.questions == []
