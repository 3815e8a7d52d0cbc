"""Rows B: binding, keeping alive, and each way in which a session ends."""

from __future__ import annotations

import asyncio
import socket

import pytest
from structlog.testing import capture_logs

from smpp.backoff import BackoffLimits
from smpp.bind import tune
from smpp.esme import Link
from smpp.links import SessionLimits, roles
from smpp.messages import BindState, Part, SubmitEnd
from smpp.operators import BindForm
from smpp.owner import BindEvent
from smpp.status import BindAction
from smpp.tls import TlsFiles
from tests.support.line import SOON, Line, Recorder, line, mt, quick
from tests.support.peer import (
    BIND_RECEIVER,
    BIND_TRANSCEIVER,
    BIND_TRANSMITTER,
    DELIVER_SM,
    ENQUIRE_LINK,
    GENERIC_NACK,
    RESPONSE,
    UNBIND,
    deliver_sm,
    pdu,
    read_submit,
    tlv,
)

DELIVER_SM_RESP = DELIVER_SM | RESPONSE
BUSY = 0x64  # RX_T_APPN
SLOW = SessionLimits(backoff=BackoffLimits())  # the waits of a real link


def limits(**changes: float) -> SessionLimits:
    return SessionLimits(backoff=SOON, **changes)  # type: ignore[arg-type]  # all are seconds


async def test_row_b1_a_pair_is_one_link_in_by_the_receiver_out_by_the_transmitter() -> None:
    async with line(accept=False, bind=BindForm.PAIR) as both:
        wires = {}
        for _ in range(2):
            wire = await both.smsc.accept()
            assert not both.link.bound
            wires[(await wire.accept_bind()).command] = wire
        assert set(wires) == {BIND_TRANSMITTER, BIND_RECEIVER}
        await both.owner.reached(BindState.BOUND, 2)
        assert both.link.bound
        wires[BIND_RECEIVER].send(deliver_sm(7, b"1"))
        await wires[BIND_RECEIVER].expect(DELIVER_SM_RESP, 0, 7)
        both.submit(1)
        sent, _ = await wires[BIND_TRANSMITTER].expect_submit()
        wires[BIND_TRANSMITTER].answer_submit(sent)
        await both.owner.ended()
        assert both.link.room == both.link.settings.window


async def test_row_b1_without_its_transmitter_a_pair_sends_nothing_and_is_not_bound() -> None:
    async with line(accept=False, bind=BindForm.PAIR) as both:
        for _ in range(2):
            wire = await both.smsc.accept()
            bind = await wire.read()
            if bind.command == BIND_RECEIVER:
                wire.send(pdu(bind.command | RESPONSE, bind.sequence, b"smsc\0"))
        await both.owner.reached(BindState.BOUND)
        assert not both.link.bound
        assert both.link.room == 0
        both.submit(1)
        assert (await both.owner.ended())[0].end is SubmitEnd.UNSENT


async def test_row_b1_a_transceiver_is_the_other_mode() -> None:
    async with line(accept=False) as both:
        wire = await both.smsc.accept()
        assert (await wire.accept_bind()).command == BIND_TRANSCEIVER


async def test_the_bind_request_carries_the_account_as_configured() -> None:
    profile = quick(system_type="VMA", address_ton=3, address_npi=1, address_range="1012")
    async with line(profile, accept=False, system_id="jauap", password="s3cret12") as both:
        wire = await both.smsc.accept()
        bind = await wire.accept_bind()
        assert bind.body == b"jauap\0s3cret12\0VMA\0\x34\3\x011012\0"


@pytest.mark.parametrize("sequence", [0, None], ids=["sequence-0", "the-bind's"])
async def test_row_b2_a_bind_answered_by_generic_nack_has_failed_with_its_status(
    sequence: int | None,
) -> None:
    async with line(accept=False) as both:
        wire = await both.smsc.accept()
        bind = await wire.read()
        number = bind.sequence if sequence is None else sequence
        wire.send(pdu(GENERIC_NACK, number, status=0x04))
        waiting = await both.owner.reached(BindState.WAITING)
        assert "ESME_RINVBNDSTS" in waiting.detail
        assert BindState.BOUND not in both.owner.states
        await both.smsc.accept_bound()
        await both.owner.reached(BindState.BOUND)


@pytest.mark.parametrize(("status", "name"), [(0x05, "ESME_RALYBND"), (0x0D, "ESME_RBINDFAIL")])
async def test_row_b3_a_session_still_held_there_is_waited_out(status: int, name: str) -> None:
    async with line(accept=False, limits=SLOW) as both:
        wire = await both.smsc.accept()
        await wire.accept_bind(status=status)
        waiting = await both.owner.reached(BindState.WAITING)
        assert name in waiting.detail
        assert waiting.detail.endswith("next try in 5 s")
        assert BindState.BOUND not in both.owner.states
        assert both.link.room == 0
        assert both.smsc.no_connection()
    assert max(BackoffLimits().delays_s[BindAction.BUSY_BACKOFF]) >= 120


@pytest.mark.parametrize(
    ("status", "name"),
    [(0x0E, "ESME_RINVPASWD"), (0x0F, "ESME_RINVSYSID"), (0x53, "ESME_RINVSYSTYP")],
)
async def test_row_b4_refused_credentials_wait_minutes_and_raise_an_alarm(
    status: int, name: str
) -> None:
    async with line(accept=False, limits=SLOW, jitter=0.0) as both:
        wire = await both.smsc.accept()
        bind = await wire.read()
        wire.send(pdu(bind.command | RESPONSE, bind.sequence, status=status))
        refused = await both.owner.reached(BindState.REFUSED)
        assert name in refused.detail
        assert refused.detail.endswith("next try in 300 s")
        assert await wire.at_end() == b""
        assert both.smsc.no_connection()


async def test_row_b5_without_a_bind_response_nothing_is_sent_and_the_session_ends() -> None:
    profile = quick(session_init_timer_s=0.1, enquire_link_timer_s=0.02)
    async with line(profile, accept=False) as both:
        wire = await both.smsc.accept()
        await wire.read()
        both.link.submit(mt(1))
        assert await wire.at_end() == b""
        assert (await both.owner.ended())[0].end is SubmitEnd.UNSENT
        assert "no bind response" in (await both.owner.reached(BindState.WAITING)).detail
        await both.smsc.accept_bound()
        await both.owner.reached(BindState.BOUND)


async def test_row_b6_enquire_link_is_answered_and_messages_are_held_before_the_bind() -> None:
    async with line(accept=False) as both:
        wire = await both.smsc.accept()
        bind = await wire.read()
        wire.send(deliver_sm(7, b"early"))
        assert await wire.all_before_now() == []  # the barrier is an enquire_link, and answered
        assert both.owner.deliveries == []
        wire.send(pdu(bind.command | RESPONSE, bind.sequence, b"smsc\0"), deliver_sm(8, b"late"))
        await wire.expect(DELIVER_SM_RESP, 0, 7)
        await wire.expect(DELIVER_SM_RESP, 0, 8)
        assert both.link.bound


async def test_row_b6_only_so_many_are_held_the_rest_is_told_to_come_again() -> None:
    async with line(accept=False) as both:
        wire = await both.smsc.accept()
        bind = await wire.read()
        wire.send(*(deliver_sm(number, b"early") for number in range(1, 121)))
        refused = await wire.all_before_now()
        assert [(found.status, found.sequence) for found in refused] == [
            (BUSY, number) for number in range(101, 121)
        ]
        wire.send(pdu(bind.command | RESPONSE, bind.sequence, b"smsc\0"))
        for number in range(1, 101):
            await wire.expect(DELIVER_SM_RESP, 0, number)


@pytest.mark.parametrize(
    ("tail", "tlvs_sent"),
    [
        (tlv(0x0210, b"\x50"), True),
        (tlv(0x0210, b"\x34"), True),
        (tlv(0x1400, b"\xff\0\x80") + tlv(0x0210, b"\x34") + tlv(0x3FFF, b""), True),
        (tlv(0x0210, b"\x33"), False),
        (b"", False),
    ],
    ids=["5.0", "3.4", "unknown-tlvs", "3.3", "absent"],
)
async def test_row_b7_any_version_binds_and_old_peers_get_no_tlvs(
    tail: bytes, tlvs_sent: bool
) -> None:
    async with line(quick(user_message_reference=True), accept=False) as both:
        wire = await both.smsc.accept_bound(tail)
        await both.owner.reached(BindState.BOUND)
        both.submit(1, sar=Part(5, 2, 1, 0))
        _, fields = await wire.expect_submit()
        assert bool(fields.tlvs) is tlvs_sent
        if not tlvs_sent:  # the place among the parts travels in a header instead
            assert fields.esm_class & 0x40


@pytest.mark.parametrize("form", [BindForm.PAIR, BindForm.TRANSCEIVER])
async def test_row_b8_what_receives_names_the_addresses_it_serves(form: BindForm) -> None:
    profile = quick(address_ton=3, address_npi=1, address_range="^1012$")
    async with line(profile, accept=False, bind=form) as both:
        receiving = set()
        for _ in roles(form):
            wire = await both.smsc.accept()
            bind = await wire.accept_bind()
            if bind.command != BIND_TRANSMITTER:
                receiving.add(bind.command)
                assert bind.body.endswith(b"\0\x34\3\1^1012$\0")
        assert receiving == {BIND_RECEIVER if form is BindForm.PAIR else BIND_TRANSCEIVER}


@pytest.mark.parametrize(("ton", "npi"), [(0, 0), (5, 0), (6, 18), (200, 99)])
async def test_row_b8_any_number_of_a_plan_can_be_named(ton: int, npi: int) -> None:
    async with line(quick(address_ton=ton, address_npi=npi), accept=False) as both:
        bind = await (await both.smsc.accept()).accept_bind()
        assert bind.body.endswith(bytes((0x34, ton, npi, 0)))


async def test_row_b9_credentials_beyond_the_standard_are_sent_whole_and_told_of() -> None:
    password, system_id = "nine-char", "sixteen-letters!"
    assert (len(password), len(system_id)) == (9, 16)
    with capture_logs() as lines:
        async with line(accept=False, system_id=system_id, password=password) as both:
            wire = await both.smsc.accept()
            bind = await wire.accept_bind()
            assert bind.body.startswith(b"sixteen-letters!\0nine-char\0")
            await both.owner.reached(BindState.BOUND)
    told = [each["detail"] for each in lines if each["event"] == "credentials_beyond_standard"]
    assert told == [
        "system_id has 16 characters, SMPP 3.4 allows 15",
        "the password has 9 characters, SMPP 3.4 allows 8",
    ]
    assert all(password not in str(each) for each in lines)


async def test_row_b9_credentials_of_the_longest_standard_length_raise_no_warning() -> None:
    with capture_logs() as lines:
        async with line(accept=False, system_id="fifteen-letters", password="8-octets") as both:
            bind = await (await both.smsc.accept()).accept_bind()
            assert bind.body.startswith(b"fifteen-letters\x008-octets\0")
    assert [each for each in lines if each["event"] == "credentials_beyond_standard"] == []


async def test_row_b10_waits_grow_and_begin_anew_after_a_steady_bind() -> None:
    delays = {BindAction.BACKOFF: (0.01, 0.02, 0.04, 0.06)}
    backoff = BackoffLimits(delays_s=delays, steady_s=1e-6)
    async with line(accept=False, limits=SessionLimits(backoff=backoff), jitter=1.0) as both:
        for _ in range(5):
            wire = await both.smsc.accept()
            await wire.read()
            wire.close()
        wire = await both.smsc.accept_bound()
        await both.owner.reached(BindState.BOUND)
        wire.close()
        await both.owner.reached(BindState.WAITING, 6)
        waits = [
            float(event.detail.split()[-2])
            for event in both.owner.events
            if event.state is BindState.WAITING
        ]
        assert waits == pytest.approx([0.012, 0.024, 0.048, 0.072, 0.072, 0.012])


async def test_row_b10_a_port_where_nobody_listens_is_tried_again_by_the_same_waits() -> None:
    delays = {BindAction.BACKOFF: (0.01, 3_600.0)}
    backoff = BackoffLimits(delays_s=delays)
    async with line(accept=False, limits=SessionLimits(backoff=backoff), port=1) as both:
        await both.owner.reached(BindState.WAITING, 2)
        assert "no connection" in both.owner.events[-1].detail


def waits(seconds: float, outbind_s: float = 3_600.0) -> SessionLimits:
    """A bind that failed once waits so long for the next try."""
    delays = {
        BindAction.BACKOFF: (seconds,),
        BindAction.LONG_BACKOFF: (seconds,),
        BindAction.BUSY_BACKOFF: (seconds,),
    }
    return SessionLimits(backoff=BackoffLimits(delays_s=delays), outbind_s=outbind_s)


async def refused(both: Line, status: int) -> None:
    wire = await both.smsc.accept()
    bind = await wire.read()
    wire.send(pdu(bind.command | RESPONSE, bind.sequence, status=status))


@pytest.mark.parametrize("form", [BindForm.PAIR, BindForm.TRANSCEIVER])
async def test_row_b11_an_outbind_makes_what_waits_bind_at_once_at_the_configured_host(
    form: BindForm,
) -> None:
    async with line(accept=False, limits=waits(3_600.0), bind=form) as both:
        for _ in roles(form):
            await refused(both, 0x05)
        await both.owner.reached(BindState.WAITING, len(roles(form)))
        assert both.smsc.no_connection()
        assert both.link.bind_now()
        for _ in roles(form):  # our SMSC is the configured one: no other address is ever tried
            await both.smsc.accept_bound()
        await both.owner.reached(BindState.BOUND, len(roles(form)))
        assert both.link.bound


async def test_row_b11_a_flood_of_outbinds_is_no_flood_of_binds() -> None:
    async with line(accept=False, limits=waits(3_600.0)) as both:
        await refused(both, 0x0D)
        await both.owner.reached(BindState.WAITING)
        assert [both.link.bind_now() for _ in range(1_000)] == [True] + 999 * [False]
        await refused(both, 0x0D)
        await both.owner.reached(BindState.WAITING, 2)
        assert not both.link.bind_now()
        assert both.smsc.connections == 2


async def test_row_b11_outbinds_are_heeded_again_after_their_interval() -> None:
    async with line(accept=False, limits=waits(3_600.0, outbind_s=0.0)) as both:
        for turn in range(1, 4):
            await refused(both, 0x0D)
            await both.owner.reached(BindState.WAITING, turn)
            assert both.link.bind_now()
        await both.smsc.accept_bound()


async def test_row_b11_no_outbind_shortens_the_wait_after_refused_credentials() -> None:
    async with line(accept=False, limits=waits(3_600.0, outbind_s=0.0)) as both:
        await refused(both, 0x0E)
        await both.owner.reached(BindState.REFUSED)
        assert not both.link.bind_now()
        assert both.smsc.no_connection()
        assert both.smsc.connections == 1


async def test_row_b11_a_link_that_is_bound_or_not_running_heeds_no_outbind() -> None:
    async with line(limits=waits(3_600.0)) as both:
        assert not both.link.bind_now()
        both.wire.close()
        await both.owner.reached(BindState.WAITING)
        assert both.link.bind_now()  # the one before was not heeded, so it does not count
        await both.smsc.accept_bound()
    async with line(accept=False, limits=waits(3_600.0, outbind_s=0.0)) as both:
        await refused(both, 0x05)
        await both.owner.reached(BindState.WAITING)
        await both.link.stop()
        assert not both.link.bind_now()


async def test_a_link_that_its_owner_stops_while_it_is_told_ends_without_a_connection() -> None:
    class Hasty(Recorder):
        link: Link

        def on_bind(self, event: BindEvent) -> None:
            super().on_bind(event)
            if event.state is BindState.WAITING:
                self.link._binds[0].hurry()
            elif self.states.count(BindState.CONNECTING) == 2:
                self.link._binds[0].stop(0.0)

    owner = Hasty()
    async with line(accept=False, owner=owner) as both:
        owner.link = both.link
        await refused(both, 0x05)
        await both.running
        assert both.owner.states[-2:] == [BindState.CONNECTING, BindState.STOPPED]
        assert both.smsc.connections == 1


async def test_a_host_that_can_be_no_name_is_a_failed_try_like_others() -> None:
    async with line(accept=False, host="a..b") as both:
        assert "no connection" in (await both.owner.reached(BindState.WAITING, 2)).detail


async def test_row_b12_enquire_link_is_answered_while_the_store_stalls() -> None:
    stalled = Recorder(status=None)
    async with line(owner=stalled) as both:
        both.wire.send(*(deliver_sm(number, b"1") for number in range(3)))
        await stalled.delivered(3)
        both.wire.send(pdu(ENQUIRE_LINK, 77))
        await both.wire.expect(ENQUIRE_LINK | RESPONSE, 0, 77)
        for delivery in stalled.deliveries:
            stalled.answer(delivery)
        for number in range(3):
            await both.wire.expect(DELIVER_SM_RESP, 0, number)


async def test_row_b13_enquire_link_comes_after_silence_of_the_operators_interval_only() -> None:
    interval_s = 0.2
    async with line(quick(enquire_link_timer_s=interval_s)) as both:
        clock = asyncio.get_running_loop().time
        asked = 0
        while asked < 3:
            for number in range(5):  # traffic: silence begins anew with each
                sent_s = clock()
                both.wire.send(deliver_sm(number, b"1"))
                await both.wire.expect(DELIVER_SM_RESP, 0, number)
            found = await both.wire.expect(ENQUIRE_LINK)
            assert clock() - sent_s >= 0.9 * interval_s
            asked += 1
            both.wire.send(pdu(ENQUIRE_LINK | RESPONSE, found.sequence))
        assert both.link.bound


async def test_row_b14_without_an_enquire_link_response_other_pdus_show_life() -> None:
    async with line(quick(enquire_link_timer_s=0.15)) as both:
        for number in range(3):
            await both.wire.expect(ENQUIRE_LINK)
            both.wire.send(deliver_sm(number, b"1"))
            await both.wire.expect(DELIVER_SM_RESP, 0, number)
        assert both.link.bound


async def test_a_session_with_an_inactivity_timer_lives_while_messages_flow() -> None:
    async with line(quick(enquire_link_timer_s=0.2, inactivity_timer_s=1.0)) as both:
        for number in range(8):  # each after a silence of 0.2 s, so longer than the timer in all
            await both.wire.expect(ENQUIRE_LINK)
            both.wire.send(deliver_sm(number, b"1"))
            await both.wire.expect(DELIVER_SM_RESP, 0, number)
        assert both.owner.states.count(BindState.BOUND) == 1
        assert both.link.bound


async def test_row_b15_after_the_peers_unbind_late_responses_count_then_we_bind_again() -> None:
    async with line() as both:
        both.submit(1)
        sent, _ = await both.wire.expect_submit()
        both.wire.send(pdu(UNBIND, 50))
        await both.wire.expect(UNBIND | RESPONSE, 0, 50)
        await both.owner.reached(BindState.CLOSING)
        assert both.link.room == 0
        both.submit(2)
        assert (await both.owner.ended())[0].end is SubmitEnd.UNSENT
        both.wire.answer_submit(sent, b"late")
        result = (await both.owner.ended(2))[1]
        assert (result.reply_id, result.end, result.message_id) == (1, SubmitEnd.ANSWERED, "late")
        assert await both.wire.at_end() == b""
        waiting = await both.owner.reached(BindState.WAITING)
        assert "the peer unbound" in waiting.detail
        await both.smsc.accept_bound()


async def test_row_b15_what_stays_unanswered_after_the_peers_unbind_is_lost() -> None:
    async with line(limits=limits(linger_s=0.05)) as both:
        both.submit(1)
        await both.wire.expect_submit()
        both.wire.send(pdu(UNBIND, 50))
        await both.wire.expect(UNBIND | RESPONSE, 0, 50)
        assert await both.wire.at_end() == b""
        assert (await both.owner.ended())[0].end is SubmitEnd.LOST


async def test_row_b16_stopping_refuses_intake_drains_unbinds_and_closes() -> None:
    owner = Recorder(status=None)
    async with line(owner=owner) as both, asyncio.TaskGroup() as group:
        wire = both.wire
        wire.send(deliver_sm(1, b"before"))
        await owner.delivered()
        both.submit(1)
        sent, _ = await wire.expect_submit()
        stopping = group.create_task(both.link.stop())
        await owner.reached(BindState.CLOSING)
        assert both.link.room == 0
        wire.send(deliver_sm(2, b"after"))
        await wire.expect(DELIVER_SM_RESP, BUSY, 2)
        wire.answer_submit(sent)
        assert (await owner.ended())[0].end is SubmitEnd.ANSWERED
        assert await wire.all_before_now() == []  # one message is still unanswered
        owner.answer(owner.deliveries[0])
        await wire.expect(DELIVER_SM_RESP, 0, 1)
        unbind = await wire.expect(UNBIND)
        assert not stopping.done()
        wire.send(pdu(UNBIND | RESPONSE, unbind.sequence))
        assert await wire.at_end() == b""
        await stopping
        assert owner.states[-1] is BindState.STOPPED
        assert both.smsc.no_connection()


async def test_row_b16_what_is_unfinished_when_the_time_is_up_is_lost() -> None:
    async with line(limits=limits(unbind_s=0.05)) as both:
        both.submit(1)
        await both.wire.expect_submit()
        async with asyncio.TaskGroup() as group:
            group.create_task(both.link.stop(drain_s=0.05))
            await both.wire.expect(UNBIND)
            assert await both.wire.at_end() == b""
        assert [result.end for result in both.owner.results] == [SubmitEnd.LOST]
        assert both.owner.states[-1] is BindState.STOPPED


async def test_row_b16_a_link_that_waits_or_connects_stops_at_once() -> None:
    async with line(accept=False, limits=SLOW) as both:
        wire = await both.smsc.accept()
        await wire.accept_bind(status=0x0E)
        await both.owner.reached(BindState.REFUSED)
        await both.link.stop()
        assert both.owner.states[-1] is BindState.STOPPED
    async with line(accept=False) as both:
        wire = await both.smsc.accept()
        await wire.read()
        await both.link.stop()
        assert both.owner.states[-1] is BindState.STOPPED
    async with line(accept=False, tls=TlsFiles(server_side=False)) as both:
        await both.smsc.accept()  # a plain listener: the TLS handshake waits for its answer
        async with asyncio.timeout(SLOW.connect_s / 2):
            await both.link.stop()
        assert both.owner.states[-1] is BindState.STOPPED


@pytest.mark.parametrize("end", ["close", "reset"])
async def test_row_b17_fin_or_rst_makes_open_submits_lost_and_we_bind_again(end: str) -> None:
    async with line() as both:
        both.submit(1)
        both.submit(2)
        await both.wire.expect_submit()
        await both.wire.expect_submit()
        getattr(both.wire, end)()
        results = await both.owner.ended(2)
        assert [(result.reply_id, result.end) for result in results] == [
            (1, SubmitEnd.LOST),
            (2, SubmitEnd.LOST),
        ]
        wire = await both.smsc.accept_bound()
        await both.owner.reached(BindState.BOUND, 2)
        both.submit(3)
        assert read_submit(await wire.read()).text == b"answer"
        assert both.smsc.connections == 2


async def test_row_b17_a_cancelled_link_cuts_its_connection() -> None:
    async with line() as both:
        both.submit(1)
        await both.wire.expect_submit()
        both.running.cancel()
        assert await both.wire.at_end() == b""
        assert (await both.owner.ended())[0].end is SubmitEnd.LOST


async def test_row_b17_an_answer_given_after_the_end_goes_nowhere() -> None:
    owner = Recorder(status=None)
    async with line(owner=owner) as both:
        both.wire.send(deliver_sm(7, b"1"))
        await owner.delivered()
        both.wire.close()
        wire = await both.smsc.accept_bound()
        await owner.reached(BindState.BOUND, 2)
        owner.answer(owner.deliveries[0])
        assert await wire.all_before_now() == []


async def test_row_b18_a_peer_that_says_nothing_is_given_up_after_two_intervals() -> None:
    async with line(quick(enquire_link_timer_s=0.05)) as both:
        both.submit(1)
        await both.wire.expect_submit()
        await both.wire.expect(ENQUIRE_LINK)
        assert await both.wire.at_end() == b""
        assert "silent" in (await both.owner.reached(BindState.WAITING)).detail
        assert (await both.owner.ended())[0].end is SubmitEnd.LOST


def test_row_b18_the_kernel_watches_what_is_unacknowledged_too() -> None:
    with socket.socket() as connection:
        tune(connection, 40.0)
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        timeout_ms = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
        assert timeout_ms == 40_000


async def test_row_b18_the_options_are_set_on_a_live_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tuned: list[float] = []
    monkeypatch.setattr("smpp.bind.tune", lambda connection, seconds: tuned.append(seconds))
    async with line(quick(enquire_link_timer_s=15.0)):
        assert tuned == [30.0]


async def test_row_b19_binds_are_as_many_as_agreed_and_share_one_rate() -> None:
    async with line(accept=False, binds=2, window=3) as both:
        wires = [await both.smsc.accept_bound() for _ in range(2)]
        await both.owner.reached(BindState.BOUND, 2)
        assert both.link.room == 6
        for reply_id in range(6):
            both.submit(reply_id, destination=f"7701000000{reply_id}")
        for wire in wires:
            for _ in range(3):
                await wire.expect_submit()
        assert both.link.room == 0
        assert both.smsc.connections == 2
