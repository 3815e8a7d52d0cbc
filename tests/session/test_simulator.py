"""The simulated SMSC as a peer of plain octets sees it, without chaos."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime

import pytest

from smpp.simulator import (
    BacklogFullError,
    IdForm,
    ReceiptForm,
    ReceiptPolicy,
    ReceiptTime,
    RetrySchedule,
    Smsc,
    SplitForm,
)  # fmt: skip
from tests.support.raw_esme import (
    DATA,
    DELIVER,
    ENQUIRE,
    NACK,
    RESP,
    RX,
    SUBMIT,
    TRX,
    TX,
    UNBIND,
    RawEsme,
    bind_body,
    pdu,
    read_deliver,
    submit_body,
)  # fmt: skip

ME = "77010000001"
NUMBER = "061200000012345678"
FAST = RetrySchedule(response_timeout_s=0.05, after_s=(0.02, 0.02))


# Bind ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "name"), [(RX, "receiver"), (TX, "transmitter"), (TRX, "transceiver")]
)
async def test_each_mode_binds_and_learns_the_version(mode: int, name: str) -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme:
        got = await esme.bind(mode)
        assert got[:3] == (mode | RESP, 0, 1)
        assert got.body == b"SMSC\0" + bytes.fromhex("0210000134")
        (session,) = smsc.sessions
        assert session.mode == name
        assert session.bind is not None
        assert (session.bind.system_id, session.version) == ("jauap", 0x34)


@pytest.mark.parametrize(
    ("system_id", "password", "status"),
    [("jauap", "secret", 0), ("jauap", "guess", 0x0E), ("other", "secret", 0x0F)],
)
async def test_credentials_are_checked(system_id: str, password: str, status: int) -> None:
    async with Smsc(system_id="jauap", password="secret") as smsc, RawEsme(smsc.port) as esme:
        got = await esme.bind(TRX, bind_body(system_id, password))
        assert got.status == status
        if status:
            assert got.body == b""
            assert await esme.ended()


async def test_a_second_bind_on_a_connection_is_refused_and_the_first_stays() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        assert (await esme.bind()).status == 0x05
        assert (await esme.submit(b"still here")).status == 0


async def test_a_malformed_bind_is_answered_with_rinvcmdlen() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme:
        assert (await esme.bind(TRX, b"jauap\0secret")).status == 0x02
        assert smsc.counters["malformed"] == 1


async def test_who_does_not_bind_in_time_is_shown_out() -> None:
    async with Smsc(bind_timeout_s=0.05) as smsc, RawEsme(smsc.port) as esme:
        assert await esme.ended()
        assert smsc.counters["bind_timeout"] == 1


async def test_waiting_for_a_bind_ends_with_it_or_with_a_timeout() -> None:
    async with Smsc() as smsc:
        with pytest.raises(TimeoutError, match="0 of 1 receivers"):
            await smsc.bound(timeout_s=0.02)
        async with RawEsme(smsc.port) as tx, RawEsme(smsc.port) as rx:
            await tx.bind(TX)
            rx.send(RX, bind_body())
            await smsc.bound(1, 5)


# Requests that are refused ---------------------------------------------------------------------


async def test_before_the_bind_only_enquire_link_is_answered() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme:
        esme.send(ENQUIRE)
        assert (await esme.read())[:2] == (ENQUIRE | RESP, 0)
        assert (await esme.submit(b"early")).status == 0x04
        esme.send(UNBIND)
        assert (await esme.read())[:2] == (UNBIND | RESP, 0x04)


async def test_a_receiver_may_not_submit() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme:
        await esme.bind(RX)
        assert (await esme.submit(b"wrong way")).status == 0x04
        assert smsc.inbox(ME) == []


@pytest.mark.parametrize("command", [0x03, 0x07, 0x08, 0x21])
async def test_what_is_not_offered_is_refused_by_its_own_response(command: int) -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        esme.send(command, b"x")
        assert (await esme.read())[:3] == (command | RESP, 0x03, 2)


async def test_an_unknown_command_is_nacked_and_the_link_stays() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        esme.send(0x0777)
        assert (await esme.read())[:3] == (NACK, 0x03, 2)
        assert (await esme.submit(b"still here")).status == 0


async def test_a_malformed_submit_is_refused_alone() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        body = submit_body(b"abc")
        esme.send(SUBMIT, body[:-4] + b"\xfeabc")
        assert (await esme.read()).status == 0x01
        assert (await esme.submit(b"well")).status == 0
        assert smsc.counters["malformed"] == 1


async def test_a_length_that_cannot_be_is_nacked_and_ends_the_connection() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        esme.writer.write(bytes.fromhex("7fffffff 00000004 00000000 00000099"))
        assert (await esme.read())[:3] == (NACK, 0x02, 0x99)
        assert await esme.ended()
        assert smsc.counters["broken_length"] == 1


async def test_what_an_operator_would_object_to_is_counted() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        esme.send(SUBMIT, submit_body(b"hi", "8701", source="1414"))
        assert (await esme.read()).status == 0
        assert smsc.counters["wrong_source"] == smsc.counters["wrong_destination"] == 1
        await esme.submit(b"hi")
        assert smsc.counters["wrong_source"] == 1


# Replies ---------------------------------------------------------------------------------------


async def test_a_reply_is_answered_with_an_id_and_reaches_the_phone() -> None:
    async with Smsc(ids=IdForm.HEX) as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        got = await esme.submit(b"in work")
        mt = await smsc.next_mt(ME)
        assert (mt.msisdn, mt.source, mt.text, mt.segments) == (ME, "1012", "in work", 1)
        assert got.body == mt.message_id.encode() + b"\0"
        assert int(mt.message_id, 16)
        assert smsc.inbox(ME) == [mt]
        with pytest.raises(TimeoutError, match=ME):
            await smsc.next_mt(ME, 0.02)


async def test_parts_of_a_reply_reach_the_phone_as_one_message() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        for number, text in ((2, "жұмыста"), (1, "Өтініш ")):
            udh = bytes((5, 0, 3, 9, 2, number))
            body = submit_body(udh + text.encode("utf-16-be"), coding=8, esm_class=0x40)
            esme.send(SUBMIT, body)
            await esme.read()
        mt = await smsc.next_mt(ME)
        assert (mt.text, mt.segments, mt.data_coding) == ("Өтініш жұмыста", 2, 8)


async def test_someone_who_waits_for_a_reply_is_woken_by_it() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme, asyncio.TaskGroup() as group:
        waiting = group.create_task(smsc.next_mt(ME))
        other = group.create_task(smsc.next_mt("77010000002"))
        await esme.bind()
        await esme.submit(b"one")
        assert (await waiting).text == "one"
        assert not other.done()
        await esme.submit(b"two", "77010000002")
        assert (await other).text == "two"


async def test_two_replies_of_one_write_are_both_read() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme, asyncio.TaskGroup() as group:
        await esme.bind()
        waiting = group.create_task(smsc.next_mt(ME))
        esme.send(SUBMIT, submit_body(b"one"))
        esme.send(SUBMIT, submit_body(b"two"))
        assert (await waiting).text == "one"
        assert (await smsc.next_mt(ME)).text == "two"
        for _ in range(2):
            await esme.read()
        assert (await esme.submit(b"three")).status == 0


async def test_ids_differ_between_runs_at_different_times() -> None:
    ids = set()
    for hour in (10, 11):
        now = datetime(2026, 11, 20, hour, tzinfo=UTC)
        async with Smsc(wall=lambda now=now: now) as smsc, RawEsme(smsc.port) as esme:
            await esme.bind()
            ids |= {(await esme.submit(b"hi")).body for _ in range(3)}
    assert len(ids) == 6


# Questions -------------------------------------------------------------------------------------


async def test_a_question_is_delivered_and_its_response_is_the_result() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme, asyncio.TaskGroup() as group:
        await esme.bind()
        asking = group.create_task(smsc.send_mo(ME, NUMBER))
        got = await esme.read()
        assert got[:3] == (DELIVER, 0, 1)
        assert read_deliver(got.body)[:5] == (ME, "1012", 0, 0, NUMBER.encode())
        assert got.body[:4] == b"\0\1\1" + b"7"  # an international number
        esme.answer(got)
        result = await asking
        assert (result.status, result.attempts, result.sequences) == (0, 1, (1,))
        assert smsc.counters["deliver_response_body"] == 0


async def test_a_response_with_more_than_one_nul_is_counted() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme, asyncio.TaskGroup() as group:
        await esme.bind()
        asking = group.create_task(smsc.send_mo(ME, NUMBER))
        esme.answer(await esme.read(), body=b"id\0")
        assert (await asking).ok
        assert smsc.counters["deliver_response_body"] == 1


async def test_questions_wait_for_a_receiver() -> None:
    async with Smsc() as smsc, asyncio.TaskGroup() as group:
        asking = group.create_task(smsc.send_mo(ME, NUMBER))
        async with RawEsme(smsc.port) as tx, RawEsme(smsc.port) as rx:
            await tx.bind(TX)
            await rx.bind(RX)
            rx.answer(await rx.read())
            assert (await asking).ok


async def test_no_more_than_the_window_are_open_at_once() -> None:
    async with Smsc(window=3) as smsc, RawEsme(smsc.port) as esme, asyncio.TaskGroup() as group:
        await esme.bind()
        for n in range(5):
            group.create_task(smsc.send_mo(f"7701000000{n}", NUMBER))
        first = [await esme.read() for _ in range(3)]
        esme.send(ENQUIRE)
        assert (await esme.read()).command == ENQUIRE | RESP  # and no fourth question before it
        assert smsc.sessions[0].open_deliveries == 3
        esme.answer(first[1])
        fourth = await esme.read()
        for request in (first[0], first[2], fourth):
            esme.answer(request)
        esme.answer(await esme.read())


@pytest.mark.parametrize("form", SplitForm)
async def test_a_long_question_comes_in_the_form_of_the_operator(form: SplitForm) -> None:
    text = "1234567890" * 20
    async with (
        Smsc(form=form) as smsc,
        RawEsme(smsc.port) as esme,
        asyncio.TaskGroup() as group,
    ):
        await esme.bind()
        asking = group.create_task(smsc.send_mo(ME, text))
        whole = form in (SplitForm.PAYLOAD, SplitForm.DATA_SM)
        requests = [await esme.read() for _ in range(1 if whole else 2)]
        for request in requests:
            esme.answer(request)
        assert (await asking).statuses == (0,) * len(requests)
        bodies = [request.body for request in requests]
        if whole:
            assert requests[0].command == (DATA if form is SplitForm.DATA_SM else DELIVER)
            assert bodies[0].endswith(bytes.fromhex("0424 00c8") + text.encode())
        else:
            parts = [read_deliver(body) for body in bodies]
            header = {SplitForm.UDH8: 6, SplitForm.UDH16: 7, SplitForm.SAR: 0}[form]
            assert "".join(part.text[header:].decode() for part in parts) == text
            assert {part.esm_class for part in parts} == {0x40 if header else 0}


async def test_questions_take_turns_on_the_sessions() -> None:
    async with (
        Smsc() as smsc,
        RawEsme(smsc.port) as one,
        RawEsme(smsc.port) as two,
        asyncio.TaskGroup() as group,
    ):
        await one.bind()
        await two.bind()
        for n in range(4):
            group.create_task(smsc.send_mo(f"7701000000{n}", NUMBER))
        for esme in (one, one, two, two):
            esme.answer(await esme.read())


async def test_the_id_tlv_of_a_message_stays_the_same_when_it_is_delivered_again() -> None:
    async with (
        Smsc(mo_id_tag=0x1400) as smsc,
        RawEsme(smsc.port) as esme,
        asyncio.TaskGroup() as group,
    ):
        await esme.bind()
        asking = group.create_task(smsc.send_mo(ME, NUMBER, redeliver=True))
        first = await esme.read()
        esme.answer(first)
        second = await esme.read()
        esme.answer(second)
        assert (await asking).attempts == 2
        assert first.body == second.body
        assert first.sequence != second.sequence
        assert read_deliver(first.body).rest == bytes.fromhex("1400 0008") + b"00000001"


# Attempts --------------------------------------------------------------------------------------


async def test_silence_is_followed_by_another_attempt_under_a_fresh_number() -> None:
    async with (
        Smsc(retry=FAST) as smsc,
        RawEsme(smsc.port) as esme,
        asyncio.TaskGroup() as group,
    ):
        await esme.bind()
        asking = group.create_task(smsc.send_mo(ME, NUMBER))
        first, second = await esme.read(), await esme.read()
        assert first.body == second.body
        assert second.sequence == first.sequence + 1
        esme.answer(first)  # too late: it counts for nothing
        esme.answer(second)
        result = await asking
        assert (result.status, result.attempts, result.sequences) == (0, 2, (1, 2))
        assert smsc.counters["late_response"] == smsc.counters["response_timeout"] == 1


@pytest.mark.parametrize("status", [0x64, 0x14, 0x58, 0x08])
async def test_a_temporary_error_is_followed_by_another_attempt(status: int) -> None:
    async with (
        Smsc(retry=FAST) as smsc,
        RawEsme(smsc.port) as esme,
        asyncio.TaskGroup() as group,
    ):
        await esme.bind()
        asking = group.create_task(smsc.send_mo(ME, NUMBER))
        esme.answer(await esme.read(), status)
        esme.answer(await esme.read())
        assert ((await asking).status, (await asking).attempts) == (0, 2)


@pytest.mark.parametrize("status", [0x66, 0x65, 0x520, 0x0B])
async def test_a_permanent_error_is_the_result(status: int) -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme, asyncio.TaskGroup() as group:
        await esme.bind()
        asking = group.create_task(smsc.send_mo(ME, NUMBER))
        esme.answer(await esme.read(), status, b"")
        result = await asking
        assert (result.status, result.attempts, result.ok) == (status, 1, False)


async def test_a_nack_to_a_question_is_its_result() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme, asyncio.TaskGroup() as group:
        await esme.bind()
        asking = group.create_task(smsc.send_mo(ME, NUMBER))
        got = await esme.read()
        esme.writer.write(pdu(NACK, got.sequence, status=0x03))
        assert (await asking).status == 0x03
        assert smsc.counters["nacks"] == 1


async def test_a_question_is_given_up_at_the_end_of_the_schedule() -> None:
    async with (
        Smsc(retry=FAST) as smsc,
        RawEsme(smsc.port) as esme,
        asyncio.TaskGroup() as group,
    ):
        await esme.bind()
        asking = group.create_task(smsc.send_mo(ME, NUMBER))
        result = await asking
        assert (result.status, result.attempts) == (None, 3)
        refused = group.create_task(smsc.send_mo(ME, NUMBER))
        for _ in range(3):
            await esme.read()
        for _ in range(3):
            esme.answer(await esme.read(), 0x64)
        assert ((await refused).status, (await refused).attempts) == (0x64, 3)
        assert smsc.counters["given_up"] == 2


async def test_what_a_lost_link_left_open_goes_first_on_the_next_bind() -> None:
    async with Smsc(window=2) as smsc, asyncio.TaskGroup() as group:
        asking = [group.create_task(smsc.send_mo(f"7701000000{n}", NUMBER)) for n in range(3)]
        async with RawEsme(smsc.port) as esme:
            await esme.bind()
            await esme.read()
            await esme.read()
        async with RawEsme(smsc.port) as esme:
            await esme.bind()
            seen = []
            for _ in range(3):
                got = await esme.read()
                seen.append(read_deliver(got.body).source)
                esme.answer(got)
        assert seen == ["77010000000", "77010000001", "77010000002"]
        assert [(await each).attempts for each in asking] == [2, 2, 1]


async def test_a_lost_link_takes_nothing_from_the_schedule() -> None:
    async with Smsc(retry=FAST) as smsc, asyncio.TaskGroup() as group:
        asking = group.create_task(smsc.send_mo(ME, NUMBER))
        for _ in range(4):
            async with RawEsme(smsc.port) as esme:
                await esme.bind()
                await esme.read()
        async with RawEsme(smsc.port) as esme:
            await esme.bind()
            esme.answer(await esme.read(), 0x64)
            esme.answer(await esme.read())
            assert ((await asking).status, (await asking).attempts) == (0, 6)


async def test_a_bind_after_none_brings_what_waited_for_its_next_attempt() -> None:
    slow = RetrySchedule(response_timeout_s=10, after_s=(600.0,))
    async with Smsc(retry=slow) as smsc, asyncio.TaskGroup() as group:
        asking = group.create_task(smsc.send_mo(ME, NUMBER))
        async with RawEsme(smsc.port) as esme:
            await esme.bind()
            esme.answer(await esme.read(), 0x64)
        async with RawEsme(smsc.port) as esme:
            await esme.bind()
            esme.answer(await esme.read())
            assert (await asking).attempts == 2


async def test_a_response_to_nothing_is_counted() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        esme.writer.write(pdu(DELIVER | RESP, 4711, b"\0"))
        assert (await esme.submit(b"hi")).status == 0
        assert smsc.counters["unmatched_response"] == 1


async def test_the_backlog_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smpp.simulator.smsc.BACKLOG_MAX", 1)
    async with Smsc() as smsc, asyncio.TaskGroup() as group:
        with pytest.raises(BacklogFullError, match="bind one"):
            await smsc.send_mo(ME, "a" * 200)
        group.create_task(smsc.send_mo(ME, NUMBER))
        async with RawEsme(smsc.port) as esme:
            await esme.bind()
            esme.answer(await esme.read())


# Receipts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ReceiptForm)
async def test_a_receipt_that_was_asked_for_follows_the_response(form: ReceiptForm) -> None:
    async with Smsc(receipts=ReceiptPolicy(form=form)) as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        response = await esme.submit(b"in work", registered=1)
        got = await esme.read()
        receipt = read_deliver(got.body)
        assert receipt[:3] == (ME, "1012", 0x04)
        message_id = response.body[:-1]
        if form is ReceiptForm.TLV_ONLY:
            assert receipt.text == b""
            size = len(message_id) + 1
            assert receipt.rest == (
                bytes((0, 0x1E, 0, size)) + message_id + b"\0" + bytes.fromhex("0427 0001 02")
            )
        elif form is ReceiptForm.HEX_ID:
            assert f"id:{int(message_id):X} ".encode() in receipt.text
        elif form is ReceiptForm.UCS2:
            assert receipt.coding == 8
            assert f"id:{message_id.decode()} " in receipt.text.decode("utf-16-be")
        else:
            assert receipt.text.startswith(b"id:" + message_id + b" ")
            assert (b"sub:001" in receipt.text) == (form is ReceiptForm.STANDARD)


@pytest.mark.parametrize(
    ("when", "registered", "order"),
    [
        (ReceiptTime.AFTER, 1, [SUBMIT | RESP, DELIVER, ENQUIRE | RESP]),
        (ReceiptTime.AFTER, 0, [SUBMIT | RESP, ENQUIRE | RESP]),
        (ReceiptTime.AFTER, 2, [SUBMIT | RESP, ENQUIRE | RESP]),
        (ReceiptTime.NONE, 1, [SUBMIT | RESP, ENQUIRE | RESP]),
        (ReceiptTime.DELAYED, 1, [SUBMIT | RESP, ENQUIRE | RESP, DELIVER]),
        (ReceiptTime.BEFORE, 1, [DELIVER, ENQUIRE | RESP, SUBMIT | RESP]),
    ],
)
async def test_receipts_come_when_the_policy_says(
    when: ReceiptTime, registered: int, order: list[int]
) -> None:
    policy = ReceiptPolicy(when=when, delay_ms=60, lead_ms=60)
    async with Smsc(receipts=policy) as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        esme.send(SUBMIT, submit_body(b"in work", registered=registered))
        got = []
        if when is ReceiptTime.AFTER and registered == 1:
            got += [(await esme.read()).command, (await esme.read()).command]
        esme.send(ENQUIRE)
        while len(got) < len(order):
            got.append((await esme.read()).command)
        if when is ReceiptTime.BEFORE:
            assert got[-1] == SUBMIT | RESP
            assert DELIVER in got
        else:
            assert got == order
        esme.send(ENQUIRE)
        assert (await esme.read()).command == ENQUIRE | RESP  # and nothing else before it


async def test_a_delayed_receipt_takes_its_time() -> None:
    policy = ReceiptPolicy(when=ReceiptTime.DELAYED, delay_ms=80)
    async with Smsc(receipts=policy) as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        loop = asyncio.get_running_loop()
        began = loop.time()
        await esme.submit(b"in work", registered=1)
        assert (await esme.read()).command == DELIVER
        assert loop.time() - began >= 0.08


async def test_a_failure_is_told_to_who_asked_for_failures_alone() -> None:
    policy = ReceiptPolicy(failed_percent=100)
    async with Smsc(receipts=policy) as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        await esme.submit(b"in work", registered=2)
        assert b"stat:UNDELIV err:005" in read_deliver((await esme.read()).body).text


async def test_of_a_pair_the_receiver_gets_the_transmitters_receipts() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as tx, RawEsme(smsc.port) as rx:
        await tx.bind(TX)
        await rx.bind(RX)
        response = await tx.submit(b"in work", registered=1)
        got = await rx.read()
        assert response.body[:-1] in got.body
        rx.answer(got)


async def test_an_unanswered_receipt_is_delivered_again() -> None:
    async with Smsc(retry=FAST) as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        await esme.submit(b"in work", registered=1)
        first, second = await esme.read(), await esme.read()
        assert (first.body, first.sequence + 1) == (second.body, second.sequence)


# The link --------------------------------------------------------------------------------------


async def test_a_silent_peer_is_asked_twice_and_then_dropped() -> None:
    async with Smsc(enquire_link_s=0.05) as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert (await esme.read()).command == ENQUIRE
        assert (await esme.read()).command == ENQUIRE
        assert await esme.ended()
        assert smsc.counters["silent_peer"] == 1
        assert loop.time() - began > 0.14  # three intervals


async def test_a_peer_that_answers_enquire_link_stays() -> None:
    async with Smsc(enquire_link_s=0.03) as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        for _ in range(5):
            got = await esme.read()
            assert got.command == ENQUIRE
            esme.answer(got)
        assert smsc.counters["unmatched_response"] == 0


async def test_an_unbind_is_answered_and_ends_the_connection() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        esme.send(UNBIND)
        assert (await esme.read())[:2] == (UNBIND | RESP, 0)
        assert await esme.ended()


async def test_stopping_unbinds_and_gives_up_what_waits() -> None:
    async with asyncio.TaskGroup() as group, Smsc() as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        asking = group.create_task(smsc.send_mo(ME, NUMBER))
        await esme.read()
        stopping = group.create_task(smsc.stop())
        got = await esme.read()
        assert got.command == UNBIND
        esme.answer(got)
        assert await esme.ended()
        await stopping
        assert (await asking).status is None
        assert smsc.sessions == []


async def test_stopping_cuts_who_does_not_go() -> None:
    smsc = Smsc()
    await smsc.start()
    async with RawEsme(smsc.port) as esme:
        await esme.bind()
        await smsc.stop(grace_s=0.02)
        assert await esme.ended()
    await smsc.stop()


async def test_stopping_closes_who_never_bound_at_once() -> None:
    smsc = Smsc()
    await smsc.start()
    async with RawEsme(smsc.port) as esme:
        esme.send(ENQUIRE)
        await esme.read()
        async with asyncio.timeout(5):
            await smsc.stop(grace_s=60)
        assert await esme.ended()


async def test_a_dropped_connection_is_cut() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        smsc.drop()
        assert await esme.ended()


async def test_who_takes_no_responses_gets_no_more_requests_read_until_it_does() -> None:
    batch = pdu(ENQUIRE, 1) * 5000  # each answered by as many octets
    async with Smsc() as smsc:
        mute = socket.socket()
        mute.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        mute.connect(("127.0.0.1", smsc.port))
        mute.setblocking(False)
        loop = asyncio.get_running_loop()

        async def fill() -> int:
            for batches in range(200):  # 16 MB, far more than the buffers between
                try:
                    async with asyncio.timeout(0.3):
                        await loop.sock_sendall(mute, batch)
                except TimeoutError:
                    return batches
            raise AssertionError("the SMSC read on without an end")

        with mute:
            owed = await fill() * len(batch)
            async with RawEsme(smsc.port) as other:
                assert (await other.bind()).status == 0
            async with asyncio.timeout(10):
                while owed > 0:
                    owed -= len(await loop.sock_recv(mute, 1 << 20))


async def test_raw_octets_are_sent_as_they_are() -> None:
    async with Smsc() as smsc, RawEsme(smsc.port) as esme:
        await esme.bind()
        smsc.sessions[0].send_raw(pdu(0x102, 0))
        assert (await esme.read())[:3] == (0x102, 0, 0)


async def test_there_is_room_for_so_many_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smpp.simulator.listener.SESSIONS_MAX", 1)
    async with Smsc() as smsc, RawEsme(smsc.port) as one:
        await one.bind()
        async with RawEsme(smsc.port) as two:
            assert await two.ended()
        assert (await one.submit(b"still here")).status == 0
        assert smsc.counters["sessions_refused"] == 1
