"""Each fault of the chaos table, as a peer of plain octets meets it."""

from __future__ import annotations

import asyncio

import pytest

from smpp.simulator import Chaos, ReceiptPolicy, ReceiptTime, RetrySchedule, Smsc, Torn
from tests.support.raw_esme import (
    DELIVER,
    ENQUIRE,
    NACK,
    RESP,
    SUBMIT,
    TRX,
    UNBIND,
    RawEsme,
    bind_body,
    pdu,
    read_deliver,
    submit_body,
)  # fmt: skip

ME = "77010000001"
NUMBER = "061200000012345678"


@pytest.mark.parametrize(
    ("chaos", "status"),
    [
        (Chaos(throttle_percent=100), 0x58),
        (Chaos(queue_full_percent=100), 0x14),
        (Chaos(vendor_status_percent=100), 0x520),
        (Chaos(vendor_status_percent=100, vendor_status=0x40B), 0x40B),
    ],
)
async def test_a_submit_is_refused_and_not_taken(chaos: Chaos, status: int) -> None:
    async with Smsc(chaos=chaos) as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        got = await esme.submit(b"in work", registered=1)
        assert (got.status, got.body) == (status, b"")
        assert smsc.inbox(ME) == []
        assert sum(smsc.faults_made.values()) == smsc.counters["refused"] == 1


async def test_odds_of_half_refuse_about_half_and_the_same_ones_for_one_seed() -> None:
    async def statuses(seed: int) -> list[int]:
        async with (
            Smsc(chaos=Chaos(throttle_percent=50), seed=seed) as smsc,
            RawEsme(smsc.port) as esme,
        ):
            await esme.bind()
            return [(await esme.submit(b"hi")).status for _ in range(60)]

    seen = await statuses(5)
    assert 15 < seen.count(0x58) < 45
    assert seen == await statuses(5)


async def test_submits_above_the_rate_are_throttled() -> None:
    async with Smsc(chaos=Chaos(submits_per_s_max=5)) as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        statuses = [(await esme.submit(b"hi")).status for _ in range(20)]
        # The second may have turned once on the way.
        assert statuses.count(0) in (5, 10)
        assert set(statuses) == {0, 0x58}


async def test_a_submit_met_with_silence_is_taken_and_gets_its_receipt() -> None:
    async with Smsc(chaos=Chaos(silence_percent=100)) as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        esme.send(SUBMIT, submit_body(b"in work", registered=1))
        assert (await esme.read()).command == DELIVER
        assert not (await smsc.next_mt(ME)).answered
        smsc.chaos = Chaos()
        assert (await esme.submit(b"again")).status == 0
        assert (await smsc.next_mt(ME)).answered


async def test_a_late_response_comes_after_what_was_sent_later_and_before_its_receipt() -> None:
    chaos = Chaos(late_percent=100, late_ms=50)
    async with Smsc(chaos=chaos) as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        sent = esme.send(SUBMIT, submit_body(b"in work", registered=1))
        esme.send(ENQUIRE)
        assert (await esme.read()).command == ENQUIRE | RESP
        assert (await esme.read())[:3] == (SUBMIT | RESP, 0, sent)
        assert (await esme.read()).command == DELIVER


async def test_a_late_response_to_who_has_gone_is_dropped() -> None:
    chaos = Chaos(late_percent=100, late_ms=40)
    async with Smsc(chaos=chaos) as smsc:
        async with RawEsme(smsc.port) as gone:
            await gone.bind()
            gone.send(SUBMIT, submit_body(b"hi"))
            await smsc.next_mt(ME)
        async with RawEsme(smsc.port) as esme:
            await esme.bind()
            assert (await esme.submit(b"hi")).status == 0
        assert smsc.counters["responses_dropped"] == 1


async def test_a_response_may_come_under_another_number() -> None:
    async with Smsc(chaos=Chaos(wrong_sequence_percent=100)) as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        sent = esme.send(SUBMIT, submit_body(b"in work"))
        got = await esme.read()
        assert (got.command, got.status) == (SUBMIT | RESP, 0)
        assert got.sequence > sent + 1_000_000


async def test_a_response_may_come_twice() -> None:
    chaos = Chaos(duplicate_response_percent=100)
    async with Smsc(chaos=chaos) as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        assert await esme.submit(b"in work") == await esme.read()
        assert len(smsc.inbox(ME)) == 1


async def test_a_receipt_may_come_before_its_response() -> None:
    async with Smsc(chaos=Chaos(receipt_first_percent=100)) as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        esme.send(SUBMIT, submit_body(b"in work", registered=1))
        receipt, response = await esme.read(), await esme.read()
        assert (receipt.command, response.command) == (DELIVER, SUBMIT | RESP)
        assert response.body[:-1] in receipt.body


async def test_without_receipts_there_is_none_before_the_response() -> None:
    chaos = Chaos(receipt_first_percent=100)
    policy = ReceiptPolicy(when=ReceiptTime.NONE)
    async with Smsc(chaos=chaos, receipts=policy) as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        assert (await esme.submit(b"in work", registered=1)).status == 0


async def test_a_question_may_come_again_after_its_response() -> None:
    chaos = Chaos(duplicate_mo_percent=100, duplicate_mo_ms=1)
    async with (
        Smsc(chaos=chaos) as smsc,
        RawEsme(smsc.port) as esme,
        asyncio.TaskGroup() as group,
    ):
        await esme.bind()
        asking = group.create_task(smsc.send_mo(ME, NUMBER))
        first = await esme.read()
        esme.answer(first)
        assert (await asking).attempts == 1
        copy = await esme.read()
        assert (copy.command, copy.body) == (DELIVER, first.body)
        assert copy.sequence != first.sequence
        esme.answer(copy)
        esme.send(ENQUIRE)
        assert (await esme.read()).command == ENQUIRE | RESP  # a copy has no copy
        assert smsc.faults_made["duplicate_mo"] == 1


async def test_a_refused_question_has_no_copy() -> None:
    chaos = Chaos(duplicate_mo_percent=100, duplicate_mo_ms=1)
    async with (
        Smsc(chaos=chaos) as smsc,
        RawEsme(smsc.port) as esme,
        asyncio.TaskGroup() as group,
    ):
        await esme.bind()
        asking = group.create_task(smsc.send_mo(ME, NUMBER))
        esme.answer(await esme.read(), 0x66)
        await asking
        assert smsc.faults_made["duplicate_mo"] == 0


async def test_a_receipt_may_come_twice() -> None:
    chaos = Chaos(duplicate_receipt_percent=100, duplicate_mo_ms=1)
    async with Smsc(chaos=chaos) as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        await esme.submit(b"in work", registered=1)
        first = await esme.read()
        esme.answer(first)
        assert (await esme.read()).body == first.body


async def test_the_connection_is_cut_after_so_many_questions() -> None:
    async with Smsc(chaos=Chaos(drop_every=2), window=2) as smsc, asyncio.TaskGroup() as group:
        asking = [group.create_task(smsc.send_mo(f"7701000000{n}", NUMBER)) for n in range(2)]
        for cuts in (1, 2):
            async with RawEsme(smsc.port) as esme:
                await esme.bind()
                assert await esme.ended()
                assert smsc.faults_made["drop"] == cuts
        smsc.chaos = Chaos()
        async with RawEsme(smsc.port) as esme:
            await esme.bind()
            for _ in asking:
                esme.answer(await esme.read())
            assert [(await each).attempts for each in asking] == [3, 3]


@pytest.mark.parametrize("torn", Torn)
async def test_torn_writes_arrive_in_pieces_and_whole(torn: Torn) -> None:
    chaos = Chaos(torn_percent=100, torn=torn)
    async with Smsc(chaos=chaos) as smsc, RawEsme(smsc.port) as esme:
        esme.send(TRX, bind_body())
        reads = []
        while sum(map(len, reads)) < 26:  # a bind_resp with its TLV
            reads.append(await esme.reader.read(100))
        assert len(reads) > (5 if torn is Torn.OCTET else 1)
        assert b"".join(reads)[16:21] == b"SMSC\0"
        for n in range(20):
            assert (await esme.submit(b"reply %d" % n)).status == 0
        assert [mt.text for mt in smsc.inbox(ME)] == [f"reply {n}" for n in range(20)]


@pytest.mark.parametrize("percent", [50, 100])
async def test_what_is_sent_while_a_write_is_torn_follows_it(percent: int) -> None:
    async with (
        Smsc(chaos=Chaos(torn_percent=percent)) as smsc,
        RawEsme(smsc.port) as esme,
        asyncio.TaskGroup() as group,
    ):
        await esme.bind()
        for n in range(5):
            group.create_task(smsc.send_mo(f"7701000000{n}", NUMBER))
            esme.send(ENQUIRE)
        seen = [await esme.read() for _ in range(10)]
        questions = [got for got in seen if got.command == DELIVER]
        assert [read_deliver(got.body).source[-1] for got in questions] == list("01234")
        for got in questions:
            esme.answer(got)


async def test_whole_writes_wait_for_torn_ones_before_them() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        smsc.chaos = Chaos(torn_percent=30)
        numbers = []
        for _ in range(60):
            numbers.append(esme.send(ENQUIRE))
            await asyncio.sleep(0)  # a turn of the loop, so that each has a write of its own
        assert [(await esme.read()).sequence for _ in numbers] == numbers


async def test_a_torn_write_is_whole_before_the_connection_ends() -> None:
    async with Smsc(chaos=Chaos(torn_percent=100)) as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        esme.send(UNBIND)
        assert (await esme.read()).command == UNBIND | RESP
        assert await esme.ended()


async def test_a_torn_write_is_whole_before_a_half_close() -> None:
    errors: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    async with Smsc(chaos=Chaos(torn_percent=100)) as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        smsc.chaos = Chaos(torn_percent=100, half_close_percent=100)
        assert (await esme.submit(b"hi")).status == 0
        assert await esme.ended()
    assert errors == []


async def test_merged_pdus_leave_in_one_write() -> None:
    async with Smsc(chaos=Chaos(merge_ms=60)) as smsc, RawEsme(smsc.port) as esme:
        esme.send(TRX, bind_body())
        for n in range(10):
            esme.send(SUBMIT, submit_body(b"reply %d" % n))
        data = await esme.reader.read(65_536)
        assert data.count(bytes.fromhex("80000009 00000000")) == 1
        assert data.count(bytes.fromhex("80000004 00000000")) == 10


async def test_garbage_stands_before_a_write() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        smsc.chaos = Chaos(garbage_percent=100)
        esme.send(ENQUIRE)
        data = await esme.reader.readexactly(32 + 16)
        assert data[0] == 0xFF
        assert data[32:] == pdu(ENQUIRE | RESP, 2)


async def test_an_unknown_command_is_sent_and_its_nack_counted() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        smsc.chaos = Chaos(unknown_command_percent=100)
        esme.send(ENQUIRE)
        assert (await esme.read()).command == ENQUIRE | RESP
        strange = await esme.read()
        assert strange[:2] == (0x0F0F, 0)
        smsc.chaos = Chaos()
        esme.writer.write(pdu(NACK, strange.sequence, status=0x03))
        await esme.submit(b"hi")
        assert (smsc.counters["nacks"], smsc.counters["unmatched_response"]) == (1, 0)


async def test_after_a_half_close_nothing_is_sent_and_everything_is_read() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        smsc.chaos = Chaos(half_close_percent=100)
        assert (await esme.submit(b"one")).status == 0
        assert await esme.reader.read(1) == b""
        smsc.chaos = Chaos()
        esme.send(SUBMIT, submit_body(b"two"))
        await smsc.next_mt(ME)
        assert (await smsc.next_mt(ME)).text == "two"
        assert smsc.counters["responses_dropped"] == 1


async def test_a_bind_may_be_refused_with_a_status() -> None:
    chaos = Chaos(bind_refused_percent=100, bind_status=0x05)
    async with Smsc(chaos=chaos) as smsc, RawEsme(smsc.port) as esme:
        assert (await esme.bind()).status == 0x05
        assert await esme.ended()
        assert smsc.faults_made["bind_refused"] == 1


async def test_a_bind_may_be_answered_by_a_nack() -> None:
    async with Smsc(chaos=Chaos(bind_nack_percent=100)) as smsc, RawEsme(smsc.port) as esme:
        assert (await esme.bind())[:3] == (NACK, 0x04, 1)
        assert await esme.ended()


async def test_a_bind_may_never_be_answered_and_nothing_is_sent_meanwhile() -> None:
    chaos = Chaos(bind_silence_percent=100)
    retry = RetrySchedule(response_timeout_s=0.02, after_s=(0.02,))
    async with (
        Smsc(chaos=chaos, bind_timeout_s=0.01, retry=retry) as smsc,
        RawEsme(smsc.port) as esme,
    ):
        esme.send(TRX, bind_body())
        with pytest.raises(TimeoutError):
            await esme.read(0.1)
        assert [session.mode for session in smsc.sessions] == [""]


async def test_a_bind_may_take_its_time() -> None:
    chaos = Chaos(bind_delay_ms=50)
    async with Smsc(chaos=chaos) as smsc, RawEsme(smsc.port) as esme:
        esme.send(TRX, bind_body())
        esme.send(ENQUIRE)
        assert (await esme.read()).command == ENQUIRE | RESP
        assert (await esme.read())[:2] == (TRX | RESP, 0)


async def test_who_is_dropped_before_a_slow_bind_is_not_bound() -> None:
    async with Smsc(chaos=Chaos(bind_delay_ms=30)) as smsc:
        async with RawEsme(smsc.port) as esme:
            esme.send(TRX, bind_body())
            esme.send(ENQUIRE)
            await esme.read()
            smsc.drop()
        with pytest.raises(TimeoutError):
            await smsc.bound(timeout_s=0.06)
        smsc.chaos = Chaos()
        async with RawEsme(smsc.port) as esme, asyncio.TaskGroup() as group:
            await esme.bind()
            for _ in range(2):  # the dead one takes no turns
                asking = group.create_task(smsc.send_mo(ME, NUMBER))
                esme.answer(await esme.read())
                assert (await asking).ok


async def test_a_flood_of_enquire_links_comes_at_its_rate() -> None:
    async with Smsc(chaos=Chaos(enquire_flood_per_s=500)) as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        loop = asyncio.get_running_loop()
        began = loop.time()
        for _ in range(100):
            got = await esme.read()
            assert got.command == ENQUIRE
            esme.answer(got)
        assert loop.time() - began > 0.1
        assert smsc.counters["unmatched_response"] == 0


async def test_who_answers_no_flood_is_not_flooded_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("smpp.simulator.delivery.ENQUIRIES_OPEN_MAX", 5)
    async with Smsc(chaos=Chaos(enquire_flood_per_s=2000)) as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        for _ in range(5):
            await esme.read()
        with pytest.raises(TimeoutError):
            await esme.read(0.05)
        assert smsc.counters["enquiries_dropped"] > 0
