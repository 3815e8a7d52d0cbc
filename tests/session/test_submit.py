"""Rows P: what we send leaves in time, in the agreed form, and ends visibly."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

import pytest

from smpp.links import SessionLimits
from smpp.messages import SubmitEnd, SubmitResult
from smpp.operators import ValidityForm
from tests.support.line import SOON, Recorder, line, mt, quick, submitted
from tests.support.peer import (
    DELIVER_SM,
    ENQUIRE_LINK,
    RESPONSE,
    SUBMIT_SM,
    deliver_sm,
    pdu,
    tlv,
)

DELIVER_SM_RESP = DELIVER_SM | RESPONSE
RTHROTTLED, RMSGQFUL = 0x58, 0x14


async def test_row_p1_an_ok_without_a_message_id_is_sent_without_hope_of_a_receipt() -> None:
    async with line() as both:
        (sent,) = await submitted(both, 1)
        both.wire.answer_submit(sent, b"")
        assert await both.owner.ended() == [SubmitResult(1, SubmitEnd.ANSWERED)]


@pytest.mark.parametrize(
    "body",
    [b"abc123", b"abc123\0", b"abc123\0" + tlv(0x0428, b"ok"), b"abc123" + tlv(0x0428, b"ok")],
    ids=["no-nul", "nul", "tlv", "tlv-without-nul"],
)
async def test_row_p2_the_message_id_is_exact_whatever_follows_it(body: bytes) -> None:
    async with line() as both:
        (sent,) = await submitted(both, 1)
        both.wire.send(pdu(SUBMIT_SM | RESPONSE, sent.sequence, body))
        (result,) = await both.owner.ended()
        assert result.message_id == result.canonical_id == "abc123"


async def test_row_p3_without_a_response_in_time_the_outcome_is_unknown_and_the_slot_is_free() -> (
    None
):
    async with line(quick(response_timer_s=0.05), window=1) as both:
        (sent,) = await submitted(both, 1)
        assert both.link.room == 0
        assert await both.owner.ended() == [SubmitResult(1, SubmitEnd.EXPIRED)]
        assert both.link.room == 1
        both.wire.answer_submit(sent, b"late")
        late = (await both.owner.ended(2))[1]
        assert late == SubmitResult(1, SubmitEnd.ANSWERED, 0, "late", "late", late=True)
        both.wire.answer_submit(sent, b"later")
        assert await both.wire.all_before_now() == []
        assert len(both.owner.results) == 2
        assert both.link.bound


@pytest.mark.parametrize("status", [RTHROTTLED, RMSGQFUL])
async def test_row_p4_a_throttle_pauses_the_link_halves_its_rate_and_keeps_order(
    status: int,
) -> None:
    limits = SessionLimits(backoff=SOON, throttle_pause_s=0.3)
    async with line(limits=limits, window=4, tps_max=100) as both:
        clock = asyncio.get_running_loop().time
        sent = await submitted(both, 1, 2, 3, 4)
        both.submit(5, b"fifth")
        both.submit(6, b"sixth")
        began_s = clock()
        for each in sent:
            both.wire.answer_submit(each, status=status)
        results = await both.owner.ended(4)
        assert [(result.reply_id, result.status) for result in results] == [
            (number, status) for number in (1, 2, 3, 4)
        ]
        assert both.link.room == 0
        assert both.link.tps <= 50
        assert both.link.stats.throttled == 4
        waited = [(await both.wire.expect_submit())[1].text for _ in (5, 6)]
        assert waited == [b"fifth", b"sixth"]
        assert clock() - began_s >= 0.3
        await both.owner.until(lambda: both.link.room > 0)
        assert len(both.owner.results) == 4


async def test_row_p5_a_full_window_holds_submits_back_but_no_response_and_no_enquiry() -> None:
    async with line(window=2) as both:
        for reply_id in range(1, 6):
            both.submit(reply_id)
        first, _ = await both.wire.expect_submit()
        await both.wire.expect_submit()
        assert both.link.room == 0
        both.wire.send(deliver_sm(7, b"1"), pdu(ENQUIRE_LINK, 8))
        answers = [await both.wire.read(), await both.wire.read()]
        assert {answer.sequence for answer in answers} == {7, 8}
        assert await both.wire.all_before_now() == []
        both.wire.answer_submit(first)
        third, _ = await both.wire.expect_submit()
        assert third.sequence == first.sequence + 2
        assert await both.wire.all_before_now() == []


async def test_row_p6_segments_leave_smoothly_and_never_faster_than_agreed() -> None:
    tps = 200

    class Eager(Recorder):
        """Sends as much as there is room for, whenever told."""

        link = None
        left = 60

        def on_room(self, link: str) -> None:
            super().on_room(link)
            while self.link is not None and self.left and self.link.room > 0:
                self.left -= 1
                self.link.submit(mt(self.left))

    owner = Eager()
    async with line(owner=owner, window=100, tps_max=tps) as both:
        clock = asyncio.get_running_loop().time
        owner.link = both.link
        began_s = clock()
        owner.on_room("test")
        assert owner.left >= 60 - 30  # no more than 150 ms of the rate was taken at once
        arrived_s = []
        for _ in range(60):
            sent, _ = await both.wire.expect_submit()
            arrived_s.append(clock())
            both.wire.answer_submit(sent)
        await owner.ended(60)
    # 10 leave at once; each further one waits its turn of 5 ms, however the loop is delayed
    for number, at_s in enumerate(arrived_s, 1):
        assert at_s - began_s >= (number - 10) / tps - 1e-3, f"segment {number} came too early"


async def test_row_p6_room_is_what_the_rate_allows_in_a_tenth_of_a_second() -> None:
    async with line(window=1_000, tps_max=100) as both:
        assert both.link.room <= 15
        for reply_id in range(both.link.room):
            both.submit(reply_id)
        assert both.link.room <= 1


@pytest.mark.parametrize("status", [RTHROTTLED, 0x08], ids=["throttled", "system-error"])
async def test_row_p7_a_retry_is_the_same_segment_with_all_its_attributes(status: int) -> None:
    """The same Submit sent again gives the same octets. That the gateway does send the same again
    is shown by the tests of its lanes."""
    limits = SessionLimits(backoff=SOON, throttle_pause_s=0.05)
    profile = quick(user_message_reference=True, registered_delivery=1, priority=1)
    submit = mt(
        7,
        bytes((5, 0, 3, 9, 2, 1)) + b"part",
        udhi=True,
        receipt=True,
        validity_s=600,
        data_coding=8,
        session=1,
    )
    async with line(profile, limits=limits) as both:
        both.link.submit(submit)
        first, before = await both.wire.expect_submit()
        both.wire.answer_submit(first, status=status)
        await both.owner.ended()
        both.link.submit(submit)
        again, after = await both.wire.expect_submit()
        assert after == before
        assert again.body == first.body
        assert again.sequence != first.sequence
        assert (after.registered, after.validity, after.tlvs[0x0204]) == (
            1,
            b"000000001000000R",
            b"\0\7",
        )
        both.wire.answer_submit(again)
        assert (await both.owner.ended(2))[1].status == 0


async def test_row_p7_a_reply_that_was_never_written_goes_out_whole_by_the_next_bind() -> None:
    async with line() as both:
        session = both.link._binds[0].session
        assert session is not None
        submit = mt(7, receipt=True, validity_s=600)
        both.link.submit(submit)
        session.abort()
        assert (await both.owner.ended())[0].end is SubmitEnd.UNSENT
        wire = await both.smsc.accept_bound()
        await both.owner.until(lambda: both.link.room > 0)
        both.link.submit(submit)
        _, fields = await wire.expect_submit()
        assert (fields.registered, fields.validity) == (1, b"000000001000000R")


async def test_row_p8_a_validity_is_sent_in_the_operators_form() -> None:
    almaty = timezone(timedelta(hours=5))
    now = datetime(2026, 11, 20, 10, 0, tzinfo=almaty)
    expected = {
        ValidityForm.RELATIVE: b"000000010000000R",
        ValidityForm.ABSOLUTE: b"261120110000020+",
        ValidityForm.NONE: b"",
    }
    for form, octets in expected.items():
        async with line(quick(validity_form=form), wall_clock=lambda: now) as both:
            both.submit(1, validity_s=3_600)
            _, fields = await both.wire.expect_submit()
            assert fields.validity == octets
    async with line(wall_clock=lambda: now) as both:
        both.submit(1)
        assert (await both.wire.expect_submit())[1].validity == b""


@pytest.mark.parametrize("registered", [0, 1, 2, 0x10])
async def test_row_p9_receipts_are_asked_for_as_the_profile_says(registered: int) -> None:
    async with line(quick(registered_delivery=registered)) as both:
        both.submit(1, receipt=True)
        assert (await both.wire.expect_submit())[1].registered == registered
        both.submit(2, receipt=False)
        assert (await both.wire.expect_submit())[1].registered == 0


@pytest.mark.parametrize(("ton", "npi"), [(0, 1), (3, 0), (6, 0)])
async def test_row_p10_the_short_code_goes_out_as_the_operator_numbers_it(
    ton: int, npi: int
) -> None:
    async with line(quick(source_ton=ton, source_npi=npi)) as both:
        both.submit(1)
        _, fields = await both.wire.expect_submit()
        assert (fields.source_ton, fields.source_npi, fields.source) == (ton, npi, b"1012")
        assert (fields.dest_ton, fields.dest_npi, fields.dest) == (1, 1, b"77011234567")
