"""Rows V: what real ESMEs do to our server role, and what they get for it."""

from __future__ import annotations

import asyncio
import os

import pytest
from structlog.testing import capture_logs

from smpp.deliveries import EARLY_OCTETS_MAX
from smpp.messages import BindState, Inbound, SubmitEnd
from smpp.operators import Alphabet
from tests.support.line import Recorder, mt, quick
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
    pdu,
    read_deliver,
)
from tests.support.server import (
    PROFILE,
    HeldPassword,
    account,
    credentials,
    limits,
    question,
    serving,
    session_limits,
    tlvs_of,
)

RINVBNDSTS, RALYBND, RBINDFAIL, RINVPASWD, RMSGQFUL, RTHROTTLED = 0x04, 0x05, 0x0D, 0x0E, 0x14, 0x58
QUERY = 0x03


async def test_row_v1_a_submit_before_our_bind_response_is_processed_after_the_bind() -> None:
    password = HeldPassword()
    async with serving(account(password=password)) as served, served.esme() as esme:
        esme.writer.write(
            pdu(TRX, 1, credentials()) + pdu(SUBMIT, 2, question(b"1")) + pdu(ENQUIRE, 3)
        )
        await esme.expect(ENQUIRE | RESP, 0, 3)
        assert served.owner.deliveries == []
        password.release.set()
        await esme.expect(TRX | RESP, 0, 1)
        assert (await esme.expect(SUBMIT | RESP, 0, 2)).body == b"id-1\0"


async def test_row_v1_only_so_much_of_a_stranger_is_held() -> None:
    password = HeldPassword()
    async with serving(account(password=password)) as served, served.esme() as esme:
        held = EARLY_OCTETS_MAX // 60_000
        long = question(b"") + b"\x04\x24" + (60_000).to_bytes(2, "big") + b"x" * 60_000
        esme.writer.write(
            pdu(TRX, 1, credentials())
            + b"".join(pdu(SUBMIT, number, long) for number in range(2, 2 + held + 1))
        )
        first = await esme.read()  # what was too much is refused at once
        password.release.set()
        answers = {first.sequence: first}
        for _ in range(held + 1):
            found = await esme.read()
            answers[found.sequence] = found
        refused = answers[2 + held]
        assert (refused.status, refused.body) == (RMSGQFUL, b"")
        assert all(answers[number].status == 0 for number in range(2, 2 + held))


async def test_row_v2_a_connection_that_does_not_bind_is_closed() -> None:
    with capture_logs() as logs:
        async with serving(limits=limits(bind_within_s=0.3)) as served:
            async with served.esme() as silent, served.esme() as alive:
                alive.send(ENQUIRE)
                await alive.expect(ENQUIRE | RESP)
                assert await silent.at_end() == b""
                assert await alive.at_end() == b""  # enquire_link buys no time
            assert served.smsc.stats.never_bound == 2
            assert served.owner.events == []
    assert {line["detail"] for line in logs} == {"no bind request in time"}


@pytest.mark.parametrize(
    ("command", "response"),
    [
        (SUBMIT, SUBMIT | RESP),
        (DELIVER, DELIVER | RESP),
        (DATA, DATA | RESP),
        (UNBIND, UNBIND | RESP),
        (QUERY, QUERY | RESP),
        (0x0A, NACK),
    ],
)
async def test_row_v2_whatever_else_comes_before_a_bind_request_ends_the_connection(
    command: int, response: int
) -> None:
    async with serving() as served, served.esme() as esme:
        esme.writer.write(pdu(command, 7, question(b"1")) + pdu(TRX, 8, credentials()))
        refused = await esme.expect(response, RINVBNDSTS, 7)
        assert refused.body == b""
        assert await esme.at_end() == b""
        assert served.owner.deliveries == []
        assert served.account.binds == 0


@pytest.mark.parametrize("command", [NACK, SUBMIT | RESP, ENQUIRE | RESP])
async def test_row_v2_a_response_before_a_bind_request_ends_it_without_a_word(command: int) -> None:
    async with serving() as served, served.esme() as esme:
        esme.writer.write(pdu(command, 7))
        assert await esme.at_end() == b""


@pytest.mark.parametrize("second", [TRX, TX, RX])
async def test_row_v3_a_second_bind_on_one_connection_is_refused_and_the_first_stays(
    second: int,
) -> None:
    async with serving() as served, served.esme() as esme:
        await esme.enter()
        found = await esme.bind(second, credentials())
        assert (found.command, found.status, found.body) == (second | RESP, RALYBND, b"")
        assert (await esme.ask(b"1")).status == 0
        assert served.account.binds == 1


async def test_row_v3_a_second_bind_while_the_first_is_checked_is_refused() -> None:
    password = HeldPassword()
    async with serving(account(password=password)) as served, served.esme() as esme:
        esme.writer.write(pdu(TRX, 1, credentials()) + pdu(TRX, 2, credentials()))
        await esme.expect(TRX | RESP, RALYBND, 2)
        password.release.set()
        await esme.expect(TRX | RESP, 0, 1)
        assert served.account.binds == 1


async def test_row_v3_a_bind_too_many_is_refused_while_the_others_live() -> None:
    async with serving(account(binds_max=1), limits=limits(ghost_s=0.5)) as served:
        async with served.esme() as first, served.esme() as second:
            await first.enter()
            second.send(TRX, credentials())
            probe = await first.expect(ENQUIRE)
            first.answer(probe)
            refused = await second.expect(TRX | RESP, RBINDFAIL)
            assert refused.body == b""
            assert await second.at_end() == b""
            assert (await first.ask(b"1")).status == 0
            first.send(UNBIND)
            await first.expect(UNBIND | RESP)
        async with served.esme() as third:
            assert (await third.enter()).status == 0


async def test_row_v3_a_ghost_is_asked_for_life_and_makes_room() -> None:
    async with (
        serving(account(binds_max=1)) as served,
        served.esme() as ghost,
        served.esme() as newcomer,
    ):
        await ghost.enter()
        newcomer.send(TRX, credentials())
        await ghost.expect(ENQUIRE)  # and does not answer
        await newcomer.expect(TRX | RESP, 0)
        assert await ghost.at_end() == b""
        assert (await newcomer.ask(b"1")).status == 0
        assert served.smsc.stats.ghosts == 1
        assert "no sign of life" in (await served.owner.reached(BindState.CLOSING)).detail
        assert served.account.binds == 1


async def test_row_v4_a_bind_for_each_message_works_and_frees_its_socket_at_once() -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    async with serving(account(binds_max=1)) as served:
        await asyncio.sleep(0)
        before = descriptors()
        for turn in range(100):
            async with served.esme() as esme:
                assert (await esme.enter()).status == 0, turn
                assert (await esme.ask(b"%d" % turn)).status == 0
                esme.send(UNBIND)
                await esme.expect(UNBIND | RESP)
                assert await esme.at_end() == b""
        await served.owner.reached(BindState.STOPPED, 100)
        assert descriptors() <= before
        assert served.account.stats.deliveries == 100
        assert {event.bind for event in served.owner.events} <= {0, 1}


async def test_row_v5_enquire_link_is_answered_before_the_bind() -> None:
    async with serving() as served, served.esme() as esme:
        for _ in range(3):
            esme.send(ENQUIRE)
            await esme.expect(ENQUIRE | RESP)
        assert (await esme.enter()).status == 0


async def test_row_v6_a_delivery_without_an_answer_expires_and_frees_its_slot() -> None:
    profile = quick(PROFILE, response_timer_s=0.05)
    async with serving(account(profile=profile, window=1)) as served, served.esme() as esme:
        await esme.enter()
        served.account.submit(mt(1))
        await esme.expect(DELIVER)
        assert served.account.room == 0
        assert (await served.owner.ended())[0].end is SubmitEnd.EXPIRED
        assert served.account.room == 1
        assert await esme.nothing_more()


async def test_row_v6_after_so_many_in_a_row_the_session_is_closed() -> None:
    profile = quick(PROFILE, response_timer_s=0.2)
    server_limits = session_limits(expired_max=3)
    async with (
        serving(account(profile=profile, window=2), limits=server_limits) as served,
        served.esme() as esme,
    ):
        await esme.enter()
        for number in (1, 2):
            served.account.submit(mt(number))
            await esme.expect(DELIVER)
        await served.owner.ended(2)
        served.account.submit(mt(3))
        esme.answer(await esme.expect(DELIVER))  # begins the count anew
        await served.owner.ended(3)
        for number in (4, 5):
            served.account.submit(mt(number))
            await esme.expect(DELIVER)
        await served.owner.ended(5)
        assert served.account.binds == 1
        served.account.submit(mt(6))
        await esme.expect(DELIVER)
        closing = await served.owner.reached(BindState.CLOSING)
        assert closing.detail == "3 requests in a row were not answered"
        assert await esme.at_end() == b""


async def test_row_v6_a_peer_that_answers_nothing_any_more_is_closed_after_a_while() -> None:
    profile = quick(PROFILE, response_timer_s=0.05)
    async with (
        serving(account(profile=profile), limits=session_limits(expired_max=10, deaf_s=0.2)) as it,
        it.esme() as esme,
    ):
        await esme.enter()
        it.account.submit(mt(1))
        await esme.expect(DELIVER)
        await it.owner.ended()
        it.account.submit(mt(2))
        esme.answer(await esme.expect(DELIVER))  # it does answer: nothing is closed
        await it.owner.ended(2)
        it.account.submit(mt(3))
        await esme.expect(DELIVER)
        await it.owner.ended(3)
        assert await esme.nothing_more()  # alive, as far as enquire_link tells
        closing = await it.owner.reached(BindState.CLOSING)
        assert closing.detail == "1 requests in a row were not answered"
        assert await esme.at_end() == b""


async def test_row_v7_an_account_that_is_offline_takes_nothing_and_tells_when_it_is_back() -> None:
    async with serving() as served:
        assert (served.account.room, served.account.bound) == (0, False)
        served.account.submit(mt(1))
        assert (await served.owner.ended())[0].end is SubmitEnd.UNSENT
        async with served.esme() as esme:
            await esme.enter()
            await served.owner.until(lambda: served.owner.rooms > 0)
            assert (served.account.room, served.account.bound) == (10, True)
            served.account.submit(mt(2))
            esme.answer(await esme.expect(DELIVER))
            assert (await served.owner.ended(2))[1].end is SubmitEnd.ANSWERED
        await served.owner.reached(BindState.STOPPED)
        assert (served.account.room, served.account.bound) == (0, False)


async def test_row_v7_what_waited_for_a_session_that_goes_is_handed_back() -> None:
    async with serving(account(window=1)) as served:
        async with served.esme() as esme:
            await esme.enter()
            for number in (1, 2):
                served.account.submit(mt(number))
            await esme.expect(DELIVER)
        results = await served.owner.ended(2)
        ends = {result.reply_id: result.end for result in results}
        assert ends == {1: SubmitEnd.LOST, 2: SubmitEnd.UNSENT}


async def test_row_v8_what_comes_too_fast_is_throttled_by_number_and_nothing_is_closed() -> None:
    async with serving(account(tps_max=5)) as served, served.esme() as esme:
        await esme.enter()
        numbers = range(100, 120)
        esme.writer.write(b"".join(pdu(SUBMIT, number, question(b"1")) for number in numbers))
        answers = [await esme.read() for _ in numbers]
        assert {found.sequence for found in answers} == set(numbers)
        throttled = [found for found in answers if found.status]
        assert {(found.status, found.body) for found in throttled} == {(RTHROTTLED, b"")}
        assert 10 <= len(throttled) <= 15  # 15, unless this machine stands still meanwhile
        assert served.account.stats.over_rate == len(throttled)
        assert await esme.nothing_more()


async def test_row_v8_the_rate_is_the_account_s_over_all_its_sessions() -> None:
    async with (
        serving(account(tps_max=4)) as served,
        served.esme() as one,
        served.esme() as other,
    ):
        for esme in (one, other):
            await esme.enter()
            for _ in range(4):
                esme.send(SUBMIT, question(b"1"))
        statuses = [(await esme.read()).status for esme in (one, other) for _ in range(4)]
        assert 4 <= statuses.count(0) < 8


async def test_row_v8_without_a_limit_nothing_is_throttled() -> None:
    async with serving(account(tps_max=0)) as served, served.esme() as esme:
        await esme.enter()
        for _ in range(500):
            esme.send(SUBMIT, question(b"1"))
        assert {(await esme.read()).status for _ in range(500)} == {0}


async def test_row_v8_more_unanswered_submits_than_agreed_are_told_that_the_queue_is_full() -> None:
    keeping = Recorder(status=None)
    async with (
        serving(account(unanswered_max=3), owner=keeping) as served,
        served.esme() as esme,
    ):
        await esme.enter()
        numbers = [esme.send(SUBMIT, question(b"1")) for _ in range(4)]
        refused = await esme.expect(SUBMIT | RESP, RMSGQFUL, numbers[3])
        assert refused.body == b""
        for delivery in tuple(keeping.deliveries):
            keeping.answer(delivery)
        for number in numbers[:3]:
            await esme.expect(SUBMIT | RESP, 0, number)
        esme.send(SUBMIT, question(b"1"))
        await keeping.delivered(4)


@pytest.mark.parametrize("command", [SUBMIT, DATA])
async def test_row_v9_a_receiver_may_not_submit(command: int) -> None:
    async with serving() as served, served.esme() as esme:
        await esme.enter(mode=RX)
        sequence = esme.send(command, question(b"1"))
        refused = await esme.expect(command | RESP, RINVBNDSTS, sequence)
        assert refused.body == b""
        served.account.submit(mt(1))
        await esme.expect(DELIVER)
        assert served.owner.deliveries == []


async def test_row_v9_a_transmitter_gets_nothing_and_a_receiver_beside_it_does() -> None:
    async with serving() as served, served.esme() as sender:
        await sender.enter(mode=TX)
        assert (await sender.ask(b"1")).status == 0
        assert (served.account.bound, served.account.room) == (False, 0)
        served.account.submit(mt(1))
        assert (await served.owner.ended())[0].end is SubmitEnd.UNSENT
        assert await sender.nothing_more()
        async with served.esme() as receiver:
            await receiver.enter(mode=RX)
            assert served.account.bound
            served.account.submit(mt(2))
            receiver.answer(await receiver.expect(DELIVER))
            assert (await served.owner.ended(2))[1].end is SubmitEnd.ANSWERED


@pytest.mark.parametrize(
    ("alphabet", "octets", "text"),
    [
        (Alphabet.LATIN1, b"caf\xe9 @", "café @"),
        (Alphabet.GSM7, b"caf\x05 \x00", "café @"),
        (Alphabet.ASCII, b"cafe @", "cafe @"),
    ],
)
async def test_row_v10_data_coding_0_means_what_the_account_s_profile_says(
    alphabet: Alphabet, octets: bytes, text: str
) -> None:
    async with (
        serving(account(profile=quick(PROFILE, default_alphabet=alphabet))) as served,
        served.esme() as esme,
    ):
        await esme.enter()
        await esme.ask(octets)
        assert (await served.owner.inbound()).text == text


async def test_row_v11_a_submit_resent_after_a_reconnect_is_the_same_message() -> None:
    async with serving() as served:
        for reference in (b"\0\7", b"\0\7", b"\0\x08"):
            async with served.esme() as esme:
                await esme.enter()
                esme.send(SUBMIT, question(b"1", tail=b"\x02\x04\0\2" + reference))
                await esme.expect(SUBMIT | RESP)
        first, again, other = (message for message in await served.owner.delivered(3))
        assert isinstance(first, Inbound)
        assert isinstance(again, Inbound)
        assert isinstance(other, Inbound)
        assert first.identity == again.identity
        assert first.identity != other.identity


async def test_row_v12_our_receipt_has_the_text_the_tlvs_and_the_id_of_the_response() -> None:
    async with serving() as served, served.esme() as esme:
        await esme.enter()
        message_id = (await esme.ask(b"1", registered=1)).body
        assert message_id == b"id-1\0"
        text = (
            b"id:id-1 sub:001 dlvrd:001 submit date:2601011200 done date:2601011200 "
            b"stat:DELIVRD err:000 text:"
        )
        served.account.submit(mt(9, text, report=True))
        sent = await esme.expect(DELIVER)
        fields = read_deliver(sent.body)
        assert (fields.esm_class, fields.text) == (0x04, text)
        assert (fields.source, fields.destination) == ("1012", "77011234567")
        assert tlvs_of(fields.rest) == {0x001E: message_id, 0x0427: b"\2"}


async def test_row_v12_a_peer_of_version_3_3_gets_the_text_alone() -> None:
    async with serving() as served, served.esme() as esme:
        await esme.enter(version=0x33)
        served.account.submit(mt(9, b"id:id-1 sub:001 stat:DELIVRD", report=True))
        fields = read_deliver((await esme.expect(DELIVER)).body)
        assert (fields.esm_class, fields.rest) == (0x04, b"")


@pytest.mark.parametrize(("registered", "wanted"), [(0, False), (1, True), (2, False), (17, True)])
async def test_row_v12_only_who_asks_is_owed_a_receipt(registered: int, wanted: bool) -> None:
    async with serving() as served, served.esme() as esme:
        await esme.enter()
        await esme.ask(b"1", registered=registered)
        assert (await served.owner.inbound()).wants_receipt is wanted


async def test_row_v12_a_refused_submit_names_no_id() -> None:
    async with serving(owner=Recorder(status=0x45)) as served, served.esme() as esme:
        await esme.enter()
        found = await esme.ask(b"1", registered=1)
        assert (found.status, found.body) == (0x45, b"")


async def test_a_bind_says_whether_what_we_owe_can_leave_by_it() -> None:
    async with serving() as served, served.esme() as sending, served.esme() as taking:
        await sending.enter(mode=TX)
        assert (await served.owner.reached(BindState.BOUND)).sends is False
        await taking.enter(mode=RX)
        assert (await served.owner.reached(BindState.BOUND, 2)).sends is True
