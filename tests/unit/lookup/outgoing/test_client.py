from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from lookup.outgoing.certificates import OnCertificates
from lookup.outgoing.client import (
    Outbound,
    OutboundConfigError,
    OutboundError,
    OutboundSettings,
    Received,
    RetryBudget,
    auth_headers,
    check_url,
    send_patiently,
)
from tests.support.certificates import Authority
from tests.support.far_service import HERE, request_of, served, silence, spoken

WAIT_S = 5.0


@asynccontextmanager
async def client(
    *addresses: str,
    resolve: Sequence[Sequence[str]] = (),
    on_certificates: OnCertificates | None = None,
    **settings: object,
) -> AsyncIterator[Outbound]:
    """One that may reach this machine. `addresses`: what every name means; `resolve`: what it
    means the first time, the second time..."""
    answers = iter(resolve)

    async def resolver(host: str) -> Sequence[str]:
        return addresses or next(answers)

    settings = {"private_networks": (HERE,)} | settings
    outbound = Outbound(
        OutboundSettings(**settings),  # type: ignore[arg-type] # any
        resolve=resolver,
        on_certificates=on_certificates,
    )
    try:
        yield outbound
    finally:
        await outbound.close()


async def refused(outbound: Outbound, url: str) -> OutboundError:
    async with asyncio.timeout(WAIT_S):
        with pytest.raises(OutboundError) as error:
            await outbound.send("GET", url)
    return error.value


async def test_a_request_is_sent_as_it_is_and_its_answer_given() -> None:
    seen: list[tuple[str, str, str | None, bytes]] = []

    async def handle(request: web.Request) -> web.Response:
        body = await request.read()
        seen.append((request.method, request.raw_path, request.headers.get("X-Key"), body))
        return web.json_response({"a": 1}, status=404)

    async with served(handle) as port, client() as outbound:
        url = f"http://127.0.0.1:{port}/t/%D0%96%2F..%2F?q=a%20b"
        received = await outbound.send("POST", url, {"X-Key": "k"}, b"body")
    assert received == Received(404, "application/json", "utf-8", b'{"a": 1}')
    assert seen == [("POST", "/t/%D0%96%2F..%2F?q=a%20b", "k", b"body")]


async def test_nothing_of_ours_is_told_that_was_not_asked_for() -> None:
    async def handle(request: web.Request) -> web.Response:
        response = web.Response(text=" ".join(sorted(request.headers)))
        response.set_cookie("session", "1")
        return response

    async with served(handle) as port, client("127.0.0.1") as outbound:
        for _ in range(2):  # a cookie would come back the second time
            received = await outbound.send("GET", f"http://fines.example.kz:{port}/")
            assert received.body == b"Accept Accept-Encoding Host User-Agent"


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with served(_fine) as port, client() as outbound:
        assert (await outbound.send("GET", f"http://127.0.0.1:{port}/")).status == 200


async def _fine(request: web.Request) -> web.Response:
    return web.json_response({})


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "10.0.0.1", "0.0.0.0"),
        *("2130706433", "0x7f000001", "127.1", "0177.0.0.1", "[64:ff9b::a9fe:a9fe]"),
    ],
)
async def test_an_address_that_is_not_public_is_not_connected_to(host: str) -> None:
    async with served(_fine) as port, client(private_networks=()) as outbound:
        error = await refused(outbound, f"http://{host}:{port}/")
    assert not error.retriable
    assert "private_networks" in error.reason or "spelling" in error.reason


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1", "169.254.169.254", "::1"])
async def test_a_name_that_leads_inwards_is_not_connected_to(address: str) -> None:
    async with served(_fine) as port, client(address, private_networks=()) as outbound:
        error = await refused(outbound, f"http://fines.example.kz:{port}/")
    assert "private_networks may allow it" in error.reason


async def test_of_the_addresses_of_a_name_only_the_allowed_are_used() -> None:
    async with served(_fine) as port, client("10.0.0.1", "127.0.0.1") as outbound:
        assert (await outbound.send("GET", f"http://fines.example.kz:{port}/")).status == 200


async def test_a_name_is_not_resolved_again_between_its_check_and_the_connection() -> None:
    """Rebinding: the name server's second answer is for whoever would ask twice."""
    async with served(_fine) as port, client(resolve=[["127.0.0.1"], ["10.0.0.1"]]) as outbound:
        assert (await outbound.send("GET", f"http://fines.example.kz:{port}/")).status == 200


async def test_a_name_that_comes_to_lead_inwards_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lookup.outgoing.client.DNS_CACHE_S", 0)
    again = [["127.0.0.1"], ["169.254.169.254"]]
    async with served(_closing) as port, client(resolve=again) as outbound:
        url = f"http://fines.example.kz:{port}/"
        assert (await outbound.send("GET", url)).status == 200
        assert "169.254.169.254, which is link-local" in (await refused(outbound, url)).reason


async def test_the_socket_itself_is_checked_whatever_the_resolver_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def unchecked(
        self: object, host: str, port: int = 0, family: int = 0
    ) -> list[dict[str, object]]:
        here = {"hostname": host, "host": "127.0.0.1", "port": port, "flags": 0, "proto": 0}
        return [here | {"family": socket.AF_INET}]

    monkeypatch.setattr("lookup.outgoing.names.CheckedResolver.resolve", unchecked)
    async with served(_fine) as port, client(private_networks=()) as outbound:
        error = await refused(outbound, f"http://fines.example.kz:{port}/")
    assert "127.0.0.1, which is this machine" in error.reason


async def _closing(request: web.Request) -> web.Response:
    response = web.json_response({})
    response.force_close()
    return response


async def test_a_name_server_that_says_no_address_is_believed_in_nothing() -> None:
    async with served(_fine) as port, client("localhost") as outbound:
        assert "is no address" in (await refused(outbound, f"http://a.kz:{port}/")).reason


async def test_the_system_resolves_names_too() -> None:
    outbound = Outbound(OutboundSettings(private_networks=(HERE, "::1/128")))
    async with served(_fine) as port:
        assert (await outbound.send("GET", f"http://localhost:{port}/")).status == 200
        error = await refused(outbound, f"http://{'a' * 64}.kz:{port}/")
        assert "resolved" in error.reason
    await outbound.close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["http://169.254.169.254/latest/", "http://127.0.0.1:1/", "/x"])
async def test_a_redirect_is_never_followed(status: int, target: str) -> None:
    asked = 0

    async def handle(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.Response(status=status, headers={"Location": target})

    async with served(handle) as port, client() as outbound:
        error = await refused(outbound, f"http://127.0.0.1:{port}/")
    assert f"redirects (status {status})" in error.reason
    assert asked == 1


async def test_an_answer_without_end_is_left_at_its_limit() -> None:
    sent = 0

    async def handle(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while sent < 1 << 30:
            await response.write(b" " * 65_536)
            sent += 65_536
        return response

    async with served(handle) as port, client(answer_octets_max=100_000) as outbound:
        error = await refused(outbound, f"http://127.0.0.1:{port}/")
    assert "more than 100000 octets" in error.reason
    assert sent < 1 << 26  # what stood in buffers, not a gigabyte


async def test_an_answer_that_announces_too_much_is_not_read() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
        await silence(reader)

    async with spoken(serve) as port, client() as outbound:
        assert "octets" in (await refused(outbound, f"http://127.0.0.1:{port}/")).reason


async def test_an_answer_of_exactly_the_limit_is_taken() -> None:
    async def handle(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * 1_000)

    async with served(handle) as port, client(answer_octets_max=1_000) as outbound:
        assert len((await outbound.send("GET", f"http://127.0.0.1:{port}/")).body) == 1_000


async def test_a_compressed_answer_is_not_unpacked() -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)

    async def handle(request: web.Request) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    async with served(handle) as port, client() as outbound:
        assert "compressed" in (await refused(outbound, f"http://127.0.0.1:{port}/")).reason


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"a" * 10_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"A%d: a\r\n" % n for n in range(100)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_what_is_no_http_is_no_answer(answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(answer)
        await silence(reader)

    async with spoken(serve) as port, client() as outbound:
        error = await refused(outbound, f"http://127.0.0.1:{port}/secret-path")
    assert "secret-path" not in error.reason
    assert "OpenSSH" not in error.reason


async def test_an_answer_that_breaks_off_may_be_asked_for_again() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        await writer.drain()

    async with spoken(serve) as port, client() as outbound:
        assert (await refused(outbound, f"http://127.0.0.1:{port}/")).retriable


async def test_a_closed_port_may_be_asked_again() -> None:
    async with spoken(lambda reader, writer: silence(reader)) as port:
        pass
    async with client() as outbound:
        assert (await refused(outbound, f"http://127.0.0.1:{port}/")).retriable


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-", b"HTTP/1.1 200 OK\r\n"
                                  b"Content-Length: 9\r\n\r\nabc"])  # fmt: skip
async def test_a_service_that_hangs_is_left_by_cancelling(said: bytes) -> None:
    """Before its answer, in its header, in its body: the connection is closed with the request."""
    asked, gone = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(said)
        asked.set()
        await silence(reader)
        gone.set()

    async with spoken(serve) as port, client() as outbound, asyncio.timeout(WAIT_S):
        async with asyncio.TaskGroup() as group:
            asking = group.create_task(outbound.send("GET", f"http://127.0.0.1:{port}/"))
            await asked.wait()
            asking.cancel()
        await gone.wait()


async def test_no_more_connections_are_made_than_allowed() -> None:
    open_now = most = 0
    release = asyncio.Event()
    full = asyncio.Event()

    async def handle(request: web.Request) -> web.Response:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        if open_now == 3:
            full.set()
        await release.wait()
        open_now -= 1
        return web.json_response({})

    async with (
        served(handle) as port,
        client(connections_max=3) as outbound,
        asyncio.timeout(WAIT_S),
        asyncio.TaskGroup() as group,
    ):
        for _ in range(10):
            group.create_task(outbound.send("GET", f"http://127.0.0.1:{port}/"))
        await full.wait()
        release.set()
    assert most == 3


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def _server_tls(folder: Path, authority: Authority, name: str, **ask: Path) -> ssl.SSLContext:
    authority.identity(name).write(folder / "server.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    if "clients" in ask:
        context.load_verify_locations(ask["clients"])
        context.verify_mode = ssl.CERT_REQUIRED
    return context


async def test_a_service_is_known_by_its_certificate(authority: Authority, tmp_path: Path) -> None:
    authority.write(tmp_path / "ca.pem")
    tls = _server_tls(tmp_path, authority, "fines.example.kz")
    async with served(_fine, tls) as port:
        async with client("127.0.0.1", ca_file=tmp_path / "ca.pem") as outbound:
            assert (await outbound.send("GET", f"https://fines.example.kz:{port}/")).status == 200
            other = await refused(outbound, f"https://other.example.kz:{port}/")
        async with client("127.0.0.1") as stranger:
            unknown = await refused(stranger, f"https://fines.example.kz:{port}/")
    assert "certificate is not accepted" in other.reason
    assert "certificate is not accepted" in unknown.reason
    assert not unknown.retriable


async def test_a_certificate_that_has_expired_is_not_accepted(
    authority: Authority, tmp_path: Path
) -> None:
    authority.write(tmp_path / "ca.pem")
    old = authority.identity("fines.example.kz", until=datetime(2020, 2, 1, tzinfo=UTC))
    old.write(tmp_path / "old.pem")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "old.pem")
    async with (
        served(_fine, tls) as port,
        client("127.0.0.1", ca_file=tmp_path / "ca.pem") as outbound,
    ):
        error = await refused(outbound, f"https://fines.example.kz:{port}/")
    assert "expired" in error.reason
    assert not error.retriable


async def test_we_show_a_certificate_where_one_is_asked_for(
    authority: Authority, tmp_path: Path
) -> None:
    ca, ours = tmp_path / "ca.pem", tmp_path / "ours.pem"
    authority.write(ca)
    authority.identity("jauap").write(ours)
    tls = _server_tls(tmp_path, authority, "fines.example.kz", clients=ca)
    async with served(_fine, tls) as port:
        url = f"https://fines.example.kz:{port}/"
        async with client("127.0.0.1", ca_file=ca, cert_file=ours) as outbound:
            assert (await outbound.send("GET", url)).status == 200
        async with client("127.0.0.1", ca_file=ca) as nobody:
            await refused(nobody, url)


async def test_a_certificate_that_is_renewed_is_shown_without_a_restart(
    authority: Authority, tmp_path: Path
) -> None:
    ca, ours = tmp_path / "ca.pem", tmp_path / "ours.pem"
    authority.write(ca)
    first, second = authority.identity("jauap"), authority.identity("jauap")
    first.write(ours)
    shown: list[int] = []
    changes: list[tuple[tuple[str, ...], str]] = []

    async def handle(request: web.Request) -> web.Response:
        assert request.transport is not None
        peer = request.transport.get_extra_info("peercert")
        shown.append(int(peer["serialNumber"], 16))
        return web.Response()

    def changed(files: tuple[str, ...], problem: str) -> None:
        changes.append((files, problem))

    tls = _server_tls(tmp_path, authority, "fines.example.kz", clients=ca)
    files = {"ca_file": ca, "cert_file": ours}
    async with (
        served(handle, tls) as port,
        client("127.0.0.1", on_certificates=changed, **files) as outbound,
    ):
        url = f"https://fines.example.kz:{port}/"
        await outbound.send("GET", url)
        ours.write_bytes(second.certificate)  # half of it: its key is still to come
        await outbound.send("GET", url)
        await outbound.send("GET", url)
        assert [bool(problem) for _, problem in changes] == [True]
        second.write(ours)
        await outbound.send("GET", url)
    assert shown == [first.serial] * 3 + [second.serial]
    assert changes[1:] == [((str(ca), str(ours)), "")]


async def test_authorities_that_change_are_believed_from_then_on(
    authority: Authority, tmp_path: Path
) -> None:
    ca = tmp_path / "ca.pem"
    Authority("other.test").write(ca)
    tls = _server_tls(tmp_path, authority, "fines.example.kz")
    async with served(_fine, tls) as port, client("127.0.0.1", ca_file=ca) as outbound:
        url = f"https://fines.example.kz:{port}/"
        assert "certificate is not accepted" in (await refused(outbound, url)).reason
        ca.unlink()
        assert "certificate is not accepted" in (await refused(outbound, url)).reason
        authority.write(ca)
        assert (await outbound.send("GET", url)).status == 200


async def test_a_port_that_speaks_no_tls_is_told_as_such() -> None:
    async with served(_fine) as port, client("127.0.0.1") as outbound:
        assert "TLS" in (await refused(outbound, f"https://fines.example.kz:{port}/")).reason


async def test_once_closed_nothing_is_sent() -> None:
    async with served(_fine) as port, client() as outbound:
        await outbound.close()
        await outbound.close()
        assert (await refused(outbound, f"http://127.0.0.1:{port}/")).reason == "closed"


def test_wrong_settings_are_told_with_their_remedy(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    locked = tmp_path / "locked.pem"
    identity = Authority().identity("a")
    locked.write_bytes(identity.certificate + identity.locked_key(b"secret"))
    for settings, told in (
        (OutboundSettings(ca_file=tmp_path / "none.pem"), r"none\.pem is no file"),
        (OutboundSettings(ca_file=broken), r"broken\.pem: cannot be used"),
        (OutboundSettings(cert_file=broken), r"broken\.pem: cannot be used"),
        (OutboundSettings(cert_file=locked), "the key without a password"),
        (OutboundSettings(key_file=broken), "key_file needs cert_file"),
        (OutboundSettings(private_networks=("10.0.0.1/8",)), "private_networks: 10.0.0.1/8 has"),
        (OutboundSettings(connections_max=0), "connections_max"),
    ):
        with pytest.raises(OutboundConfigError, match=told):
            Outbound(settings)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("ftp://a.kz/", "must begin with"),
        ("a.kz", "must begin with"),
        ("", "must begin with"),
        ("http://", "must begin with"),
        ("https://user:word@a.kz/", "no user and password"),
        ("https://0x7f.1/", "spelling"),
        ("https://a.kz/ж", "percent-escaped"),
        ("https://a.kz/a b", "percent-escaped"),
        ("https://a.kz:port/", "is no web address"),
    ],
)
async def test_an_address_that_cannot_be_used_is_told_without_its_secrets(
    url: str, told: str
) -> None:
    reason = check_url(url)
    assert reason is not None
    assert told in reason
    assert "word" not in reason.replace("password", "")
    async with client() as outbound:
        assert told in (await refused(outbound, url)).reason


def test_who_we_are_is_said_as_the_service_wants_it() -> None:
    assert auth_headers("none", "", "") == {}
    assert auth_headers("basic", "1012", "s:ж") == {"Authorization": "Basic MTAxMjpzOtC2"}
    assert auth_headers("bearer", "", "abc") == {"Authorization": "Bearer abc"}
    assert auth_headers("header", "X-Api-Key", "abc") == {"X-Api-Key": "abc"}


@pytest.mark.parametrize(
    ("kind", "name", "secret"),
    [
        ("basic", "1012", ""),
        ("basic", "a:b", "word"),
        ("bearer", "", "line\r\nX-Other: 1"),
        ("header", "X Key", "word"),
        ("header", "", "word"),
    ],
)
def test_who_we_are_cannot_smuggle_a_header(kind: str, name: str, secret: str) -> None:
    with pytest.raises(OutboundConfigError) as error:
        auth_headers(kind, name, secret)  # type: ignore[arg-type] # one of the kinds
    assert not secret or secret not in str(error.value)


class Failing:
    """A service that fails so often before it answers."""

    def __init__(self, times: int, status: int = 503, **headers: str) -> None:
        self.times = times
        self.asked = 0
        self._status = status
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}

    async def __call__(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.asked <= self.times:
            return web.Response(status=self._status, headers=self._headers)
        return web.json_response({})


async def patiently(service: Failing, budget: RetryBudget, deadline_s: float = WAIT_S) -> Received:
    async with served(service) as port, client() as outbound:
        url = f"http://127.0.0.1:{port}/"
        return await send_patiently(outbound, budget, "GET", url, deadline_s=deadline_s)


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_service_that_stumbles_is_asked_once_more(status: int) -> None:
    service = Failing(1, status)
    received = await patiently(service, RetryBudget(retries_max=1, percent_max=10))
    assert (received.status, service.asked) == (200, 2)


async def test_a_service_that_goes_on_failing_is_left_alone() -> None:
    service = Failing(9)
    budget = RetryBudget(retries_max=2, percent_max=100)
    assert (await patiently(service, budget)).status == 503
    assert service.asked == 3


@pytest.mark.parametrize("status", [400, 401, 429, 500])
async def test_what_a_second_try_cannot_mend_is_not_tried(status: int) -> None:
    service = Failing(1, status)
    received = await patiently(service, RetryBudget(retries_max=1, percent_max=100))
    assert (received.status, service.asked) == (status, 1)


async def test_a_lost_connection_is_tried_again() -> None:
    visits = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal visits
        visits += 1
        await request_of(reader)
        if visits > 1:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()

    budget = RetryBudget(retries_max=1, percent_max=100)
    async with spoken(serve) as port, client() as outbound:
        url = f"http://127.0.0.1:{port}/"
        received = await send_patiently(outbound, budget, "POST", url, deadline_s=WAIT_S)
    assert (received.status, visits) == (200, 2)


async def test_a_refusal_of_ours_is_not_tried_again() -> None:
    budget = RetryBudget(retries_max=5, percent_max=100)
    async with client(private_networks=()) as outbound:
        with pytest.raises(OutboundError):
            await send_patiently(outbound, budget, "GET", "http://127.0.0.1/", deadline_s=WAIT_S)
    assert budget.take(0)


@pytest.mark.parametrize("after", ["60", "Fri, 20 Nov 2026 10:00:00 GMT"])
async def test_a_pause_that_would_outlast_the_deadline_is_not_made(after: str) -> None:
    service = Failing(1, 503, Retry_After=after)
    budget = RetryBudget(retries_max=1, percent_max=100)
    async with asyncio.timeout(WAIT_S):
        assert (await patiently(service, budget, deadline_s=2.0)).status == 503
    assert service.asked == 1
    assert budget.take(0)  # and costs nothing


async def test_a_pause_that_is_asked_for_is_made() -> None:
    service = Failing(1, 503, Retry_After="0")
    received = await patiently(service, RetryBudget(retries_max=1, percent_max=100))
    assert (received.status, service.asked) == (200, 2)
