"""Row T1: TLS to an operator, who must prove its name, and to whom we may have to prove ours."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from smpp.messages import BindState
from tests.support.line import line
from tests.support.peer import DELIVER_SM, RESPONSE, deliver_sm

DELIVER_SM_RESP = DELIVER_SM | RESPONSE
TLS = Path(__file__).parent.parent / "support" / "tls"


def server(certificate: str, *, client_ca: str | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / certificate)
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(TLS / client_ca)
    return context


def client(ca: str | None, *, certificate: str | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca:
        context.load_verify_locations(TLS / ca)
    if certificate:
        context.load_cert_chain(TLS / certificate)
    return context


@pytest.mark.parametrize(
    ("certificate", "trusted"),
    [("smsc.pem", "ca.pem"), ("self.pem", "self.pem")],
    ids=["own-ca", "pinned-self-signed"],
)
async def test_row_t1_a_peer_that_proves_its_name_is_bound_over_tls(
    certificate: str, trusted: str
) -> None:
    async with line(
        server_tls=server(certificate), tls=client(trusted), tls_server_name="smsc.test"
    ) as both:
        both.wire.send(deliver_sm(1, b"1"))
        await both.wire.expect(DELIVER_SM_RESP, 0, 1)


@pytest.mark.parametrize(
    ("certificate", "trusted", "name"),
    [
        ("other.pem", "ca.pem", "smsc.test"),
        ("self.pem", "ca.pem", "smsc.test"),
        ("smsc.pem", None, "smsc.test"),
        ("smsc.pem", "ca.pem", ""),
    ],
    ids=["wrong-name", "self-signed", "unknown-ca", "host-not-named"],
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


async def test_row_t1_where_the_peer_asks_for_our_certificate_it_is_shown() -> None:
    strict = server("smsc.pem", client_ca="ca.pem")
    with_certificate = client("ca.pem", certificate="esme.pem")
    async with line(server_tls=strict, tls=with_certificate, tls_server_name="smsc.test") as both:
        assert both.link.bound
    async with line(
        accept=False, server_tls=strict, tls=client("ca.pem"), tls_server_name="smsc.test"
    ) as both:
        await both.owner.reached(BindState.WAITING)
        assert BindState.BOUND not in both.owner.states
