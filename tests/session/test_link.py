"""The link as a whole: what no single row names, yet every row leans on."""

from __future__ import annotations

import asyncio

import pytest

from smpp import deliveries
from smpp.links import SessionLimits
from smpp.messages import BindState, Inbound, SubmitEnd, SubmitResult
from smpp.owner import Delivery
from tests.support.line import SOON, Line, Recorder, line, submitted
from tests.support.peer import DELIVER_SM, RESPONSE, deliver_sm

DELIVER_SM_RESP = DELIVER_SM | RESPONSE


async def test_ten_refusals_of_our_configuration_in_a_row_pause_the_link_and_tell() -> None:
    limits = SessionLimits(backoff=SOON, configuration_pause_s=3_600.0)
    async with line(limits=limits, window=20) as both:
        for number, sent in enumerate(await submitted(both, *range(1, 11)), 1):
            assert both.link.room > 0, f"paused after {number}"
            both.wire.answer_submit(sent, status=0x0A)  # RINVSRCADR
            await both.owner.ended(number)
        assert both.link.room == 0
        event = both.owner.events[-1]
        assert (event.state, event.detail.split(":")[0]) == (
            BindState.PAUSED,
            "10 submits in a row refused with ESME_RINVSRCADR",
        )
        both.submit(11)
        assert (await both.owner.ended(11))[-1].end is SubmitEnd.UNSENT


async def test_a_paused_link_goes_on_by_itself() -> None:
    limits = SessionLimits(backoff=SOON, configuration_pause_s=0.05)
    async with line(limits=limits, window=20) as both:
        for sent in await submitted(both, *range(1, 11)):
            both.wire.answer_submit(sent, status=0x0A)
        await both.owner.reached(BindState.PAUSED)
        rooms = both.owner.rooms
        await both.owner.until(lambda: both.owner.rooms > rooms and both.link.room > 0)
        (sent,) = await submitted(both, 11)
        both.wire.answer_submit(sent)
        assert (await both.owner.ended(11))[-1].status == 0


async def test_a_success_between_refusals_begins_the_count_anew() -> None:
    async with line(window=20) as both:
        for turn, sent in enumerate(await submitted(both, *range(1, 13))):
            both.wire.answer_submit(sent, status=0 if turn == 5 else 0x0A)
        await both.owner.ended(12)
        assert both.link.room > 0


@pytest.mark.parametrize(("status", "times"), [(0x04, 1), (0x03, 3)])
async def test_statuses_that_doubt_the_session_make_us_bind_anew(status: int, times: int) -> None:
    async with line() as both:
        sent = await submitted(both, *range(1, times + 2))
        for each in sent[:times]:
            both.wire.answer_submit(each, status=status)
        await both.owner.reached(BindState.CLOSING)
        both.wire.answer_submit(sent[-1], b"late")
        results = await both.owner.ended(times + 1)
        assert results[-1].message_id == "late"
        await both.smsc.accept_bound()


async def test_a_peer_that_does_not_read_gets_no_more_and_is_not_read_from() -> None:
    async with line(window=400, tps_max=0) as both:
        both.wire.stop_reading()
        count = 0
        while both.link.room > 0:
            both.submit(count, b"x" * 64_000, payload=True)
            count += 1
            await asyncio.sleep(0)
        assert count < 400
        both.submit(count)  # waits here
        both.wire.send(deliver_sm(1, b"1"))
        both.wire.go_on_reading()
        for number in range(count + 1):
            sent, _ = await both.wire.expect_submit()
            if number == 0:
                assert both.owner.deliveries == []
            both.wire.answer_submit(sent)
        await both.owner.ended(count + 1)
        await both.owner.delivered()
        assert both.owner.results[-1].reply_id == count


async def test_what_was_never_written_when_the_session_ends_is_unsent() -> None:
    async with line(window=1) as both:
        await submitted(both, 1)
        both.submit(2)
        both.wire.reset()
        results = await both.owner.ended(2)
        assert {result.reply_id: result.end for result in results} == {
            1: SubmitEnd.LOST,
            2: SubmitEnd.UNSENT,
        }


async def test_a_submit_of_the_same_turn_in_which_the_session_is_cut_is_unsent() -> None:
    async with line() as both:
        session = both.link._binds[0].session
        assert session is not None
        both.submit(1)
        session.abort()
        (result,) = await both.owner.ended()
        assert result.end is SubmitEnd.UNSENT


async def test_a_submit_for_a_link_that_is_not_bound_is_unsent() -> None:
    async with line(accept=False) as both:
        assert both.link.room == 0
        both.submit(1)
        assert await both.owner.ended() == [SubmitResult(1, SubmitEnd.UNSENT)]


async def test_an_exception_of_the_owner_ends_the_link_with_it() -> None:
    class Faulty(Recorder):
        def on_delivery(self, delivery: Delivery) -> None:
            raise LookupError("a mistake of the gateway")

    with pytest.RaisesGroup(LookupError, flatten_subgroups=True):
        async with line(owner=Faulty()) as both:
            both.wire.send(deliver_sm(1, b"1"))
            await both.wire.at_end()
            await asyncio.get_running_loop().create_future()


async def test_a_message_on_which_a_decoder_fails_is_refused_for_now_and_the_link_lives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = deliveries.read_message

    def poisoned(fields: object, profile: object) -> Inbound:
        message = read(fields, profile)  # type: ignore[arg-type]  # passed through
        assert isinstance(message, Inbound)
        if message.octets == b"poison":
            raise ValueError("a mistake of the decoder")
        return message

    monkeypatch.setattr(deliveries, "read_message", poisoned)
    async with line() as both:
        both.wire.send(deliver_sm(1, b"poison"), deliver_sm(2, b"1"))
        await both.wire.expect(DELIVER_SM_RESP, 0x64, 1)
        await both.wire.expect(DELIVER_SM_RESP, 0, 2)
        assert both.link.stats.undecodable == 1


async def test_what_waits_is_not_overtaken_by_what_comes_later() -> None:
    class Prompt(Recorder):
        """Submits the next as soon as it hears of a result."""

        line: Line

        def on_submit_result(self, link: str, result: SubmitResult) -> None:
            super().on_submit_result(link, result)
            if len(self.results) == 1:
                self.line.submit(4, b"4")

    owner = Prompt()
    async with line(owner=owner, window=1) as both:
        owner.line = both
        for number in (1, 2, 3):
            both.submit(number, b"%d" % number)
        order = []
        for _ in range(4):
            sent, fields = await both.wire.expect_submit()
            order.append(fields.text)
            both.wire.answer_submit(sent)
        assert order == [b"1", b"2", b"3", b"4"]
