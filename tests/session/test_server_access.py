"""Rows V13, B11 and T2: who may come in to our server role, and how others call on us."""

from __future__ import annotations

import asyncio
import ipaddress
import resource
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from smpp.messages import BindState
from smpp.opening import STRANGER_PDUS_MAX
from smpp.owner import Delivery
from smpp.server.access import AccessLimits
from smpp.server.accounts import AccountSettings, Password
from smpp.server.settings import ServerSettings
from smpp.smsc import Smsc
from smpp.tls import TlsFiles
from tests.support.certificates import Authority
from tests.support.line import Recorder, mt, quick
from tests.support.peer import listening
from tests.support.peer import pdu as peer_pdu
from tests.support.raw_esme import (
    DELIVER,
    ENQUIRE,
    RESP,
    RX,
    SUBMIT,
    TRX,
    TX,
    UNBIND,
    pdu,
)
from tests.support.server import (
    PATIENT,
    PHC,
    PROFILE,
    SECRET,
    Esme,
    HeldPassword,
    Served,
    account,
    credentials,
    limits,
    question,
    serving,
    session_limits,
)

OUTBIND = 0x0B
RINVPASWD, RSYSERR, RBINDFAIL = 0x0E, 0x08, 0x0D
STRICT = AccessLimits(delay_s=0.01, delay_max_s=0.02)
OTHER_ADDRESS = "127.0.0.2"
TLS = Path(__file__).parent.parent / "support" / "tls"
HASHED = account("hashed", password=Password.of_hash(PHC))


async def refused_bind(served: Served, name: str, secret: str, local: str = "127.0.0.1") -> int:
    """The status of a bind that must fail, after which the connection must end."""
    async with served.esme(local=local) as esme:
        found = await esme.enter(name, secret=secret)
        assert (found.command, found.body) == (TRX | RESP, b"")
        assert await esme.at_end() == b""
        return found.status


@pytest.mark.parametrize(("access", "refused"), [(STRICT, 1), (PATIENT, 0)], ids=["five", "all"])
async def test_row_v13_a_thousand_wrong_passwords_do_not_touch_a_good_session(
    access: AccessLimits, refused: int
) -> None:
    """Both where all but five are refused unseen, and where each one is looked at."""
    async with (
        serving(account(), HASHED, limits=limits(access=access)) as served,
        served.esme() as good,
    ):
        assert (await good.enter()).status == 0
        for turn in range(1_000):
            name = ("agent", "hashed", "nobody")[turn % 3]
            assert await refused_bind(served, name, f"guess{turn}") == RINVPASWD
            if turn % 10 == 0:
                assert (await good.ask(b"1")).status == 0
        assert served.smsc.stats.binds_refused == 1_000
        assert served.smsc.stats.refused_addresses == refused
        assert served.account.binds == 1


async def test_row_v13_after_five_failures_an_address_is_refused_whatever_it_says() -> None:
    with capture_logs() as logs:
        async with serving(limits=limits(access=STRICT)) as served:
            for _ in range(5):
                await refused_bind(served, "agent", "guess")
            assert await refused_bind(served, "agent", SECRET) == RINVPASWD
            async with served.esme(local=OTHER_ADDRESS) as elsewhere:
                assert (await elsewhere.enter()).status == 0
    events = [line["event"] for line in logs]
    assert events.count("smsc_bind_denied") == 5  # the sixth was not even looked at
    assert events.count("smsc_address_refused") == 1
    assert "guess" not in str(logs)


async def test_row_v13_the_refusal_of_an_address_ends() -> None:
    brief = AccessLimits(failures_max=2, refusal_s=0.5, delay_s=0.0)
    async with serving(limits=limits(access=brief)) as served:
        for _ in range(2):
            await refused_bind(served, "agent", "guess")
        assert await refused_bind(served, "agent", SECRET) == RINVPASWD
        async with asyncio.timeout(5):
            while True:
                async with served.esme() as esme:
                    if (await esme.enter()).status == 0:
                        break


async def test_row_v13_a_failed_try_waits_and_another_address_does_not_wait_with_it() -> None:
    patient = AccessLimits(delay_s=60.0, delay_max_s=60.0)
    async with (
        serving(limits=limits(access=patient)) as served,
        served.esme() as wrong,
        served.esme(local=OTHER_ADDRESS) as right,
    ):
        wrong.send(TRX, credentials(secret="guess"))
        assert await wrong.nothing_more()  # its answer is held back
        assert (await right.enter()).status == 0
        async with served.esme() as neighbour:  # nor does a good one of the same address
            assert (await neighbour.enter()).status == 0
        assert await wrong.nothing_more()


@pytest.mark.parametrize(
    ("name", "secret", "detail"),
    [
        ("agent", "guess", "wrong password"),
        ("hashed", "guess", "wrong password"),
        ("nobody", SECRET, "unknown system_id"),
        ("far", SECRET, "not from this address"),
        ("agent", "", "wrong password"),
        ("", "", "unknown system_id"),
    ],
)
async def test_row_v13_the_answer_does_not_tell_what_was_wrong(
    name: str, secret: str, detail: str
) -> None:
    far = account("far", addresses=(ipaddress.ip_network("10.0.0.0/8"),))
    with capture_logs() as logs:
        async with serving(account(), HASHED, far) as served:
            assert await refused_bind(served, name, secret) == RINVPASWD
    assert [line["detail"] for line in logs if line["event"] == "smsc_bind_denied"] == [detail]


async def test_an_account_with_a_hash_binds_by_its_password() -> None:
    async with serving(account(), HASHED) as served, served.esme() as esme:
        assert (await esme.enter("hashed")).status == 0
        assert served.smsc.accounts["hashed"].binds == 1
        assert served.smsc.accounts["agent"].binds == 0


async def test_an_account_binds_from_its_networks() -> None:
    near = account(addresses=(ipaddress.ip_network("127.0.0.2/32"),))
    async with serving(near) as served, served.esme(local=OTHER_ADDRESS) as esme:
        assert (await esme.enter()).status == 0
        assert await refused_bind(served, "agent", SECRET) == RINVPASWD


async def test_too_many_bind_requests_at_once_are_told_to_come_again() -> None:
    busy = AccessLimits(waiting_max=1, delay_s=0.0)
    async with (
        serving(HASHED, limits=limits(access=busy)) as served,
        served.esme() as one,
        served.esme() as two,
    ):
        for esme in (one, two):
            esme.send(TRX, credentials("hashed"))
        statuses = {(await esme.read()).status for esme in (one, two)}
        assert statuses <= {0, RSYSERR}
        assert 0 in statuses


# T2


def server_files() -> TlsFiles:
    return TlsFiles(server_side=True, cert_file=str(TLS / "smsc.pem"))


def client_context() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(TLS / "ca.pem"))


async def test_row_t2_over_tls_an_esme_binds_and_submits() -> None:
    async with (
        serving(tls=server_files()) as served,
        served.esme(tls=client_context()) as esme,
    ):
        assert (await esme.enter()).status == 0
        assert (await esme.ask(b"1")).body == b"id-1\0"


async def test_row_t2_plain_octets_on_the_tls_port_are_closed_and_counted() -> None:
    async with serving(tls=server_files()) as served:
        async with served.esme() as plain, served.esme(tls=client_context()) as good:
            plain.send(TRX, credentials())
            assert RESP.to_bytes(4, "big")[:1] not in (await plain.at_end())[:1]  # no SMPP in it
            assert (await good.enter()).status == 0
        assert served.smsc.stats.handshakes_failed == 1
        assert served.smsc.stats.binds_refused == 0


async def test_row_t2_a_client_that_never_begins_its_handshake_is_closed_and_counted() -> None:
    brief = limits(handshake_s=0.05)
    async with serving(tls=server_files(), limits=brief) as served, served.esme() as silent:
        assert await silent.at_end() == b""
        assert served.smsc.stats.handshakes_failed == 1


async def test_row_t2_a_tls_hello_on_the_plain_port_is_closed() -> None:
    async with serving() as served:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            async with served.esme(tls=client_context()):
                pass
        async with served.esme() as esme:
            assert (await esme.enter()).status == 0
        assert served.smsc.stats.never_bound == 1


async def test_row_t2_a_client_without_the_certificate_asked_for_does_not_get_in() -> None:
    files = TlsFiles(server_side=True, cert_file=str(TLS / "smsc.pem"), ca_file=str(TLS / "ca.pem"))
    async with serving(tls=files) as served:
        async with served.esme(tls=client_context()) as nameless:
            with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
                await nameless.enter()
        context = client_context()
        context.load_cert_chain(TLS / "esme.pem")
        async with served.esme(tls=context) as known:
            assert (await known.enter()).status == 0
        assert served.smsc.stats.handshakes_failed == 1


async def test_a_new_certificate_serves_new_sessions_while_the_old_ones_live(
    tmp_path: Path,
) -> None:
    authority, file = Authority(), tmp_path / "smsc.pem"
    authority.write(tmp_path / "ca.pem")
    before, after = authority.identity("smsc.test"), authority.identity("smsc.test")
    before.write(file)
    context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))

    def shown(esme: Esme) -> int:
        certificate = esme.writer.get_extra_info("peercert")
        return int(certificate["serialNumber"], 16)

    async with (
        serving(tls=TlsFiles(server_side=True, cert_file=str(file))) as served,
        served.esme(tls=context) as old,
    ):
        await old.enter()
        after.write(file)
        async with served.esme(tls=context) as new:
            await new.enter()
            assert (shown(old), shown(new)) == (before.serial, after.serial)
            assert (await old.ask(b"1")).status == 0


# B11


async def test_row_b11_an_outbind_on_our_listener_is_passed_on_and_the_connection_closed() -> None:
    heard: list[tuple[str, str, str]] = []

    def known(system_id: str, password: str, address: str) -> bool:
        heard.append((system_id, password, address))
        return True

    async with serving(outbind=known) as served, served.esme() as operator:
        operator.send(OUTBIND, b"operator\0call me\0")
        assert await operator.at_end() == b""
        assert heard == [("operator", "call me", "127.0.0.1")]
        assert served.smsc.stats.outbinds == 1


async def test_row_b11_outbinds_of_nobody_we_know_use_up_the_tries_of_their_address() -> None:
    heard: list[str] = []

    def unknown(system_id: str, password: str, address: str) -> bool:
        heard.append(password)
        return False

    async with serving(outbind=unknown, limits=limits(access=STRICT)) as served:
        for turn in range(10):
            async with served.esme() as operator:
                operator.send(OUTBIND, b"operator\0guess%d\0" % turn)
                assert await operator.at_end() == b""
        assert len(heard) == STRICT.failures_max
        assert await refused_bind(served, "agent", SECRET) == RINVPASWD


@pytest.mark.parametrize("body", [b"", b"operator\0", b"operator\0" + b"x" * 100 + b"\0"])
async def test_row_b11_an_outbind_that_cannot_be_read_is_closed(body: bytes) -> None:
    def never(*_: str) -> bool:
        raise AssertionError

    async with serving(outbind=never) as served, served.esme() as operator:
        operator.send(OUTBIND, body)
        assert await operator.at_end() == b""


def callable_account(port: int) -> AccountSettings:
    return account(outbind=f"127.0.0.1:{port}", outbind_system_id="jauap", outbind_password="come")


async def test_row_b11_an_esme_that_is_owed_something_is_called_and_binds_on_that_connection() -> (
    None
):
    async with listening() as esme, serving(callable_account(esme.port)) as served:
        assert served.account.call_out()
        assert not served.account.call_out()  # one call at a time
        wire = await esme.accept()
        called = await wire.expect(OUTBIND)
        assert called.body == b"jauap\0come\0"
        wire.send(peer_pdu(RX, 1, credentials()))
        await wire.expect(RX | RESP, 0, 1)
        await served.owner.reached(BindState.BOUND)
        assert served.account.bound
        served.account.submit(mt(1))
        await wire.expect(DELIVER)
        assert not served.account.call_out()  # it is bound


async def test_row_b11_an_esme_may_bind_on_a_connection_of_its_own_instead() -> None:
    async with listening() as agent, serving(callable_account(agent.port)) as served:
        served.account.call_out()
        wire = await agent.accept()
        await wire.expect(OUTBIND)
        async with served.esme() as esme:
            assert (await esme.enter(mode=RX)).status == 0
            wire.close()
            served.account.submit(mt(1))
            await esme.expect(DELIVER)


async def test_row_b11_who_is_bound_is_not_called() -> None:
    async with serving(callable_account(1)) as served, served.esme() as sender:
        await sender.enter(mode=TX)
        async with served.esme() as receiver:
            await receiver.enter(mode=RX)
            assert not served.account.call_out()
        await served.owner.reached(BindState.STOPPED)
        assert served.account.call_out()  # by a transmitter alone it gets nothing


async def test_row_b11_calls_that_lead_to_nothing_become_rarer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    async with serving(callable_account(port)) as served:
        assert served.account.call_out()
        with capture_logs() as logs:
            async with asyncio.timeout(5):
                while not any(line["event"] == "account_called" for line in logs):
                    await asyncio.sleep(0)
        assert not served.account.call_out()  # the next try is a second away
        assert served.smsc.stats.calls == 1


async def test_an_account_without_an_address_to_call_is_never_called() -> None:
    async with serving() as served:
        assert not served.account.call_out()


# the listener itself


async def test_connections_beyond_the_limit_are_closed_and_counted() -> None:
    async with serving(limits=limits(connections_max=2)) as served:
        async with served.esme() as one, served.esme() as two:
            for esme in (one, two):
                assert (await esme.enter()).status == 0
            async with served.esme() as third:
                assert await third.at_end() == b""
            one.send(UNBIND)
            await one.expect(UNBIND | RESP)
            assert await one.at_end() == b""
            async with served.esme() as third:
                assert (await third.enter()).status == 0
        assert served.smsc.stats.turned_away == 1


async def test_one_address_cannot_take_all_connections() -> None:
    async with (
        serving(limits=limits(address_connections_max=1)) as served,
        served.esme() as greedy,
        served.esme(local=OTHER_ADDRESS) as other,
    ):
        await greedy.nothing_more()
        async with served.esme() as second:
            assert await second.at_end() == b""
        assert (await other.enter()).status == 0


@contextmanager
def no_descriptors_left() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = socket.socket()
    resource.setrlimit(resource.RLIMIT_NOFILE, (free.fileno(), hard))
    free.close()
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_without_file_descriptors_accepting_pauses_and_goes_on_later() -> None:
    async with serving(limits=limits(accept_pause_s=0.05)) as served:
        newcomer = socket.socket()
        newcomer.setblocking(False)
        with no_descriptors_left():
            await asyncio.get_running_loop().sock_connect(newcomer, ("127.0.0.1", served.smsc.port))
            async with asyncio.timeout(5):
                while served.smsc.stats.accept_pauses < 2:
                    await asyncio.sleep(0)
        late = Esme(served.smsc.port)
        late.reader, late.writer = await asyncio.open_connection(sock=newcomer)
        assert (await late.enter()).status == 0
        late.writer.close()
        await late.writer.wait_closed()


async def test_while_accepting_pauses_sessions_live_and_the_listener_costs_nothing() -> None:
    async with serving(limits=limits(accept_pause_s=3_600.0)) as served, served.esme() as good:
        await good.enter()
        with socket.socket() as newcomer, no_descriptors_left():
            newcomer.setblocking(False)
            await asyncio.get_running_loop().sock_connect(newcomer, ("127.0.0.1", served.smsc.port))
            for _ in range(20):
                assert (await good.ask(b"1")).status == 0
        assert served.smsc.stats.accept_pauses == 1


async def test_a_port_in_use_is_an_error_at_start() -> None:
    async with serving() as served:
        other = Smsc(
            ServerSettings(host="127.0.0.1", port=served.smsc.port),
            (account(),),
            served.owner,
            next_session=lambda: 1,
            jitter=lambda: 0.5,
        )
        with pytest.raises(OSError, match="in use"):
            await other.start()
        await other.stop()


@pytest.mark.parametrize(
    ("version", "tail"), [(0x34, b"\x02\x10\0\1\x34"), (0x50, b"\x02\x10\0\1\x34"), (0x33, b"")]
)
async def test_the_bind_response_names_us_and_our_version_to_those_that_know_tlvs(
    version: int, tail: bytes
) -> None:
    async with serving() as served, served.esme() as esme:
        assert (await esme.enter(version=version)).body == b"jauap\0" + tail


async def test_a_bind_request_cut_short_is_refused() -> None:
    async with serving() as served, served.esme() as esme:
        found = await esme.bind(TRX, b"agent")
        assert (found.status, found.body) == (0x02, b"")
        assert await esme.at_end() == b""


async def test_at_our_stop_a_session_is_drained_unbound_and_closed() -> None:
    async with serving() as served, served.esme() as esme, served.esme() as stranger:
        await esme.enter()
        served.account.submit(mt(1))
        sent = await esme.expect(DELIVER)
        async with asyncio.TaskGroup() as group:
            stop = group.create_task(served.smsc.stop(drain_s=5.0))
            await served.owner.reached(BindState.CLOSING)
            sequence = esme.send(SUBMIT, b"\0" * 20)
            await esme.expect(SUBMIT | RESP, 0x14, sequence)  # nothing new is taken
            assert not stop.done()
            esme.answer(sent)
            esme.answer(await esme.expect(UNBIND))
            assert await esme.at_end() == b""
            assert await stranger.at_end() == b""
        assert served.owner.results[0].status == 0
        assert served.owner.states == [BindState.BOUND, BindState.CLOSING, BindState.STOPPED]
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", served.smsc.port)


async def test_a_mistake_of_the_owner_s_ends_the_listener_with_it() -> None:
    class Broken(Recorder):
        def on_delivery(self, delivery: Delivery) -> None:
            raise RuntimeError("planted")

    async def use() -> None:
        async with serving(owner=Broken()) as served, served.esme() as esme:
            await esme.enter()
            esme.send(SUBMIT, question(b"1"))
            await asyncio.wait((served.running,))

    with pytest.raises(ExceptionGroup) as caught:
        await use()
    assert caught.group_contains(RuntimeError, match="planted")


async def test_who_is_in_its_handshake_at_our_stop_is_closed_after_it() -> None:
    patient = limits(bind_within_s=60.0)
    async with serving(tls=server_files(), limits=patient) as served:
        late = Esme(served.smsc.port)
        connection = socket.create_connection(("127.0.0.1", served.smsc.port))
        await served.smsc_took(1)
        async with asyncio.TaskGroup() as group:
            group.create_task(served.smsc.stop(drain_s=60.0))
            late.reader, late.writer = await asyncio.open_connection(
                sock=connection, ssl=client_context(), server_hostname="smsc.test"
            )
            assert await late.at_end() == b""
            late.writer.close()


async def test_replies_travel_as_submit_sm_where_the_account_wants_that() -> None:
    profile = quick(PROFILE, reply_command="submit_sm")
    async with (
        serving(account(profile=profile), limits=session_limits()) as served,
        served.esme() as esme,
    ):
        await esme.enter()
        served.account.submit(mt(1, receipt=True))
        sent = await esme.expect(SUBMIT)
        esme.answer(sent, body=b"their-id\0")
        (result,) = await served.owner.ended()
        assert (result.status, result.message_id) == (0, "their-id")


async def test_commands_that_we_do_not_serve_are_refused_by_name() -> None:
    async with serving() as served, served.esme() as esme:
        await esme.enter()
        for command in (0x03, 0x07, 0x08, 0x21, DELIVER):
            sequence = esme.send(command, b"")
            await esme.expect(command | RESP, 0x03, sequence)
        assert served.account.stats.unknown_commands == 5


async def test_a_tap_sees_the_bind_and_what_follows_in_both_directions() -> None:
    received: list[int] = []
    sent: list[bytes] = []
    asked: list[tuple[str, int]] = []

    class Tap:
        def received(self, frame: object) -> None:
            received.append(frame.command_id)  # type: ignore[attr-defined]  # a Frame

        def sent(self, octets: bytes) -> None:
            sent.append(octets)

    def taps(name: str, bind: int) -> Tap:
        asked.append((name, bind))
        return Tap()

    async with serving(taps=taps) as served, served.esme() as esme:
        await esme.enter()
        await esme.ask(b"1")
        assert asked == [("agent", 0)]
        assert received == [TRX, SUBMIT]
        assert b"".join(sent).startswith(pdu(TRX | RESP, 1, b"jauap\0\x02\x10\0\1\x34"))
        assert ENQUIRE not in received


async def test_a_tap_sees_what_came_before_the_bind_was_answered() -> None:
    received: list[int] = []

    class Tap:
        def received(self, frame: object) -> None:
            received.append(frame.command_id)  # type: ignore[attr-defined]  # a Frame

        def sent(self, octets: bytes) -> None:
            pass

    async with serving(taps=lambda name, bind: Tap()) as served, served.esme() as esme:
        esme.writer.write(pdu(TRX, 1, credentials()) + pdu(SUBMIT, 2, question(b"1")))
        await esme.expect(TRX | RESP, 0, 1)
        await esme.expect(SUBMIT | RESP, 0, 2)
        assert received == [TRX, SUBMIT]


@pytest.mark.parametrize("command", [ENQUIRE, SUBMIT])
async def test_a_stranger_that_sends_without_end_while_its_bind_is_checked_is_closed(
    command: int,
) -> None:
    password = HeldPassword()
    async with serving(account(password=password)) as served, served.esme() as esme:
        esme.writer.write(pdu(TRX, 1, credentials()) + pdu(command, 2) * STRANGER_PDUS_MAX)
        await esme.at_end()
        password.release.set()
    assert served.account.stats.binds == 0


async def test_the_password_of_a_connection_that_is_gone_is_not_checked() -> None:
    checked: list[str] = []

    class Counted(HeldPassword):
        def matches(self, given: str) -> bool:
            checked.append(given)
            return super().matches(given)

    password = Counted()
    async with serving(account(password=password)) as served, served.esme() as first:
        first.send(TRX, credentials())
        assert await first.nothing_more()
        for turn in range(3):
            async with served.esme() as hasty:
                hasty.send(TRX, credentials(secret=f"guess{turn}"))
                assert await hasty.nothing_more()
        async with served.esme() as last:
            last.send(TRX, credentials())
            assert await last.nothing_more()
            password.release.set()
            assert (await last.read_command(TRX | RESP)).status == 0
    assert checked == [SECRET, SECRET]
