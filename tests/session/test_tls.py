"""Rows T: TLS to an operator, who must prove its name, and to whom we may have to prove ours."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from smpp.messages import BindState
from smpp.tls import TlsFiles
from tests.support.certificates import Authority, Identity
from tests.support.line import Line, line, quick, submitted
from tests.support.peer import DELIVER_SM, RESPONSE, Wire, deliver_sm

DELIVER_SM_RESP = DELIVER_SM | RESPONSE
TLS = Path(__file__).parent.parent / "support" / "tls"
NAME = "smsc.test"


def server(certificate: str, *, client_ca: str | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / certificate)
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(TLS / client_ca)
    return context


def client(ca: str | None, *, certificate: str | None = None) -> TlsFiles:
    return TlsFiles(
        server_side=False,
        ca_file=str(TLS / ca) if ca else None,
        cert_file=str(TLS / certificate) if certificate else None,
    )


def shown(wire: Wire) -> int:
    """The serial number of the certificate that the link showed on this connection."""
    certificate = wire.extra("peercert")
    assert isinstance(certificate, dict)
    return int(str(certificate["serialNumber"]), 16)


async def carries(both: Line, wire: Wire, number: int) -> None:
    wire.send(deliver_sm(number, b"1"))
    await wire.expect(DELIVER_SM_RESP, 0, number)
    assert both.link.bound


@pytest.mark.parametrize(
    ("certificate", "trusted"),
    [("smsc.pem", "ca.pem"), ("self.pem", "self.pem"), ("smsc.pem", "smsc.pem")],
    ids=["own-ca", "pinned-self-signed", "pinned"],
)
async def test_row_t1_a_peer_that_proves_its_name_is_bound_over_tls(
    certificate: str, trusted: str
) -> None:
    async with line(
        server_tls=server(certificate), tls=client(trusted), tls_server_name=NAME
    ) as both:
        await carries(both, both.wire, 1)


@pytest.mark.parametrize(
    ("certificate", "trusted", "name"),
    [
        ("other.pem", "ca.pem", NAME),
        ("self.pem", "ca.pem", NAME),
        ("smsc.pem", None, NAME),
        ("smsc.pem", "ca.pem", ""),
        ("smsc.pem", "smsc.pem", ""),
    ],
    ids=["wrong-name", "self-signed", "unknown-ca", "host-not-named", "pinned-host-not-named"],
)
async def test_row_t1_a_peer_that_does_not_is_refused(
    certificate: str, trusted: str | None, name: str
) -> None:
    async with line(
        accept=False, server_tls=server(certificate), tls=client(trusted), tls_server_name=name
    ) as both:
        waiting = await both.owner.reached(BindState.WAITING)
        assert "certificate" in waiting.detail.lower()
        assert both.smsc.no_connection()
        assert BindState.BOUND not in both.owner.states
        assert both.link.stats.unconnected >= 1


async def test_row_t1_where_the_peer_asks_for_our_certificate_it_is_shown() -> None:
    strict = server("smsc.pem", client_ca="ca.pem")
    with_certificate = client("ca.pem", certificate="esme.pem")
    async with line(server_tls=strict, tls=with_certificate, tls_server_name=NAME) as both:
        assert both.link.bound
    async with line(
        accept=False, server_tls=strict, tls=client("ca.pem"), tls_server_name=NAME
    ) as both:
        await both.owner.reached(BindState.WAITING)
        assert BindState.BOUND not in both.owner.states


async def test_row_t1_a_peer_of_an_older_tls_is_refused() -> None:
    old = server("smsc.pem")
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    async with line(
        accept=False, server_tls=old, tls=client("ca.pem"), tls_server_name=NAME
    ) as both:
        assert "no connection" in (await both.owner.reached(BindState.WAITING)).detail
        assert both.smsc.no_connection()


class Renewable:
    """An SMSC that asks for certificates, and a link whose own lies in files of the test's."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority()
        self.certificate, self.key = folder / "esme.crt", folder / "esme.key"
        ca_file, smsc_file = folder / "ca.crt", folder / "smsc.pem"
        self.authority.write(ca_file)
        self.authority.identity(NAME).write(smsc_file)
        self.strict = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ca_file)
        self.strict.verify_mode = ssl.CERT_REQUIRED
        self.strict.load_cert_chain(smsc_file)
        self.first = self.renewed()
        self.first.write(self.certificate, self.key)
        self.files = TlsFiles(
            server_side=False,
            ca_file=str(ca_file),
            cert_file=str(self.certificate),
            key_file=str(self.key),
        )

    def renewed(self) -> Identity:
        return self.authority.identity("esme.test")


async def test_row_t1_a_renewed_certificate_serves_the_next_session_and_the_old_one_lives(
    tmp_path: Path,
) -> None:
    ours = Renewable(tmp_path)
    async with line(
        accept=False, server_tls=ours.strict, tls=ours.files, tls_server_name=NAME, binds=2
    ) as both:
        wires = [await both.smsc.accept_bound() for _ in range(2)]
        await both.owner.reached(BindState.BOUND, 2)
        assert {shown(wire) for wire in wires} == {ours.first.serial}
        second = ours.renewed()
        second.write(ours.certificate, ours.key)
        wires[1].close()
        renewed = await both.smsc.accept_bound()
        await both.owner.reached(BindState.BOUND, 3)
        assert shown(renewed) == second.serial
        assert shown(wires[0]) == ours.first.serial
        for number, wire in enumerate((wires[0], renewed), 1):
            await carries(both, wire, number)


async def test_row_t1_half_of_a_new_pair_leaves_the_link_with_the_old_one(tmp_path: Path) -> None:
    ours = Renewable(tmp_path)
    async with line(server_tls=ours.strict, tls=ours.files, tls_server_name=NAME) as both:
        ours.certificate.write_bytes(ours.renewed().certificate)
        both.wire.close()
        again = await both.smsc.accept_bound()
        await both.owner.reached(BindState.BOUND, 2)
        assert shown(again) == ours.first.serial
        await carries(both, again, 1)


async def test_row_t2_a_tls_link_says_nothing_of_its_account_to_a_plain_port() -> None:
    async with line(
        accept=False, tls=client("ca.pem"), tls_server_name=NAME, system_id="jauap"
    ) as both:
        wire = await both.smsc.accept()
        wire.send(deliver_sm(1, b"1"))  # what a plain SMSC might say
        said = await wire.at_end()
        assert said[:2] == b"\x16\x03"  # a handshake of TLS, then an alert
        assert b"jauap" not in said
        assert b"secret" not in said
        waiting = await both.owner.reached(BindState.WAITING)
        assert "no connection" in waiting.detail
        assert both.link.stats.unconnected >= 1
        assert both.owner.deliveries == []


async def test_row_t2_a_plain_link_to_a_tls_port_is_never_bound_and_tries_again_later() -> None:
    profile = quick(session_init_timer_s=0.5)
    async with line(profile, accept=False, server_tls=server("smsc.pem")) as both:
        assert "closed" in (await both.owner.reached(BindState.WAITING)).detail
        await both.owner.reached(BindState.CONNECTING, 2)
        assert BindState.BOUND not in both.owner.states
        assert both.smsc.no_connection()


async def test_two_links_with_tls_trust_each_its_own_operator_alone() -> None:
    async with (
        line(server_tls=server("smsc.pem"), tls=client("ca.pem"), tls_server_name=NAME) as north,
        line(server_tls=server("self.pem"), tls=client("self.pem"), tls_server_name=NAME) as south,
    ):
        for both in (north, south):
            (sent,) = await submitted(both, 1)
            both.wire.answer_submit(sent)
            await both.owner.ended()
